"""What is believed about a pilot item, and about a distractor, before anyone has answered.

A pilot item is sound, weak, flat, or has a wrong key. With S the scored items' typical slope and t = s / S:

=========  ==================  ===========================================================================
sound      log s ~ N(m, w²)    d ~ N(k + g (t - 1), v² (1 - c + c t²))
weak       log s ~ N(m', w'²)  around a quarter of S; d as of a sound item of that slope
flat       s ~ N(0, .04²)      d ~ N(.35, .9²): knowing more does not help; p from chance up
wrong key  log(-s), d          bivariate normal: what a popular distractor of a sound item looks like (below)
=========  ==================  ===========================================================================

The shares of the four, m, w, m', w', k, g, v and c are estimated from the whole block of pilots
(``prior_estimate``), so that a block of easy pilots is not pulled towards the average item (Babcock & Hodge
2020). Around sound, weak and flat items together the distribution of slopes is then learnt freely: their
mixture is multiplied by a piecewise linear factor of the slope, whose values at ``KNOTS`` are estimated. Real
blocks need not look like the mixture: a lump of weak items, two heaps, a long tail.

g and c say how intercept and slope go together, down to slopes near zero. Where difficulty b = -d/s has
nothing to do with the slope, ``g = k`` and ``c = 1``: an item without a slope has p near .5. Where the
intercept has nothing to do with it, both are 0. A 2PL calibration of a real licensure exam lies between. Were
the intercept linear in the log slope instead, weak items would be taken for flat ones that happen to be easy,
or the other way round. Where the scored items' slopes differ, they tell what to believe (``prior_beliefs``).

A flat item is one that tells nobody apart; one that does so a little is weak, or in the lower tail of the
sound ones. Were the flat kind wide, items without any slope would be taken for weak ones that pass the limit.

The key of a **wrongly keyed** item is a distractor of an item whose right option has the curve P of a sound
one. Of those who do not know, a share f takes it, f ~ Beta(3, 3): its curve is ``(1 - P) f``, which for the
average candidate has

    d' = logit((1 - P) f),      s' = -s P / (1 - (1 - P) f).

So wrong keys fall about as steeply as sound items rise, and hardly ever look flat. The moments of log(-s')
and d' are taken over what is believed of the scored items.

The prior of difficulty stands on d, the logit of P for the average candidate, and not on b = -d/s: for
slopes near 0 the difficulty b does not exist. At a fixed slope a normal d is a normal b.

A **distractor** is an "item" whose curve falls: log(-s) ~ N(m - .3, .6^2). Seldom it is flat, and with a
probability of .03 it behaves like a key.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, expit, logit

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.evidence.curves import CurveGrid

__all__ = [
    "BELIEVED_SHARES",
    "KNOTS",
    "LEAST_SD",
    "SD_INTERCEPT",
    "SD_LOG_SLOPE",
    "WEAK",
    "PilotPrior",
    "PriorCentre",
    "distractor_log_prior",
    "flat_log_density",
    "wrong_key_log_density",
]

SD_LOG_SLOPE, SD_INTERCEPT = 0.4, 1.1  # w, v believed: as in calibrations of real exams
FLAT = (0.0, 0.04), (0.35, 0.9)  # slope, intercept: mean and sd
# log slope of weak items against the scored items' typical one, and sd: a slope whose R is about .05
WEAK = float(np.log(0.25)), 0.5
TAKES_IT = (3.0, 3.0)  # Beta: share of a popular distractor among the wrong answers
# of the moments of wrong keys: standard normal nodes, and middles of equal parts of the beta distribution
NODES, SHARES = np.linspace(-2.5, 2.5, 21), (np.arange(15) + 0.5) / 15
# A Dirichlet belief, worth thirty items, about the shares of sound, flat, weak and wrongly keyed ones: one in
# five is flawed. Of weak ones little is believed, since most blocks have no lump of them; what there is must
# only be enough for a lump to be found
BELIEVED_SHARES = (23.5, 3.0, 0.5, 3.0)
# Slopes between which the freely learnt factor is linear: close together where R passes the usual limits;
# below 0 it is that of 0, since only flat items are there
KNOTS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.3, 4.0])
DISTRACTOR = ((0.87, "falls"), (0.10, "flat"), (0.03, "key"))  # shares believed; see the last paragraph
NEVER = -1e3  # log weight of what cannot be; exp underflows to 0
LEAST_RIGHT = 1e-12  # share of answers; keeps logarithms finite where the scored items' values are absurd
LEAST_SD = 0.1  # a prior narrower than the grid would miss it


@dataclass(frozen=True, slots=True)
class PriorCentre:
    """What pilots are believed to be like beforehand: like the scored items."""

    mean_log_slope: float
    mean_intercept: float
    gradient: float
    growing: float = 0.5

    @property
    def typical_slope(self) -> float:
        return float(np.exp(self.mean_log_slope))


@dataclass(frozen=True, slots=True)
class PilotPrior:
    """The prior of a block of pilots, slopes per population standard deviation.

    Attributes
    ----------
    mean_log_slope, sd_log_slope
        Of sound items.
    mean_intercept, sd_intercept
        Of sound items of the typical slope: logit of P for the average candidate.
    gradient
        By how much the mean intercept grows from a slope of 0 to the typical one.
    growing
        Share of the intercept's variance, at the typical slope, that grows with the squared slope.
    flat, weak, wrong_key
        Shares of these items.
    mean_log_weak, sd_log_weak
        Of weak items' slopes, the mean against the typical one.
    factor
        Shape (K,): by how much slopes at ``KNOTS`` are more frequent than in the mixture; linear between.
    centre
        What was believed beforehand, on which the typical slope, weak items and wrong keys depend.
    converged
        Whether the search for the maximum ended.
    """

    mean_log_slope: float
    mean_intercept: float
    sd_log_slope: float = SD_LOG_SLOPE
    sd_intercept: float = SD_INTERCEPT
    gradient: float = 0.0
    growing: float = 0.0
    flat: float = BELIEVED_SHARES[1] / sum(BELIEVED_SHARES)
    weak: float = BELIEVED_SHARES[2] / sum(BELIEVED_SHARES)
    wrong_key: float = BELIEVED_SHARES[3] / sum(BELIEVED_SHARES)
    mean_log_weak: float = WEAK[0]
    sd_log_weak: float = WEAK[1]
    factor: tuple[float, ...] = (1.0,) * KNOTS.size
    centre: PriorCentre | None = None
    converged: bool = True

    @property
    def around(self) -> PriorCentre:
        """The centre; where none was given, what sound items are like."""
        return self.centre or PriorCentre(
            self.mean_log_slope, self.mean_intercept, self.gradient, self.growing
        )

    def log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of what a pilot may be, summing to 1."""
        wrong = np.log(self.wrong_key) + wrong_key_log_density(grid, self.around)
        result: FloatArray = np.logaddexp(np.log1p(-self.wrong_key) + self.one_right_log_density(grid), wrong)
        return result

    def wrong_share(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): of each curve's weight, the share that comes from wrongly keyed items."""
        wrong = np.log(self.wrong_key) + wrong_key_log_density(grid, self.around)
        result: FloatArray = np.exp(wrong - self.log_density(grid))
        return result

    def one_right_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of a pilot whose key, and no other option, is right; they sum to 1."""
        factor = np.log(np.interp(grid.slopes, KNOTS, self.factor))
        free = self.mixture_log_density(grid) + factor[:, None]
        result: FloatArray = free - np.logaddexp.reduce(free, axis=None)
        return result

    def mixture_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of sound, weak and flat items, before slopes are learnt freely."""
        given_slope = self.intercept_log_density(grid)
        sound = 1.0 - self.flat - self.weak - self.wrong_key
        parts = [
            np.log(sound) + self.sound_slopes(grid)[:, None] + given_slope,
            np.log(self.weak) + self.weak_slopes(grid)[:, None] + given_slope,
            np.log(self.flat) + flat_log_density(grid),
        ]
        result: FloatArray = np.logaddexp.reduce(parts) - np.log1p(-self.wrong_key)
        return result

    def sound_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights that sum to 1 over the grid."""
        return np.asarray(self.sound_slopes(grid)[:, None] + self.intercept_log_density(grid))

    def sound_slopes(self, grid: CurveGrid) -> FloatArray:
        """Shape (S,)."""
        return _log_normal(grid.slopes, self.mean_log_slope, self.sd_log_slope)

    def weak_slopes(self, grid: CurveGrid) -> FloatArray:
        """Shape (S,)."""
        mean = self.around.mean_log_slope + self.mean_log_weak
        return _log_normal(grid.slopes, mean, self.sd_log_weak)

    def intercept_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): of sound and weak items' intercepts, given the slope; falling slopes count as 0."""
        t = np.maximum(grid.slopes, 0.0) / self.around.typical_slope
        mean = self.mean_intercept + self.gradient * (t - 1.0)
        sd = np.hypot(self.sd_intercept * np.sqrt(1.0 - self.growing + self.growing * t**2), LEAST_SD)
        intercept = -0.5 * ((grid.intercepts - mean[:, None]) / sd[:, None]) ** 2
        result: FloatArray = intercept - np.logaddexp.reduce(intercept, axis=1)[:, None]
        return result


def flat_log_density(grid: CurveGrid) -> FloatArray:
    """Shape (S, D): log weights of a flat item; they sum to 1."""
    return _product(_normal(grid.slopes, *FLAT[0]), _normal(grid.intercepts, *FLAT[1]))


def wrong_key_log_density(grid: CurveGrid, centre: PriorCentre) -> FloatArray:
    """Shape (S, D): log weights of a wrong key's curve; they sum to 1."""
    mean, covariance = _wrong_keys(centre)
    falls = grid.slopes < -1e-9
    log_slope = np.log(np.where(falls, -grid.slopes, 1.0))[:, None]
    off = np.stack(np.broadcast_arrays(log_slope - mean[0], grid.intercepts[None, :] - mean[1]))
    far = np.einsum("isd,ij,jsd->sd", off, np.linalg.inv(covariance), off)
    wrong_key = np.where(falls[:, None], -log_slope - 0.5 * far, NEVER)
    result: FloatArray = wrong_key - np.logaddexp.reduce(wrong_key, axis=None)
    return result


def _wrong_keys(centre: PriorCentre) -> tuple[FloatArray, FloatArray]:
    """Mean (2,) and covariance (2, 2) of log(-s') and d' of wrong keys."""
    normal = np.exp(-0.5 * NODES**2)
    z, e, f = np.meshgrid(NODES * SD_LOG_SLOPE, NODES, betaincinv(*TAKES_IT, SHARES), indexing="ij")
    weight = (normal[:, None, None] * normal[None, :, None] + np.zeros_like(f)).ravel()
    weight /= weight.sum()
    t = np.exp(z)
    spread = SD_INTERCEPT * np.sqrt(1.0 - centre.growing + centre.growing * t**2)
    right = expit(centre.mean_intercept + centre.gradient * (t - 1.0) + spread * e)
    takes = np.maximum((1.0 - right) * f, LEAST_RIGHT)
    log_slope = centre.mean_log_slope + z + np.log(np.maximum(right, LEAST_RIGHT) / (1.0 - takes))
    values = np.stack([log_slope.ravel(), logit(takes).ravel()])
    mean = values @ weight
    off = values - mean[:, None]
    return mean, np.asarray((off * weight) @ off.T)


def distractor_log_prior(grid: CurveGrid, prior: PilotPrior) -> FloatArray:
    """Shape (S, D): log weights of a distractor."""
    falls = _log_normal(-grid.slopes, prior.mean_log_slope - 0.3, 0.6)
    chosen = _normal(grid.intercepts, -2.5, 1.5)
    parts = {
        "falls": _product(falls, chosen),
        "flat": _product(_normal(grid.slopes, 0.0, 0.2), chosen),
        "key": prior.sound_log_density(grid),
    }
    weighted = [np.log(share) + parts[name] for share, name in DISTRACTOR]
    result: FloatArray = np.logaddexp.reduce(weighted, axis=0)
    return result


def _normal(x: FloatArray, mean: float, sd: float) -> FloatArray:
    return _normalised(-0.5 * ((x - mean) / sd) ** 2)


def _log_normal(x: FloatArray, mean: float, sd: float) -> FloatArray:
    log_x = np.log(np.where(x > 0, x, 1.0))
    return _normalised(np.where(x > 1e-9, -log_x - 0.5 * ((log_x - mean) / sd) ** 2, NEVER))


def _normalised(log_weight: FloatArray) -> FloatArray:
    result: FloatArray = log_weight - np.logaddexp.reduce(log_weight)
    return result


def _product(by_slope: FloatArray, by_intercept: FloatArray) -> FloatArray:
    return by_slope[:, None] + by_intercept[None, :]
