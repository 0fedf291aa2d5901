"""A CIIP-like programme with known truth: bank, candidates, log, planted flaws.

``design``      the bank laid out in the blueprint's proportions, forms, rotating pilots
``true_items``  the generator of the answers: nearly Rasch, with distractors
``flaws``       what is planted, and where
``sittings``    candidates over a year, and who comes back
``answers``     option, status and seconds
"""

from ciip_irt.simulate.programme import SimulatedProgramme, simulate_programme

__all__ = ["SimulatedProgramme", "simulate_programme"]
