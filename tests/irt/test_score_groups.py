"""Short cuts of the estimation give what the long way gives."""

import numpy as np
import pytest

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.em import e_step
from ciip_irt.irt.em.e_step import expect_counts, log_probability
from ciip_irt.irt.em.score_groups import (
    ScoreGroups,
    group_by_score,
    is_raw_score_sufficient,
    sort_by_score,
    split_complete,
)
from ciip_irt.irt.estimation import missing_information
from ciip_irt.irt.estimation.mml import MmlFit, fit_mml
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.response_blocks import ResponseBlock

J = 12
THETA = np.linspace(-5, 5, 41)


def answers(seed: int, persons: int, a: FloatArray | float = 1.0, missing: float = 0.0) -> ResponseBlock:
    rng = np.random.default_rng(seed)
    theta, b = rng.normal(size=(persons, 1)), np.linspace(-2, 2, J)
    scores = (rng.random((persons, J)) < 1 / (1 + np.exp(-a * (theta - b)))).astype(np.int8)
    scores[: persons // 3][rng.random((persons // 3, J)) < missing] = -1
    return ResponseBlock(np.arange(J), scores)


def same(one: MmlFit, other: MmlFit, tolerance: float = 1e-9) -> None:
    assert one.iterations == other.iterations
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(one.parameters, other.parameters, atol=tolerance)
    np.testing.assert_allclose(one.standard_errors, other.standard_errors, atol=tolerance)
    np.testing.assert_allclose(one.population_sd_se, other.population_sd_se, atol=tolerance)


@pytest.mark.parametrize("model", ["rasch", "1pl"])
@pytest.mark.parametrize("errors", ["oakes", "cross_product"])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_raw_score_groups_change_nothing(
    model: str, errors: str, missing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [answers(1, 400, missing=missing), answers(2, 300)]
    grouped = fit_mml(blocks, model, J, standard_errors=errors)
    monkeypatch.setattr(e_step, "is_raw_score_sufficient", lambda *_: False)
    same(grouped, fit_mml(blocks, model, J, standard_errors=errors))


@pytest.mark.parametrize("model", ["rasch", "1pl", "2pl"])
def test_standard_errors_by_lines_are_those_by_points(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [answers(3, 900, a=np.linspace(0.7, 1.6, J)), answers(4, 200, missing=0.3)]
    by_lines = fit_mml(blocks, model, J)
    monkeypatch.setattr(missing_information, "_rise", lambda *_: None)
    same(by_lines, fit_mml(blocks, model, J))


def test_pieces_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [answers(5, 500), answers(6, 100, missing=0.3)]
    whole = {model: fit_mml(blocks, model, J) for model in ("2pl", "3pl")}
    monkeypatch.setattr(missing_information, "IN_CACHE", 7)
    monkeypatch.setattr(missing_information, "PERSONS_A_PRODUCT", 60)
    for model, fit in whole.items():
        same(fit, fit_mml(blocks, model, J), 1e-8)


def test_groups_have_the_expectation_of_their_persons() -> None:
    block = answers(7, 600)
    parameters = np.column_stack((np.ones(J), np.linspace(-1, 2, J), np.zeros(J)))
    log_p = log_probability(MODELS["rasch"].probability(parameters, THETA, 1.0))
    weights = log_weights(THETA, np.array([0.3]), np.array([0.8]))
    groups, others = group_by_score([block], 2)
    assert not others
    assert sum(group.persons.sum() for group in groups) == 600
    one, each = expect_counts(groups, log_p, weights), expect_counts([block], log_p, weights)
    assert one.log_likelihood == pytest.approx(each.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(one.counts, each.counts, atol=1e-9)
    np.testing.assert_allclose(one.persons, each.persons, atol=1e-9)


def test_expectation_is_the_plain_sum_over_persons() -> None:
    block = answers(8, 40, missing=0.3)
    parameters = np.column_stack((np.linspace(0.5, 2, J), np.linspace(-1, 2, J), np.full(J, 0.2)))
    p = MODELS["3pl"].probability(parameters, THETA, 1.0)
    weights = log_weights(THETA, np.array([0.0]), np.array([1.0]))
    got = expect_counts([block], log_probability(p), weights)
    counts, total = np.zeros(p.shape), 0.0
    for scores in block.scores:
        likelihood = np.exp(weights[0])
        for item, score in enumerate(scores):
            if score >= 0:
                likelihood = likelihood * p[:, item, score]
        total += np.log(likelihood.sum())
        for item, score in enumerate(scores):
            if score >= 0:
                counts[:, item, score] += likelihood / likelihood.sum()
    assert got.log_likelihood == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(got.counts, counts, atol=1e-10)


@pytest.mark.parametrize("window", [(0, 5), (30, 41), (20, 22), (0, 41)])
def test_points_left_out_are_visited_again_where_persons_live_there(window: tuple[int, int]) -> None:
    block = sort_by_score([answers(11, 300, missing=0.1)])[0]
    parameters = np.column_stack((np.ones(J), np.linspace(-1, 2, J), np.full(J, 0.1)))
    log_p = log_probability(MODELS["3pl"].probability(parameters, THETA, 1.0))
    weights = log_weights(THETA, np.array([0.0]), np.array([1.0]))
    everywhere = expect_counts([block], log_p, weights)
    for windows in ((window,), everywhere.windows):
        got = expect_counts([block], log_p, weights, windows=windows)
        assert got.log_likelihood == pytest.approx(everywhere.log_likelihood, rel=1e-12)
        np.testing.assert_allclose(got.counts, everywhere.counts, atol=1e-8)
    assert sum(end - first for first, end in everywhere.windows) <= THETA.size


def test_raw_score_is_not_enough_with_other_slopes_or_guessing() -> None:
    working = np.array([[1.0, 0.0, -np.inf], [1.0, 0.5, -np.inf]])
    assert is_raw_score_sufficient(MODELS["1pl"], working, THETA)
    assert not is_raw_score_sufficient(MODELS["2pl"], working, THETA)
    assert not is_raw_score_sufficient(MODELS["1pl"], working * [[1.0, 1, 1], [1.1, 1, 1]], THETA)
    guessing = np.array([[1.0, 0.0, -np.inf], [1.0, 0.5, -1.0]])
    assert not is_raw_score_sufficient(MODELS["1pl"], guessing, THETA)


def test_few_persons_are_not_grouped_and_missing_cells_set_apart() -> None:
    groups, others = group_by_score([answers(9, 5)], 2)
    assert not groups
    assert others[0].n_persons == 5
    parts = split_complete([answers(10, 300, missing=0.2)])
    assert sum(part.n_persons for part in parts) == 300
    assert [part.complete for part in parts] == [True, False]
    assert isinstance(group_by_score(parts, 2)[0][0], ScoreGroups)
