"""Spreadsheets: what is written reads back, nothing is a formula, what people do to a sheet is understood."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from ciip_irt.errors import InputError
from ciip_irt.tables import ITEMS, Sheet, read_frame, read_spreadsheet, read_table, workbook

FRAME = pl.DataFrame(
    {
        "item_id": ["I1", "=1+1", "#N/A", "007"],
        "p": [0.5, None, 1 / 3, 2.0],
        "n": [1, 2, None, 4],
        "override": pl.Series([None] * 4, dtype=pl.String),
    }
)
PLAN = {"editable": ("override",), "choices": {"override": ("promote", "hold")}}


def saved(path: Path, *rows: tuple[Any, ...], title: str = "Sheet1") -> Path:
    """A workbook as another program would write it."""
    book = Workbook()
    page = book.worksheets[0]
    page.title = title
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbook(Sheet(FRAME, "Items", **PLAN)))
    for read in (read_spreadsheet(path), read_frame(path), read_spreadsheet(path, "Items")):
        assert read.to_dict(as_series=False) == {
            "item_id": ["I1", "=1+1", "#N/A", "007"],
            "p": ["0.5", None, "0.33333333", "2"],
            "n": ["1", "2", None, "4"],
            "override": [None] * 4,
        }


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), min_size=1))
def test_texts_survive(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.xlsx"
    path.write_bytes(workbook(Sheet(pl.DataFrame({"n": range(len(texts)), "text": texts}))))
    control = dict.fromkeys([*range(9), 11, 12, *range(14, 32)], "\ufffd")
    assert read_spreadsheet(path)["text"].to_list() == [text.translate(control) for text in texts]


def test_texts_are_never_formulas() -> None:
    hostile = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "'=1"]
    content = workbook(Sheet(pl.DataFrame({"x": hostile})))
    cells = load_workbook(io.BytesIO(content)).worksheets[0]["A"][1:]
    assert [cell.data_type for cell in cells] == ["s"] * 6
    assert all(cell.quotePrefix for cell in cells)
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_what_people_see() -> None:
    page = load_workbook(io.BytesIO(workbook(Sheet(FRAME, "Items", **PLAN)))).worksheets[0]
    assert page.freeze_panes == "B2"
    assert page["A1"].font.bold
    assert page["A2"].fill.fgColor.rgb != page["D2"].fill.fgColor.rgb
    (offered,) = page.data_validations.dataValidation
    assert (offered.formula1, str(offered.sqref)) == ('"promote,hold"', "D2:D5")


def test_the_same_bytes_at_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    first = workbook(Sheet(FRAME, "Items"), Sheet(FRAME, "More"))
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr(time, "localtime", lambda *_: time.struct_time((2033, 5, 18, 1, 1, 1, 2, 138, 0)))
    assert workbook(Sheet(FRAME, "Items"), Sheet(FRAME, "More")) == first
    dates = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()}
    assert dates == {(2000, 1, 1, 0, 0, 0)}


def test_cells_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    saved(
        path,
        (" item_id ", "when", "at", "yes", "share", None),
        (1234, dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 1, 9, 30), True, 0.85, None),
        (None,) * 6,
        ("'=x", None, None, False, 1e-7, None),
        (None,) * 6,
    )
    book = load_workbook(path)
    book.worksheets[0]["A2"].number_format = "000000"
    book.save(path)
    assert read_frame(path).rows() == [
        ("001234", "2026-03-01", "2026-03-01T09:30:00", "true", "0.85"),
        (None,) * 5,
        ("=x", None, None, "false", "1e-07"),
    ]


def test_hidden_sheets_are_passed_over(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(("no",))
    book.create_sheet("Items").append(("item_id",))
    book.worksheets[0].sheet_state = "hidden"
    book.save(tmp_path / "x.xlsx")
    assert read_frame(tmp_path / "x.xlsx").columns == ["item_id"]


def test_contracts_name_the_row(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "items.xlsx",
        ("item_id", "domain", "status", "key", "options"),
        ("I1", "A", "pilot", "A", "ABCD"),
        ("I2", "A", "pilto", "A", "ABCD"),
    )
    with pytest.raises(InputError, match=r"items\.xlsx:3: column 'status' has a value outside"):
        read_table(path, ITEMS)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", "a"), (1, 2)], r"x\.xlsx, sheet 'Log':1: column names occur more than once"),
        ([("a", None, None), (1, 2, 3)], r"sheet 'Log':1: columns hold values but have no name"),
        ([(None, None), ("a", "b"), (1, 2)], r"sheet 'Log':1: the first row is empty"),
        ([], "the sheet is empty"),
        ([("a",), ("=1+1",)], r"sheet 'Log':2: formulas without a stored value \('A2'\)"),
    ],
)
def test_sheets_that_are_no_tables(tmp_path: Path, rows: list[tuple[Any, ...]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_frame(saved(tmp_path / "x.xlsx", *rows, title="Log"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"item_id,key\n", "not an XLSX file"),
        (b"\xd0\xcf\x11\xe0 and so on", "protected by a password"),
        (workbook(Sheet(FRAME))[:-200], "not an XLSX file"),
    ],
)
def test_files_that_are_no_spreadsheets(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_frame(tmp_path / "x.xlsx")


def test_other_archives_are_no_spreadsheets(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match="not a readable XLSX file"):
        read_frame(tmp_path / "x.xlsx")


def test_the_name_of_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(workbook(Sheet(FRAME, "Decisions"), Sheet(FRAME, "About")))
    assert read_spreadsheet(tmp_path / "x.xlsx", "About").height == 4
    with pytest.raises(InputError, match="there is no sheet 'Decision'"):
        read_spreadsheet(tmp_path / "x.xlsx", "Decision")
    with pytest.raises(InputError, match=r"none\.xlsx: no such file"):
        read_frame(tmp_path / "none.xlsx")
