"""Every registered model: values, derivatives, and the passage between reported and working parameters."""

import numpy as np
import pytest

from ciip_irt.irt.models import MODELS, ItemModel

THETA = np.linspace(-4.0, 4.0, 9)
STEP = 1e-6


def items(model: ItemModel, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.4, 2.0, 6) if "a" in model.free else np.ones(6)
    c = rng.uniform(0.05, 0.3, 6) if "c" in model.free else np.zeros(6)
    return np.column_stack((a, rng.normal(size=6), c))


def numerical(function, at: np.ndarray) -> np.ndarray:
    columns = []
    for p in range(at.shape[1]):
        up, down = at.copy(), at.copy()
        up[:, p] += STEP
        down[:, p] -= STEP
        columns.append((function(up) - function(down)) / (2 * STEP))
    return np.stack(columns, axis=-1)


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> ItemModel:
    return MODELS[request.param]


@pytest.mark.parametrize("D", [1.0, 1.7])
def test_probabilities(model: ItemModel, D: float) -> None:
    parameters = items(model)
    p = model.probability(parameters, THETA, D)
    assert p.shape == (9, 6, model.n_categories)
    np.testing.assert_allclose(p.sum(axis=2), 1.0)
    a, b, c = parameters.T
    np.testing.assert_allclose(p[..., 1], c + (1 - c) / (1 + np.exp(-D * a * (THETA[:, None] - b))))
    working = model.to_working(parameters, D)
    np.testing.assert_allclose(model.working_probability(working, THETA), p, atol=1e-14)
    np.testing.assert_allclose(model.from_working(working, D), parameters, atol=1e-14)


@pytest.mark.parametrize("D", [1.0, 1.7])
def test_derivatives(model: ItemModel, D: float) -> None:
    parameters = items(model)
    got = model.gradient(parameters, THETA, D)
    np.testing.assert_allclose(
        got, numerical(lambda at: model.probability(at, THETA, D), parameters), atol=1e-8
    )
    first, second = model.theta_derivatives(parameters, THETA, D)

    def p(shift: float) -> np.ndarray:
        return model.probability(parameters, THETA + shift, D)

    np.testing.assert_allclose(first, (p(STEP) - p(-STEP)) / (2 * STEP), atol=1e-8)
    np.testing.assert_allclose(second, (p(1e-4) - 2 * p(0.0) + p(-1e-4)) / 1e-8, atol=1e-6)
    working = model.to_working(np.where(parameters == 0, 0.1, parameters), D)
    np.testing.assert_allclose(
        model.working_gradient(working, THETA),
        numerical(lambda at: model.working_probability(at, THETA), working),
        atol=1e-8,
    )
    np.testing.assert_allclose(
        model.reported_jacobian(working, D),
        numerical(lambda at: model.from_working(at, D), working),
        atol=1e-7,
    )


def test_start_values_are_inside_the_box(model: ItemModel) -> None:
    start = model.start(np.array([0.001, 0.1, 0.5, 0.9, 0.999]), 1.7)
    working = model.to_working(start, 1.7)
    low, high = np.array(model.working_bounds).T
    free = [model.parameters.index(name) for name in (*model.free, *model.common)]
    assert np.isfinite(start).all()
    assert ((working > low) & (working < high))[:, free].all()
    assert (np.diff(start[:, 1]) <= 0).all()


def test_tails_keep_their_digits(model: ItemModel) -> None:
    p = model.probability(np.array([[1.0, 0.0, 0.0]]), np.array([-40.0, 40.0]), 1.0)
    np.testing.assert_allclose([p[0, 0, 1], p[1, 0, 0]], np.exp(-40.0), rtol=1e-12)


def test_a_model_is_a_value(model: ItemModel) -> None:
    with pytest.raises(AttributeError):
        model.name = "another"  # type: ignore[misc]
