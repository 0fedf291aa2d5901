"""The same design answered as the model says: what fit statistics look like where everything fits.

A parametric bootstrap. Every replication draws each person's ability from the person's posterior (scored
items), draws answers to exactly the cells that were answered, re-estimates the items' free parameters by one
EM step from the values that made the answers, and places the persons by EAP again, as in the sample itself.
One step is nearly the whole way, for with many items the persons' places say almost all; leaving
re-estimation out would make the reference too wide, by far for easy items, where a wrong number right is most
of what a mean square sees.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.irt.ability import person_posteriors
from ciip_irt.irt.em.e_step import expect_counts, log_probability, split_into_chunks
from ciip_irt.irt.em.free_parameters import select_free_parameters
from ciip_irt.irt.em.m_step import maximize_items
from ciip_irt.irt.fit_statistics.residuals import scored_part
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import PERSONS_AT_ONCE, ResponseBlock, moments_by_group
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["BootstrapSample", "bootstrap_samples"]


@result
@dataclass(frozen=True, slots=True)
class BootstrapSample:
    """One replication: answers in the design's blocks, re-estimated parameters (J, P), EAP of all (N,)."""

    blocks: tuple[ResponseBlock, ...]
    parameters: FloatArray
    theta: FloatArray


def bootstrap_samples(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
    scored: Sequence[BoolArray] | None = None,
    fixed: BoolArray | None = None,
    priors: Priors | None = None,
    replications: int = 100,
    seed: int = 1,
) -> Iterator[BootstrapSample]:
    """Samples that fit, on the design of these blocks.

    Parameters
    ----------
    model
        Its ``free`` and ``common`` parameters are estimated again in each sample.
    fixed
        Shape (J,): items held at their values (anchors), which are not estimated again.
    scored
        One array (J_b,) for each block: the items that make the ability.

    >>> from ciip_irt.irt.models import MODELS
    >>> rng = np.random.default_rng(2)
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> block = ResponseBlock(np.arange(20), rng.integers(0, 2, (100, 20)).astype(np.int8))
    >>> sample = next(bootstrap_samples([block], items, model=MODELS["rasch"], replications=1))
    >>> sample.blocks[0].scores.shape, sample.theta.shape, bool((sample.parameters != items).any())
    ((100, 20), (100,), True)
    """
    with one_blas_thread():
        rng = np.random.default_rng(seed)
        believed = Priors() if priors is None else priors
        unknown = model.unknown(parameters)
        clean = np.where(unknown[:, None], 0.0, parameters)
        points = default_points()
        means, sds = moments_by_group(blocks, mean, sd)
        weights = log_weights(points, means, sds)
        held = np.full(parameters.shape, np.nan)
        if fixed is not None:
            held[fixed] = parameters[fixed]
        free = select_free_parameters(
            model, np.where(unknown[:, None], np.nan, parameters), held, ~unknown, D
        )
        values = free.values(model.to_working(clean, D))
        log_p = log_probability(model.probability(clean, points, D))
        placed = scored_part(blocks, scored)
        cumulated = np.cumsum(
            person_posteriors(placed, parameters, points, np.exp(weights), D, model), axis=1
        )
        spacing = float(points[1] - points[0])
    for _ in range(replications):
        with (
            one_blas_thread()
        ):  # left before the sample is handed out: what its taker does is not ours to hold
            below = np.less(cumulated, rng.random((cumulated.shape[0], 1)))
            at = np.minimum(below.sum(axis=1), points.size - 1)
            theta = points[at] + spacing * (rng.random(at.size) - 0.5)
            drawn = tuple(_draw_answers(blocks, clean, theta, D, model, rng))
            estimates = parameters
            if free.size:
                counts = expect_counts(split_into_chunks(drawn), log_p, weights).counts
                new = maximize_items(model, free, values, points, counts, believed, D)
                moved = np.any(free.free, axis=1, keepdims=True)
                estimates = np.where(moved, model.from_working(free.working(new), D), parameters)
            again = scored_part(drawn, scored)
            places = person_posteriors(again, parameters, points, np.exp(weights), D, model) @ points
        yield BootstrapSample(drawn, estimates, places)


def _draw_answers(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    theta: FloatArray,
    D: float,
    model: ItemModel,
    rng: np.random.Generator,
) -> Iterator[ResponseBlock]:
    start = 0
    for block in blocks:
        scores = np.empty(block.scores.shape, dtype=np.int8)
        for first in range(0, block.n_persons, PERSONS_AT_ONCE):
            own = theta[start + first : start + min(first + PERSONS_AT_ONCE, block.n_persons)]
            p = model.probability(parameters[block.items], own, D)
            u = rng.random(p.shape[:2])
            part = np.less(u, p[:, :, 1])
            if p.shape[2] > 2:
                part = np.sum(u[..., None] > np.cumsum(p[:, :, :-1], axis=2), axis=2)
            scores[first : first + own.size] = part
        start += block.n_persons
        yield ResponseBlock(
            block.items, np.where(block.scores < 0, block.scores, scores).astype(np.int8), block.group
        )
