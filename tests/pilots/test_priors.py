"""The block's prior: densities that sum to 1, and an estimate that finds what was planted."""

import numpy as np
import pytest

from ciip_irt.pilots.evidence.curves import CurveGrid, coarse_log_likelihood, curve_grid, interpolate
from ciip_irt.pilots.evidence.prior_beliefs import centre_on_scored_items
from ciip_irt.pilots.evidence.prior_estimate import KeyDoubts, _Block, estimate_prior
from ciip_irt.pilots.evidence.priors import (
    PilotPrior,
    PriorCentre,
    distractor_log_prior,
    flat_log_density,
    wrong_key_log_density,
)

U = np.linspace(-5.0, 5.0, 41)
EVERY = (slice(None, None, 4), slice(None, None, 4))
BELIEF = PriorCentre(-0.4, 0.8, 0.56)
POPULATION = np.exp(-0.5 * U**2) / np.exp(-0.5 * U**2).sum()


@pytest.fixture(scope="module")
def grid() -> CurveGrid:
    return curve_grid(U, POPULATION).coarser(4)


def test_densities_sum_to_one_and_the_mixture_is_one(grid: CurveGrid) -> None:
    prior = PilotPrior(-0.5, 1.0, flat=0.1, wrong_key=0.1)
    for log_density in (
        prior.sound_log_density(grid),
        flat_log_density(grid),
        wrong_key_log_density(grid, BELIEF),
        prior.mixture_log_density(grid),
        prior.one_right_log_density(grid),
        prior.log_density(grid),
        distractor_log_prior(grid, prior),
    ):
        assert np.exp(log_density).sum() == pytest.approx(1.0)
    falling = np.exp(distractor_log_prior(grid, prior)).sum(axis=1)[grid.slopes < 0].sum()
    assert falling > 0.85


def simulated(share: float, easiness: float, n_items: int, seed: int, gradient: float = 0.0) -> np.ndarray:
    """Log-likelihoods (J, S, D) of ``n_items`` pilots, each answered by 400 persons of known ability."""
    rng = np.random.default_rng(seed)
    fine = curve_grid(U, POPULATION)
    result = []
    for item in range(n_items):
        flat = item < share * n_items
        s, d = (0.0 if flat else rng.lognormal(-0.5, 0.4)), rng.normal(easiness, 0.8)
        d += 0.0 if flat else gradient * (s / BELIEF.typical_slope - 1.0)
        ability = rng.normal(size=400)
        posteriors = np.exp(-0.5 * ((U - ability[:, None]) / 0.3) ** 2)
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        scores = (rng.random(400) < 1 / (1 + np.exp(-d - s * ability))).astype(np.int8)
        surface = interpolate(fine, coarse_log_likelihood(fine, posteriors, scores[:, None])[0], EVERY)
        result.append(surface)
    return np.array(result)


@pytest.mark.parametrize(("share", "easiness"), [(0.0, 2.0), (0.3, -0.5)])
def test_what_was_planted_is_found(grid: CurveGrid, share: float, easiness: float) -> None:
    found = estimate_prior(grid, simulated(share, easiness, 80, 1), BELIEF)
    assert found.converged
    assert found.mean_intercept == pytest.approx(easiness, abs=0.3)  # not pulled to the scored items' 0.8
    assert found.mean_log_slope == pytest.approx(-0.5, abs=0.15)
    assert found.sd_intercept == pytest.approx(0.8, abs=0.2)
    # with what the belief adds; of a hundred answers, flat and weak can hardly be told apart
    assert found.flat + found.weak == pytest.approx((80 * share + 3.5) / 110, abs=0.07)
    assert found.wrong_key < 0.04


def test_without_answers_the_beliefs_come_back(grid: CurveGrid) -> None:
    for likelihood in (np.zeros((0, *grid.shape)), np.zeros((3, *grid.shape))):
        found = estimate_prior(grid, likelihood, BELIEF)
        assert found.mean_intercept == pytest.approx(0.8, abs=0.02)
        assert found.flat + found.wrong_key == pytest.approx(0.2, abs=0.01)


def test_a_lump_of_weak_items_is_learnt(grid: CurveGrid) -> None:
    """A third of the slopes near .1, where no log-normal of the others has room."""
    rng = np.random.default_rng(6)
    fine = curve_grid(U, POPULATION)
    surfaces, true = [], []
    for item in range(90):
        s = rng.uniform(0.05, 0.15) if item < 30 else rng.lognormal(-0.4, 0.25)
        ability = rng.normal(size=300)
        posteriors = np.exp(-0.5 * ((U - ability[:, None]) / 0.3) ** 2)
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        scores = (rng.random(300) < 1 / (1 + np.exp(-0.8 - s * ability))).astype(np.int8)
        surfaces.append(interpolate(fine, coarse_log_likelihood(fine, posteriors, scores[:, None])[0], EVERY))
        true.append(s)
    found = estimate_prior(grid, np.array(surfaces), BELIEF)
    learnt = np.exp(found.log_density(grid))
    assert learnt.sum() == pytest.approx(1.0)
    weak = (grid.slopes > -0.05) & (grid.slopes < 0.25)
    share = learnt.sum(axis=1)[weak].sum()
    assert share == pytest.approx(np.mean(np.array(true) < 0.2), abs=0.08)
    rising = (grid.slopes > 0.05) & weak
    assert learnt.sum(axis=1)[rising].sum() > 0.25  # rising a little, and not only flat
    believed = np.exp(PilotPrior(-0.4, 0.8, centre=BELIEF).log_density(grid)).sum(axis=1)
    assert believed[rising].sum() < 0.05


@pytest.mark.parametrize("gradient", [0.0, 2.0])
def test_how_intercept_and_slope_go_together_is_found(grid: CurveGrid, gradient: float) -> None:
    found = estimate_prior(grid, simulated(0.0, 1.0, 150, 2, gradient), BELIEF)
    assert found.gradient == pytest.approx(gradient, abs=0.6)  # a belief of .56 pulls it
    assert found.sd_intercept == pytest.approx(0.8, abs=0.2)
    assert found.growing <= 0.3  # a belief of .5 pulls it


@pytest.mark.parametrize(("gradient", "growing"), [(0.0, 0.0), (1.2, 0.0), (-0.5, 1.0), (0.5, 0.6)])
def test_the_density_has_the_gradient_and_the_growing_spread(
    grid: CurveGrid, gradient: float, growing: float
) -> None:
    prior = PilotPrior(-0.5, 0.5, sd_intercept=0.7, gradient=gradient, growing=growing)
    density = np.exp(prior.sound_log_density(grid))
    for t in (0.4, 1.0, 1.6):
        near = int(np.argmin(np.abs(grid.slopes - t * np.exp(-0.5))))
        row, exact = density[near] / density[near].sum(), grid.slopes[near] / np.exp(-0.5)
        mean = row @ grid.intercepts
        assert mean == pytest.approx(0.5 + gradient * (exact - 1.0), abs=0.02)
        assert np.sqrt(row @ (grid.intercepts - mean) ** 2) == pytest.approx(
            np.hypot(0.7 * np.sqrt(1.0 - growing + growing * exact**2), 0.1), abs=0.02
        )


def test_difficulties_that_ignore_the_slope_are_one_end_of_the_family(grid: CurveGrid) -> None:
    """d = -b s with b normal: mean and spread are those of g = k, c = 1, down to slopes near zero."""
    prior = PilotPrior(-0.5, 0.9, sd_intercept=0.8, gradient=0.9, growing=1.0)
    given = np.exp(prior.intercept_log_density(grid))
    for slope in (0.1, 0.6, 1.5):
        d = slope / np.exp(-0.5) * np.random.default_rng(4).normal(0.9, 0.8, 100_000)
        row = given[int(np.argmin(np.abs(grid.slopes - slope)))]
        assert row @ grid.intercepts == pytest.approx(d.mean(), abs=0.06)  # of a grid .1 wide
        assert row @ grid.intercepts**2 == pytest.approx(np.mean(d**2) + 0.1**2, rel=0.06)


def test_the_gradient_of_the_search_is_that_of_differences(grid: CurveGrid) -> None:
    rng = np.random.default_rng(9)
    surfaces = simulated(0.2, 0.5, 12, 3)
    keys = KeyDoubts(
        np.where(np.arange(12) % 3, rng.uniform(0.3, 1.0, 12), np.nan),
        np.where(np.arange(12) % 3, rng.uniform(0.0, 0.2, 12), np.nan),
    )
    block = _Block(grid, surfaces, BELIEF, keys)
    x, step = block.start + 0.1 * rng.normal(size=block.start.size), 1e-5
    exact = block.less_likely(x)[1]
    by_differences = [
        (block.less_likely(x + one)[0] - block.less_likely(x - one)[0]) / (2 * step)
        for one in step * np.eye(x.size)
    ]
    np.testing.assert_allclose(exact, by_differences, rtol=1e-4, atol=1e-3)


def test_what_the_keys_doubt_tells_nothing_about_slopes(grid: CurveGrid) -> None:
    """Flat pilots of which the key check is sure that another option is right leave no lump behind."""
    surfaces = simulated(0.4, 1.0, 50, 7)
    doubted = np.arange(50) < 20
    keys = KeyDoubts(np.where(doubted, 0.0, 1.0), np.where(doubted, 0.5, 0.0))
    told, alone = (estimate_prior(grid, surfaces, BELIEF, known) for known in (keys, None))
    without = estimate_prior(grid, surfaces[20:], BELIEF, KeyDoubts(np.ones(30), np.zeros(30)))
    level = np.abs(grid.slopes) < 0.06

    def flat(prior: PilotPrior) -> float:
        return float(np.exp(prior.one_right_log_density(grid))[level].sum())

    assert flat(told) == pytest.approx(flat(without), abs=0.01)
    assert flat(alone) > 2.0 * flat(told)
    assert told.wrong_key == pytest.approx((3.0 + 10.0) / (30.0 + 40.0), abs=0.01)


def test_a_wrong_key_looks_like_a_distractor_of_a_sound_item(grid: CurveGrid) -> None:
    rng = np.random.default_rng(5)
    z, n = rng.normal(0.0, 0.4, 20_000), 20_000
    belief, t = PriorCentre(-0.55, 1.19, 0.9, 0.7), np.exp(z)
    d = rng.normal(1.19 + 0.9 * (t - 1.0), 1.1 * np.sqrt(0.3 + 0.7 * t**2))
    taken = rng.beta(3.0, 3.0, n)

    def share(u: float) -> np.ndarray:
        return taken / (1.0 + np.exp(d + np.exp(z - 0.55) * u))

    at_zero, step = share(0.0), 1e-4
    slope = (share(step) - share(-step)) / (2 * step) / (at_zero * (1 - at_zero))
    density = np.exp(wrong_key_log_density(grid, belief))
    assert density.sum(axis=1) @ grid.slopes == pytest.approx(slope.mean(), abs=0.05)
    assert density.sum(axis=0) @ grid.intercepts == pytest.approx(
        np.log(at_zero / (1 - at_zero)).mean(), abs=0.05
    )
    assert density[np.abs(grid.slopes) < 0.06].sum() < 0.01  # a flat item is not taken for one


def test_the_scored_items_tell_how_intercept_and_slope_go_together() -> None:
    rng = np.random.default_rng(3)
    slopes = rng.lognormal(-0.5, 0.4, 400)
    t = slopes / np.exp(np.log(slopes).mean())
    spread = np.sqrt(0.1 + 0.9 * t**2)
    together = centre_on_scored_items(slopes, 1.0 + 1.5 * (t - 1.0) + 1.2 * spread * rng.normal(size=400))
    assert together.gradient == pytest.approx(1.5, abs=0.3)
    assert together.growing == pytest.approx(0.9, abs=0.2)
    rasch = centre_on_scored_items(np.full(100, 0.6), rng.normal(1.0, 1.0, 100))
    assert rasch.gradient == pytest.approx(0.7 * rasch.mean_intercept)
    assert rasch.growing == 0.5
    assert rasch.mean_log_slope == pytest.approx(np.log(0.6))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("growing", [0.05, 0.5, 0.95])
def test_the_centre_is_a_regression_with_the_belief_as_a_further_row(seed: int, growing: float) -> None:
    """By least squares for every growing share tried; a few items only, so that the belief counts."""
    rng = np.random.default_rng(seed)
    log_slope = rng.normal(-0.5, 0.4, 25)
    t = np.exp(log_slope - log_slope.mean())
    spread = np.sqrt(1.0 - growing + growing * t**2)
    intercepts = 1.0 + 1.8 * (t - 1.0) + 1.2 * spread * rng.normal(size=25)
    k, tried = np.median(intercepts), []
    for c in np.linspace(0.02, 0.98, 25):
        sd = np.sqrt(1.0 - c + c * t**2)
        rows = np.column_stack([1.0 / sd, t / sd])
        believed = np.sqrt(30.0) * 0.4
        solved = np.linalg.lstsq(
            np.vstack([rows, [0.0, believed]]), np.append(intercepts / sd, believed * 0.7 * k), rcond=None
        )[0]
        variance = np.mean((intercepts / sd - rows @ solved) ** 2)
        density = 12.5 * np.log(variance) + np.log(sd).sum()
        tried.append((density + 30.0 * 0.16 * (c - 0.5) ** 2, solved[1], c))
    found = centre_on_scored_items(np.exp(log_slope), intercepts)
    assert (found.gradient, found.growing) == pytest.approx(min(tried)[1:])
