"""Key: no distractor behaves as a right answer does."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, number, say_chosen
from ciip_irt.pilots.evidence import ItemEvidence, OptionEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["KEY_RIGHT"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
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
    words = f"{say_chosen(option)}, and it behaves as a right answer with probability {number(doubt)}"
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


def accuse(evidence: ItemEvidence, policy: Policy) -> str | None:
    """Names the option for which the policy doubts the key."""
    found = doubtful_option(evidence, policy)
    if found is None or policy.key_doubt is None or found[1] <= policy.key_doubt:
        return None
    option, doubt = found
    sure = f"{number(min(doubt, 0.99))}{' or more' if doubt > 0.99 else ''}"
    return (
        f"Key: {say_chosen(option)}, and those who know more choose it more often (probability"
        f" {sure} that it behaves as a right answer). Check the key, and whether"
        f" {option.option} is also right."
    )


def row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:
    """The distractor most like a right answer, and those that fool hardly anybody."""
    found = doubtful_option(evidence, policy)
    if found is None:
        return {}
    option, doubt = found
    return {
        "suspect_option": option.option,
        "suspect_share": option.share,
        "suspect_probability": doubt,
        "dead_options": "".join(one.option for one in evidence.distractors if not one.functioning),
    }


COLUMNS = {"suspect_option": pl.String, "suspect_share": pl.Float64, "suspect_probability": pl.Float64,
           "dead_options": pl.String}  # fmt: skip
KEY_RIGHT = Criterion(judge, accuse=accuse, columns=COLUMNS, row=row)
