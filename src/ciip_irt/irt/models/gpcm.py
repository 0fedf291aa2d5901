"""The generalised partial credit model: a slope and the step difficulties of every item are estimated.

Source: Muraki (1992), Applied Psychological Measurement 16:159-176.
"""

from dataclasses import replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.item_model import ItemModel
from ciip_irt.irt.models.pcm import pcm
from ciip_irt.irt.models.polytomous import adjacent_difficulties, names

__all__ = ["GPCM", "gpcm"]


def start(shares: FloatArray, D: float) -> FloatArray:
    """Shape (J, K): b from the shares of neighbouring scores; D a = 1."""
    b = adjacent_difficulties(shares)
    return np.hstack((np.full((b.shape[0], 1), 1.0 / D), b))


def gpcm(n_categories: int) -> ItemModel:
    """The generalised partial credit model for scores 0..n_categories - 1."""
    return replace(
        pcm(n_categories),
        name="gpcm",
        free=names(n_categories),
        free_sd=False,
        start=start,
        for_categories=gpcm,
    )


GPCM = gpcm(3)  # scores 0, 1, 2: the least that is not right or wrong; the data say how many
