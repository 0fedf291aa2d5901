"""The one door by which files come in: bounded in size, and whatever a foreign reader raises becomes ours.

A small file must not eat the machine (archives that unpack to a thousand times their size, one cell at the
far end of a sheet), and a damaged one is refused with its name and the row where it stops making sense.
"""

import codecs
import contextlib
import gzip
import hashlib
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, cast

import polars as pl

from ciip_irt.errors import CiipError, InputError, Problem, plural

__all__ = [
    "FACTOR_VARIABLE",
    "MOST_CELLS",
    "Place",
    "bounded_bytes",
    "check_archive",
    "check_cells",
    "check_parquet",
    "file_bytes",
    "files_read",
    "first_line",
    "foreign_errors",
    "packed_bytes",
    "quiet_panics",
]

FACTOR_VARIABLE = "CIIP_IRT_LARGER_FILES"
"""Environment variable: how many times larger than usual files may be. Set by --larger-files."""
LARGEST = 4_000_000_000
"""Bytes of one file in memory: a log of some 50 million rows; text is held about three times over."""
UNREMARKABLE = 50_000_000
"""Bytes that an archive may unpack to without being looked at: no machine minds."""
STEEPEST = 100
"""Bytes unpacked for one packed: real logs stand at 5 to 40, archives of blanks at 1,000."""
MOST_CELLS = 20_000_000
"""Cells of a grid held as Python texts: about 1 GB."""
UNREMARKABLE_CELLS = 50_000_000  # of a Parquet file: what any machine holds in typed columns
CELLS_PER_BYTE = 100
"""Cells of a Parquet file for one byte: sorted logs of ours stand at 3 to 10."""
LONGEST_LINE = 1_000_000  # bytes: a header of 50,000 columns
PIECE = 1 << 20  # bytes read at once: a megabyte, so that the limit is met in time
GZIP_MAGIC = b"\x1f\x8b"
SHOWN_REASON = 150  # characters of a message by another program: a line and a half

_read: ContextVar[dict[Path, str] | None] = ContextVar("_read", default=None)


@dataclass(slots=True)
class Place:
    """How far a reader has come, for the message where it stops."""

    row: int | None = None


def _factor() -> float:
    given = os.environ.get(FACTOR_VARIABLE, "1")
    try:
        factor = float(given)
    except ValueError:
        factor = 0.0
    if not 1 <= factor < float("inf"):
        remedy = "Give a number from 1 on, e.g. 4 for files four times as large."
        raise InputError(Problem(f"{FACTOR_VARIABLE} is {given!r}", remedy=remedy))
    return factor


def _too_large(path: Path, what: str) -> NoReturn:
    remedy = "If that is right, allow it with --larger-files 4 (four times as much)"
    remedy += f", or set {FACTOR_VARIABLE}=4 where no command is used."
    raise InputError(Problem(what, where=str(path), remedy=remedy))


def check_cells(path: Path, rows: int, columns: int) -> None:
    """Raises ``InputError`` where a grid of that size would not fit into memory."""
    if rows * columns > MOST_CELLS * _factor():
        what = f"{plural(rows, 'row')} of {plural(columns, 'column')} are more cells than are read"
        _too_large(path, f"{what} ({MOST_CELLS:,}); a stray cell far out does that")


@contextlib.contextmanager
def files_read() -> Iterator[Mapping[Path, str]]:
    """The files that come in meanwhile: absolute path -> SHA-256 of the content, in the order of reading.

    >>> with files_read() as seen:
    ...     _ = packed_bytes(Path("README.md"))
    >>> [path.name for path in seen]
    ['README.md']
    """
    seen: dict[Path, str] = {}
    before = _read.set(seen)
    try:
        yield seen
    finally:
        _read.reset(before)


def packed_bytes(path: Path) -> bytes:
    """The content of a file as it lies on the disk.

    Raises
    ------
    InputError
        It cannot be read, or is larger than files may be.
    """
    try:
        return bounded_bytes(path)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise _unreadable(path, error) from None


def bounded_bytes(path: Path) -> bytes:
    """As ``packed_bytes``, for who says in words of his own that there is no such file.

    Raises
    ------
    OSError, ValueError
        It cannot be read, or no file can have that name.
    InputError
        It is larger than files may be.
    """
    most = int(LARGEST * _factor())
    with path.open("rb") as file:
        if (size := os.fstat(file.fileno()).st_size) > most:
            _too_large(path, f"the file has {size:,} bytes, more than {most:,}")
        # A pipe or a device has no size: a piece at a time, not to take the memory before the bytes.
        content = file.read() if size else b"".join(_pieces(file, most))
    if len(content) > most:
        _too_large(path, f"the file has more than {most:,} bytes")
    if (seen := _read.get()) is not None:
        seen[path.resolve()] = hashlib.sha256(content).hexdigest()
    return content


def _pieces(file: IO[bytes], most: float) -> Iterator[bytes]:
    """The content of a stream, a little more than ``most`` bytes at most."""
    size = 0
    while size <= most and (piece := file.read(PIECE)):
        size += len(piece)
        yield piece


def file_bytes(path: Path) -> bytes:
    """The content of a file, unpacked where it is gzip; raises ``InputError`` where there is none."""
    content = packed_bytes(path)
    if content.startswith(GZIP_MAGIC):
        content = _unpacked(content, path)
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise InputError(Problem("the file is empty", where=str(path), remedy="Export it again."))
    return content


def first_line(path: Path) -> bytes:
    """The first line of a text file, unpacked where it is gzip; nothing where it cannot be read."""
    with contextlib.suppress(OSError, EOFError, zlib.error, ValueError), path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        return (cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file).readline(LONGEST_LINE)
    return b""


def _unpacked(content: bytes, path: Path) -> bytes:
    most = min(LARGEST, max(UNREMARKABLE, STEEPEST * len(content))) * _factor()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = b"".join(_pieces(cast("IO[bytes]", file), most))
    except (EOFError, zlib.error, OSError):
        remedy = "It may be cut off: copy or export it again."
        raise InputError(Problem("the gzip file is damaged", where=str(path), remedy=remedy)) from None
    if len(text) > most:
        _too_large(path, f"{len(content):,} bytes unpack to more than {most:,.0f}")
    return text


def check_archive(content: bytes, path: Path) -> None:
    """Raises ``InputError`` where a ZIP archive (XLSX, ODS) would unpack to too much.

    No part is read for it: a part never gives more bytes than the directory of the archive says.
    """
    with foreign_errors(path, "an archive of a spreadsheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(part.file_size for part in archive.infolist())
        most = min(LARGEST / 4, max(UNREMARKABLE, STEEPEST * len(content))) * _factor()  # XML is bulky
        if size > most:
            _too_large(path, f"{len(content):,} bytes unpack to {size:,}, more than {most:,.0f}")


def check_parquet(content: bytes, path: Path) -> None:
    """Raises ``InputError`` where a Parquet file declares more cells than its size can hold."""
    with foreign_errors(path, "a Parquet file"), quiet_panics():
        frame = pl.scan_parquet(io.BytesIO(content))
        rows = int(frame.select(pl.len()).collect().item())
        columns = len(frame.collect_schema())
    most = min(LARGEST, max(UNREMARKABLE_CELLS, CELLS_PER_BYTE * len(content))) * _factor()
    if rows * columns > most:
        what = f"{len(content):,} bytes hold {plural(rows, 'row')} of {plural(columns, 'column')}"
        _too_large(path, f"{what}, more than {most:,.0f} cells")


@contextlib.contextmanager
def foreign_errors(
    path: Path | str, kind: str, remedy: str = "Export it again.", place: Place | None = None
) -> Iterator[None]:
    """Whatever a reader of another project stumbles over is told as one problem of ``path``.

    >>> with foreign_errors("log.xlsx", "an XLSX file", "Save it again.", Place(7)):
    ...     int("abc")
    Traceback (most recent call last):
    ...
    ciip_irt.errors.InputError: log.xlsx:7: not a readable part of an XLSX file (invalid literal for int() with base 10: 'abc'). Save it again.
    """  # noqa: E501
    try:
        yield
    except CiipError:
        raise
    except FileNotFoundError as error:
        raise _unreadable(path, error) from None
    except (Exception, pl.exceptions.PanicException) as error:
        row = None if place is None else place.row
        said = str(error).strip().splitlines()
        reason = said[0][:SHOWN_REASON] if said and not isinstance(error, KeyError) else type(error).__name__
        what = f"not a readable part of {kind}" if row else f"not {kind}, or a damaged one"
        raise InputError(Problem(f"{what} ({reason})", where=str(path), row=row, remedy=remedy)) from None


def _unreadable(path: Path | str, error: OSError | ValueError) -> InputError:
    if isinstance(error, OSError):
        reason, remedy = (error.strerror or str(error)).lower(), "Check the path and its rights."
    else:
        reason, remedy = "no file can have this name", "Check the path."
    return InputError(Problem(reason, where=str(path), remedy=remedy))


@contextlib.contextmanager
def quiet_panics() -> Iterator[None]:
    """Keeps what Rust prints about a panic off standard error; the exception says it."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError):  # no standard error, as under pythonw
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
