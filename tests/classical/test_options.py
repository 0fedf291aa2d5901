"""Option statistics against brute force, and key validation against a known wrong key."""

import numpy as np
import pytest
from scipy.stats import norm

from ciip_irt.classical.item_statistics import item_statistics
from ciip_irt.classical.key_validation import key_evidence
from ciip_irt.classical.moments import category_moments
from ciip_irt.classical.options import fifths, option_counts_by_group, option_statistics, shares_by_group


def test_options_against_brute_force():
    rng = np.random.default_rng(1)
    chosen = rng.integers(-1, 4, (120, 3)).astype(np.int8)
    own = np.where(chosen < 0, -1, chosen == 2).astype(np.int8)
    criterion = rng.normal(20, 4, 120)
    moments = category_moments(chosen, criterion, n_categories=4, own=own)
    result = option_statistics(moments)
    for j in range(3):
        seen = chosen[:, j] >= 0
        rest = (criterion - own[:, j])[seen]
        for k in range(4):
            picked = chosen[seen, j] == k
            assert result.n[j, k] == picked.sum()
            assert result.share[j, k] == pytest.approx(picked.mean())
            assert result.mean_criterion[j, k] == pytest.approx(rest[picked].mean())
            assert result.r[j, k] == pytest.approx(np.corrcoef(picked, rest)[0, 1])


def test_the_r_of_the_key_is_the_r_of_the_item(golden):
    scores, chosen, key = golden.sat12()
    total = scores.sum(axis=1).astype(float)
    moments = category_moments(chosen, total, n_categories=6, own=scores)
    result = option_statistics(moments)
    assert result.r[np.arange(32), key] == pytest.approx(item_statistics(scores, total).r)
    assert result.share.sum(axis=1) == pytest.approx(1.0)


def test_the_published_wrong_key_comes_out_first(golden):
    scores, chosen, key = golden.sat12()
    total = scores.sum(axis=1).astype(float)
    moments = category_moments(chosen, total, n_categories=6, own=scores)
    evidence = key_evidence(moments, np.eye(5, dtype=bool)[key])
    assert evidence.rank[31] == 1
    assert evidence.option[31] == 2
    assert evidence.suspicion[31] > 0.5
    assert option_statistics(moments).r[31, 2] == pytest.approx(0.203, abs=5e-4)


def test_a_changed_key_is_found_for_every_item_of_the_licensure_exam(golden):
    """Key each item to its most popular distractor in turn: the true key must be pointed out."""
    key, scores, chosen = golden.licensure()
    scored = np.array([row["status"] == "scored" for row in key])
    right = np.array([int(row["key"]) - 1 for row in key])
    total = (scores[:, scored] > 0).sum(axis=1).astype(float)
    counts = category_moments(chosen, total, n_categories=5).n[:, :4]
    popular = np.where(np.eye(4, dtype=bool)[right], -1, counts).argmax(axis=1)
    good = item_statistics(scores, total, in_criterion=scored).r > 0.2
    found = []
    for j in np.flatnonzero(good)[::10]:
        changed = right.copy()
        changed[j] = popular[j]
        wrongly = np.where(chosen < 0, -1, chosen == changed).astype(np.int8)
        criterion = total - (scores[:, j] > 0) + (wrongly[:, j] > 0) if scored[j] else total
        moments = category_moments(chosen, criterion, n_categories=5, own=wrongly, in_criterion=scored)
        evidence = key_evidence(moments, np.eye(4, dtype=bool)[changed])
        found.append(evidence.rank[j] == 1 and evidence.option[j] == right[j])
    assert len(found) >= 8
    assert all(found)


def test_few_choosers_raise_little_suspicion():
    rng = np.random.default_rng(2)
    ability = rng.normal(size=500)
    right = rng.random((500, 20)) < 1 / (1 + np.exp(-ability[:, None]))
    chosen = np.where(right, 0, rng.integers(1, 4, right.shape)).astype(np.int8)
    best = np.argsort(-right.sum(axis=1))[:5]
    moved = chosen.copy()
    moved[:, 0] = np.where(right[:, 0], 0, 1)
    moved[best, 0] = 3  # five lucky persons on one distractor
    total = right.sum(axis=1)
    is_key = np.tile([True, False, False, False], (20, 1))
    few = key_evidence(category_moments(moved, total, n_categories=4), is_key, minimum_choosers=6)
    assert few.suspicion[0] < 0.01
    some = key_evidence(category_moments(moved, total, n_categories=4), is_key)
    assert some.option[0] == 3
    assert some.suspicion[0] < 0.8 * norm.cdf(some.difference[0] / some.se[0])


def test_items_without_a_comparison_rank_last():
    chosen = np.zeros((30, 2), dtype=np.int8)
    chosen[:15, 1] = 1
    moments = category_moments(chosen, np.arange(30.0), n_categories=2)
    evidence = key_evidence(moments, np.array([[True, False], [True, False]]))
    assert evidence.option.tolist() == [-1, 1]
    assert evidence.rank.tolist() == [2, 1]
    assert np.isnan(evidence.suspicion[0])


def test_fifths_are_fifths_and_keep_equal_scores_together():
    assert np.bincount(fifths(np.arange(100.0))).tolist() == [20] * 5
    scores = np.random.default_rng(3).integers(0, 8, 500).astype(float)
    group = fifths(scores)
    assert all(len(np.unique(group[scores == s])) == 1 for s in range(8))
    assert (np.diff(group[np.argsort(scores)]) >= 0).all()


def test_counts_by_fifth_against_brute_force():
    rng = np.random.default_rng(4)
    chosen, group = rng.integers(-1, 3, (80, 2)).astype(np.int8), rng.integers(0, 5, 80)
    counts = option_counts_by_group(chosen, group, n_categories=3)
    for j in range(2):
        for k in range(3):
            for g in range(5):
                assert counts[j, k, g] == ((chosen[:, j] == k) & (group == g)).sum()
    share, low, high, size = shares_by_group(counts)
    assert size.sum() == (chosen >= 0).sum()
    assert share.sum(axis=1) == pytest.approx(1.0)
    assert ((low <= share) & (share <= high)).all()
