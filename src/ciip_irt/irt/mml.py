"""Marginal maximum likelihood by the EM algorithm, on data that may be missing by design.

Source: Bock & Aitkin (1981), Psychometrika 46:443-459; Mislevy (1986), Psychometrika 51:177-195 for priors;
Kim (2006), Journal of Educational Measurement 43:355-381 for calibration with fixed items (multiple weight
updates, multiple EM cycles).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import DesignError, InputError, Problem
from ciip_irt.irt.acceleration import accelerated
from ciip_irt.irt.expectation import Expectation, Run, chunks, expectation, log_probability
from ciip_irt.irt.free_parameters import FreeParameters, free_parameters
from ciip_irt.irt.maximization import bounds, free_gradient, maximised
from ciip_irt.irt.mml_fit import MmlFit, fit_warnings
from ciip_irt.irt.mml_start import (
    check_arguments,
    check_scores,
    identified_population,
    score_counts,
    sized,
    start_parameters,
    without_items,
)
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.population import Population, log_weights, updated
from ciip_irt.irt.priors import Priors, default_priors
from ciip_irt.irt.quadrature import default_points, refined
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.irt.score_groups import (
    ScoreGroups,
    in_order_of_score,
    raw_score_sufficient,
    score_groups,
    split_complete,
)
from ciip_irt.irt.standard_errors import METHODS
from ciip_irt.irt.standard_errors import standard_errors as standard_errors_of

__all__ = ["MmlFit", "fit_mml"]

HISTORY = 6
REFINE_AT = (3, 8, 20)
NARROW = 0.05
SAME = 1e-10  # log-likelihoods over all points and over those visited may differ by this share
NEAR = 0.02  # standard errors: steps may be small far from the maximum, then this is not convergence


@dataclass(frozen=True, slots=True)
class _State:
    """Everything EM moves: the items' free values and the populations."""

    values: FloatArray
    population: Population

    def vector(self) -> FloatArray:
        p = self.population
        return np.concatenate((self.values, p.mean[p.mean_free], np.log(p.sd[p.sd_free])))

    def at(self, vector: FloatArray) -> "_State":
        p = self.population
        mean, sd = p.mean.copy(), p.sd.copy()
        first, second = self.values.size, self.values.size + int(p.mean_free.sum())
        mean[p.mean_free] = vector[first:second]
        sd[p.sd_free] = np.exp(vector[second:])
        return _State(vector[:first], replace(p, mean=mean, sd=sd))


@dataclass(frozen=True, slots=True)
class _Problem:
    """What stays the same through the iteration."""

    blocks: Sequence[ResponseBlock]
    summed: Sequence[ResponseBlock | ScoreGroups]
    model: ItemModel
    free: FreeParameters
    priors: Priors
    D: float
    run: Run

    def expected(
        self,
        state: _State,
        theta: FloatArray,
        silent: IntArray | None = None,
        before: Expectation | None = None,
    ) -> Expectation:
        """The E-step; ``silent`` items are counted but do not inform the posteriors.

        With the E-step ``before``, at nearby values, only the points where persons live are visited.
        """
        log_p = log_probability(self.model.working_probability(self.free.working(state.values), theta))
        if silent is not None:
            log_p[:, silent, :] = 0.0
        weights = log_weights(theta, state.population.mean, state.population.sd)
        blocks = self.summed if silent is None else self.blocks
        return expectation(blocks, log_p, weights, self.run, () if before is None else before.windows)

    def mapped(self, state: _State, theta: FloatArray, expected: Expectation) -> _State:
        """The M-step."""
        values = maximised(self.model, self.free, state.values, theta, expected.counts, self.priors, self.D)
        return _State(values, updated(state.population, theta, expected.persons))

    def log_prior(self, state: _State) -> float:
        working, applies = self.free.working(state.values), self.free.prior_applies
        items = self.free.items
        mean = self.priors.block_mean(working[items], applies[items])
        return float(self.priors.log_density(working[items], self.D, applies[items], mean).sum())

    def admissible(self, state: _State) -> bool:
        """False for an extrapolated point outside the box."""
        box = bounds(self.model, self.priors)
        if not self.free.size:
            return True
        slots = np.where(self.free.free, state.values[np.maximum(self.free.index, 0)], np.nan)
        with np.errstate(invalid="ignore"):
            outside = (slots < box[:, 0]) | (slots > box[:, 1])
        return not bool(outside.any()) and bool((np.abs(np.log(state.population.sd)) < 4).all())

    def at_bound(self, state: _State) -> BoolArray:
        """Shape (J, P): free slots at the edge of the box."""
        box = bounds(self.model, self.priors)
        if not self.free.size:
            return np.zeros(self.free.index.shape, dtype=np.bool_)
        slots = state.values[np.maximum(self.free.index, 0)]
        edge = (slots <= box[:, 0] + 1e-9) | (slots >= box[:, 1] - 1e-9)
        return np.logical_and(self.free.free, edge)

    def gradient(
        self, state: _State, theta: FloatArray, expected: Expectation, at_bound: BoolArray
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
        distance = theta - p.mean[:, None]
        by_mean = (expected.persons * distance).sum(axis=1) / p.sd**2
        by_sd = (expected.persons * (distance**2 / p.sd[:, None] ** 3 - 1.0 / p.sd[:, None])).sum(axis=1)
        moments = (by_mean[p.mean_free] ** 2).sum() + (by_sd[p.sd_free] ** 2).sum()
        return float(np.sqrt((items**2).sum() + moments)), float(distant.max(initial=0.0))

    def largest_information(self, state: _State, theta: FloatArray) -> float:
        """The largest test information any block offers, at any point."""
        working = self.free.working(state.values)
        p = np.maximum(self.model.working_probability(working, theta), 1e-12)
        slope = np.gradient(p, theta, axis=0)
        information = (slope**2 / p).sum(axis=2)
        return max(float(information[:, block.items].sum(axis=1).max()) for block in self.blocks)


def fit_mml(
    blocks: Sequence[ResponseBlock],
    model: ItemModel | str,
    n_items: int,
    *,
    fixed: FloatArray | None = None,
    priors: Priors | None = None,
    mean: float | None = None,
    sd: float | None = None,
    quadrature: FloatArray | None = None,
    D: float = 1.0,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    standard_errors: str = "oakes",
    run: Run = map,
) -> MmlFit:
    """Estimate item parameters with abilities integrated out over normal populations.

    Maximises ``sum_i log sum_q w_q prod_j P_j(x_ij | theta_q)^m_ij + log prior``; cells that do not count
    (``MISSING``) and items a person did not meet simply leave the product.

    Identification. Free calibration: group 0 has mean 0, and standard deviation 1 unless the model is Rasch,
    which has slope 1 and a free spread; further groups are free. Anchored calibration (any b in ``fixed``):
    all populations are free and never re-standardised, so the estimates are on the scale of the fixed items.
    ``mean`` and ``sd`` hold the moments of group 0 at a value instead.

    Parameters
    ----------
    blocks
        Persons who met the same items, with scores 0..K-1 or ``MISSING``.
    model
        ``"rasch"``, ``"1pl"``, ``"2pl"``, ``"3pl"`` for right/wrong items; ``"pcm"``, ``"gpcm"``, ``"grm"``
        for scores 0..K-1, K as large as the data (or ``fixed``) need; or an ``ItemModel``. Items of a pool
        may have different numbers of scores; each item's must be 0, 1, ... without a gap.
    n_items
        J, the size of the pool the blocks' indices refer to.
    fixed
        Shape (J, P): a, b, c (a, b1, ..., b_{K-1}) to be held, NaN where free. The difficulties of an item
        with scores above 1 are held all together, with its slope, or not at all.
    priors
        ``None`` takes ``default_priors(model.name)``: none but for 3PL.
    quadrature
        Shape (Q,): equally spaced ability points, kept as they are. ``None`` starts from 61 points on [-6, 6]
        and widens or refines them where populations or posteriors demand it.
    D
        Scaling constant of the fixed and of the reported parameters.
    tolerance
        Largest change of a working parameter in the last EM step.
    standard_errors
        ``"oakes"``, ``"cross_product"`` or ``"none"``.
    run
        Anything with the signature of the built-in ``map``.

    Raises
    ------
    InputError
        Blocks, fixed values or options that do not fit, all at once.
    DesignError
        Not a single item has both right and wrong answers.

    >>> rng = np.random.default_rng(1)
    >>> difficulty = np.array([-1.0, 0.0, 1.0, 0.5])
    >>> ability = rng.normal(size=(2000, 1))
    >>> scores = (rng.random((2000, 4)) < 1 / (1 + np.exp(difficulty - ability))).astype(np.int8)
    >>> fit = fit_mml([ResponseBlock(np.arange(4), scores)], "rasch", 4)
    >>> fit.converged, bool(np.abs(fit.parameters[:, 1] - difficulty).max() < 0.2)
    (True, True)
    """
    if isinstance(model, str):
        if model not in MODELS:
            known = ", ".join(MODELS)
            raise InputError(Problem(f"unknown model {model!r}", remedy=f"Choose one of {known}."))
        model = MODELS[model]
    model = sized(model, blocks, fixed)
    if standard_errors not in METHODS:
        raise InputError(
            Problem(
                f"unknown standard errors {standard_errors!r}", remedy=f"Choose one of {', '.join(METHODS)}."
            )
        )
    width = len(model.parameters)
    held = np.full((n_items, width), np.nan) if fixed is None else np.asarray(fixed, dtype=np.float64)
    priors = default_priors(model.name) if priors is None else priors
    check_arguments(blocks, model, n_items, held, D, priors)

    counts = score_counts(blocks, n_items, model.n_categories)
    answers = counts.sum(axis=1)
    flat = counts.max(axis=1) == answers
    check_scores(model, counts, held, flat)
    estimable = (answers > 0) & (~flat | ~np.isnan(held[:, 1]) | (priors.b is not None))
    persons = in_order_of_score(split_complete(without_items(blocks, ~estimable)))
    used = chunks(persons)
    if not used:
        raise DesignError(
            "no item can be estimated: every item was answered alike by everybody who met it. "
            "More answers, or a prior on b, would help."
        )
    start, held = start_parameters(model, counts, held, D)
    free = free_parameters(model, start, held, estimable, D)
    population = identified_population(blocks, model, held, estimable, mean, sd)
    state = _State(free.values(model.to_working(np.where(np.isnan(held), start, held), D)), population)
    theta = default_points() if quadrature is None else np.asarray(quadrature, dtype=np.float64)
    summed: list[ResponseBlock | ScoreGroups] = [*used]
    if raw_score_sufficient(model, free.working(state.values)[estimable], theta):
        groups, others = score_groups(persons, model.n_categories)
        summed = [*groups, *chunks(others)]
    task = _Problem(used, summed, model, free, priors, D, run)

    anchors = ~np.isnan(held[:, 1]) & (answers > 0)
    if anchors.any():
        # Kim's first cycle: the fixed items alone place the persons, the persons then place the new items
        silent = np.flatnonzero(free.free.any(axis=1))
        for _ in range(3):
            expected = task.expected(state, theta, silent)
            state = replace(state, population=updated(state.population, theta, expected.persons))
        state = task.mapped(state, theta, task.expected(state, theta, silent))

    history: list[tuple[FloatArray, FloatArray]] = []
    fallback: _State | None = None
    best = -np.inf
    change = np.inf
    converged = False
    iteration = 0
    expected = task.expected(state, theta)
    while iteration < max_iterations:
        iteration += 1
        objective = expected.log_likelihood + task.log_prior(state)
        if fallback is not None and not objective >= best - 1e-9 * abs(best):
            state, fallback = fallback, None
            history.clear()
            expected = task.expected(state, theta)
            continue
        best = objective
        after = task.mapped(state, theta, expected)
        x, mapped = state.vector(), after.vector()
        change = float(np.abs(mapped - x).max()) if x.size else 0.0
        if quadrature is None and (iteration in REFINE_AT or change < tolerance):
            p = after.population
            finer = refined(theta, p.mean, p.sd, task.largest_information(after, theta))
            if finer is not theta:
                theta, state, fallback = finer, after, None
                history.clear()
                expected = task.expected(state, theta)
                continue
        if change < tolerance:
            visited, expected = expected, task.expected(state, theta)
            converged = abs(visited.log_likelihood - expected.log_likelihood) < SAME * abs(best)
            if converged:
                break
            continue
        history = [*history[-(HISTORY - 1) :], (x, mapped)]
        candidate = state.at(accelerated(history))
        if len(history) > 1 and task.admissible(candidate):
            state, fallback = candidate, after
        else:
            state, fallback = after, None
        expected = task.expected(state, theta, before=expected)
    at_bound = task.at_bound(state)
    gradient_norm, distance = task.gradient(state, theta, expected, at_bound)
    converged = converged and distance < NEAR
    errors = standard_errors_of(
        standard_errors,
        summed if standard_errors == "oakes" else persons,
        model,
        free,
        free.working(state.values),
        state.population,
        theta,
        expected,
        priors,
        D,
        at_bound,
        run,
    )
    no_variance = np.flatnonzero(~estimable & np.isnan(held[:, 1]))
    n_persons = np.zeros(population.mean.size, dtype=np.int64)
    for block in blocks:
        n_persons[block.group] += block.n_persons
    moments = state.population
    return MmlFit(
        model=model.name,
        D=D,
        parameters=_reported(model, free, state, held, estimable, D),
        standard_errors=errors.parameters,
        free=free.reported,
        covariance=errors.covariance,
        population_mean=moments.mean,
        population_sd=moments.sd,
        population_mean_se=errors.mean,
        population_sd_se=errors.sd,
        population_mean_free=moments.mean_free,
        population_sd_free=moments.sd_free,
        log_likelihood=expected.log_likelihood,
        log_prior=task.log_prior(state),
        n_parameters=free.size + int(moments.mean_free.sum() + moments.sd_free.sum()),
        converged=converged,
        iterations=iteration,
        largest_change=change,
        gradient_norm=gradient_norm,
        n=answers,
        n_persons=n_persons,
        no_variance=no_variance,
        at_bound=at_bound,
        information_positive_definite=errors.positive_definite,
        warnings=fit_warnings(
            converged=converged,
            iterations=iteration,
            change=change,
            tolerance=tolerance,
            at_bound=at_bound,
            positive_definite=errors.positive_definite,
            no_variance=no_variance,
            answers=answers,
            narrow=np.flatnonzero(moments.sd_free & (moments.sd < NARROW)),
        ),
        theta=theta,
        weights=np.exp(log_weights(theta, moments.mean, moments.sd)),
    )


def _reported(
    model: ItemModel,
    free: FreeParameters,
    state: _State,
    held: FloatArray,
    estimable: BoolArray,
    D: float,
) -> FloatArray:
    """Shape (J, P): estimates and held values; NaN for an item that has neither."""
    parameters = model.from_working(free.working(state.values), D)
    # held values as they were given, without the rounding of the way there and back
    parameters = np.where(np.isnan(held), parameters, held)
    parameters[~estimable & np.isnan(held[:, 1])] = np.nan
    return parameters
