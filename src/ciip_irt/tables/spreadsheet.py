"""Spreadsheets (XLSX): tables that people edit and send back.

Written, a text is never a formula, columns for people are light and those of the machine shaded, and the same
table gives the same bytes. Read, a sheet gives what its CSV would: every cell as text, empty cells as null.
"""

import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem, did_you_mean
from ciip_irt.tables.contract import SIGNIFICANT_DIGITS
from ciip_irt.tables.header import NOTHING_ABOVE_HEADER, check_header, columns_kept
from ciip_irt.tables.opening import Place, check_archive, check_cells, foreign_errors, packed_bytes

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["Sheet", "read_cells", "read_spreadsheet", "sheet_names", "workbook"]

LONG_AGO = dt.datetime(2000, 1, 1)  # a fixed date: the same input gives the same bytes
ZIP_DATE = (2000, 1, 1, 0, 0, 0)  # likewise
MADE_AT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
FORMULA_LIKE, ESCAPED = re.compile(r"'*[=+\-@\t\r]"), re.compile(r"'+[=+\-@\t\r]")
NARROWEST, WIDEST, WRAPPED = 8, 60, 30
LONGEST_CELL = 32_767  # characters that a spreadsheet's cell holds
HEADER, MACHINE, PEOPLE = "FFD9E1EA", "FFF0F0F0", "FFFFFBE6"
EXACT_BELOW = 2**53  # whole numbers that a double holds exactly
SAVE_AGAIN = "Open it in a spreadsheet program and save it as XLSX."
PROLOGUE = 4096  # bytes in which a document type stands, if there is one


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet to be written.

    Attributes
    ----------
    frame
        The table; its column names become the first row, which stays in sight.
    name
        At most 31 characters, none of ``[]:*?/\\``.
    editable
        Columns that people write into; the others are shaded. Without any, no column is.
    choices
        Column -> values offered in a list; another value is refused by the spreadsheet program.
    formats
        Column -> how its numbers are shown, e.g. ``0.00``; the cells hold them in full.
    """

    frame: pl.DataFrame
    name: str = "Table"
    editable: Sequence[str] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)


def workbook(*sheets: Sheet) -> bytes:
    """An XLSX file with these sheets, the same bytes for the same tables.

    >>> content = workbook(Sheet(pl.DataFrame({"item_id": ["I1", "=1+1"], "p": [0.5, None]}), "Items"))
    >>> content[:2]
    b'PK'
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    book.properties.creator = "ciip_irt"
    book.properties.created = book.properties.modified = LONG_AGO
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def read_spreadsheet(path: Path | str, sheet: str | None = None) -> pl.DataFrame:
    """A sheet as its CSV would be read: every cell as text, empty cells as null, header in the first row.

    Whole numbers have no decimals, dates are ISO 8601, true and false are words, identifiers shown with
    leading zeros keep them, and formulas give the value that was stored when the file was saved.

    Parameters
    ----------
    sheet
        Name of the sheet; the first that is not hidden when absent.

    Raises
    ------
    InputError
        No XLSX file, or one with a password; no such sheet; no header, repeated names, values in columns
        without a name; formulas without a stored value.
    """
    path = Path(path)
    content = _content(path)
    name, rows = _rows(content, path, sheet)
    where = f"{path}, sheet {name!r}"
    if not rows:
        raise InputError(Problem("the sheet is empty", where=where, remedy="Is the table on another sheet?"))
    header = [(cell or "").strip() for cell in rows[0]]
    if not any(header):
        raise InputError(Problem("the first row is empty", where=where, row=1, remedy=NOTHING_ABOVE_HEADER))
    width = max(len(row) for row in rows)
    check_cells(path, len(rows), width)
    header += [""] * (width - len(header))
    check_header(header, where)
    texts = [row + [None] * (width - len(row)) for row in rows[1:]]
    frame = pl.DataFrame(
        [pl.Series(f"{place}", [row[place] for row in texts], dtype=pl.String) for place in range(width)]
    )
    kept = columns_kept(frame, header, where)
    frame = frame[:, list(kept)]
    frame.columns = list(kept.values())
    return frame


def read_cells(path: Path | str) -> list[tuple[str, list[list[str]]]]:
    """Name and cells, as text, of every sheet that is not hidden; empty cells are empty texts.

    Raises
    ------
    InputError
        As ``read_spreadsheet``.
    """
    path = Path(path)
    content = _content(path)
    return [
        (name, [[cell or "" for cell in row] for row in _rows(content, path, name)[1]])
        for name in sheet_names(path)
    ]


def sheet_names(path: Path | str) -> tuple[str, ...]:
    """Names of the sheets that are not hidden, in their order.

    Raises
    ------
    InputError
        No XLSX file, or one with a password.
    """
    book = _opened(_content(Path(path)), Path(path), stored_values=False)
    names = tuple(page.title for page in book.worksheets if page.sheet_state == "visible")
    book.close()
    return names


def _fill(page: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.properties import PageSetupProperties

    frame = sheet.frame
    bold, top = Font(bold=True), Alignment(vertical="top")
    wrapped = Alignment(vertical="top", wrap_text=True)
    header, shaded, light = (PatternFill("solid", fgColor=color) for color in (HEADER, MACHINE, PEOPLE))
    last = frame.height + 1
    for place, name in enumerate(frame.columns, start=1):
        letter = get_column_letter(place)
        values = frame[name].to_list()
        shown = [] if name in sheet.formats else [len(str(value)) for value in values if value is not None]
        longest = max([len(name) + 4, *shown])
        fill = light if name in sheet.editable else shaded if sheet.editable else None
        cell = page.cell(1, place)
        _write(cell, name)
        cell.font, cell.fill = bold, header
        for row, value in enumerate(values, start=2):
            cell = page.cell(row, place)
            _write(cell, value)
            cell.alignment = wrapped if longest > WRAPPED else top
            if name in sheet.formats:
                cell.number_format = sheet.formats[name]
            if fill is not None:
                cell.fill = fill
        free = 24 if name in sheet.editable and name not in sheet.choices else NARROWEST
        page.column_dimensions[letter].width = min(max(longest, free), WIDEST) + 1
        if name in sheet.choices and last > 1:
            offered = DataValidation(
                type="list", formula1=f'"{",".join(sheet.choices[name])}"', allow_blank=True
            )
            offered.showErrorMessage = True
            offered.errorTitle, offered.error = name, f"One of: {', '.join(sheet.choices[name])}."
            offered.add(f"{letter}2:{letter}{last}")
            page.add_data_validation(offered)
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.print_title_rows = "1:1"
    page.freeze_panes = "B2" if frame.width > 1 else "A2"
    if frame.width and frame.height:
        page.auto_filter.ref = f"A1:{get_column_letter(frame.width)}{last}"


def _write(cell: "Cell | MergedCell", value: Any) -> None:
    if value is None or value != value:
        return
    if isinstance(value, float):
        value = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, int | float):
        cell.value = value
        return
    text = CONTROL.sub("\ufffd", str(value))[:LONGEST_CELL]
    if ESCAPED.match(text):
        text = f"'{text}"  # reading takes one away, as it does where a CSV file was saved as XLSX
    cell.value = text
    cell.data_type = "s"  # whatever it looks like: '=1+1' and '#N/A' are texts here
    if FORMULA_LIKE.match(text):
        cell.quotePrefix = True  # stays a text when someone edits the cell


def _without_clock(content: bytes) -> bytes:
    """The same archive without the time at which it was written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = MADE_AT.sub(rb"\g<1>2000-01-01T00:00:00Z", part)
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            new.writestr(entry, part)
    return buffer.getvalue()


def _content(path: Path) -> bytes:
    content = packed_bytes(path)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        what = "protected by a password, or an old Excel file"
        remedy = "Save it as XLSX without a password."
    elif not content:
        what, remedy = "the file is empty", "Save it again."
    elif not zipfile.is_zipfile(io.BytesIO(content)):
        what, remedy = "not an XLSX file, or a damaged one", SAVE_AGAIN
    else:
        check_archive(content, path)
        return content
    raise InputError(Problem(what, where=str(path), remedy=remedy))


def _rows(content: bytes, path: Path, sheet: str | None) -> tuple[str, list[list[str | None]]]:
    """The texts of the sheet asked for, row by row, formulas replaced by their stored values."""
    name, rows, formulas = _loaded(content, path, sheet, stored_values=False)
    if not formulas:
        return name, rows
    _, stored, _ = _loaded(content, path, sheet, stored_values=True)
    empty = [
        (row, place)
        for row, place in formulas
        if row > len(stored) or place > len(stored[row - 1]) or stored[row - 1][place - 1] is None
    ]
    if empty:
        from openpyxl.utils import get_column_letter

        raise InputError(
            Problem(
                "formulas without a stored value",
                where=f"{path}, sheet {name!r}",
                row=empty[0][0],
                examples=tuple(f"{get_column_letter(place)}{row}" for row, place in empty[:MAX_EXAMPLES]),
                remedy="Open the file in a spreadsheet program and save it, or write values, not formulas.",
            )
        )
    return name, stored


def _opened(content: bytes, path: Path, *, stored_values: bool) -> Any:
    import warnings

    from openpyxl import load_workbook

    with warnings.catch_warnings(), foreign_errors(path, "a readable XLSX file", SAVE_AGAIN):
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions it does not keep
        _refuse_entities(content)
        return load_workbook(io.BytesIO(content), read_only=True, data_only=stored_values)


def _refuse_entities(content: bytes) -> None:
    """Spreadsheet programs write no document types; the entities of one can grow without bound."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            with archive.open(part) as file:
                if b"<!DOCTYPE" in file.read(PROLOGUE):
                    raise ValueError("document types and entities are not read")


def _loaded(
    content: bytes, path: Path, sheet: str | None, *, stored_values: bool
) -> tuple[str, list[list[str | None]], list[tuple[int, int]]]:
    """Name and texts of a sheet, empty rows at its end left out; row and column of its formulas, from 1."""
    import warnings

    book = _opened(content, path, stored_values=stored_values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = [page.title for page in book.worksheets]
        if sheet is not None and sheet not in names:
            remedy = did_you_mean(sheet, names, "It has")
            raise InputError(Problem(f"there is no sheet {sheet!r}", where=str(path), remedy=remedy))
        shown = [page for page in book.worksheets if page.sheet_state == "visible"]
        if not shown:
            raise InputError(Problem("there is no sheet with cells", where=str(path)))
        page = shown[0] if sheet is None else book[sheet]
        page.reset_dimensions()
        rows, formulas = _texts(page, path)
        book.close()
    return page.title, rows, formulas


def _texts(page: Any, path: Path) -> tuple[list[list[str | None]], list[tuple[int, int]]]:
    rows: list[list[str | None]] = []
    formulas: list[tuple[int, int]] = []
    filled, widest = 0, 0
    place = Place(1)
    with foreign_errors(f"{path}, sheet {page.title!r}", "an XLSX file", SAVE_AGAIN, place):
        for number, cells in enumerate(page.iter_rows(), start=1):
            place.row = number
            row = [_text(cell) for cell in cells]
            formulas += [(number, n) for n, cell in enumerate(cells, 1) if cell.data_type == "f"]
            while row and row[-1] is None:
                row.pop()
            rows.append(row)
            place.row = number + 1  # what fails now fails in the next row
            if row:
                filled, widest = number, max(widest, len(row))
                check_cells(path, filled, widest)
    return rows[: max(filled, min(len(rows), 1))], formulas


def _text(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError(f"cell {cell.coordinate} holds a number too large to be one")
        if value == int(value) and abs(value) < EXACT_BELOW:
            pattern = cell.number_format or ""
            return f"{int(value):0{len(pattern)}d}" if re.fullmatch("0+", pattern) else str(int(value))
        return repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep="T")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    text = str(value)
    return (text[1:] if ESCAPED.match(text) else text) or None
