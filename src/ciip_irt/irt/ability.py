"""Ability of persons: EAP, MAP, ML and WLE from blocks, posteriors on points, and raw-score tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.curves import score_distribution, theta_at_expected_score
from ciip_irt.irt.curves import test_information as form_information
from ciip_irt.irt.em.e_step import log_probability, posterior, split_into_chunks
from ciip_irt.irt.em.starts import exclude_items
from ciip_irt.irt.models import DICHOTOMOUS, LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import default_points, refine_points
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["METHODS", "AbilityEstimates", "estimate_abilities", "person_posteriors", "score_table"]

METHODS = ("eap", "map", "ml", "wle")
SCORING_STEPS = 60  # at most: halving alone takes a bracket of a quarter logit to the smallest step in 28
SMALLEST_STEP = 1e-9  # of theta: the root is found; a double holds about six more digits
LIMIT = 12.0  # of the search for theta: twelve logits from 0 every curve in use is flat


@result
@dataclass(frozen=True, slots=True)
class AbilityEstimates:
    """Persons in the order of the blocks, one after the other.

    Attributes
    ----------
    method
        ``"eap"``, ``"map"``, ``"ml"`` or ``"wle"``.
    theta, se
        Shape (N,). The standard error is the posterior standard deviation for EAP,
        ``1 / sqrt(I + 1 / sd^2)`` for MAP and ``1 / sqrt(I)`` for ML and WLE, I the expected information.
        Without answers: the population's moments for EAP and MAP, NaN for ML and WLE.
    converged
        Shape (N,): the estimating equation was solved.
    at_bound
        Shape (N,): no finite solution: ML of a person with everything right or wrong is inf or -inf
        (standard error NaN); a WLE without a solution stays at the limit of the search.
    n_answers
        Shape (N,): answers that counted.
    """

    method: str
    theta: FloatArray
    se: FloatArray
    converged: BoolArray
    at_bound: BoolArray
    n_answers: IntArray

    def summary(self) -> str:
        """A few plain sentences."""
        finite = self.theta[np.isfinite(self.theta)]
        said = f"{self.method.upper()} of {plural(self.theta.size, 'person')}"
        if finite.size:
            said += f": mean {finite.mean():.3f}, standard deviation {finite.std():.3f}"
        said += "."
        if self.at_bound.any():
            said += f" {plural(int(self.at_bound.sum()), 'person')} without a finite estimate."
        return said


def person_posteriors(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> FloatArray:
    """Shape (N, Q): each person's ability posterior on the points, from the answers in the blocks alone.

    Items whose parameters are NaN are left out.

    Parameters
    ----------
    parameters
        Shape (J, P).
    weights
        Shape (Q,), or (G, Q) with one row for each group: the populations on the points.

    >>> block = ResponseBlock(np.array([0]), np.array([[1], [0], [-1]], dtype=np.int8))
    >>> points, weights = np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    >>> person_posteriors([block], np.array([[1.0, 0.0, 0.0]]), points, weights).round(3)
    array([[0.269, 0.731],
           [0.731, 0.269],
           [0.5  , 0.5  ]])
    """
    with one_blas_thread():
        with np.errstate(divide="ignore"):
            table = np.log(np.atleast_2d(weights))
        n_groups = 1 + max((block.group for block in blocks), default=0)
        if table.shape[0] == 1:
            table = np.broadcast_to(table, (n_groups, theta.size))
        usable, log_p = _select_usable(blocks, parameters, theta, D, model)
        parts = [posterior(block, log_p, table)[0] for block in chunk_with_empty(usable)]
        return np.concatenate(parts) if parts else np.empty((0, theta.size))


def estimate_abilities(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    method: str = "eap",
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    quadrature: FloatArray | None = None,
    model: ItemModel = DICHOTOMOUS,
) -> AbilityEstimates:
    """Estimate every person's theta.

    ML solves ``l'(theta) = 0``, MAP adds ``-(theta - mean) / sd^2``, WLE (Warm 1989, Psychometrika
    54:427-450) adds ``J / (2 I)`` with ``J = sum P' P'' / (P Q)`` (under 3PL not the same as maximising
    ``l + log(I) / 2``, which some programs do). The root is bracketed on a grid (of several, the one with the
    highest integral of the estimating function) and solved by safeguarded scoring. EAP is the posterior mean.

    Parameters
    ----------
    parameters
        Shape (J, P); items without estimates (NaN) are left out.
    mean, sd
        Population moments (EAP, MAP): a number, or shape (G,).
    quadrature
        Ability points for EAP; fine and wide enough ones are chosen when absent.

    Raises
    ------
    InputError
        An unknown method.

    >>> block = ResponseBlock(np.arange(2), np.array([[1, 0], [1, 1]], dtype=np.int8))
    >>> items = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> estimate_abilities([block], items, method="ml").theta.round(3) + 0.0
    array([ 0., inf])
    >>> estimate_abilities([block], items, method="wle").theta.round(3) + 0.0
    array([0.   , 1.609])
    """
    with one_blas_thread():
        if method not in METHODS:
            raise InputError(
                Problem(f"unknown method {method!r}", remedy=f"Choose one of {', '.join(METHODS)}.")
            )
        n_groups = 1 + max((block.group for block in blocks), default=0)
        means = np.broadcast_to(np.asarray(mean, dtype=np.float64), (n_groups,))
        sds = np.broadcast_to(np.asarray(sd, dtype=np.float64), (n_groups,))
        if method == "eap":
            return _eap(blocks, parameters, means, sds, D, quadrature, model)
        grid = np.linspace(-LIMIT, LIMIT, 97)
        usable, _ = _select_usable(blocks, parameters, grid[:1], D, model)
        clean = _clean(parameters, model)
        parts = [
            _solve(
                block,
                clean[block.items],
                method,
                float(means[block.group]),
                float(sds[block.group]),
                D,
                grid,
                model,
            )
            for block in chunk_with_empty(usable)
        ]
        columns = (
            [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 5
        )
        theta, se, converged, at_bound, n_answers = columns
        return AbilityEstimates(
            method,
            theta,
            se,
            converged.astype(np.bool_),
            at_bound.astype(np.bool_),
            n_answers.astype(np.int64),
        )


def score_table(
    parameters: FloatArray,
    *,
    method: str = "eap",
    mean: float = 0.0,
    sd: float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> tuple[FloatArray, FloatArray]:
    """Theta and standard error for every raw score 0..S of a complete form.

    ``"eap"``: posterior mean and standard deviation given the raw score (Thissen, Pommerich, Billeaud &
    Williams 1995, Applied Psychological Measurement 19:39-49), from the Lord-Wingersky distribution.
    ``"ml"``: the theta at which the expected score is the raw score, which is the ML estimate under the Rasch
    model and a usual conversion under others; inf at the ends.

    >>> theta, se = score_table(np.array([[1.0, 0.0, 0.0]] * 2))
    >>> bool(theta[2] > 0.5), bool(abs(theta[1]) < 1e-9), bool(se[1] < 1)
    (True, True, True)
    """
    with one_blas_thread():
        if method not in ("eap", "ml"):
            raise InputError(Problem(f"unknown method {method!r}", remedy="Choose eap or ml."))
        highest = int(model.highest_scores(parameters).sum())
        if method == "ml":
            theta = theta_at_expected_score(parameters, np.arange(highest + 1.0), D, model)
            se = np.full(theta.shape, np.nan)
            finite = np.isfinite(theta)
            se[finite] = 1.0 / np.sqrt(form_information(parameters, theta[finite], D, model))
            return theta, se
        points = _points(
            np.atleast_1d(mean), np.atleast_1d(sd), parameters, [np.arange(len(parameters))], D, model
        )
        weights = np.exp(log_weights(points, np.atleast_1d(mean), np.atleast_1d(sd)))[0]
        joint = score_distribution(parameters, points, D, model) * weights[:, None]
        joint /= joint.sum(axis=0)
        theta = points @ joint
        return theta, np.sqrt(np.maximum((joint * (points[:, None] - theta) ** 2).sum(axis=0), 0.0))


def chunk_with_empty(blocks: Sequence[ResponseBlock]) -> list[ResponseBlock]:
    """Chunks that also keep persons of blocks without items, so that no person is lost from the order."""
    kept: list[ResponseBlock] = []
    for block in blocks:
        kept.extend(split_into_chunks([block]) if block.items.size else [block])
    return kept


def _select_usable(
    blocks: Sequence[ResponseBlock], parameters: FloatArray, theta: FloatArray, D: float, model: ItemModel
) -> tuple[list[ResponseBlock], FloatArray]:
    log_p = log_probability(model.probability(_clean(parameters, model), theta, D))
    return exclude_items(blocks, model.unknown(parameters)), log_p


def _clean(parameters: FloatArray, model: ItemModel) -> FloatArray:
    """Shape (J, P): zeros for items without estimates, which no block holds any more."""
    result: FloatArray = np.where(model.unknown(parameters)[:, None], 0.0, parameters)
    return result


def _points(
    mean: FloatArray,
    sd: FloatArray,
    parameters: FloatArray,
    item_sets: Sequence[IntArray],
    D: float,
    model: ItemModel,
) -> FloatArray:
    points = default_points()
    p = np.maximum(model.probability(parameters, points, D), 1e-12)
    information = (model.theta_derivatives(parameters, points, D)[0] ** 2 / p).sum(axis=2)
    largest = max((float(information[:, items].sum(axis=1).max()) for items in item_sets), default=0.0)
    return refine_points(points, mean, sd, largest)


def _eap(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    means: FloatArray,
    sds: FloatArray,
    D: float,
    quadrature: FloatArray | None,
    model: ItemModel,
) -> AbilityEstimates:
    clean = _clean(parameters, model)
    points = quadrature
    if points is None:
        points = _points(means, sds, clean, [block.items for block in blocks], D, model)
    weights = np.exp(log_weights(points, means, sds))
    weight = person_posteriors(blocks, parameters, points, weights, D, model)
    theta = weight @ points
    se = np.sqrt(np.maximum(weight @ points**2 - theta**2, 0.0))
    usable, _ = _select_usable(blocks, parameters, points[:1], D, model)
    n_answers = np.concatenate([block.answered.sum(axis=1) for block in usable]).astype(np.int64)
    yes = np.ones(theta.size, dtype=np.bool_)
    return AbilityEstimates("eap", theta, se, yes, ~yes, n_answers)


def _solve(
    block: ResponseBlock,
    parameters: FloatArray,
    method: str,
    mean: float,
    sd: float,
    D: float,
    grid: FloatArray,
    model: ItemModel,
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray, IntArray]:
    n = block.n_persons
    answered = block.answered
    n_answers = answered.sum(axis=1)
    on_grid = _estimating_on_grid(block, parameters, method, mean, sd, D, grid, model)
    # a maximum lies where the function falls through zero; several are compared by the area under it
    falls: BoolArray = (on_grid[:, :-1] > 0) & (on_grid[:, 1:] <= 0)
    area = np.cumsum(0.5 * (on_grid[:, :-1] + on_grid[:, 1:]), axis=1)
    place = np.where(falls, area, -np.inf).argmax(axis=1)
    found = np.any(falls, axis=1)
    low, high = grid[place], grid[place + 1]
    rows = np.arange(n)
    value_low, value_high = on_grid[rows, place], on_grid[rows, place + 1]
    theta = np.where(
        found, low + (high - low) * value_low / np.where(found, value_low - value_high, 1.0), 0.0
    )
    theta, active = _polish(block, parameters, theta, low, high, found, method, mean, sd, D, model)
    converged = found & ~active
    up = on_grid.sum(axis=1) > 0
    edge = np.inf if method == "ml" else LIMIT
    theta = np.where(found, theta, np.where(up, edge, -edge))
    finite = np.isfinite(theta)
    _, information = _estimating(
        block,
        parameters,
        np.where(finite, theta, 0.0),
        "map" if method == "map" else "ml",
        mean,
        sd,
        D,
        model,
    )
    with np.errstate(divide="ignore"):
        se = np.where(finite, 1.0 / np.sqrt(information), np.nan)
    nothing = n_answers == 0
    if method == "map":
        return theta, se, converged, ~found, n_answers
    theta = np.where(nothing, np.nan, theta)
    return theta, np.where(nothing, np.nan, se), converged & ~nothing, ~found & ~nothing, n_answers


def _polish(
    block: ResponseBlock,
    parameters: FloatArray,
    theta: FloatArray,
    low: FloatArray,
    high: FloatArray,
    bracketed: BoolArray,
    method: str,
    mean: float,
    sd: float,
    D: float,
    model: ItemModel,
) -> tuple[FloatArray, BoolArray]:
    """Theta (N_b,) of the bracketed persons by scoring, halving the bracket where a step leaves it.

    With it, who was still moving in the end. ``theta``, ``low`` and ``high`` are used up.
    """
    active: BoolArray = np.array(bracketed)
    for _ in range(SCORING_STEPS):
        at = np.flatnonzero(active)
        if not at.size:
            break
        value, information = _estimating(
            ResponseBlock(block.items, block.scores[at]), parameters, theta[at], method, mean, sd, D, model
        )
        low[at] = np.where(value > 0, theta[at], low[at])
        high[at] = np.where(value > 0, high[at], theta[at])
        step = value / np.maximum(information, LEAST_PROBABILITY)
        new = theta[at] + step
        outside = ((new <= low[at]) | (new >= high[at])) & (np.abs(step) > SMALLEST_STEP)
        new = np.where(outside, 0.5 * (low[at] + high[at]), new)
        moved = np.abs(new - theta[at])
        theta[at] = new
        active[at] = moved > SMALLEST_STEP
    return theta, active


def _estimating_on_grid(
    block: ResponseBlock,
    parameters: FloatArray,
    method: str,
    mean: float,
    sd: float,
    D: float,
    grid: FloatArray,
    model: ItemModel,
) -> FloatArray:
    """Shape (N_b, Q): the estimating function at every point, by matrix products."""
    p = np.maximum(model.probability(parameters, grid, D), LEAST_PROBABILITY)
    first, second = model.theta_derivatives(parameters, grid, D)
    slope = first / p
    mask = block.answered.astype(np.float64)
    result = mask @ slope[:, :, 0].T
    for score in range(1, p.shape[2]):
        result += np.equal(block.scores, score).astype(np.float64) @ (slope[:, :, score] - slope[:, :, 0]).T
    if method == "map":
        result += -(grid - mean) / sd**2
    if method == "wle":
        information = mask @ (first**2 / p).sum(axis=2).T
        bias = mask @ (first * second / p).sum(axis=2).T
        result += bias / (2.0 * np.maximum(information, LEAST_PROBABILITY))
    answer: FloatArray = result
    return answer


def _estimating(
    block: ResponseBlock,
    parameters: FloatArray,
    theta: FloatArray,
    method: str,
    mean: float,
    sd: float,
    D: float,
    model: ItemModel,
) -> tuple[FloatArray, FloatArray]:
    """Shapes (N_b,): the estimating function and the information at each person's own theta."""
    p = np.maximum(model.probability(parameters, theta, D), LEAST_PROBABILITY)
    first, second = model.theta_derivatives(parameters, theta, D)
    answered = block.answered
    picked = np.maximum(block.scores, 0).astype(np.int64)[:, :, None]
    slope = np.take_along_axis(first, picked, axis=2) / np.take_along_axis(p, picked, axis=2)
    value = np.where(answered, slope[:, :, 0], 0.0).sum(axis=1)
    information = np.where(answered, (first**2 / p).sum(axis=2), 0.0).sum(axis=1)
    if method == "wle":
        bias = np.where(answered, (first * second / p).sum(axis=2), 0.0).sum(axis=1)
        return value + bias / (2.0 * np.maximum(information, LEAST_PROBABILITY)), information
    if method == "map":
        return value - (theta - mean) / sd**2, information + 1.0 / sd**2
    return value, information
