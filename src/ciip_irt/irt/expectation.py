"""The E-step: a map over blocks of persons, then a sum."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["Expectation", "Run", "chunks", "expectation", "posterior"]

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""The signature of the built-in ``map``."""

PERSONS_AT_ONCE = 2048
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the E-step hands to the M-step.

    Attributes
    ----------
    counts
        Shape (Q, J, K): expected number of persons at each point with each score on each item.
    persons
        Shape (G, Q): expected number of persons of each group at each point.
    log_likelihood
        Marginal log-likelihood of the answers.
    """

    counts: FloatArray
    persons: FloatArray
    log_likelihood: float


def chunks(blocks: Sequence[ResponseBlock], persons: int = PERSONS_AT_ONCE) -> list[ResponseBlock]:
    """Blocks of at most ``persons`` persons: views, so that memory stays with the answered cells."""
    return [
        ResponseBlock(block.items, block.scores[start : start + persons], block.group)
        for block in blocks
        if block.items.size
        for start in range(0, block.n_persons, persons)
    ]


def log_probability(probability: FloatArray) -> FloatArray:
    """Logarithm that stays finite where a curve reaches 0 or 1 in double precision."""
    result: FloatArray = np.log(np.maximum(probability, SMALLEST))
    return result


def posterior(
    block: ResponseBlock, log_p: FloatArray, log_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior (N_b, Q) over the points, and log marginal likelihood (N_b,) of each person.

    ``log_p`` has shape (Q, J, K), ``log_weights`` (G, Q).
    """
    table = log_p[:, block.items, :]
    answered = block.answered
    base = table[:, :, 0]
    if answered.all():
        log_l = np.broadcast_to(base.sum(axis=1), (block.n_persons, base.shape[0])).copy()
    else:
        log_l = answered.astype(np.float64) @ base.T
    for score in range(1, table.shape[2]):
        log_l += np.equal(block.scores, score).astype(np.float64) @ (table[:, :, score] - base).T
    log_l += log_weights[block.group]
    peak = log_l.max(axis=1, keepdims=True)
    weight = np.exp(log_l - peak, out=log_l)
    total = weight.sum(axis=1, keepdims=True)
    weight /= total
    return weight, (peak + np.log(total))[:, 0]


def block_expectation(
    block: ResponseBlock, log_p: FloatArray, log_weights: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """One block's counts (Q, J_b, K), persons (Q,) and log-likelihood."""
    weight, log_likelihood = posterior(block, log_p, log_weights)
    n_categories = log_p.shape[2]
    counts = np.empty((weight.shape[1], block.items.size, n_categories))
    persons = weight.sum(axis=0)
    answered = block.answered
    if answered.all():
        counts[:, :, 0] = persons[:, None]
    else:
        counts[:, :, 0] = weight.T @ answered.astype(np.float64)
    for score in range(1, n_categories):
        counts[:, :, score] = weight.T @ np.equal(block.scores, score).astype(np.float64)
        counts[:, :, 0] -= counts[:, :, score]
    return counts, persons, float(log_likelihood.sum())


def expectation(
    blocks: Sequence[ResponseBlock], log_p: FloatArray, log_weights: FloatArray, run: Run = map
) -> Expectation:
    """Expected counts and the marginal log-likelihood (Bock & Aitkin 1981).

    ``log L_i(theta_q) = sum_j m_ij log P_j(x_ij | theta_q)``, posterior proportional to ``w_q L_i(theta_q)``.

    Parameters
    ----------
    log_p
        Shape (Q, J, K).
    log_weights
        Shape (G, Q).
    run
        Anything with the signature of the built-in ``map``; threads and clusters enter here.
    """
    counts = np.zeros(log_p.shape)
    persons = np.zeros(log_weights.shape)
    total = 0.0
    work = partial(block_expectation, log_p=log_p, log_weights=log_weights)
    for block, (block_counts, block_persons, log_likelihood) in zip(blocks, run(work, blocks), strict=True):
        counts[:, block.items, :] += block_counts
        persons[block.group] += block_persons
        total += log_likelihood
    np.maximum(counts, 0.0, out=counts)
    return Expectation(counts, persons, total)
