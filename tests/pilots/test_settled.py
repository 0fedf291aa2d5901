"""Limits belong to the decision: a probability of exactly .9 promotes where the policy says .9."""

import pytest

from ciip_irt.pilots.decision.verdict import _settle
from ciip_irt.pilots.policy import load_policy

POLICY = load_policy()
MOST = POLICY.maximum_n
STEP = 1e-12


@pytest.mark.parametrize(
    ("probability", "n", "decision"),
    [
        (POLICY.promote, 60, "promote"),
        (POLICY.promote - STEP, 60, None),
        (POLICY.give_up, 60, "give up"),
        (POLICY.give_up + STEP, 60, None),
        (POLICY.promote_at_maximum, MOST, "promote"),
        (POLICY.promote_at_maximum - STEP, MOST, "give up"),
        (POLICY.promote_at_maximum, MOST - 1, None),
    ],
)
def test_limits_belong_to_the_decision(probability: float, n: int, decision: str | None) -> None:
    assert _settle(probability, n, POLICY) == decision
