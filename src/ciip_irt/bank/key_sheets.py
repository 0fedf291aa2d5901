"""Keys in tables that have no columns of items and keys: questions across, two columns without names, or
questions by their number alone.
"""

from collections.abc import Sequence

import polars as pl

from ciip_irt.tables import Grid, Headed, find_header, folded, headed, is_answer, is_key_label, is_lettered
from ciip_irt.tables import meaning_of as meaning

__all__ = ["keys_of_sheet"]

FEWEST = 3  # keys: fewer are no exam
ALL_BUT = 0.9  # of the cells that must be answers: a key may lack an item
NUMBERS = frozenset(("no", "nr", "number", "#", "n", "num", "seq", "q", "question", "position"))


def keys_of_sheet(grid: Grid) -> pl.DataFrame | None:
    """``item_id, key`` of a sheet that holds nothing but a key; ``None`` where it holds something else.

    >>> keys_of_sheet(Grid((("", "Q1", "Q2", "Q3"), ("Key", "A", "C", "B")))).rows()
    [('Q1', 'A'), ('Q2', 'C'), ('Q3', 'B')]
    >>> keys_of_sheet(Grid((("1", "A"), ("2", "C"), ("3", "B")))).rows()
    [('1', 'A'), ('2', 'C'), ('3', 'B')]
    """
    if not grid.rows:
        return None
    table = headed(grid, find_header(grid))
    found = _across(table)
    return _two_columns(grid, table) if found is None else found


def _frame(items: Sequence[str], keys: Sequence[str]) -> pl.DataFrame | None:
    pairs = [(item, key) for item, key in zip(items, keys, strict=True) if item and key]
    answers = sum(is_answer(key) or is_lettered(key) for _, key in pairs)
    names = [folded(item) for item, _ in pairs]
    if len(pairs) < FEWEST or answers < ALL_BUT * len(pairs) or len(set(names)) < len(names):
        return None
    return pl.DataFrame(pairs, schema={"item_id": pl.String, "key": pl.String}, orient="row")


def _across(table: Headed) -> pl.DataFrame | None:
    """One row of keys below the names of the questions."""
    rows = [row for row in table.rows if sum(map(bool, row)) >= FEWEST]
    if not table.row or len(rows) != 1:
        return None
    row = rows[0]
    places = [
        place
        for place, cell in enumerate(row)
        if not table.after_place[place] and not is_key_label(cell) and meaning(table.names[place]) is None
    ]
    return _frame([table.names[place] for place in places], [row[place] for place in places])


def _two_columns(grid: Grid, table: Headed) -> pl.DataFrame | None:
    """A column of numbers or names beside one of keys, with a header that says only which is the key, or
    without any."""
    filled = [place for place in range(len(table.names)) if any(table.column(place))]
    keyed = [place for place in filled if meaning(table.names[place]) in ("key", "response")]
    numbers = [place for place in filled if folded(table.names[place]) in NUMBERS]
    if table.row and len(keyed) == 1 and len(numbers) == 1 and keyed != numbers:
        return _frame(table.column(numbers[0]), table.column(keyed[0]))
    known = any(meaning(name) is not None and not is_answer(name) for name in table.names)
    if known or grid.width != 2:  # an item and its key
        return None
    return _frame([row[0] for row in grid.rows], [row[1] for row in grid.rows])
