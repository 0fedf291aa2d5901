"""The priors' densities and what they weigh, against scipy's distributions."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from ciip_irt.irt.estimation.sample_size import _prior_information
from ciip_irt.irt.priors import BetaPrior, NormalPrior, Priors

A, B, C = np.array([0.7, 1.0, 1.9]), np.array([-1.2, 0.3, 2.0]), np.array([0.12, 0.2, 0.31])
D = 1.7
WORKING = np.column_stack((D * A, -D * A * B, logit(C)))
"""Slope, intercept and logit of c, as the fit works with them."""
LOG_A, OF_B, OF_C = NormalPrior(0.1, 0.4), NormalPrior(-0.2, 1.3), BetaPrior(6.0, 17.0)
EVERY = np.ones((3, 3), dtype=np.bool_)


@pytest.mark.parametrize(
    ("priors", "expected"),
    [
        # of a itself: the normal density of log a has the slope 1/a
        (Priors(LOG_A, None, None), stats.lognorm(0.4, scale=np.exp(0.1)).logpdf(A)),
        (Priors(None, OF_B, None), stats.norm(-0.2, 1.3).logpdf(B)),
        (Priors(None, None, OF_C), stats.beta(6, 17).logpdf(C)),
    ],
)
def test_densities(priors: Priors, expected: np.ndarray) -> None:
    assert priors.log_density(WORKING, D, EVERY, -0.2) == pytest.approx(expected, abs=1e-12)
    nothing_estimated = priors.log_density(WORKING, D, ~EVERY, -0.2)
    assert (nothing_estimated == 0).all()


@pytest.mark.parametrize(
    "priors",
    [
        Priors(LOG_A, None, None),
        Priors(None, OF_B, None),
        Priors(None, None, OF_C),
        Priors(LOG_A, OF_B, OF_C),
    ],
)
def test_gradients_are_differences_of_densities(priors: Priors) -> None:
    first, curvature = priors.gradient(WORKING, D, EVERY, -0.2)
    h = 1e-6
    for k in range(3):
        step = h * np.eye(3)[k]
        up, down = (priors.log_density(WORKING + sign * step, D, EVERY, -0.2) for sign in (1, -1))
        assert first[:, k] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-7)
    assert (np.linalg.eigvalsh(curvature) > -1e-12).all()


def test_the_curvature_is_the_expected_information_of_the_prior() -> None:
    """That of log a is ``1 / (sd s)^2`` by s: of a normal quantity ``log s``, whose slope by s is ``1/s``."""
    curvature = Priors(LOG_A, None, None).gradient(WORKING, D, EVERY, 0.0)[1]
    assert curvature[:, 0, 0] == pytest.approx((1 / 0.4 / (D * A)) ** 2, rel=1e-12)
    of_b = Priors(None, OF_B, None).gradient(WORKING, D, EVERY, 0.0)[1]
    by_s, by_d = B / (D * A), -1 / (D * A)  # b = -d/s, so that db/ds = -b/s; the sign cancels in the square
    assert of_b[:, 0, 0] == pytest.approx((by_s / 1.3) ** 2, rel=1e-12)
    assert of_b[:, 1, 1] == pytest.approx((by_d / 1.3) ** 2, rel=1e-12)


def test_what_a_prior_is_worth_is_the_inverse_of_its_variance() -> None:
    fit = cast(Any, SimpleNamespace(parameters=np.column_stack((A, B, C))))
    found = _prior_information(fit, Priors(LOG_A, OF_B, OF_C))
    assert found[:, 0] == pytest.approx(1 / (0.4 * A) ** 2)  # delta method: SD of a = a SD of log a
    assert found[:, 1] == pytest.approx(1 / 1.3**2)
    assert found[:, 2] == pytest.approx(1 / stats.beta(6, 17).var())
    assert (_prior_information(fit, None) == 0).all()
