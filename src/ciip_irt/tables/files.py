"""Reading table files: every cell as text."""

import codecs
import csv
import io
from pathlib import Path

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem
from ciip_irt.tables.contract import Table
from ciip_irt.tables.header import NOTHING_ABOVE_HEADER, check_header, columns_kept, plain_types
from ciip_irt.tables.opening import check_parquet, file_bytes, first_line, foreign_errors, quiet_panics
from ciip_irt.tables.text_faults import may_have_short_rows, ragged_rows, short_rows

__all__ = [
    "as_utf8",
    "delimiter_beside",
    "delimiter_named",
    "read_csv",
    "read_frame",
    "read_table",
]

ESCAPED_FORMULA = r"^'('*[=+\-@\t\r])"
ZIP_MAGIC, PARQUET_MAGIC = b"PK\x03\x04", b"PAR1"
NO_ENCODINGS_OF_FILES = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|"}


def read_table(
    path: Path | str, table: Table, *, delimiter: str = ",", encoding: str = "utf-8"
) -> pl.DataFrame:
    """A file that must hold ``table``, in canonical types.

    Raises
    ------
    InputError
        The file cannot be read at all (absent, empty, another encoding or delimiter, ragged rows).
    TableError
        It breaks the contract; all failures at once.
    """
    frame = read_frame(path, delimiter=delimiter, encoding=encoding)
    return table.validate(frame, where=str(path))


def read_frame(
    path: Path | str, *, delimiter: str | None = ",", encoding: str | None = "utf-8"
) -> pl.DataFrame:
    """A CSV, CSV.gz, XLSX (first sheet), Parquet or NDJSON file by its ending; any contract comes later.

    Delimiter and encoding of text are told from the file where they are ``None``.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith(".parquet"):
        content = file_bytes(path)
        check_parquet(content, path)
        with foreign_errors(path, "a Parquet file"), quiet_panics():
            return plain_types(pl.read_parquet(io.BytesIO(content)), str(path))
    if name.endswith((".ndjson", ".jsonl")):
        content = file_bytes(path)
        with foreign_errors(path, "one JSON object per line"), quiet_panics():
            frame = pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)
            return plain_types(frame, str(path))
    if name.endswith((".xlsx", ".xlsm")):
        from ciip_irt.tables.spreadsheet import read_spreadsheet

        return read_spreadsheet(path)
    if name.endswith((".xls", ".ods", ".numbers")):
        raise InputError(
            Problem(
                "a spreadsheet file of another kind",
                where=str(path),
                remedy="Save it as XLSX or as 'CSV UTF-8' and give that file.",
            )
        )
    return read_csv(path, delimiter=delimiter, encoding=encoding)


def read_csv(
    path: Path | str, *, delimiter: str | None = ",", encoding: str | None = "utf-8"
) -> pl.DataFrame:
    """A delimited text file (plain or gzip), every cell as text, empty cells as null.

    Delimiter and encoding are told from the file where they are ``None``.

    A byte-order mark is skipped. Text cells that were escaped on writing (``'=``, ``'+``, ...) are
    unescaped.

    Raises
    ------
    InputError
        Absent or empty file, another encoding or delimiter, repeated column names, ragged rows.
    """
    path = Path(path)
    if delimiter is None or encoding is None:
        from ciip_irt.tables.sheets.grid import told_delimiter, told_text

        text, told = told_text(path, encoding)
        delimiter, encoding = delimiter or told_delimiter(text) or ",", told
    delimiter = delimiter_named(delimiter)
    content = as_utf8(file_bytes(path), path, encoding)
    header = _header(content, path, delimiter)
    check_header(header, str(path), delimiter)
    try:
        frame = pl.read_csv(
            content,
            separator=delimiter,
            infer_schema=False,
            has_header=True,
            raise_if_empty=False,
            truncate_ragged_lines=False,
            null_values="",
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(ragged_rows(content.decode(), path, delimiter, len(header), error)) from None
    kept = (
        columns_kept(frame, [name.strip() for name in header], str(path))
        if frame.width == len(header)
        else {}
    )
    if not kept:
        raise InputError(
            Problem("the header cannot be read", where=str(path), row=1, remedy=NOTHING_ABOVE_HEADER)
        )
    width = max(kept) + 1
    frame = frame[:, list(kept)]
    frame.columns = list(kept.values())
    ends_empty = width > 1 and frame[:, -1].null_count()
    if ends_empty and may_have_short_rows(content, delimiter, width):
        short = short_rows(content.decode(), path, delimiter, width)
        if short:
            raise InputError(short)
    return frame.with_columns(pl.col(pl.String).str.replace(ESCAPED_FORMULA, "${1}"))


def delimiter_named(text: str) -> str:
    """One character between cells, given as itself or by its name.

    Raises
    ------
    InputError
        No single plain character, and no name of one.

    >>> delimiter_named("tab"), delimiter_named("\\\\t"), delimiter_named("semicolon"), delimiter_named(";")
    ('\\t', '\\t', ';', ';')
    """
    delimiter = DELIMITER_NAMES.get(text, text)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        remedy = "Give one character: ',', ';', '|' or tab."
        raise InputError(Problem(f"the delimiter {text!r} is not one plain character", remedy=remedy))
    return delimiter


def delimiter_beside(path: Path | str, delimiter: str) -> str:
    """The delimiter of a file that lies beside one with ``delimiter``: the same, or our own files' comma.

    The first line decides; a file that cannot be opened is left to its reader.

    Raises
    ------
    InputError
        As ``delimiter_named``.
    """
    delimiter = delimiter_named(delimiter)
    return delimiter if delimiter.encode() in first_line(Path(path)) else ","


def as_utf8(content: bytes, path: Path, encoding: str) -> bytes:
    """The text as UTF-8 without byte-order mark; copies of large files are kept few."""
    if content.startswith(UTF16_MARKS) and encoding.lower().replace("-", "") == "utf8":
        remedy = "Save it as 'CSV UTF-8', or say --encoding utf-16."
        raise InputError(Problem("the file is UTF-16 text", where=str(path), remedy=remedy))
    if content.startswith((ZIP_MAGIC, PARQUET_MAGIC)):
        remedy = "Save the sheet as 'CSV UTF-8', or give the file its proper ending (.xlsx, .parquet)."
        raise InputError(Problem("not a text file", where=str(path), remedy=remedy))
    try:
        if codecs.lookup(encoding).name.replace("-", "_") in NO_ENCODINGS_OF_FILES:
            raise LookupError(encoding)
        text = content.decode(encoding)
        text.encode()
    except (LookupError, UnicodeEncodeError):
        raise InputError(
            Problem(f"unknown encoding {encoding!r}", remedy="Try utf-8, cp1252 or utf-16.")
        ) from None
    except UnicodeError:
        raise InputError(_undecodable(content, path, encoding)) from None
    except ValueError:  # a name with NUL
        raise InputError(
            Problem(f"{encoding!r} names no encoding", remedy="Try utf-8, cp1252 or utf-16.")
        ) from None
    if encoding.lower().replace("-", "").replace("_", "") == "utf8":
        content = content.removeprefix(codecs.BOM_UTF8)
    else:
        content = text.removeprefix("\ufeff").encode()
    old_mac = b"\r" in content and b"\n" not in content
    return content.replace(b"\r", b"\n") if old_mac else content


def _undecodable(content: bytes, path: Path, encoding: str) -> Problem:
    rows, examples = [], []
    for row, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode(encoding)
        except UnicodeError as error:
            rows.append(row)
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            cell = line[max(0, start - 12) : start + 12].decode("cp1252", errors="replace")
            examples.append(cell.strip())
    return Problem(
        f"the file is not {encoding} text",
        where=str(path),
        row=rows[0] if rows else 1,
        count=len(rows),
        examples=tuple(examples[:MAX_EXAMPLES]),
        remedy="Save it as 'CSV UTF-8', or say --encoding cp1252 if it comes from an older Windows program.",
    )


def _header(content: bytes, path: Path, delimiter: str) -> list[str]:
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        remedy = "A quotation mark may be open: check the first line."
        raise InputError(Problem(f"not a table: {error}", where=str(path), row=1, remedy=remedy)) from None
