"""The graded response model: a slope and ordered thresholds of every item are estimated.

``P(score >= k) = 1 / (1 + exp(-D a (theta - b_k)))``, k = 1..K-1, with b1 < b2 < ...; a score's probability
is the difference of two neighbours. In the working parameters ``P(score >= k) = 1 / (1 + exp(-(s theta +
d_k)))`` with ``s = D a`` and ``d_k = -D a b_k``, which fall with k.

An item with fewer scores than others of the pool has NaN for the b's it lacks; their d is -inf, so that
nobody has the score.

Source: Samejima (1969), Psychometrika Monograph 17.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.log_odds import expit
from ciip_irt.irt.models.polytomous import largest_steps, names, threshold_difficulties, working_bounds

__all__ = ["GRM", "grm"]


def to_working(parameters: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): (a, b1, ...) -> (s, d1, ...).

    >>> to_working(np.array([[2.0, -1.0, 0.5]]), 1.0)
    array([[ 2.,  2., -1.]])
    """
    parameters = np.asarray(parameters, dtype=np.float64)
    s = D * parameters[:, :1]
    difficulty = parameters[:, 1:]
    return np.hstack((s, np.where(np.isnan(difficulty), -np.inf, -s * difficulty)))


def from_working(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): (s, d1, ...) -> (a, b1, ...).

    >>> from_working(np.array([[2.0, 2.0, -1.0], [1.0, 0.5, -np.inf]]), 1.0)
    array([[ 2. , -1. ,  0.5],
           [ 1. , -0.5,  nan]])
    """
    s = working[:, :1]
    d = np.where(np.isneginf(working[:, 1:]), np.nan, working[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.hstack((s / D, -d / s))


def _lines(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, K + 1): ``s theta + d_k`` for k = 0..K, with inf and -inf at the ends."""
    z = np.empty((theta.size, working.shape[0], working.shape[1] + 1))
    z[..., 0], z[..., -1] = np.inf, -np.inf
    z[..., 1:-1] = theta[:, None, None] * working[:, :1] + working[:, 1:]
    return z


def working_probability(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, K): ``F(x) - F(y) = F(x) F(-y) (1 - exp(y - x))``, which keeps its digits in both tails.

    Negative where thresholds are out of order: such values are never estimates.
    """
    z = _lines(working, theta)
    upper, lower = z[..., :-1], z[..., 1:]
    gap = np.subtract(lower, upper, out=np.zeros(upper.shape), where=np.isfinite(upper) & np.isfinite(lower))
    open_ = np.where(np.isneginf(lower) | np.isposinf(upper), 1.0, -np.expm1(np.minimum(gap, 700.0)))
    result: FloatArray = np.where(np.isneginf(upper), 0.0, expit(upper) * expit(-lower) * open_)
    return result


def working_gradient(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, K, K): ``dP_k/dd_k = w_k``, ``dP_k/dd_{k+1} = -w_{k+1}``, ``w_k = F_k (1 - F_k)``."""
    z = _lines(working, theta)
    w = expit(z) * expit(-z)
    n_scores = working.shape[1]
    result = np.zeros((theta.size, working.shape[0], n_scores, n_scores))
    result[..., 0] = theta[:, None, None] * (w[..., :-1] - w[..., 1:])
    places = np.arange(1, n_scores)
    result[..., places, places] = w[..., 1:-1]
    result[..., places - 1, places] = -w[..., 1:-1]
    return result


def reported_jacobian(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, K, K): derivative of (a, b1, ...) by (s, d1, ...), 0 for a b that an item lacks."""
    n_items, n_scores = working.shape
    s = working[:, :1]
    there = np.isfinite(working[:, 1:])
    d = np.where(there, working[:, 1:], 0.0)
    result = np.zeros((n_items, n_scores, n_scores))
    result[:, 0, 0] = 1.0 / D
    places = np.arange(1, n_scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        result[:, 1:, 0] = d / s**2
        result[:, places, places] = np.where(there, -1.0 / s, 0.0)
    return result


def probability(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, K): the probability of every score.

    Parameters
    ----------
    parameters
        Shape (J, K): a, b1, ..., b_{K-1}; NaN for the b's an item lacks.
    theta
        Shape (Q,).

    >>> probability(np.array([[1.0, -1.0, 1.0], [1.0, 0.0, np.nan]]), np.array([0.0])).round(3)
    array([[[0.269, 0.462, 0.269],
            [0.5  , 0.5  , 0.   ]]])
    """
    return working_probability(to_working(parameters, D), np.asarray(theta, dtype=np.float64))


def gradient(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, K, K): derivatives of the probabilities by a, b1, ..., b_{K-1}."""
    parameters = np.asarray(parameters, dtype=np.float64)
    by = working_gradient(to_working(parameters, D), np.asarray(theta, dtype=np.float64))
    result = np.empty_like(by)
    chain = np.einsum("qjkp,jp->qjk", by[..., 1:], np.nan_to_num(parameters[:, 1:]))
    result[..., 0] = D * (by[..., 0] - chain)
    result[..., 1:] = -D * parameters[None, :, None, :1] * by[..., 1:]
    return result


def theta_derivatives(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Two arrays (Q, J, K): first and second derivative of every score's probability by theta.

    >>> first, second = theta_derivatives(np.array([[1.0, -1.0, 1.0]]), np.array([0.0]))
    >>> first.round(3), second.round(3)
    (array([[[-0.197,  0.   ,  0.197]]]), array([[[ 0.091, -0.182,  0.091]]]))
    """
    parameters = np.asarray(parameters, dtype=np.float64)
    z = _lines(to_working(parameters, D), np.asarray(theta, dtype=np.float64))
    slope = D * parameters[None, :, :1]
    right, wrong = expit(z), expit(-z)
    w = right * wrong
    bend = w * (wrong - right)
    return slope * (w[..., :-1] - w[..., 1:]), slope**2 * (bend[..., :-1] - bend[..., 1:])


def start(shares: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): b from the shares of answers with score k or more; D a = 1."""
    b = 1.1 * threshold_difficulties(shares)
    return np.hstack((np.full((b.shape[0], 1), 1.0 / D), b))


def grm(n_categories: int) -> ItemModel:
    """The graded response model for scores 0..n_categories - 1."""
    return ItemModel(
        name="grm",
        parameters=names(n_categories),
        free=names(n_categories),
        common=(),
        free_sd=False,
        probability=probability,
        gradient=gradient,
        theta_derivatives=theta_derivatives,
        working_probability=working_probability,
        working_gradient=working_gradient,
        to_working=to_working,
        from_working=from_working,
        reported_jacobian=reported_jacobian,
        start=start,
        working_bounds=working_bounds(n_categories),
        n_categories=n_categories,
        largest_step=largest_steps(n_categories),
        for_categories=grm,
    )


GRM = grm(3)  # scores 0, 1, 2: the least that is not right or wrong; the data say how many
