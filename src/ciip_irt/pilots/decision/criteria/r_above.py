"""R: the point-biserial with the scored total in the reference population exceeds the policy's limit."""

from ciip_irt.pilots.decision.criteria.criterion import CriterionResult, judged, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["r_above"]


def r_above(evidence: ItemEvidence, policy: Policy) -> CriterionResult:
    """Probability that ``R > r_low``."""
    r = evidence.posterior.r
    if not evidence.n or r is None:
        return CriterionResult(None, "R is unknown")
    low, high = evidence.posterior.interval(r)
    words = f"R could lie anywhere between {number(low)} and {number(high)}"
    return judged(evidence, r > policy.r_low, words)
