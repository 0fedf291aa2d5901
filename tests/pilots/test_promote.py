"""The sheet goes out, comes back with what people wrote, and changes the bank with a ledger."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank, Scale
from ciip_irt.errors import InputError, TableError
from ciip_irt.pilots import promote, read_decisions
from ciip_irt.tables import LEDGER, PILOT_DECISIONS, write_outputs


@pytest.fixture
def sheet() -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "item_id": ["P1", "P2", "P3", "P4"],
            "domain": ["A", "A", "B", "B"],
            "decision": ["promote", "hold", "revise", "retire"],
            "probability": [0.91, None, 0.02, 0.01],
            "n": [120, 0, 150, 200],
            "more_needed": [None, 50, None, None],
            "reasons": ["=SUM(1) looks like a formula", "R between -.05 and .36", 'Key: "C", check', "flat"],
            "reviewer": [None] * 4,
            "override": [None] * 4,
            "comment": [None] * 4,
        }
    )
    return PILOT_DECISIONS.validate(frame)


@pytest.fixture
def bank() -> ItemBank:
    return ItemBank.from_frame(
        pl.DataFrame(
            {
                "item_id": ["S1", "P1", "P2", "P3", "P4"],
                "domain": ["A", "A", "A", "B", "B"],
                "status": ["scored"] + ["pilot"] * 4,
                "key": "A",
                "options": "ABCD",
                "b": [0.2, None, None, None, None],
            }
        )
    )


PARAMETERS = pl.DataFrame({"item_id": ["P1", "P2", "P4"], "b": [-0.7, 0.1, 0.4], "se_b": [0.1, 0.2, 0.3]})


def written(folder: Path, frame: pl.DataFrame) -> Path:
    return write_outputs(folder, {"pilot_decisions.csv": frame})[0]


def test_the_sheet_reads_back_as_it_was_written(tmp_path: Path, sheet: pl.DataFrame) -> None:
    assert read_decisions(written(tmp_path, sheet)).equals(sheet)


def test_what_people_write_is_read(tmp_path: Path, sheet: pl.DataFrame) -> None:
    path = written(tmp_path, sheet)
    text = path.read_text().replace("flat,,,", "flat,R. Viewer, Promote ,works for us")
    path.write_text("\ufeff" + text)
    row = read_decisions(path).row(3, named=True)
    assert (row["reviewer"], row["override"], row["comment"]) == ("R. Viewer", "promote", "works for us")


def test_everything_wrong_in_a_sheet_is_listed(tmp_path: Path, sheet: pl.DataFrame) -> None:
    path = written(tmp_path, sheet)
    text = path.read_text().replace("flat,,,", "flat,,retire,").replace("P2,A,hold", "P1,A,wait")
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        read_decisions(path)
    said = str(caught.value)
    assert f"{path}:5: an override without a reviewer (1 row, e.g. 'P4')" in said
    assert f"{path}:3: column 'decision' has a value outside promote, hold, revise, retire" in said
    assert "the same item_id occurs more than once" in said
    assert len(caught.value.problems) == 3


def test_the_bank_follows_the_decisions_and_the_ledger_tells(bank: ItemBank, sheet: pl.DataFrame) -> None:
    before = bank.items.clone()
    after, ledger = promote(bank, sheet, PARAMETERS, by="C. Hair", evidence="hash")
    assert bank.items.equals(before)
    status = dict(after.items.select("item_id", "status").iter_rows())
    assert status == {"S1": "scored", "P1": "scored", "P2": "pilot", "P3": "draft", "P4": "retired"}
    values = dict(after.items.select("item_id", "b").iter_rows())
    assert values == {"S1": 0.2, "P1": -0.7, "P2": None, "P3": None, "P4": None}
    assert after.scale == Scale("bank", "rasch", 1.0)
    assert ledger.equals(LEDGER.validate(ledger))
    assert ledger["b"].to_list() == [-0.7, None, None, None]
    assert ledger["item_id"].to_list() == ["P1", "P2", "P3", "P4"]
    assert ledger["status_after"].to_list() == ["scored", "pilot", "draft", "retired"]
    assert set(ledger["by"]) == {"C. Hair"}
    assert set(ledger["evidence"]) == {"hash"}


def test_a_person_overrides(bank: ItemBank, sheet: pl.DataFrame) -> None:
    people = sheet.with_columns(
        override=pl.Series(["retire", None, None, "promote"], dtype=pl.String),
        reviewer=pl.Series(["R.", None, None, "R."], dtype=pl.String),
    )
    after, ledger = promote(bank, people, by="C. Hair")
    status = dict(after.items.select("item_id", "status").iter_rows())
    assert (status["P1"], status["P4"]) == ("retired", "scored")
    assert ledger.row(0, named=True)["decision"] == "promote"
    assert ledger.row(0, named=True)["override"] == "retire"


def test_everything_wrong_is_said_before_anything_is_changed(bank: ItemBank, sheet: pl.DataFrame) -> None:
    odd = sheet.with_columns(item_id=pl.Series(["P1", "S1", "P3", "X9"]))
    with pytest.raises(InputError) as caught:
        promote(bank, odd, PARAMETERS.filter(pl.col("item_id") != "P1"), by=" ")
    said = str(caught.value)
    assert "items of the sheet are not in the bank (1 row, e.g. 'X9')" in said
    assert "are no pilots in the bank (1 row, e.g. 'S1 (scored)')" in said
    assert "promoted items have no usable parameters" in said
    assert "nobody is named" in said
    find_unsigned = sheet.with_columns(override=pl.lit("hold"))
    with pytest.raises(TableError, match="an override without a reviewer"):
        promote(bank, find_unsigned, by="C. Hair")


def test_bringing_a_sheet_in_twice_is_refused(bank: ItemBank, sheet: pl.DataFrame) -> None:
    after, _ = promote(bank, sheet, by="C. Hair")
    with pytest.raises(InputError, match="brought in before"):
        promote(after, sheet, by="C. Hair")


def test_a_promoted_item_needs_a_slope_above_zero(bank: ItemBank, sheet: pl.DataFrame) -> None:
    falling = PARAMETERS.with_columns(a=pl.lit(-0.2))
    with pytest.raises(InputError, match=r"no usable parameters .* e\.g\. 'P1'"):
        promote(bank, sheet, falling, by="C. Hair")


def test_parameters_of_an_uncalibrated_bank_need_a_scale(bank: ItemBank, sheet: pl.DataFrame) -> None:
    bare = ItemBank.from_frame(bank.items.with_columns(b=None))
    with pytest.raises(InputError, match="which scale the parameters are on"):
        promote(bare, sheet, PARAMETERS, by="C. Hair")
    after, _ = promote(bare, sheet, PARAMETERS, by="C. Hair", scale=Scale("new", "rasch"))
    assert after.scale == Scale("new", "rasch")
