"""Ability points: equally spaced, wide enough for every population and fine enough for every posterior.

On equally spaced points the sum ``h * sum f(theta_q)`` of a bell-shaped f of standard deviation sigma errs by
about ``2 exp(-2 pi^2 sigma^2 / h^2)`` of its value: at h = 1.2 sigma that is two in a million. The points
stay put while the population's weights move, so counts of all groups add up on the same points.
"""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["default_points", "equally_spaced", "refine_points"]

REACH = 6.0  # standard deviations either side of a population mean
FINENESS = 1.2  # largest spacing in standard deviations of the sharpest posterior
NARROWEST = 0.9  # largest spacing in standard deviations of the narrowest population, which moves itself
MOST_POINTS = 401  # memory and time grow with them


def equally_spaced(low: float = -6.0, high: float = 6.0, points: int = 61) -> FloatArray:
    """Shape (Q,): ability points.

    >>> equally_spaced(-1, 1, 5)
    array([-1. , -0.5,  0. ,  0.5,  1. ])
    """
    return np.linspace(low, high, points)


def default_points() -> FloatArray:
    """Shape (61,): from -6 to 6 in steps of .2."""
    return equally_spaced()


def refine_points(theta: FloatArray, mean: FloatArray, sd: FloatArray, information: float) -> FloatArray:
    """The same points, or wider and finer ones where populations or posteriors demand it.

    Parameters
    ----------
    theta
        Shape (Q,): the present points.
    mean, sd
        Shape (G,): the populations to be covered, 6 standard deviations either side.
    information
        The largest test information any person met; the sharpest posterior has about
        ``1 / sqrt(information + 1 / sd^2)``.

    >>> refine_points(default_points(), np.array([0.0]), np.array([1.0]), 10.0).size
    61
    >>> wide = refine_points(default_points(), np.array([3.0]), np.array([1.0]), 100.0)
    >>> float(wide[-1]) >= 9.0, bool(np.diff(wide).max() <= 0.12)
    (True, True)
    """
    low, high = float(theta[0]), float(theta[-1])
    spacing = (high - low) / (theta.size - 1)
    sharpest = 1.0 / np.sqrt(information + 1.0 / float(sd.min()) ** 2)
    wanted = min(spacing, FINENESS * float(sharpest), NARROWEST * float(sd.min()))
    reach_low = min(low, float((mean - REACH * sd).min()))
    reach_high = max(high, float((mean + REACH * sd).max()))
    as_fine_as_can_be = wanted >= 0.999 * spacing or theta.size >= MOST_POINTS
    if as_fine_as_can_be and reach_low > low - spacing and reach_high < high + spacing:
        return theta
    # a little finer and wider than needed, so that the next few steps do not ask again
    points = int(np.ceil(1.2 * (reach_high - reach_low) / wanted)) + 1
    return equally_spaced(reach_low - spacing, reach_high + spacing, min(points, MOST_POINTS))
