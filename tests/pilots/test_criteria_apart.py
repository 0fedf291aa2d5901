"""Fit and time: criteria with evidence of their own, against plain counts and simulation."""

from dataclasses import replace

import numpy as np
import pytest

from ciip_irt.pilots.decision.criteria import CRITERIA
from ciip_irt.pilots.decision.joint_probability import judge
from ciip_irt.pilots.decision.verdict import verdict
from ciip_irt.pilots.evidence.curve_fit import AbilityGroups
from ciip_irt.pilots.evidence.item_evidence import (
    CurvePosterior,
    ItemEvidence,
    Misfit,
    Observed,
    TimeEvidence,
)
from ciip_irt.pilots.policy import load_policy

U = np.linspace(-5.0, 5.0, 81)
POLICY = replace(load_policy(), time_seconds=60.0)


def certain() -> CurvePosterior:
    """A curve that is known."""
    return CurvePosterior(
        np.ones(1), np.full(1, 0.5), np.array([0.6]), np.array([0.3]), np.ones(1),
        np.zeros(1, dtype=bool),
    )  # fmt: skip


def item(**more: object) -> ItemEvidence:
    nothing = Observed(*[0.5] * 6)
    return ItemEvidence("I", "A", 300, nothing, certain(), (), np.ones(1), np.zeros(1), None, **more)  # type: ignore[arg-type]


def answered(right: np.ndarray, n: int, seed: int) -> AbilityGroups:
    """Items with curves ``right`` (J, Q), each answered by n persons whose ability is known well."""
    rng = np.random.default_rng(seed)
    groups = AbilityGroups.empty(len(right), U.size)
    ability = rng.normal(size=n)
    abilities = np.exp(-0.5 * ((U - ability[:, None]) / 0.2) ** 2)
    abilities /= abilities.sum(axis=1, keepdims=True)
    chance = np.array([np.interp(ability, U, curve) for curve in right]).T
    scores = (rng.random(chance.shape) < chance).astype(np.int8)
    scores[0, 0] = -1
    groups.add(U, abilities, scores, np.arange(len(right)))
    assert groups.n.sum(axis=0)[:2].tolist() == [n - 1, n]
    assert groups.right.sum(axis=0)[1] == (scores[:, 1] == 1).sum()
    return groups


def test_the_item_that_follows_no_curve_is_found() -> None:
    curve = 1.0 / (1.0 + np.exp(-0.5 - U))
    hump = np.where(np.abs(U) < 0.7, 0.9, 0.4)
    groups = answered(np.vstack([np.tile(curve, (39, 1)), hump]), 200, 1)
    found = groups.misfit(np.vstack([np.tile(curve, (39, 1)), np.full(U.size, 0.64)]))
    misfits = [one for one in found if one is not None]
    within = np.array([one.within(0.12) for one in misfits])
    assert within[:39].min() > 0.7
    assert np.median(within[:39]) > 0.99
    assert np.mean([one.rmsd for one in misfits[:39]]) < 0.04  # groups of 40: chance alone makes .07
    assert within[39] < 0.2
    assert misfits[39].rmsd == pytest.approx(0.22, abs=0.05)
    assert sum(misfits[5].n) == 200
    assert np.abs(np.array(misfits[5].right) - misfits[5].expected).max() < 0.25


def test_deviations_of_a_whole_block_are_not_taken_for_chance() -> None:
    curve = 1.0 / (1.0 + np.exp(-0.5 - U))
    hump = np.clip(curve + 0.12 * np.where(np.abs(U) < 0.8, 1.0, -1.0), 0.0, 1.0)
    few, many = (answered(np.tile(hump, (40, 1)), n, 2).misfit(np.tile(curve, (40, 1))) for n in (60, 600))
    for found in (few, many):
        assert np.mean([one.rmsd for one in found if one]) == pytest.approx(0.12, abs=0.025)


def test_the_distribution_of_the_deviation_is_that_of_draws() -> None:
    rng = np.random.default_rng(4)
    weight, centre, width2 = np.full(5, 0.2), np.array([0.1, -0.1, 0.0, 0.05, 0.02]), np.full(5, 0.05**2)
    draws = ((rng.normal(centre, np.sqrt(width2), (200_000, 5)) ** 2) @ weight) ** 0.5
    known = Misfit(
        (1.0,) * 5, (0.5,) * 5, (0.5,) * 5, (1.0,), (float(weight @ (centre**2 + width2)),),
        (float(weight**2 @ (2 * width2**2 + 4 * centre**2 * width2)),),
    )  # fmt: skip
    for limit in (0.05, 0.08, 0.12):
        assert known.within(limit) == pytest.approx((draws <= limit).mean(), abs=0.01)
    assert replace(known, variance=(0.0,)).within(0.01) == 0.0


def test_fit_is_unknown_with_few_answers_and_named_where_it_is_at_fault() -> None:
    bad = Misfit((60.0,) * 5, (0.5,) * 5, (0.5,) * 5, (0.0, 1.0), (0.0, 0.05), (0.0, 0.0001))
    found = verdict(item(misfit=bad), POLICY)
    assert found.decision == "revise"
    assert "Wording: the proportions right deviate from a curve by .22" in found.reasons
    few = CRITERIA["fit"].judge(replace(item(misfit=bad), n=99), POLICY)
    assert few is not None
    assert few.probability is None


@pytest.mark.parametrize(("sd_log", "n"), [(0.4, 60), (0.8, 200)])
def test_the_expected_time_is_covered(sd_log: float, n: int) -> None:
    rng = np.random.default_rng(6)
    expected = np.exp(4.0 + sd_log**2 / 2)
    policy = replace(POLICY, time_seconds=float(expected))
    stated = []
    for _ in range(400):
        logs = rng.normal(4.0, sd_log, n)
        result = CRITERIA["time"].judge(item(time=TimeEvidence(n, logs.mean(), logs.std(ddof=1))), policy)
        assert result is not None
        stated.append(result.probability)
    # where the limit is the truth, the probability is uniform
    quarters = np.histogram(np.array(stated, dtype=float), [0.0, 0.25, 0.5, 0.75, 1.0])[0] / 400
    np.testing.assert_allclose(quarters, 0.25, atol=0.08)


def test_a_slow_item_is_named_and_unknown_times_are_unknown() -> None:
    slow = verdict(item(time=TimeEvidence(300, 5.0, 0.3)), POLICY)
    assert slow.decision == "revise"
    assert "Time: it takes between" in slow.reasons
    assert "the budget is 60. Shorten it." in slow.reasons
    assert judge(item(time=TimeEvidence(9, 5.0, 0.3)), POLICY)["time"].probability is None
    assert judge(item(), POLICY)["time"].probability is None


@pytest.mark.parametrize(
    ("low", "high", "b", "holds"),
    [
        (-1.0, None, 7.0, 1.0), (-1.0, None, -2.0, 0.0), (None, 1.0, -7.0, 1.0), (None, 1.0, 2.0, 0.0),
        (-1.0, 1.0, 0.0, 1.0), (-1.0, 1.0, 1.5, 0.0),
    ],
)  # fmt: skip
def test_a_range_of_difficulty_may_be_open_on_one_side(
    low: float | None, high: float | None, b: float, holds: float
) -> None:
    result = CRITERIA["b"].judge(replace(item(), b=np.array([b])), replace(POLICY, b_low=low, b_high=high))
    assert result is not None
    assert result.probability == holds
