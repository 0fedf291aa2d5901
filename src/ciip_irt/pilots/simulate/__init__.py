"""What a policy does to pilots whose truth is known: its error rates and its waiting."""

from ciip_irt.pilots.simulate.operating_characteristics import (
    OperatingCharacteristics,
    programme_of_bank,
    simulate_policy,
)
from ciip_irt.pilots.simulate.population import (
    Population,
    population_of_calibration,
    population_of_log,
)
from ciip_irt.pilots.simulate.true_programme import SimulatedPilots, TrueProgramme, simulate_pilots

__all__ = [
    "OperatingCharacteristics",
    "Population",
    "SimulatedPilots",
    "TrueProgramme",
    "population_of_calibration",
    "population_of_log",
    "programme_of_bank",
    "simulate_pilots",
    "simulate_policy",
]
