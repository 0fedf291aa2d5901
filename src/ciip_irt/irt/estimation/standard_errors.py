"""Standard errors of marginal maximum likelihood estimates.

Oakes' identity (1999, JRSS-B 61:479-482; Chalmers 2018, BJMSP 71) gives the observed information from the EM
function Q: ``-[d2Q / d xi d xi' + d2Q / d xi d xi0']`` at ``xi0 = xi``. The first term is the complete-data
information at the expected counts. The second, the derivative of the score through the E-step, is the sum
over persons of the posterior covariance of the complete-data score (``missing_information``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.em.e_step import Expectation
from ciip_irt.irt.em.free_parameters import FreeParameters
from ciip_irt.irt.em.m_step import item_gradient
from ciip_irt.irt.em.score_groups import ScoreGroups
from ciip_irt.irt.estimation.missing_information import missing_information
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.population import SHAPES, Population, sd_at_bound
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result
from ciip_irt.threads import Run

__all__ = [
    "METHODS",
    "StandardErrors",
    "complete_information",
    "compute_standard_errors",
    "no_standard_errors",
    "population_places",
]

METHODS = ("oakes", "cross_product", "none")
STEP = 1e-5  # of a working parameter: the cube root of a double's precision, for central differences
SINGULAR = 1e-10  # a pivot, of the matrix scaled to a unit diagonal: an error 100,000 times its neighbours'
DOWNWARD = 1e-6  # an eigenvalue below minus this, of the matrix scaled to a unit diagonal: a saddle
FLAT = 1e-6  # an eigenvalue of the scaled matrix: the direction has a thousand times the usual error
SEARCHES = 5  # for undetermined values; each finds those that go together


@result
@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Standard errors on the reported scale.

    Attributes
    ----------
    parameters
        Shape (J, P); NaN where fixed or not estimable.
    covariance
        Shape (F, F): of the estimated reported parameters, in the order of ``np.argwhere(free)``; ``None``
        where the information matrix could not be inverted or was not asked for.
    mean, sd
        Shape (G,): of the population moments; NaN where held.
    positive_definite
        ``None`` where no information matrix was computed.
    second_order
        ``"maximum"``: the log-posterior falls in every direction (another maximum may be elsewhere).
        ``"flat"``: it hardly changes in some, those of ``undetermined``. ``"saddle"``: it rises in some.
        ``"not examined"``: no information matrix was computed, or the cross product, which cannot tell.
    undetermined
        Shape (J, P): working values that the data do not determine; the errors of the others take these as
        given.
    ascent_direction
        Shape (size,): by the items' free values, from a saddle, the largest entry 1; else ``None``.
    """

    parameters: FloatArray
    covariance: FloatArray | None
    mean: FloatArray
    sd: FloatArray
    positive_definite: bool | None
    second_order: str
    undetermined: BoolArray
    ascent_direction: FloatArray | None = None


def compute_standard_errors(
    method: str,
    blocks: Sequence[ResponseBlock | ScoreGroups],
    model: ItemModel,
    free: FreeParameters,
    working: FloatArray,
    population: Population,
    theta: FloatArray,
    expected: Expectation,
    priors: Priors,
    D: float,
    at_bound: BoolArray,
    run: Run = map,
) -> StandardErrors:
    """Standard errors by ``"oakes"`` or ``"cross_product"`` (of the persons' scores), or ``"none"``.

    ``blocks`` may be raw-score groups for ``"oakes"``. ``expected`` is the E-step at the estimates. Slots at
    a bound are left out: they have no standard error.
    """
    n_groups = population.mean.size
    if method == "none":
        return no_standard_errors(working.shape, n_groups)
    population = replace(population, sd_free=population.sd_free & ~sd_at_bound(population))
    place = population_places(population, free.size)
    size = free.size + int((place >= 0).sum())
    information = missing_information(
        method, blocks, model, free, working, population, theta, place, size, run
    ) + _pad(complete_information(method, model, free, working, theta, expected, priors, D), size)
    used = np.ones(size, dtype=np.bool_)
    used[free.index[free.free & at_bound]] = False
    kept = information[np.ix_(used, used)]
    kept = 0.5 * (kept + kept.T)
    covariance = np.full((size, size), np.nan)
    found = _examine_curvature(kept)
    lost = np.zeros(size + 1, dtype=np.bool_)
    lost[:-1][used] = found.lost
    # the index -1 of what is not estimated reads the last place
    undetermined: BoolArray = np.logical_and(free.free, lost[free.index])
    if found.lost.all() and size:
        empty = no_standard_errors(working.shape, n_groups)
        return replace(
            empty,
            positive_definite=False,
            second_order=found.kind,
            undetermined=undetermined,
            ascent_direction=_over_items(found.ascent_direction, used, free.size),
        )
    covariance[np.ix_(used, used)] = found.inverse
    parameters, reported_covariance = _reported(covariance, model, free, working, D)
    diagonal = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    moments = np.where(place >= 0, diagonal[np.maximum(place, 0)] if size else np.nan, np.nan)
    return StandardErrors(
        parameters,
        reported_covariance,
        moments[:, 0],
        moments[:, 1],
        found.kind == "maximum",
        # a sum of squares falls in no direction: it says nothing of saddles
        "not examined" if method == "cross_product" and found.kind == "maximum" else found.kind,
        undetermined,
    )


def _over_items(direction: FloatArray | None, used: BoolArray, n_item_values: int) -> FloatArray | None:
    """A direction by the values in use, as one by all free values of the items; 0 for the others."""
    if direction is None:
        return None
    whole = np.zeros(used.size)
    whole[used] = direction
    return whole[:n_item_values]


def no_standard_errors(shape: tuple[int, ...], n_groups: int) -> StandardErrors:
    """All NaN."""
    groups = np.full(n_groups, np.nan)
    return StandardErrors(
        np.full(shape, np.nan),
        None,
        groups,
        groups.copy(),
        None,
        "not examined",
        np.zeros(shape, dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True)
class _SecondOrder:
    """What the information matrix says of the point where the iteration ended."""

    kind: str
    inverse: FloatArray
    lost: BoolArray
    ascent_direction: FloatArray | None


def _examine_curvature(information: FloatArray) -> _SecondOrder:
    """The inverse of what can be inverted, and which values (n,) are lost because nothing determines them.

    On a saddle nothing has an error, and the way up is the direction in which the log-posterior rises.
    """
    size = information.shape[0]
    nothing = np.full((size, size), np.nan)
    lost = np.zeros(size, dtype=np.bool_)
    if not np.isfinite(information).all():
        return _SecondOrder("flat", nothing, ~lost, None)
    inverse = _inverse(information)
    if inverse is not None:
        return _SecondOrder("maximum", inverse, lost, None)
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-12))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] < -DOWNWARD:
        way = vectors[:, 0] / scale
        way = way / (np.abs(way).max() * np.sign(way[np.abs(way).argmax()]))
        return _SecondOrder("saddle", nothing, ~lost, np.asarray(way, dtype=np.float64))
    for _ in range(SEARCHES):
        kept = np.flatnonzero(~lost)
        if not kept.size:
            break
        own = information[np.ix_(kept, kept)]
        inverse = _inverse(own)
        if inverse is not None:
            nothing[np.ix_(kept, kept)] = inverse
            return _SecondOrder("flat", nothing, lost, None)
        scale = np.sqrt(np.maximum(np.abs(np.diag(own)), 1e-12))
        values, vectors = np.linalg.eigh(own / np.outer(scale, scale))
        share = (vectors[:, values <= max(values[0], FLAT)] ** 2).max(axis=1)
        lost[kept[share > 0.1 * share.max()]] = True
    return _SecondOrder("flat", np.full((size, size), np.nan), np.ones(size, dtype=np.bool_), None)


def _inverse(information: FloatArray) -> FloatArray | None:
    """The inverse, or ``None`` where the matrix is not safely positive definite as correlations."""
    diagonal = np.diag(information)
    if not np.isfinite(information).all() or (diagonal <= 0).any():
        return None
    scale = np.sqrt(diagonal)
    scaled = information / np.outer(scale, scale)
    try:
        factor = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        return None
    if (np.diag(factor) ** 2 < SINGULAR).any():
        return None
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale), dtype=np.float64)


def population_places(population: Population, first: int) -> IntArray:
    """Shape (G, M): places of mean, sd and a histogram's shape behind the items' free values, -1 where held.

    All moments come first, then all shapes.
    """
    free = np.column_stack((population.mean_free, population.sd_free))
    place = np.full(free.shape, -1, dtype=np.int64)
    place[free] = first + np.arange(int(free.sum()))
    if population.histogram is None:
        return place
    shapes = first + int(free.sum()) + np.arange(free.shape[0] * SHAPES).reshape(-1, SHAPES)
    return np.hstack((place, shapes))


def _pad(matrix: FloatArray, size: int) -> FloatArray:
    result = np.zeros((size, size))
    result[: matrix.shape[0], : matrix.shape[1]] = matrix
    return result


def complete_information(
    method: str,
    model: ItemModel,
    free: FreeParameters,
    working: FloatArray,
    theta: FloatArray,
    expected: Expectation,
    priors: Priors,
    D: float,
) -> FloatArray:
    """Curvature (size, size) of the items' part of Q and the prior; the prior's alone for cross products."""
    result = np.zeros((free.size, free.size))
    items = free.items
    if not items.size:
        return result
    applies = free.prior_applies[items]
    mean = priors.block_mean(working[items], applies)
    counts = expected.counts[:, items, :]
    transform, index, slots = free.transform[items], free.index[items], free.free[items]

    def gradient(at: FloatArray) -> FloatArray:
        total = priors.gradient(at, D, applies, mean)[0]
        if method == "oakes":
            total = total + item_gradient(model, at, theta, counts)
        result: FloatArray = np.einsum("jpr,jp->jr", transform, total)
        return result

    base = working[items]
    for slot in range(base.shape[1]):
        step = STEP * transform[:, :, slot]
        column = -(gradient(base + step) - gradient(base - step)) / (2 * STEP)
        both = slots & slots[:, [slot]]
        rows, columns = index[both], np.broadcast_to(index[:, [slot]], index.shape)[both]
        np.add.at(result, (rows, columns), column[both])
    if priors.b is not None and priors.b.mean is None and applies[:, 1].any():
        # the prior's mean is itself the mean of the b's: a block that moves as a whole feels no prior
        by = model.reported_jacobian(base, D)[:, 1, :]
        by_slots = np.where(slots & applies[:, [1]], np.einsum("jpr,jp->jr", transform, by), 0.0)
        total = np.zeros(free.size)
        np.add.at(total, index[slots], by_slots[slots])
        result -= np.outer(total, total) / (priors.b.sd**2 * int(applies[:, 1].sum()))
    return result


def _reported(
    covariance: FloatArray, model: ItemModel, free: FreeParameters, working: FloatArray, D: float
) -> tuple[FloatArray, FloatArray]:
    """Standard errors (J, P) of a, b, c by the delta method, and the covariance of the estimated ones."""
    jacobian = model.reported_jacobian(working, D) @ free.transform
    wanted = np.argwhere(free.reported)
    matrix = np.zeros((wanted.shape[0], covariance.shape[0]))
    for row, (item, parameter) in enumerate(wanted):
        here = free.free[item]
        matrix[row, free.index[item][here]] = jacobian[item, parameter][here]
    lost = np.isnan(np.diag(covariance))
    result = matrix @ np.where(lost[:, None] | lost[None, :], 0.0, covariance) @ matrix.T
    hopeless = (matrix[:, lost] != 0).any(axis=1) | ~np.isfinite(matrix).all(axis=1)
    result[hopeless, :] = result[:, hopeless] = np.nan
    errors = np.full(free.reported.shape, np.nan)
    errors[free.reported] = np.sqrt(np.maximum(np.diag(result), 0.0))
    return errors, result
