"""Information, expected scores and score distributions of items and forms.

Everything takes reported parameters (J, P) with D, by default those of right/wrong items (a, b, c), and adds
over items: choose a form by choosing rows.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.likelihood import likelihood_terms
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel

__all__ = [
    "expected_item_score",
    "expected_score",
    "item_information",
    "score_distribution",
    "test_information",
    "theta_at_expected_score",
]


def item_information(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0, model: ItemModel = DICHOTOMOUS
) -> FloatArray:
    """Shape (Q, J): Fisher information of each item, ``sum_k P_k'^2 / P_k``.

    For right/wrong items this is ``P'^2 / (P Q)``; under 2PL ``D^2 a^2 P Q``.

    >>> item_information(np.array([[2.0, 0.0, 0.0]]), np.array([0.0]))
    array([[1.]])
    """
    theta = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    return likelihood_terms(parameters, theta, D, model).information


def test_information(
    parameters: FloatArray,
    theta: FloatArray,
    D: float = 1.0,  # noqa: PT028 - no test of pytest
    model: ItemModel = DICHOTOMOUS,  # noqa: PT028
) -> FloatArray:
    """Shape (Q,): information of a form, the sum over its items; the standard error of theta is ``1 / sqrt``.

    >>> test_information(np.array([[1.0, 0.0, 0.0]] * 4), np.array([0.0]))
    array([1.])
    """
    result: FloatArray = item_information(parameters, theta, D, model).sum(axis=1)
    return result


test_information.__test__ = False  # type: ignore[attr-defined]  # its name looks like a test to pytest


def expected_item_score(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0, model: ItemModel = DICHOTOMOUS
) -> FloatArray:
    """Shape (Q, J): expected score on each item, for right/wrong items the probability of a right answer."""
    theta = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    p = model.probability(parameters, theta, D)
    result: FloatArray = p @ np.arange(p.shape[2], dtype=np.float64)
    return result


def expected_score(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0, model: ItemModel = DICHOTOMOUS
) -> FloatArray:
    """Shape (Q,): the test characteristic curve, the expected raw score of a form.

    >>> expected_score(np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.2]]), np.array([0.0]))
    array([1.1])
    """
    result: FloatArray = expected_item_score(parameters, theta, D, model).sum(axis=1)
    return result


def theta_at_expected_score(
    parameters: FloatArray,
    score: FloatArray | float,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> FloatArray:
    """Shape of ``score``: the theta at which the form's expected score is the given raw score.

    The inverse of the test characteristic curve. Scores at or below its lower asymptote (the sum of c) give
    -inf, scores at or above its upper one inf. Assumes a rising curve: with negative slopes it finds one
    crossing.

    >>> items = np.array([[1.0, 0.5, 0.0], [1.0, 1.5, 0.0]])
    >>> theta_at_expected_score(items, np.array([0.0, 1.0, 2.0])).round(6)
    array([-inf,   1.,  inf])
    """
    wanted = np.atleast_1d(np.asarray(score, dtype=np.float64))
    ends = expected_score(parameters, np.array([-1e6, 1e6]), D, model)
    result = np.where(wanted <= ends[0] + 1e-12, -np.inf, np.where(wanted >= ends[1] - 1e-12, np.inf, np.nan))
    open_ = np.isnan(result)
    low, high = np.full(int(open_.sum()), -10.0), np.full(int(open_.sum()), 10.0)
    target = wanted[open_]
    for _ in range(17):
        below = expected_score(parameters, low, D, model) > target
        above = expected_score(parameters, high, D, model) < target
        if not (below.any() or above.any()):
            break
        low[below] *= 2.0
        high[above] *= 2.0
    for _ in range(64):
        middle = 0.5 * (low + high)
        under = expected_score(parameters, middle, D, model) < target
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    result[open_] = 0.5 * (low + high)
    return result.reshape(np.shape(score))


def score_distribution(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0, model: ItemModel = DICHOTOMOUS
) -> FloatArray:
    """Shape (Q, S + 1): probability of each raw score 0..S at each theta.

    ``f_r(x) = f_{r-1}(x) Q_r + f_{r-1}(x - 1) P_r``, for more categories the corresponding convolution.

    Source: Lord & Wingersky (1984), Applied Psychological Measurement 8:453-461.

    >>> score_distribution(np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]), np.array([0.0]))
    array([[0.25, 0.5 , 0.25]])
    """
    theta = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    highest = int(model.highest_scores(parameters).sum())
    return convolve_scores(model.probability(parameters, theta, D))[:, : highest + 1]


def convolve_scores(probability: FloatArray) -> FloatArray:
    """Shape (Q, S + 1): distribution of the sum of independent item scores with probabilities (Q, J, K)."""
    n_points, n_items, n_categories = probability.shape
    highest = n_categories - 1
    result = np.zeros((n_points, n_items * highest + 1))
    result[:, 0] = 1.0
    top = 1
    for item in range(n_items):
        p = probability[:, item, :]
        step = result[:, :top] * p[:, [0]]
        before = result[:, :top].copy()
        result[:, :top] = step
        for score in range(1, n_categories):
            result[:, score : score + top] += before * p[:, [score]]
        top += highest
    return result


def leave_one_out_scores(p: FloatArray) -> FloatArray:
    """Shape (Q, J, J): distribution of the score on the other J - 1 items, for each item left out.

    ``p`` has shape (Q, J): probabilities of a right answer. The Lord-Wingersky step
    ``f(x) = g(x) Q + g(x - 1) P`` is solved for g, upwards from score 0 where P <= .5 and downwards from the
    highest score where P > .5: in that direction an error shrinks by ``min(P, Q) / max(P, Q)`` at every step.

    >>> leave_one_out_scores(np.array([[0.2, 0.6, 0.5]]))[0, 1]  # scores 0, 1, 2 on items 0 and 2
    array([0.4, 0.5, 0.1])
    """
    points, items = p.shape
    whole = convolve_scores(np.stack((1 - p, p), axis=2))
    q = 1 - p
    result = np.empty((points, items, items))
    rising, falling = p <= 0.5, p > 0.5
    up, down = np.zeros((points, items)), np.zeros((points, items))
    safe_q, safe_p = np.where(rising, q, 1.0), np.where(falling, p, 1.0)
    for score in range(items):
        up = (whole[:, score, None] - p * up) / safe_q
        np.copyto(result[:, :, score], up, where=rising)
        top = items - 1 - score
        down = (whole[:, top + 1, None] - q * down) / safe_p
        np.copyto(result[:, :, top], down, where=falling)
    return result


def rest_score_distributions(probability: FloatArray) -> FloatArray:
    """Shape (Q, J, R + 1): distribution of the score on the others, for each item left out.

    ``probability`` has shape (Q, J, K). For right/wrong items the Lord-Wingersky step is undone item by item
    (``leave_one_out_scores``); for more scores, halves of the test are joined to what is left of it, down to
    single items: every distribution is a sum of positive terms, so none loses its digits.

    >>> p = np.array([[[0.8, 0.2, 0.0], [0.4, 0.5, 0.1]]])
    >>> rest_score_distributions(p)[0]  # scores 0, 1, 2 on the other item
    array([[0.4, 0.5, 0.1],
           [0.8, 0.2, 0. ]])
    """
    points, items, scores = probability.shape
    if scores == 2:
        return leave_one_out_scores(probability[:, :, 1])
    result = np.empty((points, items, (items - 1) * (scores - 1) + 1))

    def left(first: int, end: int, others: FloatArray) -> None:
        """``others``: distribution of the score on all items but those from first to end - 1."""
        if end - first == 1:
            result[:, first] = others
            return
        middle = (first + end) // 2
        left(first, middle, _add_items(others, probability[:, middle:end]))
        left(middle, end, _add_items(others, probability[:, first:middle]))

    left(0, items, np.ones((points, 1)))
    return result


def _add_items(distribution: FloatArray, probability: FloatArray) -> FloatArray:
    """The distribution (Q, S) of a score with further items (Q, J, K) added."""
    for item in range(probability.shape[1]):
        p = probability[:, item]
        longer = np.zeros((distribution.shape[0], distribution.shape[1] + p.shape[1] - 1))
        for score in range(p.shape[1]):
            longer[:, score : score + distribution.shape[1]] += distribution * p[:, [score]]
        distribution = longer
    return distribution
