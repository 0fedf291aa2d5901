"""Tetrachoric correlations against brute force and known truth; parallel analysis of known data."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, ndtri
from scipy.stats import multivariate_normal

from ciip_irt.arrays import MISSING, FloatArray, ScoreArray
from ciip_irt.errors import DesignError, InputError
from ciip_irt.irt.fit_statistics.dimensionality import (
    _shuffle_within_items,
    parallel_analysis,
    smooth_correlations,
    tetrachoric,
)


def scores_of(n11: int, n10: int, n01: int, n00: int) -> ScoreArray:
    """Two items with this two-by-two table (first index: first item)."""
    rows = [(1, 1)] * n11 + [(1, 0)] * n10 + [(0, 1)] * n01 + [(0, 0)] * n00
    return np.array(rows, dtype=np.int8)


def both_below(h: float, k: float, rho: float) -> float:
    return float(
        multivariate_normal.cdf([h, k], cov=[[1, rho], [rho, 1]], abseps=1e-11, releps=1e-11, maxpts=200_000)
    )


def logistic_scores(theta: FloatArray, a: FloatArray, b: FloatArray, rng: np.random.Generator) -> ScoreArray:
    """Right answers of a (compensatory) logistic model; theta (N, F), a (J, F), b (J,)."""
    probability = expit(theta @ a.T - b)
    return (rng.random(probability.shape) < probability).astype(np.int8)


TABLES = [
    (40, 10, 10, 40),
    (300, 120, 80, 500),
    (5, 90, 60, 45),
    (930, 20, 30, 20),
    (1, 29, 30, 940),
    (480, 3, 2, 515),
    (250, 250, 250, 250),
    (25, 25, 10, 40),
]


@pytest.mark.parametrize("table", TABLES)
def test_maximises_the_likelihood_of_the_table(table: tuple[int, int, int, int]) -> None:
    n11, n10, n01 = table[:3]
    n = sum(table)
    p, q = (n11 + n10) / n, (n11 + n01) / n

    def minus_log_likelihood(rho: float) -> float:
        both = both_below(ndtri(p), ndtri(q), rho)
        cells = np.array([both, p - both, q - both, 1 - p - q + both])
        return -float(np.array(table) @ np.log(np.maximum(cells, 1e-300)))

    best = minimize_scalar(minus_log_likelihood, bounds=(-0.9999, 0.9999), options={"xatol": 1e-8})
    assert tetrachoric(scores_of(*table))[0, 1] == pytest.approx(best.x, abs=2e-5)


@pytest.mark.parametrize("n_both", [1, 60, 125, 180, 249])
def test_median_split_has_a_closed_form(n_both: int) -> None:
    scores = scores_of(n_both, 250 - n_both, 250 - n_both, n_both)
    assert tetrachoric(scores)[0, 1] == pytest.approx(np.sin(2 * np.pi * (n_both / 500 - 0.25)), abs=1e-9)


def test_recovers_known_correlations_whatever_the_difficulty() -> None:
    rng = np.random.default_rng(11)
    loading = np.array([0.9, 0.6, 0.3, -0.5, 0.8])
    truth = np.outer(loading, loading)
    np.fill_diagonal(truth, 1.0)
    latent = rng.multivariate_normal(np.zeros(5), truth, size=200_000, method="cholesky")
    scores = (latent > np.array([0.0, -1.2, 1.0, 0.4, -0.3])).astype(np.int8)
    assert np.abs(tetrachoric(scores) - truth).max() < 0.012


def test_turning_an_item_round_turns_its_sign() -> None:
    rng = np.random.default_rng(2)
    scores = logistic_scores(rng.normal(size=(250, 1)), np.full((6, 1), 1.2), np.linspace(-2, 2, 6), rng)
    turned = scores.copy()
    turned[:, 2] = 1 - turned[:, 2]
    sign = np.ones(6)
    sign[2] = -1
    np.testing.assert_allclose(tetrachoric(turned), tetrachoric(scores) * np.outer(sign, sign), atol=1e-8)


def test_a_pair_uses_the_persons_who_have_both() -> None:
    rng = np.random.default_rng(3)
    scores = logistic_scores(rng.normal(size=(400, 1)), np.full((4, 1), 1.5), np.zeros(4), rng)
    holed = scores.copy()
    holed[:150, 1] = MISSING
    holed[300:, 2] = MISSING
    result = tetrachoric(holed)
    assert result[1, 2] == pytest.approx(tetrachoric(scores[150:300])[1, 2], abs=1e-9)
    assert result[0, 3] == pytest.approx(tetrachoric(scores)[0, 3], abs=1e-12)


@pytest.mark.parametrize("empty", [0, 1, 2, 3])
def test_an_empty_cell_holds_half_a_person(empty: int) -> None:
    table = [37, 21, 18, 24]
    table[empty] = 0
    n11, n10, n01 = table[:3]
    n = sum(table)
    p, q = (n11 + n10) / n, (n11 + n01) / n
    both = (n11 + (0.5 if empty in (0, 3) else -0.5)) / n
    expected = brentq(lambda rho: both_below(ndtri(p), ndtri(q), rho) - both, -0.99999, 0.99999, xtol=1e-10)
    assert tetrachoric(scores_of(*table))[0, 1] == pytest.approx(expected, abs=1e-5)


def test_perfect_agreement_is_not_quite_one() -> None:
    rho = tetrachoric(scores_of(50, 0, 0, 50))[0, 1]
    assert 0.99 < rho < 1


def test_what_the_data_do_not_tell_is_not_a_number() -> None:
    scores = scores_of(10, 10, 10, 10)
    scores = np.column_stack((scores, np.ones(40, dtype=np.int8), np.full(40, MISSING, dtype=np.int8)))
    result = tetrachoric(scores)
    assert np.isnan(result[2:, :2]).all()
    assert np.isnan(result[2, 3])
    assert np.diag(result).tolist() == [1.0] * 4
    assert result[0, 1] == pytest.approx(0.0, abs=1e-10)


def test_scores_must_be_right_or_wrong() -> None:
    with pytest.raises(InputError, match=r"other than 0, 1 and -1.*'2', '7'"):
        tetrachoric(np.array([[0, 2], [1, 7]], dtype=np.int8))
    with pytest.raises(InputError, match="persons x items"):
        tetrachoric(np.array([0, 1], dtype=np.int8))


def test_smoothing_gives_a_correlation_matrix_and_leaves_one_alone() -> None:
    good = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert smooth_correlations(good) is good
    rng = np.random.default_rng(4)
    broken = np.eye(12)
    upper = np.triu_indices(12, 1)
    broken[upper] = rng.uniform(-0.9, 0.9, upper[0].size)
    broken = np.triu(broken) + np.triu(broken, 1).T
    mended = smooth_correlations(broken)
    assert np.linalg.eigvalsh(broken)[0] < -0.1
    assert np.linalg.eigvalsh(mended)[0] > -1e-12
    np.testing.assert_allclose(np.diag(mended), 1.0)
    np.testing.assert_allclose(mended, mended.T)


def two_pl(n: int, n_items: int, seed: int) -> ScoreArray:
    rng = np.random.default_rng(seed)
    a = rng.lognormal(0.0, 0.3, (n_items, 1))
    return logistic_scores(rng.normal(size=(n, 1)), a, rng.normal(-0.8, 1.0, n_items), rng)


@pytest.mark.parametrize("seed", range(3))
def test_one_ability_gives_one_dimension(seed: int) -> None:
    analysis = parallel_analysis(two_pl(1000, 40, seed), seed=seed)
    assert analysis.n_dimensions_suggested == 1
    assert analysis.first_to_second_ratio > 5
    assert analysis.eigenvalues.sum() == pytest.approx(analysis.items.size)


@pytest.mark.parametrize("seed", range(3))
def test_two_abilities_give_two_dimensions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    theta = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=1000)
    a = np.zeros((40, 2))
    a[:20, 0] = a[20:, 1] = 1.3
    scores = logistic_scores(theta, a, rng.normal(-0.5, 0.8, 40), rng)
    analysis = parallel_analysis(scores, seed=seed)
    assert analysis.n_dimensions_suggested == 2
    assert analysis.first_to_second_ratio < 3


def test_no_common_ability_gives_hardly_any_dimension() -> None:
    rng = np.random.default_rng(6)
    scores = (rng.random((800, 30)) < rng.uniform(0.3, 0.9, 30)).astype(np.int8)
    analysis = parallel_analysis(scores, seed=1)
    # the 95th percentile of chance is passed one time in twenty
    assert analysis.n_dimensions_suggested <= 1
    assert analysis.eigenvalues[0] < 1.1 * analysis.reference[0]


def test_the_reference_is_what_independent_items_with_these_margins_give() -> None:
    scores = two_pl(600, 25, seed=9)
    analysis = parallel_analysis(scores, seed=1, replications=60)
    rng = np.random.default_rng(77)
    drawn = []
    for _ in range(60):
        independent = (rng.random(scores.shape) < scores.mean(axis=0)).astype(np.int8)
        correlations = tetrachoric(independent[:, analysis.items])
        drawn.append(np.linalg.eigvalsh(smooth_correlations(correlations))[::-1])
    expected = np.quantile(drawn, 0.95, axis=0)
    np.testing.assert_allclose(analysis.reference[:20], expected[:20], rtol=0.03)


def test_missing_cells_do_not_make_dimensions() -> None:
    scores = two_pl(1500, 30, seed=5)
    scores[:500, 20:] = MISSING
    scores[1000:, :8] = MISSING
    analysis = parallel_analysis(scores, seed=3)
    assert analysis.n_dimensions_suggested == 1


def test_shuffling_keeps_margins_and_missing_cells_and_ends_correlation() -> None:
    scores = two_pl(1500, 10, seed=5)
    scores[:500, 6:] = MISSING
    shuffled = _shuffle_within_items(scores, np.random.default_rng(1))
    np.testing.assert_array_equal(shuffled == MISSING, scores == MISSING)
    np.testing.assert_array_equal(shuffled.sum(axis=0), scores.sum(axis=0))
    off_diagonal = np.triu_indices(10, 1)
    assert tetrachoric(scores)[off_diagonal].mean() > 0.2
    assert abs(tetrachoric(shuffled)[off_diagonal].mean()) < 0.03


def test_the_same_seed_gives_the_same_reference() -> None:
    scores = two_pl(400, 15, seed=8)
    first, second = parallel_analysis(scores, seed=5), parallel_analysis(scores, seed=5)
    other = parallel_analysis(scores, seed=6)
    assert first.reference.tobytes() == second.reference.tobytes()
    assert first.reference.tobytes() != other.reference.tobytes()
    assert first.eigenvalues.tobytes() == other.eigenvalues.tobytes()


def test_items_without_enough_of_both_answers_stay_out() -> None:
    scores = two_pl(600, 12, seed=1)
    scores[:, 3] = 1
    scores[:9, 7] = 0
    scores[9:, 7] = 1
    analysis = parallel_analysis(scores, seed=1)
    assert {3, 7}.isdisjoint(analysis.items.tolist())
    assert analysis.items.size == 10
    assert "2 items left out" in analysis.summary()


def test_few_persons_and_smoothing_are_said() -> None:
    analysis = parallel_analysis(two_pl(120, 40, seed=2), seed=1)
    assert analysis.was_smoothed
    assert "Only 120 persons" in analysis.warnings[-2]
    assert "smoothed" in analysis.warnings[-1]


def test_refusals() -> None:
    with pytest.raises(DesignError, match="2 items of 2 with at least 10 right"):
        parallel_analysis(two_pl(300, 2, seed=1), seed=1)
    apart = two_pl(300, 8, seed=1)
    apart[:150, :4] = MISSING
    apart[150:, 4:] = MISSING
    with pytest.raises(DesignError, match=r"16 pairs of items that no person answered together.*one form"):
        parallel_analysis(apart, seed=1)
    with pytest.raises(InputError, match="at least 5"):
        parallel_analysis(two_pl(300, 8, seed=1), seed=1, replications=2)
