"""The Rasch model: a = 1, c = 0; the difficulty b is estimated, and with it the spread of the population.

Source: Rasch (1960), Probabilistic Models for Some Intelligence and Attainment Tests.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models import logistic
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.log_odds import logit

__all__ = ["RASCH"]


def start(proportion: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): b from the proportion right; a = 1."""
    b = -logit(np.clip(proportion, 0.01, 0.99)) / D
    return np.column_stack((np.ones_like(b), b, np.zeros_like(b)))


RASCH = ItemModel(
    name="rasch",
    parameters=("a", "b", "c"),
    free=("b",),
    common=(),
    free_sd=True,
    probability=logistic.probability,
    gradient=logistic.gradient,
    theta_derivatives=logistic.theta_derivatives,
    working_probability=logistic.working_probability,
    working_gradient=logistic.working_gradient,
    to_working=logistic.to_working,
    from_working=logistic.from_working,
    reported_jacobian=logistic.reported_jacobian,
    start=start,
    working_bounds=logistic.WORKING_BOUNDS,
)
