"""What the filters of a table offer, and the columns of tables that are shown as they are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from ciip_irt.report.formats import NUMBER, humane

__all__ = ["ShownColumn", "choices", "shown_columns"]

LONG = 40  # characters: a longer text wraps


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column as a page shows it: numbers to the right, long texts with room."""

    name: str
    title: str
    number: bool
    long: bool


def choices(values: Iterable[str], *, in_words: bool = False) -> list[tuple[str, str]]:
    """Each value that occurs with its count, in alphabetical order.

    >>> choices(["pilot", "scored", "scored", ""])
    [('pilot', 'pilot (1)'), ('scored', 'scored (2)')]
    """
    counts = Counter(value for value in values if value)
    return [
        (value, f"{humane(value) if in_words else value} ({count:,})")
        for value, count in sorted(counts.items())
    ]


def shown_columns(frame: pl.DataFrame, *, leave_out: Sequence[str] = ()) -> list[ShownColumn]:
    """The columns of a table in words, without those in which every cell is empty."""
    columns = []
    for name in frame.columns:
        cells = frame[name].drop_nulls()
        if name in leave_out or cells.is_empty():
            continue
        texts = cells.cast(pl.String)
        number = frame[name].dtype.is_numeric() or all(NUMBER.fullmatch(text) for text in texts)
        width = texts.str.len_chars().max()
        columns.append(ShownColumn(name, humane(name), number, isinstance(width, int) and width > LONG))
    return columns
