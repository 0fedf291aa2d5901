"""Blocks that differ in their pilots only, laid together: the same answers in fewer, larger arrays."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["join_blocks"]

MOST_CELLS = 2.0  # times those of the blocks apart


def join_blocks(
    blocks: Sequence[ResponseBlock], scored: Sequence[BoolArray]
) -> tuple[list[ResponseBlock], list[BoolArray]]:
    """Blocks of one population with the same scored items as one, where that does not waste much memory.

    The persons' order changes: for sums over persons only. ``scored`` has one array (J_b,) for each block.

    >>> one = ResponseBlock(np.array([0, 1, 2]), np.array([[1, 0, 1]], dtype=np.int8))
    >>> two = ResponseBlock(np.array([0, 1, 3]), np.array([[0, 0, 1]], dtype=np.int8))
    >>> together, roles = join_blocks([one, two], [np.array([True, True, False])] * 2)
    >>> together[0].items, together[0].scores.tolist(), roles[0].tolist()
    (array([0, 1, 2, 3]), [[1, 0, 1, -1], [0, 0, -1, 1]], [True, True, False, False])
    """
    alike: dict[tuple[int, bytes], list[int]] = {}
    for number, (block, role) in enumerate(zip(blocks, scored, strict=True)):
        alike.setdefault((block.group, np.sort(block.items[role]).tobytes()), []).append(number)
    together, roles = [], []
    for numbers in alike.values():
        members = [blocks[number] for number in numbers]
        items = np.unique(np.concatenate([block.items for block in members]))
        persons = sum(block.n_persons for block in members)
        if len(numbers) == 1 or persons * items.size > MOST_CELLS * sum(b.scores.size for b in members):
            together += members
            roles += [scored[number] for number in numbers]
            continue
        scores = np.full((persons, items.size), MISSING, dtype=np.int8)
        first = 0
        for block in members:
            scores[first : first + block.n_persons, np.searchsorted(items, block.items)] = block.scores
            first += block.n_persons
        together.append(ResponseBlock(items, scores, members[0].group))
        counted = blocks[numbers[0]].items[scored[numbers[0]]]
        roles.append(np.isin(items, counted))
    return together, roles
