"""Many calibrations on one scale at once: chains of links, and chains that meet.

Every calibration f has ``theta_base = A_f theta_f + B_f``, and an item j has one value on the base scale:

    log a_jf = log a_j + log A_f + error         A_f b_jf + B_f = b_j + error

Both are least squares over all items and calibrations (Haberman 2009, ETS Research Report 09-40). Two
calibrations give ``mean_gmean``; a chain whose neighbours alone have items in common gives the product of its
links; where several ways lead from one calibration to another, all of them count. The errors of A and B
follow by the delta method from the covariance of each calibration's estimates.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.errors import DesignError, InputError, Problem
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["SeveralLinks", "link_several"]


@result
@dataclass(frozen=True, slots=True)
class SeveralLinks:
    """Constants of ``theta_base = A_f theta_f + B_f`` for F calibrations; those of the base are 1 and 0.

    Attributes
    ----------
    A, B
        Shape (F,).
    difficulty
        Shape (J,): b on the base scale, the mean over the calibrations that hold the item.
    displacement
        Shape (F, J): how much harder (+) an item is in one calibration than in the others, in logits of the
        base scale; NaN where it is in no other.
    derivatives
        Shape (F, 2, F, J, 3): of A and B of a calibration by the a, b, c of all of them.
    """

    A: FloatArray
    B: FloatArray
    difficulty: FloatArray
    displacement: FloatArray
    derivatives: FloatArray


def link_several(values: FloatArray, used: BoolArray, *, hold_slope: bool = False) -> SeveralLinks:
    """Put all calibrations on the scale of the first.

    Parameters
    ----------
    values
        Shape (F, J, 3): a, b, c of every item in every calibration; anything where it is not used.
    used
        Shape (F, J): where an item's values hold the links.
    hold_slope
        Rasch: every A is 1.

    Raises
    ------
    InputError
        Values that are missing or slopes of zero or less where they are used.
    DesignError
        Calibrations that no chain of common items ties to the first.

    >>> b = np.linspace(-2, 2, 9)
    >>> one = lambda b: np.column_stack((np.ones(9), b, np.zeros(9)))
    >>> seen = np.array([[1] * 6 + [0] * 3, [0] * 3 + [1] * 6, [1] * 3 + [0] * 3 + [1] * 3], dtype=bool)
    >>> found = link_several(np.stack((one(b), one(b - 0.5), one(b + 0.2))), seen, hold_slope=True)
    >>> found.B.round(3)
    array([ 0. ,  0.5, -0.2])
    """
    with one_blas_thread():
        values = np.asarray(values, dtype=np.float64)
        n_forms, n_items = used.shape
        held = np.where(used[:, :, None], values, np.array([1.0, 0.0, 0.0]))
        if not np.isfinite(held).all() or (held[:, :, 0] <= 0).any():
            raise InputError(
                Problem(
                    "common items without parameters, or with a slope of zero or less",
                    remedy="Leave these items out: they cannot hold a scale.",
                )
            )
        count = used.sum(axis=0)
        shared = used & (count > 1)
        seen = shared / np.maximum(count, 1)
        matrix = np.diag(shared.sum(axis=1).astype(np.float64)) - seen @ shared.T
        _require_connected(matrix)
        # (F, F, J): what a calibration's equation takes of every value; less the mean over calibrations
        take = np.eye(n_forms)[:, :, None] * shared[None] - shared[:, None, :] * seen[None]
        solve = np.zeros((n_forms, n_forms))
        if n_forms > 1:
            solve[1:, 1:] = np.linalg.inv(matrix[1:, 1:])
        lead = np.einsum("fg,ghj->fhj", solve, take)
        derivatives = np.zeros((n_forms, 2, n_forms, n_items, 3))
        A = np.ones(n_forms)
        if not hold_slope:
            A = np.exp(np.einsum("fhj,hj->f", lead, np.log(held[:, :, 0])))
            derivatives[:, 0, :, :, 0] = A[:, None, None] * lead / held[None, :, :, 0]
        moved = A[:, None] * held[:, :, 1]
        B = 0.0 - np.einsum("fhj,hj->f", lead, moved)
        derivatives[:, 1, :, :, 1] = -lead * A[None, :, None]
        through = np.einsum("fhj,hj->fh", lead, held[:, :, 1])
        derivatives[:, 1, :, :, 0] -= np.einsum("fh,hgj->fgj", through, derivatives[:, 0, :, :, 0])
        there = np.where(used, moved + B[:, None], 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = there.sum(axis=0) / count
            others = (there.sum(axis=0) - there) / (count - 1)
        return SeveralLinks(A, B, mean, np.where(shared, there - others, np.nan), derivatives)


def _require_connected(matrix: FloatArray) -> None:
    reached, todo = {0}, [0]
    while todo:
        here = todo.pop()
        new = {int(f) for f in np.flatnonzero(matrix[here] < 0)} - reached
        reached |= new
        todo += sorted(new)
    apart = [f"calibration {f + 1}" for f in range(len(matrix)) if f not in reached]
    if apart:
        raise DesignError(
            f"no chain of common items leads from the scale that is kept to {', '.join(apart)}. Add a"
            " calibration that has items in common with both."
        )
