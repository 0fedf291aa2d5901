"""What a criterion answers, and how numbers are written in its words."""

from dataclasses import dataclass

from ciip_irt.arrays import BoolArray
from ciip_irt.pilots.evidence import ItemEvidence

__all__ = ["CriterionResult", "decimals", "judged", "number"]


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
    """

    probability: float | None
    words: str
    holds: BoolArray | None = None
    separate: bool = False


def judged(evidence: ItemEvidence, holds: BoolArray, words: str) -> CriterionResult:
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
