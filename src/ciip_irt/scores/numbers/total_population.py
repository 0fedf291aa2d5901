"""Who sat a form, told from its raw scores where a normal population does not fit them.

Totals x arise as ``sum_q w_q f(x | theta_q)``, f by the Lord-Wingersky recursion. A normal population has
two numbers to fit that with; candidates of two kinds (first-timers and repeaters, trained and not) or pressed
for time have another shape, and pass rate and consistency at the cut are then those of nobody. Where the
totals contradict the normal population (chi-square over bands), the weights become free and are found by EM
from the normal ones (Mislevy 1984, Psychometrika 49:359-381), stopped while they are still smooth.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt import score_distribution
from ciip_irt.records import result
from ciip_irt.scores.numbers.model_decisions import ability_points

__all__ = ["TotalPopulation", "population_of_totals"]

CONTRADICTED = 0.01  # p-value below which the normal population gives way: one form in a hundred by chance
BANDS = 12  # of about equal expected size; two moments are fitted to them
FEWEST = 100  # deliveries; fewer cannot contradict a normal population and would make a histogram of noise
LEAST_EXPECTED = 8.0  # deliveries in a band: the chi-square distribution wants five
STEPS = 200  # of EM: pass rates have settled, single points have not yet grown into spikes


@result
@dataclass(frozen=True, slots=True)
class TotalPopulation:
    """Points and weights (Q,) of the candidates of a form.

    ``shape`` is ``normal`` or ``histogram``; ``p_value`` of the normal population given the totals, NaN where
    there are too few.
    """

    theta: FloatArray
    weights: FloatArray
    shape: str
    p_value: float


def population_of_totals(
    parameters: FloatArray,
    totals: IntArray | FloatArray,
    *,
    mean: float = 0.0,
    sd: float = 1.0,
    split: float | None = None,
    D: float = 1.0,
) -> TotalPopulation:
    """The normal population where the totals allow it, else a histogram.

    Parameters
    ----------
    parameters
        Shape (J, 3): the scored items of the form.
    totals
        Shape (N,): raw scores of its candidates; those above J are left out.
    mean, sd
        Of the normal population.
    split
        The standard, which no panel of points carries across.

    >>> items = np.array([[1.0, b, 0.0] for b in np.linspace(-2, 2, 40)])
    >>> rng = np.random.default_rng(1)
    >>> theta = np.repeat([-1.5, 1.5], 500)
    >>> answers = rng.random((1000, 40)) < 1 / (1 + np.exp(items[:, 1] - theta[:, None]))
    >>> population_of_totals(items, answers.sum(axis=1), sd=1.5).shape
    'histogram'
    """
    theta, weights = ability_points(mean, sd, split)
    counted: IntArray = np.asarray(totals, dtype=np.int64)
    counted = counted[(counted >= 0) & (counted <= len(parameters))]
    n = counted.size
    if n < FEWEST:
        return TotalPopulation(theta, weights, "normal", float("nan"))
    by_score = score_distribution(parameters, theta, D)
    had = np.bincount(counted, minlength=by_score.shape[1]).astype(np.float64)
    p_value = _p_value(had, n * (weights @ by_score))
    if not p_value < CONTRADICTED:
        return TotalPopulation(theta, weights, "normal", p_value)
    for _ in range(STEPS):
        expected = np.maximum(weights @ by_score, 1e-300)
        weights = weights * (by_score @ (had / n / expected))
        weights = weights / weights.sum()
    return TotalPopulation(theta, weights, "histogram", p_value)


def _p_value(had: FloatArray, expected: FloatArray) -> float:
    """Of Pearson's chi-square over bands of scores; NaN with fewer than four bands."""
    bands = min(BANDS, int(had.sum() // LEAST_EXPECTED))
    edges = np.searchsorted(np.cumsum(expected), expected.sum() * np.arange(1, bands) / bands)
    starts = np.unique(np.concatenate([[0], edges + 1]))
    starts = starts[starts < had.size]
    seen, wanted = np.add.reduceat(had, starts), np.add.reduceat(expected, starts)
    used = wanted > LEAST_EXPECTED / 2
    if used.sum() < 4:
        return float("nan")
    chi2 = float(((seen[used] - wanted[used]) ** 2 / wanted[used]).sum())
    return float(chdtrc(int(used.sum()) - 3, chi2))
