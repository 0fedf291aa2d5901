"""The EM iteration to its end: accelerated, guarded, on points that widen or refine where they must."""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.em.acceleration import extrapolate
from ciip_irt.irt.em.e_step import Expectation
from ciip_irt.irt.em.em_problem import EmProblem, State
from ciip_irt.irt.population import lindsay_bound, move_to_points, revive_weights, to_histogram
from ciip_irt.irt.quadrature import refine_points

__all__ = ["ITERATIONS", "EmResult", "run_em"]

HISTORY = {"normal": 6, "histogram": 10}  # pairs that the acceleration remembers
ITERATIONS = {"normal": 500, "histogram": 800}
REFINE_AT = (3, 8, 20)
FINER = 0.9  # of the narrowest population when points were last looked at: they are looked at again
SAME = 1e-10  # log-likelihoods over all points and over those visited may differ by this share
NEAR_ENOUGH = 0.02  # largest change of the normal fit from which a histogram starts
REVIVALS = 3
WANTED_GAP = 1.0  # log-likelihood units that other histograms could add


@dataclass(frozen=True, slots=True)
class EmResult:
    """Where the iteration ended.

    Attributes
    ----------
    state, theta, expected
        The estimates, the ability points, the E-step at the estimates on all points.
    iterations, change, converged
        How many EM steps, the largest change in the last, whether it was below the tolerance.
    """

    state: State
    theta: FloatArray
    expected: Expectation
    iterations: int
    change: float
    converged: bool


def run_em(
    task: EmProblem,
    state: State,
    theta: FloatArray,
    *,
    kind: str,
    points_move: bool,
    tolerance: float,
    limit: int,
) -> EmResult:
    """EM steps with Anderson acceleration until none changes a value by ``tolerance``, ``limit`` at most.

    An extrapolation that lowers the log-posterior is undone, so it never falls (but where the points change).
    ``kind`` is that of the populations: a ``"histogram"`` takes over where the normal fit has nearly arrived.
    """
    history: list[tuple[FloatArray, FloatArray]] = []
    fallback: State | None = None
    best = -np.inf
    change = np.inf
    converged = False
    revivals = REVIVALS
    iteration = 0
    narrowest = float(state.population.sd.min())
    expected = task.e_step(state, theta)
    while iteration < limit:
        iteration += 1
        objective = expected.log_likelihood + task.log_prior(state)
        if fallback is not None and not objective >= best - 1e-9 * abs(best):
            state, fallback = fallback, None
            history.clear()
            expected = task.e_step(state, theta)
            continue
        best = objective
        after = task.m_step(state, theta, expected)
        before, behind = state.monitored(), after.monitored()
        change = float(np.abs(behind - before).max()) if before.size else 0.0
        following: State | None = None
        points = theta
        arrived = change < tolerance
        if kind == "histogram" and after.population.histogram is None and change < NEAR_ENOUGH:
            following = replace(after, population=to_histogram(after.population, theta))
        elif points_move and (
            iteration in REFINE_AT or arrived or after.population.sd.min() < FINER * narrowest
        ):
            p = after.population
            narrowest = float(p.sd.min())
            points = refine_points(theta, p.mean, p.sd, task.largest_information(after, theta))
            if points is not theta:
                following = replace(after, population=move_to_points(p, theta, points))
        if arrived and following is None:
            visited, expected = expected, task.e_step(state, theta)
            converged = abs(visited.log_likelihood - expected.log_likelihood) < SAME * abs(best)
            p = state.population
            if converged and revivals and lindsay_bound(p, theta, expected.persons) > WANTED_GAP:
                revivals -= 1
                following = replace(state, population=revive_weights(p, theta, expected.persons))
            elif converged:
                break
            else:
                continue
        if following is not None:
            state, theta, fallback, converged = following, points, None, False
            history.clear()
            expected = task.e_step(state, theta)
            continue
        accelerated = task.accelerate_sd(state, after)
        history = [*history[-(HISTORY[kind] - 1) :], (state.vector(), accelerated.vector())]
        candidate = state.with_vector(extrapolate(history), theta)
        if (len(history) > 1 or accelerated is not after) and task.is_admissible(candidate):
            state, fallback = candidate, after
        else:
            state, fallback = after, None
        expected = task.e_step(state, theta, before=expected)
    return EmResult(state, theta, expected, iteration, change, converged)
