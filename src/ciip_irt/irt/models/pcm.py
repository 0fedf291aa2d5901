"""The partial credit model: a = 1; the step difficulties are estimated, and the spread of the population.

The Rasch model for scores 0..K-1: the raw score holds all that a person's answers say about theta.

Source: Masters (1982), Psychometrika 47:149-174.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models import partial_credit
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.polytomous import adjacent_difficulties, largest_steps, names, working_bounds

__all__ = ["PCM", "pcm"]


def start(shares: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): b from the shares of neighbouring scores; a = 1."""
    b = adjacent_difficulties(shares) / D
    return np.hstack((np.ones((b.shape[0], 1)), b))


def pcm(n_categories: int) -> ItemModel:
    """The partial credit model for scores 0..n_categories - 1."""
    return ItemModel(
        name="pcm",
        parameters=names(n_categories),
        free=names(n_categories)[1:],
        common=(),
        free_sd=True,
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
        for_categories=pcm,
    )


PCM = pcm(3)  # scores 0, 1, 2: the least that is not right or wrong; the data say how many
