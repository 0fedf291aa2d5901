"""Rows that can be drawn."""

import polars as pl
import polars.selectors as cs

__all__ = ["known"]


def known(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows in which all of ``columns`` are known: neither empty nor NaN.

    >>> known(pl.DataFrame({"p": [0.5, float("nan"), None]}), "p")["p"].to_list()
    [0.5]
    """
    return rows.with_columns(cs.float().fill_nan(None)).drop_nulls(columns)
