"""Does it tell those who know from those who do not?"""

from math import atanh, ceil, isfinite

from ciip_irt.errors import plural
from ciip_irt.item_analysis.evidence import AnalysedItem
from ciip_irt.item_analysis.flags.flag import Flag, FlagThresholds, between, is_guessed_at, r_is_low, rival
from ciip_irt.item_analysis.wording import number

__all__ = ["low_r", "negative_r", "too_few_answers"]


def negative_r(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Those who know more do worse on the item, or no better."""
    if not item.r < 0 or item.n < limits.minimum_n or rival(item, limits) or is_guessed_at(item, limits):
        return None
    sure = item.r_high < 0
    seen = (
        f"R is {number(item.r)} ({between(item)}): better candidates get it right"
        f" {'less' if sure else 'no more'} often."
    )
    if item.r_high > limits.low_r:
        return Flag(
            3,
            f"{seen} Too few answers to be sure.",
            "Perhaps only too few answers; perhaps a wrong key or a trick.",
            "Check the key now, judge it when there are more answers.",
            -item.r,
        )
    return Flag(
        1 if sure else 2,
        seen,
        "A wrong key, a trick, or an item about something else than the rest of the exam.",
        "Do not score it before an expert has read it. Check the key first, then the wording.",
        -item.r,
    )


def low_r(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """R is low, and enough answers say so."""
    if not r_is_low(item, limits):
        return None
    easy = item.p >= 0.90
    return Flag(
        3 if item.r_high < limits.flat_r and not easy else 4,
        f"R is {number(item.r)} ({between(item)}): those who know more hardly do better on it.",
        "An easy item has a low R by nature; it need not be bad."
        if easy
        else "Ambiguous, a matter of luck, or about something else than the rest of the exam.",
        "Keep it if the content needs it"
        + ("; sharpen the distractors if it is to separate candidates." if item.options else ".")
        if easy
        else f"Read the stem{' and the option table' if item.options else ''}; revise before using it again.",
        -item.r,
    )


def too_few_answers(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """R may or may not be good enough."""
    if not isfinite(item.r) or not isfinite(item.r_low):
        return None
    # Whether a pilot is good enough is the pilot review's question; here it is whether R is positive at all.
    open_question = item.r_low < 0 and item.r_high >= limits.low_r
    imprecise = item.r_high - item.r_low > 0.2
    said = item.n >= limits.minimum_n and (
        item.r < 0 or item.p >= limits.high_p or rival(item, limits) is not None or r_is_low(item, limits)
    )
    if said or not (open_question and imprecise):
        return None
    more = _more_answers(item, limits.low_r)
    return Flag(
        4,
        f"{plural(item.n, 'answer')} only; R could lie anywhere {between(item)}.",
        "Good or not: the answers so far cannot tell.",
        f"{'Pilot it again' if item.status == 'pilot' else 'Collect more answers'};"
        f" about {more:,} more answers should settle it.",
        item.r_high - item.r_low,
    )


def _more_answers(item: AnalysedItem, threshold: float) -> int:
    """Answers until the interval leaves the threshold on one side or is .2 wide, whichever comes first."""
    half = (atanh(min(item.r_high, 0.999)) - atanh(max(item.r_low, -0.999))) / 2
    distance = max(abs(atanh(max(-0.999, min(item.r, 0.999))) - atanh(threshold)), 0.1)
    needed = item.n * (half / distance) ** 2
    return max(10, 10 * ceil((needed - item.n) / 10))
