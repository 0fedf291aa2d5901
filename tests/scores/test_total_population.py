"""Whom decisions are judged for: a normal population, or candidates of two kinds as they are."""

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.scores.numbers.model_decisions import lee
from ciip_irt.scores.numbers.total_population import population_of_totals

ITEMS = np.column_stack(
    (np.random.default_rng(3).lognormal(-0.3, 0.25, 100), np.linspace(-2.2, 1.0, 100), np.zeros(100))
)
CUT = 66


def answers(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    p = expit(ITEMS[:, 0] * (theta[:, None] - ITEMS[:, 1]))
    return (rng.random(p.shape) < p).sum(axis=1)


def two_kinds(rng: np.random.Generator, n: int) -> np.ndarray:
    """Most are able, one in five is far below."""
    return np.where(rng.random(n) < 0.2, rng.normal(-1.6, 0.3, n), rng.normal(0.9, 0.5, n))


def test_two_kinds_of_candidates() -> None:
    rng = np.random.default_rng(5)
    sample = two_kinds(rng, 2000)
    mean, sd = sample.mean(), sample.std()
    found = population_of_totals(ITEMS, answers(sample, rng), mean=mean, sd=sd)
    assert found.shape == "histogram"
    everybody = two_kinds(rng, 100_000)
    first, second = answers(everybody, rng) >= CUT, answers(everybody, rng) >= CUT
    quality = lee(ITEMS, CUT, theta=found.theta, weights=found.weights)
    normal = lee(ITEMS, CUT, mean=mean, sd=sd)
    assert quality.pass_rate == pytest.approx(first.mean(), abs=0.02)
    assert quality.consistency == pytest.approx((first == second).mean(), abs=0.01)
    assert abs(normal.pass_rate - first.mean()) > 0.04  # what it was


def test_normal_candidates_stay_normal() -> None:
    rng = np.random.default_rng(6)
    shapes = []
    for _ in range(60):
        theta = rng.normal(0.2, 0.8, 800)
        shapes.append(population_of_totals(ITEMS, answers(theta, rng), mean=theta.mean(), sd=theta.std()))
    assert sum(one.shape == "histogram" for one in shapes) <= 3  # one in a hundred by chance
    p = np.array([one.p_value for one in shapes])
    assert 0.3 < p.mean() < 0.7
    few = population_of_totals(ITEMS, answers(rng.normal(size=50), rng))
    assert few.shape == "normal"
    assert np.isnan(few.p_value)


def test_weights_are_a_likelier_account_of_the_totals() -> None:
    rng = np.random.default_rng(7)
    theta = two_kinds(rng, 600)
    found = population_of_totals(ITEMS, answers(theta, rng), mean=theta.mean(), sd=theta.std(), split=-0.4)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.weights @ found.theta == pytest.approx(theta.mean(), abs=0.05)
    assert found.weights[found.theta < -0.4].sum() == pytest.approx((theta < -0.4).mean(), abs=0.03)
