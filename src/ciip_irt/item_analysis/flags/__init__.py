"""Flags: what was seen, what it may mean, what to do.

A flag is a function of one item's evidence that returns a ``Flag`` or nothing, and one row in ``FLAGS``. Few
and ranked: severity 1 is looked at before anything else, 5 is for a quiet afternoon. A flag that another one
explains stays silent (a wrong key also makes R negative; saying it once is enough).
"""

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.item_analysis.evidence import AnalysedItem
from ciip_irt.item_analysis.flags.behaviour import many_invalid, many_omits, slow_item, weak_distractors
from ciip_irt.item_analysis.flags.differences import changed_from_history, dif_changes_sides, dif_class_c
from ciip_irt.item_analysis.flags.difficulty import too_easy, too_hard
from ciip_irt.item_analysis.flags.discrimination import low_r, negative_r, too_few_answers
from ciip_irt.item_analysis.flags.flag import Flag, FlagThresholds
from ciip_irt.item_analysis.flags.keys import guessed_at, key_may_be_wrong, two_options_right
from ciip_irt.tables import HELD_SEVERITY, ITEM_FLAGS, SEVERITY_WORDS

__all__ = ["FLAGS", "Flag", "FlagThresholds", "flagged_in_words", "raise_flags"]

FLAGS: Mapping[str, Callable[[AnalysedItem, FlagThresholds], Flag | None]] = {
    "many_invalid": many_invalid,
    "key_may_be_wrong": key_may_be_wrong,
    "negative_r": negative_r,
    "two_options_right": two_options_right,
    "guessed_at": guessed_at,
    "dif_class_c": dif_class_c,
    "dif_changes_sides": dif_changes_sides,
    "changed_from_history": changed_from_history,
    "too_hard": too_hard,
    "too_easy": too_easy,
    "low_r": low_r,
    "many_omits": many_omits,
    "too_few_answers": too_few_answers,
    "slow_item": slow_item,
    "weak_distractors": weak_distractors,
}


def raise_flags(evidence: Iterable[AnalysedItem], limits: FlagThresholds) -> pl.DataFrame:
    """``flags``: most severe first, within a kind the clearest case first, then the order of the items."""
    rows = [
        (item.item_id, name, flag.severity, flag.seen, flag.may_mean, flag.do, kind, -flag.weight, place)
        for place, item in enumerate(evidence)
        for kind, (name, rule) in enumerate(FLAGS.items())
        if (flag := rule(item, limits)) is not None
    ]
    rows.sort(key=lambda row: (row[2], *row[6:]))
    return ITEM_FLAGS.frame([dict(zip(ITEM_FLAGS.names, row, strict=False)) for row in rows])


def flagged_in_words(flags: pl.DataFrame) -> str:
    """How many items are to be checked, settled, looked at: each item by its gravest flag.

    >>> flagged_in_words(pl.DataFrame({"item_id": ["A1", "A1", "B2"], "severity": [1, 4, 5]}))
    '1 item to check today (severity 1), 2 with any remark'
    >>> flagged_in_words(pl.DataFrame({"item_id": ["B2"], "severity": [5]}))
    'No item with a pressing flag, 1 with any remark'
    """
    worst = flags.group_by("item_id").agg(pl.col("severity").min())["severity"]
    counts = {severity: int((worst == severity).sum()) for severity in range(1, HELD_SEVERITY + 1)}
    said = [f"{plural(n, 'item')} to {SEVERITY_WORDS[k]} (severity {k})" for k, n in counts.items() if n]
    return ", ".join([*(said or ["No item with a pressing flag"]), f"{worst.len():,} with any remark"])
