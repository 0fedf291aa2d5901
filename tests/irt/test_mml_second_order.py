"""Where the iteration ends: a maximum, a saddle, a plain; a bound; a population without spread."""

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.irt.estimation import mml
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.estimation.sample_size import answers_needed, asymptotes_at_bound, sample_advice
from ciip_irt.irt.priors import BetaPrior, NormalPrior, Priors
from ciip_irt.irt.response_blocks import ResponseBlock


def simulated(n: int, a: np.ndarray, b: np.ndarray, seed: int, sd: float = 1.0, c: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = c + (1 - c) * expit(a * (rng.normal(0, sd, (n, 1)) - b))
    return (rng.random(p.shape) < p).astype(np.int8)


def two_unrelated_halves() -> list[ResponseBlock]:
    """Every answer pattern of one half beside every pattern of the other: between the two lies a saddle."""
    half = simulated(60, np.full(4, 1.5), np.array([-0.5, 0.0, 0.2, 0.6]), seed=1)
    both = np.hstack((np.repeat(half, 60, axis=0), np.tile(half, (60, 1))))
    return [ResponseBlock(np.arange(8), both)]


def test_a_saddle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mml, "ESCAPES", 0)
    fit = fit_mml(two_unrelated_halves(), "2pl", 8)
    assert fit.converged
    assert fit.second_order == "saddle"
    assert fit.information_positive_definite is False
    assert np.isnan(fit.standard_errors).all()
    assert any("saddle" in warning for warning in fit.warnings)
    assert "NOT a maximum" in fit.summary()


def test_a_saddle_is_left_for_a_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fit_mml(two_unrelated_halves(), "2pl", 8)
    monkeypatch.setattr(mml, "ESCAPES", 0)
    stuck = fit_mml(two_unrelated_halves(), "2pl", 8)
    assert (fit.converged, fit.second_order) == (True, "maximum")
    assert fit.log_likelihood > stuck.log_likelihood + 100
    # one half is measured, the other says nothing
    assert fit.parameters[:4, 0].min() > 1
    assert np.abs(fit.parameters[4:, 0]).max() < 0.01


def test_the_cross_product_cannot_tell_a_saddle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mml, "ESCAPES", 0)
    fit = fit_mml(two_unrelated_halves(), "2pl", 8, standard_errors="cross_product")
    assert fit.second_order == "not examined"
    assert fit.information_positive_definite


def test_a_reversed_item_ends_at_a_maximum_with_a_negative_slope() -> None:
    a = np.array([1.0, 1.2, 0.8, -1.1, 1.0, 0.9])
    fit = fit_mml([ResponseBlock(np.arange(6), simulated(800, a, np.linspace(-1, 1, 6), seed=3))], "2pl", 6)
    assert (fit.converged, fit.second_order) == (True, "maximum")
    assert (np.sign(fit.parameters[:, 0]) == np.sign(a)).all()


def test_what_nothing_determines_has_no_error_and_the_rest_keeps_its_own() -> None:
    """An item that everybody solves by c alone: without priors its a, b and c are not told apart."""
    rng = np.random.default_rng(5)
    scores = simulated(2000, np.full(10, 1.2), np.linspace(-1, 1, 10), seed=6)
    scores[:, 0] = rng.random(2000) < 0.3
    fixed = np.full((10, 3), np.nan)
    fixed[1:, 2] = 0.0
    fit = fit_mml([ResponseBlock(np.arange(10), scores)], "3pl", 10, fixed=fixed, priors=Priors())
    others = fit_mml([ResponseBlock(np.arange(9), scores[:, 1:])], "2pl", 9)
    assert fit.second_order in {"flat", "maximum"}
    if fit.second_order == "flat":
        assert fit.undetermined[0].any()
        assert any("do not determine" in warning for warning in fit.warnings)
    assert not fit.undetermined[1:].any()
    assert fit.standard_errors[1:, :2] == pytest.approx(others.standard_errors[:, :2], rel=0.02)


def test_an_exactly_flat_direction_is_named() -> None:
    """Slope and spread both free, which no answers tell apart: only their product is determined."""
    from ciip_irt.irt.estimation.standard_errors import _examine_curvature

    information = np.array([[4.0, 4.0, 0.0], [4.0, 4.0, 0.0], [0.0, 0.0, 9.0]])
    found = _examine_curvature(information)
    assert found.kind == "flat"
    assert found.lost.tolist() == [True, True, False]
    assert found.inverse[2, 2] == pytest.approx(1 / 9)
    up = _examine_curvature(np.diag([1.0, -1.0, 2.0]))
    assert up.kind == "saddle"
    assert up.ascent_direction is not None
    assert np.abs(up.ascent_direction).tolist() == [0.0, 1.0, 0.0]


def test_an_asymptote_on_its_bound_does_not_hold_up_its_neighbours() -> None:
    """c wants above .6: it rests on its bound, a and b of the item are at their maximum beside it."""
    scores = simulated(4000, np.full(12, 1.5), np.linspace(-1, 1, 12), seed=8, c=0.72)
    fit = fit_mml([ResponseBlock(np.arange(12), scores)], "3pl", 12, priors=Priors(NormalPrior(0.0, 0.5)))
    at = asymptotes_at_bound(fit)
    assert at.any()
    assert fit.converged
    assert fit.gradient_norm < 0.05
    assert np.isnan(fit.standard_errors[at, 2]).all()
    assert np.isfinite(fit.standard_errors[at, :2]).all()
    assert any("lower asymptote" in warning for warning in fit.warnings)


@pytest.mark.parametrize("seed", range(6))
def test_rasch_without_spread_converges_fast(seed: int) -> None:
    b = np.linspace(-1.5, 1.5, 15)
    fit = fit_mml(
        [ResponseBlock(np.arange(15), simulated(400, np.ones(15), b, seed=seed, sd=0.05))], "rasch", 15
    )
    assert fit.converged
    assert fit.iterations < 40
    if fit.population_sd[0] < 0.0501:
        assert np.isnan(fit.population_sd_se[0])
        assert any("almost no spread" in warning for warning in fit.warnings)
    assert np.isfinite(fit.standard_errors[:, 1]).all()
    # where the spread is next to nothing the difficulties are the log-odds themselves
    p = simulated(400, np.ones(15), b, seed=seed, sd=0.05).mean(axis=0)
    assert fit.parameters[:, 1] == pytest.approx(np.log((1 - p) / p), abs=0.04)


def test_the_spread_is_the_one_of_greatest_likelihood() -> None:
    """Against fits with the spread given, one after the other."""
    blocks = [ResponseBlock(np.arange(15), simulated(600, np.ones(15), np.linspace(-1, 1, 15), 4, sd=0.15))]
    free = fit_mml(blocks, "rasch", 15)
    best = max(fit_mml(blocks, "rasch", 15, sd=sd).log_likelihood for sd in np.linspace(0.06, 0.4, 35))
    assert free.converged
    assert best - 1e-6 <= free.log_likelihood < best + 0.05


def test_the_number_that_would_do_does() -> None:
    """Items with too few answers are given the number advised: their errors come down to the target."""
    a, b = np.linspace(0.7, 1.5, 20), np.linspace(-1.5, 1.5, 20)
    few = fit_mml([ResponseBlock(np.arange(20), simulated(120, a, b, seed=2))], "2pl", 20)
    advice = sample_advice(few)
    assert advice.items.size > 10
    assert str(f"{advice.would_do:,}") in advice.summary()
    scores = simulated(advice.would_do, a, b, seed=3)
    many = fit_mml([ResponseBlock(np.arange(20), scores)], "2pl", 20)
    still = sample_advice(many)
    assert still.items.size <= 5
    assert (
        sample_advice(
            fit_mml([ResponseBlock(np.arange(20), simulated(20_000, a, b, 4))], "2pl", 20)
        ).summary()
        == ""
    )


def test_priors_do_not_grow_with_the_answers() -> None:
    """1 / se^2 = n i + p: half of what is known came from the prior."""
    needed = answers_needed(np.array([100]), np.array([[0.5]]), np.array([[0.25]]), np.array([[2.0]]))
    assert needed[0, 0] == pytest.approx(100 * (16 - 2) / (4 - 2))
    settled = answers_needed(np.array([100]), np.array([[0.1]]), np.array([[0.5]]), np.array([[9.0]]))
    assert settled[0, 0] == 0.0
    with_prior = Priors(log_a=NormalPrior(0.0, 0.3), c=BetaPrior(5, 17))
    scores = simulated(300, np.ones(15), np.linspace(-1, 1, 15), seed=2, c=0.2)
    fit = fit_mml([ResponseBlock(np.arange(15), scores)], "3pl", 15, priors=with_prior)
    assert sample_advice(fit, with_prior).items.size >= sample_advice(fit).items.size
