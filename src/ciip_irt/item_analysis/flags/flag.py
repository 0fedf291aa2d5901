"""What a flag is, the numbers behind the flags, and what several of them ask of an item."""

from dataclasses import dataclass

from ciip_irt.item_analysis.evidence import AnalysedItem, AnalysedOption
from ciip_irt.item_analysis.wording import number

__all__ = [
    "Flag",
    "FlagThresholds",
    "between",
    "chance",
    "instead_of_key",
    "is_guessed_at",
    "key_mean",
    "r_is_low",
    "rival",
]


@dataclass(frozen=True, slots=True)
class FlagThresholds:
    """The numbers behind the flags, each with its source.

    Attributes
    ----------
    minimum_n
        Answers below which only "too few answers" is said about R, and nothing about p.
    key_doubt
        Probability that another option is right in place of the key, or besides it with choosers who do
        better than those of the key, from which an expert should look: one look in twenty then finds a flaw,
        and a look costs minutes where a wrong key costs passes.
    second_right
        Probability that a second option is right besides the key, from which it is said: what is said is then
        mostly true. Below it the number stands in ``key_check``.
    urgent_doubt
        The same, from which the look comes before anything else.
    guessed_at
        Probability that choices do not depend on ability, from which it is said.
    minimum_share, weak_part
        A distractor chosen by fewer does not function (5 %, the usual convention) where, beyond chance, it
        also draws less than this part of its equal share of the wrong answers: at p = .9 three distractors
        have 3 % each, and none is weak.
    low_p, high_p
        p < .20 or >= .96 is unacceptable (Prometric's published guide).
    low_r
        ARRT reads R above .20 as good.
    flat_r, flat_n
        R below .10 is called low with this many answers even if its interval reaches ``low_r``.
    omit_rate
        Share of blank answers worth a look; with no penalty for guessing, candidates rarely leave blanks.
    invalid_rate
        Share of answers outside the options from which an option or a whole export is wrong rather than a
        candidate.
    displaced, unusual
        Logits that an item has moved from the bank's difficulty (.5 by custom), and robust z among the items
        (1.645, Huynh & Meyer 2010); both, and ``certain`` standard errors: the rule of anchors.
    nonuniform_p, nonuniform_r2
        Of DIF that changes with the score: significance (one item in a thousand by chance) and gain in
        R-squared (.035, Jodoin & Gierl 2001).
    slow_times
        Multiple of the usual time per item.
    """

    minimum_n: int = 30
    key_doubt: float = 0.05
    second_right: float = 0.5
    urgent_doubt: float = 0.1
    guessed_at: float = 0.5
    minimum_share: float = 0.05
    weak_part: float = 0.5
    low_p: float = 0.20
    high_p: float = 0.96
    low_r: float = 0.20
    flat_r: float = 0.10
    flat_n: int = 250
    omit_rate: float = 0.05
    invalid_rate: float = 0.05
    displaced: float = 0.5
    unusual: float = 1.645
    certain: float = 3.0
    nonuniform_p: float = 0.001
    nonuniform_r2: float = 0.035
    slow_times: float = 2.0


@dataclass(frozen=True, slots=True)
class Flag:
    """One remark; ``weight`` orders the flags of a kind, the heaviest first."""

    severity: int
    seen: str
    may_mean: str
    do: str
    weight: float = 0.0


def rival(item: AnalysedItem, limits: FlagThresholds) -> AnalysedOption | None:
    """The option that is likelier than the limit to be right instead of the key, or besides it."""
    doubt = item.key_doubt
    if doubt is None or doubt.rival is None or item.n < limits.minimum_n:
        return None
    if doubt.p_other < max(limits.key_doubt, doubt.p_guessed):
        return None
    return doubt.rival if instead_of_key(item, limits) or doubt.p_other >= limits.second_right else None


def instead_of_key(item: AnalysedItem, limits: FlagThresholds) -> bool:
    """Whether the rival is right rather in place of the key than besides it, or draws the abler ones."""
    doubt = item.key_doubt
    if doubt is None or doubt.rival is None:
        return False
    does_better = doubt.rival.mean_criterion > key_mean(item) and doubt.p_wrong >= limits.key_doubt / 2
    return doubt.p_wrong >= doubt.p_two_right or does_better


def key_mean(item: AnalysedItem) -> float:
    """Mean criterion of those who chose a keyed option."""
    chosen: list[AnalysedOption] = [option for option in item.keys if option.n]
    return sum(option.n * option.mean_criterion for option in chosen) / max(sum(o.n for o in chosen), 1)


def is_guessed_at(item: AnalysedItem, limits: FlagThresholds) -> bool:
    """Whether choices probably do not depend on ability."""
    if item.key_doubt is None or item.n < limits.minimum_n or rival(item, limits):
        return False
    if item.r_high < 0 or item.r_low > 0:  # those who know more do choose differently
        return False
    return item.key_doubt.p_guessed >= limits.guessed_at


def r_is_low(item: AnalysedItem, limits: FlagThresholds) -> bool:
    """Whether R is low by enough answers, and nothing else explains it."""
    if item.n < limits.minimum_n or not item.r >= 0:
        return False
    if rival(item, limits) or is_guessed_at(item, limits):
        return False
    if item.p >= limits.high_p:
        return False
    return item.r_high < limits.low_r or (item.n >= limits.flat_n and item.r < limits.flat_r)


def chance(probability: float) -> str:
    """A probability in words that never claim certainty."""
    if probability < 0.005:
        return "below .01"
    return "above .99" if probability > 0.995 else number(probability)


def between(item: AnalysedItem) -> str:
    """The interval of R in words."""
    return f"between {number(item.r_low)} and {number(item.r_high)}"
