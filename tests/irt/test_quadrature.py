"""Ability points: refined where needed, and settled after that."""

import numpy as np
import pytest

from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.quadrature import MOST_POINTS, default_points, refine_points
from ciip_irt.irt.response_blocks import ResponseBlock


@pytest.mark.parametrize("sd", [1.0, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("mean", [0.0, 4.0])
def test_refinement_settles(mean: float, sd: float) -> None:
    theta = default_points()
    for _ in range(5):
        before = theta
        theta = refine_points(theta, np.array([mean]), np.array([sd]), 40.0)
    assert theta is before
    assert theta.size <= MOST_POINTS
    assert theta[0] <= mean - 5 * sd
    assert theta[-1] >= mean + 5 * sd


def test_a_population_of_almost_no_spread_converges_or_says_so() -> None:
    rng = np.random.default_rng(17)
    b = rng.normal(0, 1, 20)
    converged = 0
    for _ in range(10):
        theta = rng.normal(0, 0.05, 300)
        scores = (rng.random((300, 20)) < 1 / (1 + np.exp(b - theta[:, None]))).astype(np.int8)
        fit = fit_mml([ResponseBlock(np.arange(20), scores)], "rasch", 20, standard_errors="none")
        if fit.population_sd[0] < 0.05:  # as it comes out where answers agree no more than chance has them
            assert "almost no spread" in fit.warnings[0]
        converged += fit.converged
    assert converged >= 7
