"""Weights tilted to a mean difficulty: the mean is met, whatever the range of the bank."""

import numpy as np
import pytest

from ciip_irt.pilots.plan.needs import _tilt


@pytest.mark.parametrize("spread", [0.01, 1.0, 40.0])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_the_mean_that_is_asked_for_is_met(spread: float, share: float) -> None:
    b = 0.7 + spread * np.linspace(0.0, 1.0, 9) ** 2
    weight = np.arange(1.0, 10.0)
    asked = b[0] + share * spread
    found = _tilt(b, weight, asked)
    assert found.sum() == pytest.approx(1.0)
    assert found @ b == pytest.approx(asked, abs=1e-6 * spread)
    # an exponential tilt: the logarithm of the ratio to the given weights is a straight line in b
    ratio = np.log(found / weight)
    assert np.polyval(np.polyfit(b, ratio, 1), b) == pytest.approx(ratio, abs=1e-5)


@pytest.mark.parametrize(("asked", "nearest"), [(-9.0, 0), (9.0, 4)])
def test_a_mean_out_of_reach_is_approached(asked: float, nearest: int) -> None:
    b = np.linspace(-1.0, 1.0, 5)
    found = _tilt(b, np.ones(5), asked)
    assert int(found.argmax()) == nearest
    assert found[nearest] > 0.99
