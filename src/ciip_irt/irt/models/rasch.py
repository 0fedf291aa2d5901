"""The Rasch model: a = 1, c = 0; the difficulty b is estimated, and with it the spread of the population.

Source: Rasch (1960), Probabilistic Models for Some Intelligence and Attainment Tests.
"""

from dataclasses import replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.log_odds import logit
from ciip_irt.irt.models.two_pl import TWO_PL

__all__ = ["RASCH"]


def start(proportion: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): b from the proportion right; a = 1."""
    b = -logit(np.clip(proportion, 0.01, 0.99)) / D
    return np.column_stack((np.ones_like(b), b, np.zeros_like(b)))


RASCH = replace(TWO_PL, name="rasch", free=("b",), free_sd=True, start=start)
