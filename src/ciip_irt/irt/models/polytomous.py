"""What the models for scores 0..K-1 share: names, the box of the working parameters, start values."""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.log_odds import logit

__all__ = ["adjacent_difficulties", "largest_steps", "names", "threshold_difficulties", "working_bounds"]


def names(n_categories: int) -> tuple[str, ...]:
    """The slope and one difficulty for each score above 0.

    >>> names(4)
    ('a', 'b1', 'b2', 'b3')
    """
    return ("a", *(f"b{score}" for score in range(1, n_categories)))


def working_bounds(n_categories: int) -> tuple[tuple[float, float], ...]:
    """The slope as in the models for right/wrong items; an intercept sums up to K-1 of theirs."""
    return ((-8.0, 15.0), *(((-25.0 * (n_categories - 1), 25.0 * (n_categories - 1)),) * (n_categories - 1)))


def largest_steps(n_categories: int) -> tuple[float, ...]:
    """How far one scoring step may go in each working parameter."""
    return (2.0, *((6.0,) * (n_categories - 1)))


def adjacent_difficulties(shares: FloatArray) -> FloatArray:
    """Shape (J, K-1): log of the share of score k - 1 over that of score k.

    ``shares`` (J, K-1) holds the share of answers with score k or more, k = 1..K-1.

    >>> adjacent_difficulties(np.array([[0.5, 0.25]]))
    array([[0.69314718, 0.        ]])
    """
    each = np.clip(-np.diff(shares, axis=1, prepend=1.0, append=0.0), 1e-3, 1.0)
    result: FloatArray = np.log(each[:, :-1] / each[:, 1:])
    return result


def threshold_difficulties(shares: FloatArray) -> FloatArray:
    """Shape (J, K-1), rising: minus the logit of the share of answers with score k or more.

    >>> threshold_difficulties(np.array([[0.5, 0.25]])).round(3)
    array([[0. , 1.1]])
    """
    clipped = np.clip(shares, 1e-3, 1.0 - 1e-3)
    result: FloatArray = np.maximum.accumulate(-logit(clipped) + 1e-3 * np.arange(shares.shape[1]), axis=1)
    return result
