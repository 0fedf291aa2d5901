"""The table of a log cut out of its file as a mapping says: sheet, header, rows that are not candidates, and
the key where the file has it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ciip_irt.bank import items_of_grids
from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.responses.mapping import ColumnMapping, KeyPlace, TablePlace
from ciip_irt.responses.recognition.rows import label_place
from ciip_irt.tables import Grid, Headed, headed, is_key_label, meaning_of, read_grids

__all__ = ["Prepared", "prepare"]


ABOUT_ITEMS = ("domain", "status", "options")
"""What a row above the candidates can say of the items."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A log as a table: its rows, their numbers in the file, and the key found in it (``item_id, key``)."""

    frame: pl.DataFrame
    lines: tuple[int, ...]
    items: pl.DataFrame | None


def prepare(grids: Sequence[Grid], mapping: ColumnMapping, path: Path) -> Prepared:
    """The table that ``[table]`` and ``[key]`` of the mapping describe.

    Raises
    ------
    InputError
        No such sheet; the key is not where the mapping says.
    """
    place = mapping.table or TablePlace()
    grid = _sheet(grids, place.sheet, path)
    table = headed(grid, place.header_row)
    names = list(table.names)
    identity = {name: names.index(column) for name, column in mapping.columns.items() if column in names}
    wanted = mapping.item_columns if isinstance(mapping.item_columns, tuple) else ()
    items = [names.index(name) for name in wanted if name in names]
    label_of = label_place(identity, items, len(names))
    labels, numbers = set(place.rows_apart), set(place.rows_apart_at)
    apart = [label_of(row) in labels or number in numbers
             for row, number in zip(table.rows, table.numbers, strict=True)]  # fmt: skip
    stay = [position for position, gone in enumerate(apart) if not gone]
    rows = [table.rows[position] for position in stay]
    lines = tuple(table.numbers[position] for position in stay)
    frame = pl.DataFrame(
        {name: [row[column] or None for row in rows] for column, name in enumerate(names)},
        schema=dict.fromkeys(names, pl.String),
    )
    if place.decimal == ",":
        frame = frame.with_columns(pl.all().str.replace(r"^([-+]?\d*),(\d+)$", "${1}.${2}"))
    if not {"candidate_id", "delivery_id"}.intersection(mapping.columns) and "candidate_id" not in names:
        frame = frame.with_columns(candidate_id=pl.Series([f"row {line}" for line in lines]))
    key = None if mapping.key is None else _key(mapping.key, grids, table, items, label_of, mapping, path)
    return Prepared(frame, lines, key)


def _sheet(grids: Sequence[Grid], name: str | None, path: Path) -> Grid:
    if name is None:
        return grids[0]
    for grid in grids:
        if grid.name == name:
            return grid
    remedy = did_you_mean(name, [grid.name for grid in grids], "It has")
    raise InputError(Problem(f"there is no sheet {name!r}", where=str(path), remedy=remedy))


def _of_column(column: str, mapping: ColumnMapping, table: Headed) -> pl.DataFrame:
    """The key of a long log with a column of keys: the first of every item."""
    item, key = table.names.index(mapping.columns.get("item_id", "item_id")), table.names.index(column)
    keys: dict[str, str] = {}
    for row in table.rows:
        if row[item] and row[key]:
            keys.setdefault(row[item], row[key])
    return pl.DataFrame({"item_id": list(keys), "key": list(keys.values())})


def _of_rows(label: str, mapping: ColumnMapping, table: Headed) -> pl.DataFrame:
    """The key of a long log whose key is a candidate of its own."""
    who, item, answer = (
        table.names.index(mapping.columns.get(name, name)) for name in ("candidate_id", "item_id", "response")
    )
    rows = [row for row in table.rows if row[who] == label]
    return pl.DataFrame({"item_id": [row[item] for row in rows], "key": [row[answer] for row in rows]})


def _with_rows_about_items(
    keys: pl.DataFrame, table: Headed, items: Sequence[int], label_of: Callable[[Sequence[str]], str]
) -> pl.DataFrame:
    """The keys with what rows called Domain, Status or the like say of the items."""
    for row in table.rows:
        meaning = meaning_of(label_of(row))
        if meaning not in ABOUT_ITEMS or meaning in keys.columns or is_key_label(label_of(row)):
            continue
        said = {table.names[item]: row[item] for item in items if row[item]}
        if len(set(said) & set(keys["item_id"])) == keys.height:
            values = keys["item_id"].replace_strict(said, return_dtype=pl.String)
            keys = keys.with_columns(values.alias(meaning))
    return keys


def _key_file(name: str, where: str, log: Path) -> Path:
    """The file beside the mapping file, else beside the log."""
    places = [folder / name for folder in (Path(where).parent, log.parent)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        what = f"the key file {name!r} is neither beside the mapping nor beside the log"
        remedy = "Correct file under [key], or give the key (--key)."
        raise InputError(Problem(what, where=where, remedy=remedy))
    return found


def _key(
    place: KeyPlace,
    grids: Sequence[Grid],
    table: Headed,
    items: Sequence[int],
    label_of: Callable[[Sequence[str]], str],
    mapping: ColumnMapping,
    path: Path,
) -> pl.DataFrame:
    if place.sheet is not None or place.file is not None:
        source = path if place.file is None else _key_file(place.file, mapping.where, path)
        sheets = grids if place.file is None else read_grids(source)
        named = [grid for grid in sheets if place.sheet is None or grid.name == place.sheet]
        found = items_of_grids(named, str(source), key_only=True)
        if found is None:
            remedy = "Correct [key] in the mapping file."
            raise InputError(Problem("no table with items and keys is there", str(source), remedy=remedy))
        return found[0].filter(pl.col("item_id").is_not_null() & pl.col("key").is_not_null())
    if place.columns is not None and place.columns in table.names:
        return _of_column(place.columns, mapping, table)
    if mapping.format == "long":
        return _of_rows(place.row or "", mapping, table)
    for row, number in zip(table.rows, table.numbers, strict=True):
        if number == place.row_at or (place.row is not None and label_of(row) == place.row):
            pairs = [(table.names[item], row[item]) for item in items if row[item]]
            keys = pl.DataFrame(pairs, schema={"item_id": pl.String, "key": pl.String}, orient="row")
            return _with_rows_about_items(keys, table, items, label_of)
    remedy = "Correct [key] in the mapping file."
    shown = repr(place.row) if place.row is not None else f"number {place.row_at}"
    raise InputError(Problem(f"there is no row {shown} with the key", where=str(path), remedy=remedy))
