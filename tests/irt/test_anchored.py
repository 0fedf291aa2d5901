"""Anchors held: the information about them, their uncertainty, their displacement, and which are dropped."""

from collections.abc import Sequence

import numpy as np
import pytest

from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.anchor_uncertainty import errors_with_anchors
from ciip_irt.irt.estimation.anchored_information import information_with_anchors
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.estimation.mml_fit import MmlFit
from ciip_irt.irt.linking.anchor_displacement import DriftLimits, free_displacement, screen_anchors
from ciip_irt.irt.models.logistic import probability
from ciip_irt.irt.priors import NormalPrior, Priors, default_priors
from ciip_irt.irt.response_blocks import ResponseBlock


def items_of(model: str, n: int, rng: np.random.Generator) -> np.ndarray:
    a = {"rasch": np.ones(n), "1pl": np.full(n, 1.3)}.get(model, rng.lognormal(0, 0.3, n))
    return np.column_stack((a, rng.normal(0, 1, n), np.full(n, 0.2 if model == "3pl" else 0.0)))


def answers(items: np.ndarray, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    p = probability(items, theta)[:, :, 1]
    return (rng.random(p.shape) < p).astype(np.int8)


def held(items: np.ndarray, n_new: int) -> np.ndarray:
    result = items.copy()
    result[-n_new:] = np.nan
    return result


def log_likelihood(
    blocks: Sequence[ResponseBlock],
    items: np.ndarray,
    means: np.ndarray,
    sds: np.ndarray,
    theta: np.ndarray,
) -> float:
    """Written apart from the package: persons x points, nothing clever."""
    total = 0.0
    right = items[:, 2] + (1 - items[:, 2]) / (1 + np.exp(-items[:, 0] * (theta[:, None] - items[:, 1])))
    for block in blocks:
        shape = -0.5 * ((theta - means[block.group]) / sds[block.group]) ** 2
        log_l = (shape - np.log(np.exp(shape).sum()))[None, :].repeat(block.n_persons, axis=0)
        for column, item in enumerate(block.items):
            x = block.scores[:, column]
            log_l[x == 1] += np.log(right[:, item])
            log_l[x == 0] += np.log(1 - right[:, item])
        total += np.log(np.exp(log_l).sum(axis=1)).sum()
    return total


@pytest.mark.parametrize("model", ["rasch", "1pl", "2pl", "3pl"])
def test_the_information_is_that_of_the_likelihood(model: str) -> None:
    """Every entry of H_NF, and of H_FF, by second differences of a likelihood written here; two groups."""
    rng = np.random.default_rng(5)
    items = items_of(model, 5, rng)
    first = answers(items, rng.normal(0.3, 0.9, 200), rng)
    second = answers(items[1:], rng.normal(-0.5, 1.2, 150), rng)
    second[3, 2] = -1
    blocks = [ResponseBlock(np.arange(5), first, 0), ResponseBlock(np.arange(1, 5), second, 1)]
    priors = default_priors(model)
    fit = fit_mml(
        blocks,
        model,
        5,
        fixed=held(items, 2),
        priors=priors,
        quadrature=np.linspace(-6, 6, 81),
        tolerance=1e-9,
    )
    at = information_with_anchors(blocks, fit, priors)
    F, N = np.flatnonzero(at.held), np.flatnonzero(at.estimated)

    def value(x: np.ndarray) -> float:
        moments = x[at.free.size :].reshape(2, 2)
        found = at.model.from_working(at.free.working(x[: at.free.size]), 1.0)
        return log_likelihood(blocks, found, moments[:, 0], moments[:, 1], fit.theta)

    start = np.concatenate(
        (at.free.values(at.working), np.column_stack((fit.population_mean, fit.population_sd)).ravel())
    )
    step = 1e-3
    for f in F:
        for other in (*N, *F):
            total = 0.0
            for one, two in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                x = start.copy()
                x[f] += one * step
                x[other] += two * step
                total += one * two * value(x)
            assert at.matrix[f, other] == pytest.approx(-total / (4 * step**2), abs=5e-3)
        x, y = start.copy(), start.copy()
        x[f] += step
        y[f] -= step
        assert at.gradient[f] == pytest.approx((value(x) - value(y)) / (2 * step), abs=1e-3)


@pytest.mark.parametrize("model", ["rasch", "1pl", "2pl", "3pl"])
def test_estimates_follow_the_anchors_as_the_response_says(model: str) -> None:
    """Move one anchor, estimate again: the new items move by G."""
    rng = np.random.default_rng(6)
    items = items_of(model, 14, rng)
    blocks = [ResponseBlock(np.arange(14), answers(items, rng.normal(0.2, 0.9, 400), rng))]
    priors = Priors(
        NormalPrior(0, 0.4), NormalPrior(None, 1.0), default_priors("3pl").c if model == "3pl" else None
    )
    if model in ("rasch", "1pl"):
        priors = Priors(b=NormalPrior(None, 1.0))
    fit = fit_mml(blocks, model, 14, fixed=held(items, 4), priors=priors, tolerance=1e-9)
    at = information_with_anchors(blocks, fit, priors)
    N, F = np.flatnonzero(at.estimated), np.flatnonzero(at.held)
    step = 0.02
    moved = held(items, 4)
    moved[2, 1] += step
    again = fit_mml(blocks, model, 14, fixed=moved, priors=priors, tolerance=1e-9, quadrature=fit.theta)
    slot = int(np.flatnonzero(at.free.index[2, 1] == F)[0])
    predicted = at.response[:, slot] * -items[2, 0] * step
    change = at.free.values(at.model.to_working(again.parameters, 1.0)) - at.free.values(at.working)
    change = np.append(
        change, (again.population_mean - fit.population_mean, again.population_sd - fit.population_sd)
    )
    np.testing.assert_allclose(change[N], predicted, atol=0.05 * np.abs(predicted).max())


def test_intervals_cover_with_noisy_anchors() -> None:
    """Twelve anchors known to .25 logit: intervals that take them as known cover far too rarely."""
    rng = np.random.default_rng(7)
    n_anchors, n_new, error = 12, 8, 0.25
    inside, naive = [], []
    for _ in range(300):
        items = items_of("rasch", n_anchors + n_new, rng)
        blocks = [ResponseBlock(np.arange(20), answers(items, rng.normal(0.4, 0.9, 500), rng))]
        bank = held(items, n_new)
        bank[:n_anchors, 1] += rng.normal(0, error, n_anchors)
        fit = fit_mml(blocks, "rasch", 20, fixed=bank)
        errors = np.full((20, 3), np.nan)
        errors[:n_anchors, 1] = error
        more = errors_with_anchors(information_with_anchors(blocks, fit), fit, errors)
        away = np.abs(fit.parameters - items)[n_anchors:, 1]
        inside += (away < 1.96 * more.parameters[n_anchors:, 1]).tolist()
        naive += (away < 1.96 * fit.standard_errors[n_anchors:, 1]).tolist()
        assert more.mean[0] > fit.population_mean_se[0]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)
    assert np.mean(naive) < 0.93


def test_intervals_of_2pl_cover_with_noisy_anchors() -> None:
    rng = np.random.default_rng(8)
    inside = np.zeros((80, 6, 2), dtype=bool)
    naive = inside.copy()
    for run in range(80):
        items = items_of("2pl", 18, rng)
        blocks = [ResponseBlock(np.arange(18), answers(items, rng.normal(0.2, 1.0, 1500), rng))]
        bank, errors = held(items, 6), np.full((18, 3), np.nan)
        errors[:12, 0], errors[:12, 1] = 0.1 * items[:12, 0], 0.2
        bank[:12, :2] += rng.normal(size=(12, 2)) * errors[:12, :2]
        fit = fit_mml(blocks, "2pl", 18, fixed=bank)
        more = errors_with_anchors(information_with_anchors(blocks, fit), fit, errors)
        away = np.abs(fit.parameters - items)[12:, :2]
        inside[run] = away < 1.96 * more.parameters[12:, :2]
        naive[run] = away < 1.96 * fit.standard_errors[12:, :2]
    assert inside.mean() == pytest.approx(0.95, abs=0.025)
    assert naive.mean() < 0.90
    assert more.covariance is not None  # of the last run, and as the errors say
    order = np.argwhere(fit.free)
    np.testing.assert_allclose(np.sqrt(np.diag(more.covariance)), more.parameters[tuple(order.T)], rtol=1e-9)


def test_anchors_without_an_error_are_told() -> None:
    rng = np.random.default_rng(9)
    items = items_of("rasch", 10, rng)
    blocks = [ResponseBlock(np.arange(10), answers(items, rng.normal(size=200), rng))]
    fit = fit_mml(blocks, "rasch", 10, fixed=held(items, 3))
    errors = np.full((10, 3), np.nan)
    at = information_with_anchors(blocks, fit)
    known = errors_with_anchors(at, fit, errors)
    np.testing.assert_array_equal(known.parameters, fit.standard_errors)
    assert known.without[:7].all()
    errors[:5, 1] = 0.1
    assert np.flatnonzero(errors_with_anchors(at, fit, errors).without).tolist() == [5, 6]


def moved_anchors(model: str) -> tuple[list[ResponseBlock], np.ndarray, MmlFit]:
    rng = np.random.default_rng(10)
    items = items_of(model, 40, rng)
    blocks = [ResponseBlock(np.arange(40), answers(items, rng.normal(0.5, 0.8, 500), rng))]
    bank = held(items, 10)
    bank[3, 1] += 1.2
    bank[7, 1] -= 1.0
    return blocks, bank, fit_mml(blocks, model, 40, fixed=bank)


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_the_displacement_is_that_of_the_anchor_set_free(model: str) -> None:
    blocks, bank, fit = moved_anchors(model)
    displacement, error = free_displacement(information_with_anchors(blocks, fit))
    for item in (3, 7, 12, 20):
        free = bank.copy()
        free[item, 1] = np.nan
        if model == "rasch":
            free[item] = np.nan
        again = fit_mml(blocks, model, 40, fixed=free)
        assert displacement[item] == pytest.approx(again.parameters[item, 1] - bank[item, 1], abs=0.01)
        assert error[item] == pytest.approx(again.standard_errors[item, 1], rel=0.02)
    assert np.isnan(displacement[30:]).all()


def test_freeing_one_moves_the_others_as_another_estimation_would() -> None:
    blocks, bank, fit = moved_anchors("rasch")
    before = free_displacement(information_with_anchors(blocks, fit), [3])[0]
    free = bank.copy()
    free[3] = np.nan
    after = free_displacement(information_with_anchors(blocks, fit_mml(blocks, "rasch", 40, fixed=free)))[0]
    assert np.isnan(before[3])
    np.testing.assert_allclose(before, after, atol=0.02)


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_drifted_anchors_and_only_they_are_dropped(model: str) -> None:
    blocks, _, fit = moved_anchors(model)
    screen = screen_anchors(information_with_anchors(blocks, fit))
    assert screen.dropped == (3, 7)
    assert screen.displacement[3] == pytest.approx(-1.2, abs=0.35)
    assert not screen.protected.any()


def test_enough_anchors_stay() -> None:
    blocks, _, fit = moved_anchors("rasch")
    at = information_with_anchors(blocks, fit)
    one = screen_anchors(at, DriftLimits(keep_anchors=29 / 30))
    assert one.dropped == (3,)
    assert np.flatnonzero(one.protected).tolist() == [7]
    domain = np.zeros(40, dtype=np.int64)
    domain[[3, 4]] = 1
    domain[7] = 2  # the only anchor of its domain
    within = screen_anchors(at, cells=[domain])
    assert within.dropped == (3,)
    assert np.flatnonzero(within.protected).tolist() == [7]


def test_an_uncertain_bank_value_is_not_called_drift() -> None:
    blocks, _, fit = moved_anchors("rasch")
    bank_se = np.full(40, 0.05)
    bank_se[3] = 0.6
    assert screen_anchors(information_with_anchors(blocks, fit), bank_se=bank_se).dropped == (7,)


def test_limits_are_checked() -> None:
    with pytest.raises(InputError, match="displacement is -1"):
        DriftLimits(displacement=-1)
    with pytest.raises(InputError, match=r"keep_anchors is 1\.5"):
        DriftLimits(keep_anchors=1.5)
