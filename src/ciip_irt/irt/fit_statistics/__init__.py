"""Item fit statistics. A new statistic is one new file and one row in ``FIT``.

Every statistic has the signature ``(blocks, parameters, *, mean, sd, D, n_free, model, scored) -> ItemFit``:
persons' blocks, reported parameters (J, P) of ``model``, the populations' moments, how many parameters of
each item were estimated, and which items of each block count in the total (``None``: all). Persons are placed
by their scored items alone.
"""

from collections.abc import Callable
from typing import Final

from ciip_irt.irt.fit_statistics.block_joining import join_blocks
from ciip_irt.irt.fit_statistics.bootstrap import bootstrap_samples
from ciip_irt.irt.fit_statistics.bootstrap_cutoffs import InfitOutfitReference, infit_outfit_cutoffs
from ciip_irt.irt.fit_statistics.dimensionality import ParallelAnalysis, parallel_analysis
from ciip_irt.irt.fit_statistics.infit_outfit import mean_square_fit
from ciip_irt.irt.fit_statistics.item_fit import FIT_LEVEL, ItemFit
from ciip_irt.irt.fit_statistics.item_sets import ItemSet, group_identical_sets
from ciip_irt.irt.fit_statistics.local_dependence import (
    LocalDependence,
    MaximumReference,
    assess_local_dependence,
)
from ciip_irt.irt.fit_statistics.model_fit import ModelFit, assess_model_fit
from ciip_irt.irt.fit_statistics.person_fit import PersonFit, assess_person_fit
from ciip_irt.irt.fit_statistics.rmsd import rmsd
from ciip_irt.irt.fit_statistics.s_x2 import s_x2

__all__ = [
    "FIT",
    "FIT_LEVEL",
    "InfitOutfitReference",
    "ItemFit",
    "ItemSet",
    "LocalDependence",
    "MaximumReference",
    "ModelFit",
    "ParallelAnalysis",
    "PersonFit",
    "assess_local_dependence",
    "assess_model_fit",
    "assess_person_fit",
    "bootstrap_samples",
    "group_identical_sets",
    "infit_outfit_cutoffs",
    "join_blocks",
    "parallel_analysis",
]

FIT: Final[dict[str, Callable[..., ItemFit]]] = {"mean_squares": mean_square_fit, "s_x2": s_x2, "rmsd": rmsd}
