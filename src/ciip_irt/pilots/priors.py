"""What is believed about a pilot item, and about a distractor, before anyone has answered.

A pilot item is sound, flat, or has a wrong key.

=========  ==================  ====================================================
sound      log s ~ N(m, w²)    d ~ N(k, v²)
flat       s ~ N(0, .12²)      d ~ N(-.5, 1.8²): knowing more does not help
wrong key  s ~ N(-.45, .3²)    d ~ N(-.5, 1.8²): those who know more avoid the key
=========  ==================  ====================================================

The shares of the three kinds, m, w, k and v are estimated from the whole block of pilots by EM (marginal
maximum a posteriori), so that a block of easy pilots is not pulled towards the average item (Babcock & Hodge
2020). They lean on weak beliefs, which matter for a block of a few items only: pilots resemble the scored
items, and about three in twenty are flawed.

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
FLAT, WRONG_KEY, FLAWED_INTERCEPT = (0.0, 0.12), (-0.45, 0.3), (-0.5, 1.8)
SHARE_PSEUDO = (17.0, 1.5, 1.5)  # a Dirichlet belief about the shares of sound, flat and wrongly keyed items
LOG_SLOPE_PSEUDO, INTERCEPT_PSEUDO = 4.0, 2.0  # items that the scored ones are worth as a belief
SD_INTERCEPT, SD_PSEUDO = 1.1, 4.0
DISTRACTOR = ((0.87, "falls"), (0.10, "flat"), (0.03, "key"))
ESTIMATED = ("mean_log_slope", "sd_log_slope", "mean_intercept", "sd_intercept", "flat", "wrong_key")
ITERATIONS, TOLERANCE = 200, 1e-4
NEVER = -1e3


@dataclass(frozen=True, slots=True)
class BlockPrior:
    """The prior of a block of pilots, slopes per population standard deviation.

    Attributes
    ----------
    mean_log_slope, sd_log_slope
        Of sound items.
    mean_intercept, sd_intercept
        Of sound items: logit of P for the average candidate.
    flat, wrong_key
        Shares of these items.
    converged
        Whether the EM settled.
    """

    mean_log_slope: float
    mean_intercept: float
    sd_log_slope: float = SD_LOG_SLOPE
    sd_intercept: float = SD_INTERCEPT
    flat: float = SHARE_PSEUDO[1] / sum(SHARE_PSEUDO)
    wrong_key: float = SHARE_PSEUDO[2] / sum(SHARE_PSEUDO)
    converged: bool = True

    def sound_log_density(self, grid: CurveGrid) -> FloatArray:
        """Shape (S, D): log weights that sum to 1 over the grid."""
        slope = _log_normal(grid.slopes, self.mean_log_slope, self.sd_log_slope)
        return _product(slope, _normal(grid.intercepts, self.mean_intercept, self.sd_intercept))

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
    intercept = _normal(grid.intercepts, *FLAWED_INTERCEPT)
    return _product(_normal(grid.slopes, *FLAT), intercept), _product(
        _normal(grid.slopes, *WRONG_KEY), intercept
    )


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
    log_slope = np.log(np.where(grid.slopes > 0, grid.slopes, 1.0))
    belief = np.array(SHARE_PSEUDO)
    shares = belief / belief.sum()
    for _ in range(ITERATIONS):
        weighted = likelihood * np.exp(prior.sound_log_density(grid)).ravel()
        evidence = weighted.sum(axis=1)
        kinds = shares[:, None] * np.vstack([evidence, flaws])
        kinds /= kinds.sum(axis=0)
        shares = (kinds.sum(axis=1) + belief) / (n_items + belief.sum())
        expected = ((kinds[0] / evidence) @ weighted).reshape(grid.shape)
        n_sound = float(kinds[0].sum())
        by_slope, by_intercept = expected.sum(axis=1), expected.sum(axis=0)
        slope = (by_slope @ log_slope + LOG_SLOPE_PSEUDO * mean_log_slope) / (n_sound + LOG_SLOPE_PSEUDO)
        mean = (by_intercept @ grid.intercepts + INTERCEPT_PSEUDO * mean_intercept) / (
            n_sound + INTERCEPT_PSEUDO
        )
        slope_squares = by_slope @ (log_slope - slope) ** 2 + SD_LOG_SLOPE_PSEUDO * SD_LOG_SLOPE**2
        squares = by_intercept @ (grid.intercepts - mean) ** 2 + SD_PSEUDO * SD_INTERCEPT**2
        new = BlockPrior(
            mean_log_slope=float(slope),
            mean_intercept=float(mean),
            sd_log_slope=float(np.sqrt(slope_squares / (n_sound + SD_LOG_SLOPE_PSEUDO))),
            sd_intercept=float(np.sqrt(squares / (n_sound + SD_PSEUDO))),
            flat=float(shares[1]),
            wrong_key=float(shares[2]),
        )
        moved = max(abs(getattr(new, name) - getattr(prior, name)) for name in ESTIMATED)
        prior = new
        if moved < TOLERANCE:
            return prior
    return replace(prior, converged=False)


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
