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
from ciip_irt.irt.em.e_step import split_into_chunks, sufficient_pieces
from ciip_irt.irt.em.em_problem import EmProblem, State
from ciip_irt.irt.em.em_run import ITERATIONS, EmResult, EmSettings, run_em
from ciip_irt.irt.em.free_parameters import FreeParameters, select_free_parameters
from ciip_irt.irt.em.score_groups import ScoreGroups, sort_by_score, split_complete
from ciip_irt.irt.em.slope_starts import set_start_slopes
from ciip_irt.irt.em.starts import (
    check_arguments,
    check_scores,
    count_scores,
    exclude_items,
    for_observed_scores,
    identify_population,
    start_parameters,
)
from ciip_irt.irt.estimation.mml_fit import MmlFit, fit_notices
from ciip_irt.irt.estimation.standard_errors import METHODS, StandardErrors, compute_standard_errors
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.population import (
    KINDS,
    LEAST_SD,
    lindsay_bound,
    population_log_weights,
    update_population,
)
from ciip_irt.irt.priors import Priors, default_priors
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.notices import Notice
from ciip_irt.threads import Run, map_pieces, one_blas_thread

__all__ = ["MmlFit", "fit_mml"]

NARROW = 1.002 * LEAST_SD  # a spread that rests on its lower bound, but for rounding
FIRST_CYCLES = 3  # for a place to start from; EM does the rest
NEAR = 0.02  # standard errors: steps may be small far from the maximum, then this is not convergence
ESCAPES = 3  # from saddle points
AWAY = 0.25  # largest step in a working parameter, from a saddle point along the way that rises


def fit_mml(
    blocks: Sequence[ResponseBlock],
    model: ItemModel | str,
    n_items: int,
    *,
    fixed: FloatArray | None = None,
    priors: Priors | None = None,
    mean: float | None = None,
    sd: float | None = None,
    population: str = "normal",
    quadrature: FloatArray | None = None,
    D: float = 1.0,
    tolerance: float = 1e-6,
    max_iterations: int | None = None,
    standard_errors: str = "oakes",
    run: Run | None = None,
) -> MmlFit:
    """Estimate item parameters with abilities integrated out over normal populations, or histograms.

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
    population
        ``"normal"``, or ``"histogram"``: every ability point has a weight of its own, estimated with the
        items, so that a skewed or two-humped population does not bend the item parameters. What identifies
        the scale stays: free calibration holds the histogram of group 0 at mean 0 (and standard deviation 1,
        unless the model is Rasch); anchored calibration takes the mean posterior as it comes, and other
        groups are free. Starts from the normal fit. Standard errors allow for the estimation of mean,
        standard deviation and broad shape (orders 3 to 6) and take finer detail of the weights as known.
        Wants many persons: below a few hundred the weights are mostly noise, and the normal is the better
        choice.
    quadrature
        Shape (Q,): equally spaced ability points, kept as they are. ``None`` starts from 61 points on [-6, 6]
        and widens or refines them where populations or posteriors demand it.
    D
        Scaling constant of the fixed and of the reported parameters.
    tolerance
        Largest change of a working parameter or moment in the last EM step. A histogram's weights may still
        move a little where the items do not feel it: ``lindsay_bound`` says how much that could bring.
    max_iterations
        ``None``: 500, or 800 with histograms.
    standard_errors
        ``"oakes"``, ``"cross_product"`` or ``"none"``.
    run
        Anything with the signature of the built-in ``map``; threads and clusters enter here. ``None``: where
        persons are many, pieces of them on the cores that this process may use. No digit depends on it.

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
    with one_blas_thread():
        given = _check_options(model, blocks, n_items, fixed, priors, population, standard_errors, D)
        task = _prepare(blocks, given, mean=mean, sd=sd, quadrature=quadrature)
        with map_pieces(run, len(task.summed)) as run_pieces:
            problem = task.problem(run_pieces)
            state = _place_new_items(problem, task.state, task.theta) if task.anchored else task.state
            limit = ITERATIONS[population] if max_iterations is None else max_iterations
            solution = _solve(
                problem,
                state,
                task.theta,
                EmSettings(population, points_move=quadrature is None, tolerance=tolerance, limit=limit),
                standard_errors,
                task.persons if standard_errors == "cross_product" else task.summed,
            )
            return _report(blocks, problem, task, solution, population, tolerance)


@dataclass(frozen=True, slots=True)
class _Given:
    """What was asked for, checked: the model for the scores at hand, held values (J, P), priors, D."""

    model: ItemModel
    held: FloatArray
    priors: Priors
    D: float


@dataclass(frozen=True, slots=True)
class _Task:
    """Everything before the first EM step.

    Attributes
    ----------
    given
        What was asked for.
    answers
        Shape (J,): answers to each item.
    estimable
        Shape (J,): items that take part.
    persons, pieces, summed
        The answers to them: as blocks, in pieces, and in pieces or raw-score groups where these are enough.
    free
        Which numbers are estimated.
    state, theta
        Where the iteration starts, and its ability points.
    anchored
        Some difficulty of an item with answers is held.
    """

    given: _Given
    answers: IntArray
    estimable: BoolArray
    persons: list[ResponseBlock]
    pieces: list[ResponseBlock]
    summed: list[ResponseBlock | ScoreGroups]
    free: FreeParameters
    state: State
    theta: FloatArray
    anchored: bool

    def problem(self, run: Run) -> EmProblem:
        """What stays the same through the iteration."""
        met = _shares(self.pieces, self.state.population.mean.size, self.estimable.size)
        given = self.given
        return EmProblem(self.pieces, self.summed, given.model, self.free, given.priors, given.D, met, run)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Where EM ended, the errors there, and how many steps it took in all."""

    result: EmResult
    errors: StandardErrors
    at_bound: BoolArray
    iterations: int


def _check_options(
    model: ItemModel | str,
    blocks: Sequence[ResponseBlock],
    n_items: int,
    fixed: FloatArray | None,
    priors: Priors | None,
    population: str,
    standard_errors: str,
    D: float,
) -> _Given:
    """The options as values, or ``InputError``."""
    if isinstance(model, str):
        if model not in MODELS:
            known = ", ".join(MODELS)
            raise InputError(Problem(f"unknown model {model!r}", remedy=f"Choose one of {known}."))
        model = MODELS[model]
    model = for_observed_scores(model, blocks, fixed)
    for what, asked, known_ones in (
        ("standard errors", standard_errors, METHODS),
        ("population", population, KINDS),
    ):
        if asked not in known_ones:
            raise InputError(
                Problem(f"unknown {what} {asked!r}", remedy=f"Choose one of {', '.join(known_ones)}.")
            )
    width = len(model.parameters)
    held = np.full((n_items, width), np.nan) if fixed is None else np.asarray(fixed, dtype=np.float64)
    priors = default_priors(model.name) if priors is None else priors
    check_arguments(blocks, model, n_items, held, D, priors)
    return _Given(model, held, priors, D)


def _prepare(
    blocks: Sequence[ResponseBlock],
    given: _Given,
    *,
    mean: float | None,
    sd: float | None,
    quadrature: FloatArray | None,
) -> _Task:
    """Which items can be estimated, from which answers, starting where."""
    model, D = given.model, given.D
    n_items = given.held.shape[0]
    counts = count_scores(blocks, n_items, model.n_categories)
    answers = counts.sum(axis=1)
    flat = counts.max(axis=1) == answers
    check_scores(model, counts, given.held, flat)
    estimable = (answers > 0) & (~flat | ~np.isnan(given.held[:, 1]) | (given.priors.b is not None))
    persons = sort_by_score(split_complete(exclude_items(blocks, ~estimable)))
    pieces = split_into_chunks(persons)
    if not pieces:
        raise DesignError(
            "no item can be estimated: every item was answered alike by everybody who met it. "
            "More answers, or a prior on b, would help."
        )
    start, held = start_parameters(model, counts, given.held, D)
    start = set_start_slopes(model, start, held, persons, D)
    free = select_free_parameters(model, start, held, estimable, D)
    groups = identify_population(blocks, model, held, estimable, mean, sd)
    state = State(free.values(model.to_working(np.where(np.isnan(held), start, held), D)), groups)
    theta = default_points() if quadrature is None else np.asarray(quadrature, dtype=np.float64)
    summed = sufficient_pieces(persons, model, free.working(state.values)[estimable], theta)
    anchored = bool((~np.isnan(held[:, 1]) & (answers > 0)).any())
    return _Task(
        replace(given, held=held), answers, estimable, persons, pieces, summed, free, state, theta, anchored
    )


def _place_new_items(problem: EmProblem, state: State, theta: FloatArray) -> State:
    """Kim's first cycle: the fixed items alone place the persons, the persons then place the new items."""
    new = np.flatnonzero(problem.free.free.any(axis=1))
    for _ in range(FIRST_CYCLES):
        expected = problem.e_step(state, theta, new)
        state = replace(state, population=update_population(state.population, theta, expected.persons))
    return problem.m_step(state, theta, problem.e_step(state, theta, new))


def _solve(
    problem: EmProblem,
    state: State,
    theta: FloatArray,
    settings: EmSettings,
    standard_errors: str,
    informing: Sequence[ResponseBlock | ScoreGroups],
) -> _Solution:
    """EM to its end, and from a saddle point on along the direction in which the log-posterior rises."""

    def estimate(state: State, theta: FloatArray, spent: int) -> _Solution:
        result = run_em(problem, state, theta, replace(settings, limit=settings.limit - spent))
        at_bound = problem.at_bound(result.state)
        errors = compute_standard_errors(
            standard_errors,
            informing,
            problem.model,
            problem.free,
            problem.free.working(result.state.values),
            result.state.population,
            result.theta,
            result.expected,
            problem.priors,
            problem.D,
            at_bound,
            problem.run,
        )
        return _Solution(result, errors, at_bound, spent + result.iterations)

    found = estimate(state, theta, 0)
    for _ in range(ESCAPES):
        up = found.errors.ascent_direction
        if not found.result.converged or found.errors.second_order != "saddle" or up is None:
            break
        last = found.result.state
        away = replace(last, values=problem.clip_to_box(last.values + AWAY * up))
        found = estimate(away, found.result.theta, found.iterations)
    return found


def _report(
    blocks: Sequence[ResponseBlock],
    problem: EmProblem,
    task: _Task,
    solution: _Solution,
    population: str,
    tolerance: float,
) -> MmlFit:
    """The solution as a record, with what cannot be trusted in it."""
    model, free, held, D = problem.model, problem.free, task.given.held, problem.D
    found, errors, at_bound = solution.result, solution.errors, solution.at_bound
    state, theta, expected = found.state, found.theta, found.expected
    moments = state.population
    bound = lindsay_bound(moments, theta, expected.persons)
    gradient_norm, distance = problem.gradient(state, theta, expected, at_bound)
    converged = found.converged and distance < NEAR
    no_variance = np.flatnonzero(~task.estimable & np.isnan(held[:, 1]))
    return MmlFit(
        model=model.name,
        D=D,
        parameters=_reported(model, free, state, held, task.estimable, D),
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
        log_prior=problem.log_prior(state),
        n_parameters=free.size + int(moments.mean_free.sum() + moments.sd_free.sum()),
        converged=converged,
        iterations=solution.iterations,
        largest_change=found.change,
        gradient_norm=gradient_norm,
        n=task.answers,
        n_persons=_persons_by_group(blocks, moments.mean.size),
        no_variance=no_variance,
        at_bound=at_bound,
        information_positive_definite=errors.positive_definite,
        second_order=errors.second_order,
        undetermined=errors.undetermined,
        notices=_notices(task, solution, tolerance, converged, no_variance, bound, population),
        theta=theta,
        weights=np.exp(population_log_weights(moments, theta)),
        lindsay_bound=bound,
        population=population,
    )


def _notices(
    task: _Task,
    solution: _Solution,
    tolerance: float,
    converged: bool,
    no_variance: IntArray,
    bound: float,
    population: str,
) -> tuple[Notice, ...]:
    model, moments, at_bound = task.given.model, solution.result.state.population, solution.at_bound
    return fit_notices(
        converged=converged,
        iterations=solution.iterations,
        change=solution.result.change,
        tolerance=tolerance,
        at_bound=at_bound,
        second_order=solution.errors.second_order,
        undetermined=solution.errors.undetermined,
        no_variance=no_variance,
        answers=task.answers,
        narrow=np.flatnonzero(moments.sd_free & (moments.sd < NARROW)),
        asymptotes=at_bound[:, model.parameters.index("c")] if "c" in model.free else None,
        bound=bound,
        histogram=population == "histogram",
    )


def _persons_by_group(blocks: Sequence[ResponseBlock], n_groups: int) -> IntArray:
    """Shape (G,)."""
    n_persons = np.zeros(n_groups, dtype=np.int64)
    for block in blocks:
        n_persons[block.group] += block.n_persons
    return n_persons


def _shares(blocks: Sequence[ResponseBlock], n_groups: int, n_items: int) -> FloatArray:
    """Shape (G, J): share of each group's persons who met each item."""
    met, persons = np.zeros((n_groups, n_items)), np.zeros(n_groups)
    for block in blocks:
        met[block.group, block.items] += block.n_persons
        persons[block.group] += block.n_persons
    result: FloatArray = met / np.maximum(persons, 1.0)[:, None]
    return result


def _reported(
    model: ItemModel,
    free: FreeParameters,
    state: State,
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
