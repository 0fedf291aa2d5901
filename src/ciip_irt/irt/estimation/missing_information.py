"""The persons' part of the information: what EM does not see because abilities are missing.

With ``S_iq`` the score of person i by the estimated values, were theta_q the ability, the missing information
is the sum over persons of its posterior covariance,

    sum_i sum_q pi_iq S_iq S_iq'  -  sum_i Sbar_i Sbar_i',

and the cross product of the observed scores is the second sum alone. With ``S_iq`` a weighted residual
``(x - P(theta_q)) lean(theta_q)`` both are matrix products; at each point only the persons whose posterior
lives there enter, and persons in the order of their ability make them neighbours in memory.

Source: Louis (1982), JRSS-B 44:226-233; Oakes (1999), JRSS-B 61:479-482.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.em.e_step import (
    log_probability,
    posterior,
    score_indicators,
    split_into_chunks,
)
from ciip_irt.irt.em.free_parameters import FreeParameters
from ciip_irt.irt.em.score_groups import ScoreGroups
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.population import Population, moment_derivatives, population_log_weights
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.threads import Run

__all__ = ["missing_information"]

PERSONS_A_PRODUCT = 4096  # few enough to hold their scores as floats, many enough that products dominate
IN_CACHE = 1024  # persons whose scores at all points stay in a core's cache of a megabyte
NEGLIGIBLE = 1e-12  # a person is near few of the points; the others add nothing to the sums


def missing_information(
    method: str,
    blocks: Sequence[ResponseBlock | ScoreGroups],
    model: ItemModel,
    free: FreeParameters,
    working: FloatArray,
    population: Population,
    theta: FloatArray,
    place: IntArray,
    size: int,
    run: Run,
) -> FloatArray:
    """Shape (size, size): minus the missing information, or the cross product of the observed scores.

    With minus the missing information comes the complete-data information of the population moments.

    Parameters
    ----------
    blocks
        Raw-score groups are right for ``"oakes"``: answers leave the covariance but for the score itself.
    place
        Shape (G, M): places of the populations' moments and shapes, -1 where held.
    """
    p = np.maximum(model.working_probability(working, theta), LEAST_PROBABILITY)
    by = model.working_gradient(working, theta) / p[..., None]
    contrast = np.einsum("jpr,qjkp->qjkr", free.transform, by[:, :, 1:, :] - by[:, :, :1, :])
    cross_product = method == "cross_product"
    work = partial(
        _block_part,
        cross_product=cross_product,
        p=p,
        contrast=contrast,
        free=free.free,
        theta=theta,
        log_weights=population_log_weights(population, theta),
        moments=moment_derivatives(population, theta),
    )
    parts = [
        part
        for block in blocks
        for part in (
            split_into_chunks([block], PERSONS_A_PRODUCT) if isinstance(block, ResponseBlock) else [block]
        )
    ]
    result = np.zeros((size, size))
    for block, part in zip(parts, run(work, parts), strict=True):
        by_slot = free.index[block.items].T
        index = np.concatenate((by_slot[by_slot >= 0], place[block.group]))
        kept = index >= 0
        _add(result, index[kept], part[np.ix_(kept, kept)])
    shapes = place[:, 2:][place[:, 2:] >= 0]
    result[shapes, shapes] += 1.0  # one person's worth: a short test may say nothing of a shape
    return result


def _add(result: FloatArray, index: IntArray, part: FloatArray) -> None:
    """Add ``part`` to rows and columns ``index`` of ``result``; a place shared by items gets their sum."""
    places, which = np.unique(index, return_inverse=True)
    if places.size < index.size:
        collapse = np.zeros((places.size, index.size))
        collapse[which, np.arange(index.size)] = 1.0
        result[np.ix_(places, places)] += collapse @ part @ collapse.T
    else:
        result[np.ix_(index, index)] += part


def _block_part(
    block: ResponseBlock | ScoreGroups,
    cross_product: bool,
    p: FloatArray,
    contrast: FloatArray,
    free: BoolArray,
    theta: FloatArray,
    log_weights: FloatArray,
    moments: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """One block's part: rows and columns for the items' values (of the first slot, the next), mean and sd."""
    weight = posterior(block, log_probability(p), log_weights)[0].T
    columns = np.flatnonzero(free[block.items].any(axis=1))
    items = block.items[columns]
    slots = [np.flatnonzero(free[items, slot]) for slot in range(free.shape[1])]
    curves = np.ascontiguousarray(p[:, items, 1:].transpose(2, 0, 1))
    lean = np.ascontiguousarray(contrast[:, items].transpose(3, 2, 0, 1))

    by_moment, curvature = moments[0][block.group], moments[1][block.group]
    complete = isinstance(block, ScoreGroups) or block.complete
    rise = _rise(lean, theta) if complete and not cross_product else None
    if rise is not None:
        hits, _, many = _sort_blocks(block, slice(None), columns, contrast.shape[2])
        result = -_covariance_of_lines(
            weight, hits, many, theta, rise, _centers(curves, lean, slots), slots, by_moment
        )
    else:
        order = np.argsort(theta @ weight, kind="stable")
        hits, mask, many = _sort_blocks(block, order, columns, contrast.shape[2])
        weight = np.ascontiguousarray(weight[:, order])
        root = np.sqrt(many)[:, None]
        by_item = _observed(weight, hits, mask, curves, lean, slots)
        observed = np.hstack((by_item, weight.T @ by_moment)) * root
        result = observed.T @ observed
        if not cross_product:
            result -= _within(weight, hits, mask, many, curves, lean, slots, by_moment)
    if not cross_product:
        last = by_moment.shape[1]
        result[-last:, -last:] += np.tensordot(weight @ many, curvature, axes=1)
    return result


def _rise(lean: FloatArray, theta: FloatArray) -> FloatArray | None:
    """Shape (P, K-1, J): the slopes of ``lean`` (P, K-1, Q, J) by theta where it is a line, else ``None``."""
    middle = theta.size // 2
    rise: FloatArray = (lean[:, :, middle + 1] - lean[:, :, middle]) / (theta[middle + 1] - theta[middle])
    line = lean[:, :, middle, None] + rise[:, :, None] * (theta - theta[middle])[:, None]
    size = 1.0 + np.abs(lean).max(initial=0.0)
    if not np.abs(lean - line).max(initial=0.0) < 1e-10 * size:
        return None
    rise[np.abs(rise) < 1e-10 * size] = 0.0
    return rise


def _centers(curves: FloatArray, lean: FloatArray, slots: Sequence[IntArray]) -> FloatArray:
    """Shape (Q, estimated values): what every point expects of the score, slot after slot."""
    return np.hstack([(curves * lean[slot]).sum(axis=0)[:, each] for slot, each in enumerate(slots)])


def _covariance_of_lines(
    weight: FloatArray,
    hits: Sequence[FloatArray],
    many: FloatArray,
    theta: FloatArray,
    rise: FloatArray,
    centers: FloatArray,
    slots: Sequence[IntArray],
    moments: FloatArray,
) -> FloatArray:
    """The sum over persons of the posterior covariance where answers enter the score as lines in theta.

    ``S_iq = constant_i + A_i theta_q - C_q`` (Rasch, 2PL, generalised partial credit), so that no sum over
    points of products of answers is left: ``A A' var(theta) - A cov(theta, C)' - cov(C, theta) A' + var(C)``.
    The population's score is a C without A.
    """
    centers = np.hstack((centers, -moments))
    persons = weight @ many
    result = (centers * persons[:, None]).T @ centers
    starts = np.cumsum([0, *(each.size for each in slots)])
    steep = [slot for slot, each in enumerate(slots) if rise[slot][:, each].any()]
    places = np.concatenate([starts[slot] + np.arange(slots[slot].size) for slot in steep] or [slots[0][:0]])
    product = np.zeros((places.size, centers.shape[1]))
    square = np.zeros((places.size, places.size))
    mean = theta @ weight
    variance = theta**2 @ weight - mean**2
    tilted = theta[:, None] * centers
    for rows in _pieces(0, weight.shape[1]):
        by_person = weight[:, rows].T
        expected = by_person @ centers
        if places.size:
            with_theta = by_person @ tilted
            with_theta -= mean[rows, None] * expected
            answers = np.hstack(
                [
                    sum(hit[rows][:, slots[s]] * by[slots[s]] for hit, by in zip(hits, rise[s], strict=True))
                    for s in steep
                ]
            )
            with_theta *= many[rows, None]
            product += answers.T @ with_theta
            answers *= np.sqrt(variance[rows] * many[rows])[:, None]
            square += answers.T @ answers
        expected *= np.sqrt(many[rows])[:, None]
        result -= expected.T @ expected
    result[places] -= product
    result[:, places] -= product.T
    result[np.ix_(places, places)] += square
    return result


def _sort_blocks(
    block: ResponseBlock | ScoreGroups, order: IntArray | slice, columns: IntArray, highest: int
) -> tuple[list[FloatArray], FloatArray | None, FloatArray]:
    """Indicators of the scores and of the cells that count, persons in ``order``; how many each row is."""
    if isinstance(block, ScoreGroups):
        return [share[order][:, columns] for share in block.shares], None, block.persons[order]
    scores = block.scores[order]
    part = ResponseBlock(
        block.items[columns], scores if columns.size == scores.shape[1] else scores[:, columns], block.group
    )
    return *score_indicators(part, highest), np.ones(scores.shape[0])


def _observed(
    weight: FloatArray,
    hits: Sequence[FloatArray],
    mask: FloatArray | None,
    curves: FloatArray,
    lean: FloatArray,
    slots: Sequence[IntArray],
) -> FloatArray:
    """Shape (N_b, estimated values): every person's score, averaged over the posterior; slot after slot."""
    result = np.empty((weight.shape[1], sum(each.size for each in slots)))
    end = 0
    for slot, each in enumerate(slots):
        if not each.size:
            continue
        which = slice(None) if each.size == curves.shape[2] else each
        center = (curves * lean[slot]).sum(axis=0)[:, which]
        leans = [lean[slot, above][:, which] for above in range(curves.shape[0])]
        constant = [np.ptp(here, axis=0).max() < 1e-13 * np.abs(here).max() for here in leans]
        for rows in _pieces(0, weight.shape[1]):
            by_person = weight[:, rows].T
            total = by_person @ center
            if mask is not None:
                total *= mask[rows][:, which]
            np.negative(total, out=total)
            for hit, here, same in zip(hits, leans, constant, strict=True):
                expected = here[:1].repeat(total.shape[0], axis=0) if same else by_person @ here
                expected *= hit[rows][:, which]
                total += expected
            result[rows, end : end + each.size] = total
        end += each.size
    return result


def _pieces(start: int, end: int) -> list[slice]:
    """Rows from ``start`` to ``end`` in pieces that a core's cache holds."""
    return [slice(first, min(first + IN_CACHE, end)) for first in range(start, end, IN_CACHE)]


def _within(
    weight: FloatArray,
    hits: Sequence[FloatArray],
    mask: FloatArray | None,
    many: FloatArray,
    curves: FloatArray,
    lean: FloatArray,
    slots: Sequence[IntArray],
    moments: FloatArray,
) -> FloatArray:
    """The sum over persons and points of ``S_iq S_iq'``, the population's score being its last two rows."""
    used = [slot for slot, each in enumerate(slots) if each.size]
    n_above, n_points, n_items = curves.shape
    sums = np.zeros((len(used), len(used), n_items, n_items))
    totals = np.zeros((n_above, n_points, n_items))
    space = np.empty((IN_CACHE, n_above, n_items))
    for q in range(n_points):
        near = np.flatnonzero(weight[q] > NEGLIGIBLE)
        if not near.size:
            continue
        product = np.zeros((n_above * n_items, n_above * n_items))
        for rows in _pieces(near[0], near[-1] + 1):
            root = np.sqrt(weight[q, rows] * many[rows])
            residual = space[: root.size]
            for above, hit in enumerate(hits):
                curve = curves[above, q]
                np.subtract(hit[rows], curve if mask is None else mask[rows] * curve, out=residual[:, above])
            residual *= root[:, None, None]
            flat = residual.reshape(root.size, n_above * n_items)
            totals[:, q] += (root @ flat).reshape(n_above, n_items)
            product += flat.T @ flat
        product = product.reshape(n_above, n_items, n_above, n_items)
        for row, slot in enumerate(used):
            for column, other in enumerate(used[: row + 1]):
                for above in range(n_above):
                    for beside in range(n_above):
                        part = np.multiply.outer(lean[slot, above, q], lean[other, beside, q])
                        part *= product[above, :, beside]
                        sums[row, column] += part
    rows_of_blocks = []
    for row, slot in enumerate(used):
        blocks = [
            (sums[row, column] if column <= row else sums[column, row].T)[np.ix_(slots[slot], slots[other])]
            for column, other in enumerate(used)
        ]
        rows_of_blocks.append(blocks)
    cross = [
        np.einsum("kqj,kqj,qm->jm", totals, lean[slot], moments, optimize=True)[slots[slot]] for slot in used
    ]
    persons = weight @ many
    population = (moments * persons[:, None]).T @ moments
    if not used:
        return population
    across = np.concatenate(cross)
    return np.block([[np.block(rows_of_blocks), across], [across.T, population]])
