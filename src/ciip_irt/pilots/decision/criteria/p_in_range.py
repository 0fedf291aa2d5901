"""p: the proportion right in the reference population lies in the policy's range."""

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.decision.criteria.criterion import (
    Criterion,
    CriterionResult,
    decimals,
    judge_curves,
    number,
)
from ciip_irt.pilots.evidence import CurvePosterior, ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["P_IN_RANGE"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult:
    """Probability that ``p_low <= p <= p_high``."""
    if not evidence.n:
        return CriterionResult(None, "p is unknown")
    low, high = evidence.posterior.interval(evidence.posterior.p)
    places = decimals(low, high, policy.p_low, policy.p_high)
    words = f"p could lie anywhere between {number(low, places)} and {number(high, places)}"
    holds = (evidence.posterior.p >= policy.p_low) & (evidence.posterior.p <= policy.p_high)
    return judge_curves(evidence, holds, words)


def say_range(policy: Policy) -> str:
    return f", the range is {number(policy.p_low)} to {number(policy.p_high)}"


def single_answer(posterior: CurvePosterior) -> tuple[float, FloatArray]:
    """The variance of one answer, ``p (1 - p)``, and p."""
    p = posterior.mean(posterior.p)
    return p * (1 - p), posterior.p


P_IN_RANGE = Criterion(judge, limit=say_range, single_answer=single_answer)
