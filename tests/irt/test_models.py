"""Every registered model: values, derivatives, and the passage between reported and working parameters."""

import numpy as np
import pytest

from ciip_irt.irt.models import MODELS, ItemModel

THETA = np.linspace(-4.0, 4.0, 9)
STEP = 1e-6


def items(model: ItemModel, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.4, 2.0, 6) if "a" in model.free else np.ones(6)
    if model.for_categories is not None:
        return np.column_stack((a, np.sort(rng.normal(size=(6, model.n_categories - 1)), axis=1)))
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


SIZED = {
    f"{name} {size}": model.for_categories(size)
    for name, model in MODELS.items()
    if model.for_categories is not None
    for size in (2, 3, 5)
}
EVERY = {name: model for name, model in MODELS.items() if model.for_categories is None} | SIZED


@pytest.fixture(params=sorted(EVERY))
def model(request: pytest.FixtureRequest) -> ItemModel:
    return EVERY[request.param]


def curves(model: ItemModel, parameters: np.ndarray, D: float) -> np.ndarray:
    """The formula of the book for each family, score by score."""
    if model.for_categories is None:
        a, b, c = parameters.T
        right = c + (1 - c) / (1 + np.exp(-D * a * (THETA[:, None] - b)))
        return np.stack((1 - right, right), axis=2)
    a, b = parameters[:, :1], parameters[:, 1:]
    lines = D * a * (THETA[:, None, None] - b)
    if model.name == "grm":
        reached = 1 / (1 + np.exp(-lines))
        ends = np.ones((*reached.shape[:2], 1))
        return -np.diff(np.concatenate((ends, reached, 0 * ends), axis=2), axis=2)
    odds = np.exp(np.concatenate((np.zeros((*lines.shape[:2], 1)), np.cumsum(lines, axis=2)), axis=2))
    return odds / odds.sum(axis=2, keepdims=True)


@pytest.mark.parametrize("D", [1.0, 1.7])
def test_probabilities(model: ItemModel, D: float) -> None:
    parameters = items(model)
    p = model.probability(parameters, THETA, D)
    assert p.shape == (9, 6, model.n_categories)
    np.testing.assert_allclose(p.sum(axis=2), 1.0)
    np.testing.assert_allclose(p, curves(model, parameters, D), rtol=1e-9)
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
    share = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    start = model.start(share[:, None] ** np.arange(1, model.n_categories), 1.7)
    working = model.to_working(start, 1.7)
    low, high = np.array(model.working_bounds).T
    free = [model.parameters.index(name) for name in (*model.free, *model.common)]
    assert np.isfinite(start).all()
    assert ((working > low) & (working < high))[:, free].all()
    difficulty = start[:, 1:] if model.for_categories is not None else start[:, 1:2]
    assert (np.diff(difficulty.sum(axis=1)) <= 1e-9).all()


def test_tails_keep_their_digits(model: ItemModel) -> None:
    parameters = np.zeros((1, len(model.parameters)))
    parameters[0, 0] = 1.0
    if model.for_categories is not None:
        parameters[0, 1:] = np.arange(model.n_categories - 1)
    p = model.probability(parameters, np.array([-40.0, 40.0]), 1.0)
    # the last curve falls as the product of the steps, or in the graded model as the last threshold alone
    ends = parameters[0, 1:] if model.for_categories is not None else parameters[0, 1:2]
    lowest = (-40.0 - ends).sum() if model.name in ("pcm", "gpcm") else -40.0 - ends[-1]
    highest = (ends - 40.0).sum() if model.name in ("pcm", "gpcm") else ends[0] - 40.0
    np.testing.assert_allclose([p[0, 0, -1], p[1, 0, 0]], np.exp([lowest, highest]), rtol=1e-12)


@pytest.mark.parametrize("name", sorted({model.name for model in SIZED.values()}))
@pytest.mark.parametrize("D", [1.0, 1.7])
def test_an_item_with_fewer_scores_is_the_smaller_model(name: str, D: float) -> None:
    large, small = SIZED[f"{name} 5"], SIZED[f"{name} 3"]
    few = items(small)
    padded = np.column_stack((few, np.full((6, 2), np.nan)))
    p = large.probability(padded, THETA, D)
    np.testing.assert_allclose(p[..., :3], small.probability(few, THETA, D), rtol=1e-13)
    assert (p[..., 3:] == 0).all()
    np.testing.assert_allclose(
        large.gradient(padded, THETA, D)[..., :3, :3], small.gradient(few, THETA, D), atol=1e-14
    )
    for ours, theirs in zip(
        large.theta_derivatives(padded, THETA, D), small.theta_derivatives(few, THETA, D), strict=True
    ):
        np.testing.assert_allclose(ours[..., :3], theirs, atol=1e-14)
        assert (ours[..., 3:] == 0).all()
    working = large.to_working(padded, D)
    np.testing.assert_allclose(large.from_working(working, D), padded, atol=1e-14)
    by = large.working_gradient(working, THETA)
    np.testing.assert_allclose(by[..., :3, :3], small.working_gradient(working[:, :3], THETA), atol=1e-14)
    assert (by[..., 3:, :] == 0).all()
    jacobian = large.reported_jacobian(working, D)
    np.testing.assert_allclose(jacobian[:, :3, :3], small.reported_jacobian(working[:, :3], D), atol=1e-14)
    assert (jacobian[:, 3:] == 0).all()


def test_two_scores_are_the_logistic_model() -> None:
    two = items(MODELS["2pl"])
    for name in ("pcm", "gpcm", "grm"):
        p = SIZED[f"{name} 2"].probability(two[:, :2], THETA, 1.7)
        np.testing.assert_allclose(p, MODELS["2pl"].probability(two, THETA, 1.7), rtol=1e-12)


def test_a_model_is_a_value(model: ItemModel) -> None:
    with pytest.raises(AttributeError):
        model.name = "another"  # type: ignore[misc]
