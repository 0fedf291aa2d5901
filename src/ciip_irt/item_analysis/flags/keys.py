"""Is the key right? The flags that speak from its probability."""

from ciip_irt.item_analysis.evidence import AnalysedItem, AnalysedOption
from ciip_irt.item_analysis.flags.flag import (
    Flag,
    FlagThresholds,
    between,
    chance,
    instead_of_key,
    is_guessed_at,
    key_mean,
    rival,
)
from ciip_irt.item_analysis.wording import listed, number, percent

__all__ = ["guessed_at", "key_may_be_wrong", "two_options_right"]


def key_may_be_wrong(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Another option is probably right instead, or its choosers do better than those of the key."""
    other = rival(item, limits)
    doubt = item.key_doubt
    if other is None or doubt is None:
        return None
    if not instead_of_key(item, limits):
        return None  # both may well be right: that is another flag
    likely = doubt.p_wrong >= 0.5
    return Flag(
        1 if doubt.p_other >= limits.urgent_doubt else 2,
        _chosen(item, other),
        f"The key {'is probably' if likely else 'may be'} wrong: with probability {chance(doubt.p_other)}"
        f" another option is right, alone ({chance(doubt.p_wrong)}) or besides the key"
        f" ({chance(doubt.p_two_right)}).",
        f"Check the key, and whether {other.option} is also right.",
        doubt.p_other,
    )


def two_options_right(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """A second option behaves like a right answer."""
    other = rival(item, limits)
    doubt = item.key_doubt
    if other is None or doubt is None or key_may_be_wrong(item, limits):
        return None
    return Flag(
        2,
        f"Option {other.option} behaves much like a second right answer: {percent(other.share)} chose it"
        f" (mean {other.mean_criterion:.1f}), {percent(_key_share(item))} the key {_key_letters(item)} (mean"
        f" {key_mean(item):.1f}).",
        f"Both may be right (probability {chance(doubt.p_two_right)}), or the key is right only under an"
        " assumption that the stem leaves open.",
        f"Ask an expert whether {other.option} can be defended. If so, credit both or narrow the stem.",
        doubt.p_other,
    )


def guessed_at(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """What is chosen has nothing to do with what one knows."""
    if not is_guessed_at(item, limits):
        return None
    assert item.key_doubt is not None
    return Flag(
        2,
        f"Those who know more choose no differently from those who know less: {percent(item.p)} right,"
        f" R {number(item.r)} ({between(item)}).",
        f"Guessed at, or about something else than the rest of the exam (probability"
        f" {chance(item.key_doubt.p_guessed)}).",
        "Do not score it before an expert has read it; ask whether practice really requires it.",
        item.key_doubt.p_guessed,
    )


def _chosen(item: AnalysedItem, other: AnalysedOption) -> str:
    key_share, mean = percent(_key_share(item)), key_mean(item)
    if not _key_share(item):
        return f"{percent(other.share)} chose {other.option}; nobody chose the key {_key_letters(item)}."
    if other.mean_criterion > mean:
        return (
            f"{percent(other.share)} chose {other.option} and they scored higher (mean"
            f" {other.mean_criterion:.1f}) than the {key_share} who chose the key"
            f" {_key_letters(item)} (mean {mean:.1f})."
        )
    return (
        f"{percent(other.share)} chose {other.option} (mean {other.mean_criterion:.1f}) and {key_share} the"
        f" key {_key_letters(item)} (mean {mean:.1f}); {other.option} behaves more like the right answer."
    )


def _key_share(item: AnalysedItem) -> float:
    return sum(option.share for option in item.keys)


def _key_letters(item: AnalysedItem) -> str:
    return listed([option.option for option in item.keys], "or")
