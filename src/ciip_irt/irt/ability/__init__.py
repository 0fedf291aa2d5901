"""Where persons are on the scale: EAP, MAP, ML and WLE, posteriors on points, and tables of raw scores."""

from ciip_irt.irt.ability.estimates import METHODS, AbilityEstimates, estimate_abilities, person_posteriors
from ciip_irt.irt.ability.raw_scores import score_table

__all__ = ["METHODS", "AbilityEstimates", "estimate_abilities", "person_posteriors", "score_table"]
