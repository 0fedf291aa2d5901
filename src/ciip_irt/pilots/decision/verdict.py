"""The decision about one pilot item: promote, hold, revise or retire, with the reasons in words.

``joint_probability`` says how probable it is that all criteria hold together, the policy where that
probability leads. **Hold** says how many further answers should settle it (``answers_needed``). What an item
that fails should be revised for, or why it is retired, stands in ``faults``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ciip_irt.errors import plural
from ciip_irt.item_analysis import FlagThresholds
from ciip_irt.pilots.decision.answers_needed import answers_needed
from ciip_irt.pilots.decision.criteria import CRITERIA, CriterionResult
from ciip_irt.pilots.decision.criteria.criterion import number
from ciip_irt.pilots.decision.faults import find_fault
from ciip_irt.pilots.decision.joint_probability import all_hold, find_weakest, judge, say_seen
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy
from ciip_irt.responses import Untelling

__all__ = ["Verdict", "verdict"]

INVALID = 0.1  # a slip of the pen is rare: where one answer in ten is not offered, bank or log is wrong
NOTABLE = 0.1  # share of cells that tell nothing from which on a reader is told

FEW = 0.5  # of the policy's most answers: below, they are called few ("only")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision, probability that all criteria hold, further answers needed, reasons, results by criterion.

    ``told`` is the criterion whose words are among the reasons, so that nothing is told twice.
    """

    decision: str
    probability: float | None
    more_needed: int | None
    reasons: str
    results: Mapping[str, CriterionResult]
    told: str | None = None


def verdict(evidence: ItemEvidence, policy: Policy) -> Verdict:
    """Judge one item by a policy; what a criterion finds clear is told whatever the decision."""
    found = _decide(evidence, policy)
    remarks = [
        remark
        for name, criterion in CRITERIA.items()
        if name != found.told and (remark := criterion.remark(evidence, policy))
    ]
    silent = _say_untelling(evidence.untelling) if found.probability is not None else ""
    return replace(found, reasons=" ".join([found.reasons + silent, *remarks]))


def _decide(evidence: ItemEvidence, policy: Policy) -> Verdict:
    results = judge(evidence, policy)
    probability = all_hold(evidence, results)
    n, untelling = evidence.n, evidence.untelling
    if untelling.invalid > INVALID * (n + untelling.n):
        return Verdict("hold", None, None, _say_invalid(untelling), results)
    if not n or probability is None:
        more = max(policy.minimum_n - n, 0) or None
        reasons = "Nothing is known about it yet." if n or untelling.n else "Nobody has answered it yet."
        return Verdict("hold", None, more, f"{reasons} Pilot it.{_say_untelling(untelling)}", results)
    settled = _settle(probability, n, policy) if n >= policy.minimum_n else None
    if settled == "promote" and _awaits_expert(evidence):
        return Verdict("hold", probability, None, _say_awaits(evidence), results, "key")
    if settled == "promote":
        return Verdict("promote", probability, None, _why_promoted(evidence, probability, policy), results)
    if settled == "give up":
        decision, reasons, told = find_fault(evidence, results, policy)
        return Verdict(decision, probability, None, reasons, results, told)
    return _hold(evidence, probability, results, policy)


def _awaits_expert(evidence: ItemEvidence) -> bool:
    """Whether a flag of the item analysis asks for an expert's look at the key."""
    key, limits = evidence.key, FlagThresholds()
    if key is None or evidence.n < limits.minimum_n:
        return False
    instead = key.wrong >= min(key.two_right, limits.key_doubt / 2) and key.other >= limits.key_doubt
    return instead or key.other >= limits.second_right or key.guessed >= limits.guessed_at


def _say_awaits(evidence: ItemEvidence) -> str:
    assert evidence.key is not None
    option = f"option {evidence.key.option}" if evidence.key.option else "another option"
    return (
        f"{plural(evidence.n, 'answer')}; {say_seen(evidence)}. It could be promoted, but for its key: with"
        f" probability {number(evidence.key.other)} {option} is right, alone or besides the key. Ask an"
        " expert; confirm the key, or correct it."
    )


def _settle(probability: float, n: int, policy: Policy) -> str | None:
    if probability >= policy.promote:
        return "promote"
    if probability <= policy.give_up:
        return "give up"
    if n >= policy.maximum_n:
        return "promote" if probability >= policy.promote_at_maximum else "give up"
    return None


def _hold(
    evidence: ItemEvidence, probability: float, results: Mapping[str, CriterionResult], policy: Policy
) -> Verdict:
    """Nothing is decided: what is doubtful, and how many answers should settle it."""
    n, doubtful = evidence.n, find_weakest(results)
    more = answers_needed(evidence, probability, doubtful, policy)
    if n < policy.minimum_n:
        least = policy.minimum_n - n
        reasons = (
            f"{plural(n, 'answer')} only; {results[doubtful].words}, and nothing is decided below"
            f" {policy.minimum_n} answers. Pilot it again; it needs {least} more at least."
        )
        return Verdict("hold", probability, max(least, more or 0), reasons, results, doubtful)
    left = policy.maximum_n - n
    ending = (
        f"about {plural(more, 'more answer')} should settle it."
        if more is not None
        else f"{left} more make the {policy.maximum_n} at which it is decided in any case."
    )
    only = " only" if n < FEW * policy.maximum_n else ""
    reasons = (
        f"{plural(n, 'answer')}{only}; {results[doubtful].words}{CRITERIA[doubtful].limit(policy)}."
        f" Pilot it again; {ending}"
    )
    return Verdict("hold", probability, more or left, reasons, results, doubtful)


def _say_invalid(untelling: Untelling) -> str:
    return (
        f"{untelling.invalid:,} of {plural(untelling.administered, 'answer')} are options that it does not"
        " offer, so nothing is decided. Check its options in the bank and how the log writes them."
    )


def _say_untelling(untelling: Untelling) -> str:
    """Of cells that tell nothing: how many and why; empty where they are few."""
    if untelling.n <= NOTABLE * untelling.administered:
        return ""
    counts = (
        (untelling.not_reached, "not reached"),
        (untelling.invalid, "options that it does not offer"),
        (untelling.too_fast, "given too fast to have been read"),
    )
    why = ", ".join(f"{n:,} {words}" for n, words in counts if n)
    return f" {plural(untelling.n, 'more answer tells', 'more answers tell')} nothing about it ({why})."


def _why_promoted(evidence: ItemEvidence, probability: float, policy: Policy) -> str:
    text = f"{plural(evidence.n, 'answer')}; {say_seen(evidence)}."
    if probability < policy.promote:
        return (
            f"{text} All criteria hold with probability {number(probability)}: at {policy.maximum_n} answers"
            " that is worth the risk."
        )
    return f"{text} All criteria hold with probability {number(min(probability, 0.99))}" + (
        " or more." if probability > 0.99 else "."
    )
