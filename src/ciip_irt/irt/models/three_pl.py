"""The three-parameter logistic model: a, b and the lower asymptote c are estimated.

Without a prior on c it is hardly identified for easy items; see ``priors.default_priors``.

Source: Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores, ch. 17.
"""

from dataclasses import replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.log_odds import logit
from ciip_irt.irt.models.two_pl import TWO_PL

__all__ = ["THREE_PL"]


def start(proportion: FloatArray, D: float) -> FloatArray:
    """Shape (J, 3): c = .15, D a = 1.2, b from the proportion right above c."""
    above = np.clip((proportion - 0.15) / 0.85, 0.02, 0.99)
    b = -logit(above)
    return np.column_stack((np.full_like(b, 1.2 / D), b, np.full_like(b, 0.15)))


THREE_PL = replace(TWO_PL, name="3pl", free=("a", "b", "c"), start=start)
