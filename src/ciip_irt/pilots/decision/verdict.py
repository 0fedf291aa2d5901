"""The decision about one pilot item: promote, hold, revise or retire, with the reasons in words.

All criteria that speak about the item's curve are judged together on the same posterior: the probability is
that of the curves which satisfy all of them at once, not a product. The key bounds it: all cannot hold with a
larger probability than one of them. It is exact where both doubts have the same cause, as a wrong key and a
low R have. Criteria with evidence of their own multiply it: DIF (which group a candidate is of, at equal
ability), fit (what deviates from the best curve) and time.

**Hold** says how many further answers should settle it (``further``). **Revise** names the part at fault:
key, distractor, difficulty, DIF, time or wording. **Retire** is for items that certainly fail where no part
can be named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.pilots.decision.answers_needed import answers_needed
from ciip_irt.pilots.decision.criteria import CRITERIA, CriterionResult
from ciip_irt.pilots.decision.criteria.criterion import number
from ciip_irt.pilots.decision.criteria.dif_below_c import in_words, largest_difference
from ciip_irt.pilots.decision.criteria.key_right import doubtful_option
from ciip_irt.pilots.evidence import ItemEvidence, OptionEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["Verdict", "all_hold", "judge", "verdict"]

LIKELY = 0.5
EASY = 0.9  # above, hardly any R exceeds .2 in a homogeneous population
FUNCTIONING = 0.05  # a distractor works where at least this share chooses it (domain practice)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision, probability that all criteria hold, further answers needed, reasons, results by criterion."""

    decision: str
    probability: float | None
    more_needed: int | None
    reasons: str
    results: Mapping[str, CriterionResult]


def judge(evidence: ItemEvidence, policy: Policy) -> dict[str, CriterionResult]:
    """The results of all criteria that the policy asks for."""
    results = {name: criterion(evidence, policy) for name, criterion in CRITERIA.items()}
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
    bounds = [result.probability or 0.0 for result in known if result.holds is None and not result.separate]
    factors = [result.probability or 0.0 for result in known if result.separate]
    return min([curve, *bounds]) * float(np.prod(factors))


def verdict(evidence: ItemEvidence, policy: Policy) -> Verdict:
    """Judge one item by a policy; a clear difference between groups is told whatever the decision."""
    found = _verdict(evidence, policy)
    group = largest_difference(evidence, policy)
    limit = LIKELY if policy.dif_doubt is None else policy.dif_doubt
    if group is None or (group.probability_c or 0.0) <= limit or in_words(group)[3:] in found.reasons:
        return found
    return replace(found, reasons=f"{found.reasons} {_sentence(in_words(group))} Ask why.")


def _verdict(evidence: ItemEvidence, policy: Policy) -> Verdict:
    results = judge(evidence, policy)
    probability = all_hold(evidence, results)
    n = evidence.n
    if not n or probability is None:
        more = max(policy.minimum_n - n, 0) or None
        reasons = "Nobody has answered it yet." if not n else "Nothing is known about it yet."
        return Verdict("hold", None, more, f"{reasons} Pilot it.", results)
    doubtful = _weakest_name(results)
    more = answers_needed(evidence, probability, doubtful, policy)
    if n < policy.minimum_n:
        least = policy.minimum_n - n
        reasons = (
            f"{plural(n, 'answer')} only; {results[doubtful].words}, and nothing is decided below"
            f" {policy.minimum_n} answers. Pilot it again; it needs {least} more at least."
        )
        return Verdict("hold", probability, max(least, more or 0), reasons, results)
    decision = _settle(probability, n, policy)
    if decision == "promote":
        return Verdict("promote", probability, None, _why_promoted(evidence, probability, policy), results)
    if decision == "give up":
        decision, reasons = _at_fault(evidence, results, policy)
        return Verdict(decision, probability, None, reasons, results)
    left = policy.maximum_n - n
    ending = (
        f"about {plural(more, 'more answer')} should settle it."
        if more is not None
        else f"{left} more make the {policy.maximum_n} at which it is decided in any case."
    )
    only = " only" if n < 0.5 * policy.maximum_n else ""
    reasons = (
        f"{plural(n, 'answer')}{only}; {results[doubtful].words}{_limit(doubtful, policy)}."
        f" Pilot it again; {ending}"
    )
    return Verdict("hold", probability, more or left, reasons, results)


def _settle(probability: float, n: int, policy: Policy) -> str | None:
    if probability >= policy.promote:
        return "promote"
    if probability <= policy.give_up:
        return "give up"
    if n >= policy.maximum_n:
        return "promote" if probability >= policy.promote_at_maximum else "give up"
    return None


def _why_promoted(evidence: ItemEvidence, probability: float, policy: Policy) -> str:
    text = f"{plural(evidence.n, 'answer')}; {_seen(evidence)}."
    if probability < policy.promote:
        return (
            f"{text} All criteria hold with probability {number(probability)}: at {policy.maximum_n} answers"
            " that is worth the risk."
        )
    return f"{text} All criteria hold with probability {number(min(probability, 0.99))}" + (
        " or more." if probability > 0.99 else "."
    )


def _seen(evidence: ItemEvidence) -> str:
    low, high = evidence.posterior.interval(evidence.posterior.p)
    text = f"p between {number(low)} and {number(high)}"
    if evidence.posterior.r is None:
        return text
    low, high = evidence.posterior.interval(evidence.posterior.r)
    return f"{text}, R between {number(low)} and {number(high)}"


def _weakest_name(results: Mapping[str, CriterionResult]) -> str:
    known = {name: result.probability for name, result in results.items() if result.probability is not None}
    return min(known, key=lambda name: known[name])


def _weakest(results: Mapping[str, CriterionResult]) -> CriterionResult:
    return results[_weakest_name(results)]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _limit(name: str, policy: Policy) -> str:
    if name == "r":
        return f", the limit is {number(policy.r_low)}"
    if name == "p":
        return f", the range is {number(policy.p_low)} to {number(policy.p_high)}"
    return ""


def _at_fault(
    evidence: ItemEvidence, results: Mapping[str, CriterionResult], policy: Policy
) -> tuple[str, str]:
    """Revise, naming the part at fault, or retire where no part can be named."""
    posterior, start = evidence.posterior, f"{plural(evidence.n, 'answer')}; {_seen(evidence)}."
    probability = all_hold(evidence, results)
    if probability is not None and probability > policy.give_up:
        start += (
            f" All criteria hold with probability {number(probability)} only, and {policy.maximum_n} answers"
            " are the most this policy waits for."
        )
    suspect = doubtful_option(evidence, policy)
    if suspect is not None and policy.key_doubt is not None and suspect[1] > policy.key_doubt:
        option, doubt = suspect
        sure = f"{number(min(doubt, 0.99))}{' or more' if doubt > 0.99 else ''}"
        return "revise", (
            f"{start} Key: {_chose(option)}, and those who know more choose it more often (probability"
            f" {sure} that it behaves as a right answer). Check the key, and whether"
            f" {option.option} is also right."
        )
    r = posterior.r
    if r is not None and posterior.probability(r < 0) > 0.8:
        return "revise", (
            f"{start} Key: those who know more answer it wrong more often. Check the key and the wording."
        )
    if apart := _apart_from_the_curve(evidence, results, policy):
        return "revise", f"{start} {apart}"
    low_r = r is not None and posterior.probability(r <= policy.r_low) > 0.5
    settled = probability is not None and probability <= policy.give_up
    if posterior.probability(posterior.p > policy.p_high) > 0.5:
        return "revise", f"{start} Difficulty: too easy. {_livelier(evidence)}"
    if posterior.probability(posterior.p < policy.p_low) > 0.5:
        strongest = max(evidence.distractors, key=lambda option: option.n, default=None)
        chose = f" ({_chose(strongest)})" if strongest else ""
        if low_r and strongest is not None and strongest.share > 0.5:
            return "revise", (
                f"{start} Key or difficulty: {_chose(strongest)}. Check the key first; if it is right,"
                f" replace {strongest.option}."
            )
        if low_r and settled:
            return (
                "retire",
                f"{start} Too hard{chose}, and it tells candidates apart too little. Write a new item.",
            )
        what = f" Replace the strongest distractor{chose}." if strongest else ""
        although = "" if low_r else ", though it tells candidates apart"
        return "revise", f"{start} Difficulty: too hard{although}.{what}"
    if low_r:
        return _low_r(evidence, start, settled=settled)
    if posterior.interval(posterior.p, (0.5,))[0] > EASY:
        return "revise", f"{start} Difficulty: so easy that R cannot be large. {_livelier(evidence)}"
    return (
        "revise",
        f"{start} {_sentence(_weakest(results).words)} No single part is at fault; read it again.",
    )


def _apart_from_the_curve(
    evidence: ItemEvidence, results: Mapping[str, CriterionResult], policy: Policy
) -> str:
    """The fault that does not lie in p and R, where these are likely to be good; empty otherwise."""
    about_curve = {name: result for name, result in results.items() if not result.separate}
    if (all_hold(evidence, about_curve) or 0.0) < LIKELY:
        return ""
    doubts = {
        name: 1.0 - r.probability for name, r in results.items() if r.separate and r.probability is not None
    }
    name = max(doubts, key=lambda name: doubts[name], default="")
    limit = policy.dif_doubt if name == "dif" and policy.dif_doubt is not None else LIKELY
    if not name or doubts[name] <= limit:
        return ""
    words = results[name].words
    if name == "dif":
        return (
            f"DIF: {words}. Look for words or situations that only one of the groups knows; if they belong to"
            " the subject, keep them."
        )
    if name == "time":
        return f"Time: {words}, the budget is {policy.time_seconds:.0f}. Shorten it."
    return (
        f"Wording: {words}, so its p and R describe it badly. See at which ability it goes wrong: a trap for"
        " the able, or guessing among the weak."
    )


def _livelier(evidence: ItemEvidence) -> str:
    dead = [option.option for option in evidence.distractors if option.share < FUNCTIONING]
    if not dead:
        return "Make the wrong options more plausible."
    which = f"Option {dead[0]} fools" if len(dead) == 1 else f"Options {', '.join(dead)} fool"
    return f"{which} hardly anybody: replace {'it' if len(dead) == 1 else 'them'}."


def _low_r(evidence: ItemEvidence, start: str, *, settled: bool) -> tuple[str, str]:
    attracting = [
        (option, option.posterior.probability(option.posterior.r > 0))
        for option in evidence.distractors
        if option.posterior.r is not None and option.share >= FUNCTIONING
    ]
    option, attraction = max(attracting, key=lambda pair: pair[1], default=(None, 0.0))
    if option is not None and attraction > 0.5:
        return "revise", (
            f"{start} Distractor: {_chose(option)}, those who know more as often as the others. Reword or"
            " replace it."
        )
    if settled:
        return "retire", (
            f"{start} It tells candidates apart too little, and no option stands out as the cause."
            " Write a new item."
        )
    if evidence.posterior.interval(evidence.posterior.p, (0.5,))[0] > EASY:
        return "revise", f"{start} Difficulty: so easy that R cannot be large. {_livelier(evidence)}"
    return (
        "revise",
        f"{start} Wording: it tells candidates apart too little. Look for what misleads those who know.",
    )


def _chose(option: OptionEvidence) -> str:
    return f"{100 * option.share:.0f} % chose {option.option}"
