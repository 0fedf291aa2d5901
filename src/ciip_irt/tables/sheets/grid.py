"""A table file as it stands: a grid of text cells, before anybody says which row is the header.

Delimiter and encoding are told from the file where they are not given; which ones were taken is part of the
grid, so that it can be said.
"""

import contextlib
import csv
import io
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.tables.files import as_utf8, delimiter_named
from ciip_irt.tables.opening import check_cells, file_bytes

__all__ = [
    "Grid",
    "delimiter_in_words",
    "grid_of",
    "read_grids",
    "told_delimiter",
    "told_format",
    "told_text",
]

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 60  # lines that tell the delimiter: enough to outvote title rows
UTF8 = "utf-8"
NO_TABLES = (
    (b"<html", "a web page"), (b"<!doctype html", "a web page"), (b"<table", "a web page"),
    (b"%pdf", "a PDF document"), (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"), (b"[{", "JSON"),
    (b"{\n", "JSON"),
)  # fmt: skip
FULL_WIDTH = ("\uff01", "\uff5e")  # the forms of "!" to "~"
DELIMITER_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet or text file, trimmed, every row as wide as the widest.

    ``name`` is the sheet's (empty for text files); ``delimiter`` and ``encoding`` are those of a text file,
    ``""`` for others; ``told`` says whether they were told from the file rather than given.
    """

    rows: tuple[tuple[str, ...], ...]
    name: str = ""
    delimiter: str = ""
    encoding: str = ""
    told: bool = False

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0


def read_grids(
    path: Path | str, *, delimiter: str | None = None, encoding: str | None = None
) -> tuple[Grid, ...]:
    """The sheets of a spreadsheet (XLSX, ODS) that are not hidden and hold cells; a text file's one grid.

    Raises
    ------
    InputError
        The file cannot be read, is empty, or its delimiter cannot be told.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith((".xlsx", ".xlsm")):
        from ciip_irt.tables.spreadsheet import read_cells

        grids = [grid_of(rows, sheet) for sheet, rows in read_cells(path)]
    elif name.endswith(".ods"):
        from ciip_irt.tables.sheets.opendocument import read_opendocument

        grids = [grid_of(rows, sheet) for sheet, rows in read_opendocument(path)]
    else:
        grids = [_text_grid(path, delimiter, encoding)]
    filled = tuple(grid for grid in grids if grid.rows)
    if not filled:
        raise InputError(Problem("no sheet holds a single cell", where=str(path), remedy="Export it again."))
    return filled


def grid_of(rows: list[list[str]], name: str = "", delimiter: str = "", encoding: str = "") -> Grid:
    """The rows trimmed and made equally wide; empty rows and columns at the end are no part of it."""
    cells = [[_plain(cell) for cell in row] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    width = max((max((n for n, cell in enumerate(row, 1) if cell), default=0) for row in cells), default=0)
    even = tuple((*row[:width], *[""] * (width - len(row))) for row in cells)
    return Grid(even, name, delimiter, encoding)


def _plain(cell: str) -> str:
    """Without blanks around it; ``="007"``, which spreadsheets write so that zeros stay, as ``007``; a single
    letter or digit of full width, as East Asian keyboards write it, as the same in usual width.

    >>> [_plain(cell) for cell in (" B\u00a0", '="007"', "\uff22")]
    ['B', '007', 'B']
    """
    cell = cell.replace("\u00a0", " ").strip()
    if cell.startswith('="') and cell.endswith('"') and '"' not in cell[2:-1]:
        cell = cell[2:-1].strip()
    if len(cell) == 1 and FULL_WIDTH[0] <= cell <= FULL_WIDTH[1]:
        return unicodedata.normalize("NFKC", cell)
    return cell


def told_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and its encoding: as given, by its byte-order mark, UTF-8 where it can be, cp1252.

    Raises
    ------
    InputError
        Absent, empty, or not text in the encoding given.
    """
    content = file_bytes(path)
    if content.startswith((b"PK\x03\x04", b"PAR1")):
        remedy = "Save the sheet as 'CSV UTF-8', or give the file its proper ending (.xlsx, .ods, .parquet)."
        raise InputError(Problem("not a text file", where=str(path), remedy=remedy))
    for start, words in NO_TABLES:
        if content[:LOOKED_AT].lstrip().lower().startswith(start):
            remedy = "Open it in the program it is from, and save the table as XLSX or CSV."
            raise InputError(Problem(f"{words}, not a table", where=str(path), remedy=remedy))
    if encoding is None:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"
        else:
            try:
                return content.decode("utf-8-sig"), UTF8
            except UnicodeDecodeError:
                encoding = "cp1252"
    return as_utf8(content, path, encoding).decode(), encoding


def told_format(path: Path) -> tuple[str, str]:
    """Delimiter and encoding of a file; comma and UTF-8 where it is not text or cannot be opened."""
    if path.name.lower().endswith((".xlsx", ".xlsm", ".ods", ".parquet", ".ndjson", ".jsonl")):
        return ",", UTF8
    with contextlib.suppress(InputError):
        text, encoding = told_text(path)
        return told_delimiter(text) or ",", encoding
    return ",", UTF8


def told_delimiter(text: str) -> str | None:
    """The delimiter under which most lines have the same number of cells, more than one; ``None``: none does.

    >>> told_delimiter("a;b;c\\n1;2,5;3\\n"), told_delimiter("one column\\nonly\\n")
    (';', None)
    """
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        widths = Counter(
            width for row in _rows(text, delimiter, LOOKED_AT) if (width := len(row)) and any(row)
        )
        shared = [(count, width) for width, count in widths.items() if width > 1]
        if not shared:
            continue
        count, width = max(shared)
        share = count / max(sum(widths.values()), 1)
        if best is None or (round(share, 1), width) > best[:2]:
            best = (round(share, 1), width, delimiter)
    return None if best is None else best[2]


def _rows(text: str, delimiter: str, most: int | None = None) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=delimiter)
    try:
        for row in reader:
            rows.append(row)
            if most is not None and len(rows) >= most:
                break
    except csv.Error:
        if most is None:
            raise
    return rows


def _text_grid(path: Path, delimiter: str | None, encoding: str | None) -> Grid:
    text, encoding_told = told_text(path, encoding)
    if "\x00" in text:
        remedy = "Save it as 'CSV UTF-8', or give the file its proper ending (.xlsx, .ods, .parquet)."
        raise InputError(Problem("not a text file", where=str(path), remedy=remedy))
    chosen = told_delimiter(text) or "," if delimiter is None else delimiter_named(delimiter)
    try:
        rows = _rows(text, chosen)
    except csv.Error as error:
        remedy = "A quotation mark may be open: check the lines before."
        raise InputError(Problem(f"not a table: {error}", where=str(path), remedy=remedy)) from None
    check_cells(path, len(rows), max(map(len, rows), default=0))
    grid = grid_of(rows, "", chosen, encoding_told)
    return Grid(grid.rows, "", chosen, encoding_told, told=delimiter is None)


def delimiter_in_words(delimiter: str) -> str:
    """``comma``, ``semicolon``, ``tab``, ``bar``."""
    return DELIMITER_WORDS.get(delimiter, repr(delimiter))
