"""Item response models as values. A new family is one new file and one row in ``MODELS``."""

from typing import Final

from ciip_irt.irt.models.gpcm import GPCM
from ciip_irt.irt.models.grm import GRM
from ciip_irt.irt.models.item_model import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.models.logistic import probability
from ciip_irt.irt.models.one_pl import ONE_PL
from ciip_irt.irt.models.pcm import PCM
from ciip_irt.irt.models.rasch import RASCH
from ciip_irt.irt.models.three_pl import THREE_PL
from ciip_irt.irt.models.two_pl import TWO_PL

__all__ = [
    "DICHOTOMOUS",
    "LEAST_PROBABILITY",
    "MODELS",
    "ItemModel",
    "probability",
]

MODELS: Final[dict[str, ItemModel]] = {
    model.name: model for model in (RASCH, ONE_PL, TWO_PL, THREE_PL, PCM, GPCM, GRM)
}
"""By name; the last three, here for scores 0, 1, 2, are made for any number of them (``for_categories``)."""

DICHOTOMOUS: Final = MODELS["3pl"]
"""The model of right/wrong items in three columns a, b, c: Rasch, 1PL and 2PL are its cases."""
