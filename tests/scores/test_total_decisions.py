"""Livingston-Lewis against double testing under its own model and under a response model."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from ciip_irt.classical.internal_consistency import reliability
from ciip_irt.errors import InputError
from ciip_irt.scores.numbers.total_decisions import effective_length, livingston_lewis


def kr21(totals: np.ndarray, n: int) -> float:
    mean, variance = totals.mean(), totals.var()
    return float(n / (n - 1) * (1 - mean * (n - mean) / (n * variance)))


@pytest.mark.parametrize(("a", "b", "low", "high"), [(6, 3, 0.0, 1.0), (3, 2, 0.25, 0.98), (2, 5, 0.3, 1.0)])
@pytest.mark.parametrize("cut", [24, 31])
def test_its_own_model(a: float, b: float, low: float, high: float, cut: int) -> None:
    rng = np.random.default_rng(0)
    true = low + (high - low) * beta.rvs(a, b, size=200_000, random_state=rng)
    first, second = (binom.rvs(40, true, random_state=rng) for _ in range(2))
    quality = livingston_lewis(first, kr21(first, 40), cut, maximum=40)
    deserved = true >= cut / 40
    assert quality.accuracy == pytest.approx(((first >= cut) == deserved).mean(), abs=0.004)
    assert quality.consistency == pytest.approx(((first >= cut) == (second >= cut)).mean(), abs=0.004)
    assert quality.false_positive == pytest.approx(((first >= cut) & ~deserved).mean(), abs=0.004)
    assert quality.pass_rate == pytest.approx((first >= cut).mean(), abs=0.004)
    assert quality.deserving == pytest.approx(deserved.mean(), abs=0.006)


def test_kr21_makes_the_length_its_own() -> None:
    totals = np.random.default_rng(1).binomial(25, beta.rvs(4, 3, size=500, random_state=1))
    length = effective_length(totals.mean(), totals.std(), kr21(totals, 25), 25)
    assert length == pytest.approx(25, abs=1e-9)


@pytest.mark.parametrize("cut", [92, 104])
def test_a_rasch_exam_taken_twice(cut: int) -> None:
    """130 items of different difficulty: the effective length is longer, the decisions still right."""
    rng = np.random.default_rng(2)
    b, theta = rng.normal(-1.2, 1.0, 130), rng.normal(0.0, 0.8, 40_000)
    p = 1 / (1 + np.exp(-(theta[:, None] - b)))
    first, second = ((rng.random(p.shape) < p).astype(np.int8) for _ in range(2))
    x, y = first.sum(axis=1), second.sum(axis=1)
    alpha = reliability(first).alpha
    quality = livingston_lewis(x, alpha, cut, maximum=130)
    assert effective_length(x.mean(), x.std(), alpha, 130) > 140
    assert quality.accuracy == pytest.approx(((x >= cut) == (p.sum(axis=1) >= cut)).mean(), abs=0.005)
    assert quality.consistency == pytest.approx(((x >= cut) == (y >= cut)).mean(), abs=0.005)
    assert quality.pass_rate == pytest.approx((x >= cut).mean(), abs=0.01)


def test_a_range_that_does_not_start_at_zero() -> None:
    totals = np.random.default_rng(3).binomial(40, beta.rvs(6, 3, size=2000, random_state=3)).astype(float)
    plain = livingston_lewis(totals, 0.8, 27, maximum=40)
    moved = livingston_lewis(totals + 10, 0.8, 37, maximum=50, minimum=10)
    for name in ("accuracy", "consistency", "pass_rate", "deserving"):
        assert getattr(moved, name) == pytest.approx(getattr(plain, name), abs=1e-9)


def test_the_fallback_says_so() -> None:
    """Scores piled up at the top ask for true scores above the maximum."""
    totals = np.array([20.0] * 60 + [19.0] * 25 + [18.0] * 10 + [8.0] * 5)
    quality = livingston_lewis(totals, 0.7, 15, maximum=20)
    assert "fewer were matched" in quality.note
    assert quality.note in quality.summary()
    assert quality.pass_rate == pytest.approx(0.95, abs=0.03)


def test_where_all_pass_or_none() -> None:
    totals = np.random.default_rng(4).binomial(40, beta.rvs(6, 3, size=500, random_state=4))
    assert livingston_lewis(totals, 0.8, 0, maximum=40).pass_rate == pytest.approx(1)
    assert livingston_lewis(totals, 0.8, 41, maximum=40).pass_rate == pytest.approx(0, abs=1e-6)
    assert livingston_lewis(totals, 0.8, 60, maximum=40).consistency == pytest.approx(1)


@pytest.mark.parametrize(
    ("totals", "r", "says"),
    [
        ([5, 5, 5], 0.8, "do not vary"),
        ([5, 50], 0.8, "outside 0 to 40"),
        ([5, 6], -0.1, "reliability is -0.1"),
        ([5, 5], 1.0, r"do not vary(.|\n)*reliability is 1"),
    ],
)
def test_unusable_totals(totals: list[int], r: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        livingston_lewis(np.array(totals, dtype=float), r, 20, maximum=40)
