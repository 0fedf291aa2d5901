"""The kinds of missing, told apart: codes, empty cells, words for the status."""

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.responses.mapping import KINDS_OF_BLANK, ColumnMapping
from ciip_irt.responses.readers.source import Source

__all__ = ["BLANK_WORDS", "said_not_administered", "with_statuses"]

BLANK_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "#N/A")


def with_statuses(
    rows: pl.DataFrame, mapping: ColumnMapping, blank: str, blank_without_time: str | None = None
) -> tuple[pl.DataFrame, int]:
    """Rows with their status told apart, those not administered dropped; how many these were.

    A status that the file gives stands, unless it says "answered" and the response is a code for missing.
    Otherwise a code of ``[missing]`` or an empty cell says which kind of missing it is, and any other
    response is an answer. ``blank`` and ``blank_without_time`` apply where the mapping does not say.

    >>> rows = pl.DataFrame({"response": ["B", "9", None]})
    >>> mapping = ColumnMapping.from_dict({"format": "long", "missing": {"omitted": ["9"]}})
    >>> with_statuses(rows, mapping, blank="not_reached")[0].rows()
    [('B', 'answered'), (None, 'omitted'), (None, 'not_reached')]
    """
    codes = {kind: list(getattr(mapping.missing, kind)) for kind in KINDS_OF_BLANK}
    response = pl.col("response")
    rows = rows.with_columns(pl.when(~response.is_in(BLANK_WORDS)).then(response).alias("response"))
    cases = [
        (response.is_null() & when, kind) for when, kind in _blanks(rows, mapping, blank, blank_without_time)
    ]
    cases += [(response.is_in(values), kind) for kind, values in codes.items() if values]
    status = pl.coalesce(*(pl.when(when).then(pl.lit(kind)) for when, kind in cases), pl.lit("answered"))
    if "status" in rows.columns:
        given = pl.col("status").str.to_lowercase().str.replace_all(r"[\s-]+", "_")
        if "status" in mapping.recode:
            given = pl.coalesce(_recoded("status", mapping), given)
        is_code = response.is_in([code for values in codes.values() for code in values]).fill_null(False)
        status = pl.when(given.is_null() | ((given == "answered") & is_code)).then(status).otherwise(given)
    rows = rows.with_columns(status=status)
    kept = rows.filter(pl.col("status") != "not_administered")
    if no_answer := [*codes["omitted"], *codes["not_reached"]]:
        is_code = pl.col("status").is_in(["omitted", "not_reached"]) & response.is_in(no_answer).fill_null(
            False
        )
        kept = kept.with_columns(pl.when(~is_code).then(response).alias("response"))
    for name in ("response", "role", "item_id", "score"):
        if name in mapping.recode and name in kept.columns:
            kept = kept.with_columns(pl.coalesce(_recoded(name, mapping), name).alias(name))
    return kept, rows.height - kept.height


def said_not_administered(count: int, source: Source) -> list[str]:
    """A note where empty cells were taken as not administered without the mapping saying so."""
    if not count or source.mapping.missing.blank:
        return []
    return [
        f"{source.name}: {plural(count, 'empty cell')} taken as not administered. If they are omitted"
        ' answers, say blank = "omitted" under [missing] in a mapping file.'
    ]


def _blanks(
    rows: pl.DataFrame, mapping: ColumnMapping, blank: str, blank_without_time: str | None
) -> list[tuple[pl.Expr, str]]:
    said = mapping.missing
    without_time = said.blank_without_time or (None if said.blank else blank_without_time)
    blank = said.blank or blank
    if without_time is None or "time_s" not in rows.columns:
        return [(pl.lit(True), blank)]
    no_time = pl.col("time_s").is_null()
    if rows.schema["time_s"] == pl.String:
        no_time = no_time | pl.col("time_s").is_in(BLANK_WORDS)
    return [(no_time, without_time), (pl.lit(True), blank)]


def _recoded(name: str, mapping: ColumnMapping) -> pl.Expr:
    table = dict(mapping.recode[name])
    return pl.col(name).replace_strict(table, default=None, return_dtype=pl.String)
