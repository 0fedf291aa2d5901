"""Infit and outfit mean squares at the persons' estimated abilities."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.fit.item_fit import ItemFit
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["mean_squares"]


def mean_squares(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,  # noqa: ARG001 - the common signature
    method: str = "wle",
) -> ItemFit:
    """``outfit = mean of (x - P)^2 / (P Q)``, ``infit = sum (x - P)^2 / sum P Q``, over persons who answered.

    1 is expected; above, answers are noisier than the model says, below, more regular. Abilities are
    estimates, so the expectation is only about 1, and no p-value is given: cut-offs have to be simulated for
    the sample. Persons without a finite ability estimate are left out. ``method`` is one of
    ``ability.METHODS``.

    Source: Wright & Masters (1982), Rating Scale Analysis.

    >>> rng = np.random.default_rng(2)
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> p = 1 / (1 + np.exp(items[:, 1] - rng.normal(size=(1000, 1))))
    >>> fit = mean_squares([ResponseBlock(np.arange(20), (rng.random(p.shape) < p).astype(np.int8))], items)
    >>> bool(np.abs(fit.column("infit") - 1).max() < 0.1)
    True
    """
    model = MODELS["3pl"]
    n_items = parameters.shape[0]
    abilities = estimate_abilities(blocks, parameters, method=method, mean=mean, sd=sd, D=D)
    residual, variance, standardised = np.zeros(n_items), np.zeros(n_items), np.zeros(n_items)
    n = np.zeros(n_items, dtype=np.int64)
    usable = np.flatnonzero(~np.isnan(parameters).any(axis=1))
    start = 0
    for block in blocks:
        theta = abilities.theta[start : start + block.n_persons]
        start += block.n_persons
        known = np.isfinite(theta)
        columns = np.flatnonzero(np.isin(block.items, usable))
        items, scores = block.items[columns], block.scores[known][:, columns]
        for first in range(0, scores.shape[0], 2048):
            x = scores[first : first + 2048]
            p = model.probability(parameters[items], theta[known][first : first + 2048], D)[:, :, 1]
            answered = np.not_equal(x, -1)
            spread = np.maximum(p * (1.0 - p), 1e-12)
            squared = np.where(answered, (x - p) ** 2, 0.0)
            residual[items] += squared.sum(axis=0)
            variance[items] += np.where(answered, spread, 0.0).sum(axis=0)
            standardised[items] += (squared / spread).sum(axis=0)
            n[items] += answered.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.column_stack((residual / variance, standardised / n))
    return ItemFit("mean_squares", ("infit", "outfit"), values, n)
