"""Wide logs: identifying columns and one column per item, named like the item."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses.readers.source import (
    LINE,
    Reader,
    ReadLog,
    Source,
    attributes_of,
    canonical_columns,
    finished_rows,
    source_lines,
    text,
    with_delivery_ids,
    with_form,
)
from ciip_irt.responses.readers.statuses import said_not_administered, with_statuses

__all__ = ["WIDE"]

IDENTITY = ("candidate_id", "delivery_id", "attempt", "form_id", "delivered_at")


def _fits(columns: Sequence[str], item_ids: Sequence[str]) -> bool:
    return len(set(columns).intersection(item_ids)) >= 2


def _read(source: Source) -> ReadLog:
    lines, blank_lines, repeated, notes = source_lines(source)
    ids, used = canonical_columns(source, lines, IDENTITY, ("candidate_id",))
    items, unknown = _item_columns(
        source, [name for name in lines.columns if name != LINE and name not in used]
    )
    if unknown:
        notes.append(
            f"{source.name}: {plural(len(unknown), 'column')} named like items that the bank lacks,"
            f" e.g. {', '.join(unknown[:5])}; read as items."
        )
        items = [name for name in lines.columns if name in {*items, *unknown}]
    attributes = attributes_of(source, lines, {*used, *items})
    if source.mapping.candidates is None and attributes:
        names = ", ".join(series.name for series in attributes[:12])
        notes.append(f"{source.name}: neither items nor identifiers, kept as candidate attributes: {names}.")
    ids, said_form = with_form(ids, source)
    notes += said_form
    ids, said = with_delivery_ids(ids, source)
    cells = pl.DataFrame(
        {
            "line": np.repeat(np.arange(lines.height, dtype=np.uint32), len(items)),
            "item": np.tile(np.arange(len(items), dtype=np.uint32), lines.height),
            "response": row_by_row(lines, items),
        }
    )
    cells, not_administered = with_statuses(cells, source.mapping, blank="not_administered")
    called = source.mapping.recode.get("item_id", {})
    item_names = [called.get(name, name) for name in items]
    rows = pl.concat(
        [
            ids[cells["line"]],
            cells.select(
                "response", "status", item_id=pl.Series(item_names, dtype=pl.String).gather(cells["item"])
            ),
        ],
        how="horizontal",
    )
    notes += said + said_not_administered(not_administered, source)
    return ReadLog(
        rows=finished_rows(rows),
        deliveries=ids.select("delivery_id", "candidate_id").with_columns(attributes),
        lines=lines.height + len(repeated),
        blank_lines=blank_lines,
        not_administered=not_administered,
        repeated_headers=repeated,
        notes=tuple(notes),
    )


def row_by_row(lines: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The cells of ``columns`` as one text series, line after line.

    >>> row_by_row(pl.DataFrame({"I1": ["A", "B"], "I2": ["C", None]}), ["I1", "I2"]).to_list()
    ['A', 'C', 'B', None]
    """
    cells = pl.DataFrame([text(lines[name]) for name in columns])
    return cells.select(pl.concat_list(pl.all()).explode().alias("cell"))["cell"]


def _item_columns(source: Source, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """The item columns, and those that look like items but are not in the bank."""
    pattern = source.mapping.item_columns
    if isinstance(pattern, tuple):
        present = set(columns)
        if absent := [name for name in pattern if name not in present]:
            what = f"columns of item_columns ({source.mapping.where}) are not in the file"
            raise InputError(Problem(what, source.where, row=1, examples=tuple(absent[:5])))
        return list(pattern), []
    if pattern is not None:
        found = [name for name in columns if fnmatchcase(name, pattern)]
        if not found:
            what = f"no column is named like {pattern!r} (item_columns of {source.mapping.where})"
            raise InputError(Problem(what, source.where, row=1, examples=tuple(columns[:5])))
        return found, []
    known = set(source.item_ids)
    found = [name for name in columns if name in known]
    if not found:
        remedy = 'Give the items file with --items, or say item_columns = "I*" in a mapping file.'
        what = (
            "no column is named like an item"
            if known
            else "a wide file needs the items to find their columns"
        )
        raise InputError(Problem(what, where=source.where, row=1, examples=tuple(columns[:5]), remedy=remedy))
    shapes = {_shape(name) for name in found if re.search(r"\d", name)}
    return found, [name for name in columns if name not in known and _shape(name) in shapes]


def _shape(name: str) -> str:
    return re.sub(r"\d+", "#", name)


WIDE = Reader(
    name="wide",
    looks="candidate_id and one column per item, named like the items of the items file",
    fits=_fits,
    read=_read,
)
