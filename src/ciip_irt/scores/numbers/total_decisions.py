"""How dependable pass and fail are, from the total scores alone (Livingston & Lewis 1995)."""

import numpy as np
from scipy.special import betainc, betaincinv

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.scores.numbers.passing import DecisionQuality, decision_quality, lowest_passing

__all__ = ["effective_length", "livingston_lewis"]

NODES = 200  # in each stretch: exact for polynomials of degree 399, and forms have fewer items


def effective_length(
    mean: float, sd: float, reliability: float, maximum: float, minimum: float = 0.0
) -> float:
    """How many equally difficult, independent right/wrong items would make as reliable a total.

    ``((mean - min)(max - mean) - r s^2) / (s^2 (1 - r))``; with r = KR-21 the number of items itself.

    >>> round(effective_length(mean=30, sd=5, reliability=0.80, maximum=40), 2)
    56.0
    """
    return ((mean - minimum) * (maximum - mean) - reliability * sd**2) / (sd**2 * (1.0 - reliability))


def livingston_lewis(
    totals: FloatArray, reliability: float, cut: float, *, maximum: float, minimum: float = 0.0
) -> DecisionQuality:
    """Accuracy and consistency of a raw cut without a response model.

    True scores follow a four-parameter beta distribution with the moments that the totals imply (Hanson 1991,
    ACT Research Report 91-5); where it would leave the score range, that end is put at the limit and three
    moments are matched, or both ends and two. The observed score given the true one is binomial with the
    effective length as number of items. As that number is not whole, ``P(X >= k)`` is the incomplete beta
    function ``I_p(k, n - k + 1)``, which equals the binomial sum wherever n and k are whole.

    Parameters
    ----------
    totals
        Shape (N,).
    reliability
        Of the totals, such as alpha, between 0 and 1.
    cut
        Raw score needed to pass.
    minimum, maximum
        Lowest and highest possible total.

    Raises
    ------
    InputError
        Fewer than two persons, totals that do not vary or lie outside the range, or a reliability outside
        (0, 1).

    Source: Livingston & Lewis (1995), Journal of Educational Measurement 32:179-197.

    >>> totals = np.repeat(np.arange(10, 41), np.r_[1:16, 16, 15:0:-1])
    >>> quality = livingston_lewis(totals, 0.85, 22, maximum=40)
    >>> round(quality.accuracy, 2), round(quality.consistency, 2)
    (0.89, 0.84)
    """
    totals = np.asarray(totals, dtype=np.float64)
    _check(totals, reliability, minimum, maximum)
    span = maximum - minimum
    n = effective_length(float(totals.mean()), float(totals.std()), reliability, maximum, minimum)
    shape, low, high, note = _true_scores((totals - minimum) / span, n)
    lowest = lowest_passing(cut)
    standard = (cut - minimum) / span
    below = float(betainc(*shape, np.clip((standard - low) / (high - low), 0.0, 1.0)))
    points, weights = _split_at(below)
    p = np.clip(low + (high - low) * betaincinv(*shape, points), 0.0, 1.0)
    # half a raw point below the lowest passing score lies the boundary, half an effective one above it is k
    k = (lowest - 0.5 - minimum) / span * n + 0.5
    if k <= 0:
        chance = np.ones_like(p)
    elif k >= n + 1:
        chance = np.zeros_like(p)
    else:
        chance = np.asarray(betainc(k, n - k + 1.0, p), dtype=np.float64)
    return decision_quality(chance, points > below, weights, method="livingston_lewis", cut=cut, note=note)


def _check(totals: FloatArray, reliability: float, minimum: float, maximum: float) -> None:
    problems = []
    if totals.size < 2 or not totals.std() > 0:
        problems.append(
            Problem("the totals do not vary", remedy="At least two persons with different totals are needed.")
        )
    elif totals.min() < minimum or totals.max() > maximum:
        problems.append(
            Problem(
                f"totals run from {totals.min():g} to {totals.max():g}, outside {minimum:g} to {maximum:g}",
                remedy="Give the lowest and the highest possible total.",
            )
        )
    if not 0.0 < reliability < 1.0:
        problems.append(
            Problem(
                f"the reliability is {reliability:g}",
                remedy="It must lie between 0 and 1; below zero it says that the total measures nothing.",
            )
        )
    if problems:
        raise InputError(problems)


def _true_scores(proportion: FloatArray, n: float) -> tuple[tuple[float, float], float, float, str]:
    """Shape and range of the beta distribution of true proportions."""
    x = n * proportion
    moments = []
    falling, divisor = np.ones_like(x), 1.0
    for order in range(4):
        falling = falling * (x - order)
        divisor *= n - order
        moments.append(float(falling.mean()) / divisor if divisor > 0 else float("nan"))
    m1, m2, m3, m4 = moments
    variance = m2 - m1**2
    if not variance > 0:
        raise InputError(
            Problem(
                "the totals vary no more than chance would make them",
                remedy="There are too few items or candidates to judge the decisions.",
            )
        )
    skew = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2
    free = _four_parameters(m1, variance, skew, kurtosis)
    if free is not None and free[1] >= 0.0 and free[2] <= 1.0:
        return *free, ""
    low, high = 0.0, 1.0
    if free is not None and free[1] >= 0.0:
        low = _end_for_skew(m1, variance, skew)
    elif free is not None and free[2] <= 1.0:
        high = 1.0 - _end_for_skew(1.0 - m1, variance, -skew)
    note = "Four moments put true scores outside the score range, so fewer were matched."
    return _two_parameters(m1, variance, low, high), low, high, note


def _two_parameters(mean: float, variance: float, low: float, high: float) -> tuple[float, float]:
    m, v = (mean - low) / (high - low), variance / (high - low) ** 2
    size = m * (1.0 - m) / v - 1.0
    return m * size, (1.0 - m) * size


def _end_for_skew(mean: float, variance: float, skew: float) -> float:
    """The lower end with which a beta distribution up to 1 matches three moments best."""
    # beyond it, the variance is more than any distribution between the ends can have
    farthest = mean - variance / (1.0 - mean)

    def missed(low: float) -> float:
        a, b = _two_parameters(mean, variance, low, 1.0)
        return float((2 * (b - a) * np.sqrt(a + b + 1) / ((a + b + 2) * np.sqrt(a * b)) - skew) ** 2)

    if farthest <= 1e-6:
        return 0.0
    from scipy.optimize import minimize_scalar  # .2 s to load, and most totals need none of it

    found = minimize_scalar(missed, bounds=(0.0, 0.999 * farthest), method="bounded")
    return float(found.x) if found.fun < missed(0.0) else 0.0


def _four_parameters(
    mean: float, variance: float, skew: float, kurtosis: float
) -> tuple[tuple[float, float], float, float] | None:
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.float64(6.0 * (kurtosis - skew**2 - 1.0)) / (6.0 + 3.0 * skew**2 - 2.0 * kurtosis)
        inner = 1.0 - 24.0 * (r + 1.0) / ((r + 2.0) * (r + 3.0) * kurtosis - 3.0 * (r - 6.0) * (r + 1.0))
    if not (np.isfinite(r) and r > 0 and np.isfinite(inner) and -1e-9 <= inner < 1.0):
        return None
    side = float(np.sqrt(max(inner, 0.0))) * (-1.0 if skew > 0 else 1.0)
    alpha, beta = float(r) / 2.0 * (1.0 + side), float(r) / 2.0 * (1.0 - side)
    width = (alpha + beta) * float(np.sqrt(variance * (alpha + beta + 1.0) / (alpha * beta)))
    low = mean - width * alpha / (alpha + beta)
    high = low + width
    return (alpha, beta), low, high


def _split_at(below: float) -> tuple[FloatArray, FloatArray]:
    """Points and weights on (0, 1), in two stretches that meet at ``below``."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    parts = [(0.0, below), (below, 1.0)]
    points = np.concatenate([low + (high - low) * (nodes + 1.0) / 2.0 for low, high in parts if high > low])
    spread = np.concatenate([(high - low) / 2.0 * weights for low, high in parts if high > low])
    return points, spread
