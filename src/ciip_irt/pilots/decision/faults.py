"""What is wrong with an item that fails: an ordered table of faults, the first that applies is told.

A fault says when it applies, to which decision it leads and in which words. **Revise** names the part at
fault: key, distractor, difficulty, DIF, time or wording. **Retire** is for items that certainly fail where no
part can be named. The key comes first: with a wrong one all else is the fault of another item.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ciip_irt.errors import plural
from ciip_irt.pilots.decision.criteria import CRITERIA, CriterionResult
from ciip_irt.pilots.decision.criteria.criterion import LIKELY, number, say_chosen
from ciip_irt.pilots.decision.joint_probability import all_hold, find_weakest, say_seen
from ciip_irt.pilots.evidence import ItemEvidence, OptionEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["FAULTS", "Case", "Fault", "find_fault"]

EASY = 0.9  # median p above which hardly any R exceeds .2 in a homogeneous population
FALLS = 0.8  # probability of R < 0 from which those who know more are said to answer it wrong more often
HALF = 0.5  # share of the candidates: more than half chose one wrong option


@dataclass(frozen=True, slots=True)
class Case:
    """An item that fails, and the questions that faults ask of it."""

    evidence: ItemEvidence
    results: Mapping[str, CriterionResult]
    policy: Policy

    @property
    def settled(self) -> bool:
        """Whether it fails for certain, and not only because waiting is over."""
        probability = all_hold(self.evidence, self.results)
        return probability is not None and probability <= self.policy.give_up

    @property
    def falls(self) -> bool:
        r = self.evidence.posterior.r
        return r is not None and self.evidence.posterior.probability(r < 0) > FALLS

    @property
    def low_r(self) -> bool:
        posterior = self.evidence.posterior
        return posterior.r is not None and posterior.probability(posterior.r <= self.policy.r_low) > LIKELY

    @property
    def too_easy(self) -> bool:
        posterior = self.evidence.posterior
        return posterior.probability(posterior.p > self.policy.p_high) > LIKELY

    @property
    def too_hard(self) -> bool:
        posterior = self.evidence.posterior
        return posterior.probability(posterior.p < self.policy.p_low) > LIKELY

    @property
    def easy(self) -> bool:
        return self.evidence.posterior.interval(self.evidence.posterior.p, (0.5,))[0] > EASY

    @property
    def accused(self) -> tuple[str, str] | None:
        """The first criterion that is certain to be at fault whatever else is, and its words."""
        for name, criterion in CRITERIA.items():
            if words := criterion.accuse(self.evidence, self.policy):
                return name, words
        return None

    @property
    def strongest(self) -> OptionEvidence | None:
        return max(self.evidence.distractors, key=lambda option: option.n, default=None)

    @property
    def attracting(self) -> OptionEvidence | None:
        """A working distractor that those who know more choose at least as often as the others."""
        working = [
            (option, option.posterior.probability(option.posterior.r > 0))
            for option in self.evidence.distractors
            if option.posterior.r is not None and option.functioning
        ]
        option, probability = max(working, key=lambda pair: pair[1], default=(None, 0.0))
        return option if probability > LIKELY else None

    @property
    def apart(self) -> str | None:
        """The criterion to blame that has evidence of its own, where p and R are likely to be good."""
        about_curve = {name: result for name, result in self.results.items() if not result.separate}
        if (all_hold(self.evidence, about_curve) or 0.0) < LIKELY:
            return None
        doubts = {
            name: 1.0 - result.probability
            for name, result in self.results.items()
            if result.separate and result.probability is not None
        }
        name = max(doubts, key=lambda name: doubts[name], default=None)
        return name if name and doubts[name] > CRITERIA[name].blamed_above(self.policy) else None

    @property
    def weakest(self) -> str:
        return find_weakest(self.results)


def _nobody(case: Case) -> str | None:  # noqa: ARG001 (the signature is that of every fault)
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when it applies, the decision it leads to, its words, the criterion whose words they are."""

    applies: Callable[[Case], bool]
    decision: str
    words: Callable[[Case], str]
    criterion: Callable[[Case], str | None] = _nobody


def find_fault(
    evidence: ItemEvidence, results: Mapping[str, CriterionResult], policy: Policy
) -> tuple[str, str, str | None]:
    """Decision, reasons, and the criterion whose words are among them: of the first fault that applies."""
    case = Case(evidence, results, policy)
    fault = next(fault for fault in FAULTS if fault.applies(case))
    return fault.decision, f"{_say_start(case)} {fault.words(case)}", fault.criterion(case)


def _say_start(case: Case) -> str:
    start = f"{plural(case.evidence.n, 'answer')}; {say_seen(case.evidence)}."
    probability = all_hold(case.evidence, case.results)
    if probability is None or case.settled:
        return start
    return (
        f"{start} All criteria hold with probability {number(probability)} only, and {case.policy.maximum_n}"
        " answers are the most this policy waits for."
    )


def _say_apart(case: Case) -> str:
    name = case.apart
    assert name is not None
    blame = CRITERIA[name].blame
    words = case.results[name].words
    return blame(words, case.policy) if blame is not None else f"{words[:1].upper()}{words[1:]}."


def _say_livelier(case: Case) -> str:
    dead = [option.option for option in case.evidence.distractors if not option.functioning]
    if not dead:
        return "Make the wrong options more plausible."
    which = f"Option {dead[0]} fools" if len(dead) == 1 else f"Options {', '.join(dead)} fool"
    return f"{which} hardly anybody: replace {'it' if len(dead) == 1 else 'them'}."


def _say_strongest(case: Case) -> str:
    return f" ({say_chosen(case.strongest)})" if case.strongest else ""


def _say_key_or_difficulty(case: Case) -> str:
    strongest = case.strongest
    assert strongest is not None
    return (
        f"Key or difficulty: {say_chosen(strongest)}. Check the key first; if it is right,"
        f" replace {strongest.option}."
    )


def _say_too_hard(case: Case) -> str:
    what = f" Replace the strongest distractor{_say_strongest(case)}." if case.strongest else ""
    return f"Difficulty: too hard{'' if case.low_r else ', though it tells candidates apart'}.{what}"


def _say_attracting(case: Case) -> str:
    assert case.attracting is not None
    return (
        f"Distractor: {say_chosen(case.attracting)}, those who know more as often as the others. Reword or"
        " replace it."
    )


def _say_weakest(case: Case) -> str:
    words = case.results[case.weakest].words
    return f"{words[:1].upper()}{words[1:]}. No single part is at fault; read it again."


FAULTS: tuple[Fault, ...] = (
    Fault(
        lambda case: case.accused is not None,
        "revise",
        lambda case: case.accused[1] if case.accused else "",
        lambda case: case.accused[0] if case.accused else None,
    ),
    Fault(
        lambda case: case.falls,
        "revise",
        lambda _: "Key: those who know more answer it wrong more often. Check the key and the wording.",
    ),
    Fault(lambda case: case.apart is not None, "revise", _say_apart, lambda case: case.apart),
    Fault(lambda case: case.too_easy, "revise", lambda case: f"Difficulty: too easy. {_say_livelier(case)}"),
    Fault(
        lambda case: (
            case.too_hard and case.low_r and case.strongest is not None and case.strongest.share > HALF
        ),
        "revise",
        _say_key_or_difficulty,
    ),
    Fault(
        lambda case: case.too_hard and case.low_r and case.settled,
        "retire",
        lambda case: (
            f"Too hard{_say_strongest(case)}, and it tells candidates apart too little. Write a new item."
        ),
    ),
    Fault(lambda case: case.too_hard, "revise", _say_too_hard),
    Fault(lambda case: case.low_r and case.attracting is not None, "revise", _say_attracting),
    Fault(
        lambda case: case.low_r and case.settled,
        "retire",
        lambda _: (
            "It tells candidates apart too little, and no option stands out as the cause. Write a new item."
        ),
    ),
    Fault(
        lambda case: case.easy,
        "revise",
        lambda case: f"Difficulty: so easy that R cannot be large. {_say_livelier(case)}",
    ),
    Fault(
        lambda case: case.low_r,
        "revise",
        lambda _: "Wording: it tells candidates apart too little. Look for what misleads those who know.",
    ),
    Fault(lambda _: True, "revise", _say_weakest, lambda case: case.weakest),
)
