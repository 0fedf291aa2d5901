"""Conditional maximum likelihood for Rasch: other programs, brute force, exact arithmetic and simulation."""

import csv
import gzip
import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from ciip_irt.errors import DesignError, InputError
from ciip_irt.irt.estimation.cml import CmlFit, fit_cml
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.estimation.symmetric_functions import (
    conditional_probabilities,
    log_symmetric,
    symmetric_ratios,
)
from ciip_irt.irt.response_blocks import ResponseBlock

REALDATA = {
    "lsat67/reference_rasch_cml_eRm_LSAT6.csv": "lsat67/LSAT6_scored.csv",
    "lsat67/reference_rasch_cml_eRm_LSAT7.csv": "lsat67/LSAT7_scored.csv",
    "kb36/reference_rasch_cml_eRm_formX.csv": "kb36/formX_scored.csv",
    "kb36/reference_rasch_cml_eRm_formY.csv": "kb36/formY_scored.csv",
}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open() as lines:
        return list(csv.DictReader(lines))


def fitted(x: np.ndarray, **options: float) -> CmlFit:
    return fit_cml([ResponseBlock(np.arange(x.shape[1]), x.astype(np.int8))], x.shape[1], **options)


def simulated(n: int, b: np.ndarray, seed: int, spread: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, spread, size=(n, 1))
    return (rng.random((n, b.size)) < 1 / (1 + np.exp(b - theta))).astype(np.int8)


def brute_log_likelihood(x: np.ndarray, b: np.ndarray) -> float:
    """Every pattern with the same score on the same items is listed."""
    total = 0.0
    for row in x:
        here = np.flatnonzero(row >= 0)
        mine = -float(row[here] @ b[here])
        same = [
            -float(np.array(p) @ b[here])
            for p in itertools.product((0, 1), repeat=here.size)
            if sum(p) == row[here].sum()
        ]
        total += mine - np.log(np.exp(same).sum())
    return total


@pytest.mark.parametrize(
    "easiness",
    [(1.0, 1.0, 1.0, 2.0, 2.0), (0.25, 8.0, 0.5, 1024.0, 0.125, 1.0), (3.0, 3.0000152587890625, 0.5, 4.0)],
)
def test_symmetric_functions_in_exact_arithmetic(easiness: tuple[float, ...]) -> None:
    e = [Fraction(value) for value in easiness]
    n = len(e)
    gamma = [Fraction(0)] * (n + 1)
    single = np.full((n + 1, n), Fraction(0))
    double = np.full((n + 1, n, n), Fraction(0))
    for pattern in itertools.product((0, 1), repeat=n):
        weight = Fraction(1)
        for value, right in zip(e, pattern, strict=True):
            weight *= value if right else 1
        order = sum(pattern)
        gamma[order] += weight
        for i in range(n):
            single[order, i] += weight * pattern[i]
            for j in range(n):
                double[order, i, j] += weight * pattern[i] * pattern[j]
    # an item that is not in the set stands in the middle and changes nothing
    array = np.insert(np.array(easiness), 2, 0.0)[None, :]
    ratios = symmetric_ratios(array)
    p, twin = conditional_probabilities(array, ratios)
    keep = np.delete(np.arange(n + 1), 2)
    for order in range(n + 1):
        np.testing.assert_allclose(np.exp(log_symmetric(ratios)[0, order]), float(gamma[order]), rtol=1e-13)
        wanted = [float(value / gamma[order]) for value in single[order]]
        np.testing.assert_allclose(p[0, order, keep], wanted, atol=1e-14)
        for i, j in itertools.combinations(range(n), 2):
            if easiness[i] == easiness[j]:
                both = float(double[order, i, j] / gamma[order])
                assert twin[0, order, keep[i]] == pytest.approx(both, abs=1e-14)
    assert np.isneginf(log_symmetric(ratios)[0, n + 1])


def test_symmetric_functions_of_thousands_of_items_stay_finite() -> None:
    e = np.exp(np.random.default_rng(3).normal(0, 3, (1, 2000)))
    ratios = symmetric_ratios(e)
    assert np.isfinite(log_symmetric(ratios)).all()
    p, _ = conditional_probabilities(e[:, :300], symmetric_ratios(e[:, :300]))
    # given the raw score the chances of a right answer add up to it
    np.testing.assert_allclose(p[0].sum(axis=1), np.arange(301), atol=1e-10)


@pytest.mark.parametrize("data", ["LSAT6", "LSAT7", "SAT12", "VerbalAggression"])
def test_same_as_erm_and_psychotools(results_of: Callable[[str], Path], data: str) -> None:
    folder = results_of(data)
    x = np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1)
    fit = fitted(x)
    assert fit.converged
    assert fit.gradient_norm < 1e-6
    sizes = {"rasch_cml_eRm": "pars.csv", "rasch_cml_psychotools": "pars_sum0.csv"}
    for name, file in sizes.items():
        wanted = json.loads((folder / name / "fit.json").read_text())
        reference = rows(folder / name / file)
        # the other programs stop a little below the maximum
        assert fit.log_likelihood == pytest.approx(wanted["cml_logLik"], abs=1e-5)
        assert fit.log_likelihood >= wanted["cml_logLik"] - 1e-8
        assert fit.n_parameters == wanted["npar"]
        np.testing.assert_allclose(fit.b, [float(row["b"]) for row in reference], atol=5e-5)
        np.testing.assert_allclose(fit.standard_errors, [float(row["se"]) for row in reference], rtol=1e-3)


@pytest.mark.parametrize("reference", REALDATA)
def test_same_as_erm_on_published_forms(shared: Path, reference: str) -> None:
    wanted = rows(shared / "realdata" / reference)
    answers = rows(shared / "realdata" / REALDATA[reference])
    x = np.array([[int(row[item["item_id"]]) for item in wanted] for row in answers])
    fit = fitted(x)
    np.testing.assert_allclose(fit.b, [float(row["beta"]) for row in wanted], atol=1e-4)
    np.testing.assert_allclose(fit.standard_errors, [float(row["se"]) for row in wanted], atol=2e-5)


def test_same_as_erm_on_a_licensure_exam(shared: Path) -> None:
    folder = shared / "realdata" / "licensure170"
    wanted = rows(folder / "reference_rasch_cml_eRm_form1.csv")
    with gzip.open(folder / "form1_vendor_wide.csv.gz", "rt") as lines:
        table = csv.DictReader(lines)
        x = np.array([[row[f"iresp.{n}"] == "1" for n in range(1, 171)] for row in table])
    fit = fitted(x)
    assert fit.log_likelihood == pytest.approx(-135616.6, abs=0.05)
    order = [int(row["item_id"].split("_")[1]) - 1 for row in wanted]
    assert sorted(order) == list(range(170))
    beta = np.empty(170)
    beta[order] = [float(row["beta"]) for row in wanted]
    errors = np.empty(170)
    errors[order] = [float(row["se"]) for row in wanted]
    np.testing.assert_allclose(fit.b, beta, atol=1e-3)
    np.testing.assert_allclose(fit.standard_errors, errors, rtol=2e-3)

    def log_likelihood(b: np.ndarray) -> float:
        gamma = log_symmetric(symmetric_ratios(np.exp(-b)[None, :]))[0]
        return float(-(x @ b).sum() - gamma[x.sum(axis=1)].sum())

    # the other program stopped short of the maximum, by less than the rounding of its log-likelihood
    assert fit.log_likelihood == pytest.approx(log_likelihood(fit.b), abs=1e-6)
    assert fit.log_likelihood > log_likelihood(beta - beta.mean())
    assert fit.gradient_norm < 1e-6


def test_incomplete_design_against_every_pattern_listed() -> None:
    b = np.array([-1.0, -0.3, 0.0, 0.0, 0.6, 1.2])
    x = simulated(40, b, 4)
    rng = np.random.default_rng(8)
    x[rng.random(x.shape) < 0.3] = -1
    blocks = [ResponseBlock(np.arange(6), x[:25]), ResponseBlock(np.array([5, 4, 3, 2, 1]), x[25:, :0:-1])]
    whole = np.vstack((x[:25], np.where(np.arange(6) == 0, -1, x[25:])))
    fit = fit_cml(blocks, 6)
    assert fit.log_likelihood == pytest.approx(brute_log_likelihood(whole, fit.b), abs=1e-9)

    def loss(free: np.ndarray) -> float:
        return -brute_log_likelihood(whole, np.append(free, -free.sum()))

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-4})
    np.testing.assert_allclose(fit.b[:5], best.x, atol=1e-4)
    step = 1e-3
    hessian = np.empty((5, 5))
    for i, j in itertools.product(range(5), repeat=2):
        up, down = np.eye(5)[i] * step, np.eye(5)[j] * step
        at = fit.b[:5]
        hessian[i, j] = loss(at + up + down) - loss(at + up - down) - loss(at - up + down)
        hessian[i, j] = (hessian[i, j] + loss(at - up - down)) / (4 * step**2)
    np.testing.assert_allclose(fit.covariance[:5, :5], np.linalg.inv(hessian), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fit.covariance.sum(axis=0), 0.0, atol=1e-12)


def test_items_of_equal_difficulty_have_their_limit() -> None:
    """The quotient of two near items and its limit give the same standard errors."""
    x = simulated(300, np.linspace(-1, 1, 5), 1)
    again = np.vstack((x, x[:, [1, 0, 2, 3, 4]]))
    exact = fitted(again)
    assert exact.b[0] == pytest.approx(exact.b[1], abs=1e-12)
    first, shifted = np.eye(5)[0] * 1e-2, np.eye(5)[1] * 1e-2
    b = exact.b

    def at(value: np.ndarray) -> float:
        return -brute_log_likelihood(again, value)

    mixed = (at(b + first + shifted) - at(b + first - shifted) - at(b - first + shifted)) / 4e-4
    mixed += at(b - first - shifted) / 4e-4
    information = np.linalg.pinv(exact.covariance, rcond=1e-10)
    assert information[0, 1] == pytest.approx(mixed, rel=1e-3)


def test_rotating_forms_recover_the_truth_and_agree_with_marginal_estimates() -> None:
    rng = np.random.default_rng(20)
    b = rng.normal(size=40)
    b -= b.mean()
    blocks = []
    for form, shift in enumerate((-0.8, 0.0, 0.9)):
        items = np.concatenate((np.arange(16), 16 + 8 * form + np.arange(8)))
        theta = rng.normal(shift, 1.0, size=(1500, 1))
        x = (rng.random((1500, 24)) < 1 / (1 + np.exp(b[items] - theta))).astype(np.int8)
        x[rng.random(x.shape) < 0.001] = -1
        blocks.append(ResponseBlock(items, x, form))
    fit = fit_cml(blocks, 40)
    z = (fit.b - b) / fit.standard_errors
    assert 0.6 < (z**2).mean() < 1.5
    marginal = fit_mml(blocks, "rasch", 40)
    centred = marginal.parameters[:, 1] - marginal.parameters[:, 1].mean()
    assert (np.abs(fit.b - centred) < 0.3 * fit.standard_errors).all()


def test_neither_order_nor_splitting_of_blocks_matters() -> None:
    x = simulated(400, np.linspace(-2, 2, 12), 9)
    one = fitted(x)
    parts = [ResponseBlock(np.arange(12)[::-1], x[start : start + 100, ::-1]) for start in (300, 0, 200, 100)]
    other = fit_cml(parts, 12)
    np.testing.assert_allclose(one.b, other.b, atol=1e-10)
    np.testing.assert_allclose(one.standard_errors, other.standard_errors, rtol=1e-9)


def test_extreme_items_and_persons_are_set_aside_in_turn_and_named() -> None:
    x = simulated(200, np.linspace(-1, 1, 6), 2)
    x = np.column_stack((x, np.ones(200, np.int8), np.zeros(200, np.int8), np.full(200, -1, np.int8)))
    score = x[:, :6].sum(axis=1)
    inside = (score > 0) & (score < 6)
    fit = fitted(x)
    assert fit.excluded.tolist() == [6, 7, 8]
    assert np.isnan(fit.b[6:]).all()
    assert np.isnan(fit.standard_errors[6:]).all()
    np.testing.assert_array_equal(fit.excluded_persons, np.flatnonzero(~inside))
    assert fit.n_persons == inside.sum()
    assert fit.n[:6].tolist() == [inside.sum()] * 6
    np.testing.assert_allclose(fit.b[:6], fitted(x[:, :6]).b, atol=1e-12)
    text = fit.summary()
    assert "items 6, 7" in text
    assert "item 8" in text
    assert "all or none" in text


def test_designs_without_an_estimate_are_refused_with_the_reason() -> None:
    x = simulated(50, np.zeros(3), 5)
    with pytest.raises(DesignError, match=r"2 parts that no person connects \(items 0, 1, 2; items 3, 4, 5"):
        fit_cml([ResponseBlock(np.arange(3), x), ResponseBlock(np.arange(3, 6), x)], 6)
    one_way = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]], dtype=np.int8)
    with pytest.raises(DesignError, match="one direction only"):
        fitted(one_way)
    with pytest.raises(DesignError, match="fewer than two items"):
        fitted(np.ones((5, 3)))
    with pytest.raises(InputError, match=r"scores above 1 \(1 row, e.g. '2'\)"):
        fitted(np.array([[0, 2], [1, 0]]))


def test_no_convergence_is_said() -> None:
    fit = fitted(simulated(300, np.linspace(-2, 2, 8), 6), max_iterations=1)
    assert not fit.converged
    assert "NOT converged" in fit.summary()
