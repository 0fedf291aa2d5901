"""What a criterion is and answers, and how numbers are written in its words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.pilots.evidence import CurvePosterior, ItemEvidence, OptionEvidence
from ciip_irt.pilots.policy import Policy
from ciip_irt.records import result

__all__ = ["LIKELY", "Criterion", "CriterionResult", "decimals", "judge_curves", "number", "say_chosen"]

LIKELY = 0.5  # more probable than not: from here on something is named as the fault, unless a policy says


@result
@dataclass(frozen=True, slots=True)
class CriterionResult:
    """The answer of one criterion about one item.

    Attributes
    ----------
    probability
        That the criterion holds; ``None`` = unknown, which is not failed.
    words
        What is known, for people: a clause without full stop.
    holds
        Shape (M,): for which of the item's curves it holds, so that several criteria are judged together;
        ``None`` where it is no statement about the curve.
    separate
        Whether it rests on evidence of its own, so that its probability multiplies the others'. Where it
        does not, and is no statement about the curve either, it may doubt for the same cause, and bounds
        the others.
    given_curve
        By what the probability of the curve is multiplied for this criterion to hold as well, as far as its
        doubts are not those of the curve.
    """

    probability: float | None
    words: str
    holds: BoolArray | None = None
    separate: bool = False
    given_curve: float = 1.0


def _no_limit(policy: Policy) -> str:  # noqa: ARG001 (the signature is that of every criterion)
    return ""


def _likely(policy: Policy) -> float:  # noqa: ARG001
    return LIKELY


def _nothing(evidence: ItemEvidence, policy: Policy) -> Any:  # noqa: ARG001
    return None


def _no_row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:  # noqa: ARG001
    return {}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: how it judges, and whatever verdict, waiting and tables must know of it.

    Attributes
    ----------
    judge
        The result about one item; ``None`` where the policy does not ask for it.
    limit
        Its limit in words that follow those of the result; empty where they say it already.
    single_answer
        Where it is about a quantity of the curve: the variance that a single answer leaves in it, and the
        quantity (M,). ``None`` where a number of answers is worth just that number.
    blame
        What to say and do where it is at fault though the curve is good, given its words.
    blamed_above
        The probability of failing above which it is blamed.
    accuse
        Its words where it is certain to be at fault, whatever else is: it then comes before all others.
    remark
        A clear finding that is told whatever the decision; ``None`` where there is none.
    columns, row
        What it adds to the evidence table: names with types, and the values of one item with answers.
    """

    judge: Callable[[ItemEvidence, Policy], "CriterionResult | None"]
    limit: Callable[[Policy], str] = _no_limit
    single_answer: Callable[[CurvePosterior], tuple[float, FloatArray] | None] | None = None
    blame: Callable[[str, Policy], str] | None = None
    blamed_above: Callable[[Policy], float] = _likely
    accuse: Callable[[ItemEvidence, Policy], str | None] = _nothing
    remark: Callable[[ItemEvidence, Policy], str | None] = _nothing
    columns: Mapping[str, type[pl.DataType]] = field(default_factory=lambda: MappingProxyType({}))
    row: Callable[[ItemEvidence, Policy], Mapping[str, Any]] = _no_row


def judge_curves(evidence: ItemEvidence, holds: BoolArray, words: str) -> CriterionResult:
    """A statement about the curve."""
    return CriterionResult(evidence.posterior.probability(holds), words, holds)


def number(value: float, places: int = 2) -> str:
    """As the field writes correlations and proportions: without a leading zero.

    >>> number(-0.05), number(0.362), number(1.0), number(-0.001)
    ('-.05', '.36', '1.00', '.00')
    """
    text = f"{value:.{places}f}"
    text = text[1:] if text.startswith("-") and float(text) == 0 else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def decimals(*values: float) -> int:
    """Places that tell ``values`` apart from each other, two or three.

    >>> decimals(0.961, 0.964), decimals(0.1, 0.2)
    (3, 2)
    """
    return 2 if len({f"{value:.2f}" for value in values}) == len(values) else 3


def say_chosen(option: OptionEvidence) -> str:
    """How many chose an option: ``12 % chose B``."""
    return f"{100 * option.share:.0f} % chose {option.option}"
