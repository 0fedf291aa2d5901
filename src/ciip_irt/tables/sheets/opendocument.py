"""OpenDocument spreadsheets (ODS): the cells of every sheet as text.

The format is OpenDocument 1.3, part 3 (OASIS): ``content.xml`` inside a ZIP archive, tables of rows of cells,
repeats written as attributes. The XML is read with entities and document types refused, and what it unpacks
to is bounded: a small file must not eat the machine.
"""

import io
import zipfile
from pathlib import Path
from xml.parsers import expat

from ciip_irt.tables.opening import check_archive, check_cells, foreign_errors, packed_bytes

__all__ = ["read_opendocument"]

WIDEST = 16_384  # columns of a spreadsheet program
TABLE, ROW, CELL, COVERED, TEXT = (
    "table:table", "table:table-row", "table:table-cell", "table:covered-table-cell", "text:p"
)  # fmt: skip


def read_opendocument(path: Path | str) -> list[tuple[str, list[list[str]]]]:
    """Name and cells of every sheet.

    Raises
    ------
    InputError
        No ODS file, a damaged one, one with a password, or one that unpacks to too much.
    """
    path = Path(path)
    reader = _Reader(path)
    content = packed_bytes(path)
    remedy = "It may have a password: open it in a spreadsheet program and save it as XLSX or as 'CSV UTF-8'."
    with foreign_errors(path, "an ODS file", remedy):
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise ValueError("no archive")
        check_archive(content, path)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            reader.parse(archive.read("content.xml"))
    return reader.sheets


class _Reader:
    """Collects rows while the XML goes by."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sheets: list[tuple[str, list[list[str]]]] = []
        self._row: list[str] = []
        self._paragraphs: list[str] = []
        self._value = ""
        self._repeat = self._row_repeat = 1
        self._inside = self._in_text = False
        self._cells = 0

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
        parser.Parse(content, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == TABLE:
            self.sheets.append((attributes.get("table:name", ""), []))
        elif name == ROW:
            self._row, self._row_repeat = [], int(attributes.get("table:number-rows-repeated", "1"))
        elif name in (CELL, COVERED):
            self._inside, self._paragraphs = True, []
            self._repeat = int(attributes.get("table:number-columns-repeated", "1"))
            kind = attributes.get("office:value-type", "string")
            self._value = _stored(kind, attributes)
        elif name == TEXT and self._inside:
            self._in_text = True
            self._paragraphs.append("")

    def _characters(self, text: str) -> None:
        if self._in_text:
            self._paragraphs[-1] += text

    def _end(self, name: str) -> None:
        if name == TEXT:
            self._in_text = False
        elif name in (CELL, COVERED):
            value = self._value or " ".join(self._paragraphs)
            times = min(self._repeat, WIDEST) if value else self._repeat
            if len(self._row) + times <= WIDEST:
                self._row += [value] * times
            self._inside = False
        elif name == ROW and self.sheets:
            while self._row and not self._row[-1]:
                self._row.pop()
            times = self._row_repeat if self._row else min(self._row_repeat, 1)
            self._cells += times * max(len(self._row), 1)
            check_cells(self._path, self._cells, 1)
            self.sheets[-1][1].extend([self._row] * times)


def _stored(kind: str, attributes: dict[str, str]) -> str:
    """The value of a cell as its CSV would have it: numbers without needless decimals, dates ISO 8601."""
    if kind in ("float", "currency", "percentage"):
        value = attributes.get("office:value", "")
        return value[:-2] if value.endswith(".0") else value
    if kind == "date":
        return attributes.get("office:date-value", "")
    if kind == "boolean":
        return attributes.get("office:boolean-value", "")
    return ""


def _refuse(*_: object) -> None:
    raise ValueError("document types and entities are not read")
