"""Information: the item helps to tell candidates apart at the cut score. Asked only if the policy says."""

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, judge_curves, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["INFORMATION_AT_CUT"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """Probability that the item information at the cut reaches ``information_low``."""
    if policy.information_low is None or evidence.information is None:
        return None
    if not evidence.n:
        return CriterionResult(None, "the information at the cut is unknown")
    low, high = evidence.posterior.interval(evidence.information)
    words = f"the information at the cut could lie anywhere between {number(low)} and {number(high)}"
    rises = evidence.posterior.slopes > 0
    return judge_curves(evidence, (evidence.information >= policy.information_low) & rises, words)


INFORMATION_AT_CUT = Criterion(judge)
