"""Bayes' rule with the true generator: the most that the same answers can tell.

What pilots are like is known exactly: shares of flaws, distributions of slopes and difficulties, how wrong
answers spread over distractors, how those who know split. Which option is which is not known. Abilities are
those that the review knows: in worlds whose scored items, abilities or guessing are not as assumed this is
Bayes' rule for the pilots only, and no bound.
"""

from itertools import permutations

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import betaincinv, expit, gammaln

from ciip_irt.arrays import MISSING, FloatArray, IntArray
from ciip_irt.pilots.evidence import PilotEvidence
from ciip_irt.pilots.evidence.curves import coarse_log_likelihood
from ciip_irt.pilots.simulate.true_pilots import (
    FLAT_P,
    POPULARITY,
    SPREAD_LOG_SLOPE,
    TO_THE_KEY,
    TRAP_FROM,
    TRAP_SLOPE,
    TRAPPED,
    WIDER,
)
from ciip_irt.pilots.simulate.true_programme import GOOD_P, GOOD_R, TrueProgramme
from ciip_irt.responses import ScoredResponses, keep_telling_answers

__all__ = ["bayes_rule"]

NEVER = -1e3
OPTIONS = 4
DRAWS = 400_000  # of slopes, for their density on the grid
FINE, COARSE = 2, 4  # every second slope and intercept of the review's grid; for marginals every fourth


def bayes_rule(programme: TrueProgramme, evidence: PilotEvidence, scored: ScoredResponses) -> FloatArray:
    """Shape (P, 3): probability that each pilot is good, and the 95 % interval of its R."""
    fine, coarse = _Surfaces(programme, evidence, FINE), _Surfaces(programme, evidence, COARSE)
    unions, traps = _further(evidence, scored)
    p = evidence.p[::FINE, ::FINE][fine.rises]
    keys = [options.index(key) for key, options in evidence.pilots.select("key", "options").rows()]
    split_at = np.linspace(*TO_THE_KEY, 41)
    shares = {name: programme.flawed * share for name, share in programme.flaws.items()}
    each = {name: np.log(share / (OPTIONS - 1)) for name, share in shares.items() if share}
    found = np.empty((len(evidence), 3))
    for k, key in enumerate(keys):
        r = np.tensordot(evidence.criterion_share[k], evidence.correlations[:, ::FINE, ::FINE], 1)[fine.rises]
        good = (r >= GOOD_R) & (p >= GOOD_P[0]) & (p <= GOOD_P[1])
        counts, surfaces = evidence.option_n[k], evidence.option_likelihood[k]
        assert counts is not None
        assert surfaces is not None
        others = [option for option in range(OPTIONS) if option != key]
        of_key = fine.surface(evidence.likelihood[k])
        joint, level = of_key + fine.sound, of_key[0] + fine.flat
        weight, of_sound = _weights(joint)
        at_level, of_flat = _weights(level)
        as_distractors = _spread(counts[others], POPULARITY)
        parts = [np.log(1.0 - programme.flawed) + of_sound + as_distractors, NEVER]
        if "flat" in shares:
            parts[1] = np.log(shares["flat"]) + of_flat + as_distractors
        for right in others:
            rest = [option for option in others if option != right]
            two = _spread(counts[rest], POPULARITY[1:])
            if "wrong_key" in each:
                alone = _spread(counts[rest], POPULARITY[1:], counts[key], POPULARITY[0])
                parts.append(each["wrong_key"] + coarse.marginal(surfaces[right]) + alone)
            if "two_right" in each:
                split = counts[key] * np.log(split_at) + counts[right] * np.log1p(-split_at)
                of_split = _weights(split)[1] - np.log(split_at.size)
                parts.append(each["two_right"] + coarse.marginal(unions[k, right]) + of_split + two)
            if "trap" in each:
                parts.append(each["trap"] + coarse.marginal(traps[k, right]) + two)
        chance = _weights(np.array(parts))[0]
        found[k, 0] = chance[0] * weight[good].sum()
        # of R: what a curve of the key may be, rising or flat
        sound, flat = _weights(np.array(parts[:2]))[0]
        weight *= sound
        weight[0] += flat * at_level
        found[k, 1:] = _interval(r.ravel(), weight.ravel())
    return found


class _Surfaces:
    """Log-likelihoods over rising curves, every ``step``-th of the review's grid, and their prior."""

    def __init__(self, programme: TrueProgramme, evidence: PilotEvidence, step: int) -> None:
        grid, self.knots = evidence.grid.coarser(step), evidence.grid.knots()
        self.rises = grid.slopes > -1e-9
        slopes = grid.slopes[self.rises]
        along, across = self.knots.slopes, self.knots.intercepts
        self.along = make_interp_spline(along, np.eye(along.size))(slopes)
        self.across = make_interp_spline(across, np.eye(across.size))(grid.intercepts).T
        self.sound = _sound(programme, slopes, grid.intercepts)
        self.flat = _flat(grid.intercepts)

    def surface(self, coarse: FloatArray) -> FloatArray:
        return np.asarray(self.along @ coarse.reshape(self.knots.shape) @ self.across)

    def marginal(self, coarse: FloatArray) -> float:
        """Log probability of the answers if a sound curve is behind them."""
        return _weights(self.surface(coarse) + self.sound)[1]


def _weights(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Weights that sum to 1, and the log of the sum."""
    top = float(log_weights.max())
    weights = np.exp(log_weights - top)
    total = float(weights.sum())
    return weights / total, top + float(np.log(total))


def _interval(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    likely = weights > 1e-9
    x, w = values[likely], weights[likely]
    order = np.argsort(x)
    so_far = np.cumsum(w[order])
    low, high = np.searchsorted(so_far, np.array([0.025, 0.975]) * so_far[-1])
    return float(x[order][low]), float(x[order][min(high, x.size - 1)])


def _sound(programme: TrueProgramme, slopes: FloatArray, intercepts: FloatArray) -> FloatArray:
    """Shape (S, D): log density of sound pilots."""
    a, b, _ = programme.scored.T
    rng = np.random.default_rng(0)
    if programme.slopes is None:
        drawn = np.exp(rng.normal(np.log(a).mean(), max(SPREAD_LOG_SLOPE, float(np.log(a).std())), DRAWS))
    else:
        drawn = programme.slopes(DRAWS, rng)
    step = slopes[1] - slopes[0]
    count = np.bincount(
        np.round((drawn - slopes[0]) / step).astype(int).clip(0, slopes.size - 1), minlength=slopes.size
    )
    with np.errstate(divide="ignore"):
        by_slope = np.maximum(np.log(count / DRAWS), NEVER)[:, None]
    sd = np.maximum(slopes[:, None] * WIDER * b.std(), step)
    by_intercept = -0.5 * ((intercepts + slopes[:, None] * b.mean()) / sd) ** 2
    total = np.logaddexp.reduce(by_intercept, axis=1, keepdims=True)
    return np.asarray(by_slope + by_intercept - total)


def _flat(intercepts: FloatArray) -> FloatArray:
    p = expit(intercepts)
    density = np.where((p >= FLAT_P[0]) & (p <= FLAT_P[1]), p * (1.0 - p), 1e-300)
    return np.asarray(np.log(density / density.sum()))


def _spread(
    counts: IntArray, weights: tuple[float, ...], first: int | None = None, of_first: float = 0.0
) -> float:
    """Log probability of how wrong answers spread; which option has which weight is not known.

    ``first`` are those of an option whose weight ``of_first`` is known.
    """
    tried = []
    for order in permutations(weights):
        n, w = np.append(counts, first or 0), np.append(order, of_first)
        n, w = n[w > 0], w[w > 0]
        tried.append(gammaln(w.sum()) - gammaln(w.sum() + n.sum()) + np.sum(gammaln(w + n) - gammaln(w)))
    return float(np.logaddexp.reduce(tried) - np.log(len(tried)))


def _further(evidence: PilotEvidence, scored: ScoredResponses) -> tuple[FloatArray, FloatArray]:
    """Shapes (P, OPTIONS, C): log-likelihoods if key and option are right, and if the option is a trap."""
    against, grid = evidence.reference, evidence.grid
    knots = grid.knots()
    size = knots.slopes.size * knots.intercepts.size
    unions, traps = np.zeros((2, len(evidence), OPTIONS, size))
    place = {item: k for k, item in enumerate(evidence.pilots["item_id"])}
    takes = betaincinv(POPULARITY[0], sum(POPULARITY[1:]), (np.arange(7) + 0.5) / 7)
    by_take = np.zeros((takes.size, len(evidence), OPTIONS, size))
    curves = knots.curves()
    drawn = (TRAPPED * expit(TRAP_SLOPE * (against.u - TRAP_FROM)))[:, None]
    for block in keep_telling_answers(scored).blocks:
        columns = np.flatnonzero(~block.is_scored)
        mine = np.array([place[scored.item_ids[item]] for item in block.items[columns]])
        abilities = against.abilities(block)
        scores, chosen = block.scores[:, columns], block.choices[:, columns]
        answered = scores != MISSING
        key = scores == 1
        knows = abilities @ curves
        tempted = abilities @ (curves * drawn)
        stays = np.log(np.maximum(knows - tempted, 1e-12))
        ignorant = 1.0 - knows
        of_rest = np.log(np.maximum(ignorant, 1e-12))
        of_key = key.T.astype(float) @ stays
        other = [(chosen == option) & answered & ~key for option in range(OPTIONS)]
        for t, take in enumerate(takes):
            draws = np.log(tempted + take * ignorant)
            for option in range(OPTIONS):
                rest = answered & ~key & ~other[option]
                by_take[t, mine, option] += (
                    of_key + other[option].T.astype(float) @ draws
                    + rest.T.astype(float) @ (of_rest + np.log1p(-take))
                )  # fmt: skip
        for option in range(OPTIONS):
            union = np.where(answered, key | other[option], MISSING).astype(np.int8)
            unions[mine, option] += coarse_log_likelihood(grid, abilities, union)
    traps += np.logaddexp.reduce(by_take, axis=0) - np.log(takes.size)
    return unions, traps
