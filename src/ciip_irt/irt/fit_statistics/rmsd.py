"""Root mean square deviation of the observed from the expected item curve."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.em.e_step import log_probability, posterior, split_into_chunks
from ciip_irt.irt.fit_statistics.item_fit import ItemFit
from ciip_irt.irt.models import DICHOTOMOUS, LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import ResponseBlock, moments_by_group
from ciip_irt.threads import one_blas_thread

__all__ = ["rmsd"]


def rmsd(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,  # noqa: ARG001 - the common signature
    model: ItemModel = DICHOTOMOUS,
    scored: Sequence[BoolArray] | None = None,
) -> ItemFit:
    """``RMSD = sqrt(sum_q w_q (O_q - E_q)^2)``, and the signed mean deviation ``md = sum_q w_q (O_q - E_q)``.

    ``O_q`` is the mean score, as a share of the highest, among the persons expected at theta_q, ``E_q`` the
    model's, ``w_q`` the persons' share there. Persons are placed by their ``scored`` answers; an unscored
    item is judged with its own answer added, one item at a time, so that pilots do not place persons for
    each other. Below about .1 is usually called good; small samples raise it.

    Source: Oliveri & von Davier (2011), Psychological Test and Assessment Modeling 53:315-333.

    >>> rng = np.random.default_rng(2)
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> p = 1 / (1 + np.exp(items[:, 1] - rng.normal(size=(1000, 1))))
    >>> fit = rmsd([ResponseBlock(np.arange(20), (rng.random(p.shape) < p).astype(np.int8))], items)
    >>> bool(fit.column("rmsd").max() < 0.1)
    True
    """
    with one_blas_thread():
        n_items = parameters.shape[0]
        unknown = model.unknown(parameters)
        theta = default_points()
        means, sds = moments_by_group(blocks, mean, sd)
        p = model.probability(np.where(unknown[:, None], 0.0, parameters), theta, D)
        log_p, weights = log_probability(p), log_weights(theta, means, sds)
        persons, total = np.zeros((n_items, theta.size)), np.zeros((n_items, theta.size))
        n = np.zeros(n_items, dtype=np.int64)
        roles = (
            scored if scored is not None else [np.ones(block.items.size, dtype=np.bool_) for block in blocks]
        )
        for block, role in zip(blocks, roles, strict=True):
            usable = ~unknown[block.items]
            for part in split_into_chunks([block]):
                _add(part, usable & role, usable & ~role, p, log_p, weights, persons, total)
            n[block.items[usable]] += block.answered[:, usable].sum(axis=0)
        highest = np.maximum(model.highest_scores(parameters), 1)
        expected = p @ np.arange(p.shape[2], dtype=np.float64) / highest
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.where(persons > 1e-9, total / persons / highest[:, None] - expected.T, 0.0)
            share = persons / persons.sum(axis=1, keepdims=True)
            values = np.column_stack((np.sqrt((share * gap**2).sum(axis=1)), (share * gap).sum(axis=1)))
        values[n <= 0] = np.nan
        return ItemFit("rmsd", ("rmsd", "md"), values, n)


def _add(
    part: ResponseBlock,
    placing: BoolArray,
    others: BoolArray,
    p: FloatArray,
    log_p: FloatArray,
    weights: FloatArray,
    persons: FloatArray,
    total: FloatArray,
) -> None:
    """Expected persons and score sums (J, Q) of some persons, onto ``persons`` and ``total``."""
    items = part.items[placing]
    if items.size:
        block = ResponseBlock(items, np.ascontiguousarray(part.scores[:, placing]), part.group)
        place = posterior(block, log_p, weights)[0]
        persons[items] += block.answered.T.astype(np.float64) @ place
        total[items] += np.maximum(block.scores, 0).T.astype(np.float64) @ place
    else:
        place = np.broadcast_to(np.exp(weights[part.group]), (part.n_persons, weights.shape[1]))
    items = part.items[others]
    for score in range(p.shape[2]) if items.size else ():
        curve = p[:, items, score]
        gave = np.equal(part.scores[:, others], score)
        # posterior with the item's own answer: place * curve, over its sum for each person
        share = np.where(gave, 1.0 / np.maximum(place @ curve, LEAST_PROBABILITY), 0.0)
        count = (share.T @ place) * curve.T
        persons[items] += count
        total[items] += score * count
