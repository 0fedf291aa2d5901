"""Blocks of persons who met the same items, and the connectedness of a design made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.records import result

__all__ = [
    "PERSONS_AT_ONCE",
    "ResponseBlock",
    "answer_counts",
    "check_blocks",
    "connected_parts",
    "moments_by_group",
]

PERSONS_AT_ONCE = 2048  # their weights at all points stay in a core's cache, and products stay large


@result
@dataclass(frozen=True, slots=True)
class ResponseBlock:
    """Scores of the persons who met the same items.

    Parameters
    ----------
    items
        Shape (J_b,): which items of a pool of J the columns are.
    scores
        Shape (N_b, J_b), integers 0..K-1; ``MISSING`` (-1) does not count.
    group
        The population these persons come from; group 0 is the reference.

    >>> block = ResponseBlock(np.array([4, 7]), np.array([[1, 0], [1, -1]], dtype=np.int8))
    >>> block.n_persons, block.complete
    (2, False)
    """

    items: IntArray
    scores: ScoreArray
    group: int = 0

    @property
    def n_persons(self) -> int:
        return int(self.scores.shape[0])

    @property
    def answered(self) -> BoolArray:
        """Shape (N_b, J_b): the cells that count."""
        return np.not_equal(self.scores, MISSING)

    @property
    def complete(self) -> bool:
        """True where every cell counts."""
        return bool(self.answered.all())


def check_blocks(blocks: Sequence[ResponseBlock], n_items: int) -> None:
    """Raise ``InputError`` with everything that is wrong with the blocks.

    >>> check_blocks([ResponseBlock(np.array([9]), np.array([[1]], dtype=np.int8))], n_items=3)
    Traceback (most recent call last):
    ...
    ciip_irt.errors.InputError: block 0: an item index outside 0..2 (1 row, e.g. '9'). ...
    """
    problems: list[Problem] = []
    if not any(block.n_persons and block.items.size for block in blocks):
        problems.append(Problem("no person answered any item", remedy="Pass at least one block with scores."))
    for number, block in enumerate(blocks):
        where = f"block {number}"
        if block.scores.ndim != 2 or block.items.ndim != 1 or block.scores.shape[1] != block.items.size:
            problems.append(
                Problem(
                    f"scores of shape {block.scores.shape} do not fit {plural(block.items.size, 'item')}",
                    where=where,
                    remedy="Give persons x items, one column per entry of `items`.",
                )
            )
            continue
        outside = block.items[(block.items < 0) | (block.items >= n_items)]
        if outside.size:
            problems.append(
                Problem(
                    f"an item index outside 0..{n_items - 1}",
                    where=where,
                    count=int(outside.size),
                    examples=[str(item) for item in outside[:5]],
                    remedy="Items are numbered by their place in the pool.",
                )
            )
        if np.unique(block.items).size != block.items.size:
            problems.append(Problem("an item occurs twice", where=where, remedy="Keep one column per item."))
        if block.group < 0:
            problems.append(
                Problem(f"group {block.group}", where=where, remedy="Groups are numbered from 0.")
            )
        if not np.issubdtype(block.scores.dtype, np.integer):
            problems.append(
                Problem(f"scores are {block.scores.dtype}", where=where, remedy="Pass int8 scores.")
            )
        elif block.scores.size and block.scores.min() < MISSING:
            problems.append(
                Problem(
                    "a score below -1",
                    where=where,
                    count=int((block.scores < MISSING).sum()),
                    remedy="Use -1 for a cell that does not count.",
                )
            )
    if problems:
        raise InputError(problems)


def answer_counts(blocks: Sequence[ResponseBlock], n_items: int) -> IntArray:
    """Shape (J,): how many answers count for each item.

    >>> block = ResponseBlock(np.array([0, 2]), np.array([[1, 0], [1, -1]], dtype=np.int8))
    >>> answer_counts([block], 3)
    array([2, 0, 1])
    """
    counts = np.zeros(n_items, dtype=np.int64)
    for block in blocks:
        counts[block.items] += block.answered.sum(axis=0)
    return counts


def connected_parts(blocks: Sequence[ResponseBlock], n_items: int) -> tuple[IntArray, ...]:
    """The connected parts of the design, largest first.

    Two items are linked when at least one person answered both. Items of different parts cannot be put on one
    scale by these data alone. Items that nobody answered are left out.

    >>> one = ResponseBlock(np.array([0, 1]), np.array([[1, 0]], dtype=np.int8))
    >>> two = ResponseBlock(np.array([1, 2]), np.array([[1, 0]], dtype=np.int8))
    >>> apart = ResponseBlock(np.array([4]), np.array([[1]], dtype=np.int8))
    >>> connected_parts([apart, one, two], n_items=6)
    (array([0, 1, 2]), array([4]))
    """
    counts = answer_counts(blocks, n_items)
    persons = sum(int(block.answered.any(axis=1).sum()) for block in blocks)
    if persons and counts.max() == persons:  # an item that everybody answered links all
        return (np.flatnonzero(counts),)
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    node = n_items
    seen = np.zeros(n_items, dtype=np.bool_)
    for block in blocks:
        # persons with the same answered items are one node: a block of 10,000 persons has few patterns
        patterns = np.unique(block.answered, axis=0)
        person, column = np.nonzero(patterns)
        rows.append(node + person)
        columns.append(block.items[column])
        seen[block.items[column]] = True
        node += patterns.shape[0]
    if not seen.any():
        return ()
    from scipy.sparse import coo_array  # .2 s to load, and one form that all answered needs none of it
    from scipy.sparse.csgraph import connected_components

    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.ones(row.size, dtype=np.int8), (row, column)), shape=(node, node))
    labels = connected_components(graph, directed=False)[1][:n_items]
    parts = [np.flatnonzero(seen & (labels == label)) for label in np.unique(labels[seen])]
    return tuple(sorted(parts, key=lambda part: (-part.size, int(part[0]))))


def moments_by_group(
    blocks: Sequence[ResponseBlock], mean: FloatArray | float, sd: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """Shapes (G,): mean and standard deviation of the population of each group; a number holds for all.

    >>> moments_by_group([], 0.0, 1.0)
    (array([0.]), array([1.]))
    """
    n_groups = 1 + max((block.group for block in blocks), default=0)
    means, sds = (np.broadcast_to(np.asarray(one, dtype=np.float64), (n_groups,)) for one in (mean, sd))
    return means, sds
