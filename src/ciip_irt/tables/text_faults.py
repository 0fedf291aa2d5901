"""What is wrong with a delimited text that cannot be read as a table, by row."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem
from ciip_irt.tables.header import NOTHING_ABOVE_HEADER

__all__ = ["may_have_short_rows", "ragged_rows", "short_rows"]


def ragged_rows(text: str, path: Path, delimiter: str, width: int, error: Exception) -> Problem:
    records = 0
    rows = []
    for number, cells in _records(text, path, delimiter):
        records += 1
        if len(cells) > width:
            rows.append((number, cells))
    if not rows:
        return _open_quotation(text, path) or Problem(
            f"not a readable table: {str(error).splitlines()[0]}", where=str(path)
        )
    many = len(rows) > records / 2
    remedy = NOTHING_ABOVE_HEADER if many else "Put text that holds the delimiter in double quotes."
    return _other_widths("more", width, rows, path, delimiter, remedy)


def _records(text: str, path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        if "new-line" in str(error):
            what, remedy = "a line break within a cell", "Remove it, or put the cell in double quotes."
        else:
            what = f"a cell of more than {csv.field_size_limit():,} characters"
            remedy = "Export the file again; a log has short cells."
        problem = Problem(what, where=str(path), row=reader.line_num, remedy=remedy)
        raise InputError(_open_quotation(text, path) or problem) from None


def _open_quotation(text: str, path: Path) -> Problem | None:
    lines = text.split("\n")
    odd = [row for row, line in enumerate(lines, start=1) if line.count('"') % 2]
    if not odd:
        return None
    return Problem(
        "a quotation mark is opened and not closed",
        where=str(path),
        row=odd[0],
        count=len(odd),
        examples=tuple(lines[row - 1].strip()[:60] for row in odd[:MAX_EXAMPLES]),
        remedy="Write a quotation mark inside a cell twice, and close every cell that begins with one.",
    )


def may_have_short_rows(content: bytes, delimiter: str, width: int) -> bool:
    """False only where no line has too few delimiters: a quick look that spares large files the slow one."""
    mark = delimiter.encode()
    return b'"' in content or any(
        line.count(mark) < width - 1 and bool(line.strip()) for line in io.BytesIO(content)
    )


def short_rows(text: str, path: Path, delimiter: str, width: int) -> Problem | None:
    rows = [
        (number, cells)
        for number, cells in _records(text, path, delimiter)
        if 0 < len(cells) < width and any(cells)
    ]
    if not rows:
        return None
    remedy = "The file may be cut off: export it again, or fill the rows up."
    return _other_widths("fewer", width, rows, path, delimiter, remedy)


def _other_widths(
    how_many: str, width: int, rows: list[tuple[int, list[str]]], path: Path, delimiter: str, remedy: str
) -> Problem:
    return Problem(
        f"rows have {how_many} cells than the header has names ({width})",
        where=str(path),
        row=rows[0][0],
        count=len(rows),
        examples=tuple(delimiter.join(cells)[:60] for _, cells in rows[:MAX_EXAMPLES]),
        remedy=remedy,
    )
