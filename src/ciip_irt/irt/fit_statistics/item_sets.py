"""Persons who answered exactly the same scored items: the sets within which raw scores compare."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, IntArray, ScoreArray
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result

__all__ = ["ItemSet", "group_identical_sets"]


@result
@dataclass(frozen=True, slots=True)
class ItemSet:
    """Persons of one population whose scored answers are to the same items.

    Attributes
    ----------
    items
        Shape (J_s,): their scored items, ascending.
    scores
        Shape (N_s, J_s), nothing missing.
    group
        Their population.
    persons
        Shape (N_s,): places of the persons in the order of the blocks.
    others
        For each unscored item: (item, rows of ``scores`` who answered it, their scores).
    """

    items: IntArray
    scores: ScoreArray
    group: int
    persons: IntArray
    others: tuple[tuple[int, IntArray, ScoreArray], ...]


@dataclass(slots=True)
class _Parts:
    """What has been gathered for one set so far."""

    items: IntArray
    group: int
    scores: list[ScoreArray]
    persons: list[IntArray]
    others: dict[int, list[tuple[IntArray, ScoreArray]]]
    n: int = 0


def group_identical_sets(
    blocks: Sequence[ResponseBlock],
    scored: Sequence[BoolArray] | None = None,
    *,
    least: int = 1,
    only: BoolArray | None = None,
) -> Iterator[ItemSet]:
    """The sets of at least ``least`` persons, in the order in which the blocks show them.

    ``scored`` has one array (J_b,) for each block, ``None`` for all; ``only`` (J,) leaves items out.

    >>> block = ResponseBlock(np.arange(3), np.array([[1, 0, 1], [1, 1, -1], [0, -1, 1]], dtype=np.int8))
    >>> roles = [np.array([True, True, False])]
    >>> [(s.items.tolist(), s.persons.tolist(), len(s.others)) for s in group_identical_sets([block], roles)]
    [([0], [2], 1), ([0, 1], [0, 1], 1)]
    """
    sets: dict[tuple[int, bytes], _Parts] = {}
    start = 0
    for number, block in enumerate(blocks):
        role = np.ones(block.items.size, dtype=np.bool_) if scored is None else scored[number]
        usable = np.ones(block.items.size, dtype=np.bool_) if only is None else only[block.items]
        counts, aside = np.flatnonzero(role & usable), np.flatnonzero(~role & usable)
        order = counts[np.argsort(block.items[counts])]
        answered = block.answered
        patterns, which = np.unique(answered[:, order], axis=0, return_inverse=True)
        which = which.reshape(-1)
        for place, pattern in enumerate(patterns):
            rows = np.flatnonzero(which == place)
            columns = order[pattern]
            items = block.items[columns]
            parts = sets.setdefault((block.group, items.tobytes()), _Parts(items, block.group, [], [], {}))
            parts.scores.append(block.scores[np.ix_(rows, columns)])
            parts.persons.append(start + rows)
            for column in aside:
                gave = np.flatnonzero(answered[rows, column])
                if gave.size:
                    entry = (parts.n + gave, block.scores[rows[gave], column])
                    parts.others.setdefault(int(block.items[column]), []).append(entry)
            parts.n += rows.size
        start += block.n_persons
    for parts in sets.values():
        if parts.n >= least and parts.items.size:
            yield ItemSet(
                items=parts.items,
                scores=np.concatenate(parts.scores),
                group=parts.group,
                persons=np.concatenate(parts.persons),
                others=tuple(
                    (item, np.concatenate([r for r, _ in entry]), np.concatenate([s for _, s in entry]))
                    for item, entry in sorted(parts.others.items())
                ),
            )
