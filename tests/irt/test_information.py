"""Information and score distributions against the reference, enumeration and identities."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.irt.curves import (
    convolve_scores,
    expected_score,
    item_information,
    score_distribution,
    theta_at_expected_score,
)
from ciip_irt.irt.curves import test_information as form_information

THETA = np.linspace(-3, 3, 7)


@pytest.mark.parametrize("data", ["LSAT6", "SAT12"])
@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl_prior_expbeta"])
def test_information_of_the_reference(results_of: Callable[[str], Path], data: str, model: str) -> None:
    folder = results_of(data) / model
    with (folder / "pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    parameters = np.array([[float(row["est"]) for row in rows if row["par"] == p] for p in "abg"]).T
    table = np.genfromtxt(folder / "information.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(form_information(parameters, table[:, 0]), table[:, 1], rtol=1e-8)
    np.testing.assert_allclose(expected_score(parameters, table[:, 0]), table[:, 2], rtol=1e-8)
    np.testing.assert_allclose(item_information(parameters, table[:, 0]), table[:, 3:], rtol=1e-7, atol=1e-9)


def items(n: int, c: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(n)
    return np.column_stack((rng.uniform(0.5, 2, n), rng.normal(size=n), np.full(n, c)))


def test_distribution_by_enumeration() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), size=(4, 5))
    got = convolve_scores(p)
    wanted = np.zeros((4, 11))
    for pattern in itertools.product(range(3), repeat=5):
        wanted[:, sum(pattern)] += np.prod([p[:, item, score] for item, score in enumerate(pattern)], axis=0)
    np.testing.assert_allclose(got, wanted, atol=1e-14)


def test_moments_of_the_distribution() -> None:
    parameters = items(60)
    f = score_distribution(parameters, THETA, D=1.7)
    scores = np.arange(61.0)
    mean = f @ scores
    np.testing.assert_allclose(f.sum(axis=1), 1.0)
    np.testing.assert_allclose(mean, expected_score(parameters, THETA, D=1.7))
    a, b, c = parameters.T
    p = c + (1 - c) / (1 + np.exp(-1.7 * a * (THETA[:, None] - b)))
    np.testing.assert_allclose(f @ scores**2 - mean**2, (p * (1 - p)).sum(axis=1))


def test_characteristic_curve_and_back() -> None:
    parameters = items(30)
    theta = np.linspace(-5, 5, 41)
    score = expected_score(parameters, theta, D=1.7)
    np.testing.assert_allclose(theta_at_expected_score(parameters, score, D=1.7), theta, atol=1e-9)
    ends = theta_at_expected_score(parameters, np.array([0.0, 5.9, 30.0]))
    assert ends.tolist() == [-np.inf, -np.inf, np.inf]
    assert theta_at_expected_score(parameters, 15.0).shape == ()


def test_far_away_cut_is_found() -> None:
    easy = np.column_stack((np.full(10, 0.5), np.full(10, -60.0), np.zeros(10)))
    assert theta_at_expected_score(easy, 5.0) == pytest.approx(-60.0)
