"""What is believed about a pilot item, and about a distractor, before anyone has answered.

A pilot item is sound, weak, flat, or has a wrong key.

=========  ==================  ===========================================================================
sound      log s ~ N(m, w²)    d ~ N(k + g z, v² e^(2hz)), z = log s - m
weak       s ~ N(.25, .15²) S  above 0, S the scored items' typical slope; d as of a flat item
flat       s ~ N(0, .04²)      d ~ N(.35, .9²): knowing more does not help; p from chance up
wrong key  log(-s), d          bivariate normal: what a popular distractor of a sound item looks like (below)
=========  ==================  ===========================================================================

The shares of sound, flat and wrongly keyed items, m, w, k, g, v and h are estimated from the whole block of
pilots (maximum of the marginal likelihood times the beliefs below), so that a block of easy pilots is not
pulled towards the average item (Babcock & Hodge 2020). The beliefs are weak and matter for a block of a few
items only: pilots resemble the scored items, and about one in five is flawed. The share of weak items is set,
since one cannot tell them from flat ones well enough to estimate both; it only gives the next step something
to start from.

Real blocks need not look like this mixture: a lump of weak items, two heaps, a long tail. So the distribution
of slopes is then learnt freely around it: the mixture is multiplied by a piecewise linear factor of the slope
with knots a tenth of a slope apart where decisions fall. In other words the slopes are a mixture of hats,
each with the mixture's shape inside, and the shares of the hats are estimated by EM with a Dirichlet belief
worth ten items that they are those of the mixture.

g and h say how intercept and slope go together. If difficulty b = -d/s has nothing to do with the slope, an
easy item's intercept grows with its slope (g = k, h = 1); in a 2PL calibration of a real licensure exam
g = .7 k and h is near 0. Without them the R of easy items is stated too cautiously, that of middling ones
too boldly. Where the scored items' slopes differ, they tell what to believe.

A flat item is one that tells nobody apart; one that does so a little belongs to the lower tail of the sound
ones. Were the flat kind wide, items without any slope would be taken for weak ones that pass the limit.

The key of a **wrongly keyed** item is a distractor of an item whose right option has the curve P of a sound
one. Of those who do not know, a share f takes it, f ~ Beta(3, 3): its curve is ``(1 - P) f``, which for the
average candidate has

    d' = logit((1 - P) f),      s' = -s P / (1 - (1 - P) f).

So wrong keys fall about as steeply as sound items rise, and hardly ever look flat. The moments of log(-s')
and d' are taken over what is believed of the scored items.

The prior of difficulty stands on d, the logit of P for the average candidate, and not on b = -d/s: for
slopes near 0 the difficulty b does not exist. At a fixed slope a normal d is a normal b.

A **distractor** is an "item" whose curve falls: log(-s) ~ N(m_s - .3, .6^2). Seldom it is flat, and with a
probability of .03 it behaves like a key.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaincinv, expit, logit

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.evidence.curves import CurveGrid

__all__ = ["PilotPrior", "PriorCentre", "centre_on_scored_items", "distractor_log_prior", "estimate_prior"]

SD_LOG_SLOPE, SD_INTERCEPT, SPREADING = 0.4, 1.1, 0.5  # w, v, h believed: as in calibrations of real exams
GRADIENT = 0.7  # of the mean intercept, as in a real calibration
FLAT = (0.0, 0.04), (0.35, 0.9)  # slope, intercept: mean and sd
WEAK = 0.25, 0.15  # slope: mean and sd as shares of the scored items' typical slope
TAKES_IT = (3.0, 3.0)  # Beta: share of a popular distractor among the wrong answers
# of the moments of wrong keys: standard normal nodes, and middles of equal parts of the beta distribution
NODES, SHARES = np.linspace(-2.5, 2.5, 21), (np.arange(15) + 0.5) / 15
SHARE_PSEUDO = (24.0, 3.0, 3.0)  # a Dirichlet belief about the shares of sound, flat and wrongly keyed items
WEAK_SHARE = 0.03  # small enough not to matter in a block without a lump of them, whatever is learnt freely
# Slopes between which the freely learnt factor is linear: close together where R passes the usual limits
KNOTS = np.array([-2.5, -1.2, -0.6, -0.3, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.3, 4.0])
FREE_PSEUDO = 10.0  # items that the belief in the mixture is worth: with 30, lumps were still half believed
FREE_ROUNDS = 100  # of EM: many, for shares of neighbouring hats exchange slowly
# How sure the beliefs are: standard deviations of m, log w, k, log v, g, h
SURE = np.array([0.2, 0.2, 0.8, 0.35, 0.4, 0.3])
DISTRACTOR = ((0.87, "falls"), (0.10, "flat"), (0.03, "key"))  # shares believed; see the last paragraph
ITERATIONS = 200  # of the quasi-Newton search: a stop that ``converged`` tells of
NEVER = -1e3  # log weight of what cannot be; exp underflows to 0
LEAST_RIGHT = 1e-12  # share of answers; keeps logarithms finite where the scored items' values are absurd
TINY = 1e-12  # share of a hat that the mixture hardly knows; only against division by 0
LEAST_SD = 0.1  # a prior narrower than the grid would miss it
LEAST_SPREAD = 0.1  # sd of log slopes from which on they tell how slope and intercept go together


@dataclass(frozen=True, slots=True)
class PriorCentre:
    """What pilots are believed to be like beforehand: like the scored items."""

    mean_log_slope: float
    mean_intercept: float
    gradient: float
    spreading: float = SPREADING


@dataclass(frozen=True, slots=True)
class PilotPrior:
    """The prior of a block of pilots, slopes per population standard deviation.

    Attributes
    ----------
    mean_log_slope, sd_log_slope
        Of sound items.
    mean_intercept, sd_intercept
        Of sound items of average log slope: logit of P for the average candidate.
    gradient, spreading
        Of sound items: how the mean of the intercept, and the log of its sd, grow with the log slope.
    flat, wrong_key
        Shares of these items, weak ones apart.
    factor
        Shape (K,): by how much slopes at ``KNOTS`` are more frequent than in the mixture; linear between.
    centre
        What was believed beforehand, on which the curves of wrong keys and weak items depend.
    converged
        Whether the search for the maximum ended.
    """

    mean_log_slope: float
    mean_intercept: float
    sd_log_slope: float = SD_LOG_SLOPE
    sd_intercept: float = SD_INTERCEPT
    gradient: float = 0.0
    spreading: float = 0.0
    flat: float = SHARE_PSEUDO[1] / sum(SHARE_PSEUDO)
    wrong_key: float = SHARE_PSEUDO[2] / sum(SHARE_PSEUDO)
    factor: tuple[float, ...] = (1.0,) * KNOTS.size
    centre: PriorCentre | None = None
    converged: bool = True

    def sound_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights that sum to 1 over the grid."""
        slope = _log_normal(grid.slopes, self.mean_log_slope, self.sd_log_slope)
        z = np.where(grid.slopes > 1e-9, _log_slopes(grid) - self.mean_log_slope, 0.0)[:, None]
        mean = self.mean_intercept + self.gradient * z
        sd = np.hypot(self.sd_intercept * np.exp(self.spreading * z), LEAST_SD)
        intercept = -0.5 * ((grid.intercepts - mean) / sd) ** 2
        result: FloatArray = slope[:, None] + intercept - np.logaddexp.reduce(intercept, axis=1)[:, None]
        return result

    def log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of what a pilot may be, summing to 1."""
        factor = np.log(np.interp(grid.slopes, KNOTS, self.factor))
        free = self.mixture_log_density(grid) + factor[:, None]
        result: FloatArray = free - np.logaddexp.reduce(free, axis=None)
        return result

    def mixture_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of the four kinds together, before slopes are learnt freely."""
        centre = self.centre or PriorCentre(
            self.mean_log_slope, self.mean_intercept, self.gradient, self.spreading
        )
        flat, wrong_key, weak = flawed_log_densities(grid, centre)
        parts = [
            np.log1p(-self.flat - self.wrong_key) + self.sound_log_density(grid),
            np.log(self.flat) + flat,
            np.log(self.wrong_key) + wrong_key,
        ]
        parts = [*(np.log1p(-WEAK_SHARE) + part for part in parts), np.log(WEAK_SHARE) + weak]
        result: FloatArray = np.logaddexp.reduce(parts)
        return result


def centre_on_scored_items(slopes: FloatArray, intercepts: FloatArray) -> PriorCentre:
    """What the scored items' slopes and intercepts (J,), per population standard deviation, lead to believe.

    How slope and intercept go together is a regression of the intercept on the log slope with residual sd
    growing as ``e^(hz)``, held by a belief of 30 items in what real exams show; with equal slopes (Rasch) it
    is that belief alone.
    """
    log_slope = np.log(np.maximum(slopes, 0.05))
    m, k = float(log_slope.mean()), float(np.median(intercepts))
    z = log_slope - m
    if z.std() < LEAST_SPREAD:
        return PriorCentre(m, k, GRADIENT * k)
    pseudo = 30.0
    best, found = np.inf, (GRADIENT * k, SPREADING)
    for spreading in np.linspace(-0.5, 1.5, 21):
        weight = np.exp(-2.0 * spreading * z)
        lean = pseudo * SD_LOG_SLOPE**2
        mean = weight @ intercepts / weight.sum()
        centre = weight @ z / weight.sum()
        g = (weight @ ((z - centre) * (intercepts - mean)) + lean * GRADIENT * k) / (
            weight @ (z - centre) ** 2 + lean
        )
        rest = intercepts - mean - g * (z - centre)
        variance = weight @ rest**2 / z.size
        unlikely = 0.5 * z.size * np.log(variance) + pseudo * (SD_LOG_SLOPE * (spreading - SPREADING)) ** 2
        if unlikely < best:
            best, found = float(unlikely), (float(g), float(spreading))
    return PriorCentre(m, k, *found)


def flawed_log_densities(grid: CurveGrid, centre: PriorCentre) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shapes (S, D): log weights of a flat item, of one with a wrong key, of a weak one; each sums to 1."""
    flat = _product(_normal(grid.slopes, *FLAT[0]), _normal(grid.intercepts, *FLAT[1]))
    mean, covariance = _wrong_keys(centre)
    falls = grid.slopes < -1e-9
    log_slope = np.log(np.where(falls, -grid.slopes, 1.0))[:, None]
    off = np.stack(np.broadcast_arrays(log_slope - mean[0], grid.intercepts[None, :] - mean[1]))
    far = np.einsum("isd,ij,jsd->sd", off, np.linalg.inv(covariance), off)
    wrong_key = np.where(falls[:, None], -log_slope - 0.5 * far, NEVER)
    typical = float(np.exp(centre.mean_log_slope))
    slopes = np.where(grid.slopes > 1e-9, -0.5 * ((grid.slopes / typical - WEAK[0]) / WEAK[1]) ** 2, NEVER)
    weak = _product(_normalised(slopes), _normal(grid.intercepts, *FLAT[1]))
    return flat, wrong_key - np.logaddexp.reduce(wrong_key, axis=None), weak


def _wrong_keys(centre: PriorCentre) -> tuple[FloatArray, FloatArray]:
    """Mean (2,) and covariance (2, 2) of log(-s') and d' of wrong keys."""
    normal = np.exp(-0.5 * NODES**2)
    z, e, f = np.meshgrid(NODES * SD_LOG_SLOPE, NODES, betaincinv(*TAKES_IT, SHARES), indexing="ij")
    weight = (normal[:, None, None] * normal[None, :, None] + np.zeros_like(f)).ravel()
    weight /= weight.sum()
    spread = SD_INTERCEPT * np.exp(centre.spreading * z)
    right = expit(centre.mean_intercept + centre.gradient * z + spread * e)
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


def estimate_prior(grid: CurveGrid, log_likelihood: FloatArray, prior_centre: PriorCentre) -> PilotPrior:
    """The block's prior from all pilots.

    Parameters
    ----------
    log_likelihood
        Shape (J, S, D) on ``grid``; items without answers tell nothing and may be included.
    prior_centre
        Where the beliefs are centred: the scored items.

    The maximum over (m, log w, k, log v, g, h, shares) of the sum over items of the log marginal likelihood,
    plus the log beliefs, by a quasi-Newton method with the gradient of Fisher's identity: the expectation,
    over what each pilot may be, of the derivatives of the prior's log density. (EM converges to the same
    place, but hardly moves where the answers tell little about a parameter, as about h.)
    """
    n_items = log_likelihood.shape[0]
    centre = np.array([prior_centre.mean_log_slope, np.log(SD_LOG_SLOPE), prior_centre.mean_intercept,
                       np.log(SD_INTERCEPT), prior_centre.gradient, prior_centre.spreading])  # fmt: skip
    share = np.array(SHARE_PSEUDO)
    start = np.concatenate([centre, np.log(share[1:] / share[0])])
    if not n_items:
        return _prior(start, prior_centre, True)
    peak = log_likelihood.max(axis=(1, 2), keepdims=True)
    likelihood = whole = np.exp(log_likelihood - peak)
    flaws = np.stack(
        [
            likelihood.reshape(n_items, -1) @ np.exp(density).ravel()
            for density in flawed_log_densities(grid, prior_centre)[:2]
        ]
    )
    rises = grid.slopes > 1e-9
    likelihood = np.ascontiguousarray(likelihood[:, rises]).reshape(n_items, -1)
    log_slope, intercepts = np.log(grid.slopes[rises]), grid.intercepts

    def less_likely(x: FloatArray) -> tuple[float, FloatArray]:
        log_density, derivatives = _sound(x, log_slope, intercepts)
        shares = np.exp(np.append(0.0, x[6:]) - np.logaddexp.reduce(np.append(0.0, x[6:])))
        density = np.exp(log_density)
        kinds = shares[:, None] * np.vstack([likelihood @ density.ravel(), flaws])
        marginal = kinds.sum(axis=0)
        expected = ((shares[0] / marginal) @ likelihood).reshape(density.shape) * density
        off = (x[:6] - centre) / SURE
        value = np.log(marginal).sum() + share @ np.log(shares) - 0.5 * off @ off
        of_sound = np.array([np.sum(expected * one) for one in derivatives]) - off / SURE
        counts = (kinds / marginal).sum(axis=1) + share
        of_shares = (counts - counts.sum() * shares)[1:]
        return -float(value), -np.concatenate([of_sound, of_shares])

    found = minimize(
        less_likely, start, jac=True, method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "ftol": 1e-9, "gtol": 1e-3},
    )  # fmt: skip
    parametric = _prior(found.x, prior_centre, bool(found.success))
    return replace(parametric, factor=_learn_slopes(grid, whole, parametric))


def _learn_slopes(grid: CurveGrid, likelihood: FloatArray, prior: PilotPrior) -> tuple[float, ...]:
    """The factor at ``KNOTS``: shares of hats over the shares that the mixture gives them.

    ``likelihood`` is (J, S, D). A hat is 1 at its knot and falls linearly to 0 at the neighbouring ones.
    """
    density = np.exp(prior.mixture_log_density(grid))
    hats = np.array([np.interp(grid.slopes, KNOTS, one) for one in np.eye(KNOTS.size)])
    expected = hats @ density.sum(axis=1)
    by_slope = np.einsum("jsd,sd->js", likelihood, density)
    by_hat = (by_slope @ hats.T) / np.maximum(expected, TINY)
    shares = expected.copy()
    for _ in range(FREE_ROUNDS):
        joint = shares * by_hat
        counts = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0)
        shares = (FREE_PSEUDO * expected + counts) / (FREE_PSEUDO + len(likelihood))
    return tuple(float(value) for value in shares / np.maximum(expected, TINY))


def _sound(
    x: FloatArray, log_slope: FloatArray, intercepts: FloatArray
) -> tuple[FloatArray, list[FloatArray]]:
    """Log density (S, D) of sound items over rising curves, and its derivatives by the six parameters."""
    m, log_w, k, log_v, g, h = x[:6]
    z = log_slope - m
    t = z / np.exp(log_w)
    by_slope = -log_slope - 0.5 * t**2
    by_slope -= np.logaddexp.reduce(by_slope)
    weight = np.exp(by_slope)

    def beyond(values: FloatArray) -> FloatArray:
        """Less the mean over slopes, for the sum of the density stays 1."""
        return np.asarray(values - weight @ values)[:, None]

    spread = np.exp(log_v + h * z)
    sd = np.hypot(spread, LEAST_SD)[:, None]
    free = (spread**2)[:, None] / sd**2
    u = (intercepts - (k + g * z)[:, None]) / sd
    by_intercept = -0.5 * u**2
    by_intercept -= np.logaddexp.reduce(by_intercept, axis=1)[:, None]
    given = np.exp(by_intercept)

    def within(values: FloatArray) -> FloatArray:
        return np.asarray(values - np.sum(given * values, axis=1)[:, None])

    mean, scale = within(u / sd), within(u**2 * free)
    zz = z[:, None]
    derivatives = [
        beyond(t / np.exp(log_w)) - g * mean - h * scale,
        beyond(t**2) + np.zeros_like(scale),
        mean,
        scale,
        zz * mean,
        zz * scale,
    ]
    return by_slope[:, None] + by_intercept, derivatives


def _prior(x: FloatArray, centre: PriorCentre, converged: bool) -> PilotPrior:
    odds = np.exp(x[6:])
    flat, wrong_key = odds / (1.0 + odds.sum())
    return PilotPrior(
        mean_log_slope=float(x[0]),
        mean_intercept=float(x[2]),
        sd_log_slope=float(np.exp(x[1])),
        sd_intercept=float(np.exp(x[3])),
        gradient=float(x[4]),
        spreading=float(x[5]),
        flat=float(flat),
        wrong_key=float(wrong_key),
        centre=centre,
        converged=converged,
    )


def _log_slopes(grid: CurveGrid) -> FloatArray:
    result: FloatArray = np.log(np.where(grid.slopes > 1e-9, grid.slopes, 1.0))
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
