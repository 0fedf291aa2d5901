"""Infit and outfit mean squares at the persons' estimated abilities."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.fit_statistics.item_fit import ItemFit
from ciip_irt.irt.fit_statistics.residuals import Residuals, compute_residuals, scored_part
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.threads import one_blas_thread

__all__ = ["InfitOutfitSums", "mean_square_fit"]


def mean_square_fit(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,  # noqa: ARG001 - the common signature
    model: ItemModel = DICHOTOMOUS,
    scored: Sequence[BoolArray] | None = None,
    method: str = "eap",
) -> ItemFit:
    """``outfit = mean of (x - E)^2 / V``, ``infit = sum (x - E)^2 / sum V``, over persons who answered.

    E and V are the mean and the variance of the score at the person's ability. 1 is expected; above, answers
    are noisier than the model says, below, more regular. Abilities are estimates (``method`` of
    ``ability.METHODS``), from the ``scored`` items alone: a pilot is never part of the ability it is held
    against. With EAP, as in the table of abilities, everybody has one. The expectation is therefore only
    about 1 and the spread depends on the sample: for cut-offs see ``simulated_fit``. Persons without a
    finite estimate are left out.

    Source: Wright & Masters (1982), Rating Scale Analysis.

    >>> rng = np.random.default_rng(2)
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> p = 1 / (1 + np.exp(items[:, 1] - rng.normal(size=(1000, 1))))
    >>> block = ResponseBlock(np.arange(20), (rng.random(p.shape) < p).astype(np.int8))
    >>> fit = mean_square_fit([block], items)
    >>> bool(np.abs(fit.column("infit") - 1).max() < 0.15)
    True
    """
    with one_blas_thread():
        abilities = estimate_abilities(
            scored_part(blocks, scored), parameters, method=method, mean=mean, sd=sd, D=D, model=model
        )
        sums = InfitOutfitSums(parameters.shape[0])
        for part in compute_residuals(blocks, parameters, abilities.theta, D=D, model=model):
            sums.add(part)
        return ItemFit("mean_squares", ("infit", "outfit"), sums.mean_squares(), sums.n)


class InfitOutfitSums:
    """Sums over persons, from which both mean squares follow."""

    __slots__ = ("n", "residual", "standardised", "variance")

    def __init__(self, n_items: int) -> None:
        self.residual, self.variance, self.standardised = np.zeros((3, n_items))
        self.n: IntArray = np.zeros(n_items, dtype=np.int64)

    def add(self, part: Residuals) -> None:
        squared = part.residual**2
        self.residual[part.items] += squared.sum(axis=0)
        self.variance[part.items] += part.variance.sum(axis=0)
        self.standardised[part.items] += (squared / np.where(part.answered, part.variance, 1.0)).sum(axis=0)
        self.n[part.items] += part.answered.sum(axis=0)

    def mean_squares(self) -> FloatArray:
        """Shape (J, 2): infit, outfit."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.column_stack((self.residual / self.variance, self.standardised / self.n))
