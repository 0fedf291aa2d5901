"""Does the curve describe the answers? Proportions right in groups of ability beside what it expects.

Persons fall into five groups by their mean ability from the scored items, with limits at the quintiles of the
reference population. In group g of item j, n persons answer, O is the proportion right, and E what the
posterior of the item's curve expects of exactly these persons. The true deviation of the group from the
curve, delta, is believed to be

    delta ~ N(0, tau^2) for most items,  N(0, tau^2 + .15^2) for a few;
    O - E | delta ~ N(delta, v),   v = E (1 - E) / n.

tau and the share of those few (about one in twenty, a belief worth twenty items) are estimated from the whole
block by EM; the two parameters of the curve take two fifths of v. So small samples are judged by how well
curves of this block fit in general, and a single bad item is not drawn to the many good ones.

Given its kind, delta | data ~ N(W (O - E), W v), W = t / (t + v) with t the kind's variance. The mean square
deviation over the groups, weighted by n, then has a known mean and variance; its distribution is taken as
that of a scaled chi-square with these (Satterthwaite 1946).

What deviates from the best curve is independent of where the curve lies, to first order: so fit is evidence
of its own, beside the criteria about the curve.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ciip_irt.arrays import MISSING, FloatArray, IntArray, ScoreArray
from ciip_irt.pilots.evidence.item_evidence import Misfit

__all__ = ["AbilityGroups"]

GROUPS = 5  # of ability: with fewer a hump is hidden, with more each is too small at a hundred answers
LIMITS = ndtri(np.arange(1, GROUPS) / GROUPS)
PARAMETERS = 2  # of the curve: what they fit does not deviate
WIDE = 0.15  # sd of the deviations of an item whose answers do not follow a curve
SHARE, SHARE_ITEMS = 0.05, 20.0  # items that follow no curve: share believed, and what the belief is worth
ROUNDS = 30  # of EM: plenty for two numbers


@dataclass(frozen=True, slots=True)
class AbilityGroups:
    """Sums over persons by group of ability and pilot.

    Attributes
    ----------
    n, right
        Shape (G, P): answers, right answers.
    ability
        Shape (G, P, Q): sum of the ability posteriors of those who answered.
    """

    n: FloatArray
    right: FloatArray
    ability: FloatArray

    @classmethod
    def empty(cls, n_pilots: int, n_points: int) -> "AbilityGroups":
        shape = (GROUPS, n_pilots)
        return cls(np.zeros(shape), np.zeros(shape), np.zeros((*shape, n_points)))

    def add(self, u: FloatArray, abilities: FloatArray, scores: ScoreArray, pilots: IntArray) -> None:
        """Persons with ability posteriors (N, Q) on u (Q,) and scores (N, J) of ``pilots`` (J,)."""
        group = np.searchsorted(LIMITS, abilities @ u)
        for g in range(GROUPS):
            here = scores[group == g]
            answered = here != MISSING
            self.n[g, pilots] += answered.sum(axis=0)
            self.right[g, pilots] += (here == 1).sum(axis=0)
            self.ability[g, pilots] += answered.T.astype(np.float64) @ abilities[group == g]

    def misfit(self, curves: FloatArray) -> tuple[Misfit | None, ...]:
        """By pilot, given the posterior mean of its curve (P, Q); ``None`` without answers."""
        n = np.maximum(self.n, 1.0)
        right = self.right / n
        expected = np.einsum("gpq,pq->gp", self.ability, curves) / n
        off = right - expected
        error = np.clip(expected * (1.0 - expected), 1e-4, None) / n
        weight = self.n / np.maximum(self.n.sum(axis=0), 1.0)
        kinds, tau2 = _kinds(off, error, weight)
        spread = np.array([tau2, tau2 + WIDE**2])[:, None, None]
        pull = np.where(self.n > 0, spread / (spread + error), 0.0)
        centre, width2 = pull * off, np.where(self.n > 0, pull * error, spread)
        mean_square = np.sum(weight * (centre**2 + width2), axis=1)
        variance = np.sum(weight**2 * (2.0 * width2**2 + 4.0 * centre**2 * width2), axis=1)
        return tuple(
            Misfit(
                n=_tuple(self.n[:, k]),
                right=_tuple(right[:, k]),
                expected=_tuple(expected[:, k]),
                probability=_tuple(kinds[:, k]),
                mean_square=_tuple(mean_square[:, k]),
                variance=_tuple(variance[:, k]),
            )
            if self.n[:, k].any()
            else None
            for k in range(self.n.shape[1])
        )


def _kinds(off: FloatArray, error: FloatArray, weight: FloatArray) -> tuple[FloatArray, float]:
    """Probabilities (2, P) that an item follows a curve or not, and tau squared, from deviations (G, P)."""
    answered = weight.sum(axis=0) > 0
    left_over = error * (GROUPS - PARAMETERS) / GROUPS
    share, tau2 = SHARE, 0.0
    kinds = np.array([1.0 - share, share])[:, None] * np.ones(off.shape[1])
    for _ in range(ROUNDS):
        spread = np.array([tau2, tau2 + WIDE**2])[:, None, None] + left_over
        fits = np.where(weight > 0, -0.5 * (np.log(spread) + off**2 / spread), 0.0).sum(axis=1)
        kinds = np.exp(fits - fits.max(axis=0)) * np.array([1.0 - share, share])[:, None]
        kinds /= kinds.sum(axis=0)
        share = (kinds[1, answered].sum() + SHARE * SHARE_ITEMS) / (answered.sum() + SHARE_ITEMS)
        good = kinds[0] * weight
        excess = np.sum(good * (off**2 - left_over)) / max(good.sum(), 1e-9)
        tau2 = max(float(excess), 0.0)
    return kinds, tau2


def _tuple(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
