"""Item statistics against brute force, golden results and simulation."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ciip_irt.arrays import MISSING
from ciip_irt.classical.item_statistics import item_statistics, item_statistics_from, wilson_interval
from ciip_irt.classical.moments import category_moments, merge_moments
from ciip_irt.classical.options import option_statistics
from ciip_irt.errors import InputError

CTT = ["LSAT6", "LSAT7", "SAT12", "VerbalAggression", "VerbalAggression_poly", "Science"]


@settings(max_examples=60, deadline=None)
@given(arrays(np.int8, st.tuples(st.integers(4, 12), st.integers(2, 5)), elements=st.integers(-1, 1)))
def test_every_item_uses_the_persons_who_answered_it(scores):
    criterion = np.where(scores > 0, scores, 0).sum(axis=1).astype(float)
    inside = np.arange(scores.shape[1]) % 2 == 0
    result = item_statistics(scores, criterion, in_criterion=inside)
    for j in range(scores.shape[1]):
        answered = scores[:, j] >= 0
        x = scores[answered, j].astype(float)
        y = criterion[answered] - (x if inside[j] else 0)
        assert result.n[j] == len(x)
        if len(x):
            assert result.p[j] == pytest.approx(x.mean())
        if len(x) > 1 and x.std() > 0 and y.std() > 1e-6:
            assert result.r[j] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
        else:
            assert np.isnan(result.r[j])


def test_the_corrected_formula_is_the_rest_correlation():
    rng = np.random.default_rng(3)
    scores = (rng.random((200, 8)) < 0.7).astype(np.int8)
    total = scores.sum(axis=1).astype(float)
    r = np.array([np.corrcoef(scores[:, j], total)[0, 1] for j in range(8)])
    sx, si = total.std(), scores.std(axis=0)
    corrected = (r * sx - si) / np.sqrt(sx**2 + si**2 - 2 * r * sx * si)
    assert item_statistics(scores, total).r == pytest.approx(corrected, abs=1e-12)


def test_moments_of_blocks_merge_to_the_moments_of_all():
    rng = np.random.default_rng(4)
    scores = rng.integers(-1, 2, (300, 6)).astype(np.int8)
    criterion = 1000 + rng.normal(size=300)
    whole = category_moments(scores, criterion, n_categories=2, own=scores)
    parts = [
        category_moments(scores[rows], criterion[rows], n_categories=2, own=scores[rows])
        for rows in np.array_split(np.arange(300), 7)
    ]
    merged = merge_moments(parts)
    assert np.array_equal(merged.n, whole.n)
    assert merged.mean == pytest.approx(whole.mean, abs=1e-10)
    assert merged.ss == pytest.approx(whole.ss, abs=1e-8)
    assert item_statistics_from(merged).r == pytest.approx(item_statistics(scores, criterion).r, abs=1e-10)


def test_both_intervals_of_the_key_agree():
    rng = np.random.default_rng(8)
    right = (rng.random((300, 3)) < [0.5, 0.8, 0.95]).astype(np.int8)
    chosen = np.where(right == 1, 0, rng.integers(1, 4, right.shape)).astype(np.int8)
    y = rng.normal(size=300) * (2.0 - right[:, 0])
    options = option_statistics(category_moments(chosen, y, n_categories=4))
    items = item_statistics(right, y, in_criterion=False)
    assert options.r_low[:, 0] == pytest.approx(items.r_low)
    assert options.r_high[:, 0] == pytest.approx(items.r_high)


def test_shifting_the_criterion_changes_no_correlation():
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 2, (50, 4)).astype(np.int8)
    moments = category_moments(scores, rng.normal(size=50), n_categories=2)
    assert item_statistics_from(moments.shifted(25.0)).r == pytest.approx(item_statistics_from(moments).r)


@pytest.mark.parametrize("name", CTT)
def test_against_psych_and_mirt(golden, name):
    scores = golden.scores(f"{name}/data.csv")
    low = scores.min()
    result = item_statistics(scores - low, (scores - low).sum(axis=1), max_score=int(scores.max() - low))
    table = f"{name}/ctt/item_stats_psych_alpha.csv"
    assert result.r == pytest.approx(golden.column(table, "r.drop"), abs=1e-9)
    assert result.p * (scores.max() - low) + low == pytest.approx(golden.column(table, "mean"), abs=1e-9)
    assert result.sd == pytest.approx(golden.column(table, "sd"), abs=1e-9)


@pytest.mark.usefixtures("shared")
def test_real_licensure_exam_scored_items_and_pilots(golden):
    key, scores, chosen = golden.licensure()
    scored = np.array([row["status"] == "scored" for row in key])
    total = (scores[:, scored] > 0).sum(axis=1).astype(float)
    # The reference leaves the five omitted pilot answers out; omitted scored answers are wrong.
    scores = np.where(~scored & (chosen == 4), MISSING, scores).astype(np.int8)
    result = item_statistics(scores, total, in_criterion=scored)
    table = "realdata/licensure170/reference_classical_form1.csv"
    assert np.array_equal(result.n, golden.column(table, "n"))
    assert result.p == pytest.approx(golden.column(table, "p"), abs=1e-5)
    assert result.r == pytest.approx(golden.column(table, "pbis_rest"), abs=1e-5)


@pytest.mark.usefixtures("shared")
def test_real_sat12(golden):
    scores, _, _ = golden.sat12()
    result = item_statistics(scores, scores.sum(axis=1))
    table = "realdata/sat12/reference_classical.csv"
    assert result.p == pytest.approx(golden.column(table, "p"), abs=1e-5)
    assert result.r == pytest.approx(golden.column(table, "pbis_rest"), abs=1e-5)


@pytest.mark.usefixtures("shared")
def test_the_golden_mean_total(golden):
    scores = golden.scores("SAT12/data.csv")
    text = golden.path("SAT12/ctt/overall_mirt.json").read_text()
    assert scores.sum(axis=1).mean() == pytest.approx(json.loads(text)["mean_total.score"])


def test_the_biserial_recovers_a_latent_correlation():
    rng = np.random.default_rng(6)
    y = rng.normal(size=200_000)
    latent = 0.5 * y + np.sqrt(0.75) * rng.normal(size=y.size)
    scores = (latent[:, None] > np.array([-1.2, 0.0, 1.0])).astype(np.int8)
    assert item_statistics(scores, y, in_criterion=False).r_biserial == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("difficulty", "n"), [(-3.0, 86), (-3.0, 300), (0.0, 86)])
def test_the_interval_of_r_covers_the_true_r(difficulty, n):
    rng = np.random.default_rng(7)
    b = rng.normal(-1.3, 1.0, 60)

    def sample(size):
        theta = rng.normal(size=size)
        total = (rng.random((size, 60)) < 1 / (1 + np.exp(b - theta[:, None]))).sum(axis=1)
        return (rng.random(size) < 1 / (1 + np.exp(0.7 * (difficulty - theta)))).astype(np.int8), total

    x, total = sample(200_000)
    true = np.corrcoef(x, total)[0, 1]
    x, total = sample(n * 1500)
    covered = []
    for rows in np.split(np.arange(n * 1500), 1500):
        result = item_statistics(x[rows, None], total[rows], in_criterion=False)
        if np.isfinite(result.r[0]):
            covered.append(result.r_low[0] <= true <= result.r_high[0])
    # Easy items with a skewed total stay a little short of 95 % (see the module's docstring).
    assert 0.925 < np.mean(covered) < 0.965


def test_wilson_against_a_published_example():
    # Newcombe (1998, Statistics in Medicine 17:857-872), table I: 81/263, 15/148, 0/20, 1/29.
    low, high = wilson_interval(np.array([81 / 263, 15 / 148, 0.0, 1 / 29]), np.array([263, 148, 20, 29]))
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=1e-4)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=1e-4)


def test_an_item_everybody_gets_right_has_p_but_no_r():
    scores = np.ones((10, 2), dtype=np.int8)
    scores[:5, 1] = 0
    result = item_statistics(scores, scores.sum(axis=1))
    assert result.p[0] == 1.0
    assert np.isnan(result.r[0])
    assert np.isnan(result.r_biserial[0])


def test_an_item_nobody_answered_and_too_few_persons():
    scores = np.full((3, 2), MISSING, dtype=np.int8)
    scores[:, 1] = [0, 1, 1]
    result = item_statistics(scores, np.array([1.0, 2.0, 4.0]), in_criterion=False)
    assert result.n.tolist() == [0, 3]
    assert np.isnan(result.p[0])
    assert np.isfinite(result.r[1])
    assert np.isnan(result.r_low[1])


@pytest.mark.parametrize(
    ("criterion", "message"),
    [(np.zeros(3), "one per person"), (np.array([1.0, np.nan]), "finite number")],
)
def test_bad_criteria_are_refused(criterion, message):
    with pytest.raises(InputError, match=message):
        item_statistics(np.zeros((2, 2), dtype=np.int8), criterion)


def test_a_score_above_the_maximum_is_refused():
    with pytest.raises(InputError, match="does not fit 2 categories"):
        item_statistics(np.array([[2], [0]], dtype=np.int8), np.zeros(2))
