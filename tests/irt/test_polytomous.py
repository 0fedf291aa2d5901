"""Partial credit, generalised partial credit, graded response: other programs, brute force, known truth."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.errors import InputError
from ciip_irt.irt.ability import estimate_abilities, score_table
from ciip_irt.irt.curves import expected_score, item_information, score_distribution
from ciip_irt.irt.curves import test_information as form_information
from ciip_irt.irt.em.score_groups import is_raw_score_sufficient
from ciip_irt.irt.estimation.mml import MmlFit, fit_mml
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.priors import NormalPrior, Priors
from ciip_irt.irt.response_blocks import ResponseBlock

DATA = ("Science", "VerbalAggression_poly")
POLYTOMOUS = ("pcm", "gpcm", "grm")


def scores(shared: Path, data: str) -> np.ndarray:
    x = np.genfromtxt(shared / "reference" / data / "data.csv", delimiter=",", skip_header=1)
    return (x - x.min()).astype(np.int8)


def whole(x: np.ndarray) -> list[ResponseBlock]:
    return [ResponseBlock(np.arange(x.shape[1]), x)]


def reference(folder: Path, n_categories: int) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Estimates (J, K), standard errors (J, K), and what else the table has, by name."""
    with (folder / "pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    names = ["a", *(f"b{score}" for score in range(1, n_categories))]
    estimates, errors = (
        np.array(
            [[float(r[column].replace("NA", "nan")) for r in rows if r["par"] == name] for name in names]
        ).T
        for column in ("est", "se")
    )
    single = {r["par"]: r for r in rows if r["item"] == "GroupPars"}
    variance = {f"variance_{k}": float(single["COV_11"][k].replace("NA", "nan")) for k in ("est", "se")}
    return estimates, errors, variance


def simulated(model: ItemModel, parameters: np.ndarray, theta: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p = model.probability(parameters, theta, 1.0)
    return (rng.random(p.shape[:2])[..., None] > p.cumsum(axis=2)[..., :-1]).sum(axis=2).astype(np.int8)


def truth(name: str, n_items: int, seed: int = 0) -> tuple[ItemModel, np.ndarray]:
    """Items of two, three and four scores in turn."""
    rng = np.random.default_rng(seed)
    model = MODELS[name].for_categories(4)
    a = np.ones(n_items) if name == "pcm" else rng.uniform(0.7, 1.6, n_items)
    b = np.sort(rng.normal(size=(n_items, 3)), axis=1) + np.array([-0.5, 0.0, 0.5])
    b[np.arange(3) > (np.arange(n_items) % 3)[:, None]] = np.nan
    return model, np.column_stack((a, b))


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", POLYTOMOUS)
def test_same_maximum(shared: Path, data: str, name: str) -> None:
    folder = shared / "reference" / data / name
    x = scores(shared, data)
    fit = fit_mml(whole(x), name, x.shape[1], tolerance=1e-7)
    estimates, errors, other = reference(folder, x.max() + 1)
    wanted = json.loads((folder / "fit.json").read_text())
    assert fit.converged
    assert fit.model == name
    assert not fit.warnings
    assert fit.log_likelihood == pytest.approx(wanted["logLik"], abs=1e-4)
    assert fit.n_parameters == wanted["nest"]
    np.testing.assert_allclose(fit.parameters, estimates, atol=2e-4)
    np.testing.assert_allclose(fit.population_sd[0] ** 2, other["variance_est"], rtol=1e-4)
    free = np.isfinite(errors)
    if name == "gpcm":
        free[:, 1] = False  # see the next test
    np.testing.assert_allclose(fit.standard_errors[free], errors[free], rtol=1e-3)
    if name == "pcm":
        assert np.isnan(fit.standard_errors[:, 0]).all()
        sd_error = other["variance_se"] / (2 * fit.population_sd[0])
        assert fit.population_sd_se[0] == pytest.approx(sd_error, rel=1e-3)


@pytest.mark.parametrize("data", DATA)
def test_the_other_program_errs_in_the_standard_error_of_b1(shared: Path, data: str) -> None:
    """Its covariance of slopes and intercepts is ours; ``b1 = -d1 / a`` then gives our standard error."""
    folder = shared / "reference" / data / "gpcm"
    x = scores(shared, data)
    n_items, size = x.shape[1], x.max() + 1
    estimates, errors, _ = reference(folder, size)
    covariance = np.genfromtxt(folder / "vcov_oakes.csv", delimiter=",", skip_header=1)[:, 1:]
    assert covariance.shape == (n_items * size, n_items * size)
    ours = fit_mml(whole(x), "gpcm", n_items, tolerance=1e-7).standard_errors[:, 1]
    for item in range(n_items):
        a, b1 = estimates[item, :2]
        by = np.array([-b1 / a, -1 / a])  # of b1 by a and d1
        own = covariance[item * size : item * size + 2, item * size : item * size + 2]
        assert ours[item] == pytest.approx(np.sqrt(by @ own @ by), rel=1e-3)
    assert (np.abs(errors[:, 1] / ours - 1) > 0.01).any()


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", POLYTOMOUS)
def test_same_scores_and_information(shared: Path, data: str, name: str) -> None:
    folder = shared / "reference" / data / name
    x = scores(shared, data)
    model = MODELS[name].for_categories(x.max() + 1)
    parameters, _, other = reference(folder, x.max() + 1)
    sd = np.sqrt(other["variance_est"])
    table = np.genfromtxt(folder / "scores_first50.csv", delimiter=",", names=True)
    for method in ("eap", "map", "wle", "ml"):
        got = estimate_abilities(whole(x[:50]), parameters, method=method, sd=sd, model=model)
        theta, se = table[f"theta_{method.upper()}"], table[f"se_{method.upper()}"]
        finite = np.isfinite(theta)
        np.testing.assert_array_equal(got.theta[~finite], theta[~finite])
        np.testing.assert_allclose(got.theta[finite], theta[finite], atol=1e-5)
        # in the graded model the reference takes the observed information, for WLE its own curvature
        if method == "eap" or (method != "wle" and name != "grm"):
            np.testing.assert_allclose(got.se[finite], se[finite], rtol=1e-4)
    sums = np.genfromtxt(folder / "eapsum_table.csv", delimiter=",", names=True)
    theta, se = score_table(parameters, sd=sd, model=model)
    np.testing.assert_allclose(theta, sums["F1"], atol=1e-3)
    np.testing.assert_allclose(se, sums["SE_F1"], atol=1e-3)
    if not (folder / "information.csv").exists():
        return
    curves = np.genfromtxt(folder / "information.csv", delimiter=",", skip_header=1)
    theta, lowest = curves[:, 0], 4.0 if data == "Science" else 0.0  # its scores start at 1
    np.testing.assert_allclose(form_information(parameters, theta, 1.0, model), curves[:, 1], rtol=1e-8)
    np.testing.assert_allclose(
        expected_score(parameters, theta, 1.0, model) + lowest, curves[:, 2], rtol=1e-8
    )
    np.testing.assert_allclose(item_information(parameters, theta, 1.0, model), curves[:, 3:], atol=1e-8)


def log_likelihood(model: ItemModel, x: np.ndarray, parameters: np.ndarray, sd: float) -> float:
    """Person by person, item by item, on a dense grid of abilities."""
    theta = np.linspace(-9, 9, 181)
    weight = np.exp(-0.5 * (theta / sd) ** 2)
    p = model.probability(parameters, theta, 1.0)
    each = np.where(x >= 0, p[:, np.arange(x.shape[1]), np.maximum(x, 0)], 1.0)
    return float(np.log((weight[:, None] * each.prod(axis=2)).sum(axis=0) / weight.sum()).sum())


@pytest.mark.parametrize("name", POLYTOMOUS)
def test_items_of_different_sizes_with_holes_by_brute_force(name: str) -> None:
    model, parameters = truth(name, 4)
    rng = np.random.default_rng(4)
    x = simulated(model, parameters, rng.normal(size=200), 5)
    x[rng.random(x.shape) < 0.15] = -1
    blocks = [ResponseBlock(np.arange(4), x[:120]), ResponseBlock(np.arange(4)[::-1], x[120:, ::-1])]
    fit = fit_mml(blocks, name, 4, tolerance=1e-8)
    assert fit.converged
    np.testing.assert_array_equal(np.isnan(fit.parameters), np.isnan(parameters))
    at = fit.parameters[fit.free]
    if name == "pcm":
        at = np.append(at, fit.population_sd)
    assert at.size == fit.n_parameters

    def value(vector: np.ndarray) -> float:
        changed = fit.parameters.copy()
        changed[fit.free] = vector[: int(fit.free.sum())]
        return log_likelihood(model, x, changed, vector[-1] if name == "pcm" else 1.0)

    assert fit.log_likelihood == pytest.approx(value(at), abs=1e-6)
    step = 1e-3 * np.eye(at.size)
    gradient = [(value(at + h) - value(at - h)) / 2e-3 for h in step]
    assert np.abs(gradient).max() < 0.01
    hessian = np.zeros((at.size, at.size))
    for i in range(at.size):
        for j in range(i + 1):
            up, down = at + step[i], at - step[i]
            change = value(up + step[j]) - value(up - step[j]) - value(down + step[j]) + value(down - step[j])
            hessian[i, j] = hessian[j, i] = change / 4e-6
    covariance = np.linalg.inv(-hessian)
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(fit.standard_errors[fit.free], errors[: int(fit.free.sum())], rtol=2e-3)
    assert fit.covariance is not None
    n = fit.covariance.shape[0]
    np.testing.assert_allclose(
        fit.covariance / np.outer(errors[:n], errors[:n]),
        covariance[:n, :n] / np.outer(errors[:n], errors[:n]),
        atol=5e-3,
    )
    if name == "pcm":
        np.testing.assert_allclose(fit.population_sd_se, errors[-1], rtol=2e-3)


@pytest.mark.parametrize("name", POLYTOMOUS)
def test_truth_is_recovered_within_its_standard_errors(name: str) -> None:
    model, parameters = truth(name, 15, seed=2)
    rng = np.random.default_rng(9)
    first = simulated(model, parameters[:10], rng.normal(size=1200), 1)
    second = simulated(model, parameters[5:], rng.normal(0.7, 1.3, size=1200), 2)
    blocks = [ResponseBlock(np.arange(10), first, 0), ResponseBlock(np.arange(5, 15), second, 1)]
    fit = fit_mml(blocks, name, 15)
    z = ((fit.parameters - parameters) / fit.standard_errors)[fit.free]
    assert 0.6 < (z**2).mean() < 1.5
    assert abs(fit.population_mean[1] - 0.7) < 4 * fit.population_mean_se[1] < 0.4
    assert abs(fit.population_sd[1] - 1.3) < 4 * fit.population_sd_se[1] < 0.5


def test_two_scores_are_the_models_for_right_and_wrong() -> None:
    two = MODELS["2pl"]
    rng = np.random.default_rng(3)
    items = np.column_stack((rng.uniform(0.7, 1.6, 8), rng.normal(size=8), np.zeros(8)))
    x = simulated(two, items, rng.normal(size=600), 7)
    for name, same in (("pcm", "rasch"), ("gpcm", "2pl"), ("grm", "2pl")):
        fit, other = fit_mml(whole(x), name, 8), fit_mml(whole(x), same, 8)
        assert fit.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fit.parameters, other.parameters[:, :2], atol=1e-5)
        np.testing.assert_allclose(fit.standard_errors, other.standard_errors[:, :2], rtol=1e-4)


@pytest.mark.parametrize("name", POLYTOMOUS)
def test_fixed_items_give_the_scale(name: str) -> None:
    model, parameters = truth(name, 9, seed=6)
    fixed = parameters.copy()
    fixed[6:] = np.nan
    rng = np.random.default_rng(1)
    x = simulated(model, parameters, rng.normal(0.5, 1.2, size=1500), 3)
    fit = fit_mml(whole(x), name, 9, fixed=fixed)
    assert fit.converged
    np.testing.assert_array_equal(fit.parameters[:6], fixed[:6])
    assert np.isnan(fit.standard_errors[:6]).all()
    np.testing.assert_array_equal(np.isnan(fit.parameters), np.isnan(parameters))
    z = ((fit.parameters - parameters) / fit.standard_errors)[fit.free]
    assert np.abs(z).max() < 4
    assert abs(fit.population_mean[0] - 0.5) < 4 * fit.population_mean_se[0] < 0.3
    assert abs(fit.population_sd[0] - 1.2) < 4 * fit.population_sd_se[0] < 0.3


@pytest.mark.parametrize("name", ["gpcm", "grm"])
def test_a_prior_on_slopes_pulls_them_together(name: str) -> None:
    model, parameters = truth(name, 8, seed=8)
    x = simulated(model, parameters, np.random.default_rng(5).normal(size=300), 4)
    free = fit_mml(whole(x), name, 8)
    drawn = fit_mml(whole(x), name, 8, priors=Priors(log_a=NormalPrior(0.0, 0.1)))
    assert drawn.converged
    assert np.log(drawn.parameters[:, 0]).std() < 0.5 * np.log(free.parameters[:, 0]).std()
    assert (drawn.standard_errors[:, 0] < free.standard_errors[:, 0]).all()


def test_D_only_changes_units() -> None:
    model, parameters = truth("gpcm", 6)
    x = simulated(model, parameters, np.random.default_rng(5).normal(size=500), 4)
    one, other = fit_mml(whole(x), "gpcm", 6), fit_mml(whole(x), "gpcm", 6, D=1.7)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(one.parameters[:, 0], 1.7 * other.parameters[:, 0], rtol=1e-5)
    np.testing.assert_allclose(one.parameters[:, 1:], other.parameters[:, 1:], atol=1e-5)


def test_score_table_of_items_of_different_sizes() -> None:
    model, parameters = truth("grm", 5)
    top = int((~np.isnan(parameters[:, 1:])).sum())
    theta = np.array([-1.0, 0.3])
    distribution = score_distribution(parameters, theta, 1.0, model)
    assert distribution.shape == (2, top + 1)
    np.testing.assert_allclose(distribution.sum(axis=1), 1.0)
    np.testing.assert_allclose(
        distribution @ np.arange(top + 1), expected_score(parameters, theta, 1.0, model)
    )
    mean, se = score_table(parameters, model=model)
    assert mean.shape == (top + 1,)
    assert (np.diff(mean) > 0).all()
    assert np.isfinite(se).all()
    ml, _ = score_table(parameters, method="ml", model=model)
    assert np.isneginf(ml[0])
    assert np.isposinf(ml[-1])


@pytest.mark.parametrize("name", POLYTOMOUS)
def test_abilities_from_items_of_different_sizes_by_brute_force(name: str) -> None:
    model, parameters = truth(name, 6)
    x = simulated(model, parameters, np.random.default_rng(0).normal(size=20), 1)
    x[3, :4] = -1
    lost = parameters.copy()
    lost[2] = np.nan  # an item without estimates is left out
    theta = np.linspace(-8, 8, 3201)
    p = model.probability(np.delete(parameters, 2, axis=0), theta, 1.0)
    left = np.delete(x, 2, axis=1)
    each = np.where(left >= 0, p[:, np.arange(5), np.maximum(left, 0)], 1.0).prod(axis=2)
    posterior = each * np.exp(-(theta**2) / 2)[:, None]
    posterior /= posterior.sum(axis=0)
    eap = estimate_abilities(whole(x), lost, model=model)
    np.testing.assert_allclose(eap.theta, theta @ posterior, atol=1e-6)
    np.testing.assert_allclose(eap.se**2, theta**2 @ posterior - (theta @ posterior) ** 2, atol=1e-6)
    top = estimate_abilities(whole(x), lost, method="map", model=model)
    np.testing.assert_allclose(top.theta, theta[posterior.argmax(axis=0)], atol=0.003)
    ml = estimate_abilities(whole(x), lost, method="ml", model=model)
    finite = np.isfinite(ml.theta)
    np.testing.assert_allclose(ml.theta[finite], theta[each.argmax(axis=0)][finite], atol=0.003)
    assert finite.sum() > 15


def test_a_fixed_item_keeps_a_score_that_nobody_has() -> None:
    model, parameters = truth("gpcm", 6)
    x = simulated(model, parameters, np.random.default_rng(2).normal(size=400), 5)
    fixed = np.full_like(parameters, np.nan)
    fixed[5] = parameters[5]
    x[:, 5] = np.minimum(x[:, 5], 2)
    fit = fit_mml(whole(x), "gpcm", 6, fixed=fixed, mean=0.0, sd=1.0)
    np.testing.assert_array_equal(fit.parameters[5], fixed[5])
    assert fit.log_likelihood == pytest.approx(log_likelihood(model, x, fit.parameters, 1.0), abs=1e-6)


def test_the_raw_score_is_enough_for_partial_credit_alone() -> None:
    theta = np.linspace(-6, 6, 61)
    for name in POLYTOMOUS:
        model, parameters = truth(name, 6)
        enough = is_raw_score_sufficient(model, model.to_working(parameters, 1.0), theta)
        assert enough == (name == "pcm")


def fitted_with(x: list[list[int]], name: str = "grm", **options: object) -> MmlFit:
    return fit_mml(whole(np.array(x, dtype=np.int8)), name, len(x[0]), **options)


def test_scores_that_cannot_be_estimated_are_named() -> None:
    x = [[0, 0], [2, 1], [3, 0], [0, 1]]
    with pytest.raises(InputError, match=r"'item 0: nobody scored 1'.*Join such scores"):
        fitted_with(x)
    with pytest.raises(InputError, match=r"scores above those the fixed values describe .*'item 0: score 3'"):
        fitted_with(x, fixed=np.array([[1.0, 0.0, 1.0, np.nan], [1.0, 0.0, np.nan, np.nan]]))
    with pytest.raises(InputError, match="scores above 1"):
        fitted_with(x, fixed=np.full((2, 2), np.nan))


def test_what_does_not_fit_the_model_is_said_at_once() -> None:
    fixed = np.array([[1.0, np.nan, 1.0], [np.nan, 0.0, 1.0], [1.0, 2.0, 1.0], [0.0, np.nan, np.nan]])
    with pytest.raises(InputError) as caught:
        fitted_with([[0, 1, 2, 0], [2, 0, 1, 1]], fixed=fixed, priors=Priors(b=NormalPrior(0.0, 1.0)))
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 4
    assert "some parameters of an item are fixed and others free (2 rows, e.g. 'item 0', 'item 1')" in said[0]
    assert "a of 0" in said[1]
    assert "out of order" in said[2]
    assert "prior on b" in said[3]
    with pytest.raises(InputError, match="Calibrate with gpcm"):
        fitted_with([[0, 1], [2, 0]], "pcm", fixed=np.array([[2.0, 0.0, 1.0], [np.nan] * 3]))
