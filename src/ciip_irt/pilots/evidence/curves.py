"""All the response curves a pilot item may have, on one grid, and how likely each makes the answers.

With u the ability in standard deviations from the mean of the reference population, a curve is

    logit P(u) = d + s u,        a = s / (D sigma),    b = mu - sigma d / s.

The slope s may be negative (a wrong key) and zero (an item that tells nobody apart), where b does not exist;
the intercept d, the logit of P for the average candidate, always does. For s > 0 this is the 2PL model, and
the likelihood below is that of ``tests/oracles/item_posterior.py``, for many items and curves at once:

    log L_j(s, d) = sum_i log sum_q pi_iq P(x_ij | u_q; s, d),

pi_iq being person i's ability posterior from the scored items alone. It is computed on a coarse grid and
interpolated with cubic splines: the logarithm of a likelihood is smooth, however many answers there are.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import expit

from ciip_irt.arrays import BoolArray, FloatArray, ScoreArray
from ciip_irt.records import result

__all__ = ["CurveGrid", "coarse_log_likelihood", "curve_grid", "interpolate", "likely_part"]

SLOPES, INTERCEPTS = (-2.5, 4.0), (-7.0, 7.0)  # beyond, hardly any real item: p outside .001 to .999
COARSE, REFINEMENT = 0.25, 10  # step of the knots, and finer steps between them
HOPELESS = 60.0  # logs below the best knot; the true peak lies between knots and may be much higher
WHOLE = (slice(None), slice(None))
PERSONS_AT_ONCE = 4096  # times 1,539 curves: 50 MB
SMALLEST = 1e-12  # probability; only against the logarithm of 0


@result
@dataclass(frozen=True, slots=True)
class CurveGrid:
    """Slopes (S,), intercepts (D,), ability points u (Q,) with the reference population's weights (Q,)."""

    slopes: FloatArray
    intercepts: FloatArray
    u: FloatArray
    population: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        return self.slopes.size, self.intercepts.size

    def curves(self) -> FloatArray:
        """Shape (Q, S * D): the probability of a right answer."""
        z = self.intercepts[None, None, :] + self.slopes[None, :, None] * self.u[:, None, None]
        result: FloatArray = expit(z).reshape(self.u.size, -1)
        return result

    def means(self, factors: FloatArray) -> FloatArray:
        """Shape (F, S, D): mean of ``factor(u) P(u)`` over the population, for factors (F, Q)."""
        weighted = factors * self.population
        rows = [weighted @ expit(self.intercepts[None, :] + s * self.u[:, None]) for s in self.slopes]
        return np.stack(rows, axis=1)

    def p_and_correlations(self, criteria: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Shapes (S, D), (F, S, D): proportion right, correlation of the item score with each criterion.

        Parameters
        ----------
        criteria
            Shape (F, Q): expected criterion at each u, less its mean and divided by its standard deviation.

        Given the ability, item and total are independent (the pilot is not in the total), so
        ``R = E[P(u) z(u)] / sqrt(p q)``.
        """
        p, *products = self.means(np.vstack([np.ones(self.u.size), criteria]))
        scale = np.sqrt(p * (1.0 - p))
        return p, np.array(products).reshape(-1, *self.shape) / scale

    def knots(self) -> "CurveGrid":
        """The coarse grid on which likelihoods are computed."""
        return self.coarser(REFINEMENT)

    def coarser(self, step: int) -> "CurveGrid":
        """Every ``step``-th slope and intercept."""
        return CurveGrid(self.slopes[::step], self.intercepts[::step], self.u, self.population)


def curve_grid(u: FloatArray, population: FloatArray) -> CurveGrid:
    """The grid in use: slopes from -2.5 to 4, intercepts from -7 to 7, in steps of .025."""

    def points(low: float, high: float) -> FloatArray:
        return np.linspace(low, high, round((high - low) / COARSE) * REFINEMENT + 1)

    return CurveGrid(points(*SLOPES), points(*INTERCEPTS), u, population)


def coarse_log_likelihood(grid: CurveGrid, posteriors: FloatArray, scores: ScoreArray) -> FloatArray:
    """Shape (J, C): log-likelihood of every item's answers under every curve of the coarse grid.

    Parameters
    ----------
    posteriors
        Shape (N, Q): the persons' ability posteriors from other items.
    scores
        Shape (N, J): 0 or 1; ``MISSING`` does not count. Results of several groups of persons add up.
    """
    curves = grid.knots().curves()
    total = np.zeros((scores.shape[1], curves.shape[1]))
    for start in range(0, scores.shape[0], PERSONS_AT_ONCE):
        rows = slice(start, start + PERSONS_AT_ONCE)
        right = np.clip(posteriors[rows] @ curves, SMALLEST, 1.0 - SMALLEST)
        is_right: BoolArray = scores[rows] == 1
        is_wrong: BoolArray = scores[rows] == 0
        total += is_right.T.astype(np.float64) @ np.log(right)
        total += is_wrong.T.astype(np.float64) @ np.log1p(-right)
    return total


def interpolate(grid: CurveGrid, coarse: FloatArray, part: tuple[slice, slice] = WHOLE) -> FloatArray:
    """Shape (..., S', D'): log-likelihoods (..., C) on a part of the grid (default: all of it).

    A cubic spline that goes through the knots is linear in its values there, so many items are two matrix
    products.
    """
    slopes, intercepts = (_spline(float(x[0]), float(x[-1]), x.size) for x in (grid.slopes, grid.intercepts))
    values = coarse.reshape(*coarse.shape[:-1], *grid.knots().shape)
    result: FloatArray = slopes[part[0]] @ values @ intercepts[part[1]].T
    return result


@lru_cache(maxsize=8)
def _spline(first: float, last: float, n: int) -> FloatArray:
    """Shape (n, knots): by what the values at the knots are multiplied for each of n points."""
    points = np.linspace(first, last, n)
    result: FloatArray = make_interp_spline(points[::REFINEMENT], np.eye(points[::REFINEMENT].size))(points)
    result.flags.writeable = False
    return result


def likely_part(grid: CurveGrid, coarse: FloatArray, log_prior: FloatArray) -> tuple[slice, slice]:
    """The rectangle of the grid outside of which no curve can be at all likely.

    Parameters
    ----------
    coarse
        Shape (C,): log-likelihood on the knots.
    log_prior
        Shape (S, D): on the whole grid.
    """
    joint = coarse.reshape(grid.knots().shape) + log_prior[::REFINEMENT, ::REFINEMENT]
    possible = joint > joint.max() - HOPELESS

    def around(here: BoolArray) -> slice:
        at = np.flatnonzero(here)
        return slice(max(int(at[0]) - 1, 0) * REFINEMENT, (int(at[-1]) + 1) * REFINEMENT + 1)

    return around(possible.any(axis=1)), around(possible.any(axis=0))
