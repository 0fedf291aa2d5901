"""The exact posterior of one pilot item, given the persons' abilities as their scored items show them.

With the scored items' parameters fixed, the ability posterior of candidate i from the scored items alone,
``pi_iq``, does not depend on the pilot item, and

    p(a, b | x)  is proportional to  prior(a, b) * prod_i sum_q pi_iq P(x_i | theta_q; a, b, c).

It is evaluated on a grid of (a, b): no Monte Carlo, no normal approximation, valid with twenty answers as
with two thousand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, ScoreArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.records import result

__all__ = ["ItemPosterior", "grid_log_prior", "item_posterior"]

BATCH = 32
SMALLEST = 1e-9  # BATCH factors of this size still stay above the smallest double


@result
@dataclass(frozen=True, slots=True)
class ItemPosterior:
    """Probabilities of (a, b) on a grid.

    Attributes
    ----------
    a_grid, b_grid
        Shapes (A,), (B,).
    weights
        Shape (A, B), sums to 1.
    c, D
        The lower asymptote and scaling constant the item was given.
    n
        Answers that counted.
    log_evidence
        ``log sum prior * likelihood`` (the prior normalised on the grid).
    """

    a_grid: FloatArray
    b_grid: FloatArray
    weights: FloatArray
    c: float
    D: float
    n: int
    log_evidence: float

    def expectation(self, value: FloatArray | Callable[[FloatArray, FloatArray], FloatArray]) -> float:
        """Posterior mean of a function of (a, b).

        ``value`` is either an array (A, B) or a function called with a (A, 1) and b (1, B).
        """
        return float(np.sum(self.weights * self._on_grid(value)))

    def sd(self, value: FloatArray | Callable[[FloatArray, FloatArray], FloatArray]) -> float:
        """Posterior standard deviation of a function of (a, b)."""
        values = self._on_grid(value)
        mean = np.sum(self.weights * values)
        return float(np.sqrt(np.sum(self.weights * (values - mean) ** 2)))

    def probability(self, condition: BoolArray | Callable[[FloatArray, FloatArray], BoolArray]) -> float:
        """Posterior probability that a statement about (a, b) holds."""
        values = condition(self.a_grid[:, None], self.b_grid[None, :]) if callable(condition) else condition
        return float(np.sum(np.where(np.broadcast_to(values, self.weights.shape), self.weights, 0.0)))

    def quantile(
        self,
        value: FloatArray | Callable[[FloatArray, FloatArray], FloatArray],
        levels: FloatArray | tuple[float, ...],
    ) -> FloatArray:
        """Quantiles of a function of (a, b): the smallest value whose cumulated weight reaches each level."""
        values = self._on_grid(value).ravel()
        order = np.argsort(values, kind="stable")
        cumulated = np.cumsum(self.weights.ravel()[order])
        place = np.searchsorted(cumulated, np.asarray(levels) * cumulated[-1] * (1 - 1e-12))
        result: FloatArray = values[order][np.minimum(place, values.size - 1)]
        return result

    @property
    def marginal_a(self) -> FloatArray:
        """Shape (A,): the posterior of a."""
        result: FloatArray = self.weights.sum(axis=1)
        return result

    @property
    def marginal_b(self) -> FloatArray:
        """Shape (B,): the posterior of b."""
        result: FloatArray = self.weights.sum(axis=0)
        return result

    @property
    def mean_a(self) -> float:
        return float(self.marginal_a @ self.a_grid)

    @property
    def sd_a(self) -> float:
        return float(np.sqrt(self.marginal_a @ (self.a_grid - self.mean_a) ** 2))

    @property
    def mean_b(self) -> float:
        return float(self.marginal_b @ self.b_grid)

    @property
    def sd_b(self) -> float:
        return float(np.sqrt(self.marginal_b @ (self.b_grid - self.mean_b) ** 2))

    @property
    def edge_weight(self) -> float:
        """Weight on the border of the grid; more than a few thousandths says that the grid is too narrow."""
        inside = self.weights[
            1 if self.a_grid.size > 2 else 0 : -1 if self.a_grid.size > 2 else None,
            1 if self.b_grid.size > 2 else 0 : -1 if self.b_grid.size > 2 else None,
        ]
        return float(max(0.0, 1.0 - inside.sum()))

    def p_in_population(self, theta: FloatArray, weights: FloatArray) -> FloatArray:
        """Shape (A, B): the proportion right in a population, for every (a, b).

        Parameters
        ----------
        theta, weights
            Shape (Q,): the reference population on ability points.
        """
        curves = _curves(self.a_grid, self.b_grid, self.c, theta, self.D)
        p: FloatArray = (weights / weights.sum()) @ curves
        return p.reshape(self.weights.shape)

    def expected_p(self, theta: FloatArray, weights: FloatArray) -> float:
        """Posterior mean of the proportion right in a population."""
        return self.expectation(self.p_in_population(theta, weights))

    def _on_grid(self, value: FloatArray | Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
        values = value(self.a_grid[:, None], self.b_grid[None, :]) if callable(value) else value
        return np.broadcast_to(np.asarray(values, dtype=np.float64), self.weights.shape)


def grid_log_prior(
    a_grid: FloatArray,
    b_grid: FloatArray,
    *,
    mean_log_a: float = 0.0,
    sd_log_a: float = 0.5,
    mean_b: float = 0.0,
    sd_b: float = 2.0,
) -> FloatArray:
    """Shape (A, B): log of a prior with log a ~ N and b ~ N, up to a constant, as weights of the grid points.

    The grid points are taken as equally spaced in a, so the density of a (not of log a) counts.

    >>> prior = grid_log_prior(np.array([0.5, 1.0]), np.array([-1.0, 0.0, 1.0]))
    >>> prior.shape
    (2, 3)
    """
    log_a = np.log(a_grid)[:, None]
    result: FloatArray = (
        -log_a - 0.5 * ((log_a - mean_log_a) / sd_log_a) ** 2 - 0.5 * ((b_grid[None, :] - mean_b) / sd_b) ** 2
    )
    return result


def item_posterior(
    person_posteriors: FloatArray,
    theta: FloatArray,
    scores: ScoreArray,
    *,
    a_grid: FloatArray,
    b_grid: FloatArray,
    c: float = 0.0,
    log_prior: FloatArray | None = None,
    D: float = 1.0,
) -> ItemPosterior:
    """Posterior of one item's (a, b) on a grid.

    Parameters
    ----------
    person_posteriors
        Shape (N, Q): each person's ability posterior **from other items alone**; rows sum to 1.
    theta
        Shape (Q,): the ability points.
    scores
        Shape (N,): 0 or 1; ``MISSING`` (-1) does not count.
    a_grid, b_grid
        Shapes (A,), (B,): increasing values. One value of a (``np.array([1.0])``) gives the Rasch model.
    c
        Lower asymptote, 0 <= c < 1, taken as known.
    log_prior
        Shape (A, B), up to a constant; flat when absent.
    D
        Scaling constant of the parameters.

    Raises
    ------
    InputError
        Shapes that do not fit, scores other than 0, 1, -1, rows that do not sum to 1.

    Source: Bayes' rule with the abilities integrated out; equals the posterior of a Bock-Aitkin model in
    which all other items are fixed and do not learn from this one.

    >>> theta = np.linspace(-4, 4, 41)
    >>> ability = np.exp(-0.5 * (theta - np.array([[-1.0], [0.0], [1.0]])) ** 2 / 0.3**2)
    >>> ability /= ability.sum(axis=1, keepdims=True)
    >>> posterior = item_posterior(ability, theta, np.array([0, 1, 1], dtype=np.int8),
    ...                            a_grid=np.array([1.0]), b_grid=np.linspace(-4, 4, 81),
    ...                            log_prior=-0.5 * np.linspace(-4, 4, 81)[None, :] ** 2)
    >>> round(posterior.mean_b, 2), round(posterior.sd_b, 2)
    (-0.31, 0.8)
    >>> round(posterior.probability(lambda a, b: b < 0), 2)
    0.63
    """
    _check(person_posteriors, theta, scores, a_grid, b_grid, c, log_prior)
    counted = scores != MISSING
    right = person_posteriors @ _curves(a_grid, b_grid, c, theta, D) if counted.any() else None
    flat = np.zeros(a_grid.size * b_grid.size)
    if right is not None:
        likelihood = np.where((scores == 1)[:, None], right, 1.0 - right)[counted]
        np.maximum(likelihood, SMALLEST, out=likelihood)
        # products of a batch, then one logarithm: a tenth of the time of a logarithm per person and cell
        for start in range(0, likelihood.shape[0], BATCH):
            flat += np.log(np.prod(likelihood[start : start + BATCH], axis=0))
    total = flat.reshape(a_grid.size, b_grid.size)
    prior = np.zeros_like(total) if log_prior is None else log_prior - log_prior.max()
    joint = total + prior
    peak = joint.max()
    weights = np.exp(joint - peak)
    mass = weights.sum()
    return ItemPosterior(
        a_grid=a_grid,
        b_grid=b_grid,
        weights=weights / mass,
        c=c,
        D=D,
        n=int(counted.sum()),
        log_evidence=float(peak + np.log(mass) - np.log(np.exp(prior).sum())),
    )


def _curves(a_grid: FloatArray, b_grid: FloatArray, c: float, theta: FloatArray, D: float) -> FloatArray:
    """Shape (Q, A*B): the probability of a right answer for every pair of the grid."""
    distance = theta[:, None] - b_grid[None, :]
    z = D * a_grid[None, :, None] * distance[:, None, :]
    result: FloatArray = (c + (1.0 - c) * expit(z)).reshape(theta.size, -1)
    return result


def _check(
    person_posteriors: FloatArray,
    theta: FloatArray,
    scores: ScoreArray,
    a_grid: FloatArray,
    b_grid: FloatArray,
    c: float,
    log_prior: FloatArray | None,
) -> None:
    problems: list[Problem] = []
    if person_posteriors.shape != (scores.size, theta.size):
        problems.append(
            Problem(
                f"person posteriors of shape {person_posteriors.shape} do not fit {scores.size} scores "
                f"and {theta.size} ability points",
                remedy="Give persons x ability points.",
            )
        )
    elif scores.size and not np.allclose(person_posteriors.sum(axis=1), 1.0, atol=1e-6):
        problems.append(
            Problem(
                "person posteriors that do not sum to 1",
                count=int((~np.isclose(person_posteriors.sum(axis=1), 1.0, atol=1e-6)).sum()),
                remedy="Normalise each row; person_posteriors() does.",
            )
        )
    wrong = scores[~np.isin(scores, (MISSING, 0, 1))]
    if wrong.size:
        problems.append(
            Problem(
                "scores other than 0, 1 and -1",
                count=int(wrong.size),
                examples=[str(value) for value in np.unique(wrong)[:5]],
                remedy="An item posterior is for right/wrong items.",
            )
        )
    for name, grid in (("a_grid", a_grid), ("b_grid", b_grid)):
        if grid.ndim != 1 or not grid.size or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
            problems.append(Problem(f"{name} must hold increasing finite values"))
    if not 0.0 <= c < 1.0:
        problems.append(Problem(f"c = {c} is no probability below 1"))
    if log_prior is not None and log_prior.shape != (a_grid.size, b_grid.size):
        problems.append(
            Problem(
                f"log_prior of shape {log_prior.shape}, the grid has {(a_grid.size, b_grid.size)}",
                remedy="grid_log_prior(a_grid, b_grid) gives one that fits.",
            )
        )
    if problems:
        raise InputError(problems)
