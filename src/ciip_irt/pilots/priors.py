"""What is believed about a pilot item, and about a distractor, before anyone has answered.

A pilot item is sound, flat, or has a wrong key.

=========  ==================  ==============================================================
sound      log s ~ N(m, w²)    d ~ N(k + g z, v² e^(2hz)), z = log s - m
flat       s ~ N(0, .12²)      d ~ N(.5, 1.3²): knowing more does not help; p from chance up
wrong key  s ~ N(-.45, .3²)    d ~ N(-.5, 1.8²): those who know more avoid the key
=========  ==================  ==============================================================

The shares of the three kinds, m, w, k, g, v and h are estimated from the whole block of pilots by EM
(marginal maximum a posteriori), so that a block of easy pilots is not pulled towards the average item
(Babcock & Hodge 2020). They lean on weak beliefs, which matter for a block of a few items only: pilots
resemble the scored items, and about three in twenty are flawed.

g and h say how intercept and slope go together. If difficulty b = -d/s has nothing to do with the slope, an
easy item's intercept grows with its slope (g = k, h = 1); in a 2PL calibration of a real licensure exam
g = .7 k and h is near 0. Without them the R of easy items is stated too cautiously, that of middling ones
too boldly.

The prior of difficulty stands on d, the logit of P for the average candidate, and not on b = -d/s: for
slopes near 0 the difficulty b does not exist. At a fixed slope a normal d is a normal b.

A **distractor** is an "item" whose curve falls: log(-s) ~ N(m_s - .3, .6^2). Seldom it is flat, and with a
probability of .03 it behaves like a key.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.curves import CurveGrid

__all__ = ["BlockPrior", "distractor_log_prior", "estimate_prior"]

SD_LOG_SLOPE, SD_LOG_SLOPE_PSEUDO = 0.4, 10.0
FLAT, WRONG_KEY = ((0.0, 0.12), (0.5, 1.3)), ((-0.45, 0.3), (-0.5, 1.8))
SHARE_PSEUDO = (17.0, 1.5, 1.5)  # a Dirichlet belief about the shares of sound, flat and wrongly keyed items
LOG_SLOPE_PSEUDO, INTERCEPT_PSEUDO, GRADIENT_PSEUDO = 4.0, 2.0, 30.0  # items that a belief is worth
GRADIENT = 0.7  # of the mean intercept, as in a real calibration
SPREADING = (0.0, 0.25, 0.5, 0.75, 1.0)  # values of h that are tried
SD_INTERCEPT, SD_PSEUDO = 1.1, 4.0
DISTRACTOR = ((0.87, "falls"), (0.10, "flat"), (0.03, "key"))
ESTIMATED = (
    "mean_log_slope", "sd_log_slope", "mean_intercept", "sd_intercept", "gradient", "spreading", "flat",
    "wrong_key",
)  # fmt: skip
ITERATIONS, TOLERANCE = 200, 1e-4
NEVER = -1e3
LEAST_SD = 0.1  # a prior narrower than the grid would miss it


@dataclass(frozen=True, slots=True)
class BlockPrior:
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
        Shares of these items.
    converged
        Whether the EM settled.
    """

    mean_log_slope: float
    mean_intercept: float
    sd_log_slope: float = SD_LOG_SLOPE
    sd_intercept: float = SD_INTERCEPT
    gradient: float = 0.0
    spreading: float = 0.0
    flat: float = SHARE_PSEUDO[1] / sum(SHARE_PSEUDO)
    wrong_key: float = SHARE_PSEUDO[2] / sum(SHARE_PSEUDO)
    converged: bool = True

    def sound_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights that sum to 1 over the grid."""
        slope = _log_normal(grid.slopes, self.mean_log_slope, self.sd_log_slope)
        z = np.where(grid.slopes > 1e-9, _log_slopes(grid) - self.mean_log_slope, 0.0)[:, None]
        mean, sd = self.mean_intercept + self.gradient * z, self.sd_intercept * np.exp(self.spreading * z)
        intercept = -0.5 * ((grid.intercepts - mean) / np.maximum(sd, LEAST_SD)) ** 2
        result: FloatArray = slope[:, None] + intercept - np.logaddexp.reduce(intercept, axis=1)[:, None]
        return result

    def log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights of the mixture."""
        flat, wrong_key = flawed_log_densities(grid)
        parts = [
            np.log1p(-self.flat - self.wrong_key) + self.sound_log_density(grid),
            np.log(self.flat) + flat,
            np.log(self.wrong_key) + wrong_key,
        ]
        result: FloatArray = np.logaddexp.reduce(parts)
        return result


def flawed_log_densities(grid: CurveGrid) -> tuple[FloatArray, FloatArray]:
    """Shapes (S, D): log weights of a flat item and of one with a wrong key, each summing to 1."""
    flat, wrong_key = (
        _product(_normal(grid.slopes, *slope), _normal(grid.intercepts, *intercept))
        for slope, intercept in (FLAT, WRONG_KEY)
    )
    return flat, wrong_key


def distractor_log_prior(grid: CurveGrid, prior: BlockPrior) -> FloatArray:
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


def estimate_prior(
    grid: CurveGrid, log_likelihood: FloatArray, *, mean_log_slope: float, mean_intercept: float
) -> BlockPrior:
    """The block's prior by EM over all pilots.

    Parameters
    ----------
    log_likelihood
        Shape (J, S, D) on ``grid``; items without answers tell nothing and may be included.
    mean_log_slope, mean_intercept
        Where the beliefs are centred: the scored items.
    """
    n_items = log_likelihood.shape[0]
    prior = BlockPrior(mean_log_slope, mean_intercept)
    if not n_items:
        return prior
    peak = log_likelihood.max(axis=(1, 2), keepdims=True)
    likelihood = np.exp(log_likelihood - peak).reshape(n_items, -1)
    flaws = np.stack([likelihood @ np.exp(density).ravel() for density in flawed_log_densities(grid)])
    log_slope = _log_slopes(grid)
    belief = np.array(SHARE_PSEUDO)
    shares = belief / belief.sum()
    for _ in range(ITERATIONS):
        weighted = likelihood * np.exp(prior.sound_log_density(grid)).ravel()
        evidence = weighted.sum(axis=1)
        kinds = shares[:, None] * np.vstack([evidence, flaws])
        kinds /= kinds.sum(axis=0)
        shares = (kinds.sum(axis=1) + belief) / (n_items + belief.sum())
        expected = ((kinds[0] / evidence) @ weighted).reshape(grid.shape)
        n_sound, by_slope = float(kinds[0].sum()), expected.sum(axis=1)
        slope = (by_slope @ log_slope + LOG_SLOPE_PSEUDO * mean_log_slope) / (n_sound + LOG_SLOPE_PSEUDO)
        slope_squares = by_slope @ (log_slope - slope) ** 2 + SD_LOG_SLOPE_PSEUDO * SD_LOG_SLOPE**2
        mean, gradient, sd, spreading = _intercepts(grid, expected, log_slope - slope, mean_intercept)
        new = BlockPrior(
            mean_log_slope=float(slope),
            mean_intercept=mean,
            sd_log_slope=float(np.sqrt(slope_squares / (n_sound + SD_LOG_SLOPE_PSEUDO))),
            sd_intercept=sd,
            gradient=gradient,
            spreading=spreading,
            flat=float(shares[1]),
            wrong_key=float(shares[2]),
        )
        moved = max(abs(getattr(new, name) - getattr(prior, name)) for name in ESTIMATED)
        prior = new
        if moved < TOLERANCE:
            return prior
    return replace(prior, converged=False)


def _intercepts(
    grid: CurveGrid, expected: FloatArray, z: FloatArray, belief: float
) -> tuple[float, float, float, float]:
    """Mean, gradient, sd and spreading of the intercepts of sound items, ``expected`` (S, D) of them.

    A weighted regression of the intercept on z for each spreading; the likeliest of them is taken.
    """
    n = expected.sum(axis=1)
    used = n > 0
    n, z = n[used], z[used]
    mean = expected[used] @ grid.intercepts / n
    within = expected[used] @ grid.intercepts**2 - n * mean**2
    best, found = -np.inf, (belief, GRADIENT * belief, SD_INTERCEPT, 0.0)
    for spreading in SPREADING:
        weight = n * np.exp(-2.0 * spreading * z)
        pseudo = INTERCEPT_PSEUDO, GRADIENT_PSEUDO * SD_LOG_SLOPE**2
        left = np.array([[weight.sum() + pseudo[0], weight @ z], [weight @ z, weight @ z**2 + pseudo[1]]])
        right = [weight @ mean + pseudo[0] * belief, weight @ (z * mean) + pseudo[1] * GRADIENT * belief]
        k, gradient = np.linalg.solve(left, right)
        squares = np.exp(-2.0 * spreading * z) @ (within + n * (mean - k - gradient * z) ** 2)
        squares += pseudo[0] * (k - belief) ** 2 + pseudo[1] * (gradient - GRADIENT * belief) ** 2
        count = n.sum() + SD_PSEUDO
        sd = np.sqrt((squares + SD_PSEUDO * SD_INTERCEPT**2) / count)
        likely = -count * np.log(sd) - spreading * (n @ z)
        if likely > best:
            best = likely
            found = float(k), float(gradient), float(sd), spreading
    return found


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
