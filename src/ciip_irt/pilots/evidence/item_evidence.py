"""All that is known about one pilot item: what was observed, and the posterior of its response curve."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammainc

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.pilots.evidence.curves import CurveGrid, interpolate, likely_part
from ciip_irt.records import result
from ciip_irt.responses import Untelling

__all__ = [
    "CurvePosterior",
    "GroupDifference",
    "ItemEvidence",
    "KeyEvidence",
    "Misfit",
    "Observed",
    "OptionEvidence",
    "TimeEvidence",
    "curve_posterior",
]

INTERVAL = (0.025, 0.975)  # the quantiles that leave 95 % between them, as every interval here
FUNCTIONING = 0.05  # share of candidates from which on a distractor works (domain practice)
UNLIKELY = 25.0  # how far below the likeliest curve, in logs, a curve is left out


@result
@dataclass(frozen=True, slots=True)
class CurvePosterior:
    """Posterior over the M curves that are at all likely.

    Attributes
    ----------
    slopes, intercepts
        Shape (M,): the curves.
    p
        Shape (M,): proportion right (or choosing the option) in the reference population.
    r
        Shape (M,): R with the scored total in the reference population; ``None`` where it is not known.
    weights
        Shape (M,), sums to 1.
    at_edge
        Shape (M,): curves on the border of the grid.
    wrong
        Shape (M,): of each curve's weight, the share of wrongly keyed items; ``None`` where the prior does
        not tell, as of a distractor.
    """

    slopes: FloatArray
    intercepts: FloatArray
    p: FloatArray
    r: FloatArray | None
    weights: FloatArray
    at_edge: BoolArray
    wrong: FloatArray | None = None

    def probability(self, holds: BoolArray) -> float:
        """Posterior probability of a statement (M,) about the curve."""
        return float(self.weights[holds].sum())

    def mean(self, values: FloatArray) -> float:
        return float(np.sum(self.weights * values))

    def interval(self, values: FloatArray, levels: tuple[float, ...] = INTERVAL) -> tuple[float, ...]:
        """Posterior quantiles of a function (M,) of the curve; the 95 % interval unless told otherwise."""
        likely = self.weights > 1e-9
        x, w = values[likely], self.weights[likely]
        order = np.argsort(x, kind="stable")
        cumulated = np.cumsum(w[order])
        places = np.searchsorted(cumulated, np.asarray(levels) * cumulated[-1])
        return tuple(float(value) for value in x[order][np.minimum(places, x.size - 1)])

    @property
    def edge_weight(self) -> float:
        """Weight on the border of the grid."""
        return self.probability(self.at_edge)


def curve_posterior(
    grid: CurveGrid,
    coarse: FloatArray,
    log_prior: FloatArray,
    p: FloatArray,
    r: FloatArray | None,
    wrong: FloatArray | None = None,
    *,
    step: int = 1,
) -> CurvePosterior:
    """The posterior, without curves below ``exp(-25)`` of the likeliest.

    Parameters
    ----------
    coarse
        Shape (C,): log-likelihood on the knots of the grid.
    log_prior, p, r, wrong
        Shape (S, D): on the whole grid.
    step
        Every how many-th slope and intercept; must divide ``REFINEMENT``.
    """
    every = likely_part(grid, coarse, log_prior)
    part = slice(every[0].start, every[0].stop, step), slice(every[1].start, every[1].stop, step)
    joint = interpolate(grid, coarse, part) + log_prior[part]
    stays = joint > joint.max() - UNLIKELY
    weights = np.exp(joint[stays] - joint.max())
    s, d = np.nonzero(stays)
    slopes, intercepts = grid.slopes[part[0]][s], grid.intercepts[part[1]][d]
    return CurvePosterior(
        slopes=slopes,
        intercepts=intercepts,
        p=p[part][stays],
        r=None if r is None else r[part][stays],
        weights=weights / weights.sum(),
        at_edge=np.isin(slopes, grid.slopes[[0, -1]]) | np.isin(intercepts, grid.intercepts[[0, -1]]),
        wrong=None if wrong is None else wrong[part][stays],
    )


@dataclass(frozen=True, slots=True)
class Observed:
    """Classical statistics of the answers, each with its 95 % interval; NaN where they say nothing."""

    p: float
    p_low: float
    p_high: float
    r: float
    r_low: float
    r_high: float


@dataclass(frozen=True, slots=True)
class OptionEvidence:
    """One distractor: who chose it, and the curve of choosing it."""

    option: str
    n: int
    share: float
    posterior: CurvePosterior

    @property
    def functioning(self) -> bool:
        """Whether enough candidates choose it."""
        return self.share >= FUNCTIONING


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """What the answers say about the key: the probabilities of the key check, which sum to 1.

    Attributes
    ----------
    right
        That the key, and no other option, is right, and the item not guessed at.
    wrong, two_right
        That another option is right instead of the key, or besides it.
    guessed
        That what is chosen has nothing to do with what one knows.
    option
        The likeliest other right option; ``None`` where there is none to name.
    """

    right: float
    wrong: float
    two_right: float
    guessed: float
    option: str | None

    @property
    def other(self) -> float:
        """That another option is right, alone or besides the key."""
        return self.wrong + self.two_right


@dataclass(frozen=True, slots=True)
class TimeEvidence:
    """Known answer times above zero: how many, mean and standard deviation of the log seconds."""

    n: int
    mean_log: float
    sd_log: float


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """One focal group of candidates against the reference group, matched on the scored total.

    Attributes
    ----------
    d_dif
        Mantel-Haenszel D-DIF; negative is harder for the focal group.
    probability_c
        That the true D-DIF is of class C (1.5 or more); ``None`` where it cannot be told.
    """

    grouping: str
    reference: str
    focal: str
    n_reference: int
    n_focal: int
    d_dif: float
    probability_c: float | None


@dataclass(frozen=True, slots=True)
class Misfit:
    """How far the true proportions right in groups of ability may lie from the item's curve.

    Attributes
    ----------
    n, right, expected
        Shape (G,): answers, proportion right, and what the posterior of the curve expects.
    probability
        That its answers follow a curve, and that they do not.
    mean_square, variance
        Posterior mean and variance of the weighted mean square deviation, given either.
    """

    n: tuple[float, ...]
    right: tuple[float, ...]
    expected: tuple[float, ...]
    probability: tuple[float, ...]
    mean_square: tuple[float, ...]
    variance: tuple[float, ...]

    @property
    def rmsd(self) -> float:
        """Root of the posterior mean of the mean square deviation."""
        return float(np.sqrt(np.dot(self.probability, self.mean_square)))

    def within(self, limit: float) -> float:
        """Probability that the root mean square deviation is at most ``limit``."""
        kinds = zip(self.probability, self.mean_square, self.variance, strict=True)
        return float(sum(weight * _scaled_chi2(limit**2, mean, variance) for weight, mean, variance in kinds))


def _scaled_chi2(x: float, mean: float, variance: float) -> float:
    """Distribution function of the scaled chi-square with this mean and variance."""
    if variance <= 0.0:
        return float(mean <= x)
    scale = variance / (2.0 * mean)
    return float(gammainc(mean / scale / 2.0, x / scale / 2.0))


@result
@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """One pilot item.

    Attributes
    ----------
    n
        Answers that count.
    posterior
        Of the curve of a right answer.
    distractors
        The options that earn nothing; empty where choices are not known.
    a, b, information
        Shape (M,): slope and difficulty on the scale (b is NaN where s = 0), and item information at the
        policy's cut (``None`` where there is no cut).
    key
        What the key check says; ``None`` where the key cannot be judged.
    untelling
        Cells that were administered and say nothing about the item; they are not in ``n``.
    misfit, time, groups
        Fit of the curve, answer times, differences between groups of candidates; ``None`` or empty where
        nothing is known.
    """

    item_id: str
    domain: str
    n: int
    observed: Observed
    posterior: CurvePosterior
    distractors: tuple[OptionEvidence, ...]
    a: FloatArray
    b: FloatArray
    information: FloatArray | None
    key: KeyEvidence | None = None
    untelling: Untelling = field(default_factory=Untelling)
    misfit: Misfit | None = None
    time: TimeEvidence | None = None
    groups: tuple[GroupDifference, ...] = ()
