"""Populations as histograms: against a direct optimiser, plain EM, known skewed populations."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, root
from scipy.special import expit

from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.mml import MmlFit, fit_mml
from ciip_irt.irt.priors import NormalPrior, Priors
from ciip_irt.irt.response_blocks import ResponseBlock

POINTS = np.linspace(-3.0, 3.0, 7)


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mean 0, standard deviation 1, skewness 1.6."""
    return (rng.gamma(1.5, 1.0, n) - 1.5) / np.sqrt(1.5)


def answers(a: np.ndarray, b: np.ndarray, ability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random((ability.size, b.size)) < expit(a * (ability[:, None] - b))).astype(np.int8)


def likelihood(parameters: np.ndarray, scores: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Persons x points, item by item."""
    result = np.ones((scores.shape[0], theta.size))
    for (a, b, _), column in zip(parameters, scores.T, strict=True):
        p = expit(a * (theta - b))
        result[column == 1] *= p
        result[column == 0] *= 1 - p
    return result


@pytest.fixture(scope="module")
def small() -> tuple[np.ndarray, MmlFit]:
    rng = np.random.default_rng(5)
    a, b = np.array([1.2, 0.8, 1.5, 1.0, 1.3]), np.array([-1.0, -0.3, 0.2, 0.6, 1.2])
    scores = answers(a, b, skewed(rng, 400), rng)
    fit = fit_mml(
        [ResponseBlock(np.arange(5), scores)],
        "2pl",
        5,
        population="histogram",
        quadrature=POINTS,
        tolerance=1e-9,
        max_iterations=5000,
    )
    return scores, fit


@pytest.mark.filterwarnings("ignore:Values in x were outside bounds")  # SciPy 1.13 says so of its own steps
def test_no_direct_optimiser_finds_more(small: tuple[np.ndarray, MmlFit]) -> None:
    scores, fit = small
    assert fit.converged
    assert fit.lindsay_bound < 0.01

    def minus(x: np.ndarray) -> float:
        parameters = np.column_stack((x[:5], x[5:10], np.zeros(5)))
        return -float(np.log(likelihood(parameters, scores, POINTS) @ np.maximum(x[10:], 0.0)).sum())

    constraints = [
        {"type": "eq", "fun": lambda x: x[10:].sum() - 1},
        {"type": "eq", "fun": lambda x: x[10:] @ POINTS},
        {"type": "eq", "fun": lambda x: x[10:] @ POINTS**2 - 1},
    ]
    normal = np.exp(-0.5 * POINTS**2)
    start = np.concatenate((np.ones(5), np.zeros(5), normal / normal.sum()))
    bounds = [(0.1, 5)] * 5 + [(-4, 4)] * 5 + [(0, 1)] * 7
    found = minimize(
        minus, start, method="SLSQP", bounds=bounds, constraints=constraints, options={"maxiter": 500}
    )
    ours = np.concatenate((fit.parameters[:, 0], fit.parameters[:, 1], fit.weights[0]))
    assert -minus(ours) == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert fit.log_likelihood > -found.fun - 0.01
    assert -found.fun > fit.log_likelihood - 0.1  # the optimiser came as far: the comparison says something
    assert np.abs(found.x[:10] - ours[:10]).max() < 0.02


def test_the_moments_that_identify_the_scale_hold(small: tuple[np.ndarray, MmlFit]) -> None:
    _, fit = small
    weights = fit.weights[0]
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert weights @ POINTS == pytest.approx(0.0, abs=1e-10)
    assert weights @ POINTS**2 == pytest.approx(1.0, abs=1e-9)


def test_weights_of_known_items_are_those_of_plain_em() -> None:
    rng = np.random.default_rng(8)
    fixed = np.column_stack((np.ones(12), np.linspace(-2, 2, 12), np.zeros(12)))
    scores = answers(*fixed.T[:2], skewed(rng, 500) + 0.8, rng)
    points = np.linspace(-3, 5, 17)
    fit = fit_mml(
        [ResponseBlock(np.arange(12), scores)],
        "rasch",
        12,
        fixed=fixed,
        population="histogram",
        quadrature=points,
        tolerance=1e-8,
        max_iterations=20_000,
    )
    each = likelihood(fixed, scores, points)
    weights = np.full(points.size, 1 / points.size)
    for _ in range(20_000):
        posterior = each * weights
        weights = (posterior / posterior.sum(axis=1, keepdims=True)).mean(axis=0)
    plain = float(np.log(each @ weights).sum())
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(plain, abs=0.02)
    # the bound of the distance holds, whichever came further
    assert plain <= fit.log_likelihood + fit.lindsay_bound
    assert fit.population_mean[0] == pytest.approx(weights @ points, abs=0.01)
    assert fit.population_mean[0] == pytest.approx(0.8, abs=0.15)


def test_difficulties_are_bent_less_by_a_skewed_population() -> None:
    rng = np.random.default_rng(11)
    a, b = np.exp(rng.normal(0.1, 0.2, 40)), rng.normal(0, 1.2, 40)
    blocks = [ResponseBlock(np.arange(40), answers(a, b, skewed(rng, 3000), rng))]
    error = {}
    fits = {}
    for population in ("normal", "histogram"):
        fit = fits[population] = fit_mml(blocks, "2pl", 40, population=population)
        error[population] = np.sqrt(((fit.parameters[:, 1] - b) ** 2).mean())
        assert fit.converged
    assert error["histogram"] < 0.7 * error["normal"]
    assert fits["histogram"].log_likelihood > fits["normal"].log_likelihood + 50
    weights, theta = fits["histogram"].weights[0], fits["histogram"].theta
    assert 1.2 < weights @ theta**3 < 2.0  # the truth is 1.63
    assert np.abs(fits["normal"].weights[0] @ theta**3) < 1e-6


def test_anchored_new_items_and_several_groups() -> None:
    """Two skewed groups of different ability, linked by items; the anchors hold the scale for both."""
    rng = np.random.default_rng(21)
    a, b = np.exp(rng.normal(0, 0.2, 36)), rng.normal(0, 1, 36)
    sets = [np.arange(24), np.arange(12, 36)]
    ability = [skewed(rng, 1500) + 0.5, 0.6 * -skewed(rng, 1500)]
    blocks = [
        ResponseBlock(which, answers(a[which], b[which], people, rng), group)
        for group, (which, people) in enumerate(zip(sets, ability, strict=True))
    ]
    fixed = np.full((36, 3), np.nan)
    fixed[:18] = np.column_stack((a, b, np.zeros(36)))[:18]
    fit = fit_mml(blocks, "2pl", 36, fixed=fixed, population="histogram")
    assert fit.converged
    assert fit.population_mean == pytest.approx([people.mean() for people in ability], abs=0.08)
    assert fit.population_sd == pytest.approx([people.std() for people in ability], abs=0.08)
    distance = (fit.parameters - np.column_stack((a, b, np.zeros(36))))[fit.free] / fit.standard_errors[
        fit.free
    ]
    assert (np.abs(distance) < 1.96).mean() > 0.8
    third = [
        row @ ((fit.theta - mean) / sd) ** 3
        for row, mean, sd in zip(fit.weights, fit.population_mean, fit.population_sd, strict=True)
    ]
    assert third[0] > 0.8
    assert third[1] < -0.8


def test_a_standard_deviation_that_is_given_is_held() -> None:
    rng = np.random.default_rng(2)
    b = np.linspace(-1, 1, 10)
    scores = answers(np.ones(10), b, skewed(rng, 600), rng)
    fixed = np.full((10, 3), np.nan)
    fixed[:4, 1] = b[:4]
    fit = fit_mml(
        [ResponseBlock(np.arange(10), scores)], "rasch", 10, fixed=fixed, sd=0.9, population="histogram"
    )
    weights, theta = fit.weights[0], fit.theta
    mean = weights @ theta
    assert np.sqrt(weights @ (theta - mean) ** 2) == pytest.approx(0.9, abs=1e-4)
    assert fit.population_mean[0] == pytest.approx(mean, abs=1e-9)


def test_standard_errors_against_differences_of_the_likelihood(small: tuple[np.ndarray, MmlFit]) -> None:
    """Anchored, so that both moments count: the histogram is moved to moments and shapes near its own."""
    scores, free = small
    fixed = np.full((5, 3), np.nan)
    fixed[:2] = free.parameters[:2]
    fit = fit_mml(
        [ResponseBlock(np.arange(5), scores)],
        "2pl",
        5,
        fixed=fixed,
        population="histogram",
        quadrature=POINTS,
        priors=Priors(log_a=NormalPrior(0.0, 0.5)),
        tolerance=1e-10,
        max_iterations=20_000,
    )
    assert fit.converged

    center, spread = fit.population_mean[0], fit.population_sd[0]
    # polynomials orthonormal under the weights, the orders 3 to 6
    orders = ((POINTS - center) / spread)[:, None] ** np.arange(7)
    shape = np.linalg.qr(orders * np.sqrt(fit.weights[0])[:, None])[0] / np.sqrt(fit.weights[0])[:, None]
    shape = shape[:, 3:]

    def moved(mean: float, sd: float, along: np.ndarray) -> np.ndarray:
        def tilted(x: np.ndarray) -> np.ndarray:
            weights = fit.weights[0] * np.exp(x[0] * POINTS + x[1] * POINTS**2)
            return np.asarray(weights / weights.sum())

        def off(x: np.ndarray) -> np.ndarray:
            center = tilted(x) @ POINTS
            return np.array([center - mean, np.sqrt(tilted(x) @ (POINTS - center) ** 2) - sd])

        weights = tilted(root(off, np.zeros(2), tol=1e-13).x) * (1 + shape @ along)
        return np.asarray(weights / weights.sum())

    def value(x: np.ndarray) -> float:
        parameters = fit.parameters.copy()
        parameters[2:, 0], parameters[2:, 1] = x[:3], x[3:6]
        log_a = np.log(x[:3])
        prior = (-log_a - 0.5 * (log_a / 0.5) ** 2).sum() - 0.5 * (x[8:] ** 2).sum()
        return float(np.log(likelihood(parameters, scores, POINTS) @ moved(x[6], x[7], x[8:])).sum() + prior)

    x = np.concatenate(
        (
            fit.parameters[2:, 0],
            fit.parameters[2:, 1],
            fit.population_mean,
            fit.population_sd,
            np.zeros(shape.shape[1]),
        )
    )
    step, eye = 1e-3, np.eye(x.size)
    information = np.empty((x.size, x.size))
    for i in range(x.size):
        for j in range(x.size):
            corners = [s * t * value(x + step * (s * eye[i] + t * eye[j])) for s in (1, -1) for t in (1, -1)]
            information[i, j] = -sum(corners) / (4 * step**2)
    wanted = np.sqrt(np.diag(np.linalg.inv(information)))
    found = np.concatenate(
        (
            fit.standard_errors[2:, 0],
            fit.standard_errors[2:, 1],
            fit.population_mean_se,
            fit.population_sd_se,
        )
    )
    assert found == pytest.approx(wanted[:8], rel=1e-2)
    known = np.sqrt(np.diag(np.linalg.inv(information[:8, :8])))
    assert (found > known).all()  # the shape is not known: that costs precision


def test_persons_in_raw_score_groups_have_the_same_histogram() -> None:
    """Complete Rasch answers are counted by raw score; one answer lost a person undoes that."""
    rng = np.random.default_rng(9)
    b = np.linspace(-1.5, 1.5, 15)
    scores = answers(np.ones(15), b, skewed(rng, 800), rng)
    extra = np.hstack((scores, np.full((800, 1), -1, dtype=np.int8)))
    extra[0, 15], extra[1, 15] = 1, 0
    points = np.linspace(-4, 4, 15)
    options = {"population": "histogram", "quadrature": points, "max_iterations": 5000, "tolerance": 1e-8}
    whole = fit_mml([ResponseBlock(np.arange(15), scores)], "rasch", 15, **options)
    holes = fit_mml([ResponseBlock(np.arange(16), extra)], "rasch", 16, **options)
    assert np.abs(whole.parameters[:, 1] - holes.parameters[:15, 1]).max() < 0.02


def test_an_unknown_population_is_refused() -> None:
    with pytest.raises(InputError, match="unknown population 'gamma'"):
        fit_mml([ResponseBlock(np.arange(1), np.ones((2, 1), dtype=np.int8))], "rasch", 1, population="gamma")


def test_owen_weights_solve_their_equation() -> None:
    """The M-step's weights ``p / (1 + lambda g)`` against a root found in one dimension."""
    from ciip_irt.irt.population import Population, update_population

    theta = np.linspace(-2, 2, 9)
    persons = np.array([[1.0, 4, 9, 20, 30, 22, 9, 4, 3]])
    held, free = np.array([False]), np.array([True])
    population = Population(np.array([0.0]), np.array([1.0]), held, free, persons / persons.sum())
    found = update_population(population, theta, persons).histogram
    p = persons[0] / persons.sum()
    multiplier = brentq(lambda x: (p * theta / (1 + x * theta)).sum(), -0.45, 0.45, xtol=1e-14)
    assert found is not None
    assert found[0] == pytest.approx(p / (1 + multiplier * theta), abs=1e-10)


def test_few_candidates_are_told_to_take_the_normal() -> None:
    rng = np.random.default_rng(3)
    b = np.linspace(-1, 1, 10)
    scores = answers(np.ones(10), b, rng.normal(size=20), rng)
    fit = fit_mml(
        [ResponseBlock(np.arange(10), scores)], "2pl", 10, population="histogram", max_iterations=60
    )
    assert not fit.converged
    assert any("the normal population is the better choice" in warning for warning in fit.warnings)
