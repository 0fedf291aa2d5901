"""Long logs: one row per answer, canonical column names or renamed through a mapping."""

from collections.abc import Sequence

import polars as pl

from ciip_irt.responses.mapping import COLUMNS
from ciip_irt.responses.readers.source import (
    Reader,
    ReadLog,
    Source,
    attributes_of,
    canonical_columns,
    finished_rows,
    source_lines,
    with_delivery_ids,
    with_form,
)
from ciip_irt.responses.readers.statuses import with_statuses

__all__ = ["LONG"]

TELLING = ("item_id", "response", "position", "status", "time_s")
OTHERS = ("candidate_id", "delivery_id", "attempt", "form_id")
REQUIRED = ("candidate_id", "item_id", "response")


def _fits(columns: Sequence[str], item_ids: Sequence[str]) -> bool:  # noqa: ARG001 - one signature for all
    telling = sum(name in columns for name in TELLING)
    return telling > 0 and telling + sum(name in columns for name in OTHERS) >= 3


PEOPLE_PER_COLUMN = 0.1  # of the deliveries: a column that changes within more of them is about answers


def _read(source: Source) -> ReadLog:
    lines, blank, repeated, notes = source_lines(source)
    rows, used = canonical_columns(source, lines, COLUMNS, REQUIRED)
    rows, said_form = with_form(rows, source)
    rows, said = with_delivery_ids(rows, source)
    attributes = attributes_of(source, lines, used)
    deliveries, varying = _deliveries(rows, attributes)
    rows, not_administered = with_statuses(rows, source.mapping, blank="omitted")
    notes += said_form + said
    if varying:
        notes.append(
            f"{source.name}: columns that change within a delivery are not candidate attributes and were"
            f" not read: {', '.join(varying)}."
        )
    return ReadLog(
        rows=finished_rows(rows),
        deliveries=deliveries,
        lines=lines.height + len(repeated),
        blank_lines=blank,
        not_administered=not_administered,
        repeated_headers=repeated,
        notes=tuple(notes),
    )


def _deliveries(rows: pl.DataFrame, attributes: list[pl.Series]) -> tuple[pl.DataFrame, list[str]]:
    """One row per delivery, with the attributes that are constant within it, but for a few that look like two
    people and have a row for each; the names of columns that change within many.
    """
    keys = rows.select("delivery_id", "candidate_id")
    if not attributes:
        return keys.unique("delivery_id", keep="first", maintain_order=True), []
    frame = keys.with_columns(attributes)
    names = [series.name for series in attributes]
    grouped = frame.group_by("delivery_id", maintain_order=True).agg(
        pl.col("candidate_id").first(),
        *(pl.col(name).drop_nulls().first() for name in names),
        *(pl.col(name).drop_nulls().n_unique().alias(f"{name} differs") for name in names),
    )
    changing = {name: (grouped[f"{name} differs"] > 1).sum() for name in names}
    varying = [name for name, count in changing.items() if count > PEOPLE_PER_COLUMN * grouped.height]
    steady = [name for name in names if name not in varying]
    once = grouped.select("delivery_id", "candidate_id", *steady)
    two_people = grouped.filter(
        pl.any_horizontal(pl.lit(False), *(pl.col(f"{n} differs") > 1 for n in steady))
    )
    theirs = frame.filter(pl.col("delivery_id").is_in(two_people["delivery_id"].implode()))
    return pl.concat([once, theirs.select(once.columns)]).unique(maintain_order=True), varying


LONG = Reader(
    name="long",
    looks="one row per answer, with the columns candidate_id, form_id, item_id, response",
    fits=_fits,
    read=_read,
)
