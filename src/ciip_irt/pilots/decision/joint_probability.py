"""The probability that all criteria hold together, and which of them is the most doubtful.

All criteria that speak about the item's curve are judged together on the same posterior: the probability is
that of the curves which satisfy all of them at once, not a product. That of the key's doubts which the curve
does not share multiplies it: with o the probability that another option is right, alone or besides the key,
and w that of a wrong key by the curve alone,

    P(curve good, no other option right) = (1 - o) P(curve good | no other option right)
                                         = (1 - o) P(curve good) / (1 - w),

since a wrong key's curve is never good. Guessing is in the curve: a flat one. And the key bounds it: all
cannot hold with a larger probability than one of them. Criteria with evidence of their own multiply it: DIF
(which group a candidate is of, at equal ability), fit (what deviates from the best curve) and time.
"""

from collections.abc import Mapping

import numpy as np

from ciip_irt.pilots.decision.criteria import CRITERIA, CriterionResult
from ciip_irt.pilots.decision.criteria.criterion import number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["all_hold", "find_weakest", "judge", "say_seen"]


def judge(evidence: ItemEvidence, policy: Policy) -> dict[str, CriterionResult]:
    """The results of all criteria that the policy asks for."""
    results = {name: criterion.judge(evidence, policy) for name, criterion in CRITERIA.items()}
    return {name: result for name, result in results.items() if result is not None}


def all_hold(evidence: ItemEvidence, results: Mapping[str, CriterionResult]) -> float | None:
    """Probability that all known criteria hold together; ``None`` where none is known."""
    known = [result for result in results.values() if result.probability is not None]
    if not known:
        return None
    together = np.ones(evidence.posterior.weights.shape, dtype=bool)
    for result in known:
        if result.holds is not None:
            together &= result.holds
    curve = evidence.posterior.probability(together)
    for result in known:
        curve *= result.given_curve
    bounds = [result.probability or 0.0 for result in known if result.holds is None and not result.separate]
    factors = [result.probability or 0.0 for result in known if result.separate]
    return min([curve, *bounds]) * float(np.prod(factors))


def find_weakest(results: Mapping[str, CriterionResult]) -> str:
    """The name of the criterion least likely to hold, among those that are known."""
    known = {name: result.probability for name, result in results.items() if result.probability is not None}
    return min(known, key=lambda name: known[name])


def say_seen(evidence: ItemEvidence) -> str:
    """p and R with their 95 % intervals, in words."""
    low, high = evidence.posterior.interval(evidence.posterior.p)
    text = f"p between {number(low)} and {number(high)}"
    if evidence.posterior.r is None:
        return text
    low, high = evidence.posterior.interval(evidence.posterior.r)
    return f"{text}, R between {number(low)} and {number(high)}"
