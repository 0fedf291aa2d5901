"""The probabilities that an item's true D-DIF lies in class A, B or C.

Most items of an exam have next to no DIF and a few have much. A single normal distribution for the true D
(Zwick, Thayer & Lewis 1999) with its variance taken as known draws the few to the many with a certainty that
nobody has: where the observed D vary hardly more than their errors, an item of D = 3.4 with standard error
1.4 gets a probability of class C of 2e-14. Here the true D come from a spike and a slab,

    (1 - share) N(m, tau^2)  +  share [w N(m + k, s^2) + (1 - w) N(m - k, s^2)]

and nothing of it is known: m, tau, the share and the slab's form (k, s, w: one wide hump, or two humps, equal
or mostly on one side) are a grid of which every point counts by its marginal likelihood and prior. m is where
the items without DIF are: where many items favour one group, the matching score does too, and all D are off
by the same amount; the true D is counted from m.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["MINIMUM_ITEMS", "ClassProbabilities", "class_probabilities"]

MINIMUM_ITEMS = 5  # fewer tell nothing of the spread of harmless DIF
LIMITS = (1.0, 1.5)  # ETS: class B begins at 1, class C at 1.5
TAU = np.array([0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0])  # spread of harmless DIF, delta units
TAU_PRIOR = -TAU / 0.15  # harmless means mostly below half a unit; where the data insist, a whole one
SHARE = np.array([0.002, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45])  # of items with clear DIF
SHARE_PRIOR = (
    -0.3 * np.log(SHARE) + 1.5 * np.log1p(-SHARE) + np.log(np.gradient(SHARE))
)  # Beta(.7, 2.5): hardly any, or a quarter
OFF = np.array(
    [-0.4, -0.2, 0.0, 0.2, 0.4]
)  # of m from the middle of the observed D: a quarter of 2 on one side
# k, s, w of the slab: one hump of spread 1.5 or 2.5; two humps beyond, at, and well within class C
SLABS = np.array(
    [(0.0, 1.5, 0.5), (0.0, 2.5, 0.5)]
    + [(k, s, w) for k, s in ((1.5, 0.6), (2.2, 0.7), (3.0, 1.0)) for w in (0.5, 0.15, 0.85)]
)
SLAB_PRIOR = np.log([0.2, 0.2] + 9 * [0.6 / 9])  # one hump with .4, two with .6
MIDDLE = (0.2, 0.8)  # quantiles between which D counts for the middle


@result
@dataclass(frozen=True, slots=True)
class ClassProbabilities:
    """Probabilities (3, J) of the classes A, B, C; posterior means of ``m``, ``tau`` and ``share``.

    ``expected`` (J,) is the posterior mean of the true D, counted from m: 0 for items without DIF, whatever
    the items with DIF have done to the matching score. NaN where fewer than ``MINIMUM_ITEMS`` items inform
    the prior.
    """

    probability: FloatArray
    mean: float
    tau: float
    share: float
    expected: FloatArray


def class_probabilities(d: FloatArray, se: FloatArray, informs: BoolArray) -> ClassProbabilities:
    """Posterior class probabilities of every item.

    Parameters
    ----------
    d, se
        (J,) D-DIF and standard error; NaN where there is none.
    informs
        (J,) items from which the prior is learnt.

    >>> quiet = np.linspace(-0.4, 0.4, 39)
    >>> d, se = np.append(quiet, 2.5), np.full(40, 0.4)
    >>> found = class_probabilities(d, se, np.ones(40, dtype=bool))
    >>> bool(found.probability[2, -1] > 0.9), bool(found.probability[0, 20] > 0.99)
    (True, True)
    """
    with one_blas_thread():
        if int(informs.sum()) < MINIMUM_ITEMS:
            unknown, nan = np.full((3, d.size), np.nan), float("nan")
            return ClassProbabilities(unknown, nan, nan, nan, unknown[0])
        middle = np.clip(d[informs], *np.quantile(d[informs], MIDDLE))
        places = float(np.average(middle, weights=se[informs] ** -2.0)) + OFF
        found = [_at(d - place, se, informs) for place in places]
        log_weight = np.stack([one.log_weight for one in found])  # (m, tau, share, slab)
        weight = np.exp(log_weight - logsumexp(log_weight))
        inside, expected = np.zeros((len(LIMITS), d.size)), np.zeros(d.size)
        for place, one, each in zip(places, found, weight, strict=True):
            within, centre = _inside(d - place, se, one, each)
            inside, expected = inside + within, expected + centre
        probability = np.clip(np.stack([inside[0], inside[1] - inside[0], 1 - inside[1]]), 0.0, 1.0)
        return ClassProbabilities(
            probability,
            float(weight.sum(axis=(1, 2, 3)) @ places),
            float(weight.sum(axis=(0, 2, 3)) @ TAU),
            float(weight.sum(axis=(0, 1, 3)) @ SHARE),
            expected,
        )


@dataclass(frozen=True, slots=True)
class _Grid:
    """For one m: log posterior weight (tau, share, slab) and how far each item is of the spike, in logs."""

    log_weight: FloatArray
    log_spike: FloatArray  # (tau, share, slab, item)


def _density(x: FloatArray, spread: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (x / spread) ** 2 - np.log(spread))


def _humps(x: FloatArray, se: FloatArray) -> FloatArray:
    """Shape (2, slab, item): log density of both humps with their weights."""
    k, s, w = SLABS.T[:, :, None]
    spread = np.hypot(s, se)
    return np.stack((np.log(w) + _density(x - k, spread), np.log1p(-w) + _density(x + k, spread)))


def _at(x: FloatArray, se: FloatArray, informs: BoolArray) -> _Grid:
    x, se = np.nan_to_num(x), np.where(np.isfinite(se), se, 1.0)  # no items to learn from; NaN in the end
    spike = _density(x, np.hypot(TAU[:, None], se))[:, None, None, :] + np.log1p(-SHARE)[:, None, None]
    slab = np.logaddexp(*_humps(x, se))[None, None] + np.log(SHARE)[:, None, None]
    both = np.logaddexp(spike, slab)
    prior = TAU_PRIOR[:, None, None] + SHARE_PRIOR[:, None] + SLAB_PRIOR
    return _Grid(both[..., informs].sum(axis=-1) + prior, spike - both)


def _inside(x: FloatArray, se: FloatArray, grid: _Grid, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probability (limit, J) that the true D is within each limit, and its mean (J,), both times the weight
    of this m."""
    lost = ~np.isfinite(x)
    x, se = np.where(lost, 0.0, x), np.where(lost, 1.0, se)
    spike = np.exp(grid.log_spike)
    of_spike = np.einsum("tuk,tukj->tj", weight, spike)
    of_slab = np.einsum("tuk,tukj->kj", weight, 1.0 - spike)
    up, down = _humps(x, se)
    first = np.exp(up - np.logaddexp(up, down))
    k, s, _ = SLABS.T[:, :, None]
    result = np.zeros((len(LIMITS), x.size))
    for row, limit in enumerate(LIMITS):
        result[row] = (of_spike * _within(x, se, 0.0, TAU[:, None], limit)).sum(axis=0)
        result[row] += (of_slab * first * _within(x, se, k, s, limit)).sum(axis=0)
        result[row] += (of_slab * (1.0 - first) * _within(x, se, -k, s, limit)).sum(axis=0)
    mean = (of_spike * _pulled(x, se, 0.0, TAU[:, None])[0]).sum(axis=0)
    mean += (of_slab * first * _pulled(x, se, k, s)[0]).sum(axis=0)
    mean += (of_slab * (1.0 - first) * _pulled(x, se, -k, s)[0]).sum(axis=0)
    result[:, lost] = mean[lost] = np.nan
    return result, mean


def _within(
    x: FloatArray, se: FloatArray, mean: FloatArray | float, spread: FloatArray, limit: float
) -> FloatArray:
    """Posterior probability of [-limit, limit] under N(mean, spread^2)."""
    centre, width = _pulled(x, se, mean, spread)
    return np.asarray(ndtr((limit - centre) / width) - ndtr((-limit - centre) / width))


def _pulled(
    x: FloatArray, se: FloatArray, mean: FloatArray | float, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and standard deviation under N(mean, spread^2)."""
    pull = spread**2 / (spread**2 + se**2)
    return np.asarray(mean + pull * (x - mean)), np.maximum(np.sqrt(pull) * se, 1e-9)
