"""Writing result files: all of them or none, and no cell that a spreadsheet would run."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from errno import EISDIR
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.tables.contract import SIGNIFICANT_DIGITS
from ciip_irt.tables.files import delimiter_named
from ciip_irt.tables.holding import STAGING, cannot_write, holding, remove_staging
from ciip_irt.tables.together import recover, replace_together

__all__ = ["csv_bytes", "write_outputs"]

SIGNED_NUMBER = r"^[+-](\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
IDENTIFIERS = frozenset({"candidate_id", "delivery_id"})
OURS = ".ciip-irt"  # how names of our own files begin that are no results
PRIVATE = 0o600  # read and written by their owner alone
FORMULA_START = r"^('*[=+\-@\t\r])"

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
