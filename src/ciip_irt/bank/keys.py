"""Keys: ``B`` one right option, ``B|D`` either is right, ``*`` everyone is credited."""

from typing import Final

import polars as pl

__all__ = ["CREDIT_ALL", "MARKS", "MARK_KEY", "credited_options", "marks_only"]

CREDIT_ALL: Final = "*"
MARKS: Final = "01"
"""The options of an item of which a log holds marks, 0 and 1, and not what was chosen; its key is ``1``."""
MARK_KEY: Final = "1"


def credited_options(key: str, options: str) -> frozenset[str]:
    """The options that earn the point.

    >>> sorted(credited_options("B|D", "ABCD"))
    ['B', 'D']
    >>> sorted(credited_options("*", "ABC"))
    ['A', 'B', 'C']
    """
    if key.strip() == CREDIT_ALL:
        return frozenset(options)
    return frozenset(part.strip() for part in key.split("|"))


def marks_only(items: pl.DataFrame) -> pl.Series:
    """Whether each item is known by marks alone, so that nothing can be said about its options.

    >>> marks_only(pl.DataFrame({"key": ["1", "B"], "options": ["01", "ABCD"]})).to_list()
    [True, False]
    """
    return items.select((pl.col("options") == MARKS) & (pl.col("key") == MARK_KEY)).to_series()
