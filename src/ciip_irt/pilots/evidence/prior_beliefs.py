"""What the scored items lead to believe of pilots before any of them is answered."""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.evidence.priors import SD_LOG_SLOPE, PriorCentre

__all__ = ["centre_on_scored_items"]

GRADIENT = 0.7  # of the mean intercept, as in a real calibration
GROWING = 0.5  # of the intercept's variance: between the two extremes that real exams lie between
WORTH = 30.0  # items that these beliefs are worth
TRIED = np.linspace(0.02, 0.98, 25)  # of the growing share; at 0 or 1 the spread at some slope would vanish
LEAST_SPREAD = 0.1  # sd of log slopes from which on they tell how slope and intercept go together


def centre_on_scored_items(slopes: FloatArray, intercepts: FloatArray) -> PriorCentre:
    """What the scored items' slopes and intercepts (J,), per population standard deviation, lead to believe.

    With t the slope over the typical one, ``d ~ N(k + g (t - 1), v² (1 - c + c t²))``: for each c a weighted
    regression of the intercept on t, held by a belief of 30 items in what real exams show; the likeliest c is
    taken. With equal slopes (Rasch) it is that belief alone.
    """
    log_slope = np.log(np.maximum(slopes, 0.05))
    m, k = float(log_slope.mean()), float(np.median(intercepts))
    if log_slope.std() < LEAST_SPREAD:
        return PriorCentre(m, k, GRADIENT * k, GROWING)
    t = np.exp(log_slope - m)
    lean = WORTH * SD_LOG_SLOPE**2
    best, found = np.inf, (GRADIENT * k, GROWING)
    for growing in TRIED:
        relative = 1.0 - growing + growing * t**2
        weight = 1.0 / relative
        mean, centre = weight @ intercepts / weight.sum(), weight @ t / weight.sum()
        g = (weight @ ((t - centre) * (intercepts - mean)) + lean * GRADIENT * k) / (
            weight @ (t - centre) ** 2 + lean
        )
        rest = intercepts - mean - g * (t - centre)
        variance = weight @ rest**2 / t.size
        unlikely = 0.5 * t.size * np.log(variance) + 0.5 * np.log(relative).sum()
        unlikely += WORTH * (SD_LOG_SLOPE * (growing - GROWING)) ** 2
        if unlikely < best:
            best, found = float(unlikely), (float(g), float(growing))
    return PriorCentre(m, k, *found)
