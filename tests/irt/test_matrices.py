"""The face for arrays: every way to give the same answers gives the same numbers, wrong input is told."""

import inspect

import numpy as np
import polars as pl
import pytest

from ciip_irt import irt
from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.response_blocks import ResponseBlock

B = np.linspace(-1.2, 1.2, 8)


def drawn(n: int, seed: int, missing: float = 0.0, mean: float = 0.0) -> np.ndarray:
    """Shape (n, 8), floats with nan."""
    rng = np.random.default_rng(seed)
    x = (rng.random((n, 8)) < 1 / (1 + np.exp(B - rng.normal(mean, 1.0, (n, 1))))).astype(float)
    x[rng.random(x.shape) < missing] = np.nan
    return x


@pytest.fixture(scope="module")
def answers() -> np.ndarray:
    return drawn(400, 5, missing=0.2)


def test_nan_minus_one_lists_and_frames_are_the_same_answers(answers: np.ndarray) -> None:
    wanted = irt.fit(answers, "rasch").parameters
    with_minus = np.where(np.isnan(answers), -1, answers).astype(np.int8)
    for same in (with_minus, with_minus.tolist(), pl.DataFrame(with_minus), pl.DataFrame(answers)):
        np.testing.assert_array_equal(irt.fit(same, "rasch").parameters, wanted)


def test_a_fit_is_that_of_the_blocks(answers: np.ndarray) -> None:
    scores = np.where(np.isnan(answers), -1, answers).astype(np.int8)
    wanted = fit_mml([ResponseBlock(np.arange(8), scores)], "2pl", 8)
    got = irt.fit(answers, "2pl")
    np.testing.assert_allclose(got.parameters, wanted.parameters, atol=1e-9)
    np.testing.assert_allclose(got.standard_errors, wanted.standard_errors, atol=1e-9)


def test_two_forms_become_two_blocks_and_change_nothing() -> None:
    x = drawn(600, 6)
    x[:300, :2], x[300:, 6:] = np.nan, np.nan
    blocks, rows = irt.response_blocks_of(x)
    assert sorted(block.items.size for block in blocks) == [6, 6]
    assert sorted(rows.tolist()) == list(range(600))
    scores = np.where(np.isnan(x), -1, x).astype(np.int8)
    wanted = fit_mml([ResponseBlock(np.arange(8), scores)], "rasch", 8)
    np.testing.assert_allclose(irt.fit(x, "rasch").parameters, wanted.parameters, atol=1e-6)


def test_persons_keep_their_rows_whatever_their_group() -> None:
    x = np.vstack((drawn(60, 7), drawn(60, 8, mean=1.0)))
    groups = np.repeat([1, 0], 60)
    mixed = np.random.default_rng(1).permutation(120)
    plain = irt.abilities(x, B, groups=groups, mean=[0.3, -0.3], sd=[1.0, 0.8])
    moved = irt.abilities(x[mixed], B, groups=groups[mixed], mean=[0.3, -0.3], sd=[1.0, 0.8])
    np.testing.assert_array_equal(moved.theta, plain.theta[mixed])
    np.testing.assert_array_equal(
        irt.person_fit(x[mixed], B, groups=groups[mixed]).p, irt.person_fit(x, B, groups=groups).p[mixed]
    )


def test_eap_is_the_mean_of_the_posterior() -> None:
    x = np.array([[1, 0, 1, 1, 0, np.nan, 0, 1]])
    theta = np.linspace(-8, 8, 4001)
    p = 1 / (1 + np.exp(B - theta[:, None]))
    weight = np.exp(-0.5 * theta**2)
    for item in range(8):
        if not np.isnan(x[0, item]):
            weight *= p[:, item] if x[0, item] == 1 else 1 - p[:, item]
    weight /= weight.sum()
    got = irt.abilities(x, B)
    assert got.theta[0] == pytest.approx(weight @ theta, abs=1e-6)
    assert got.se[0] == pytest.approx(np.sqrt(weight @ theta**2 - (weight @ theta) ** 2), abs=1e-6)


def test_the_population_of_the_fit_is_the_prior_of_its_abilities() -> None:
    x = drawn(500, 9)
    found = irt.fit(x, "rasch")
    given = irt.abilities(x, found.parameters, mean=found.population_mean, sd=found.population_sd)
    np.testing.assert_array_equal(irt.abilities(x, found).theta, given.theta)
    histogram = irt.fit(x, "rasch", population="histogram")
    own = irt.abilities(x, histogram)
    # with the weights that maximise the likelihood the mean of the posteriors is the population's mean
    assert own.theta.mean() == pytest.approx(histogram.weights[0] @ histogram.theta, abs=0.01)


def test_difficulties_a_and_b_and_three_columns_say_the_same() -> None:
    theta = [-1.0, 0.0, 2.0]
    one = irt.information(B, theta)
    np.testing.assert_array_equal(irt.information(np.column_stack((np.ones(8), B)), theta), one)
    np.testing.assert_array_equal(irt.information(np.column_stack((np.ones(8), B, np.zeros(8))), theta), one)
    p = 1 / (1 + np.exp(B - np.array(theta)[:, None]))
    np.testing.assert_allclose(one, p * (1 - p))


def test_scores_above_one() -> None:
    rng = np.random.default_rng(3)
    x = np.clip(np.rint(1 + rng.normal(size=(500, 1)) + rng.normal(size=(500, 4))), 0, 2)
    found = irt.fit(x, "gpcm")
    assert found.parameters.shape == (4, 3)
    assert irt.information(found, [0.0]).shape == (1, 4)
    assert irt.abilities(x, found.parameters, model="gpcm").theta.shape == (500,)


def test_fit_statistics_name_the_item_that_does_not_fit() -> None:
    x = drawn(1500, 11)
    x[:, 3] = np.random.default_rng(2).integers(0, 2, 1500)  # guessed at
    found = irt.fit(x, "rasch")
    assert int(np.nanargmin(irt.item_fit(x, found, "s_x2").column("p"))) == 3
    assert int(irt.item_fit(x, found, "mean_squares").column("outfit").argmax()) == 3
    assert irt.model_fit(x, found).p < 0.001
    low, high = irt.intervals(found)
    assert bool((low[:, 1] < found.parameters[:, 1]).all() and (found.parameters[:, 1] < high[:, 1]).all())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: irt.fit([0, 1, 1], "rasch"), r"answers of shape \(3,\).*persons x items"),
        (
            lambda: irt.fit([[0.5, 1], [0, 1]], "rasch"),
            r"no scores.*row 0, column 0: 0\.5",
        ),
        (lambda: irt.fit([["A", "B"]], "rasch"), "answers that are not numbers"),
        (lambda: irt.fit([[0, -3], [0, 1]], "rasch"), "row 0, column 1: -3"),
        (lambda: irt.fit([[0, 1], [1, 0]], "rasch", groups=[0]), "groups of shape"),
        (lambda: irt.abilities([[0, 1]], B), "2 columns of answers and 8 rows of parameters"),
        (lambda: irt.abilities([[0, 1]], np.ones((2, 5))), r"parameters of shape \(2, 5\)"),
        (lambda: irt.information(B, [0.0], model="rash"), "unknown model 'rash'.*Did you mean 'rasch'"),
        (lambda: irt.item_fit([[0, 1]], [0.0, 1.0], "s_x"), "unknown statistic.*Did you mean 's_x2'"),
    ],
)
def test_wrong_input_is_told(call, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


def test_every_name_is_there_and_every_function_explains_itself() -> None:
    assert set(dir(irt)) >= {"fit", "abilities", "information", "item_fit", "link", "MODELS"}
    for name in irt.__all__:
        thing = getattr(irt, name)
        if inspect.isfunction(thing) and thing.__module__.startswith("ciip_irt.irt.matri"):
            said = inspect.getdoc(thing) or ""
            assert ">>>" in said, name
            assert "Raises" in said, name
            assert "Parameters" in said, name
