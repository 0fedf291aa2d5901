"""K forms through how often each item is used: pairs of forms that share it are counted, not listed.

An item that z of K forms use is shared by ``z (z - 1) / 2`` pairs of forms. Where any two forms share at most
m items that count, ``Σ_i z_i (z_i - 1) / 2 <= m K (K - 1) / 2``. The left side is convex: with z in steps,
the u-th use of an item adds u - 1 pairs, and a linear program counts them.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Steps", "UseColumns", "pairs_of_forms", "use_columns", "use_steps"]

# Uses from which on one more is charged so many pairs, where few columns matter more than the last of the
# truth: exact up to the fourth use, from then on less than the truth, so what is ruled out is ruled out.
COARSE = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
Steps = list[tuple[float, float]]


def pairs_of_forms(n_forms: int) -> float:
    """
    >>> pairs_of_forms(4)
    6.0
    """
    return n_forms * (n_forms - 1) / 2


def use_steps(n_forms: int, *, limited: bool, disjoint: bool, coarse: bool = False) -> Steps:
    """Price in pairs, and how many uses at that price, of one item that counts.

    ``limited``: whether pairs are counted at all; ``disjoint``: no item may be used twice.

    >>> use_steps(6, limited=True, disjoint=False, coarse=True)
    [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0)]
    """
    if not limited:
        return [(0.0, float(n_forms))]
    if disjoint:
        return [(0.0, 1.0)]
    starts = [start for start in (COARSE if coarse else range(n_forms)) if start < n_forms]
    ends = [*starts[1:], n_forms]
    return [(float(start), float(end - start)) for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class UseColumns:
    """Columns of uses: the ``owner`` of each (an item, or a class of items), what one use of it is charged in
    pairs, and at most how many uses it holds.
    """

    owner: IntArray
    charge: FloatArray
    upper: FloatArray


def use_columns(sizes: IntArray, counted: BoolArray, steps: Steps, n_forms: int) -> UseColumns:
    """One column per step and owner, the first step of all owners before the second of those that count.

    ``sizes`` are the items of each owner; owners that do not count are used freely by all forms.
    """
    everyone, several = np.arange(len(sizes), dtype=np.int64), np.flatnonzero(counted)
    items = sizes.astype(np.float64)
    owner, charge = [everyone], [np.zeros(len(sizes))]
    upper: list[FloatArray] = [items * np.where(counted, steps[0][1], float(n_forms))]
    for price, cap in steps[1:]:
        owner.append(several)
        charge.append(np.full(len(several), price))
        upper.append(items[several] * cap)
    return UseColumns(
        np.concatenate(owner).astype(np.int64), np.concatenate(charge),
        np.concatenate(upper).astype(np.float64),
    )  # fmt: skip
