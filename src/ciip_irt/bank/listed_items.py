"""Cells that list items: enemies, written as people write lists."""

import re
from collections.abc import Collection

import polars as pl

__all__ = ["enemies_of", "listed_items"]


def listed_items(text: str, known: Collection[str]) -> list[str]:
    """The ids of a cell: parted by ``|``; where that gives no item of the bank, by comma, semicolon, blanks.

    >>> listed_items("I1, I2;I3 I4|no 5", {"I1", "no 5"})
    ['I1', 'I2', 'I3', 'I4', 'no 5']
    """
    parts = [part.strip() for part in text.split("|")]
    return [one for part in parts for one in ([part] if part in known else re.split(r"[,;\s]+", part)) if one]


def enemies_of(items: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Enemies per item, both ways round: who names an enemy is one. Items without enemies are left out.

    >>> items = pl.DataFrame({"item_id": ["I1", "I2", "I3"], "enemies": [None, "I1 , I3", ""]})
    >>> {item: sorted(others) for item, others in enemies_of(items).items()}
    {'I2': ['I1', 'I3'], 'I1': ['I2'], 'I3': ['I2']}
    """
    if "enemies" not in items.columns:
        return {}
    found: dict[str, set[str]] = {}
    known = frozenset(items["item_id"])
    named = items.select("item_id", pl.col("enemies").cast(pl.String)).drop_nulls("enemies")
    for item_id, text in named.iter_rows():
        for other in listed_items(text, known):
            if other != item_id:
                found.setdefault(item_id, set()).add(other)
                found.setdefault(other, set()).add(item_id)
    return {item_id: frozenset(others) for item_id, others in found.items()}
