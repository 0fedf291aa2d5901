"""Time stamps as instants: with their offset from UTC, so that later is later wherever it was written."""

import polars as pl

__all__ = ["instants", "mixed_offsets"]

MINUTE = 60_000_000  # microseconds
OFFSET = r"(Z|[+-]\d{2}:?\d{2})$"
STAMP = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?"


def instants(stamps: pl.Series) -> pl.Series:
    """Microseconds since 1970, in UTC where the stamp says its offset; a stamp without one is taken as it is.

    >>> late, early = instants(pl.Series(["2026-03-01T20:00:00-08:00", "2026-03-02T01:00:00+09:00"]))
    >>> late > early
    True
    """
    parts = pl.DataFrame({"stamp": stamps.cast(pl.String)}).select(
        day=pl.col("stamp").str.extract(STAMP, 1).str.to_date("%Y-%m-%d", strict=False),
        clock=pl.col("stamp").str.extract(STAMP, 2),
        sign=pl.when(pl.col("stamp").str.contains(r"-\d{2}:?\d{2}$")).then(-1).otherwise(1),
        hours=pl.col("stamp").str.extract(r"[T ].*[+-](\d{2}):?\d{2}$", 1).cast(pl.Int64, strict=False),
        minutes=pl.col("stamp").str.extract(r"[T ].*[+-]\d{2}:?(\d{2})$", 1).cast(pl.Int64, strict=False),
    )
    clock = [pl.col("clock").str.extract(pattern, 1).cast(pl.Float64, strict=False).fill_null(0.0)
             for pattern in (r"^(\d{2})", r"^\d{2}:(\d{2})", r"^\d{2}:\d{2}:(.+)$")]  # fmt: skip
    seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
    offset = pl.col("sign") * (pl.col("hours").fill_null(0) * 60 + pl.col("minutes").fill_null(0)) * MINUTE
    offset = pl.when(pl.col("hours").is_not_null()).then(offset).otherwise(0)
    since = pl.col("day").cast(pl.Datetime("us")).cast(pl.Int64) + (seconds * 1e6).cast(pl.Int64) - offset
    return parts.select(since.alias("instant")).to_series()


def mixed_offsets(stamps: pl.Series) -> tuple[int, int]:
    """How many stamps with a time of day have no offset from UTC, and how many have one."""
    timed = stamps.drop_nulls().cast(pl.String)
    timed = timed.filter(timed.str.contains(r"[T ]\d{2}:\d{2}"))
    with_offset = int(timed.str.contains(OFFSET).sum())
    return len(timed) - with_offset, with_offset
