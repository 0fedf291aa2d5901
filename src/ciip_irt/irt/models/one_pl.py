"""The one-parameter logistic model: a common slope a is estimated, c = 0, in a population of given spread.

The same model as Rasch in other units: with a population N(0, 1) the common a is the Rasch model's spread.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models import logistic
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.log_odds import logit

__all__ = ["ONE_PL"]


def start(proportion: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): b from the proportion right; D a = 1."""
    b = -logit(np.clip(proportion, 0.01, 0.99)) * 1.1
    return np.column_stack((np.full_like(b, 1.0 / D), b, np.zeros_like(b)))


ONE_PL = ItemModel(
    name="1pl",
    parameters=("a", "b", "c"),
    free=("b",),
    common=("a",),
    free_sd=False,
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
