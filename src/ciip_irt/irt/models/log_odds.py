"""The logistic function and its inverse in numpy alone.

``scipy.special`` has both, but loading it takes a tenth of a second, which every check of a form would pay.
"""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["expit", "logit"]


def expit(x: FloatArray) -> FloatArray:
    """``1 / (1 + exp(-x))``, to full relative precision in both tails.

    >>> expit(np.array([-np.inf, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore"):
        result: FloatArray = 1.0 / (1.0 + np.exp(-x))
    return result


def logit(p: FloatArray) -> FloatArray:
    """``log(p / (1 - p))``: -inf at 0, inf at 1.

    >>> logit(np.array([0.0, 0.5, 1.0]))
    array([-inf,   0.,  inf])
    """
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(p) - np.log1p(-p)
    return result
