"""Ability of persons from their answers in blocks: EAP, MAP, ML and WLE, and posteriors on points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.ability.points import points_for
from ciip_irt.irt.ability.scoring import EstimatingFunction, solve_abilities
from ciip_irt.irt.em.e_step import log_probability, posterior, split_into_chunks
from ciip_irt.irt.em.starts import exclude_items
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.response_blocks import ResponseBlock, moments_by_group
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["METHODS", "AbilityEstimates", "estimate_abilities", "person_posteriors"]

METHODS = ("eap", "map", "ml", "wle")


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
        usable = exclude_items(blocks, model.unknown(parameters))
        log_p = log_probability(model.probability(_clean(parameters, model), theta, D))
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
        means, sds = moments_by_group(blocks, mean, sd)
        if method == "eap":
            return _eap(blocks, parameters, means, sds, D, quadrature, model)
        usable = exclude_items(blocks, model.unknown(parameters))
        clean = _clean(parameters, model)
        parts = []
        for block in chunk_with_empty(usable):
            mean_here, sd_here = float(means[block.group]), float(sds[block.group])
            function = EstimatingFunction(method, clean[block.items], mean_here, sd_here, D, model)
            parts.append(solve_abilities(block, function))
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


def chunk_with_empty(blocks: Sequence[ResponseBlock]) -> list[ResponseBlock]:
    """Chunks that also keep persons of blocks without items, so that no person is lost from the order."""
    kept: list[ResponseBlock] = []
    for block in blocks:
        kept.extend(split_into_chunks([block]) if block.items.size else [block])
    return kept


def _clean(parameters: FloatArray, model: ItemModel) -> FloatArray:
    """Shape (J, P): zeros for items without estimates, which no block holds any more."""
    result: FloatArray = np.where(model.unknown(parameters)[:, None], 0.0, parameters)
    return result


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
        points = points_for(means, sds, clean, [block.items for block in blocks], D, model)
    weights = np.exp(log_weights(points, means, sds))
    weight = person_posteriors(blocks, parameters, points, weights, D, model)
    theta = weight @ points
    se = np.sqrt(np.maximum(weight @ points**2 - theta**2, 0.0))
    usable = exclude_items(blocks, model.unknown(parameters))
    n_answers = np.concatenate([block.answered.sum(axis=1) for block in usable]).astype(np.int64)
    yes = np.ones(theta.size, dtype=np.bool_)
    return AbilityEstimates("eap", theta, se, yes, ~yes, n_answers)
