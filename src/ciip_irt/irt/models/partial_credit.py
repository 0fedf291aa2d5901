"""The partial credit curve, of which PCM and GPCM are cases.

``P_k(theta)`` is proportional to ``exp(sum_{h<=k} D a (theta - b_h))``, k = 0..K-1, in the reported
parameters a, b1, ..., b_{K-1}; b_h is where the curves of the scores h - 1 and h cross. In the working
parameters it is proportional to ``exp(k s theta + d_k)`` with ``s = D a``, ``d_k = -D a sum_{h<=k} b_h``
and ``d_0 = 0``.

An item with fewer scores than others of the pool has NaN for the b's it lacks; their d is -inf, so that
nobody has the score.
"""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = [
    "from_working",
    "gradient",
    "probability",
    "reported_jacobian",
    "theta_derivatives",
    "to_working",
    "working_gradient",
    "working_probability",
]


def to_working(parameters: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): (a, b1, ...) -> (s, d1, ...).

    >>> to_working(np.array([[2.0, -1.0, 0.5]]), 1.0)
    array([[2., 2., 1.]])
    """
    parameters = np.asarray(parameters, dtype=np.float64)
    s = D * parameters[:, :1]
    difficulty = parameters[:, 1:]
    d = -s * np.cumsum(np.nan_to_num(difficulty), axis=1)
    return np.hstack((s, np.where(np.isnan(difficulty), -np.inf, d)))


def from_working(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): (s, d1, ...) -> (a, b1, ...).

    >>> from_working(np.array([[2.0, 2.0, 1.0], [1.0, 0.5, -np.inf]]), 1.0)
    array([[ 2. , -1. ,  0.5],
           [ 1. , -0.5,  nan]])
    """
    s = working[:, :1]
    d = np.where(np.isneginf(working[:, 1:]), np.nan, working[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.hstack((s / D, -np.diff(d, axis=1, prepend=0.0) / s))


def working_probability(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, K)."""
    n_items, n_scores = working.shape
    z = np.zeros((theta.size, n_items, n_scores))
    z[..., 1:] = theta[:, None, None] * (working[:, :1] * np.arange(1, n_scores)) + working[:, 1:]
    z -= z.max(axis=2, keepdims=True)
    p = np.exp(z, out=z)
    p /= p.sum(axis=2, keepdims=True)
    return p


def working_gradient(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, K, K): ``dP_k/ds = theta P_k (k - E)``, ``dP_k/dd_h = P_k ([k = h] - P_h)``."""
    p = working_probability(working, theta)
    scores = np.arange(p.shape[2])
    result = np.empty((*p.shape, p.shape[2]))
    result[..., 0] = theta[:, None, None] * p * (scores - (p @ scores)[..., None])
    result[..., 1:] = -p[..., None] * p[..., None, 1:]
    result[..., scores[1:], scores[1:]] += p[..., 1:]
    return result


def reported_jacobian(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, K, K): derivative of (a, b1, ...) by (s, d1, ...), 0 for a b that an item lacks."""
    n_items, n_scores = working.shape
    s = working[:, 0]
    there = np.isfinite(working[:, 1:])
    d = np.where(there, working[:, 1:], 0.0)
    result = np.zeros((n_items, n_scores, n_scores))
    result[:, 0, 0] = 1.0 / D
    places = np.arange(1, n_scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        result[:, 1:, 0] = np.diff(d, axis=1, prepend=0.0) / s[:, None] ** 2
        result[:, places, places] = -1.0 / s[:, None]
        result[:, places[1:], places[:-1]] = 1.0 / s[:, None]
    result[:, 1:, :] = np.where(there[:, :, None], result[:, 1:, :], 0.0)
    return result


def probability(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, K): the probability of every score.

    Parameters
    ----------
    parameters
        Shape (J, K): a, b1, ..., b_{K-1}; NaN for the b's an item lacks.
    theta
        Shape (Q,).

    Source: Masters (1982), Psychometrika 47:149-174; Muraki (1992), Applied Psychological Measurement
    16:159-176.

    >>> probability(np.array([[1.0, 0.0, 0.0], [1.0, 0.0, np.nan]]), np.array([0.0])).round(3)
    array([[[0.333, 0.333, 0.333],
            [0.5  , 0.5  , 0.   ]]])
    """
    return working_probability(to_working(parameters, D), np.asarray(theta, dtype=np.float64))


def gradient(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, K, K): derivatives of the probabilities by a, b1, ..., b_{K-1}."""
    parameters = np.asarray(parameters, dtype=np.float64)
    difficulty = np.nan_to_num(parameters[:, 1:])
    by = working_gradient(to_working(parameters, D), np.asarray(theta, dtype=np.float64))
    result = np.empty_like(by)
    result[..., 0] = D * (by[..., 0] - np.einsum("qjkp,jp->qjk", by[..., 1:], np.cumsum(difficulty, axis=1)))
    # b_h is in every d_k with k >= h
    later = np.cumsum(by[..., :0:-1], axis=-1)[..., ::-1]
    result[..., 1:] = -D * parameters[None, :, None, :1] * later
    return result


def theta_derivatives(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Two arrays (Q, J, K): ``P_k' = D a P_k (k - E)`` and ``P_k'' = (D a)^2 P_k ((k - E)^2 - Var)``.

    >>> first, second = theta_derivatives(np.array([[1.0, 0.0, 0.0]]), np.array([0.0]))
    >>> first.round(3), second.round(3)
    (array([[[-0.333,  0.   ,  0.333]]]), array([[[ 0.111, -0.222,  0.111]]]))
    """
    p = probability(parameters, theta, D)
    slope = D * np.asarray(parameters, dtype=np.float64)[None, :, :1]
    scores = np.arange(p.shape[2])
    distance = scores - (p @ scores)[..., None]
    variance = (p * distance**2).sum(axis=2, keepdims=True)
    return slope * p * distance, slope**2 * p * (distance**2 - variance)
