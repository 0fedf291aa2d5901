"""The curves' likelihood against the exact item posterior, their p and R against a simulated population."""

import numpy as np
import pytest
from oracles.item_posterior import item_posterior

from ciip_irt.pilots.evidence.curves import (
    CurveGrid,
    coarse_log_likelihood,
    curve_grid,
    interpolate,
    likely_part,
)
from ciip_irt.pilots.evidence.item_evidence import curve_posterior

U = np.linspace(-5.0, 5.0, 81)
POPULATION = np.exp(-0.5 * U**2) / np.exp(-0.5 * U**2).sum()


@pytest.fixture(scope="module")
def grid() -> CurveGrid:
    return curve_grid(U, POPULATION)


def persons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n)
    posteriors = np.exp(
        -0.5 * ((U - ability[:, None] - rng.normal(0, 0.35, (n, 1))) / 0.35) ** 2 - 0.5 * U**2
    )
    return ability, posteriors / posteriors.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n", [1, 60, 1500])
def test_rising_curves_have_the_likelihood_of_the_exact_item_posterior(grid: CurveGrid, n: int) -> None:
    ability, posteriors = persons(n, seed=n)
    rng = np.random.default_rng(7)
    scores = (rng.random(n) < 1 / (1 + np.exp(-(0.7 * ability + 0.9)))).astype(np.int8)
    scores[rng.random(n) < 0.1] = -1
    fine = interpolate(grid, coarse_log_likelihood(grid, posteriors, scores[:, None])[0])
    for s in (0.45, 0.8):  # one slope between the knots, one between others
        row = int(np.argmin(np.abs(grid.slopes - s)))
        near = np.abs(grid.intercepts - 0.9) < 1.01
        b = -grid.intercepts[near] / grid.slopes[row]
        exact = item_posterior(
            posteriors, U, scores, a_grid=grid.slopes[[row]], b_grid=b[::-1]
        ).weights[0, ::-1]  # fmt: skip
        weights = np.exp(fine[row, near] - fine[row, near].max())
        np.testing.assert_allclose(weights / weights.sum(), exact, atol=1e-3 * exact.max())


def test_falling_and_flat_curves_against_brute_force(grid: CurveGrid) -> None:
    _, posteriors = persons(25, seed=2)
    scores = np.random.default_rng(3).integers(-1, 2, (25, 2)).astype(np.int8)
    coarse = grid.knots()
    total = coarse_log_likelihood(grid, posteriors, scores).reshape(2, *coarse.shape)
    for s, d in ((0, 30), (10, 20), (4, 40)):
        right = posteriors @ (1 / (1 + np.exp(-coarse.intercepts[d] - coarse.slopes[s] * U)))
        for item in range(2):
            brute = sum(
                np.log(right[i]) if x == 1 else np.log(1 - right[i])
                for i, x in enumerate(scores[:, item])
                if x >= 0
            )
            assert total[item, s, d] == pytest.approx(brute, rel=1e-9)


def test_p_and_r_are_those_of_a_simulated_population(grid: CurveGrid) -> None:
    rng = np.random.default_rng(11)
    ability = rng.normal(size=200_000)
    a, b = rng.lognormal(-0.5, 0.3, 60), rng.normal(-1.0, 1.0, 60)

    def right(theta: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a * (theta[:, None] - b)))

    total = (rng.random((ability.size, 60)) < right(ability)).sum(axis=1)
    curves = right(U)
    tau, noise = curves.sum(axis=1), (curves * (1 - curves)).sum(axis=1)
    mean = POPULATION @ tau
    z = (tau - mean) / np.sqrt(POPULATION @ ((tau - mean) ** 2 + noise))
    p, (r,) = grid.p_and_correlations(z[None, :])
    for s, d in ((0.6, 1.2), (0.0, 0.5), (-0.5, -1.5), (1.5, 2.0)):
        i, j = np.argmin(np.abs(grid.slopes - s)), np.argmin(np.abs(grid.intercepts - d))
        answers = rng.random(ability.size) < 1 / (1 + np.exp(-d - s * ability))
        assert p[i, j] == pytest.approx(answers.mean(), abs=0.004)
        assert r[i, j] == pytest.approx(np.corrcoef(answers, total)[0, 1], abs=0.008)


@pytest.mark.parametrize(
    ("first", "last", "rows"),
    [(5, 5, (40, 61)), (5, 8, (40, 91)), (1, 1, (0, 21)), (0, 0, (0, 11)), (26, 26, (250, 271))],
)
def test_the_likely_part_reaches_to_the_knots_beside(
    grid: CurveGrid, first: int, last: int, rows: tuple[int, int]
) -> None:
    """Ten steps between knots: the peak may lie anywhere up to the neighbours of a knot that is likely."""
    coarse = np.full(grid.knots().shape, -1000.0)
    coarse[first : last + 1, 20] = 0.0
    part = likely_part(grid, coarse.ravel(), np.zeros(grid.shape))
    assert (part[0].start, part[0].stop) == rows
    assert (part[1].start, part[1].stop) == (190, 211)


def test_curves_at_any_border_of_the_grid_are_told(grid: CurveGrid) -> None:
    nothing = np.zeros(grid.shape)
    found = curve_posterior(grid, np.zeros(grid.knots().shape).ravel(), nothing, nothing, None)
    inside = np.zeros(grid.shape, dtype=bool)
    inside[1:-1, 1:-1] = True
    np.testing.assert_array_equal(found.at_edge, ~inside.ravel())
    assert found.edge_weight == pytest.approx(1.0 - inside.mean())
