"""Answers against the model's expectation at given abilities, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.response_blocks import PERSONS_AT_ONCE, ResponseBlock
from ciip_irt.records import result

__all__ = ["Residuals", "compute_residuals", "scored_part"]


@result
@dataclass(frozen=True, slots=True)
class Residuals:
    """Some persons of one block, those items of it that have parameters.

    Attributes
    ----------
    items
        Shape (J_b,): places in the pool.
    residual, variance
        Shape (N_b, J_b): ``x - E(x | theta)`` and ``Var(x | theta)``; both 0 where no answer counts.
    answered
        Shape (N_b, J_b).
    """

    items: IntArray
    residual: FloatArray
    variance: FloatArray
    answered: BoolArray


def compute_residuals(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    theta: FloatArray,
    *,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> Iterator[Residuals]:
    """Residuals of every block, a few thousand persons at a time.

    ``theta`` (N,) has the persons of all blocks one after the other; those without a finite theta are left
    out.

    >>> block = ResponseBlock(np.array([0]), np.array([[1], [-1]], dtype=np.int8))
    >>> part = next(compute_residuals([block], np.array([[1.0, 0.0, 0.0]]), np.zeros(2)))
    >>> part.residual.ravel(), part.variance.ravel()
    (array([0.5, 0. ]), array([0.25, 0.  ]))
    """
    unknown = model.unknown(parameters)
    start = 0
    for block in blocks:
        own = theta[start : start + block.n_persons]
        start += block.n_persons
        columns = np.flatnonzero(~unknown[block.items])
        items = block.items[columns]
        if not items.size:
            continue
        known = np.flatnonzero(np.isfinite(own))
        for first in range(0, known.size, PERSONS_AT_ONCE):
            rows = known[first : first + PERSONS_AT_ONCE]
            x = block.scores[rows] if columns.size == block.items.size else block.scores[rows][:, columns]
            answered = np.not_equal(x, -1)
            p = model.probability(parameters[items], own[rows], D)
            expected, square = _moments(p)
            variance = np.maximum(square - expected**2, 1e-12) if p.shape[2] > 2 else _binary(p)
            residual = x - expected
            if not answered.all():
                residual, variance = np.where(answered, residual, 0.0), np.where(answered, variance, 0.0)
            yield Residuals(items, residual, variance, answered)


def _moments(p: FloatArray) -> tuple[FloatArray, FloatArray]:
    expected = p[:, :, 1].copy()
    square = expected.copy() if p.shape[2] > 2 else expected
    for score in range(2, p.shape[2]):
        expected += score * p[:, :, score]
        square += score**2 * p[:, :, score]
    return expected, square


def _binary(p: FloatArray) -> FloatArray:
    """``P Q`` from both complements, which keeps its digits in the tails."""
    result: FloatArray = np.maximum(p[:, :, 0] * p[:, :, 1], 1e-12)
    return result


def scored_part(
    blocks: Sequence[ResponseBlock], scored: Sequence[BoolArray] | None
) -> Sequence[ResponseBlock]:
    """The blocks with only the items that make the ability.

    ``scored`` has one array (J_b,) for each block; ``None``: all items do.
    """
    if scored is None or all(own.all() for own in scored):
        return blocks
    return [
        ResponseBlock(block.items[own], np.ascontiguousarray(block.scores[:, own]), block.group)
        for block, own in zip(blocks, scored, strict=True)
    ]
