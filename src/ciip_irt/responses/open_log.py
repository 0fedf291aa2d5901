"""One log file opened: by its mapping, as a canonical table, or as what recognition makes of it."""

import contextlib
import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ciip_irt.bank import MARK_KEY, MARKS, ItemBank, bank_of, offered
from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters import exporter_of, sheets_of
from ciip_irt.responses.mapping import ColumnMapping
from ciip_irt.responses.prepare import prepare
from ciip_irt.responses.readers.long import LONG
from ciip_irt.responses.readers.source import Source, text
from ciip_irt.responses.recognition import Choices, Reading, is_long, recognise
from ciip_irt.tables import (
    KEY_WORDS,
    SUMMARY_WORDS,
    Grid,
    delimiter_named,
    first_line,
    folded,
    grid_of,
    headed,
    meaning_of,
    read_frame,
    read_grids,
    told_delimiter,
    told_text,
)

__all__ = ["OpenedLog", "bank_of_logs", "open_log"]

BINARY = (".xlsx", ".xlsm", ".ods")
AS_TABLES = (".parquet", ".ndjson", ".jsonl")
CANONICAL = frozenset({"candidate_id", "item_id", "response"})


@dataclass(frozen=True, slots=True)
class OpenedLog:
    """The table of one file, with the key found in it and how it was recognised, where that was needed."""

    source: Source
    items: pl.DataFrame | None = None
    reading: Reading | None = None

    @property
    def holds_marks(self) -> bool:
        """Whether the cells are points, 0 and 1, rather than choices."""
        table = self.source.mapping.table
        return table is not None and table.answers == "marks"


def open_log(
    path: Path,
    mapping: ColumnMapping | None,
    format: str | None,
    bank: ItemBank | None,
    choices: Choices,
) -> OpenedLog:
    """The file as a table.

    Raises
    ------
    InputError
        It cannot be read, or can be read in two ways.
    """
    ids = () if bank is None else bank.item_ids
    delimiter, encoding = choices.delimiter, choices.encoding
    if mapping is not None:
        delimiter, encoding = mapping.delimiter or delimiter, mapping.encoding or encoding
        if mapping.table is None and mapping.key is None:
            frame = read_frame(path, delimiter=delimiter, encoding=encoding)
            return OpenedLog(Source(frame, str(path), path, mapping, ids))
        exporter = None if mapping.table is None else mapping.table.exporter
        grids = _sheets(path, delimiter, encoding, exporter)[0]
        elsewhere = bank is not None and mapping.key is not None and mapping.key.file is not None
        prepared = prepare(grids, replace(mapping, key=None) if elsewhere else mapping, path)
        source = Source(prepared.frame, str(path), path, mapping, ids, prepared.lines)
        return OpenedLog(source, prepared.items)
    if format is not None or _is_canonical(path, delimiter):
        frame = read_frame(path, delimiter=delimiter, encoding=encoding)
        if format is not None or not _hides_a_key(frame, bank):
            return OpenedLog(Source(frame, str(path), path, ColumnMapping(), ids))
    grids, exporter = _sheets(path, delimiter, encoding)
    table = headed(grids[0])
    if (
        exporter is None and table.row == 1 and not is_long(table) and LONG.fits(table.names, ids)
    ):  # what is missing is said by the reader of such logs
        frame = read_frame(path, delimiter=delimiter, encoding=encoding)
        return OpenedLog(Source(frame, str(path), path, ColumnMapping(), ids))
    reading = recognise(grids, path, bank, choices, exporter)
    prepared = prepare(grids, reading.mapping, path)
    source = Source(prepared.frame, str(path), path, reading.mapping, ids, prepared.lines)
    return OpenedLog(source, prepared.items if bank is None else None, reading)


def _sheets(
    path: Path, delimiter: str | None, encoding: str | None, exporter: str | None = None
) -> tuple[tuple[Grid, ...], str | None]:
    """The sheets of a file, as an exporter's layout has them; and the exporter, where it is one's."""
    text = ""
    if not path.name.lower().endswith((*AS_TABLES, *BINARY)):
        text = told_text(path, encoding)[0]
    try:
        grids = _grids(path, delimiter, encoding)
    except InputError:
        if exporter is None and exporter_of(text, ()) is None:
            raise
        grids = ()
    if exporter is None:
        found = exporter_of(text, grids)
        exporter = None if found is None else found.name
    return (grids, None) if exporter is None else (sheets_of(exporter, text, grids, path), exporter)


def _grids(path: Path, delimiter: str | None, encoding: str | None) -> tuple[Grid, ...]:
    if path.name.lower().endswith(AS_TABLES):
        frame = read_frame(path)
        flat = [
            text(frame[name]).fill_null("") for name in frame.columns if not frame.schema[name].is_nested()
        ]
        rows = [[series.name for series in flat], *map(list, zip(*flat, strict=True))]
        return (grid_of(rows),)
    return read_grids(path, delimiter=delimiter, encoding=encoding)


def _hides_a_key(frame: pl.DataFrame, bank: ItemBank | None) -> bool:
    """Whether a canonical log has a key or totals among its candidates, or a column of keys."""
    if bank is None and any(meaning_of(name) == "key" for name in frame.columns):
        return True
    odd = KEY_WORDS | SUMMARY_WORDS.keys()
    return any(folded(str(name)) in odd for name in frame["candidate_id"].unique().drop_nulls())


def _is_canonical(path: Path, delimiter: str | None) -> bool:
    """Whether the file is a long log in our own columns: no more than its first line is read for it."""
    name = path.name.lower()
    if name.endswith(AS_TABLES):
        with contextlib.suppress(InputError):
            columns = read_frame(path).columns
            return CANONICAL.issubset(columns)
        return True  # its reader says what is wrong with it
    line = first_line(path).decode("utf-8-sig", errors="replace").strip().split("\r")[0]
    used = delimiter_named(delimiter) if delimiter else told_delimiter(line) or ","
    cells = next(csv.reader([line], delimiter=used), [])
    return CANONICAL.issubset(cell.strip() for cell in cells)


def bank_of_logs(
    logs: Sequence[OpenedLog],
    answers: Sequence[str],
    item_ids: Sequence[str],
    bank: ItemBank | None,
    about: pl.DataFrame | None,
) -> ItemBank | None:
    """The items that the logs are held against.

    Those given; where the items file has no keys, with those found in the logs; where no items are given,
    those of the key found in the logs. Logs of marks are scored by them: the key of every item is ``1``.

    Parameters
    ----------
    answers, item_ids
        The distinct answers of the logs, which say which options there are where no file does; their items.
    about
        Items without keys: domains, status and what else a file says about them.

    Raises
    ------
    InputError
        Two files have different keys; some files hold marks and others choices.
    """
    marked = {log.holds_marks for log in logs}
    if len(marked) == 2:
        remedy = "Give them apart, or export all of them with answers."
        raise InputError(Problem("some files hold answers and others marks (0 and 1)", remedy=remedy))
    found = [log.items for log in logs if log.items is not None]
    key = found[0] if found else None
    for other in found[1:]:
        _require_same(found[0], other)
    if marked == {True}:
        return _of_marks(logs, item_ids, bank, about)
    if bank is None:
        if key is None:
            return None
        if about is not None:
            key = key.select("item_id", "key").join(about.drop("key", strict=False), on="item_id", how="left")
        bank = bank_of(key, logs[0].source.where)
    if "options" not in bank.assumed:
        return bank
    letters = offered(
        bank.items["key"], [answer for answer in answers if len(answer) == 1 and answer.isalnum()]
    )
    return _replaced(bank, options=letters)


def _replaced(bank: ItemBank, **values: str) -> ItemBank:

    return replace(
        bank, items=bank.items.with_columns(**{name: pl.lit(value) for name, value in values.items()})
    )


def _require_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    both = one.select("item_id", "key").join(other.select("item_id", other="key"), on="item_id")
    different = both.filter(pl.col("key") != pl.col("other"))["item_id"]
    if len(different):
        remedy = "Give the right keys with --key, or read the files one by one."
        what = "the files have different keys for the same items"
        raise InputError(Problem(what, examples=tuple(different.head(5)), remedy=remedy))


def _of_marks(
    logs: Sequence[OpenedLog], names: Sequence[str], bank: ItemBank | None, about: pl.DataFrame | None
) -> ItemBank:
    if bank is not None:
        return _replaced(bank, key=MARK_KEY, options=MARKS)
    items = pl.DataFrame({"item_id": list(names)})
    if about is not None:
        items = items.join(about.drop("key", "options", strict=False), on="item_id", how="left")
    return bank_of(items.with_columns(key=pl.lit(MARK_KEY), options=pl.lit(MARKS)), logs[0].source.where)
