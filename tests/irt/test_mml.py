"""Estimation on designs with holes: brute force, recovery of known truth, and what cannot be estimated."""

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.errors import DesignError, InputError
from ciip_irt.irt.estimation.mml import MmlFit, fit_mml
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.priors import BetaPrior, NormalPrior, Priors
from ciip_irt.irt.response_blocks import ResponseBlock

GRID = np.linspace(-20.0, 20.0, 401)


def answers(items: np.ndarray, ability: np.ndarray, rng: np.random.Generator, D: float = 1.0) -> np.ndarray:
    a, b, c = items.T
    p = c + (1 - c) * expit(D * a * (ability[:, None] - b))
    return (rng.random(p.shape) < p).astype(np.int8)


def two_groups_with_holes(seed: int, n: int = 400) -> tuple[list[ResponseBlock], np.ndarray]:
    rng = np.random.default_rng(seed)
    items = np.column_stack((rng.uniform(0.7, 1.6, 7), rng.normal(0, 1, 7), np.zeros(7)))
    blocks = []
    for group, (shift, taken) in enumerate([(0.0, [0, 1, 2, 3, 4]), (0.7, [3, 4, 0, 5, 6])]):
        which = np.array(taken)
        x = answers(items[which], rng.normal(shift, 1.0 + 0.2 * group, n), rng)
        x[rng.random(x.shape) < 0.1] = -1
        blocks.append(ResponseBlock(which, x, group))
    return blocks, items


def brute_force_log_posterior(
    blocks: list[ResponseBlock],
    parameters: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    priors: Priors,
    free: np.ndarray,
    D: float,
) -> float:
    """Item by item, with no code of the package."""
    total = 0.0
    a, b, c = parameters.T
    for block in blocks:
        weight = np.exp(-0.5 * ((GRID - mean[block.group]) / sd[block.group]) ** 2)
        likelihood = np.tile(weight / weight.sum(), (block.scores.shape[0], 1))
        for item, column in zip(block.items, block.scores.T, strict=True):
            p = c[item] + (1 - c[item]) * expit(D * a[item] * (GRID - b[item]))
            likelihood[column == 1] *= p
            likelihood[column == 0] *= 1 - p
        total += np.log(likelihood.sum(axis=1)).sum()
    if priors.log_a:
        log_a = np.log(np.unique(a[free[:, 0]]))
        total += (-log_a - 0.5 * ((log_a - priors.log_a.mean) / priors.log_a.sd) ** 2).sum()
    if priors.b:
        own = b[free[:, 1]]
        center = own.mean() if priors.b.mean is None else priors.b.mean
        total += (-0.5 * ((own - center) / priors.b.sd) ** 2).sum()
    if priors.c:
        own = c[free[:, 2]]
        total += ((priors.c.alpha - 1) * np.log(own) + (priors.c.beta - 1) * np.log1p(-own)).sum()
    return float(total)


def as_vector(fit: MmlFit) -> tuple[np.ndarray, callable]:
    """Everything estimated, on the reported scale, and the way back."""
    common = fit.model == "1pl" and fit.free[:, 0].any()
    slots = np.argwhere(fit.free)
    if common:
        slots = slots[(slots[:, 1] != 0) | (np.arange(len(slots)) == np.argmax(slots[:, 1] == 0))]
    groups = [(0, g) for g in np.flatnonzero(fit.population_mean_free)]
    groups += [(1, g) for g in np.flatnonzero(fit.population_sd_free)]
    moments = np.stack((fit.population_mean, fit.population_sd))
    x = np.array([*(fit.parameters[i, p] for i, p in slots), *(moments[k, g] for k, g in groups)])

    def back(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parameters, changed = fit.parameters.copy(), moments.copy()
        for (i, p), value in zip(slots, values, strict=False):
            parameters[i, p] = value
            if common and p == 0:
                parameters[fit.free[:, 0], 0] = value
        for (k, g), value in zip(groups, values[len(slots) :], strict=True):
            changed[k, g] = value
        return parameters, changed

    return x, (slots, groups, back)


CASES = {
    "rasch": ("rasch", Priors(), False),
    "1pl": ("1pl", Priors(log_a=NormalPrior(0.0, 0.5)), False),
    "2pl with priors": ("2pl", Priors(log_a=NormalPrior(0.1, 0.4), b=NormalPrior(None, 1.2)), False),
    "2pl anchored": ("2pl", Priors(), True),
    "3pl": ("3pl", Priors(NormalPrior(0.0, 0.4), NormalPrior(0.0, 2.0), BetaPrior(5, 17)), False),
}


@pytest.mark.parametrize("case", CASES)
def test_maximum_and_standard_errors_by_brute_force(case: str) -> None:
    model, priors, anchored = CASES[case]
    blocks, items = two_groups_with_holes(seed=4, n=60)
    D = 1.7 if case == "rasch" else 1.0
    fixed = None
    if anchored:
        fixed = np.full((7, 3), np.nan)
        fixed[:3] = items[:3]
        fixed[3, 1] = items[3, 1]  # b is given, a is not
    fit = fit_mml(blocks, model, 7, priors=priors, fixed=fixed, D=D, tolerance=1e-8)
    assert fit.converged
    x, (slots, groups, back) = as_vector(fit)
    step = 1e-3

    def value(at: np.ndarray) -> float:
        parameters, moments = back(at)
        return brute_force_log_posterior(blocks, parameters, *moments, priors, fit.free, D)

    n = x.size
    center = value(x)
    unit = np.eye(n) * step
    up, down = np.array([value(x + u) for u in unit]), np.array([value(x - u) for u in unit])
    slope = [(value(x + u / 100) - value(x - u / 100)) / (2 * step / 100) for u in unit]
    np.testing.assert_allclose(slope, 0.0, atol=2e-3)
    hessian = np.diag((up - 2 * center + down) / step**2)
    for i in range(n):
        for j in range(i):
            corner = value(x + unit[i] + unit[j]) - value(x + unit[i] - unit[j])
            corner += value(x - unit[i] - unit[j]) - value(x - unit[i] + unit[j])
            hessian[i, j] = hessian[j, i] = corner / (4 * step**2)
    covariance = np.linalg.inv(-hessian)
    wanted = np.sqrt(np.diag(covariance))
    moments = np.stack((fit.population_mean_se, fit.population_sd_se))
    got = [fit.standard_errors[i, p] for i, p in slots] + [moments[k, g] for k, g in groups]
    np.testing.assert_allclose(got, wanted, rtol=2e-3)
    assert fit.covariance is not None
    if model != "1pl":
        np.testing.assert_allclose(
            fit.covariance, covariance[: len(slots), : len(slots)], rtol=0.02, atol=1e-4
        )


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_rotating_pilots_on_forms_of_different_difficulty(model: str) -> None:
    """Two forms with common items, two groups, four pilot blocks: the truth within its standard errors."""
    rng = np.random.default_rng(20)
    slopes = np.ones(70) if model == "rasch" else rng.uniform(0.6, 1.6, 70)
    b = np.concatenate(
        (rng.normal(-1, 0.7, 20), rng.normal(0, 0.7, 10), rng.normal(1, 0.7, 20), rng.normal(0, 1, 20))
    )
    items = np.column_stack((slopes, b, np.zeros(70)))
    blocks = []
    for group, (form, shift) in enumerate([(np.arange(30), 0.0), (np.arange(20, 50), 0.8)]):
        for rotation in range(4):
            which = rng.permutation(np.concatenate((form, 50 + 5 * rotation + np.arange(5))))
            x = answers(items[which], rng.normal(shift, 1.0, 500), rng)
            blocks.append(ResponseBlock(which, x, group))
    fit = fit_mml(blocks, model, 70)
    assert fit.converged
    assert fit.information_positive_definite
    z = (fit.parameters[:, 1] - b) / fit.standard_errors[:, 1]
    assert 0.75 < z.std() < 1.25
    assert abs(z).max() < 4.0
    assert abs(fit.population_mean[1] - 0.8) < 3 * fit.population_mean_se[1] < 0.3
    assert abs(fit.population_sd[1] - 1.0) < 3 * fit.population_sd_se[1] < 0.3
    # one population for all of them is the wrong model, and shows as bias of the hard form
    merged = [ResponseBlock(block.items, block.scores) for block in blocks]
    wrong = fit_mml(merged, model, 70, standard_errors="none")
    assert wrong.log_likelihood < fit.log_likelihood - 50


def test_anchored_calibration_keeps_the_bank_scale() -> None:
    """Able candidates, scored items fixed: new items come out on the bank's scale."""
    rng = np.random.default_rng(8)
    items = np.column_stack((rng.uniform(0.7, 1.5, 48), rng.normal(0, 1, 48), np.zeros(48)))
    fixed = np.full((48, 3), np.nan)
    fixed[:40] = items[:40]
    blocks = []
    for rotation in range(2):
        which = np.concatenate((np.arange(40), 40 + 4 * rotation + np.arange(4)))
        blocks.append(ResponseBlock(which, answers(items[which], rng.normal(1.2, 0.7, 1500), rng)))
    fit = fit_mml(blocks, "2pl", 48, fixed=fixed)
    z = (fit.parameters[40:] - items[40:])[:, :2] / fit.standard_errors[40:, :2]
    assert abs(z).max() < 3.5
    assert fit.population_mean[0] == pytest.approx(1.2, abs=0.06)
    assert fit.population_sd[0] == pytest.approx(0.7, abs=0.05)
    held = fit_mml(blocks, "2pl", 48, fixed=fixed, mean=0.0, sd=1.0)
    assert held.population_mean[0] == 0.0
    assert held.log_likelihood < fit.log_likelihood - 100


def test_missing_is_neither_wrong_nor_a_different_block() -> None:
    """The same answers as one block with holes, as blocks without, and in another order give the same fit."""
    rng = np.random.default_rng(3)
    items = np.column_stack((np.ones(8), np.linspace(-1, 1, 8), np.zeros(8)))
    x = answers(items, rng.normal(size=300), rng)
    x[:150, 6:] = -1
    x[150:, :2] = -1
    one = fit_mml([ResponseBlock(np.arange(8), x)], "2pl", 8)
    order = rng.permutation(6)
    two = fit_mml(
        [
            ResponseBlock(np.arange(2, 8)[order], x[150:, 2:][:, order]),
            ResponseBlock(np.arange(6), x[:150, :6]),
        ],
        "2pl",
        8,
    )
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(one.parameters, two.parameters, atol=1e-5)
    np.testing.assert_allclose(one.standard_errors, two.standard_errors, rtol=1e-4)
    assert (one.n == [150, 150, 300, 300, 300, 300, 150, 150]).all()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_items_without_variance_stay_out(model: str) -> None:
    rng = np.random.default_rng(5)
    items = np.column_stack((np.ones(10), np.linspace(-1, 1, 10), np.zeros(10)))
    x = answers(items, rng.normal(size=500), rng)
    plain = fit_mml([ResponseBlock(np.arange(10), x)], model, 10)
    with_two = np.column_stack((np.ones(500, np.int8), x, np.zeros(500, np.int8)))
    fit = fit_mml([ResponseBlock(np.arange(12), with_two)], model, 13)
    assert fit.no_variance.tolist() == [0, 11, 12]
    assert np.isnan(fit.parameters[[0, 11, 12]]).all()
    assert np.isnan(fit.standard_errors[[0, 11, 12]]).all()
    np.testing.assert_allclose(fit.parameters[1:11], plain.parameters, atol=1e-8)
    assert any("answered alike" in said for said in fit.warnings)
    assert any("without a single answer" in said for said in fit.warnings)


def test_a_prior_on_b_gives_items_without_variance_an_estimate() -> None:
    rng = np.random.default_rng(5)
    items = np.column_stack((np.ones(6), np.linspace(-1, 1, 6), np.zeros(6)))
    x = np.column_stack((np.ones(400, np.int8), answers(items, rng.normal(size=400), rng)))
    fit = fit_mml([ResponseBlock(np.arange(7), x)], "rasch", 7, priors=Priors(b=NormalPrior(None, 2.0)))
    assert fit.no_variance.size == 0
    assert -9 < fit.parameters[0, 1] < -4
    assert fit.standard_errors[0, 1] > 0.5


def test_the_estimated_prior_mean_does_not_pull_a_hard_block_to_zero() -> None:
    rng = np.random.default_rng(6)
    items = np.column_stack((np.ones(20), rng.normal(0, 0.5, 20), np.zeros(20)))
    items[10:, 1] += 2.0
    x = answers(items, rng.normal(size=300), rng)
    fixed = np.full((20, 3), np.nan)
    fixed[:10] = items[:10]
    block = [ResponseBlock(np.arange(20), x)]
    free = fit_mml(block, "rasch", 20, fixed=fixed)
    estimated = fit_mml(block, "rasch", 20, fixed=fixed, priors=Priors(b=NormalPrior(None, 0.3)))
    zero = fit_mml(block, "rasch", 20, fixed=fixed, priors=Priors(b=NormalPrior(0.0, 0.3)))
    mean = [fit.parameters[10:, 1].mean() for fit in (free, estimated, zero)]
    assert abs(mean[1] - mean[0]) < 0.05 < 0.2 < mean[0] - mean[2]
    assert estimated.parameters[10:, 1].std() < free.parameters[10:, 1].std()


def test_the_scale_moves_with_D() -> None:
    rng = np.random.default_rng(9)
    items = np.column_stack((np.ones(6), np.linspace(-1, 1, 6), np.zeros(6)))
    block = [ResponseBlock(np.arange(6), answers(items, rng.normal(size=400), rng))]
    one, other = fit_mml(block, "2pl", 6), fit_mml(block, "2pl", 6, D=1.7)
    np.testing.assert_allclose(one.parameters * [1 / 1.7, 1, 1], other.parameters, atol=1e-6)
    np.testing.assert_allclose(
        one.standard_errors[:, :2] * [1 / 1.7, 1], other.standard_errors[:, :2], rtol=1e-5
    )


def test_points_widen_for_an_extreme_population_and_a_sharp_test() -> None:
    rng = np.random.default_rng(12)
    items = np.column_stack((np.full(60, 2.5), rng.normal(4.0, 1.0, 60), np.zeros(60)))
    fixed = np.full((60, 3), np.nan)
    fixed[:50] = items[:50]
    block = [ResponseBlock(np.arange(60), answers(items, rng.normal(4.0, 0.8, 1000), rng))]
    fit = fit_mml(block, "2pl", 60, fixed=fixed)
    assert fit.population_mean[0] == pytest.approx(4.0, abs=0.1)
    assert fit.theta[-1] > 8.0
    fine = fit_mml(block, "2pl", 60, fixed=fixed, quadrature=np.linspace(-4, 12, 801), standard_errors="none")
    assert fit.log_likelihood == pytest.approx(fine.log_likelihood, abs=1e-3)
    np.testing.assert_allclose(fit.parameters, fine.parameters, atol=1e-4)


def test_the_map_over_blocks_can_be_replaced() -> None:
    blocks, _ = two_groups_with_holes(seed=1)
    seen = []

    def run(function, items):  # type: ignore[no-untyped-def]
        seen.append(1)
        return list(map(function, items))

    plain, mapped = fit_mml(blocks, "2pl", 7), fit_mml(blocks, "2pl", 7, run=run)
    assert seen
    np.testing.assert_array_equal(plain.parameters, mapped.parameters)
    np.testing.assert_array_equal(plain.standard_errors, mapped.standard_errors)


def test_stopping_early_says_so() -> None:
    blocks, _ = two_groups_with_holes(seed=1)
    fit = fit_mml(blocks, "2pl", 7, max_iterations=2)
    assert not fit.converged
    assert "more iterations" in fit.warnings[0]
    assert "NOT converged" in fit.summary()


def test_perfectly_separating_item_stops_at_the_bound() -> None:
    """A Guttman pair: the slope has no finite maximum, the other items still have their estimates."""
    rng = np.random.default_rng(2)
    ability = rng.normal(size=800)
    items = np.column_stack((np.full(5, 1.5), np.linspace(-1, 1, 5), np.zeros(5)))
    x = answers(items, ability, rng)
    copy = np.column_stack((x, x[:, [0]], x[:, [0]]))
    fit = fit_mml([ResponseBlock(np.arange(7), copy)], "2pl", 7)
    assert np.flatnonzero(fit.at_bound[:, 0]).tolist() == [0, 5, 6]
    assert fit.parameters[1:5, 0].max() < 3
    assert np.isfinite(fit.parameters).all()
    assert np.isnan(fit.standard_errors[fit.at_bound]).all()


def test_nothing_to_estimate_is_said() -> None:
    block = ResponseBlock(np.arange(2), np.ones((5, 2), dtype=np.int8))
    with pytest.raises(DesignError, match="answered alike"):
        fit_mml([block], "2pl", 2)


def test_with_everything_fixed_only_the_population_is_estimated() -> None:
    rng = np.random.default_rng(4)
    items = np.column_stack((np.ones(30), rng.normal(size=30), np.zeros(30)))
    block = ResponseBlock(np.arange(30), answers(items, rng.normal(0.5, 1.3, 2000), rng))
    fit = fit_mml([block], "2pl", 30, fixed=items)
    np.testing.assert_array_equal(fit.parameters, items)
    assert abs(fit.population_mean[0] - 0.5) < 4 * fit.population_mean_se[0] < 0.2
    assert abs(fit.population_sd[0] - 1.3) < 4 * fit.population_sd_se[0] < 0.2


def test_a_block_without_any_new_item_still_informs_the_population() -> None:
    rng = np.random.default_rng(7)
    items = np.column_stack((np.ones(12), rng.normal(size=12), np.zeros(12)))
    fixed = np.full((12, 3), np.nan)
    fixed[:10] = items[:10]
    ability = rng.normal(0.6, 1.0, 900)
    x = answers(items, ability, rng)
    fit = fit_mml(
        [ResponseBlock(np.arange(12), x[:600]), ResponseBlock(np.arange(10), x[600:, :10])],
        "1pl",
        12,
        fixed=fixed,
    )
    assert (fit.parameters[:, 0] == 1.0).all()  # the anchors' common slope is everybody's
    assert abs(fit.population_mean[0] - 0.6) < 4 * fit.population_mean_se[0] < 0.3
    assert (np.abs(fit.parameters[10:, 1] - items[10:, 1]) < 4 * fit.standard_errors[10:, 1]).all()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_ten_candidates_give_an_answer_and_a_warning_or_large_errors(model: str) -> None:
    rng = np.random.default_rng(1)
    items = np.column_stack((np.ones(130), rng.normal(size=130), np.zeros(130)))
    fit = fit_mml([ResponseBlock(np.arange(130), answers(items, rng.normal(size=10), rng))], model, 130)
    assert np.isfinite(np.delete(fit.parameters, fit.no_variance, axis=0)).all()
    assert fit.no_variance.size > 0
    assert fit.warnings
    errors = fit.standard_errors[:, 1]
    assert fit.information_positive_definite is True
    assert np.nanmedian(errors) > 0.5


def test_everything_wrong_is_said_at_once() -> None:
    good = ResponseBlock(np.arange(3), np.array([[0, 1, 2]], dtype=np.int8))
    with pytest.raises(InputError) as caught:
        fit_mml([good], "rasch", 3, fixed=np.array([[2.0, 0.0, 0.0]] * 3), D=0.0)
    assert len(caught.value.problems) == 3
    with pytest.raises(InputError, match="unknown model"):
        fit_mml([good], "4pl", 3)
    with pytest.raises(InputError, match="no person"):
        fit_mml([], "rasch", 3)
    x = ResponseBlock(np.arange(2), np.array([[0, 1], [1, 0]], dtype=np.int8))
    with pytest.raises(InputError, match="one common a"):
        fit_mml([x], "1pl", 2, fixed=np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
