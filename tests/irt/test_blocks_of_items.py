"""Persons that answered the same items, and margins of items without variance, on tables made by hand."""

import numpy as np
import pytest

from ciip_irt.irt.fit_statistics.item_sets import group_identical_sets
from ciip_irt.irt.fit_statistics.margins import expected_margins
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock


def test_every_person_of_every_block_is_in_one_set_with_the_own_scores() -> None:
    first = np.array([[1, 0, -1], [0, 1, 1], [1, 1, -1]], dtype=np.int8)
    second = np.array([[0, 1], [1, 1]], dtype=np.int8)
    third = np.array([[1, 0, 1]], dtype=np.int8)
    blocks = [ResponseBlock(np.arange(3), first), ResponseBlock(np.array([2, 0]), second),
              ResponseBlock(np.arange(3), third)]  # fmt: skip
    given = np.full((6, 3), -1, dtype=np.int8)
    given[:3], given[3:5, [2, 0]], given[5] = first, second, third
    found = list(group_identical_sets(blocks))
    assert sorted(int(n) for one in found for n in one.persons) == list(range(6))
    for one in found:
        for person, scores in zip(one.persons, one.scores, strict=True):
            answered = np.flatnonzero(given[person] >= 0)
            assert one.items.tolist() == answered.tolist()
            assert scores.tolist() == given[person, answered].tolist()


def test_an_item_that_all_answer_alike_is_left_out_of_the_residual_correlations() -> None:
    rng = np.random.default_rng(3)
    theta, weights = np.linspace(-3, 3, 31), np.full(31, 1 / 31)
    parameters = np.array([[1.0, 0.0, 0.0], [1.3, 0.5, 0.0], [0.8, -0.4, 0.0], [1.0, -2.0, 0.0]])
    model = MODELS["2pl"]
    scores = rng.integers(0, 2, (200, 4)).astype(np.int8)
    scores[:, 3] = 1
    found = expected_margins(parameters, theta, weights, model=model).srmsr(scores)
    without = expected_margins(parameters[:3], theta, weights, model=model).srmsr(scores[:, :3])
    assert found == pytest.approx(without, abs=1e-12)
    p = 1 / (1 + np.exp(-parameters[:3, 0] * (theta[:, None] - parameters[:3, 1])))
    mean = weights @ p
    covariance = (p * weights[:, None]).T @ p - np.outer(mean, mean)
    correlation = covariance / np.sqrt(np.outer(mean * (1 - mean), mean * (1 - mean)))
    gap = (np.corrcoef(scores[:, :3].T) - correlation)[np.triu_indices(3, 1)]
    assert found == pytest.approx(np.sqrt((gap**2).mean()), abs=1e-9)
