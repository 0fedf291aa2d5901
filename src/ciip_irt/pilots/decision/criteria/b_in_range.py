"""b: the difficulty lies where the bank can use it. Asked only where the policy gives a range."""

import numpy as np

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, judge_curves
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["B_IN_RANGE"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """Probability that ``b_low <= b <= b_high``; a curve that does not rise has no difficulty and fails."""
    if policy.b_low is None and policy.b_high is None:
        return None
    if not evidence.n:
        return CriterionResult(None, "b is unknown")
    low = -np.inf if policy.b_low is None else policy.b_low
    high = np.inf if policy.b_high is None else policy.b_high
    with np.errstate(invalid="ignore"):
        holds = (evidence.b >= low) & (evidence.b <= high) & (evidence.posterior.slopes > 1e-9)
    b = np.where(np.isfinite(evidence.b), evidence.b, -np.inf)
    lowest, highest = evidence.posterior.interval(b)
    return judge_curves(evidence, holds, f"b could lie anywhere between {lowest:.1f} and {highest:.1f}")


B_IN_RANGE = Criterion(judge)
