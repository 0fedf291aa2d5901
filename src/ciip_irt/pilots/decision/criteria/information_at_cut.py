"""Information: the item helps to tell candidates apart at the cut score. Asked only if the policy says."""

from ciip_irt.pilots.decision.criteria.criterion import CriterionResult, judged, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["information_at_cut"]


def information_at_cut(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """Probability that the item information at the cut reaches ``information_low``."""
    if policy.information_low is None or evidence.information is None:
        return None
    if not evidence.n:
        return CriterionResult(None, "the information at the cut is unknown")
    low, high = evidence.posterior.interval(evidence.information)
    words = f"the information at the cut could lie anywhere between {number(low)} and {number(high)}"
    rises = evidence.posterior.slopes > 0
    return judged(evidence, (evidence.information >= policy.information_low) & rises, words)
