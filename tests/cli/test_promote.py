"""The sheet goes out, people write into it with whatever program, and the bank follows; or is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from ciip_irt.bank import ItemBank, read_bank
from ciip_irt.calibration import calibrate
from ciip_irt.cli import main
from ciip_irt.pilots import decision_files, read_decisions, review_pilots
from ciip_irt.responses import score
from ciip_irt.simulate import simulate_programme
from ciip_irt.tables import LEDGER, PILOT_DECISIONS, read_table, write_outputs

SHEETS = ("pilot_decisions.csv", "pilot_decisions.xlsx")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``bank/items.csv`` and the review of a small programme in ``review``."""
    folder = tmp_path_factory.mktemp("promote")
    programme = simulate_programme(n_candidates=240, n_forms=1, n_pilots=40, seed=5)
    met = programme.items.filter(pl.col("item_id").is_in(programme.responses["item_id"].unique().implode()))
    write_outputs(folder / "bank", {"items.csv": met})
    bank = read_bank(folder / "bank" / "items.csv")
    scored = score(programme.responses, bank)
    calibration = calibrate(scored, "rasch", anchors=bank)
    review = review_pilots(scored, bank, calibration=calibration)
    write_outputs(folder / "review", decision_files(review, bank, calibration))
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "w")
    return tmp_path / "w"


@pytest.fixture
def promote(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """``promote(sheet, *further)``: exit code and what was said."""

    def call(sheet: str = SHEETS[1], *further: str, out: str = "bank") -> tuple[int, str]:
        code = main(
            ["promote", str(here / "review" / sheet), "--items", str(here / "bank" / "items.csv"),
             "--by", "C. Hair", "--date", "2026-11-22", "--out", str(here / out), *further]
        )  # fmt: skip
        said = capsys.readouterr()
        return code, said.err if code else said.out

    return call


def by_item(path: Path, column: str) -> dict[str, str]:
    return dict(read_bank(path).items.select("item_id", column).iter_rows())


def test_both_sheets_hold_the_same(made: Path) -> None:
    csv, xlsx = (read_decisions(made / "review" / name) for name in SHEETS)
    assert csv.columns == list(PILOT_DECISIONS.names)
    assert csv.equals(xlsx)
    assert csv["evidence"].n_unique() == 1
    assert set(csv["policy"]) == {"default"}


def test_the_same_review_gives_the_same_bytes(made: Path) -> None:
    bank = read_bank(made / "bank" / "items.csv")
    scored = score(simulate_programme(n_candidates=240, n_forms=1, n_pilots=40, seed=5).responses, bank)
    calibration = calibrate(scored, "rasch", anchors=bank)
    files = decision_files(review_pilots(scored, bank, calibration=calibration), bank, calibration)
    assert files["pilot_decisions.xlsx"] == (made / "review" / "pilot_decisions.xlsx").read_bytes()


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_as_it_was_proposed(here: Path, promote: Callable[..., tuple[int, str]], sheet: str) -> None:
    proposed = read_decisions(here / "review" / sheet)
    before = (here / "bank" / "items.csv").read_text().splitlines()
    code, said = promote(sheet)
    assert (code, said.splitlines()[0].split(":")[0]) == (0, "40 decisions brought in")
    status = by_item(here / "bank" / "items.csv", "status")
    expected = {"promote": "scored", "hold": "pilot", "revise": "draft", "retire": "retired"}
    assert {item: status[item] for item in proposed["item_id"]} == {
        item: expected[decision] for item, decision in proposed.select("item_id", "decision").iter_rows()
    }
    promoted = proposed.filter(decision="promote")["item_id"].to_list()
    parameters = pl.read_csv(here / "review" / "pilot_parameters.csv")
    fresh = dict(parameters.select("item_id", "b").iter_rows())
    difficulty = by_item(here / "bank" / "items.csv", "b")
    assert promoted
    assert {item: difficulty[item] for item in promoted} == {item: fresh[item] for item in promoted}
    after = (here / "bank" / "items.csv").read_text().splitlines()
    changed = sum(old != new for old, new in zip(before, after, strict=True))
    assert changed == proposed.filter(pl.col("decision") != "hold").height
    ledger = read_table(here / "bank" / "ledger.csv", LEDGER)
    assert ledger["item_id"].to_list() == sorted(proposed["item_id"])
    assert set(ledger["date"]) == {"2026-11-22"}
    assert set(ledger["evidence"]) == set(proposed["evidence"])


def mangled(path: Path) -> None:
    """What a spreadsheet program of another country makes of the CSV sheet, and a person with it."""
    sheet = pl.read_csv(path, infer_schema=False)
    sheet = sheet.with_columns(
        pl.col("probability").str.replace(r"\.", ","),
        override=pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(" Retire ")),
        reviewer=pl.when(pl.int_range(pl.len()) == 1).then(pl.lit("R. Viewer")),
    )
    sheet = sheet.reverse().slice(2).select(reversed(sheet.columns))
    sheet = sheet.rename({"override": "Override ", "item_id": "ITEM_ID"})
    blank = pl.DataFrame({name: [None] for name in sheet.columns}, schema=sheet.schema)
    text = pl.concat([sheet, blank]).write_csv(separator=";", line_terminator="\r\n")
    path.write_bytes(("\ufeff" + text).encode())


def test_a_sheet_from_another_program(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    path = here / "review" / SHEETS[0]
    item = pl.read_csv(path)["item_id"][1]
    mangled(path)
    code, said = promote(SHEETS[0])
    assert (code, "38 decisions brought in" in said, "1 override" in said) == (0, True, True)
    assert "2 pilots of the review without a row on the sheet" in said
    assert by_item(here / "bank" / "items.csv", "status")[item] == "retired"
    line = read_table(here / "bank" / "ledger.csv", LEDGER).filter(item_id=item).row(0, named=True)
    assert (line["override"], line["reviewer"], line["by"]) == ("retire", "R. Viewer", "C. Hair")


def edited(path: Path, **cells: str) -> None:
    """Writes into the second row of an XLSX sheet, as a person would; column=value."""
    book = load_workbook(path)
    page = book["Decisions"]
    columns = {cell.value: cell.column for cell in page[1]}
    for name, value in cells.items():
        page.cell(3, columns[name], value)
    book.save(path)


def test_a_person_writes_into_the_spreadsheet(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    path = here / "review" / SHEETS[1]
    item = read_decisions(path)["item_id"][1]
    edited(path, override="Hold", reviewer="R. Viewer", comment="the key is disputed")
    assert promote()[0] == 0
    line = read_table(here / "bank" / "ledger.csv", LEDGER).filter(item_id=item).row(0, named=True)
    assert (line["override"], line["status_after"]) == ("hold", "pilot")


@pytest.mark.parametrize("heading", ["My decision", None])
def test_a_column_that_people_renamed_or_deleted_loses_no_decision(
    here: Path, promote: Callable[..., tuple[int, str]], heading: str | None
) -> None:
    path = here / "review" / SHEETS[1]
    edited(path, override="Hold", reviewer="R. Viewer")
    book = load_workbook(path)
    page = book["Decisions"]
    column = next(cell.column for cell in page[1] if cell.value == "override")
    if heading is None:
        page.delete_cols(column)
    else:
        page.cell(1, column, heading)
    book.save(path)
    code, said = promote()
    assert code == 2
    assert "columns are missing into which people write: override" in said
    assert not (here / "bank" / "ledger.csv").exists()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"override": "hold"}, ":3: an override without a reviewer"),
        ({"override": "maybe", "reviewer": "R."}, "column 'override' has a value outside promote, hold"),
        ({"decision": "hld"}, ":3: the policy's decision was changed"),
        ({"item_id": "007"}, ":3: items were not part of this review (1 row, e.g. '007')"),
        ({"evidence": "0123456789abcdef"}, ":3: the sheet was made from other evidence than lies in"),
        ({"item_hash": "0123"}, ":3: domain, key, options or wording are not what they were when reviewed"),
    ],
)
def test_sheets_that_are_refused(
    here: Path, promote: Callable[..., tuple[int, str]], cells: dict[str, str], said: str
) -> None:
    before = (here / "bank" / "items.csv").read_bytes()
    edited(here / "review" / SHEETS[1], **cells)
    code, error = promote()
    assert (code, said in error) == (2, True), error
    assert (here / "bank" / "items.csv").read_bytes() == before
    assert not (here / "bank" / "ledger.csv").exists()


def test_twice_is_refused(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    assert promote()[0] == 0
    ledger = (here / "bank" / "ledger.csv").read_bytes()
    code, error = promote()
    assert code == 2
    assert "40 decisions of this sheet were brought in before on 2026-11-22 by C. Hair" in error
    assert (here / "bank" / "ledger.csv").read_bytes() == ledger


def test_half_today_and_half_tomorrow(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    path = here / "review" / SHEETS[0]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:11]))
    assert promote(SHEETS[0])[0] == 0
    first = (here / "bank" / "ledger.csv").read_text()
    path.write_text("".join(lines[:1] + lines[11:]))
    assert promote(SHEETS[0])[0] == 0
    both = (here / "bank" / "ledger.csv").read_text()
    assert both.startswith(first)
    assert len(both.splitlines()) == 41


def test_another_bank_is_refused(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    items = pl.read_csv(here / "bank" / "items.csv", infer_schema=False)
    pilot = items.filter(status="pilot")["item_id"][0]
    changed = items.with_columns(key=pl.when(pl.col("item_id") == pilot).then(pl.lit("*")).otherwise("key"))
    changed.write_csv(here / "bank" / "items.csv")
    code, error = promote()
    assert (code, f"when reviewed: {here / 'bank' / 'items.csv'} (1 row, e.g. '{pilot}')" in error) == (
        2,
        True,
    )
    items.with_columns(scale_id=pl.when(pl.col("b").is_not_null()).then(pl.lit("other"))).write_csv(
        here / "bank" / "items.csv"
    )
    code, error = promote()
    assert (code, "the bank is on scale 'other'" in error) == (2, True), error


def test_changed_evidence_is_refused(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    path = here / "review" / "pilot_parameters.csv"
    path.write_text(path.read_text().replace("\n", "\r\n"))  # what version control does to a file
    assert promote(out="one")[0] == 0
    path.write_text(path.read_text().replace("0.", "1."))
    code, error = promote(out="two")
    assert (code, "do not belong together, or were changed" in error) == (2, True)
    path.unlink()
    code, error = promote(out="two")
    assert (code, "holds no evidence of a pilot review; missing ('pilot_parameters.csv')" in error) == (
        2,
        True,
    )


def test_a_later_call_cannot_undo_an_earlier_one(here: Path, promote: Callable[..., tuple[int, str]]) -> None:
    path = here / "review" / SHEETS[0]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:11]))
    assert promote(SHEETS[0], out="new")[0] == 0
    path.write_text("".join(lines[:1] + lines[11:]))
    code, error = promote(SHEETS[0], out="new")
    assert code == 2
    assert "the bank in this folder holds decisions that the bank of --items does not have (10 rows" in error


def test_a_bank_with_semicolons_and_windows_lines(
    here: Path, promote: Callable[..., tuple[int, str]]
) -> None:
    path = here / "bank" / "items.csv"
    text = pl.read_csv(path, infer_schema=False).write_csv(separator=";", line_terminator="\r\n")
    path.write_bytes(text.encode())
    assert promote(SHEETS[1], "--delimiter", ";")[0] == 0
    assert sum(
        a != b for a, b in zip(text.split("\r\n"), path.read_bytes().decode().split("\r\n"), strict=True)
    )
    assert by_item_semicolon(path)


def by_item_semicolon(path: Path) -> bool:
    return isinstance(read_bank(path, delimiter=";"), ItemBank)


@pytest.mark.parametrize("date", ["today", "2026-13-01", "22.11.2026"])
def test_a_date_is_a_day(promote: Callable[..., tuple[int, str]], date: str) -> None:
    code, error = promote(SHEETS[1], "--date", date)
    assert (code, "is not a day. Write it as 2026-03-01." in error) == (2, True)
