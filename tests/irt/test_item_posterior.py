"""The item posterior against brute force in plain Python loops, its summaries against their definitions."""

import math

import numpy as np
import pytest
from oracles.item_posterior import grid_log_prior, item_posterior

from ciip_irt.errors import InputError

A_GRID = np.array([0.4, 0.8, 1.2, 1.6])
B_GRID = np.linspace(-2.0, 2.0, 9)
THETA = np.linspace(-3.0, 3.0, 13)


def some_persons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.ones(THETA.size), size=n)
    return posteriors, rng.integers(-1, 2, n).astype(np.int8)


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 100])
def test_equals_brute_force(n: int) -> None:
    posteriors, scores = some_persons(n, seed=3)
    prior = grid_log_prior(A_GRID, B_GRID, mean_log_a=-0.2, sd_log_a=0.4, mean_b=0.3, sd_b=1.1)
    got = item_posterior(
        posteriors, THETA, scores, a_grid=A_GRID, b_grid=B_GRID, c=0.2, log_prior=prior, D=1.7
    )
    brute = np.zeros((A_GRID.size, B_GRID.size))
    for i, a in enumerate(A_GRID):
        for j, b in enumerate(B_GRID):
            log_joint = -math.log(a) - (math.log(a) + 0.2) ** 2 / 0.32 - (b - 0.3) ** 2 / 2.42
            for person, score in enumerate(scores):
                if score == -1:
                    continue
                right = sum(
                    posteriors[person, q] * (0.2 + 0.8 / (1 + math.exp(-1.7 * a * (t - b))))
                    for q, t in enumerate(THETA)
                )
                log_joint += math.log(right if score == 1 else 1 - right)
            brute[i, j] = log_joint
    brute = np.exp(brute - brute.max())
    np.testing.assert_allclose(got.weights, brute / brute.sum(), rtol=1e-9)
    assert got.n == int((scores >= 0).sum())


def test_summaries_are_what_they_say() -> None:
    posteriors, scores = some_persons(40, seed=5)
    got = item_posterior(posteriors, THETA, scores, a_grid=A_GRID, b_grid=B_GRID)
    draws = np.random.default_rng(1).choice(got.weights.size, size=200_000, p=got.weights.ravel())
    a, b = A_GRID[draws // B_GRID.size], B_GRID[draws % B_GRID.size]
    assert got.mean_a == pytest.approx(a.mean(), abs=0.01)
    assert got.sd_b == pytest.approx(b.std(), abs=0.01)
    assert got.expectation(lambda a, b: a * b) == pytest.approx((a * b).mean(), abs=0.01)
    assert got.sd(lambda a, b: a * b) == pytest.approx((a * b).std(), abs=0.01)
    assert got.probability(lambda a, b: (a > 1) & (b < 0)) == pytest.approx(
        ((a > 1) & (b < 0)).mean(), abs=0.01
    )
    assert got.quantile(lambda a, b: b + 0 * a, (0.5,))[0] == pytest.approx(np.median(b))
    weights = np.exp(-0.5 * THETA**2)
    p = (1 / (1 + np.exp(-a[:, None] * (THETA - b[:, None])))) @ (weights / weights.sum())
    assert got.expected_p(THETA, weights) == pytest.approx(p.mean(), abs=0.005)


def test_many_answers_find_the_true_item() -> None:
    rng = np.random.default_rng(11)
    ability = rng.normal(size=4000)
    scores = (rng.random(4000) < 1 / (1 + np.exp(-1.2 * (ability - 0.5)))).astype(np.int8)
    theta = np.linspace(-5, 5, 101)
    certain = np.exp(-0.5 * ((theta - ability[:, None]) / 0.1) ** 2)
    certain /= certain.sum(axis=1, keepdims=True)
    got = item_posterior(
        certain, theta, scores, a_grid=np.linspace(0.7, 1.7, 41), b_grid=np.linspace(0, 1, 41)
    )
    assert abs(got.mean_a - 1.2) < 3 * got.sd_a < 0.3
    assert abs(got.mean_b - 0.5) < 3 * got.sd_b < 0.3
    assert got.edge_weight < 1e-6


def test_no_answers_give_the_prior_back() -> None:
    prior = grid_log_prior(A_GRID, B_GRID)
    got = item_posterior(
        np.empty((0, THETA.size)),
        THETA,
        np.empty(0, dtype=np.int8),
        a_grid=A_GRID,
        b_grid=B_GRID,
        log_prior=prior,
    )
    np.testing.assert_allclose(got.weights, np.exp(prior) / np.exp(prior).sum())
    assert got.log_evidence == pytest.approx(0.0)


def test_everything_wrong_is_reported_at_once() -> None:
    posteriors, _ = some_persons(3, seed=1)
    with pytest.raises(InputError) as caught:
        item_posterior(
            posteriors * 2,
            THETA,
            np.array([0, 3, 1], dtype=np.int8),
            a_grid=A_GRID[::-1],
            b_grid=B_GRID,
            c=1.5,
        )
    assert len(caught.value.problems) == 4
