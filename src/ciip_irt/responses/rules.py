"""Row by row, what of a log cannot be used: every rule by name, with what is done and what would help.

The rules run in the order of ``RULES``; a row that one rule removes is not seen by the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.responses.instants import instants
from ciip_irt.responses.mapping import ColumnMapping
from ciip_irt.responses.readers.statuses import BLANK_WORDS
from ciip_irt.tables import QUARANTINE, RESPONSE_STATUS, RESPONSES

__all__ = ["RULES", "Examination", "IngestRule", "examine"]

REMOVED, INVALID, SET_ASIDE = "removed", "kept as invalid", "value set aside"
YEAR_S = 366 * 86_400  # seconds: no sitting lasts a year, and times near 1e308 have no finite mean
MAX_POSITION = 32_767  # the largest 16-bit number; no form has as many items
ISO_8601 = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$"


Remove = Callable[[pl.DataFrame, pl.Expr | pl.Series, str, pl.Expr], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class IngestRule:
    """One rule: its name, what is done with the row, why in words, what the reader can do about it."""

    name: str
    action: str
    reason: str
    remedy: str
    gravity: int = 1
    """Whose remedy is shown where rows break several rules: 0 harmless, 2 answers may be somebody else's."""


_ALL = (
    IngestRule("repeated_header", REMOVED, "the line repeats the header",
               "Nothing to do: files were put together with their headers.", 0),
    IngestRule("missing_identifier", REMOVED, "the candidate, delivery, form or item is empty",
               "Fill the cells in the source."),
    IngestRule("unknown_status", REMOVED, f"the status is none of {', '.join(RESPONSE_STATUS)}",
               "Translate the words under [recode.status] in a mapping file."),
    IngestRule("delivery_conflict", REMOVED, "the delivery began with another candidate, form or attempt",
               "Give every sitting a delivery_id of its own.", 2),
    IngestRule("unknown_item", REMOVED, "the item is not in the items file",
               "Add it to the items file, or correct its id."),
    IngestRule("duplicate", REMOVED, "the same answer to this item is in the delivery already",
               "Nothing to do: one of the copies is kept.", 0),
    IngestRule("conflicting_duplicate", REMOVED,
               "the delivery has another answer to this item, which is the one kept",
               "Did a candidate sit twice, or did a spreadsheet change identifiers? Then give every sitting a"
               " delivery_id of its own. Otherwise the first by time stamp, then by line, is kept; a"
               " mapping file with conflicting_duplicates = \"last\" keeps the last.", 2),
    IngestRule("status_contradiction", INVALID, "status and response contradict each other",
               "Answered needs a response, omitted and not_reached must not have one."),
    IngestRule("option_not_offered", INVALID, "the item does not offer this option",
               "Correct 'options' in the items file; or translate the responses under [recode.response] in a"
               " mapping file, and name the codes for missing under [missing]."),
    IngestRule("time_unreadable", SET_ASIDE, "the time is not a number",
               "Correct the cells, or leave them empty. Decimals need a point."),
    IngestRule("time_negative", SET_ASIDE, "the time is below zero", "Correct the clock in the source."),
    IngestRule("time_beyond_a_year", SET_ASIDE, "the time is more than a year",
               "Correct the clock in the source, or say in a mapping file in which unit times are."),
    IngestRule("time_zero", SET_ASIDE, "answered in zero seconds, so the time is unknown",
               "Nothing to do; zero seconds without an answer are kept.", 0),
    IngestRule("position_unreadable", SET_ASIDE,
               f"the position is not a whole number from 1 to {MAX_POSITION:,}",
               "Correct the cells, or leave them empty."),
    IngestRule("time_stamp_unreadable", SET_ASIDE, "the time stamp is not ISO 8601 (2025-03-01T09:30:00)",
               "Say its layout in a mapping file: time_stamp_format = \"%m/%d/%Y %H:%M\" (month first) or"
               " \"%d/%m/%Y %H:%M\" (day first); 03/04/2026 could be either, so neither is assumed."),
    IngestRule("role_unknown", SET_ASIDE, "the role is neither scored nor pilot",
               "Translate the words under [recode.role] in a mapping file."),
)  # fmt: skip
RULES: Mapping[str, IngestRule] = MappingProxyType({rule.name: rule for rule in _ALL})


@dataclass(frozen=True, slots=True)
class Examination:
    """The rows that stay, as the ``responses`` contract has them (with ``file``, ``row`` and ``score``),
    and one line per row and rule for the others (``file, row, delivery_id, item_id, response, rule, value``).
    """

    rows: pl.DataFrame
    listed: pl.DataFrame
    known_items: tuple[str, ...] = ()


LISTED = {
    "file": pl.UInt16, "row": pl.Int64, "delivery_id": pl.String, "item_id": pl.String,
    "response": pl.String, "rule": pl.String, "value": pl.String,
}  # fmt: skip


def examine(rows: pl.DataFrame, bank: ItemBank | None, mapping: ColumnMapping) -> Examination:
    """Apply every rule to the rows of all files together.

    Parameters
    ----------
    rows
        ``file`` (number of the file), ``row`` and the columns that readers give.
    bank
        Where given, unknown items and options not offered are looked for.
    mapping
        Says the unit of time, the layout of time stamps, and which of two conflicting answers stands.
    """
    listed: list[pl.DataFrame] = []

    def remove(frame: pl.DataFrame, broken: pl.Expr | pl.Series, rule: str, value: pl.Expr) -> pl.DataFrame:
        is_broken = _as_series(frame, broken)
        if is_broken.any():
            listed.append(_lines(frame.filter(is_broken), rule, value))
            return frame.filter(~is_broken)
        return frame

    ids = ("candidate_id", "delivery_id", "form_id", "item_id")
    empty = pl.concat_str(
        *(pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in ids),
        separator=", ",
        ignore_nulls=True,
    )
    rows = remove(rows, pl.any_horizontal(pl.col(ids).is_null()), "missing_identifier", empty)
    rows = remove(rows, ~pl.col("status").is_in(RESPONSE_STATUS), "unknown_status", pl.col("status"))
    rows = _remove_delivery_conflicts(rows, remove)
    known_items = () if bank is None else bank.item_ids
    if bank is not None:
        unknown = ~pl.col("item_id").is_in(bank.items["item_id"].implode())
        rows = remove(rows, unknown, "unknown_item", pl.col("item_id"))
    rows = _remove_duplicates(rows, remove, last=mapping.conflicting_duplicates == "last")
    rows = _mark_invalid(rows, bank, listed)
    rows = _read_values(rows, mapping, listed)
    everything = pl.concat([pl.DataFrame(schema=LISTED), *listed]).sort("file", "row", maintain_order=True)
    return Examination(rows.select("file", "row", *RESPONSES.names, "score"), everything, known_items)


def quarantine(listed: pl.DataFrame, files: list[str]) -> pl.DataFrame:
    """The list in the columns of the ``quarantine`` contract, with ``rule`` and ``value`` added."""
    words = {name: rule.reason for name, rule in RULES.items()}
    actions = {name: rule.action for name, rule in RULES.items()}
    named = listed.with_columns(
        file=pl.col("file").replace_strict(dict(enumerate(files)), return_dtype=pl.String),
        reason=pl.col("rule").replace_strict(words, return_dtype=pl.String),
        action=pl.col("rule").replace_strict(actions, return_dtype=pl.String),
    )
    return named.select(*QUARANTINE.names)


def _as_series(frame: pl.DataFrame, broken: pl.Expr | pl.Series) -> pl.Series:
    found = broken if isinstance(broken, pl.Series) else frame.select(broken.alias("broken")).to_series()
    return found.fill_null(False)


def _lines(frame: pl.DataFrame, rule: str, value: pl.Expr) -> pl.DataFrame:
    return frame.select(
        pl.col("file").cast(pl.UInt16), "row", "delivery_id", "item_id", "response",
        rule=pl.lit(rule), value=value.cast(pl.String),
    )  # fmt: skip


def _remove_delivery_conflicts(rows: pl.DataFrame, remove: Remove) -> pl.DataFrame:
    parts = ("candidate_id", "form_id", "attempt")
    began = rows.group_by("delivery_id").agg(
        *(pl.col(name).drop_nulls().first().alias(f"began {name}") for name in parts),
        several=pl.any_horizontal(pl.col(name).drop_nulls().n_unique() > 1 for name in parts),
    )
    began = began.filter("several").drop("several")
    if began.is_empty():
        return rows
    joined = rows.select("delivery_id", *parts).join(
        began, on="delivery_id", how="left", maintain_order="left"
    )
    differs = joined.select(
        pl.any_horizontal((pl.col(name) != pl.col(f"began {name}")).fill_null(False) for name in parts)
    ).to_series()
    return remove(
        rows, differs, "delivery_conflict", pl.concat_str(parts, separator=" / ", ignore_nulls=True)
    )


def _remove_duplicates(rows: pl.DataFrame, remove: Remove, last: bool) -> pl.DataFrame:
    key = ["delivery_id", "item_id"]
    repeated = rows.select(pl.struct(key).is_duplicated()).to_series()
    if not repeated.any():
        return rows
    copies = rows.with_row_index("index").filter(repeated)
    copies = copies.with_columns(instants(copies["delivered_at"])).sort("instant", "index", nulls_last=True)
    stands = pl.last if last else pl.first
    copies = copies.with_columns(
        stands("index").over(key).alias("kept"),
        *(stands(name).over(key).alias(f"kept {name}") for name in ("response", "status")),
    )
    same = pl.col("response").eq_missing(pl.col("kept response")) & (
        pl.col("status") == pl.col("kept status")
    )
    dropped = copies.filter(pl.col("index") != pl.col("kept")).with_columns(same=same)
    kind = pl.Series("kind", [0], dtype=pl.Int8).new_from_index(0, rows.height)
    kind = kind.scatter(dropped["index"], dropped["same"].cast(pl.Int8) + 1)
    conflicting, exact = kind == 1, kind == 2
    rest = remove(rows, exact, "duplicate", pl.col("response"))
    return remove(rest, conflicting.filter(~exact), "conflicting_duplicate", pl.col("response"))


def _mark_invalid(rows: pl.DataFrame, bank: ItemBank | None, listed: list[pl.DataFrame]) -> pl.DataFrame:
    answered, given = pl.col("status") == "answered", pl.col("response").is_not_null()
    unanswered = pl.col("status").is_in(["omitted", "not_reached"])
    contradiction = rows.select((answered & ~given) | (unanswered & given)).to_series()
    if contradiction.any():
        listed.append(_lines(rows.filter(contradiction), "status_contradiction", pl.col("status")))
        rows = rows.with_columns(status=pl.when(contradiction).then(pl.lit("invalid")).otherwise("status"))
    if bank is None:
        return rows
    offered = bank.items.select("item_id", response=pl.col("options").str.split("")).explode("response")
    chosen = rows.lazy().filter(answered).select("item_id", "response").unique().collect()
    refused = chosen.join(offered, on=["item_id", "response"], how="anti").with_columns(refused=True)
    if refused.is_empty():
        return rows
    joined = rows.select("item_id", "response", "status").join(
        refused, on=["item_id", "response"], how="left", maintain_order="left"
    )
    not_offered = joined.select(answered & pl.col("refused").fill_null(False)).to_series()
    listed.append(_lines(rows.filter(not_offered), "option_not_offered", pl.col("response")))
    return rows.with_columns(status=pl.when(not_offered).then(pl.lit("invalid")).otherwise("status"))


def _read_values(rows: pl.DataFrame, mapping: ColumnMapping, listed: list[pl.DataFrame]) -> pl.DataFrame:
    def set_aside(column: str, broken: pl.Series, rule: str) -> None:
        if broken.any():
            listed.append(_lines(rows.filter(broken), rule, pl.col(column)))

    time = _number(rows["time_s"])
    time = time * mapping.seconds_per_unit if mapping.seconds_per_unit != 1 else time
    unreadable = time.is_null() & _filled(rows["time_s"])
    set_aside("time_s", unreadable, "time_unreadable")
    negative = (time < 0).fill_null(False)
    set_aside("time_s", negative, "time_negative")
    endless = (time > YEAR_S).fill_null(False)
    set_aside("time_s", endless, "time_beyond_a_year")
    zero = ((time == 0) & (rows["status"] == "answered")).fill_null(False)
    set_aside("time_s", zero, "time_zero")
    unknown = negative | endless | zero
    time = time.set(unknown, None) if unknown.any() else time

    position = _number(rows["position"])
    outside = ((position < 1) | (position > MAX_POSITION) | (position != position.floor())).fill_null(False)
    position = position.set(outside, None) if outside.any() else position
    set_aside("position", position.is_null() & _filled(rows["position"]), "position_unreadable")

    stamp = rows["delivered_at"]
    if mapping.time_stamp_format is not None:
        stamp = stamp.str.to_datetime(mapping.time_stamp_format, strict=False).dt.strftime(
            "%Y-%m-%dT%H:%M:%S"
        )
    else:
        stamp = stamp.set(~stamp.str.contains(ISO_8601), None) if stamp.null_count() < len(stamp) else stamp
    unread = stamp.is_null() & _filled(rows["delivered_at"])
    set_aside("delivered_at", unread, "time_stamp_unreadable")

    role = rows["role"]
    strange = (~role.is_in(["scored", "pilot"])).fill_null(False)
    set_aside("role", strange, "role_unknown")
    role = role.set(strange, None) if strange.any() else role
    return rows.with_columns(time_s=time, position=position.cast(pl.Int64), delivered_at=stamp, role=role)


def _number(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.String:
        raw = raw.str.strip_chars()
    values = raw.cast(pl.Float64, strict=False)
    strange = ~values.is_finite().fill_null(True)
    return values.set(strange, None) if strange.any() else values


def _filled(raw: pl.Series) -> pl.Series:
    filled = raw.is_not_null()
    if raw.dtype == pl.String:
        return filled & ~raw.is_in(BLANK_WORDS).fill_null(False)
    return filled & raw.cast(pl.Float64).is_not_nan().fill_null(False)
