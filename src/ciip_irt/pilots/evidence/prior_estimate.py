"""The block's prior, estimated from all of its pilots.

The maximum over (m, log w, k, log v, g, logit c, m', log w', shares) of the sum of the items' log marginal
likelihood, plus the log beliefs, by a quasi-Newton method with the gradient of Fisher's identity: the
expectation, over what each pilot may be, of the derivatives of the prior's log density. (EM converges to the
same place, but hardly moves where the answers tell little about a parameter, as about c.)

**Keys.** Where the key check has judged an item, its curve tells what pilots with one right option are like
only as far as one option is right: it counts with that probability, and its doubt of a wrong key counts for
the share of wrong keys. Otherwise two right options and traps would look like a lump of weak items, and would
be held against all weak ones, besides being held against themselves by their keys.

**Slopes, freely.** The mixture then is multiplied by a factor that is linear between ``KNOTS``: slopes are a
mixture of hats, each with the mixture's shape inside, and the hats' shares are estimated by EM with a
Dirichlet belief that they are those of the mixture.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.evidence.curves import CurveGrid
from ciip_irt.pilots.evidence.priors import (
    BELIEVED_SHARES,
    KNOTS,
    LEAST_SD,
    SD_INTERCEPT,
    SD_LOG_SLOPE,
    WEAK,
    PilotPrior,
    PriorCentre,
    flat_log_density,
    wrong_key_log_density,
)

__all__ = ["KeyDoubts", "estimate_prior"]

# How sure the beliefs are: standard deviations of m, log w, k, log v, g, logit c, m', log w'
SURE = np.array([0.2, 0.4, 0.8, 0.35, 0.5, 1.0, 0.5, 0.3])
N_PARAMETERS = SURE.size
FREE_WORTH = 30.0  # items that the belief in the mixture is worth, when slopes are learnt freely
FREE_ROUNDS = 100  # of EM: many, for shares of neighbouring hats exchange slowly
ITERATIONS = 200  # of the quasi-Newton search: a stop that ``converged`` tells of
TINY = 1e-300  # share of a hat that the mixture does not know; only against division by 0


@dataclass(frozen=True, slots=True)
class KeyDoubts:
    """What the key check says of each pilot; NaN where it could not judge.

    Attributes
    ----------
    one_right
        Shape (J,): that no other option than the key is right, or the item is guessed at.
    wrong
        Shape (J,): that another option is right instead of the key.
    """

    one_right: FloatArray
    wrong: FloatArray


def estimate_prior(
    grid: CurveGrid,
    log_likelihood: FloatArray,
    centre: PriorCentre,
    keys: KeyDoubts | None = None,
) -> PilotPrior:
    """The block's prior from all pilots.

    Parameters
    ----------
    log_likelihood
        Shape (J, S, D) on ``grid``; items without answers tell nothing and may be included.
    centre
        Where the beliefs are centred: the scored items.
    keys
        What is known of the keys; without it, the curves alone tell of wrong keys.
    """
    n_items = log_likelihood.shape[0]
    if keys is None:
        keys = KeyDoubts(np.full(n_items, np.nan), np.full(n_items, np.nan))
    block = _Block(grid, log_likelihood, centre, keys)
    if not n_items:
        return block.prior(block.start, True)
    found = minimize(
        block.less_likely, block.start, jac=True, method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "ftol": 1e-9, "gtol": 1e-3},
    )  # fmt: skip
    parametric = block.prior(found.x, bool(found.success))
    return replace(parametric, factor=block.learn_slopes(parametric))


class _Block:
    """The likelihoods of a block of pilots, and how likely a prior makes them."""

    def __init__(
        self, grid: CurveGrid, log_likelihood: FloatArray, centre: PriorCentre, keys: KeyDoubts
    ) -> None:
        self.grid, self.belief = grid, centre
        self.typical = centre.typical_slope
        self.centre = np.array([
            centre.mean_log_slope, np.log(SD_LOG_SLOPE), centre.mean_intercept, np.log(SD_INTERCEPT),
            centre.gradient, logit(centre.growing), centre.mean_log_slope + WEAK[0], np.log(WEAK[1]),
        ])  # fmt: skip
        share = np.array(BELIEVED_SHARES)
        self.start = np.concatenate([self.centre, np.log(share[1:] / share[0])])
        n_items = log_likelihood.shape[0]
        judged = np.isfinite(keys.one_right)
        self.weight = np.where(judged, keys.one_right, 1.0)
        self.counts = share + np.array([0.0, 0.0, 0.0, np.nansum(keys.wrong)])
        if not n_items:
            return
        likelihood = np.exp(log_likelihood - log_likelihood.max(axis=(1, 2), keepdims=True))
        self.whole = likelihood
        flat = likelihood.reshape(n_items, -1)
        self.of_flat = flat @ np.exp(flat_log_density(grid)).ravel()
        of_wrong = flat @ np.exp(wrong_key_log_density(grid, centre)).ravel()
        self.of_wrong = np.where(judged, 0.0, of_wrong)
        rises = grid.slopes > 1e-9
        self.rising = np.ascontiguousarray(likelihood[:, rises]).reshape(n_items, -1)
        self.slopes = grid.slopes[rises]

    def less_likely(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Minus the log of the marginal likelihood times the beliefs, and its gradient."""
        sound, by_slope = _slopes(x[0], x[1], self.slopes)
        weak, by_weak_slope = _slopes(x[6], x[7], self.slopes)
        given_slope, by_intercept = _intercepts(x, self.slopes / self.typical, self.grid.intercepts)
        log_odds = np.append(0.0, x[N_PARAMETERS:])
        shares = np.exp(log_odds - np.logaddexp.reduce(log_odds))
        of_sound, of_weak = np.exp(sound[:, None] + given_slope), np.exp(weak[:, None] + given_slope)
        kinds = shares[:, None] * np.vstack([
            self.rising @ of_sound.ravel(), self.of_flat, self.rising @ of_weak.ravel(), self.of_wrong
        ])  # fmt: skip
        marginal = kinds.sum(axis=0)
        per_curve = ((self.weight / marginal) @ self.rising).reshape(given_slope.shape)
        sounds, weaks = per_curve * of_sound * shares[0], per_curve * of_weak * shares[2]
        off = (x[:N_PARAMETERS] - self.centre) / SURE
        value = self.weight @ np.log(marginal) + self.counts @ np.log(shares) - 0.5 * off @ off
        m, log_w = (np.sum(sounds.sum(axis=1) * one) for one in by_slope)
        m_weak, log_w_weak = (np.sum(weaks.sum(axis=1) * one) for one in by_weak_slope)
        k, log_v, g, c = (np.sum((sounds + weaks) * one) for one in by_intercept)
        counts = (self.weight * kinds / marginal).sum(axis=1) + self.counts
        of_parameters = np.array([m, log_w, k, log_v, g, c, m_weak, log_w_weak]) - off / SURE
        return -float(value), -np.concatenate([of_parameters, (counts - counts.sum() * shares)[1:]])

    def prior(self, x: FloatArray, converged: bool) -> PilotPrior:
        odds = np.exp(x[N_PARAMETERS:])
        flat, weak, wrong_key = (float(share) for share in odds / (1.0 + odds.sum()))
        return PilotPrior(
            mean_log_slope=float(x[0]),
            mean_intercept=float(x[2]),
            sd_log_slope=float(np.exp(x[1])),
            sd_intercept=float(np.exp(x[3])),
            gradient=float(x[4]),
            growing=float(expit(x[5])),
            flat=flat,
            weak=weak,
            wrong_key=wrong_key,
            mean_log_weak=float(x[6]) - self.belief.mean_log_slope,
            sd_log_weak=float(np.exp(x[7])),
            centre=self.belief,
            converged=converged,
        )

    def learn_slopes(self, prior: PilotPrior) -> tuple[float, ...]:
        """The factor at ``KNOTS``: shares of hats over the shares that the mixture gives them.

        A hat is 1 at its knot and falls linearly to 0 at the neighbouring ones; that of 0 is 1 below, too.
        """
        density = np.exp(prior.mixture_log_density(self.grid))
        hats = np.array([np.interp(self.grid.slopes, KNOTS, one) for one in np.eye(KNOTS.size)])
        expected = np.maximum(hats @ density.sum(axis=1), TINY)
        by_slope = np.einsum("jsd,sd->js", self.whole, density)
        by_hat = (by_slope @ hats.T) / expected
        one_right = (1.0 - prior.wrong_key) * by_slope.sum(axis=1)
        weight = self.weight * one_right / (one_right + prior.wrong_key * self.of_wrong)
        shares = expected.copy()
        for _ in range(FREE_ROUNDS):
            joint = shares * by_hat
            counts = (weight / joint.sum(axis=1)) @ joint
            shares = (FREE_WORTH * expected + counts) / (FREE_WORTH + weight.sum())
        return tuple(float(value) for value in shares / expected)


def _slopes(m: float, log_w: float, slopes: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """Log weights (S,) of sound or weak items' slopes, and their derivatives by m and log w."""
    log_slope = np.log(slopes)
    t = (log_slope - m) / np.exp(log_w)
    log_weight = -log_slope - 0.5 * t**2
    log_weight -= np.logaddexp.reduce(log_weight)
    weight = np.exp(log_weight)
    # less the mean over slopes, for the sum of the weights stays 1
    return log_weight, [one - weight @ one for one in (t / np.exp(log_w), t**2)]


def _intercepts(x: FloatArray, t: FloatArray, intercepts: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """Log weights (S, D) of intercepts given the slope, and their derivatives by k, log v, g and logit c."""
    k, log_v, g, logit_c = x[2:6]
    growing = expit(logit_c)
    relative = 1.0 - growing + growing * t**2
    variance = np.exp(2.0 * log_v) * relative
    sd = np.hypot(np.sqrt(variance), LEAST_SD)[:, None]
    u = (intercepts - (k + g * (t - 1.0))[:, None]) / sd
    log_weight = -0.5 * u**2
    log_weight -= np.logaddexp.reduce(log_weight, axis=1)[:, None]
    weight = np.exp(log_weight)

    def within(values: FloatArray) -> FloatArray:
        return np.asarray(values - np.sum(weight * values, axis=1)[:, None])

    mean, scale = within(u / sd), within(u**2 * variance[:, None] / sd**2)
    by_growing = 0.5 * growing * (1.0 - growing) * (t**2 - 1.0) / relative
    return log_weight, [mean, scale, (t - 1.0)[:, None] * mean, by_growing[:, None] * scale]
