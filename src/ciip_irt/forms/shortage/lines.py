"""The table of shortages: a line per thing that is lacking, with a sentence for people."""

from collections.abc import Sequence

import polars as pl

__all__ = ["SHORTAGE_COLUMNS", "Line", "frame_of_lines", "no_shortages"]

SHORTAGE_COLUMNS = {
    "what": pl.String, "domain": pl.String, "needed": pl.Int64, "available": pl.Int64,
    "short": pl.Int64, "message": pl.String,
}  # fmt: skip
Line = tuple[str, str, int | None, int | None, int | None, str]
# As many as a screen holds; the first matter most.
MAX_ROWS = 15


def no_shortages() -> pl.DataFrame:
    """The table without rows."""
    return pl.DataFrame(schema=SHORTAGE_COLUMNS)


def frame_of_lines(lines: Sequence[Line]) -> pl.DataFrame:
    """``what, domain, needed, available, short, message``."""
    return pl.DataFrame(list(lines[:MAX_ROWS]), schema=SHORTAGE_COLUMNS, orient="row")
