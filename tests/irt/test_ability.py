"""Abilities against other programs' scores, brute force and identities."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from ciip_irt.errors import InputError
from ciip_irt.irt.ability import estimate_abilities, person_posteriors, score_table
from ciip_irt.irt.response_blocks import ResponseBlock

FOLDERS = ("rasch", "2pl", "3pl_prior_expbeta", "3pl_prior_norm")
DATA = ("LSAT6", "LSAT7", "SAT12", "VerbalAggression")


def reference(folder: Path) -> tuple[np.ndarray, float]:
    with (folder / "pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    columns = [[float(row["est"]) for row in rows if row["par"] == p] for p in "abg"]
    variance = next(float(row["est"]) for row in rows if row["par"] == "COV_11")
    return np.array(columns).T, variance**0.5


def answers(n: int, items: np.ndarray, seed: int, holes: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a, b, c = items.T
    p = c + (1 - c) * expit(a * (rng.normal(size=(n, 1)) - b))
    x = (rng.random(p.shape) < p).astype(np.int8)
    x[rng.random(x.shape) < holes] = -1
    return x


# under 3PL the reference's WLE maximises l + log(I) / 2, not Warm's estimator: checked by itself
COMPARABLE = [
    (model, method)
    for model in FOLDERS
    for method in ("eap", "map", "ml", "wle")
    if not (method == "wle" and model.startswith("3pl"))
]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(("model", "method"), COMPARABLE)
def test_same_scores_as_the_reference(
    results_of: Callable[[str], Path], data: str, model: str, method: str
) -> None:
    folder = results_of(data)
    parameters, sd = reference(folder / model)
    x = np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1).astype(np.int8)[:50]
    got = estimate_abilities([ResponseBlock(np.arange(x.shape[1]), x)], parameters, method=method, sd=sd)
    wanted = np.genfromtxt(folder / model / "scores_first50.csv", delimiter=",", names=True)
    theta, se = wanted[f"theta_{method.upper()}"], wanted[f"se_{method.upper()}"]
    finite = np.isfinite(theta)
    np.testing.assert_array_equal(got.theta[~finite], theta[~finite])
    np.testing.assert_array_equal(got.at_bound, ~finite)
    np.testing.assert_allclose(got.theta[finite], theta[finite], atol=1e-3)
    # under 3PL the reference takes the observed information, and for WLE the curvature of its own function
    if method == "eap" or (method != "wle" and not model.startswith("3pl")):
        np.testing.assert_allclose(got.se[finite], se[finite], atol=1e-3)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("model", FOLDERS)
def test_sum_score_table(results_of: Callable[[str], Path], data: str, model: str) -> None:
    parameters, sd = reference(results_of(data) / model)
    table = np.genfromtxt(results_of(data) / model / "eapsum_table.csv", delimiter=",", skip_header=1)
    theta, se = score_table(parameters, sd=sd)
    np.testing.assert_allclose(theta, table[:, 1], atol=1e-3)
    np.testing.assert_allclose(se, table[:, 2], atol=1e-3)


def test_weighted_likelihood_solves_warms_equation() -> None:
    rng = np.random.default_rng(0)
    items = np.column_stack((rng.uniform(0.6, 1.8, 25), rng.normal(size=25), np.full(25, 0.15)))
    x = answers(40, items, seed=1, holes=0.2)
    got = estimate_abilities([ResponseBlock(np.arange(25), x)], items, method="wle")

    def equation(theta: float, row: np.ndarray) -> float:
        a, b, c = items[row >= 0].T
        score = row[row >= 0]
        s = expit(a * (theta - b))
        p = c + (1 - c) * s
        first = (1 - c) * a * s * (1 - s)
        second = first * a * (1 - 2 * s)
        information = (first**2 / (p * (1 - p))).sum()
        bias = (first * second / (p * (1 - p))).sum()
        return ((score - p) * first / (p * (1 - p))).sum() + bias / (2 * information)

    assert got.converged.all()
    for theta, row in zip(got.theta, x, strict=True):
        assert theta == pytest.approx(brentq(equation, theta - 0.2, theta + 0.2, args=(row,)), abs=1e-6)


def test_of_several_maxima_the_highest_is_taken() -> None:
    """Under 3PL the likelihood of an aberrant pattern has two maxima (Samejima 1973)."""
    items = np.array([[2.5, -2.0, 0.25]] * 3 + [[2.5, 2.0, 0.25]] * 4)
    rows = np.array([[0, 0, 1, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1, 1]], dtype=np.int8)
    got = estimate_abilities([ResponseBlock(np.arange(7), rows)], items, method="map", sd=2.0)
    grid = np.linspace(-6, 6, 24001)
    a, b, c = items.T
    p = c + (1 - c) * expit(a * (grid[:, None] - b))
    for theta, row in zip(got.theta, rows, strict=True):
        log_posterior = np.log(np.where(row == 1, p, 1 - p)).sum(axis=1) - grid**2 / 8
        assert theta == pytest.approx(grid[log_posterior.argmax()], abs=1e-3)


def test_posteriors_by_brute_force_with_groups_and_holes() -> None:
    rng = np.random.default_rng(2)
    items = np.column_stack((rng.uniform(0.6, 1.8, 12), rng.normal(size=12), np.full(12, 0.2)))
    items[11] = np.nan  # never calibrated: must not count
    which = np.array([5, 0, 11, 7])
    x = answers(20, np.nan_to_num(items)[which], seed=3, holes=0.3)
    theta = np.linspace(-4, 4, 21)
    weights = rng.dirichlet(np.ones(21), size=2)
    blocks = [ResponseBlock(which, x[:8], 1), ResponseBlock(which, x[8:], 0)]
    got = person_posteriors(blocks, items, theta, weights, D=1.7)
    for person in range(20):
        wanted = weights[1 if person < 8 else 0].copy()
        for item, score in zip(which, x[person], strict=True):
            if score >= 0 and item != 11:
                a, b, c = items[item]
                p = c + (1 - c) * expit(1.7 * a * (theta - b))
                wanted *= p if score else 1 - p
        np.testing.assert_allclose(got[person], wanted / wanted.sum(), rtol=1e-9)


@pytest.mark.parametrize("method", ["eap", "map", "ml", "wle"])
def test_persons_without_answers_keep_their_place(method: str) -> None:
    items = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    blocks = [
        ResponseBlock(np.arange(2), np.array([[-1, -1], [1, 0]], dtype=np.int8)),
        ResponseBlock(np.array([], dtype=np.int64), np.empty((2, 0), dtype=np.int8)),
    ]
    got = estimate_abilities(blocks, items, method=method, mean=0.4, sd=0.9)
    assert got.n_answers.tolist() == [0, 2, 0, 0]
    if method in ("ml", "wle"):
        assert np.isnan(got.theta[[0, 2, 3]]).all()
        assert not got.converged[[0, 2, 3]].any()
    else:
        np.testing.assert_allclose(got.theta[[0, 2, 3]], 0.4, atol=1e-6)
        np.testing.assert_allclose(got.se[[0, 2, 3]], 0.9, atol=1e-4)
    assert np.isfinite(got.theta[1])


def test_rasch_table_is_the_ml_of_every_pattern() -> None:
    items = np.column_stack((np.ones(6), np.linspace(-1, 1.5, 6), np.zeros(6)))
    x = answers(60, items, seed=5)
    theta, se = score_table(items, method="ml", D=1.7)
    got = estimate_abilities([ResponseBlock(np.arange(6), x)], items, method="ml", D=1.7)
    np.testing.assert_allclose(got.theta, theta[x.sum(axis=1)], atol=1e-6)
    np.testing.assert_allclose(got.se, se[x.sum(axis=1)], atol=1e-6)


@pytest.mark.parametrize("data", ["LSAT6", "SAT12"])
def test_conditional_likelihood_table(results_of: Callable[[str], Path], data: str) -> None:
    folder = results_of(data) / "rasch_cml_eRm"
    with (folder / "pars.csv").open() as lines:
        b = np.array([float(row["b"]) for row in csv.DictReader(lines)])
    table = np.genfromtxt(folder / "raw_to_theta_ML.csv", delimiter=",", skip_header=1)
    theta, _ = score_table(np.column_stack((np.ones_like(b), b, np.zeros_like(b))), method="ml")
    inside = (table[:, 0] > 0) & (table[:, 0] < b.size)
    np.testing.assert_allclose(theta[table[inside, 0].astype(int)], table[inside, 1], atol=1e-3)


def test_unknown_method() -> None:
    with pytest.raises(InputError, match="eap, map, ml, wle"):
        estimate_abilities([], np.empty((0, 3)), method="mle")
