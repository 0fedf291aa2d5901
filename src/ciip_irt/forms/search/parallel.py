"""K parallel forms: relaxation for the bound, rounding for a start, swap search for the answer.

Without goals, what a form should have is what the relaxation attains (the targets, where they can be
reached). With goals, the relaxation says how high the forms can come on average, and the search makes every
form come close to that average: exchanges between two forms leave the total as it is, so what is evened out
is not lost. The search stops after a number of pairs judged, or when it is good enough, never by the clock
unless asked to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import WARNING_WEIGHT
from ciip_irt.forms.model.solver import Proposal
from ciip_irt.forms.search.big_shadow_test import big_shadow_test
from ciip_irt.forms.search.relaxation import Relaxation, relaxation
from ciip_irt.forms.search.rounding import rounded
from ciip_irt.forms.search.swaps import SwapSearch
from ciip_irt.forms.tolerances import SMALLEST

__all__ = ["SearchEffort", "parallel_forms"]

Progress = Callable[[str], None]

# Share of the items in common that the start leaves free, so that exchanges find room.
SPARE = 0.015
# One unit of the search is this share of a goal, or the room that a target has left.
FINEST, COARSEST = 0.001, 0.005
# A target weighs a little more than its room asks for, and so much more each time that it is missed.
MORE_THAN_ROOM, STRICTER = 1.2, 1.3
# Another start is made where no form was found, or none that is fair, so often at most.
STARTS = 3
# Fair is so near to the bound, or within tolerances. With a quarter and with five times of it, the
# benchmark's 3 forms of 1000 items were the same.
FAIR = 0.004
# Rounds in which nothing gains before the search ends, and perturbations tried in each: a search that has
# come to rest costs a few rounds, not its whole allowance of pairs.
ROUNDS_WITHOUT_GAIN, PERTURBATIONS_PER_ROUND = 6, 5
# Looks for the best exchange, per form: small pools have few pairs to count, yet every look takes its time.
# Runs on the banks of the benchmarks end after some hundreds.
CALLS = 20_000


@dataclass(frozen=True, slots=True)
class SearchEffort:
    """When to stop: after ``pairs`` judged per form (and as many once more); when the worst target is within
    ``good_enough`` tolerances of the bound, or the goal within ``close`` of it (a share). ``seconds`` makes
    the answer depend on the machine.
    """

    pairs: int = 15_000_000
    good_enough: float = 0.25
    close: float = 0.002
    seconds: float = np.inf


def parallel_forms(
    model: FormModel, effort: SearchEffort, seed: int, progress: Progress | None = None
) -> Proposal:
    """The best forms found; ``values`` are the x of all forms in a row, ``None`` where no form conforms.

    The objective is to be lowered: the worst target in tolerances, or minus the least goal. ``stopped`` is
    ``infeasible`` (proven), ``good enough``, ``work``, ``seconds`` or ``interrupted``; ``nodes`` counts
    swaps.
    """
    best = relaxation(model, seed)
    if best.uses is None:
        # Not solved is no proof: then nothing bounds the forms either.
        return Proposal(best.stopped, None, np.inf, np.inf if best.stopped == "infeasible" else -np.inf, 0)
    start = relaxation(model, seed, spare=SPARE) if len(model.goals) else best
    if start.uses is None:
        start = best
    run = _Run(model, start, -best.objective if len(model.goals) else best.objective, effort, progress)
    stopped = "work"
    try:
        for attempt in range(STARTS):
            if run.start(np.random.default_rng([seed, attempt])):
                stopped = run.improve(np.random.default_rng([seed, STARTS + attempt]))
            if stopped != "work" or run.fair() or run.stopped():
                break
            run.spent += run.search.pairs
            run.calls += run.search.calls
        if run.forms is None and not run.stopped():
            if progress is not None:
                progress("Rounding finds no forms; building them one after the other.")
            if run.in_sequence(seed):
                stopped = run.improve(np.random.default_rng([seed, 2 * STARTS]))
    except KeyboardInterrupt:
        if run.forms is None:
            raise
        stopped = "interrupted"
    return run.proposal(stopped)


class _Run:
    def __init__(
        self, model: FormModel, start: Relaxation, bound: float, effort: SearchEffort,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.model, self.from_, self.bound, self.effort, self.progress = model, start, bound, effort, progress
        self.forms: BoolArray | None = None
        self.best = (np.inf, np.inf)
        self.search: SwapSearch
        self.spent = self.calls = 0
        self.until = monotonic() + effort.seconds
        if len(model.goals):
            room = np.maximum(0.05, 1 - np.abs(start.measures - model.aims))
            self.weights = np.where(model.strict, MORE_THAN_ROOM / room, model.shares)
            fine = np.clip((start.goals / start.objective - 1) / 2, FINEST, COARSEST)
            self.goal_weights = 1 / (np.maximum(start.goals, SMALLEST) * fine)
        else:
            self.weights, self.goal_weights = model.shares, np.zeros(0)

    def start(self, rng: np.random.Generator) -> bool:
        """Rounded forms with every row kept."""
        assert self.from_.uses is not None
        forms = rounded(self.model, self.from_.uses, rng)
        self.search = SwapSearch(self.model, forms, *self._aim(), checkpoint=self.out_of_time)
        if len(self.model.goals):
            while self.search.sweep(bank=False, between=True) and not self.stopped():
                pass
        while self.search.sweep(bank=True, between=True) and not self.stopped():
            self.record()
            if self.good_enough():
                break
        if not self.search.repair():
            return False
        while self.search.sweep(bank=True, between=True) and not self.stopped() and not self.good_enough():
            self.record()
        self.record()
        return self.forms is not None

    def in_sequence(self, seed: int) -> bool:
        """Forms built one after the other, where rounded ones could not be repaired."""
        vectors, aims = self._aim()
        forms = big_shadow_test(self.model, vectors, aims, seed, self.until)
        if forms is None:
            return False
        self.search = SwapSearch(self.model, forms, vectors, aims, checkpoint=self.out_of_time)
        self.record()
        return self.forms is not None

    def improve(self, rng: np.random.Generator) -> str:
        """Two exchanges at a time, perturbations where none gains; until good enough or out of work."""
        search, k = self.search, self.model.n_forms
        fruitless = 0
        while not self.good_enough():
            if word := self.stopped():
                return word
            worst = np.argsort(-(search.off**2).sum(axis=1), kind="stable").tolist()
            gained = False
            for form in worst[: max(1, k // 2)]:
                gained |= search.improve_twice(form)
                for other in worst[::-1][:3]:
                    if other != form:
                        gained |= search.improve_twice(form, other)
            gained |= search.sweep(bank=True, between=True) > 0
            if not gained:
                gained = self._reweigh()
            for _ in range(0 if gained else PERTURBATIONS_PER_ROUND):
                worst = np.argsort(-(search.off**2).sum(axis=1), kind="stable").tolist()
                form, other = worst[min(k - 1, int(rng.integers(3)))], int(rng.integers(k))
                gained |= search.perturb(rng, form, None if other == form else other)
            better = self.record()
            fruitless = 0 if gained or better else fruitless + 1
            if fruitless >= ROUNDS_WITHOUT_GAIN:
                return "work"
        return "good enough"

    def fair(self) -> bool:
        trouble, objective = self.best
        if len(self.model.goals):
            return trouble == 0 and objective <= self.bound * (1 - FAIR)
        return objective <= max(1.0, self.bound + 1.0)

    def stopped(self) -> str:
        shares = self.model.n_forms + 1
        if self.spent + self.search.pairs >= self.effort.pairs * shares:
            return "work"
        if self.calls + self.search.calls >= CALLS * shares:
            return "work"
        return "seconds" if self.out_of_time() else ""

    def out_of_time(self) -> bool:
        return monotonic() > self.until

    def good_enough(self) -> bool:
        trouble, objective = self.best
        if self.forms is None or trouble > 0:
            return False
        if len(self.model.goals):
            return objective <= self.bound * (1 - self.effort.close)
        return objective <= self.bound + self.effort.good_enough

    def record(self) -> bool:
        """Keep the forms if they are the best so far."""
        if self.search.broken() > 0:
            return False
        now = judged(self.model, self.search.forms)
        if now >= self.best:
            return False
        self.best, self.forms = now, self.search.forms.copy()
        if self.progress is not None:
            self.progress(line(self.model, now, self.bound))
        return True

    def proposal(self, stopped: str) -> Proposal:
        if self.forms is None:
            return Proposal(stopped, None, np.inf, self.bound, self.search.swaps)
        trouble, objective = self.best
        # Beside goals a target out of tolerance is worse than any goal is good.
        objective = objective if trouble == 0 else 1 + trouble
        return Proposal(
            stopped, self.forms.astype(np.float64).ravel(), objective, self.bound, self.search.swaps
        )

    def _aim(self) -> tuple[FloatArray, FloatArray]:
        model, start = self.model, self.from_
        vectors = np.vstack(
            [model.measures * self.weights[:, None], model.goals * self.goal_weights[:, None]]
        )
        return vectors, np.concatenate([start.measures * self.weights, start.goals * self.goal_weights])

    def _reweigh(self) -> bool:
        """Count targets more that the forms miss, where goals leave them behind."""
        if not len(self.model.goals):
            return False
        off = _deviations(self.model, self.search.forms).max(axis=0)
        missed = self.model.strict & (off > 1) & (self.weights < 1e3)
        if not missed.any():
            return False
        self.weights = np.where(missed, STRICTER * self.weights, self.weights)
        self.search.vectors, self.search.aims = self._aim()
        self.search.refresh()
        return True


def judged(model: FormModel, forms: BoolArray) -> tuple[float, float]:
    """How far targets beside goals are missed (0: not), and the objective, to be lowered.

    >>> one = np.ones(2, dtype=bool)
    >>> none = np.array([])
    >>> model = FormModel(1, one, ~one, np.zeros((0, 2)), none, none, np.array([[1.0, 3.0]]),
    ...     np.array([2.0]), np.array([True]), np.zeros((0, 2)), np.array([]), one, None)
    >>> judged(model, np.array([[True, True]]))
    (0.0, 2.0)
    """
    off = _deviations(model, forms)
    strict, lenient = off[:, model.strict].max(initial=0.0), off[:, ~model.strict].max(initial=0.0)
    if not len(model.goals):
        return 0.0, float(strict + WARNING_WEIGHT * lenient)
    goals = np.einsum("fn,gn->fg", forms.astype(np.float64), model.goals)
    apart = goals.max(axis=0) / np.maximum(goals.min(axis=0), SMALLEST) - 1 - model.equal_within
    trouble = max(0.0, float(strict) - 1) + float(np.maximum(apart, 0).sum())
    return trouble, float(WARNING_WEIGHT * lenient - goals.min())


def line(model: FormModel, best: tuple[float, float], bound: float) -> str:
    """Progress in the blueprint's units."""
    trouble, objective = best
    if not len(model.goals):
        return f"best {objective:.3g}, bound {bound:.3g}, gap {objective - bound:.3g} tolerances"
    share = 100 * (1 - objective / bound) if bound else 0.0
    beside = "" if trouble == 0 else ", targets not yet met"
    return f"best {-objective:.4g} times the weights, bound {-bound:.4g}, gap {share:.2g} %{beside}"


def _deviations(model: FormModel, forms: BoolArray) -> FloatArray:
    result: FloatArray = np.abs(np.einsum("fn,qn->fq", forms.astype(np.float64), model.measures) - model.aims)
    return result
