"""Who passes, and how dependable that decision is.

Pass means a score at the cut or above it, and this module is the one place where that boundary is defined.
"""

import math
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.records import result

__all__ = ["TOLERANCE", "DecisionQuality", "decision_quality", "lowest_passing", "passes"]

TOLERANCE = 1e-9  # a cut that a computation left a billionth above a score still lets it pass


def passes(score: FloatArray | IntArray | float, cut: FloatArray | float) -> BoolArray:
    """Shape of ``score``: ``score >= cut``, of raw, scaled or ability scores; one cut, or one for each.

    >>> passes(np.array([73, 74, 75]), 74.0)
    array([False,  True,  True])
    """
    return np.asarray(np.asarray(score, dtype=np.float64) >= cut - TOLERANCE)


def lowest_passing(cut: float) -> int:
    """The lowest whole score that passes.

    >>> lowest_passing(73.2), lowest_passing(74.0)
    (74, 74)
    """
    return math.ceil(cut - TOLERANCE)


@result
@dataclass(frozen=True, slots=True)
class DecisionQuality:
    """How often pass and fail are right, and how often a second form would say the same.

    Attributes
    ----------
    method
        ``rudner``, ``lee`` or ``livingston_lewis``.
    cut
        The cut that the observed score is held against.
    accuracy
        Share of candidates whose decision is the one their true score deserves.
    false_positive, false_negative
        Share of all candidates who pass, who fail undeservedly; with the accuracy they sum to 1.
    consistency
        Share of candidates whom two parallel forms would decide alike.
    kappa
        The consistency beyond chance, ``(consistency - chance) / (1 - chance)``; NaN where everybody passes,
        or nobody.
    pass_rate, deserving
        Expected share who pass, and who deserve to.
    note
        What a reader should know; mostly empty.
    """

    method: str
    cut: float
    accuracy: float
    false_positive: float
    false_negative: float
    consistency: float
    kappa: float
    pass_rate: float
    deserving: float
    note: str = ""

    def summary(self) -> str:
        """A few plain sentences."""
        lines = [
            f"Of 100 candidates {100 * self.accuracy:.1f} get the decision they deserve,"
            f" {100 * self.false_positive:.1f} pass and {100 * self.false_negative:.1f} fail undeservedly.",
            f"A second form would decide {100 * self.consistency:.1f} of 100 alike"
            f" (kappa {self.kappa:.2f}; {self.method.replace('_', '-')}).",
        ]
        return "\n".join([*lines, self.note] if self.note else lines)


def decision_quality(
    chance: FloatArray,
    deserved: BoolArray,
    weights: FloatArray | None = None,
    *,
    method: str,
    cut: float,
    note: str = "",
) -> DecisionQuality:
    """Sum up true scores, each with its chance to pass on one form.

    ``accuracy = sum w [chance if deserved else 1 - chance]``,
    ``consistency = sum w [chance^2 + (1 - chance)^2]``: given the true score two forms are independent.

    Parameters
    ----------
    chance
        Shape (Q,): probability to pass at each true score.
    deserved
        Shape (Q,): the true score is at the cut or above.
    weights
        Shape (Q,): how many candidates have it; equal by default.

    Raises
    ------
    InputError
        Nothing to sum up: no true scores, or weights that sum to zero.

    >>> quality = decision_quality(np.array([0.9, 0.2]), np.array([True, False]), method="lee", cut=74.0)
    >>> round(quality.accuracy, 3), round(quality.consistency, 3), round(quality.false_positive, 3)
    (0.85, 0.75, 0.1)
    """
    w = np.ones(chance.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if not w.size or not w.sum() > 0:
        raise InputError(
            Problem(
                "there are no candidates to judge the decisions by", remedy="Give at least one true score."
            )
        )
    w = w / w.sum()
    passed = float(w @ chance)
    false_positive = float(w @ np.where(deserved, 0.0, chance))
    false_negative = float(w @ np.where(deserved, 1.0 - chance, 0.0))
    consistency = float(w @ (chance**2 + (1.0 - chance) ** 2))
    by_chance = passed**2 + (1.0 - passed) ** 2
    kappa = (consistency - by_chance) / (1.0 - by_chance) if by_chance < 1.0 - 1e-12 else float("nan")
    return DecisionQuality(
        method=method,
        cut=float(cut),
        accuracy=1.0 - false_positive - false_negative,
        false_positive=false_positive,
        false_negative=false_negative,
        consistency=consistency,
        kappa=kappa,
        pass_rate=passed,
        deserving=float(w @ deserved),
        note=note,
    )
