"""The EM iteration to its end: accelerated, guarded, on points that widen or refine where they must."""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.em.acceleration import extrapolate
from ciip_irt.irt.em.e_step import Expectation
from ciip_irt.irt.em.em_problem import EmProblem, State
from ciip_irt.irt.population import lindsay_bound, move_to_points, revive_weights, to_histogram
from ciip_irt.irt.quadrature import refine_points

__all__ = ["ITERATIONS", "EmResult", "EmSettings", "run_em"]

# pairs that the acceleration remembers; a histogram moves far more numbers
HISTORY = {"normal": 6, "histogram": 10}
# a stop, far beyond what data that determine the estimates take
ITERATIONS = {"normal": 500, "histogram": 800}
REFINE_AT = (3, 8, 20)  # steps after which parameters have moved enough to look at the points again
FINER = 0.9  # of the narrowest population when points were last looked at: they are looked at again
SAME = 1e-10  # log-likelihoods over all points and over those visited may differ by this share
FALL = 1e-9  # of the log-posterior: less is rounding of its sum over persons
NEAR_ENOUGH = 0.02  # largest change of the normal fit from which a histogram starts
REVIVALS = 3  # of empty points; each finds what the one before left
WANTED_BOUND = 1.0  # log-likelihood units that other histograms could add


@dataclass(frozen=True, slots=True)
class EmSettings:
    """How to iterate.

    Attributes
    ----------
    kind
        Of the populations: a ``"histogram"`` takes over where the normal fit has nearly arrived.
    points_move
        Ability points may be widened and refined.
    tolerance
        Largest change in the last step.
    limit
        Of the number of steps.
    """

    kind: str
    points_move: bool
    tolerance: float
    limit: int


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


def run_em(task: EmProblem, state: State, theta: FloatArray, settings: EmSettings) -> EmResult:
    """EM steps with Anderson acceleration until none changes a value by the tolerance.

    An extrapolation that lowers the log-posterior is undone, so it never falls (but where the points change).
    """
    iteration = _Iteration(task, settings, state, theta)
    while iteration.steps < settings.limit and not iteration.converged:
        iteration.step()
    return EmResult(
        iteration.state,
        iteration.theta,
        iteration.expected,
        iteration.steps,
        iteration.change,
        iteration.converged,
    )


class _Iteration:
    """The iteration under way: where it stands, and what it remembers."""

    __slots__ = (
        "best",
        "change",
        "converged",
        "expected",
        "fallback",
        "history",
        "narrowest",
        "revivals",
        "settings",
        "state",
        "steps",
        "task",
        "theta",
    )

    def __init__(self, task: EmProblem, settings: EmSettings, state: State, theta: FloatArray) -> None:
        self.task, self.settings = task, settings
        self.state, self.theta = state, theta
        self.expected = task.e_step(state, theta)
        self.history: list[tuple[FloatArray, FloatArray]] = []
        self.fallback: State | None = None
        self.best = -np.inf
        self.narrowest = float(state.population.sd.min())
        self.steps, self.change, self.converged = 0, np.inf, False
        self.revivals = REVIVALS

    def step(self) -> None:
        """One EM step, of the first kind that applies."""
        self.steps += 1
        if self._has_fallen():
            assert self.fallback is not None
            self._go_to(self.fallback, self.theta)
            return
        after = self.task.m_step(self.state, self.theta, self.expected)
        before, behind = self.state.monitored(), after.monitored()
        self.change = float(np.abs(behind - before).max()) if before.size else 0.0
        elsewhere = self._change_of_points(after)
        if elsewhere is not None:
            self._go_to(*elsewhere)
        elif self.change < self.settings.tolerance:
            self._arrive()
        else:
            self._accelerate(after)

    def _has_fallen(self) -> bool:
        """True where the last extrapolation lowered the log-posterior."""
        objective = self.expected.log_likelihood + self.task.log_prior(self.state)
        if self.fallback is not None and not objective >= self.best - FALL * abs(self.best):
            return True
        self.best = objective
        return False

    def _go_to(self, state: State, theta: FloatArray) -> None:
        """Start anew from here, with nothing remembered."""
        self.state, self.theta, self.fallback = state, theta, None
        self.history.clear()
        self.expected = self.task.e_step(state, theta)

    def _change_of_points(self, after: State) -> tuple[State, FloatArray] | None:
        """The population as a histogram, or on wider or finer points, where it is time for that."""
        p = after.population
        if self.settings.kind == "histogram" and p.histogram is None and self.change < NEAR_ENOUGH:
            return replace(after, population=to_histogram(p, self.theta)), self.theta
        due = (
            self.steps in REFINE_AT
            or self.change < self.settings.tolerance
            or p.sd.min() < FINER * self.narrowest
        )
        if not (self.settings.points_move and due):
            return None
        self.narrowest = float(p.sd.min())
        points = refine_points(self.theta, p.mean, p.sd, self.task.largest_information(after, self.theta))
        if points is self.theta:
            return None
        return replace(after, population=move_to_points(p, self.theta, points)), points

    def _arrive(self) -> None:
        """Nothing moves any more: the end, unless all points tell otherwise or empty ones ask for weight."""
        visited, self.expected = self.expected, self.task.e_step(self.state, self.theta)
        gap = abs(visited.log_likelihood - self.expected.log_likelihood)
        if not gap < SAME * abs(self.best):
            return
        p, persons = self.state.population, self.expected.persons
        if self.revivals and lindsay_bound(p, self.theta, persons) > WANTED_BOUND:
            self.revivals -= 1
            self._go_to(replace(self.state, population=revive_weights(p, self.theta, persons)), self.theta)
            return
        self.converged = True

    def _accelerate(self, after: State) -> None:
        """To the extrapolation of the last steps where that is allowed, else to the EM step itself."""
        accelerated = self.task.accelerate_sd(self.state, after)
        pair = (self.state.vector(), accelerated.vector())
        self.history = [*self.history[-(HISTORY[self.settings.kind] - 1) :], pair]
        candidate = self.state.with_vector(extrapolate(self.history), self.theta)
        if (len(self.history) > 1 or accelerated is not after) and self.task.is_admissible(candidate):
            self.state, self.fallback = candidate, after
        else:
            self.state, self.fallback = after, None
        self.expected = self.task.e_step(self.state, self.theta, before=self.expected)
