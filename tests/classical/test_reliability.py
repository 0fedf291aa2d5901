"""Reliability against psych and the real licensure exam."""

import json

import numpy as np
import pytest

from ciip_irt.classical.internal_consistency import alpha_by_group, item_covariance, reliability

CTT = ["LSAT6", "LSAT7", "SAT12", "VerbalAggression", "VerbalAggression_poly", "Science"]


@pytest.mark.parametrize("name", CTT)
def test_alpha_against_psych(golden, name):
    folder = golden.results_of(name) / "ctt"
    result = reliability(golden.scores(f"{name}/data.csv"))
    assert result.alpha == pytest.approx(json.loads((folder / "reliability.json").read_text())["alpha_raw"])
    deleted = golden.column(f"{name}/ctt/alpha_drop_psych.csv", "raw_alpha")
    assert result.if_deleted == pytest.approx(deleted, abs=1e-9)
    assert result.low < result.alpha < result.high


@pytest.mark.usefixtures("shared")
def test_the_real_licensure_exam(golden):
    key, scores, _ = golden.licensure()
    result = reliability(scores[:, [row["status"] == "scored" for row in key]])
    assert result.mean == pytest.approx(123.3123, abs=1e-4)
    assert result.sd == pytest.approx(16.46914, abs=1e-5)
    assert result.alpha == pytest.approx(0.8949515, abs=1e-7)
    assert result.sem == pytest.approx(5.337845, abs=1e-6)
    assert result.dichotomous


def test_alpha_by_domain_is_alpha_of_the_columns():
    rng = np.random.default_rng(1)
    scores = (rng.random((100, 9)) < 0.3 + 0.4 * rng.random((100, 1))).astype(np.int8)
    group = np.array([2, 5, 2, 5, 5, 2, 9, 2, 5])
    labels, size, alpha = alpha_by_group(scores, group)
    for label, count, value in zip(labels, size, alpha, strict=True):
        assert count == (group == label).sum()
        assert value == pytest.approx(reliability(scores[:, group == label]).alpha, nan_ok=True)


def test_missing_cells_use_the_persons_who_have_both_items():
    rng = np.random.default_rng(2)
    scores = rng.integers(-1, 2, (60, 4)).astype(np.int8)
    covariance = item_covariance(scores)
    for j in range(4):
        for k in range(4):
            both = (scores[:, j] >= 0) & (scores[:, k] >= 0)
            expected = np.cov(scores[both, j], scores[both, k])[0, 1]
            assert covariance[j, k] == pytest.approx(expected)


def test_feldt_covers_the_true_alpha():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        x = rng.normal(size=(150, 1)) + 2 * rng.normal(size=(150, 20))
        scores = np.digitize(x, [-2, 0, 2]).astype(np.int8)
        result = reliability(scores)
        covered += result.low <= 0.8102 <= result.high
    # .8102: alpha of 1,000,000 simulated persons of the same kind
    assert covered / 400 == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("shape", [(1, 5), (0, 5), (5, 1)])
def test_too_little_for_a_reliability_is_nan(shape):
    result = reliability(np.ones(shape, dtype=np.int8))
    assert np.isnan(result.alpha)
    assert np.isnan(result.sem)


def test_a_total_that_does_not_vary_has_no_reliability():
    assert np.isnan(reliability(np.ones((10, 4), dtype=np.int8)).alpha)
