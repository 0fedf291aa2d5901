"""The logistic curve with a lower asymptote, of which Rasch, 1PL, 2PL and 3PL are cases.

``P(theta) = c + (1 - c) / (1 + exp(-D a (theta - b)))`` in the reported parameters a, b, c, and
``c + (1 - c) / (1 + exp(-(s theta + d)))`` with ``c = 1 / (1 + exp(-g))`` in the working ones:
slope ``s = D a``, intercept ``d = -D a b`` and ``g = logit(c)``, which is -inf where there is no asymptote.
Scores are 0 (wrong) and 1 (right), so K = 2.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.log_odds import expit, logit

__all__ = [
    "WORKING_BOUNDS",
    "from_working",
    "gradient",
    "probability",
    "reported_jacobian",
    "theta_derivatives",
    "to_working",
    "working_gradient",
    "working_probability",
]

WORKING_BOUNDS = ((-8.0, 15.0), (-25.0, 25.0), tuple(logit(np.array([1e-4, 0.6])).tolist()))


def to_working(parameters: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): (a, b, c) -> (s, d, g).

    >>> to_working(np.array([[1.0, -0.5, 0.0]]), 1.0)
    array([[ 1. ,  0.5, -inf]])
    """
    a, b, c = np.asarray(parameters, dtype=np.float64).T
    return np.column_stack((D * a, -D * a * b, logit(c)))


def from_working(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): (s, d, g) -> (a, b, c).

    >>> from_working(np.array([[1.0, 0.5, -np.inf]]), 1.0)
    array([[ 1. , -0.5,  0. ]])
    """
    s, d, g = working.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack((s / D, -d / s, expit(g)))


def working_probability(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, 2): both complements are computed, so that neither loses its digits in a tail.

    In memory each score's curves lie together: the M-step takes them apart.
    """
    s, d, g = working.T
    z = theta[:, None] * s
    z += d
    result = np.empty((2, *z.shape))
    result[1] = expit(z)
    result[0] = expit(np.negative(z, out=z))
    if (g > -np.inf).any():
        c = expit(g)
        result *= 1.0 - c
        result[1] += c
    return result.transpose(1, 2, 0)


def working_gradient(working: FloatArray, theta: FloatArray) -> FloatArray:
    """Shape (Q, J, 2, 3): derivatives of both probabilities by s, d, g; in memory (2, 3, Q, J)."""
    s, d, g = working.T
    z = theta[:, None] * s
    z += d
    result = np.empty((2, 3, *z.shape))
    up = result[1]
    right = expit(z)
    wrong = expit(np.negative(z, out=z))
    np.multiply(wrong, right, out=up[1])
    if (g > -np.inf).any():
        c = expit(g)
        up[1] *= 1.0 - c
        np.multiply(wrong, c * (1.0 - c), out=up[2])
    else:
        up[2] = 0.0
    np.multiply(up[1], theta[:, None], out=up[0])
    np.negative(up, out=result[0])
    return result.transpose(2, 3, 0, 1)


def reported_jacobian(working: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3, 3): derivative of (a, b, c) by (s, d, g)."""
    s, d, g = working.T
    c = expit(g)
    result = np.zeros((s.size, 3, 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        result[:, 0, 0] = 1.0 / D
        result[:, 1, 0] = d / s**2
        result[:, 1, 1] = -1.0 / s
    result[:, 2, 2] = c * (1.0 - c)
    return result


def probability(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, 2): the probabilities of a wrong and of a right answer.

    Parameters
    ----------
    parameters
        Shape (J, 3): a, b, c.
    theta
        Shape (Q,).

    Source: Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores, ch. 17.

    >>> probability(np.array([[1.0, 0.0, 0.2]]), np.array([0.0]))
    array([[[0.4, 0.6]]])
    """
    a, b, c = np.asarray(parameters, dtype=np.float64).T
    z = D * a * (np.asarray(theta, dtype=np.float64)[:, None] - b)
    result = np.empty((*z.shape, 2))
    result[..., 1] = c + (1.0 - c) * expit(z)
    result[..., 0] = (1.0 - c) * expit(-z)
    return result


def gradient(parameters: FloatArray, theta: FloatArray, D: float = 1.0) -> FloatArray:
    """Shape (Q, J, 2, 3): derivatives of both probabilities by a, b, c."""
    a, b, c = np.asarray(parameters, dtype=np.float64).T
    distance = np.asarray(theta, dtype=np.float64)[:, None] - b
    z = D * a * distance
    wrong = expit(-z)
    steep = (1.0 - c) * D * wrong * expit(z)
    result = np.empty((*z.shape, 2, 3))
    result[..., 1, 0] = steep * distance
    result[..., 1, 1] = -steep * a
    result[..., 1, 2] = wrong
    result[..., 0, :] = -result[..., 1, :]
    return result


def theta_derivatives(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Two arrays (Q, J, 2): first and second derivative of both probabilities by theta.

    >>> first, second = theta_derivatives(np.array([[1.0, 0.0, 0.0]]), np.array([0.0]))
    >>> first, second
    (array([[[-0.25, 0.25]]]), array([[[-0., 0.]]]))
    """
    a, b, c = np.asarray(parameters, dtype=np.float64).T
    z = D * a * (np.asarray(theta, dtype=np.float64)[:, None] - b)
    right, wrong = expit(z), expit(-z)
    first = (1.0 - c) * D * a * right * wrong
    second = first * D * a * (wrong - right)
    return np.stack((-first, first), axis=-1), np.stack((-second, second), axis=-1)
