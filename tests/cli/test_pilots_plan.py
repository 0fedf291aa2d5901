"""``pilots plan`` on files: the sample bank, forms with scored items, a review, and impossible questions."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main

Plan = Callable[..., tuple[int, str, pl.DataFrame | None]]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    rows = [(f"S{k}", "Image Management", "scored", k / 10 - 1, None) for k in range(20)]
    rows += [
        ("P0", "F", "pilot", None, "S1"),
        ("P1", "F", "pilot", None, None),
        ("P2", "B", "pilot", None, "P1"),
    ]
    frame = pl.DataFrame(rows, schema=["item_id", "domain", "status", "b", "enemies"], orient="row")
    frame = frame.with_columns(key=pl.lit("A"), options=pl.lit("ABCD"))
    frame.write_csv(tmp_path / "items.csv")
    return tmp_path / "items.csv"


@pytest.fixture
def plan(items: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Plan:
    def call(*more: str, forms: tuple[str, ...] = ("2",)) -> tuple[int, str, pl.DataFrame | None]:
        code = main(
            ["pilots", "plan", "--items", str(items), "--blueprint", "ciip-2024", "--forms", *forms,
             "--arrivals", "80/month", "--from", "2026-12-01", "--until", "2027-06-01",
             "--out", str(tmp_path / "out"), *more]
        )  # fmt: skip
        said = capsys.readouterr()
        path = tmp_path / "out" / "pilot_plan.csv"
        table = pl.read_csv(path, schema_overrides={"form_id": pl.String}) if path.exists() else None
        return code, said.out + said.err, table

    return call


def test_forms_to_come(plan: Plan) -> None:
    code, said, table = plan()
    assert code == 0
    assert said.splitlines()[0] == "About 478 candidates from 2026-12-01 to 2027-06-01."
    assert "Every pilot that waits (3) reaches the answers it wants." in said
    assert table is not None
    assert table.columns == ["form_id", "item_id", "domain", "n_now", "n_expected", "n_wanted", "reaches",
                             "chance", "why"]  # fmt: skip
    assert set(table["form_id"]) == {"form-1", "form-2"}
    apart = dict(table.select("item_id", "form_id").iter_rows())
    assert apart["P1"] != apart["P2"]
    assert table["n_expected"].is_between(239, 240).all()


def test_forms_that_exist_keep_enemies_out(plan: Plan, tmp_path: Path) -> None:
    forms = pl.DataFrame({"form_id": ["X", "Y"], "position": 1, "item_id": ["S1", "S2"], "role": "scored",
                          "domain": "F"})  # fmt: skip
    forms.write_csv(tmp_path / "forms.csv")
    code, said, table = plan("--slots", "2", forms=(str(tmp_path / "forms.csv"),))
    assert (code, "2 forms with 4 pilot slots in all" in said) == (0, True)
    assert table is not None
    assert table.filter(item_id="P0")["form_id"].to_list() == ["Y"]


def test_the_same_plan_twice(plan: Plan, tmp_path: Path) -> None:
    plan()
    first = (tmp_path / "out" / "pilot_plan.csv").read_bytes()
    plan()
    assert (tmp_path / "out" / "pilot_plan.csv").read_bytes() == first


def test_the_last_review_counts(plan: Plan, tmp_path: Path) -> None:
    pl.DataFrame({"item_id": ["P0", "P1"], "b": [0.5, None]}).write_csv(tmp_path / "pilot_evidence.csv")
    pl.DataFrame(
        {"item_id": ["P0", "P1"], "domain": "F", "decision": ["hold", "promote"], "probability": [0.7, 0.9],
         "n": [70, 150], "more_needed": [40, None], "reasons": "R"}
    ).write_csv(tmp_path / "pilot_decisions.csv")  # fmt: skip
    code, _, table = plan("--evidence", str(tmp_path))
    assert (code, table is not None) == (0, True)
    assert table is not None
    rows = {row["item_id"]: row for row in table.iter_rows(named=True)}
    assert (rows["P0"]["n_now"], rows["P0"]["n_wanted"]) == (70, 110)
    assert rows["P1"]["form_id"] is None
    assert rows["P2"]["n_wanted"] == 100


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--arrivals", "many"), "--arrivals 'many' is no number of candidates. For example 80/month"),
        (("--arrivals", "-3"), "is no number of candidates"),
        (("--until", "soon"), "--until 'soon' is not a day. Write it as 2027-03-31."),
        (("--until", "2026-01-01"), "the date 2026-01-01 is not after the start 2026-12-01"),
        (("--shares", "1,2,3"), "Give one number for each of the 2 forms"),
        (("--slots", "0"), "the forms have no pilot slots"),
        (("--evidence", "."), "there is no pilot_evidence.csv here"),
        (("--policy", "defalt"), "Did you mean default?"),
    ],
)
def test_impossible_questions(plan: Plan, more: tuple[str, ...], said: str) -> None:
    code, answer, table = plan(*more)
    assert (code, table) == (2, None)
    assert said in answer
