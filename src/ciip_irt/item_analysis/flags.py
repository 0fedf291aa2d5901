"""Flags: what was seen, what it may mean, what to do.

A flag is a function of one item's evidence that returns a ``Flag`` or nothing, and one row in ``FLAGS``. Few
and ranked: severity 1 is looked at before anything else, 5 is for a quiet afternoon. A flag that another one
explains stays silent (a wrong key also makes R negative; saying it once is enough).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import atanh, ceil, isfinite

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.item_analysis.evidence import ItemEvidence, OptionEvidence
from ciip_irt.item_analysis.wording import listed, number, percent, signed

__all__ = ["FLAGS", "Flag", "FlagThresholds", "raise_flags"]


@dataclass(frozen=True, slots=True)
class FlagThresholds:
    """The numbers behind the flags, each with its source.

    Attributes
    ----------
    minimum_n
        Answers below which only "too few answers" is said about R, and nothing about p.
    key_doubt
        Probability that another option is right, alone or besides the key, from which an expert should look:
        one look in twenty then finds a flaw, and a look costs minutes where a wrong key costs passes.
    urgent_doubt
        The same, from which the look comes before anything else.
    guessed_at
        Probability that choices do not depend on ability, from which it is said.
    minimum_share
        A distractor chosen by fewer does not function (5 %, the usual convention).
    low_p, high_p
        p < .20 or >= .96 is unacceptable (Prometric's published guide).
    low_r
        ARRT reads R above .20 as good.
    flat_r, flat_n
        R below .10 is called low with this many answers even if its interval reaches ``low_r``.
    omit_rate
        Share of blank answers worth a look; with no penalty for guessing, candidates rarely leave blanks.
    displaced, unusual
        Logits that an item has moved from the bank's difficulty (.5 by custom), and robust z among the items
        (1.645, Huynh & Meyer 2010); both, and 1.96 standard errors.
    slow_times
        Multiple of the usual time per item.
    """

    minimum_n: int = 30
    key_doubt: float = 0.05
    urgent_doubt: float = 0.1
    guessed_at: float = 0.5
    minimum_share: float = 0.05
    low_p: float = 0.20
    high_p: float = 0.96
    low_r: float = 0.20
    flat_r: float = 0.10
    flat_n: int = 250
    omit_rate: float = 0.05
    displaced: float = 0.5
    unusual: float = 1.645
    slow_times: float = 2.0


@dataclass(frozen=True, slots=True)
class Flag:
    """One remark; ``weight`` orders the flags of a kind, the heaviest first."""

    severity: int
    seen: str
    may_mean: str
    do: str
    weight: float = 0.0


def key_may_be_wrong(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """Another option is probably right instead, or its choosers do better than those of the key."""
    other = _rival(item, limits)
    doubt = item.key_doubt
    if other is None or doubt is None:
        return None
    does_better = other.mean_criterion > _key_mean(item) and doubt.p_wrong >= limits.key_doubt / 2
    if not (doubt.p_wrong >= doubt.p_two_right or does_better):
        return None  # both may well be right: that is another flag
    likely = doubt.p_wrong >= 0.5
    return Flag(
        1 if doubt.p_other >= limits.urgent_doubt else 2,
        _chosen(item, other),
        f"The key {'is probably' if likely else 'may be'} wrong: with probability {_chance(doubt.p_other)}"
        f" another option is right, alone ({_chance(doubt.p_wrong)}) or besides the key"
        f" ({_chance(doubt.p_two_right)}).",
        f"Check the key, and whether {other.option} is also right.",
        doubt.p_other,
    )


def negative_r(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """Those who know more do worse on the item."""
    if not item.r < 0 or item.n < limits.minimum_n or _rival(item, limits) or _is_guessed_at(item, limits):
        return None
    seen = f"R is {number(item.r)} ({_between(item)}): better candidates get it right less often."
    if item.r_high > limits.low_r:
        return Flag(
            3,
            f"{seen} So far it may be chance.",
            "Perhaps only too few answers; perhaps a wrong key or a trick.",
            "Check the key now, judge it when there are more answers.",
            -item.r,
        )
    return Flag(
        1,
        seen,
        "A wrong key, a trick, or an item about something else than the rest of the exam.",
        "Do not score it before an expert has read it. Check the key first, then the wording.",
        -item.r,
    )


def two_options_right(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """A second option behaves like a right answer."""
    other = _rival(item, limits)
    doubt = item.key_doubt
    if other is None or doubt is None or key_may_be_wrong(item, limits):
        return None
    return Flag(
        2 if doubt.p_other >= limits.urgent_doubt else 3,
        f"Option {other.option} behaves much like a second right answer: {percent(other.share)} chose it"
        f" (mean {other.mean_criterion:.1f}), {percent(_key_share(item))} the key {_key_letters(item)} (mean"
        f" {_key_mean(item):.1f}).",
        f"Both may be right (probability {_chance(doubt.p_two_right)}), or the key is right only under an"
        " assumption that the stem leaves open.",
        f"Ask an expert whether {other.option} can be defended. If so, credit both or narrow the stem.",
        doubt.p_other,
    )


def guessed_at(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """What is chosen has nothing to do with what one knows."""
    if not _is_guessed_at(item, limits):
        return None
    assert item.key_doubt is not None
    return Flag(
        2,
        f"Those who know more choose no differently from those who know less: {percent(item.p)} right,"
        f" R {number(item.r)} ({_between(item)}).",
        f"Guessed at, or about something else than the rest of the exam (probability"
        f" {_chance(item.key_doubt.p_guessed)}).",
        "Do not score it before an expert has read it; ask whether practice really requires it.",
        item.key_doubt.p_guessed,
    )


def dif_class_c(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:  # noqa: ARG001
    """Equally able candidates of two groups differ clearly."""
    found = [result for result in item.dif if result.ets_class == "C"]
    if not found:
        return None
    worst = max(found, key=lambda result: (not result.widespread, abs(result.d_dif)))
    harder, easier = (worst.focal, worst.reference) if worst.d_dif < 0 else (worst.reference, worst.focal)
    likely = not isfinite(worst.prob_c) or worst.prob_c >= 0.5
    if worst.widespread:
        may_mean = "One of many items that differ between these groups: look at the groups first."
    elif likely:
        may_mean = "Something besides knowledge helps one group: display, wording, local practice, or a leak."
    else:
        may_mean = "Perhaps a difference between the groups, perhaps chance: few items differ that much."
    probability = f", probability of class C {_chance(worst.prob_c)}" if isfinite(worst.prob_c) else ""
    return Flag(
        2 if likely and not worst.widespread else 3,
        f"Harder for {worst.grouping} = {harder} than for {easier} at the same total"
        f" (D-DIF {signed(worst.d_dif)}, standard error {worst.se:.2f}, class C{probability};"
        f" {worst.n_focal:,} and {worst.n_reference:,} answers).",
        may_mean,
        "Read the item with both groups in mind; leave it out of equating anchors until it is explained.",
        abs(worst.d_dif),
    )


def changed_from_history(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """Harder or easier than the bank says."""
    moved = item.change
    if moved is None or _rival(item, limits):
        return None
    size = abs(moved.logits)
    if size < limits.displaced or size < 1.96 * moved.se or abs(moved.robust_z) < limits.unusual:
        return None
    harder = moved.logits > 0
    low, high = size - 1.96 * moved.se, size + 1.96 * moved.se
    return Flag(
        2 if size >= 2 * limits.displaced else 3,
        f"{'Harder' if harder else 'Easier'} by {number(size)} logit than in the bank (between {number(low)}"
        f" and {number(high)}).",
        "Has practice changed, was the wording or the key changed, or does the item stand later in the form?"
        if harder
        else "Has the item leaked, has practice changed, or is it taught now?",
        "Compare it with the version last used; leave it out of equating anchors until it is explained.",
        size,
    )


def too_hard(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
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


def too_easy(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """Nearly everybody gets it right."""
    if item.n < limits.minimum_n or not item.p >= limits.high_p or not item.distractors:
        return None  # without a distractor everyone is credited by the key
    works = item.r >= limits.low_r
    return Flag(
        3,
        f"{percent(item.p)} right (between {percent(item.p_low)} and {percent(item.p_high)}).",
        f"Easy, but it separates well (R {number(item.r)})."
        if works
        else "Everybody knows it, the distractors give it away, or it has become known.",
        "Repair the distractors that nobody chooses."
        if works
        else "Keep it only if the content must be covered; otherwise write better distractors or retire it.",
        item.p,
    )


def low_r(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """R is low, and enough answers say so."""
    if not _r_is_low(item, limits):
        return None
    easy = item.p >= 0.90
    return Flag(
        3,
        f"R is {number(item.r)} ({_between(item)}): those who know more hardly do better on it.",
        "An easy item has a low R by nature; it need not be bad."
        if easy
        else "Ambiguous, a matter of luck, or about something else than the rest of the exam.",
        "Keep it if the content needs it; sharpen the distractors if it is to separate candidates."
        if easy
        else "Read the stem and the option table; revise before using it again.",
        -item.r,
    )


def too_few_answers(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """R may or may not be good enough."""
    if not isfinite(item.r) or not isfinite(item.r_low):
        return None
    # Whether a pilot is good enough is the pilot review's question; here it is whether R is positive at all.
    open_question = item.r_low < 0 and item.r_high >= limits.low_r
    imprecise = item.r_high - item.r_low > 0.2
    said = item.n >= limits.minimum_n and (
        item.r < 0 or item.p >= limits.high_p or _rival(item, limits) is not None or _r_is_low(item, limits)
    )
    if said or not (open_question and imprecise):
        return None
    more = _more_answers(item, limits.low_r)
    return Flag(
        4,
        f"{plural(item.n, 'answer')} only; R could lie anywhere {_between(item)}.",
        "Good or not: the answers so far cannot tell.",
        f"{'Pilot it again' if item.status == 'pilot' else 'Collect more answers'};"
        f" about {more:,} more answers should settle it.",
        item.r_high - item.r_low,
    )


def many_omits(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
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


def slow_item(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
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


def weak_distractors(item: ItemEvidence, limits: FlagThresholds) -> Flag | None:
    """Options that fool nobody."""
    if item.n < limits.minimum_n:
        return None
    weak = [option for option in item.distractors if round(option.share, 2) < limits.minimum_share]
    if not weak:
        return None
    one = len(weak) == 1
    told = listed([f"{option.option} by {percent(option.share)}" for option in weak])
    return Flag(
        5,
        f"Option {told}.".replace(" by ", " was chosen by ", 1) if one else f"Hardly chosen: {told}.",
        "It fools nobody." if one else "They fool nobody.",
        "Replace it, or drop to fewer options." if one else "Replace them, or drop to fewer options.",
        float(len(weak)),
    )


FLAGS: Mapping[str, Callable[[ItemEvidence, FlagThresholds], Flag | None]] = {
    "key_may_be_wrong": key_may_be_wrong,
    "negative_r": negative_r,
    "two_options_right": two_options_right,
    "guessed_at": guessed_at,
    "dif_class_c": dif_class_c,
    "changed_from_history": changed_from_history,
    "too_hard": too_hard,
    "too_easy": too_easy,
    "low_r": low_r,
    "many_omits": many_omits,
    "too_few_answers": too_few_answers,
    "slow_item": slow_item,
    "weak_distractors": weak_distractors,
}


def raise_flags(evidence: Iterable[ItemEvidence], limits: FlagThresholds) -> pl.DataFrame:
    """``flags``: most severe first, within a kind the clearest case first, then the order of the items."""
    rows = [
        (item.item_id, name, flag.severity, flag.seen, flag.may_mean, flag.do, kind, -flag.weight, place)
        for place, item in enumerate(evidence)
        for kind, (name, rule) in enumerate(FLAGS.items())
        if (flag := rule(item, limits)) is not None
    ]
    rows.sort(key=lambda row: (row[2], *row[6:]))
    schema = {"item_id": pl.String, "flag": pl.String, "severity": pl.Int64}
    schema |= {"seen": pl.String, "may_mean": pl.String, "do": pl.String}
    return pl.DataFrame([row[:6] for row in rows], schema=schema, orient="row")


def _rival(item: ItemEvidence, limits: FlagThresholds) -> OptionEvidence | None:
    """The option that is likelier than the limit to be right too, or instead of the key."""
    doubt = item.key_doubt
    if doubt is None or item.n < limits.minimum_n:
        return None
    return doubt.rival if doubt.p_other >= max(limits.key_doubt, doubt.p_guessed) else None


def _is_guessed_at(item: ItemEvidence, limits: FlagThresholds) -> bool:
    if item.key_doubt is None or item.n < limits.minimum_n or _rival(item, limits):
        return False
    return item.key_doubt.p_guessed >= limits.guessed_at


def _chosen(item: ItemEvidence, other: OptionEvidence) -> str:
    key_share, key_mean = percent(_key_share(item)), _key_mean(item)
    if not _key_share(item):
        return f"{percent(other.share)} chose {other.option}; nobody chose the key {_key_letters(item)}."
    if other.mean_criterion > key_mean:
        return (
            f"{percent(other.share)} chose {other.option} and they scored higher (mean"
            f" {other.mean_criterion:.1f}) than the {key_share} who chose the key"
            f" {_key_letters(item)} (mean {key_mean:.1f})."
        )
    return (
        f"{percent(other.share)} chose {other.option} (mean {other.mean_criterion:.1f}) and {key_share} the"
        f" key {_key_letters(item)} (mean {key_mean:.1f}); {other.option} behaves more like the right answer."
    )


def _chance(probability: float) -> str:
    if probability < 0.005:
        return "below .01"
    return "above .99" if probability > 0.995 else number(probability)


def _r_is_low(item: ItemEvidence, limits: FlagThresholds) -> bool:
    if item.n < limits.minimum_n or not item.r >= 0:
        return False
    if _rival(item, limits) or _is_guessed_at(item, limits):
        return False
    if item.p >= limits.high_p:
        return False
    return item.r_high < limits.low_r or (item.n >= limits.flat_n and item.r < limits.flat_r)


def _more_answers(item: ItemEvidence, threshold: float) -> int:
    """Answers until the interval leaves the threshold on one side or is .2 wide, whichever comes first."""
    half = (atanh(min(item.r_high, 0.999)) - atanh(max(item.r_low, -0.999))) / 2
    distance = max(abs(atanh(max(-0.999, min(item.r, 0.999))) - atanh(threshold)), 0.1)
    needed = item.n * (half / distance) ** 2
    return max(10, 10 * ceil((needed - item.n) / 10))


def _key_share(item: ItemEvidence) -> float:
    return sum(option.share for option in item.keys)


def _key_mean(item: ItemEvidence) -> float:
    chosen: list[OptionEvidence] = [option for option in item.keys if option.n]
    return sum(option.n * option.mean_criterion for option in chosen) / max(sum(o.n for o in chosen), 1)


def _key_letters(item: ItemEvidence) -> str:
    return listed([option.option for option in item.keys], "or")


def _between(item: ItemEvidence) -> str:
    return f"between {number(item.r_low)} and {number(item.r_high)}"
