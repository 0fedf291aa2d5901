"""Decisions on posteriors made by hand, so that the right answer can be read off."""

from dataclasses import replace

import numpy as np
import pytest

from ciip_irt.pilots.decision.answers_needed import chance_to_settle
from ciip_irt.pilots.decision.joint_probability import all_hold, judge
from ciip_irt.pilots.decision.verdict import Verdict, verdict
from ciip_irt.pilots.evidence import (
    CurvePosterior,
    ItemEvidence,
    KeyEvidence,
    Observed,
    OptionEvidence,
)
from ciip_irt.pilots.policy import load_policy
from ciip_irt.responses import Untelling

POLICY = load_policy()


def curves(p: list[float], r: list[float], weights: list[float] | None = None) -> CurvePosterior:
    w = np.array(weights or [1.0] * len(p))
    return CurvePosterior(
        slopes=np.array(r) * 3,
        intercepts=np.zeros(len(p)),
        p=np.array(p),
        r=np.array(r),
        weights=w / w.sum(),
        at_edge=np.zeros(len(p), dtype=bool),
    )


def item(
    p: list[float],
    r: list[float],
    weights: list[float] | None = None,
    n: int = 120,
    options: dict[str, tuple[float, float]] | None = None,
) -> ItemEvidence:
    """``options``: letter -> share, R of choosing it."""
    distractors = tuple(
        OptionEvidence(letter, round(share * n), share, curves([share], [option_r]))
        for letter, (share, option_r) in (options or {"B": (0.1, -0.2), "C": (0.08, -0.1)}).items()
    )
    posterior = curves(p, r, weights)
    return ItemEvidence(
        item_id="I", domain="A", n=n, observed=Observed(*[0.5] * 6), posterior=posterior,
        distractors=distractors, a=posterior.slopes, b=posterior.intercepts, information=None,
    )  # fmt: skip


def decided(evidence: ItemEvidence) -> Verdict:
    return verdict(evidence, POLICY)


def test_criteria_are_judged_together_and_not_multiplied() -> None:
    # half of the curves fail on p, the other half on R: each criterion holds with .5, both never
    apart = item([0.99, 0.6], [0.2, 0.0])
    results = judge(apart, POLICY)
    assert (results["p"].probability, results["r"].probability) == (0.5, 0.5)
    assert all_hold(apart, results) == 0.0
    # both fail on the same curve: .5, not .25
    same = item([0.99, 0.6], [0.0, 0.2])
    assert all_hold(same, judge(same, POLICY)) == 0.5


def test_a_doubtful_key_bounds_the_probability() -> None:
    two_right = KeyEvidence(right=0.03, wrong=0.07, two_right=0.89, guessed=0.01, option="B")
    evidence = replace(item([0.6], [0.3], options={"B": (0.3, 0.0), "C": (0.1, -0.2)}), key=two_right)
    results = judge(evidence, POLICY)
    assert results["key"].probability == 0.03
    assert all_hold(evidence, results) == 0.03  # all curves are good: the key alone stands in the way
    found = decided(evidence)
    assert found.decision == "revise"
    assert "Key: 30 % chose B, and those who know more choose it more often (probability .96" in found.reasons
    assert "whether B is also right" in found.reasons


def test_doubts_about_the_key_are_told_in_words() -> None:
    sound = item([0.6], [0.3], options={"B": (0.3, 0.0)})
    doubted = decided(replace(sound, key=KeyEvidence(0.6, 0.1, 0.25, 0.05, "B")))
    assert doubted.decision == "hold"
    assert "30 % chose B, and with probability .35 another option than the key is right" in doubted.reasons
    guessed = decided(replace(sound, key=KeyEvidence(0.6, 0.0, 0.1, 0.3, "B")))
    assert "may have nothing to do with what they know (probability .30)" in guessed.reasons


def test_nothing_is_promoted_beside_a_flag_that_asks_for_an_expert() -> None:
    sound = item([0.6], [0.3], options={"B": (0.3, 0.0)})
    sure = decided(replace(sound, key=KeyEvidence(0.97, 0.02, 0.01, 0.0, "B")))
    assert sure.decision == "promote"
    flagged = decided(replace(sound, key=KeyEvidence(0.93, 0.06, 0.01, 0.0, "B")))
    assert flagged.decision == "hold"
    assert "Ask an expert" in flagged.reasons


def test_cells_that_tell_nothing_are_told_and_many_invalid_ones_leave_it_open() -> None:
    good = item([0.6], [0.3])
    assert "tell" not in decided(good).reasons
    told = decided(replace(good, untelling=Untelling(not_reached=30, too_fast=6, administered=156)))
    assert told.decision == "promote"
    assert told.reasons.endswith(
        "36 more answers tell nothing about it (30 not reached, 6 given too fast to have been read)."
    )
    few = decided(replace(good, untelling=Untelling(not_reached=12, administered=132)))
    assert "tell nothing" not in few.reasons
    invalid = decided(replace(good, untelling=Untelling(invalid=30, administered=150)))
    assert (invalid.decision, invalid.probability) == ("hold", None)
    assert invalid.reasons.startswith("30 of 150 answers are options that it does not offer")
    nothing = decided(replace(good, n=0, untelling=Untelling(not_reached=40, administered=40)))
    assert nothing.decision == "hold"
    assert nothing.reasons.startswith("Nothing is known about it yet. Pilot it. 40 more answers tell nothing")


def test_promote() -> None:
    found = decided(item([0.6, 0.6], [0.3, 0.05], [0.9, 0.1]))
    assert (found.decision, found.more_needed) == ("promote", None)
    assert found.probability == pytest.approx(0.9)
    assert found.reasons.endswith("All criteria hold with probability .90.")


def test_hold_says_why_and_how_many_more() -> None:
    values = np.linspace(-0.05, 0.36, 41)
    weights = np.exp(-0.5 * ((values - 0.155) / 0.1) ** 2)
    found = decided(item([0.7] * 41, values.tolist(), weights.tolist(), n=86))
    assert found.decision == "hold"
    assert found.reasons.startswith("86 answers only; R could lie anywhere between -.0")
    assert "the limit is .10. Pilot it again; about" in found.reasons
    assert found.reasons.endswith(f"about {found.more_needed} more answers should settle it.")
    assert found.more_needed is not None
    assert found.more_needed % 10 == 0


def test_further_answers_are_the_chance_of_simulated_posteriors() -> None:
    # normal model with known variance: n answers now, k later, the truth drawn from the posterior
    rng = np.random.default_rng(4)
    n, k, sd1, q = 100, 80, 1.0, 0.65
    s = sd1 / np.sqrt(n)
    mean = 0.3853 * s  # Phi(.3853) = .65, limit 0
    truth = rng.normal(mean, s, 200_000)
    later = (n * mean + k * rng.normal(truth, sd1 / np.sqrt(k))) / (n + k)
    t = later / (sd1 / np.sqrt(n + k))
    settled = np.mean((t >= 1.0364) | (t <= -1.6449))
    assert chance_to_settle(q, n, k, POLICY) == pytest.approx(settled, abs=0.005)


def test_below_the_minimum_nothing_is_decided() -> None:
    for r in (0.3, -0.3):
        found = decided(item([0.6], [r], n=20))
        assert found.decision == "hold"
        assert found.more_needed is not None
        assert found.more_needed >= 30
        assert found.reasons.startswith("20 answers only; ")
        assert "nothing is decided below 50 answers" in found.reasons


def test_at_the_maximum_the_losses_decide() -> None:
    worth_it = decided(item([0.6, 0.6], [0.2, 0.05], [0.82, 0.18], n=300))
    assert worth_it.decision == "promote"
    assert "worth the risk" in worth_it.reasons
    not_worth = decided(item([0.6, 0.6], [0.2, 0.05], [0.6, 0.4], n=300))
    assert not_worth.decision == "revise"
    assert decided(item([0.6, 0.6], [0.2, 0.05], [0.6, 0.4], n=290)).decision == "hold"


@pytest.mark.parametrize(
    ("p", "r", "options", "decision", "said"),
    [
        (0.99, 0.05, {"B": (0.005, 0.0), "C": (0.005, 0.0)}, "revise", "too easy. Options B, C fool hardly"),
        (
            0.98,
            0.2,
            {"B": (0.01, 0.0), "C": (0.06, 0.0)},
            "revise",
            "Option B fools hardly anybody: replace it",
        ),
        (0.15, 0.2, {"B": (0.5, -0.1), "C": (0.3, -0.1)}, "revise", "Replace the strongest distractor (50 %"),
        (0.15, 0.0, {"B": (0.4, 0.0), "C": (0.4, 0.0)}, "retire", "Too hard (40 % chose B)"),
        (0.10, 0.0, {"B": (0.8, 0.0), "C": (0.1, 0.0)}, "revise", "Check the key first"),
        (0.60, -0.2, None, "revise", "those who know more answer it wrong more often"),
        (0.60, 0.02, {"B": (0.3, 0.03), "C": (0.1, -0.1)}, "revise", "Distractor: 30 % chose B"),
        (0.60, 0.02, {"B": (0.2, -0.01), "C": (0.2, -0.01)}, "retire", "no option stands out"),
    ],
)
def test_the_part_at_fault(
    p: float, r: float, options: dict[str, tuple[float, float]] | None, decision: str, said: str
) -> None:
    found = decided(item([p], [r], options=options))
    assert found.decision == decision
    assert said in found.reasons


def test_unknown_is_not_failed() -> None:
    evidence = item([0.6], [0.3])
    posterior = evidence.posterior
    without_r = ItemEvidence(
        "I", "A", 120, evidence.observed,
        CurvePosterior(posterior.slopes, posterior.intercepts, posterior.p, None, posterior.weights,
                       posterior.at_edge),
        (), evidence.a, evidence.b, None,
    )  # fmt: skip
    results = judge(without_r, POLICY)
    assert results["r"].probability is None
    assert results["key"].probability is None
    assert all_hold(without_r, results) == 1.0
