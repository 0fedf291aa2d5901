"""Expected times travel from the item analysis into the bank, and forms are held against them."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank, with_expected_times
from ciip_irt.cli import main
from ciip_irt.errors import TableError


@pytest.fixture
def bank() -> ItemBank:
    frame = pl.DataFrame(
        {"item_id": ["I1", "I2", "I3"], "domain": "A", "status": "scored", "key": "A", "options": "AB"}
    )
    return ItemBank.from_frame(frame.with_columns(expected_time_s=pl.Series([30.0, 40.0, None])))


def test_pooled_rows_count_and_others_stay(bank: ItemBank) -> None:
    times = pl.DataFrame(
        {
            "item_id": ["I2", "I2", "I3", "I9"],
            "form_id": ["F", "all", "all", "all"],
            "expected_time_s": [99.0, 55.0, 66.0, 1.0],
        }
    )
    timed = with_expected_times(bank, times)
    assert timed.items["expected_time_s"].to_list() == [30.0, 55.0, 66.0]
    assert timed.item_ids == bank.item_ids
    assert bank.items["expected_time_s"].to_list() == [30.0, 40.0, None]


def test_what_cannot_be_is_said(bank: ItemBank) -> None:
    with pytest.raises(TableError, match="expected_time_s"):
        with_expected_times(bank, pl.DataFrame({"item_id": ["I1"]}))
    twice = pl.DataFrame({"item_id": ["I1", "I1"], "expected_time_s": [1.0, 2.0]})
    with pytest.raises(TableError, match="I1"):
        with_expected_times(bank, twice)
    with pytest.raises(TableError, match="-3"):
        with_expected_times(bank, pl.DataFrame({"item_id": ["I1"], "expected_time_s": [-3.0]}))


def test_check_holds_a_form_against_the_testing_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = Path(__file__).parents[2] / "data" / "samples"
    items = pl.read_csv(samples / "items.csv", infer_schema_length=None)
    times = items.select("item_id", expected_time_s=pl.lit(70.0))
    times.write_csv(tmp_path / "item_times.csv")
    forms = items.filter(pl.col("status") == "scored").head(160)
    forms.select(
        form_id=pl.lit("F"), position=pl.int_range(1, pl.len() + 1), item_id="item_id",
        role=pl.lit("scored"), domain="domain",
    ).write_csv(tmp_path / "forms.csv")  # fmt: skip
    given = [
        "check",
        str(tmp_path / "forms.csv"),
        "--items",
        str(samples / "items.csv"),
        "--blueprint",
        "ciip-2024",
    ]
    main(given)
    assert "expected time" not in capsys.readouterr().out
    main([*given, "--item-times", str(tmp_path / "item_times.csv")])
    assert "expected time 186.7 minutes, testing time 170" in capsys.readouterr().out
