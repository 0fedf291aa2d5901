"""Key: no distractor behaves as a right answer does."""

from ciip_irt.pilots.decision.criteria.criterion import CriterionResult, number
from ciip_irt.pilots.evidence import ItemEvidence, OptionEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["doubtful_option", "key_right"]


def key_right(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """One less the largest probability that a distractor's own R exceeds the policy's limit.

    A distractor that those who know more choose more often is the right answer, or one of two. The
    statement is about another curve than the item's, so it has no place among the item's curves.
    """
    if policy.key_doubt is None:
        return None
    found = doubtful_option(evidence, policy)
    if found is None:
        return CriterionResult(None, "nothing is known about the distractors")
    option, doubt = found
    words = (
        f"{100 * option.share:.0f} % chose {option.option}, and it behaves as a right"
        f" answer with probability {number(doubt)}"
    )
    return CriterionResult(1.0 - doubt, words)


def doubtful_option(evidence: ItemEvidence, policy: Policy) -> tuple[OptionEvidence, float] | None:
    """The distractor that most resembles a right answer, and the probability that its R exceeds the limit."""
    if not evidence.n:
        return None
    doubts = [
        (option, option.posterior.probability(option.posterior.r > policy.r_low))
        for option in evidence.distractors
        if option.posterior.r is not None
    ]
    return max(doubts, key=lambda pair: pair[1]) if doubts else None
