"""Is it too hard or too easy?"""

from ciip_irt.item_analysis.evidence import AnalysedItem
from ciip_irt.item_analysis.flags.flag import Flag, FlagThresholds
from ciip_irt.item_analysis.wording import number, percent

__all__ = ["too_easy", "too_hard"]


def too_hard(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Few get it right."""
    if item.n < limits.minimum_n or not item.p < limits.low_p:
        return None
    strongest = max(item.distractors, key=lambda option: option.share, default=None)
    works = item.r >= limits.low_r
    replace = f"Replace the strongest distractor ({strongest.option})" if strongest else "Make it easier"
    return Flag(
        3,
        f"Only {percent(item.p)} right (between {percent(item.p_low)} and {percent(item.p_high)}).",
        f"Hard, but it separates well (R {number(item.r)})."
        if works
        else "Too hard, not taught, misleading, or keyed wrongly.",
        f"{replace} and pilot it again."
        if works
        else "Check the key and whether practice really asks for it.",
        1 - item.p,
    )


def too_easy(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Nearly everybody gets it right."""
    if item.n < limits.minimum_n or not item.p >= limits.high_p or (item.options and not item.distractors):
        return None  # without a distractor everyone is credited by the key
    works = item.r >= limits.low_r
    return Flag(
        4,
        f"{percent(item.p)} right (between {percent(item.p_low)} and {percent(item.p_high)}).",
        f"Easy, but it separates well (R {number(item.r)})."
        if works
        else f"Everybody knows it{', the distractors give it away' if item.options else ''}, or it has become"
        " known.",
        _easier(item, works),
        item.p,
    )


def _easier(item: AnalysedItem, works: bool) -> str:
    """What to do with an easy item; nothing about options where only marks are known."""
    if not item.options:
        return "Keep it if the content must be covered." + ("" if works else " Otherwise retire it.")
    if works:
        return "Repair the distractors that nobody chooses."
    return "Keep it only if the content must be covered; otherwise write better distractors or retire it."
