"""Cut-offs of infit and outfit for the very sample: the mean squares of samples that fit."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.fit_statistics.bootstrap import BootstrapSample
from ciip_irt.irt.fit_statistics.infit_outfit import InfitOutfitSums
from ciip_irt.irt.fit_statistics.item_fit import FIT_LEVEL, ItemFit
from ciip_irt.irt.fit_statistics.multiple_tests import benjamini_hochberg
from ciip_irt.irt.fit_statistics.residuals import compute_residuals
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel

__all__ = ["InfitOutfitReference", "infit_outfit_cutoffs"]

FINEST = 0.01  # a mean square within a few hundredths of 1 is no matter, however sure it is


@dataclass(slots=True)
class InfitOutfitReference:
    """Mean squares of samples that fit, gathered one by one.

    >>> from ciip_irt.irt.fit_statistics.bootstrap import bootstrap_samples
    >>> from ciip_irt.irt.response_blocks import ResponseBlock
    >>> items = np.column_stack((np.ones(20), np.linspace(-2, 2, 20), np.zeros(20)))
    >>> block = ResponseBlock(np.arange(20), np.zeros((100, 20), dtype=np.int8))
    >>> gathered = InfitOutfitReference()
    >>> for sample in bootstrap_samples([block], items, replications=30):
    ...     gathered.add(sample)
    >>> len(gathered.logs)
    30
    """

    logs: list[FloatArray]
    D: float
    model: ItemModel

    def __init__(self, D: float = 1.0, model: ItemModel = DICHOTOMOUS) -> None:
        self.logs, self.D, self.model = [], D, model

    def add(self, sample: BootstrapSample) -> None:
        sums = InfitOutfitSums(sample.parameters.shape[0])
        for part in compute_residuals(
            sample.blocks, sample.parameters, sample.theta, D=self.D, model=self.model
        ):
            sums.add(part)
        with np.errstate(divide="ignore"):
            self.logs.append(np.log(sums.mean_squares()))


def infit_outfit_cutoffs(
    observed: ItemFit, reference: InfitOutfitReference | Iterable[FloatArray], level: float = FIT_LEVEL
) -> ItemFit:
    """Cut-offs and p for observed infit and outfit, from samples that fit.

    The logarithm of a mean square is taken as normal with the mean and the standard deviation that it has
    over the samples, item by item, and Student's distribution allows for their number; so a few dozen samples
    give cut-offs and p-values alike; the standard deviation is taken as .01 at least. Below ``low`` or above
    ``high`` lies an item that fits in ``level`` of all samples. ``p_adjusted`` is Benjamini-Hochberg over the
    items, for infit and outfit apart. Where slopes are estimated, they have taken up much of what a
    mean square could show: of fitting items fewer than ``level`` are then found outside.

    Columns: ``infit_low, infit_high, infit_p, infit_p_adjusted`` and the same of outfit; NaN where nobody
    answered, or where everybody answers alike in some sample.
    """
    logs = reference.logs if isinstance(reference, InfitOutfitReference) else list(reference)
    stack = np.stack(logs)
    with np.errstate(invalid="ignore"):
        stack = np.where(np.isfinite(stack), stack, np.nan)
        centre, spread = stack.mean(axis=0), stack.std(axis=0, ddof=1)
    degrees = max(1, stack.shape[0] - 1)
    spread = np.maximum(spread * np.sqrt(1.0 + 1.0 / stack.shape[0]), FINEST)
    reach = -float(stdtrit(degrees, level / 2))
    columns: list[FloatArray] = []
    names: list[str] = []
    for place, name in enumerate(("infit", "outfit")):
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (np.log(observed.column(name)) - centre[:, place]) / spread[:, place]
        p = np.where(np.isfinite(z), 2.0 * stdtr(degrees, -np.abs(z)), np.nan)
        low, high = (np.exp(centre[:, place] + side * reach * spread[:, place]) for side in (-1, 1))
        columns += [low, high, p, benjamini_hochberg(p)]
        names += [f"{name}_{end}" for end in ("low", "high", "p", "p_adjusted")]
    return ItemFit("simulated_cutoffs", tuple(names), np.column_stack(columns), observed.n)
