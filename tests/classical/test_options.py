"""Option statistics against brute force."""

import numpy as np
import pytest

from ciip_irt.classical.item_statistics import item_statistics
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


@pytest.mark.usefixtures("shared")
def test_the_r_of_the_key_is_the_r_of_the_item(golden):
    scores, chosen, key = golden.sat12()
    total = scores.sum(axis=1).astype(float)
    moments = category_moments(chosen, total, n_categories=6, own=scores)
    result = option_statistics(moments)
    assert result.r[np.arange(32), key] == pytest.approx(item_statistics(scores, total).r)
    assert result.share.sum(axis=1) == pytest.approx(1.0)


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
