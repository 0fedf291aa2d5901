"""Vendor-wide logs: one line per delivery, numbered blocks of columns, read through a mapping."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.mapping import COUNTED, KeyFile, Questions
from ciip_irt.responses.readers.source import (
    Reader,
    ReadLog,
    Source,
    absent_columns,
    attributes_of,
    canonical_columns,
    finished_rows,
    source_lines,
    text,
    with_delivery_ids,
    with_form,
)
from ciip_irt.responses.readers.statuses import said_not_administered, with_statuses
from ciip_irt.responses.readers.wide import row_by_row
from ciip_irt.tables import read_frame

__all__ = ["VENDOR_WIDE"]

IDENTITY = ("candidate_id", "delivery_id", "attempt", "form_id", "delivered_at")
CELLS = ("response", "time_s", "score")


def _fits(columns: Sequence[str], item_ids: Sequence[str]) -> bool:  # noqa: ARG001 - one signature for all
    return False


def _read(source: Source) -> ReadLog:
    mapping = source.mapping
    if not mapping.questions:
        remedy = "Write one (docs/reading-logs.md) and give it with --mapping."
        raise InputError(Problem("a vendor-wide file needs a mapping", where=source.where, remedy=remedy))
    lines, blank_lines, repeated, notes = source_lines(source)
    _require_columns(source, lines.columns)
    ids, used = canonical_columns(source, lines, IDENTITY, ("candidate_id",))
    ids, said_form = with_form(ids, source)
    ids, said = with_delivery_ids(ids, source)
    slots = _slots(source)
    used |= {name for block in mapping.questions for name in _columns(block)}
    attributes = attributes_of(source, lines, used)
    per_line = slots.height
    cells = pl.DataFrame(
        {
            "line": np.repeat(np.arange(lines.height, dtype=np.uint32), per_line),
            "slot": np.tile(np.arange(per_line, dtype=np.uint32), lines.height),
        }
    ).with_columns(_cells(source, lines, name) for name in CELLS if slots[name].count())
    timed = bool(slots["time_s"].count())
    cells, not_administered = with_statuses(
        cells,
        mapping,
        blank="omitted" if timed else "not_administered",
        blank_without_time="not_administered",
    )
    asked = slots.select("n", "item_id", "position", "role")[cells["slot"]]
    if (slots["position"] == COUNTED).any():
        counted = cells.select(pl.int_range(1, pl.len() + 1).over("line").cast(pl.String)).to_series()
        is_counted = (asked["position"] == COUNTED).fill_null(False)
        asked = asked.with_columns(position=pl.when(is_counted).then(counted).otherwise("position"))
    rows = pl.concat([ids[cells["line"]], cells.drop("line", "slot"), asked], how="horizontal")
    rows = _with_items(rows, source)
    if not timed:
        notes += said_not_administered(not_administered, source)
    return ReadLog(
        rows=finished_rows(rows),
        deliveries=ids.select("delivery_id", "candidate_id").with_columns(attributes),
        lines=lines.height + len(repeated),
        blank_lines=blank_lines,
        not_administered=not_administered,
        repeated_headers=repeated,
        notes=(*notes, *said_form, *said),
    )


def _columns(block: Questions) -> list[str]:
    return [name for cell in CELLS if (pattern := getattr(block, cell)) for name in block.named(pattern)]


def _require_columns(source: Source, present: Sequence[str]) -> None:
    problems = []
    for block in source.mapping.questions:
        for cell in CELLS:
            pattern = getattr(block, cell)
            absent = [name for name in block.named(pattern) if name not in present] if pattern else []
            if len(absent) == len(block.numbers):
                problems += absent_columns([(absent[0], f"the {cell} of a question")], present, source)
            elif absent:
                problems.append(
                    Problem(
                        f"{len(absent)} of the columns {pattern!r} are missing",
                        where=source.where,
                        row=1,
                        examples=tuple(absent[:5]),
                        remedy=f"Correct the numbers in {source.mapping.where}.",
                    )
                )
    if problems:
        raise InputError(problems)


def _slots(source: Source) -> pl.DataFrame:
    """One row per question: its number, columns, item (unless a key file says it), position and role."""
    schema = dict.fromkeys(("response", "time_s", "score", "item_id", "position", "role"), pl.String)
    return pl.concat(
        pl.DataFrame(
            {
                "n": list(block.numbers),
                **{name: _filled(block, getattr(block, name)) for name in schema if name != "role"},
                "role": block.role,
            },
            schema={"n": pl.Int64, **schema},
        )
        for block in source.mapping.questions
    )


def _filled(block: Questions, pattern: str | None) -> list[str] | str | None:
    return block.named(pattern) if pattern and pattern != COUNTED else pattern


def _cells(source: Source, lines: pl.DataFrame, cell: str) -> pl.Series:
    """The cells of one kind, line after line; empty for the questions that have no such column."""
    parts = []
    for block in source.mapping.questions:
        pattern = getattr(block, cell)
        columns = block.named(pattern) if pattern else [f"{cell}.{n} absent" for n in block.numbers]
        parts += [
            text(lines[name])
            if pattern
            else pl.repeat(None, lines.height, dtype=pl.String, eager=True).alias(name)
            for name in columns
        ]
    unnamed = pl.DataFrame([series.alias(str(index)) for index, series in enumerate(parts)])
    return row_by_row(unnamed, unnamed.columns).alias(cell)


def _with_items(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The item and the role of every row from the key file, where the mapping has one."""
    key_file = source.mapping.key_file
    if key_file is None:
        return rows
    key, where = _read_key_file(key_file, source)
    on = ["n"] if key_file.form_id is None else ["form_id", "n"]
    joined = rows.join(key, on=on, how="left", maintain_order="left")
    joined = joined.with_columns(
        item_id=pl.coalesce("item_id", "key_item"), role=pl.coalesce("role", "key_role")
    )
    lost = joined.filter(pl.col("item_id").is_null())
    if lost.height:
        examples = [
            " ".join(map(str, row)) for row in lost.select(on).unique(maintain_order=True).head(5).rows()
        ]
        raise InputError(
            Problem(
                f"no item for questions that were answered ({' and '.join(on)})",
                where=where,
                examples=tuple(examples),
                remedy="Add a line for each, or correct the numbers under [[questions]].",
            )
        )
    return joined


def _read_key_file(key_file: KeyFile, source: Source) -> tuple[pl.DataFrame, str]:
    beside_mapping, beside_log = Path(source.mapping.where).parent, source.path.parent
    places = [folder / key_file.path for folder in (beside_mapping, beside_log)]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        what = f"the key file {key_file.path!r} is neither beside the mapping nor beside the log"
        raise InputError(Problem(what, where=source.mapping.where, remedy="Correct path under [key_file]."))
    frame = read_frame(path)
    wanted = {"n": key_file.number, "key_item": key_file.item_id, "key_role": key_file.role}
    wanted["form_id"] = key_file.form_id
    named = {name: column for name, column in wanted.items() if column is not None}
    key_source = Source(frame, str(path), path, source.mapping)
    if problems := absent_columns([(c, "[key_file]") for c in named.values()], frame.columns, key_source):
        raise InputError(problems)
    key = pl.DataFrame([text(frame[column]).alias(name) for name, column in named.items()])
    key = key.with_columns(pl.col("n").cast(pl.Int64, strict=False)).drop_nulls(["n", "key_item"])
    on = ["n"] if key_file.form_id is None else ["form_id", "n"]
    twice = key.filter(pl.struct(on).is_duplicated())
    if twice.height:
        examples = tuple(str(n) for n in twice["n"].unique(maintain_order=True).head(5))
        remedy = 'Keep one line for each number, or name the column of the form: form_id = "...".'
        what = f"{' and '.join(on)} has more than one item"
        raise InputError(Problem(what, str(path), count=twice.height, examples=examples, remedy=remedy))
    if "key_role" not in key.columns:
        key = key.with_columns(key_role=pl.lit(None, dtype=pl.String))
    elif "role" in source.mapping.recode:
        roles = dict(source.mapping.recode["role"])
        key = key.with_columns(pl.col("key_role").replace(roles))
    return key, str(path)


VENDOR_WIDE = Reader(
    name="vendor-wide",
    looks="one line per delivery with numbered columns (iraw.1 ...), read through a mapping file",
    fits=_fits,
    read=_read,
)
