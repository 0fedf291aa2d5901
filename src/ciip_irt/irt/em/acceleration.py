"""Anderson acceleration of a fixed-point iteration.

EM converges linearly, and slowly where little is observed. From the last few pairs (x, M(x)) the next x is
the combination whose residuals ``M(x) - x`` cancel best in the least-squares sense. The caller guards against
a combination that lowers the objective.

Source: Walker & Ni (2011), SIAM Journal on Numerical Analysis 49:1715-1735; for EM Henderson & Varadhan
(2019), Journal of Computational and Graphical Statistics 28:834-846.
"""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["extrapolate"]


def extrapolate(history: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The next point from the last pairs (x, M(x)), the newest last; with one pair, M(x) itself.

    >>> x0, x1 = np.array([1.0, 1.0]), np.array([0.5, 0.9])  # M halves the first, takes .1 off the second
    >>> m = np.array([0.5, 0.9])
    >>> x2 = m * x1
    >>> bool(np.abs(extrapolate([(x0, m * x0), (x1, m * x1)])).max() < 0.75)
    True
    """
    mapped = history[-1][1]
    if len(history) < 2:
        return mapped
    residuals = np.array([after - before for before, after in history])
    steps = np.array([after for _, after in history])
    d_residual = np.diff(residuals, axis=0).T
    d_step = np.diff(steps, axis=0).T
    # a little damping keeps nearly parallel differences from making huge coefficients
    gram = d_residual.T @ d_residual
    ridge = 1e-12 * float(np.trace(gram)) + 1e-300
    coefficients = np.linalg.solve(gram + ridge * np.eye(gram.shape[0]), d_residual.T @ residuals[-1])
    candidate: FloatArray = mapped - d_step @ coefficients
    return candidate if np.isfinite(candidate).all() else mapped
