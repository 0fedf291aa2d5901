"""Persons told apart by their raw score only, where that is all the likelihood needs.

Where every item has the same slope and no lower asymptote, two persons who answered the same items with the
same raw score have likelihoods that differ by a factor without theta: ``log L_i(theta) = r_i s theta +
sum_j d_j(x_ij) + sum_j log P_j0(theta)``. One row with the group's mean answers then has the posterior of
each of its persons and the mean of their log-likelihoods, so that cost does not grow with their number.

Source: Andersen (1977), Psychometrika 42:69-81, on the raw score as sufficient statistic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["ScoreGroups", "group_by_score", "is_raw_score_sufficient", "sort_by_score", "split_complete"]


@dataclass(frozen=True, slots=True)
class ScoreGroups:
    """R groups of persons with the same raw score on the same items.

    Attributes
    ----------
    items
        Shape (J_b,).
    shares
        Shape (K-1, R, J_b): share of each group with the scores 1..K-1.
    persons
        Shape (R,): how many they are.
    group
        The population they come from.
    """

    items: IntArray
    shares: FloatArray
    persons: FloatArray
    group: int = 0


def split_complete(blocks: Sequence[ResponseBlock]) -> list[ResponseBlock]:
    """The same persons, those who answered everything apart from the others: they need no mask.

    >>> block = ResponseBlock(np.arange(2), np.array([[1, 0], [1, -1]], dtype=np.int8))
    >>> [part.scores.tolist() for part in split_complete([block])]
    [[[1, 0]], [[1, -1]]]
    """
    parts: list[ResponseBlock] = []
    for block in blocks:
        if not block.scores.size or block.scores.min() >= 0:
            parts.append(block)
            continue
        complete = block.scores.min(axis=1) >= 0
        if not complete.any():
            parts.append(block)
            continue
        parts.extend(
            ResponseBlock(block.items, block.scores[rows], block.group) for rows in (complete, ~complete)
        )
    return parts


def sort_by_score(blocks: Sequence[ResponseBlock]) -> list[ResponseBlock]:
    """The same persons, those of like scores side by side: their posteriors live on the same points.

    >>> block = ResponseBlock(np.arange(2), np.array([[1, 1], [0, 0], [-1, 1], [1, 0]], dtype=np.int8))
    >>> sort_by_score([block])[0].scores.tolist()
    [[0, 0], [1, 0], [1, 1], [-1, 1]]
    """
    ordered = []
    for block in blocks:
        if not block.scores.size or block.scores.min() >= 0:
            score: NDArray[Any] = block.scores.sum(axis=1, dtype=np.int32)
        else:
            answered = block.answered
            score = (block.scores * answered).sum(axis=1) / np.maximum(answered.sum(axis=1), 1)
        order = np.argsort(score, kind="stable")
        ordered.append(ResponseBlock(block.items, block.scores[order], block.group))
    return ordered


def is_raw_score_sufficient(model: ItemModel, working: FloatArray, theta: FloatArray) -> bool:
    """True where slopes are not estimated item by item and all log-odds are parallel lines in theta.

    ``working`` (J, P) are the start values; that the lines stay parallel follows from the slopes.

    >>> from ciip_irt.irt.models import MODELS
    >>> theta, items = np.linspace(-2, 2, 5), np.array([[1.0, 0.0, -np.inf], [1.0, 1.0, -np.inf]])
    >>> [is_raw_score_sufficient(MODELS[name], items, theta) for name in ("rasch", "2pl")]
    [True, False]
    """
    if "a" in model.free or theta.size < 2:
        return False
    # near the middle, where no probability loses its digits
    middle = theta.size // 2
    points = theta[[0, middle, -1]].clip(theta[middle] - 3, theta[middle] + 3)
    with np.errstate(divide="ignore", invalid="ignore"):  # an item may lack the highest scores
        log_p = np.log(model.working_probability(working, points))
        rise = np.diff(log_p[:, :, 1:] - log_p[:, :, :1], axis=0)
    slope = rise[1, 0, 0] / (points[2] - points[1])
    line = slope * np.diff(points)[:, None, None] * np.arange(1, log_p.shape[2])
    return bool(np.nanmax(np.abs(rise - line)) < 1e-9)


def group_by_score(
    blocks: Sequence[ResponseBlock], n_categories: int
) -> tuple[list[ScoreGroups], list[ResponseBlock]]:
    """Raw-score groups of the persons who answered everything, and the blocks of the others.

    A block that would hardly shrink stays as it is.

    >>> scores = np.array([[1, 0], [0, 1], [1, 1], [0, 1]], dtype=np.int8)
    >>> groups, others = group_by_score([ResponseBlock(np.arange(2), scores)], 2)
    >>> groups[0].persons, groups[0].shares.round(2), others
    (array([3., 1.]), array([[[0.33, 0.67],
            [1.  , 1.  ]]]), [])
    """
    groups: list[ScoreGroups] = []
    others: list[ResponseBlock] = []
    for block in split_complete(blocks):
        if not block.scores.size:
            continue
        totals = block.scores.sum(axis=1, dtype=np.int64)
        met, place, persons = np.unique(totals, return_inverse=True, return_counts=True)
        if block.scores.min() < 0 or 2 * met.size > block.n_persons:
            others.append(block)
            continue
        order = np.argsort(place, kind="stable")
        ends = np.cumsum(persons)
        sorted_scores = block.scores[order]
        shares = np.empty((n_categories - 1, met.size, block.items.size))
        for row, (end, size) in enumerate(zip(ends, persons, strict=True)):
            theirs = sorted_scores[end - size : end]
            for score in range(1, n_categories):
                shares[score - 1, row] = np.equal(theirs, score).sum(axis=0) / size
        groups.append(ScoreGroups(block.items, shares, persons.astype(np.float64), block.group))
    return groups, others
