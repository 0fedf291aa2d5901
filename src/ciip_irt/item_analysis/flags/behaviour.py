"""What candidates do with it: leave it blank, take long, pass options by."""

import numpy as np

from ciip_irt.classical import wilson_interval
from ciip_irt.item_analysis.evidence import AnalysedItem
from ciip_irt.item_analysis.flags.flag import Flag, FlagThresholds
from ciip_irt.item_analysis.wording import listed, percent

__all__ = ["many_invalid", "many_omits", "slow_item", "weak_distractors"]


def many_invalid(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Many answers are none of the options that the items file lists."""
    if not item.invalid_rate > limits.invalid_rate:
        return None
    return Flag(
        1,
        f"{percent(item.invalid_rate)} of the answers are none of the options listed ({item.offered}).",
        "The items file lacks an option, or the answers were exported otherwise (in lower case, as numbers).",
        "Compare the options in the items file with the item as it was delivered and with the log; p, R and"
        " the key say nothing until then.",
        item.invalid_rate,
    )


def many_omits(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Many leave it blank."""
    if item.n < limits.minimum_n or not item.omit_rate >= limits.omit_rate:
        return None
    return Flag(
        3,
        f"{percent(item.omit_rate)} left it blank although nothing is lost by guessing.",
        "Unclear what is asked, a display fault (an image that did not load), or no time.",
        "Look at the item as candidates saw it, and read their comments.",
        item.omit_rate,
    )


def slow_item(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """It takes far more time than others."""
    if item.n < limits.minimum_n or not item.median_time_s >= limits.slow_times * item.usual_time_s:
        return None
    return Flag(
        4,
        f"Half of the candidates needed more than {item.median_time_s:.0f} seconds;"
        f" the usual item takes {item.usual_time_s:.0f}.",
        "Long to read, a calculation, or confusing.",
        "Shorten it, or count it as two when the time for a form is planned.",
        item.median_time_s,
    )


def _most(n: int, wrong: int) -> float:
    """Upper end of the interval of a share of the wrong answers; 1 where there are none."""
    return float(wilson_interval(np.array([n / wrong]), np.array([wrong]))[1][0]) if wrong else 1.0


def weak_distractors(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Options that fool nobody."""
    if item.n < limits.minimum_n:
        return None
    distractors = item.distractors
    wrong = sum(option.n for option in distractors)
    weak = [
        option
        for option in distractors
        if round(option.share, 2) < limits.minimum_share
        and _most(option.n, wrong) < limits.weak_part / len(distractors)
    ]
    if not weak:
        return None
    one = len(weak) == 1
    chosen = " was chosen by " if one else " by "
    told = listed([f"{option.option}{chosen}{percent(option.share)}" for option in weak])
    return Flag(
        5,
        f"Option {told}." if one else f"Hardly chosen: {told}.",
        "It fools nobody." if one else "They fool nobody.",
        "Replace it, or drop to fewer options." if one else "Replace them, or drop to fewer options.",
        float(len(weak)),
    )
