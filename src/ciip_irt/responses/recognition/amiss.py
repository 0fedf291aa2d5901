"""What went wrong with a table: columns that stand twice or have no name, cells moved aside or up."""

import re
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.tables import Headed

__all__ = ["AGAIN", "check_nameless", "doubled", "moved_up", "named_again"]

AGAIN = re.compile(r"(.*) \((\d+)\)")
FEW = 0.1  # of the rows: so few cells in a column without a name have slipped out of theirs
FEWEST_ROWS = 10  # candidates: of fewer, gaps at the end say nothing
ADJACENT = 2  # columns: a single answer left out is no block of cells


def doubled(table: Headed, items: Sequence[int]) -> list[int]:
    """Places of item columns whose name and cells another column before them has: they are one column."""
    found, places = [], {table.names[place]: place for place in items}
    for place in items:
        again = AGAIN.fullmatch(table.names[place])
        first = None if again is None else places.get(again[1])
        if first is not None and table.column(first) == table.column(place):
            found.append(place)
    return found


def named_again(table: Headed, items: Sequence[int]) -> str:
    """That columns of one name hold different answers, so that they are different items; empty: none do."""
    names = {table.names[place] for place in items}
    again = [
        table.names[place]
        for place in items
        if (found := AGAIN.fullmatch(table.names[place])) and found[1] in names
    ]
    if not again:
        return ""
    return (
        f"names that stand again are other items: {', '.join(again[:3])}{', ...' if len(again) > 3 else ''}"
    )


def check_nameless(table: Headed, unclear: Sequence[int], path: Path) -> None:
    """Refuse answers below an empty cell of the header, naming what has happened: cells moved aside in few
    rows, or a name that is lost.

    Raises
    ------
    InputError
        Such a column.
    """
    for place in unclear:
        if not table.after_place[place]:
            continue
        rows = [number for row, number in zip(table.rows, table.numbers, strict=True) if row[place]]
        if len(rows) <= max(1, FEW * len(table.rows)):
            what = f"column {place + 1} has no name, and a cell here: the row looks shifted to the right"
            remedy = "Correct the rows, or delete them."
            raise InputError(Problem(what, str(path), rows[0], len(rows), remedy=remedy))
        what = f"column {place + 1} has answers, and no name in the header"
        remedy = "Write the name of the item there, or delete the column."
        examples = tuple(sorted(set(filter(None, table.column(place)))))[:5]
        raise InputError(Problem(what, str(path), table.row or None, examples=examples, remedy=remedy))


def moved_up(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], table: Headed, items: Sequence[int]
) -> str:
    """That the last candidate alone lacks the answers of neighbouring columns, as if cells had moved up by
    a row; empty where not.
    """
    if len(rows) < FEWEST_ROWS or not items:
        return ""
    lacking = [not rows[-1][place] and all(row[place] for row in rows[:-1]) for place in items]
    blocks, run = [], []
    for place, lacks in zip([*items, -1], [*lacking, False], strict=True):
        if lacks:
            run.append(place)
        else:
            blocks.append(run)
            run = []
    longest = max(blocks, key=len)
    if len(longest) < ADJACENT or len(longest) == len(items):
        return ""
    first, last = table.names[longest[0]], table.names[longest[-1]]
    return (
        f"row {numbers[-1]}, the last, lacks the answers to {first} to {last}, which everybody else has: if"
        " cells have moved up there, answers above stand with the wrong candidates."
    )
