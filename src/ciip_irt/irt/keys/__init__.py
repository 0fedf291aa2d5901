"""Which option is right: a model of option choice and the hypotheses about a key."""

from ciip_irt.irt.keys.key_hypotheses import DEFAULT_RATES, FlawRates, KeyProbabilities, key_probabilities
from ciip_irt.irt.keys.option_choice import group_abilities

__all__ = [
    "DEFAULT_RATES",
    "FlawRates",
    "KeyProbabilities",
    "group_abilities",
    "key_probabilities",
]
