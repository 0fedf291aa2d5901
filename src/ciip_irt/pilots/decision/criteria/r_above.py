"""R: the point-biserial with the scored total in the reference population exceeds the policy's limit."""

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, judge_curves, number
from ciip_irt.pilots.evidence import CurvePosterior, ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["R_ABOVE"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult:
    """Probability that ``R > r_low``."""
    r = evidence.posterior.r
    if not evidence.n or r is None:
        return CriterionResult(None, "R is unknown")
    low, high = evidence.posterior.interval(r)
    words = f"R could lie anywhere between {number(low)} and {number(high)}"
    return judge_curves(evidence, r > policy.r_low, words)


def say_limit(policy: Policy) -> str:
    return f", the limit is {number(policy.r_low)}"


def single_answer(posterior: CurvePosterior) -> tuple[float, FloatArray] | None:
    """Tate's (1954) variance of a point-biserial, and R."""
    if posterior.r is None:
        return None
    p, r = posterior.mean(posterior.p), posterior.mean(posterior.r)
    return (1 - r**2) ** 2 * (1 - 1.5 * r**2 + r**2 / (4 * p * (1 - p))), posterior.r


R_ABOVE = Criterion(judge, limit=say_limit, single_answer=single_answer)
