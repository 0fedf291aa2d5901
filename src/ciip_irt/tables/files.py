"""Reading and writing table files: every cell as text on the way in, all files or none on the way out."""

import codecs
import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from errno import EISDIR
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem
from ciip_irt.tables.contract import SIGNIFICANT_DIGITS, Table
from ciip_irt.tables.header import NOTHING_ABOVE_HEADER, check_header, columns_kept, plain_types
from ciip_irt.tables.holding import STAGING, cannot_write, holding, remove_staging
from ciip_irt.tables.opening import check_parquet, file_bytes, first_line, foreign_errors, quiet_panics
from ciip_irt.tables.together import recover, replace_together

__all__ = [
    "as_utf8",
    "csv_bytes",
    "delimiter_beside",
    "delimiter_named",
    "read_csv",
    "read_frame",
    "read_table",
    "write_outputs",
]

FORMULA_START, ESCAPED_FORMULA = r"^('*[=+\-@\t\r])", r"^'('*[=+\-@\t\r])"
SIGNED_NUMBER = r"^[+-](\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
IDENTIFIERS = frozenset({"candidate_id", "delivery_id"})
OURS = ".ciip-irt"  # how names of our own files begin that are no results
PRIVATE = 0o600  # read and written by their owner alone
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
        raise InputError(_ragged_rows(content.decode(), path, delimiter, len(header), error)) from None
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
    if ends_empty and _may_have_short_rows(content, delimiter, width):
        short = _short_rows(content.decode(), path, delimiter, width)
        if short:
            raise InputError(short)
    return frame.with_columns(pl.col(pl.String).str.replace(ESCAPED_FORMULA, "${1}"))


Content = pl.DataFrame | Mapping[str, Any] | str | bytes


def write_outputs(
    folder: Path | str,
    outputs: Mapping[str, Content],
    *,
    replaces: Iterable[str] = (),
    made_of: Callable[[Path], tuple[Mapping[str, Content], Iterable[str]]] | None = None,
) -> list[Path]:
    """All of ``outputs`` (file name -> table, JSON object or text) into ``folder``, or none of them.

    Everything is written into a private folder first and renamed when all is there; a program that is
    stopped among the renames leaves a journal, which ``recover`` or the next call finishes. Another program
    that writes into the folder at the same time is refused. ``.csv`` and ``.parquet`` take frames, ``.json``
    mappings, anything else text. In CSV files a text cell that a spreadsheet would run as a formula gets a
    leading apostrophe; numbers keep eight significant digits, so that the same input gives the same bytes on
    every machine. Files that tell candidates apart are readable by their owner alone.

    ``replaces`` names files of an earlier result that go when this one does not have them: forms of last
    week beside today's shortages would be taken for today's forms.

    ``made_of`` gives further outputs and further names to go, from a folder that holds all files of
    ``folder`` as they are going to be: pages change together with the results they show.
    """
    folder = Path(folder)
    pending: list[tuple[Path, Path]] = []
    try:
        with holding(folder):
            recover(folder)
            staging = folder / STAGING
            try:
                pending += _staged(folder, outputs)
                gone = set(replaces)
                if made_of is not None:
                    for path in sorted(folder.iterdir()):
                        ours = path.name in gone or path.name.startswith(OURS) or not path.is_file()
                        if not ours and not (staging / path.name).exists():
                            _same(path, staging / path.name)
                    further, more = made_of(staging)
                    pending += _staged(folder, further)
                    gone.update(more)
                kept = {target for _, target in pending}
                replace_together(
                    folder, pending, [folder / name for name in sorted(gone) if folder / name not in kept]
                )
            finally:
                with contextlib.suppress(OSError):
                    remove_staging(folder)
    except (OSError, ValueError) as error:
        where = str(getattr(error, "filename", None) or folder).replace(f"{STAGING}{os.sep}", "")
        raise cannot_write(where, error) from None
    return [target for _, target in pending]


def _staged(folder: Path, outputs: Mapping[str, Content]) -> list[tuple[Path, Path]]:
    """Write the files into the private folder; each with the place it is for."""
    pending = []
    (folder / STAGING).mkdir(exist_ok=True)
    for name, content in outputs.items():
        partial, target = folder / STAGING / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        if _is_personal(content):
            partial.touch(mode=PRIVATE)
        partial.write_bytes(_encoded(name, content))
        if target.is_dir():  # found out now, before the first file is in place
            raise IsADirectoryError(EISDIR, "a folder of this name is in the way", str(target))
        pending.append((partial, target))
    return pending


def _same(path: Path, there: Path) -> None:
    try:
        os.link(path, there)
    except OSError:  # a file system without links
        shutil.copyfile(path, there)


def _is_personal(content: Content) -> bool:
    return isinstance(content, pl.DataFrame) and not IDENTIFIERS.isdisjoint(content.columns)


def _encoded(name: str, content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, pl.DataFrame):
        if not name.endswith(".parquet"):
            return csv_bytes(content)
        buffer = io.BytesIO()
        content.write_parquet(buffer, compression="zstd", statistics=False)
        return buffer.getvalue()
    if isinstance(content, str):
        return content.encode()
    return (json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def csv_bytes(frame: pl.DataFrame, *, delimiter: str = ",", line_end: str = "\n") -> bytes:
    """A table as ``write_outputs`` writes it into a CSV file."""
    safe = _spreadsheet_safe(frame)
    return safe.write_csv(separator=delimiter_named(delimiter), line_terminator=line_end).encode()


def _spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    return frame.with_columns(
        pl.when(text.str.contains(SIGNED_NUMBER))
        .then(text)
        .otherwise(text.str.replace(FORMULA_START, "'${1}")),
        pl.col(pl.Float64, pl.Float32).fill_nan(None).round_sig_figs(SIGNIFICANT_DIGITS),
    )


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


def _ragged_rows(text: str, path: Path, delimiter: str, width: int, error: Exception) -> Problem:
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
    return Problem(
        f"rows have more cells than the header has names ({width})",
        where=str(path),
        row=rows[0][0],
        count=len(rows),
        examples=tuple(delimiter.join(cells)[:60] for _, cells in rows[:MAX_EXAMPLES]),
        remedy=NOTHING_ABOVE_HEADER if many else "Put text that holds the delimiter in double quotes.",
    )


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


def _may_have_short_rows(content: bytes, delimiter: str, width: int) -> bool:
    """False only where no line has too few delimiters: a quick look that spares large files the slow one."""
    mark = delimiter.encode()
    return b'"' in content or any(
        line.count(mark) < width - 1 and bool(line.strip()) for line in io.BytesIO(content)
    )


def _short_rows(text: str, path: Path, delimiter: str, width: int) -> Problem | None:
    rows = [
        (number, cells)
        for number, cells in _records(text, path, delimiter)
        if 0 < len(cells) < width and any(cells)
    ]
    if not rows:
        return None
    return Problem(
        f"rows have fewer cells than the header has names ({width})",
        where=str(path),
        row=rows[0][0],
        count=len(rows),
        examples=tuple(delimiter.join(cells)[:60] for _, cells in rows[:MAX_EXAMPLES]),
        remedy="The file may be cut off: export it again, or fill the rows up.",
    )
