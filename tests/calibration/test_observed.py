"""Observed points beside a curve: the item is left out of the ability that groups the candidates."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.irt import expected_item_score, person_posteriors
from ciip_irt.responses import ScoredResponses, score


def simulated(people: int, items: int, seed: int) -> tuple[ScoredResponses, Calibration]:
    rng = np.random.default_rng(seed)
    theta, b = rng.normal(size=(people, 1)), rng.normal(size=items)
    right = rng.random((people, items)) < 1 / (1 + np.exp(b - theta))
    ids = [f"I{j:02}" for j in range(items)]
    bank = pl.DataFrame({"item_id": ids, "domain": "A", "status": "scored", "key": "A", "options": "AB"})
    log = pl.DataFrame(
        {
            "candidate_id": np.repeat([f"C{i:04}" for i in range(people)], items),
            "item_id": ids * people,
            "response": np.where(right.ravel(), "A", "B"),
        }
    ).with_columns(
        delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("F"), status=pl.lit("answered")
    )
    scored = score(log, ItemBank.from_frame(bank))
    return scored, calibrate(scored, "rasch")


@pytest.fixture(scope="module")
def short_tests() -> list[tuple[ScoredResponses, Calibration]]:
    return [simulated(1000, 15, seed) for seed in (1, 2, 3)]


def test_points_of_a_model_that_holds_lie_on_its_curve(
    short_tests: list[tuple[ScoredResponses, Calibration]],
) -> None:
    """With the item inside, the outer tenths are off by .1 and 61 of 100 intervals hold the expectation."""
    points = pl.concat([calibration.observed_proportions for _, calibration in short_tests])
    apart = points.with_columns(apart=pl.col("observed") - pl.col("expected"))
    for group in (1, 10):
        assert abs(apart.filter(group=group)["apart"].mean()) < 0.02  # type: ignore[arg-type, operator]
    inside = (points["expected"] >= points["low"]) & (points["expected"] <= points["high"])
    assert 0.93 < inside.mean() < 0.985  # type: ignore[operator]  # 450 intervals: .95 or .96, +- .02


def test_points_are_those_of_a_posterior_from_the_other_answers(
    short_tests: list[tuple[ScoredResponses, Calibration]],
) -> None:
    scored, calibration = short_tests[0]
    parameters = calibration.parameters_array.copy()
    theta = np.linspace(-8, 8, 321) * calibration.sd + calibration.mean
    weights = np.exp(-0.5 * ((theta - calibration.mean) / calibration.sd) ** 2)
    right = expected_item_score(parameters, theta)[:, 4]
    parameters[4] = np.nan
    others = person_posteriors(scored.response_blocks(), parameters, theta, weights / weights.sum())
    ability, expected = others @ theta, others @ right
    found = calibration.observed_proportions.filter(item_id="I04")
    tenth = np.argsort(np.argsort(np.round(ability, 6), kind="stable"), kind="stable") // 100
    for group in range(10):
        row = found.row(group, named=True)
        assert row["theta"] == pytest.approx(ability[tenth == group].mean(), abs=1e-4)
        assert row["expected"] == pytest.approx(expected[tenth == group].mean(), abs=1e-4)
        answers = scored.blocks[0].scores[tenth == group, 4]
        assert row["observed"] == pytest.approx(float(answers.mean()), abs=1e-12)
