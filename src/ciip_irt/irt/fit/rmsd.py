"""Root mean square deviation of the observed from the expected item curve."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.expectation import chunks, expectation, log_probability
from ciip_irt.irt.fit.item_fit import ItemFit
from ciip_irt.irt.mml_start import without_items
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["rmsd"]


def rmsd(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,  # noqa: ARG001 - the common signature
) -> ItemFit:
    """``RMSD = sqrt(sum_q w_q (r_q / n_q - P(theta_q))^2)``, and the signed mean deviation ``md``.

    ``r_q / n_q`` is the proportion right among the persons expected at theta_q, ``w_q`` their share. Below
    about .1 is usually called good; small samples raise it.

    Source: Oliveri & von Davier (2011), Psychological Test and Assessment Modeling 53:315-333.

    >>> rng = np.random.default_rng(2)
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> p = 1 / (1 + np.exp(items[:, 1] - rng.normal(size=(1000, 1))))
    >>> fit = rmsd([ResponseBlock(np.arange(20), (rng.random(p.shape) < p).astype(np.int8))], items)
    >>> bool(fit.column("rmsd").max() < 0.1)
    True
    """
    n_items = parameters.shape[0]
    lost = np.asarray(np.isnan(parameters).any(axis=1))
    used = chunks(without_items(blocks, lost))
    n_groups = 1 + max((block.group for block in blocks), default=0)
    theta = default_points()
    means = np.broadcast_to(np.asarray(mean, dtype=np.float64), (n_groups,))
    sds = np.broadcast_to(np.asarray(sd, dtype=np.float64), (n_groups,))
    p = MODELS["3pl"].probability(np.nan_to_num(parameters), theta, D)
    counts = expectation(used, log_probability(p), log_weights(theta, means, sds)).counts
    total = counts.sum(axis=2)
    persons = total.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(total > 1e-9, counts[:, :, 1] / total - p[:, :, 1], 0.0)
        weights = total / persons
        values = np.column_stack((np.sqrt((weights * gap**2).sum(axis=0)), (weights * gap).sum(axis=0)))
    values[persons <= 0] = np.nan
    n = np.zeros(n_items, dtype=np.int64)
    for block in used:
        n[block.items] += block.answered.sum(axis=0)
    return ItemFit("rmsd", ("rmsd", "md"), values, n)
