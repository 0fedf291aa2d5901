"""The E-step: a map over blocks of persons, then a sum.

Every sum over persons is a matrix product. Arrays of points x persons (not persons x points) make the
products and the reductions over points run along memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.em.score_groups import ScoreGroups, group_by_score, is_raw_score_sufficient
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.response_blocks import PERSONS_AT_ONCE, ResponseBlock
from ciip_irt.threads import Run

__all__ = [
    "Expectation",
    "expect_counts",
    "posterior",
    "score_indicators",
    "split_into_chunks",
    "sufficient_pieces",
]

# persons of like score live on some of the points: the others are left out of the next E-step
NEGLIGIBLE = 1e-12
MARGIN = 2  # points more either side, for the parameters move between E-steps
NOTICEABLE = 1e-10  # at the edge of what was kept: then all points are visited again

Window = tuple[int, int]
"""First and last-plus-one of the points that a block visits."""


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
    windows
        For every block the points where its persons live.
    """

    counts: FloatArray
    persons: FloatArray
    log_likelihood: float
    windows: tuple[Window, ...] = ()


def split_into_chunks(blocks: Sequence[ResponseBlock], persons: int = PERSONS_AT_ONCE) -> list[ResponseBlock]:
    """Blocks of at most ``persons`` persons: views, so that memory stays with the answered cells."""
    return [
        ResponseBlock(block.items, block.scores[start : start + persons], block.group)
        for block in blocks
        if block.items.size
        for start in range(0, block.n_persons, persons)
    ]


def sufficient_pieces(
    persons: Sequence[ResponseBlock], model: ItemModel, working: FloatArray, theta: FloatArray
) -> list[ResponseBlock | ScoreGroups]:
    """Raw-score groups where the model needs no more of a person, pieces of at most 2,048 persons elsewhere.

    ``working`` (J, P) are the start values of the items that take part.
    """
    if not is_raw_score_sufficient(model, working, theta):
        return [*split_into_chunks(persons)]
    by_score, others = group_by_score(persons, model.n_categories)
    return [*by_score, *split_into_chunks(others)]


def log_probability(probability: FloatArray) -> FloatArray:
    """Logarithm that stays finite where a curve reaches 0 or 1 in double precision."""
    result: FloatArray = np.log(np.maximum(probability, LEAST_PROBABILITY))
    return result


def score_indicators(
    block: ResponseBlock | ScoreGroups, highest: int
) -> tuple[list[FloatArray], FloatArray | None]:
    """Who has which score: arrays (N_b, J_b) for the scores 1..highest, and for the cells that count.

    The latter is ``None`` where all do.
    """
    if isinstance(block, ScoreGroups):
        return list(block.shares), None
    scores = block.scores
    complete = not scores.size or scores.min() >= 0
    if complete and highest == 1:
        return [scores.astype(np.float64)], None
    hits = [np.equal(scores, score).astype(np.float64) for score in range(1, highest + 1)]
    return hits, None if complete else block.answered.astype(np.float64)


def _weights(
    hits: Sequence[FloatArray],
    mask: FloatArray | None,
    base: FloatArray,
    steps: FloatArray,
    log_weights: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Posterior (Q, N_b) and log marginal likelihood (N_b,).

    ``base`` (J_b, Q) is the log-probability of score 0, ``steps`` (K-1, J_b, Q) that of the others minus it,
    ``log_weights`` (Q,).
    """
    log_l = steps[0].T @ hits[0].T
    for step, hit in zip(steps[1:], hits[1:], strict=True):
        log_l += step.T @ hit.T
    if mask is None:
        log_l += (base.sum(axis=0) + log_weights)[:, None]
    else:
        log_l += base.T @ mask.T
        log_l += log_weights[:, None]
    peak = log_l.max(axis=0)
    log_l -= peak
    weight = np.exp(log_l, out=log_l)
    total = weight.sum(axis=0)
    weight /= total
    return weight, peak + np.log(total)


def _contrasts(log_p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shapes (J, Q) and (K-1, J, Q): score 0, and the others minus it."""
    by_score = np.ascontiguousarray(log_p.transpose(2, 1, 0))
    return by_score[0], by_score[1:] - by_score[0]


def posterior(
    block: ResponseBlock | ScoreGroups, log_p: FloatArray, log_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior (N_b, Q) over the points, and log marginal likelihood (N_b,) of each person.

    ``log_p`` has shape (Q, J, K), ``log_weights`` (G, Q).
    """
    base, steps = _contrasts(log_p[:, block.items, :])
    hits, mask = score_indicators(block, steps.shape[0])
    weight, log_likelihood = _weights(hits, mask, base, steps, log_weights[block.group])
    return weight.T, log_likelihood


def count_block(
    task: tuple[ResponseBlock | ScoreGroups, Window],
    base: FloatArray,
    steps: FloatArray,
    log_weights: FloatArray,
) -> tuple[list[FloatArray], FloatArray | None, FloatArray, float, Window, Window]:
    """One block's counts of the scores 1..K-1, each (J_b, points visited), and of the cells that count.

    The latter is ``None`` where all do. Then persons (points visited), log-likelihood, the points that were
    visited, and those that the next E-step should visit.
    """
    block, (first, end) = task
    n_points = log_weights.shape[1]
    hits, mask = score_indicators(block, steps.shape[0])
    weight, log_likelihood = _weights(
        hits,
        mask,
        base[block.items, first:end],
        steps[:, block.items, first:end],
        log_weights[block.group, first:end],
    )
    largest = weight.max(axis=1, initial=0.0)
    if (first > 0 and largest[0] > NOTICEABLE) or (end < n_points and largest[-1] > NOTICEABLE):
        return count_block((block, (0, n_points)), base, steps, log_weights)
    if isinstance(block, ScoreGroups):
        weight *= block.persons
        log_likelihood = log_likelihood * block.persons
    persons = weight.sum(axis=1)
    by_person = weight.T
    counts = [hit.T @ by_person for hit in hits]
    answered = None if mask is None else mask.T @ by_person
    lived = np.flatnonzero(largest > NEGLIGIBLE)
    if lived.size:
        following = max(0, first + int(lived[0]) - MARGIN), min(n_points, first + int(lived[-1]) + 1 + MARGIN)
    else:
        following = (0, n_points)
    return counts, answered, persons, float(log_likelihood.sum()), (first, end), following


def expect_counts(
    blocks: Sequence[ResponseBlock | ScoreGroups],
    log_p: FloatArray,
    log_weights: FloatArray,
    run: Run = map,
    windows: Sequence[Window] = (),
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
    windows
        ``Expectation.windows`` of the E-step before, at nearby parameters and the same points: only those
        points are visited, unless posteriors are noticed at their edge. Without, all are.
    """
    base, steps = _contrasts(log_p)
    n_points, n_items, n_scores = log_p.shape
    counts = np.zeros((n_scores, n_items, n_points))
    persons = np.zeros(log_weights.shape)
    total = 0.0
    work = partial(count_block, base=base, steps=steps, log_weights=log_weights)
    tasks = list(zip(blocks, windows or [(0, n_points)] * len(blocks), strict=True))
    next_windows = []
    # blocks in which everything counts, of the same items: their persons are added up once
    everybody: dict[int, tuple[IntArray, FloatArray]] = {}
    for block, part in zip(blocks, run(work, tasks), strict=True):
        by_score, answered, block_persons, log_likelihood, (first, end), following = part
        for score, hit in enumerate(by_score, start=1):
            counts[score][block.items, first:end] += hit
        if answered is None:
            here = everybody.setdefault(id(block.items), (block.items, np.zeros(n_points)))
            here[1][first:end] += block_persons
        else:
            counts[0][block.items, first:end] += answered
        persons[block.group, first:end] += block_persons
        total += log_likelihood
        next_windows.append(following)
    for items, who in everybody.values():
        counts[0][items] += who
    for score in range(1, n_scores):
        counts[0] -= counts[score]
    np.maximum(counts, 0.0, out=counts)
    if n_scores == 2:  # in memory each score's counts lie together, as its curves do
        by_point = np.ascontiguousarray(counts.transpose(0, 2, 1)).transpose(1, 2, 0)
    else:
        by_point = np.ascontiguousarray(counts.transpose(2, 1, 0))
    return Expectation(by_point, persons, total, tuple(next_windows))
