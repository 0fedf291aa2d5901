"""The smallest set of demands that cannot hold together, and of several the first in the blueprint's order.

By implicit hitting sets (Ignatiev, Previti, Liffiton and Marques-Silva 2015): every set of demands whose
removal lets the rest hold has a member in every conflict. The smallest set that meets all such sets known so
far is tried; where it holds, it grows to as many demands as hold with it, and what is left over is one more
set to be met. The first that cannot hold is a smallest conflict.
"""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.forms.model.solver import solve
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.use_program import EFFORT, Status, UseProgram
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["smallest_conflict"]

# Each round is a handful of programs of a few milliseconds. Conflicts of more demands are told by their
# loosening, so none larger is looked for.
MOST_ROUNDS, LARGEST = 60, 6


def smallest_conflict(
    uses: ItemUses, n_forms: int, demands: Sequence[frozenset[int]], *, whole: bool = False
) -> list[int] | None:
    """Numbers of the demands, or ``None`` where the search came to no end. A demand is a set of rows.

    >>> sorted(_smallest_hitting_set([frozenset({0, 1}), frozenset({1, 2}), frozenset({0, 2})]))
    [0, 1]
    """
    program = UseProgram(uses, n_forms, uses.max_common, whole=whole)
    rows = frozenset(range(len(uses.rows)))
    lower = np.array([n_forms * row.lower for row in uses.rows])
    upper = np.array([n_forms * row.upper for row in uses.rows])

    def kept_by(wanted: frozenset[int]) -> tuple[Status, frozenset[int]]:
        """Whether these demands can hold, and all that hold in the solution found."""
        of_them = frozenset[int]().union(*(demands[n] for n in wanted))
        proposal = solve(program.program(without=rows - of_them), EFFORT, 1)
        if proposal.values is None:
            return program.answer(proposal).status, frozenset()
        broken = _broken(program.sums(proposal.values), lower, upper)
        return Status.POSSIBLE, wanted | {n for n, rows in enumerate(demands) if not rows & broken}

    to_meet: list[frozenset[int]] = []
    for _ in range(MOST_ROUNDS):
        tried = _smallest_hitting_set(to_meet)
        if tried is None:
            return None
        status, kept = kept_by(tried)
        if status is not Status.POSSIBLE:
            return sorted(tried) if status is Status.IMPOSSIBLE else None
        for number in range(len(demands)):
            if number not in kept:
                status, more = kept_by(kept | {number})
                kept = more if status is Status.POSSIBLE else kept
        if len(kept) == len(demands):
            return None
        to_meet.append(frozenset(range(len(demands))) - kept)
    return None


def _broken(sums: FloatArray, lower: FloatArray, upper: FloatArray) -> frozenset[int]:
    room = SOLVED * np.maximum(1.0, np.abs(sums))
    return frozenset(np.flatnonzero((sums < lower - room) | (sums > upper + room)).tolist())


def _smallest_hitting_set(sets: Sequence[frozenset[int]]) -> frozenset[int] | None:
    """Of the smallest sets that have a member in each, the first; ``None`` beyond ``LARGEST``."""
    for size in range(LARGEST + 1):
        found = _hitting_sets(sets, frozenset(), size)
        if found:
            return frozenset(min(tuple(sorted(one)) for one in found))
    return None


def _hitting_sets(sets: Sequence[frozenset[int]], so_far: frozenset[int], more: int) -> set[frozenset[int]]:
    missed = next((one for one in sets if not one & so_far), None)
    if missed is None:
        return {so_far}
    if not more:
        return set()
    return set().union(*(_hitting_sets(sets, so_far | {member}, more - 1) for member in sorted(missed)))
