"""Decision quality against simulated double testing, other programs and identities."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from ciip_irt.errors import InputError
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.curves import expected_score, score_distribution, theta_at_expected_score
from ciip_irt.irt.curves import test_information as form_information
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.scores.numbers.model_decisions import (
    ability_points,
    csem,
    empirical_reliability,
    lee,
    marginal_reliability,
    rudner,
)
from ciip_irt.scores.numbers.passing import decision_quality, lowest_passing, passes


def form(n: int = 40, c: float = 0.2, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.lognormal(0, 0.2, n), rng.normal(-0.5, 1, n), np.full(n, c)))


def answers(items: np.ndarray, theta: np.ndarray, D: float, rng: np.random.Generator) -> np.ndarray:
    a, b, c = items.T
    p = c + (1 - c) / (1 + np.exp(-D * a * (theta[:, None] - b)))
    return rng.random(p.shape) < p


@pytest.mark.parametrize("cut", [18, 24.4, 31])
def test_lee_by_testing_everybody_twice(cut: float) -> None:
    rng = np.random.default_rng(1)
    items, n = form(), 100_000
    theta = rng.normal(0.4, 0.9, n)
    first, second = (answers(items, theta, 1.7, rng).sum(axis=1) >= cut for _ in range(2))
    quality = lee(items, cut, mean=0.4, sd=0.9, D=1.7)
    deserved = expected_score(items, theta, 1.7) >= cut
    assert quality.accuracy == pytest.approx((first == deserved).mean(), abs=0.004)
    assert quality.false_positive == pytest.approx((first & ~deserved).mean(), abs=0.004)
    assert quality.false_negative == pytest.approx((~first & deserved).mean(), abs=0.004)
    assert quality.consistency == pytest.approx((first == second).mean(), abs=0.004)
    assert quality.pass_rate == pytest.approx(first.mean(), abs=0.005)
    assert quality.deserving == pytest.approx(deserved.mean(), abs=0.005)
    by_chance = first.mean() ** 2 + (1 - first.mean()) ** 2
    assert quality.kappa == pytest.approx(((first == second).mean() - by_chance) / (1 - by_chance), abs=0.01)


def test_lee_with_the_standard_on_theta() -> None:
    rng = np.random.default_rng(2)
    items, theta = form(60, 0.0), rng.normal(size=100_000)
    cut = lowest_passing(float(expected_score(items, np.array([-0.65]))[0]))
    quality = lee(items, cut, theta_cut=-0.65)
    passed = answers(items, theta, 1.0, rng).sum(axis=1) >= cut
    assert quality.accuracy == pytest.approx((passed == (theta >= -0.65)).mean(), abs=0.004)
    assert quality.deserving == pytest.approx(norm.sf(-0.65), abs=1e-9)


def test_lee_for_given_persons_is_the_mean_over_them() -> None:
    items, theta = form(), np.random.default_rng(3).normal(size=50)
    quality = lee(items, 25, theta=theta)
    chance = score_distribution(items, theta)[:, 25:].sum(axis=1)
    assert quality.pass_rate == pytest.approx(chance.mean())
    assert quality.consistency == pytest.approx((chance**2 + (1 - chance) ** 2).mean())


def test_rudner_by_simulated_estimates() -> None:
    rng = np.random.default_rng(4)
    items = form(60, 0.0)
    points, weights = ability_points(0.2, 1.1, cut=-0.5)
    quality = rudner(points, 1 / np.sqrt(form_information(items, points)), -0.5, weights)
    theta = rng.normal(0.2, 1.1, 200_000)
    grid = np.linspace(-6, 6, 1201)
    se = np.interp(theta, grid, 1 / np.sqrt(form_information(items, grid)))
    first, second = (theta + se * rng.normal(size=theta.size) >= -0.5 for _ in range(2))
    assert quality.accuracy == pytest.approx((first == (theta >= -0.5)).mean(), abs=0.003)
    assert quality.consistency == pytest.approx((first == second).mean(), abs=0.003)
    assert quality.false_positive == pytest.approx((first & (theta < -0.5)).mean(), abs=0.003)


def test_rudner_and_lee_agree_on_a_long_form() -> None:
    """Both limits of the same thing: a 170-item Rasch form, where the raw score is sufficient."""
    items = np.column_stack((np.ones(170), np.random.default_rng(5).normal(-1, 1, 170), np.zeros(170)))
    cut = float(theta_at_expected_score(items, 119.5))
    points, weights = ability_points(0.0, 1.0, cut=cut)
    by_theta = rudner(points, csem(items, points)[1], cut, weights)
    by_raw = lee(items, 120, theta_cut=cut)
    assert by_theta.accuracy == pytest.approx(by_raw.accuracy, abs=0.001)
    assert by_theta.consistency == pytest.approx(by_raw.consistency, abs=0.002)


def test_rudner_of_persons_with_extreme_and_missing_estimates() -> None:
    theta = np.array([0.5, -0.5, np.inf, -np.inf, np.nan])
    se = np.array([0.4, 0.4, np.nan, np.nan, np.nan])
    quality = rudner(theta, se, 0.0)
    sure = norm.cdf(0.5 / 0.4)
    assert quality.accuracy == pytest.approx((2 + 2 * sure) / 4)
    assert quality.pass_rate == pytest.approx(0.5)
    with pytest.raises(InputError, match="no person has an ability estimate"):
        rudner(np.array([np.nan]), np.array([np.nan]), 0.0)
    with pytest.raises(InputError, match="positive standard error"):
        rudner(np.array([1.0]), np.array([0.0]), 0.0)


@pytest.mark.parametrize("cut", range(0, 41, 4))
def test_identities(cut: int) -> None:
    quality = lee(form(), cut, mean=-0.5, D=1.7)
    assert 0.5 <= quality.accuracy <= 1
    assert quality.accuracy + quality.false_positive + quality.false_negative == pytest.approx(1)
    assert quality.pass_rate - quality.deserving == pytest.approx(
        quality.false_positive - quality.false_negative, abs=1e-9
    )
    # Jensen: given theta the consistency is 1 - 2 a (1 - a) of the accuracy a, which is convex
    assert quality.consistency >= quality.pass_rate**2 + (1 - quality.pass_rate) ** 2 - 1e-9
    assert quality.consistency >= 2 * quality.accuracy**2 - 2 * quality.accuracy + 1 - 1e-9


def test_where_all_pass_or_none() -> None:
    everybody, nobody = lee(form(), 0), lee(form(), 41)
    assert (everybody.accuracy, everybody.consistency, everybody.pass_rate) == pytest.approx((1, 1, 1))
    assert (nobody.accuracy, nobody.consistency, nobody.pass_rate) == pytest.approx((1, 1, 0), abs=1e-12)
    assert np.isnan(everybody.kappa)
    assert np.isnan(nobody.kappa)


def test_points_are_the_normal_distribution() -> None:
    theta, weights = ability_points(1.0, 2.0, cut=0.3)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert weights @ theta == pytest.approx(1.0, abs=1e-12)
    assert weights @ (theta - 1) ** 2 == pytest.approx(4.0, abs=1e-10)
    assert weights[theta < 0.3].sum() == pytest.approx(norm.cdf(-0.35), abs=1e-12)
    assert ability_points(0.0, 1.0, cut=50.0)[0].size == ability_points(0.0, 1.0)[0].size


def test_csem_is_the_spread_of_the_scores() -> None:
    items, theta = form(), np.linspace(-2, 2, 9)
    raw, ability = csem(items, theta, D=1.7)
    f, x = score_distribution(items, theta, D=1.7), np.arange(41.0)
    np.testing.assert_allclose(raw**2, f @ x**2 - (f @ x) ** 2)
    np.testing.assert_allclose(ability, form_information(items, theta, 1.7) ** -0.5)


@pytest.mark.parametrize("data", ["LSAT6", "VerbalAggression", "SAT12"])
def test_reliability_of_other_programs(results_of: Callable[[str], Path], data: str) -> None:
    folder = results_of(data) / "2pl"
    reference = json.loads((folder / "reliability.json").read_text())
    with (folder / "pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    items = np.array([[float(row["est"]) for row in rows if row["par"] == p] for p in "abg"]).T
    assert marginal_reliability(items) == pytest.approx(reference["marginal_rxx"], abs=1e-4)
    scores = np.genfromtxt(results_of(data) / "data.csv", delimiter=",", skip_header=1)
    block = ResponseBlock(np.arange(len(items)), scores.astype(np.int8))
    eap = estimate_abilities([block], items)
    assert empirical_reliability(eap.theta, eap.se) == pytest.approx(reference["empirical_rxx_EAP"], abs=1e-4)


def test_wle_reliability_of_another_program(shared: Path) -> None:
    folder = shared / "reference/VerbalAggression/rasch_TAM"
    table = np.genfromtxt(folder / "person_WLE_first50.csv", delimiter=",", names=True, deletechars='"')
    assert len(table) == 50  # all 316 are needed: from the program's own difficulties
    with (folder / "item_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    items = np.array([[float(row["alpha"]), float(row["beta"]), 0.0] for row in rows])
    scores = np.genfromtxt(folder.parent / "data.csv", delimiter=",", skip_header=1).astype(np.int8)
    wle = estimate_abilities([ResponseBlock(np.arange(len(items)), scores)], items, method="wle")
    wanted = json.loads((folder / "wle_reliability.json").read_text())["WLE_reliability"]
    assert empirical_reliability(wle.theta, wle.se, "wle") == pytest.approx(wanted, abs=1e-4)


def test_reliability_where_there_is_none() -> None:
    assert np.isnan(empirical_reliability(np.array([1.0]), np.array([0.3])))
    assert np.isnan(empirical_reliability(np.array([1.0, 1.0]), np.array([0.3, 0.3]), "wle"))
    with pytest.raises(InputError, match="unknown method"):
        empirical_reliability(np.zeros(3), np.ones(3), "raw")


def test_the_boundary_is_one() -> None:
    scores = np.arange(101)
    for cut in (0, 73.0, 73.2, 72.9999999999, 73.0000000001, 74.5, 100.2):
        passed = scores[passes(scores, cut)]
        assert (passed[0] if passed.size else 101) == lowest_passing(cut)
    assert passes(0.1 + 0.2, 0.3)
    assert passes(0.3, 0.1 + 0.2)
    assert not passes(72.999, 73.0)


def test_unusable_forms() -> None:
    with pytest.raises(InputError, match="without parameters"):
        lee(form() * [1, np.nan, 1], 20)
    with pytest.raises(InputError, match="no candidates to judge"):
        decision_quality(np.empty(0), np.empty(0, dtype=bool), method="lee", cut=1)
