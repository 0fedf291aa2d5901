"""p: the proportion right in the reference population lies in the policy's range."""

from ciip_irt.pilots.decision.criteria.criterion import CriterionResult, decimals, judged, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["p_in_range"]


def p_in_range(evidence: ItemEvidence, policy: Policy) -> CriterionResult:
    """Probability that ``p_low <= p <= p_high``."""
    if not evidence.n:
        return CriterionResult(None, "p is unknown")
    low, high = evidence.posterior.interval(evidence.posterior.p)
    places = decimals(low, high, policy.p_low, policy.p_high)
    words = f"p could lie anywhere between {number(low, places)} and {number(high, places)}"
    holds = (evidence.posterior.p >= policy.p_low) & (evidence.posterior.p <= policy.p_high)
    return judged(evidence, holds, words)
