"""Programmes shared by the tests of the simulation."""

import pytest

from ciip_irt.simulate import SimulatedProgramme, simulate_programme


@pytest.fixture(scope="session")
def programme() -> SimulatedProgramme:
    """The programme with the defaults, which is also the shipped sample."""
    return simulate_programme()


@pytest.fixture(scope="session")
def large() -> SimulatedProgramme:
    """Enough candidates for what was planted to stand out from chance."""
    return simulate_programme(n_candidates=3000, seed=7)
