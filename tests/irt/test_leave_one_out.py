"""Score distributions with one item left out, against leaving it out and starting again."""

import numpy as np
import pytest

from ciip_irt.irt.curves import convolve_scores, leave_one_out_scores


@pytest.mark.parametrize("spread", [0.5, 2.0, 4.0])
def test_solving_the_recursion_equals_starting_again(spread: float) -> None:
    theta = np.linspace(-6, 6, 13)
    b = np.random.default_rng(3).normal(0, spread, 170)
    p = 1 / (1 + np.exp(b - theta[:, None]))
    both = np.stack((1 - p, p), axis=2)
    found = leave_one_out_scores(p)
    for item in (0, 17, 85, 169):
        again = convolve_scores(np.delete(both, item, axis=1))
        np.testing.assert_allclose(found[:, item], again, atol=1e-13)


def test_certain_items_do_no_harm() -> None:
    p = np.array([[0.0, 1.0, 0.5, 0.25]])
    both = np.stack((1 - p, p), axis=2)
    for item in range(4):
        np.testing.assert_allclose(
            leave_one_out_scores(p)[:, item], convolve_scores(np.delete(both, item, axis=1)), atol=1e-15
        )
