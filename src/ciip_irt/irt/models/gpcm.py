"""The generalised partial credit model: a slope and the step difficulties of every item are estimated.

Source: Muraki (1992), Applied Psychological Measurement 16:159-176.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models import partial_credit
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.polytomous import adjacent_difficulties, largest_steps, names, working_bounds

__all__ = ["GPCM", "gpcm"]


def start(shares: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): b from the shares of neighbouring scores; D a = 1."""
    b = adjacent_difficulties(shares)
    return np.hstack((np.full((b.shape[0], 1), 1.0 / D), b))


def gpcm(n_categories: int) -> ItemModel:
    """The generalised partial credit model for scores 0..n_categories - 1."""
    return ItemModel(
        name="gpcm",
        parameters=names(n_categories),
        free=names(n_categories),
        common=(),
        free_sd=False,
        probability=partial_credit.probability,
        gradient=partial_credit.gradient,
        theta_derivatives=partial_credit.theta_derivatives,
        working_probability=partial_credit.working_probability,
        working_gradient=partial_credit.working_gradient,
        to_working=partial_credit.to_working,
        from_working=partial_credit.from_working,
        reported_jacobian=partial_credit.reported_jacobian,
        start=start,
        working_bounds=working_bounds(n_categories),
        n_categories=n_categories,
        largest_step=largest_steps(n_categories),
        for_categories=gpcm,
    )


GPCM = gpcm(3)
