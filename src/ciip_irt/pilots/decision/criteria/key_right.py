"""Key: it is right, no other option is, and the choice of an option has to do with what one knows."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, number, say_chosen
from ciip_irt.pilots.evidence import ItemEvidence, KeyEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["KEY_RIGHT"]

SMALL = 1e-9  # only against division by 0
SURE = 0.99  # a probability above is told as ".99 or more": the model is not exact to more places


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """The probability that the key is right, of the key check: the same number as ``key_validation`` has.

    The statement is about the curves of all options together, so it has no place among the item's own
    curves; its doubt (a wrong key, a second right option, guessing) often has the same cause as a low R.
    """
    if policy.key_doubt is None:
        return None
    key = evidence.key
    if key is None or not evidence.n:
        return CriterionResult(None, "nothing is known about the key")
    by_curve = evidence.posterior.wrong
    one_right = 1.0 if by_curve is None else 1.0 - evidence.posterior.mean(by_curve)
    given_curve = (1.0 - key.other) / max(one_right, SMALL)
    return CriterionResult(key.right, _say_doubt(evidence, key), given_curve=given_curve)


def _say_doubt(evidence: ItemEvidence, key: KeyEvidence) -> str:
    if key.guessed > key.other:
        return (
            "what candidates choose may have nothing to do with what they know (probability"
            f" {number(key.guessed)})"
        )
    return (
        f"{_say_option(evidence, key)}, and with probability {number(key.other)} another option than the key"
        " is right, alone or besides it"
    )


def _say_option(evidence: ItemEvidence, key: KeyEvidence) -> str:
    found = next((option for option in evidence.distractors if option.option == key.option), None)
    return say_chosen(found) if found is not None else "no wrong option stands out"


def accuse(evidence: ItemEvidence, policy: Policy) -> str | None:
    """Names the option for which the policy doubts the key."""
    key = evidence.key
    if key is None or policy.key_doubt is None or key.other <= policy.key_doubt:
        return None
    sure = f"{number(min(key.other, SURE))}{' or more' if key.other > SURE else ''}"
    return (
        f"Key: {_say_option(evidence, key)}, and those who know more choose it more often (probability"
        f" {sure} that it is right, alone or besides the key). Check the key, and whether"
        f" {key.option} is also right."
    )


def row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:  # noqa: ARG001 (as every criterion)
    """The likeliest other right option, and those that fool hardly anybody."""
    if not evidence.distractors:
        return {}
    dead = "".join(option.option for option in evidence.distractors if not option.functioning)
    key = evidence.key
    if key is None:
        return {"dead_options": dead}
    share = {option.option: option.share for option in evidence.distractors}
    return {
        "suspect_option": key.option,
        "suspect_share": share.get(key.option or ""),
        "suspect_probability": key.other,
        "dead_options": dead,
    }


COLUMNS = {"suspect_option": pl.String, "suspect_share": pl.Float64, "suspect_probability": pl.Float64,
           "dead_options": pl.String}  # fmt: skip
KEY_RIGHT = Criterion(judge, accuse=accuse, columns=COLUMNS, row=row)
