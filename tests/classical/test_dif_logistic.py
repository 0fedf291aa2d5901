"""Logistic DIF: against the likelihood of single answers, without DIF, where Mantel-Haenszel is blind."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from ciip_irt.classical.dif import DifTables, dif_sums, dif_tables, mantel_haenszel, merge_dif
from ciip_irt.classical.dif_logistic import logistic_dif


def simulated(rng, n, n_items, uniform=None, slope=None):
    """Answers (n, J), group (n,): 2PL with a = 1; ``uniform`` and ``slope`` (J,) change the focal curve."""
    theta, group = rng.normal(size=n), rng.integers(0, 2, n)
    b = rng.normal(0, 0.8, n_items)
    shift = np.zeros(n_items) if uniform is None else uniform
    change = np.zeros(n_items) if slope is None else slope
    b = np.where(change != 0, 0.0, b)  # curves that cross where most persons are
    logit = (1 + change * group[:, None]) * (theta[:, None] - b) - shift * group[:, None]
    return (rng.random((n, n_items)) < expit(logit)).astype(np.int8), group


def counted(scores, group):
    level = (scores == 1).sum(axis=1)
    return dif_tables(scores, level, group, n_levels=scores.shape[1] + 1), np.arange(scores.shape[1])


def test_the_likelihood_of_single_answers_has_the_same_maximum():
    rng = np.random.default_rng(3)
    forms = [simulated(rng, n, 6, uniform=np.array([0.8, 0, 0, 0, 0, 0])) for n in (300, 180)]
    result = logistic_dif([counted(*form) for form in forms], 6)
    standard = [(level - level.mean()) / level.std() for level in (s.sum(axis=1) for s, _ in forms)]
    z = np.concatenate(standard)
    g = np.concatenate([group for _, group in forms])
    first = np.repeat([1.0, 0.0], [300, 180])
    terms = np.column_stack([first, 1 - first, z, g, g * z])
    for j in (0, 3):
        x = np.concatenate([scores[:, j] for scores, _ in forms])

        def lost(beta, size, x=x):
            eta = terms[:, :size] @ beta
            return -(x * eta - np.logaddexp(0, eta)).sum()

        fits = [minimize(lost, np.zeros(size), args=(size,), tol=1e-12) for size in (2, 3, 4, 5)]
        null, base, uniform, full = (-fit.fun for fit in fits)
        assert result.chi2_uniform[j] == pytest.approx(2 * (uniform - base), abs=1e-5)
        assert result.chi2_nonuniform[j] == pytest.approx(2 * (full - uniform), abs=1e-5)
        assert result.d_logistic[j] == pytest.approx(2.35 * fits[2].x[3], abs=1e-3)
        n = len(x)
        r2 = [(1 - np.exp(2 * (null - fit) / n)) / (1 - np.exp(2 * null / n)) for fit in (full, base)]
        assert result.r2_change[j] == pytest.approx(r2[0] - r2[1], abs=1e-7)


def test_without_dif_both_statistics_are_chi_square():
    rng = np.random.default_rng(4)
    results = [logistic_dif([counted(*simulated(rng, 600, 30))], 30) for _ in range(20)]
    for name in ("p_uniform", "p_nonuniform"):
        p = np.concatenate([getattr(result, name) for result in results])
        # 600 tests at .05: two standard errors are .018.
        assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.018)


def test_a_curve_that_crosses_is_seen_although_mantel_haenszel_is_blind():
    rng = np.random.default_rng(5)
    slope = np.zeros(30)
    slope[0] = -0.9
    found = []
    for _ in range(10):
        scores, group = simulated(rng, 1500, 30, slope=slope)
        tables, items = counted(scores, group)
        blind = mantel_haenszel(merge_dif([(dif_sums(tables), items)], 30))
        logistic = logistic_dif([(tables, items)], 30)
        found.append((blind.ets_class[0], logistic.p_nonuniform[0] < 0.001))
    assert [seen for _, seen in found].count(True) >= 9
    assert [label for label, _ in found].count("A") >= 7


def test_uniform_dif_agrees_with_mantel_haenszel():
    rng = np.random.default_rng(6)
    shift = np.linspace(-1, 1, 30)
    scores, group = simulated(rng, 3000, 30, uniform=shift)
    tables, items = counted(scores, group)
    mh = mantel_haenszel(dif_sums(tables))
    logistic = logistic_dif([(tables, items)], 30)
    assert np.corrcoef(mh.d_dif, logistic.d_logistic)[0, 1] > 0.99
    assert np.abs(mh.d_dif - logistic.d_logistic).max() < 0.25


def test_items_that_cannot_be_compared_are_unknown_and_disturb_nobody():
    rng = np.random.default_rng(7)
    scores, group = simulated(rng, 200, 5)
    alone = logistic_dif([counted(scores, group)], 5)
    tables, _ = counted(scores, group)
    wide = logistic_dif([(tables, np.array([0, 1, 3, 4, 6]))], 8)
    assert np.isnan(wide.d_logistic[[2, 5, 7]]).all()
    assert wide.chi2_uniform[[0, 1, 3, 4, 6]] == pytest.approx(alone.chi2_uniform, abs=1e-8)
    scores[group == 1, 2] = 1
    assert np.isnan(logistic_dif([counted(scores, group)], 5).d_logistic[2])


def test_a_coefficient_that_runs_away_is_no_estimate():
    """At every score one group is right and the other wrong but once: the score separates them."""
    right = np.array([[0], [0], [10], [10]])
    rest = 10 - right
    focal = np.array([[0], [10], [10], [10]])
    result = logistic_dif([(DifTables(right, rest, focal, 10 - focal), [0])], 1)
    assert np.isnan(result.d_logistic).all()
    assert np.isfinite(result.chi2_uniform).all()
