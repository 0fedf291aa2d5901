"""The EM iteration's state, and what stays the same through it: E-step, M-step, prior, gradient."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.em.e_step import Expectation, expect_counts, log_probability
from ciip_irt.irt.em.free_parameters import FreeParameters
from ciip_irt.irt.em.m_step import bounds, free_gradient, maximize_items
from ciip_irt.irt.em.score_groups import ScoreGroups
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.population import (
    LEAST_SD,
    Population,
    from_weight_roots,
    moment_derivatives,
    population_log_weights,
    sd_at_bound,
    update_population,
)
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.threads import Run

__all__ = ["EmProblem", "State"]

SMALL_DISTANCE = 1e-3  # logits either side, for a slope with seven digits


@dataclass(frozen=True, slots=True)
class State:
    """Everything EM moves: the items' free values and the populations."""

    values: FloatArray
    population: Population

    def monitored(self) -> FloatArray:
        """The items' values and the free moments: what has to come to rest."""
        p = self.population
        return np.concatenate((self.values, p.mean[p.mean_free], np.log(p.sd[p.sd_free])))

    def vector(self) -> FloatArray:
        """What is extrapolated: the above, or with histograms the square roots of their weights."""
        p = self.population
        if p.histogram is None:
            return self.monitored()
        return np.concatenate((self.values, np.sqrt(p.histogram).ravel()))

    def with_vector(self, vector: FloatArray, theta: FloatArray) -> "State":
        p = self.population
        first = self.values.size
        if p.histogram is not None:
            return State(vector[:first], from_weight_roots(p, theta, vector[first:]))
        mean, sd = p.mean.copy(), p.sd.copy()
        second = first + int(p.mean_free.sum())
        mean[p.mean_free] = vector[first:second]
        sd[p.sd_free] = np.maximum(np.exp(np.minimum(vector[second:], 5.0)), LEAST_SD)
        return State(vector[:first], replace(p, mean=mean, sd=sd))


@dataclass(frozen=True, slots=True)
class EmProblem:
    """What stays the same through the iteration; ``met`` (G, J) is the share of a group that met an item."""

    blocks: Sequence[ResponseBlock]
    summed: Sequence[ResponseBlock | ScoreGroups]
    model: ItemModel
    free: FreeParameters
    priors: Priors
    D: float
    met: FloatArray
    run: Run

    def e_step(
        self,
        state: State,
        theta: FloatArray,
        excluded: IntArray | None = None,
        before: Expectation | None = None,
    ) -> Expectation:
        """The E-step; ``excluded`` items are counted but do not inform the posteriors.

        With the E-step ``before``, at nearby values, only the points where persons live are visited.
        """
        log_p = log_probability(self.model.working_probability(self.free.working(state.values), theta))
        if excluded is not None:
            log_p[:, excluded, :] = 0.0
        weights = population_log_weights(state.population, theta)
        blocks = self.summed if excluded is None else self.blocks
        return expect_counts(blocks, log_p, weights, self.run, () if before is None else before.windows)

    def m_step(self, state: State, theta: FloatArray, expected: Expectation) -> State:
        """The M-step."""
        values = maximize_items(
            self.model, self.free, state.values, theta, expected.counts, self.priors, self.D
        )
        return State(values, update_population(state.population, theta, expected.persons))

    def accelerate_sd(self, state: State, after: State) -> State:
        """``after`` an M-step, with free standard deviations taken as far as scoring would take them.

        EM moves a variance v by ``2 v^2 / n`` times its score, which is next to nothing where v is small.
        Divided by the squared reliability ``rho = I v / (1 + I v)``, I the test information at the mean, it
        is a scoring step.
        """
        p = state.population
        if p.histogram is not None or not p.sd_free.any():
            return after
        working = self.free.working(state.values)
        points = np.concatenate((p.mean - SMALL_DISTANCE, p.mean + SMALL_DISTANCE))
        curves = np.maximum(self.model.working_probability(working, points), LEAST_PROBABILITY)
        below, above = curves[: p.mean.size], curves[p.mean.size :]
        by_item = (((above - below) / (2 * SMALL_DISTANCE)) ** 2 * 2 / (above + below)).sum(axis=2)
        information = (by_item * self.met).sum(axis=1) * p.sd**2
        reliability = np.maximum(information / (1.0 + information), 1e-6)
        square = p.sd**2 + (after.population.sd**2 - p.sd**2) / reliability**2
        sd = np.clip(np.sqrt(np.maximum(square, 0.0)), np.maximum(p.sd / 3, LEAST_SD), 3 * p.sd)
        return replace(
            after, population=replace(after.population, sd=np.where(p.sd_free, sd, after.population.sd))
        )

    def log_prior(self, state: State) -> float:
        working, applies = self.free.working(state.values), self.free.prior_applies
        items = self.free.items
        mean = self.priors.block_mean(working[items], applies[items])
        return float(self.priors.log_density(working[items], self.D, applies[items], mean).sum())

    def is_admissible(self, state: State) -> bool:
        """False for an extrapolated point outside the box."""
        box = bounds(self.model, self.priors)
        if not self.free.size:
            return True
        slots = np.where(self.free.free, state.values[np.maximum(self.free.index, 0)], np.nan)
        with np.errstate(invalid="ignore"):
            outside = (slots < box[:, 0]) | (slots > box[:, 1])
        return not bool(outside.any()) and bool((np.abs(np.log(state.population.sd)) < 4).all())

    def clip_to_box(self, values: FloatArray) -> FloatArray:
        """Shape (size,): the nearest free values inside the box."""
        box = bounds(self.model, self.priors)
        place = np.nonzero(self.free.free)[1]
        result = values.copy()
        index = self.free.index[self.free.free]
        result[index] = np.clip(values[index], box[place, 0], box[place, 1])
        return result

    def at_bound(self, state: State) -> BoolArray:
        """Shape (J, P): free slots at the edge of the box."""
        box = bounds(self.model, self.priors)
        if not self.free.size:
            return np.zeros(self.free.index.shape, dtype=np.bool_)
        slots = state.values[np.maximum(self.free.index, 0)]
        edge = (slots <= box[:, 0] + 1e-9) | (slots >= box[:, 1] - 1e-9)
        return np.logical_and(self.free.free, edge)

    def gradient(
        self, state: State, theta: FloatArray, expected: Expectation, at_bound: BoolArray
    ) -> tuple[float, float]:
        """Length of the gradient of the log-posterior by everything free and not at a bound.

        And the largest of its item components in units of standard errors: large where steps are small
        although the maximum is far.
        """
        working = self.free.working(state.values)
        items, information = free_gradient(
            self.model, self.free, working, theta, expected.counts, self.priors, self.D
        )
        items[self.free.index[at_bound]] = 0.0
        distant = np.abs(items) / np.sqrt(np.maximum(information, 1e-12))
        p = state.population
        by_moment = np.einsum("gq,gqm->gm", expected.persons, moment_derivatives(p, theta)[0][:, :, :2])
        moments = (by_moment[np.column_stack((p.mean_free, p.sd_free & ~sd_at_bound(p)))] ** 2).sum()
        return float(np.sqrt((items**2).sum() + moments)), float(distant.max(initial=0.0))

    def largest_information(self, state: State, theta: FloatArray) -> float:
        """The largest test information any block offers, at any point."""
        working = self.free.working(state.values)
        p = np.maximum(self.model.working_probability(working, theta), 1e-12)
        slope = np.gradient(p, theta, axis=0)
        information = (slope**2 / p).sum(axis=2)
        return max(float(information[:, block.items].sum(axis=1).max()) for block in self.blocks)
