"""Does it work differently for some candidates, or otherwise than it used to?"""

from math import isfinite

from ciip_irt.item_analysis.evidence import AnalysedItem
from ciip_irt.item_analysis.flags.flag import Flag, FlagThresholds, chance, rival
from ciip_irt.item_analysis.wording import number, signed

__all__ = ["changed_from_history", "dif_changes_sides", "dif_class_c"]

UNLIKELY = 0.1  # a class C that is one by chance in nine cases of ten


def dif_class_c(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:  # noqa: ARG001
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
    probability = f", probability of class C {chance(worst.prob_c)}" if isfinite(worst.prob_c) else ""
    chance_alone = isfinite(worst.prob_c) and worst.prob_c < UNLIKELY
    return Flag(
        4 if chance_alone or worst.widespread else 2 if likely else 3,
        f"Harder for {worst.grouping} = {harder} than for {easier} at the same total"
        f" (D-DIF {signed(worst.d_dif)}, standard error {worst.se:.2f}, class C{probability};"
        f" {worst.n_focal:,} and {worst.n_reference:,} answers).",
        may_mean,
        "Read the item with both groups in mind; leave it out of equating anchors until it is explained.",
        abs(worst.d_dif),
    )


def dif_changes_sides(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Two groups differ, but not in the same way at every score, which class C can miss."""
    if dif_class_c(item, limits):
        return None
    found = [
        result
        for result in item.dif
        if result.ets_class != "insufficient"
        and not result.widespread
        and result.p_nonuniform < limits.nonuniform_p
        and result.r2_change >= limits.nonuniform_r2
    ]
    if not found:
        return None
    worst = max(found, key=lambda result: result.r2_change)
    return Flag(
        4,
        f"How much knowledge helps differs between {worst.grouping} = {worst.focal} and {worst.reference}"
        f" (logistic regression, gain in R-squared {number(worst.r2_change)}; {worst.n_focal:,} and"
        f" {worst.n_reference:,} answers).",
        "One group can guess it, or knows it by heart, where the other has to work it out.",
        "Compare the option tables of both groups and read the item with both in mind.",
        worst.r2_change,
    )


def changed_from_history(item: AnalysedItem, limits: FlagThresholds) -> Flag | None:
    """Harder or easier than the bank says."""
    moved = item.change
    if moved is None or rival(item, limits):
        return None
    size = abs(moved.logits)
    if size < limits.displaced or size < limits.certain * moved.se or abs(moved.robust_z) < limits.unusual:
        return None
    harder = moved.logits > 0
    low, high = size - 1.96 * moved.se, size + 1.96 * moved.se
    return Flag(
        2 if low >= limits.displaced else 3,
        f"{'Harder' if harder else 'Easier'} by {number(size)} logit than in the bank (between {number(low)}"
        f" and {number(high)}).",
        "Has practice changed, was the wording or the key changed, or does the item stand later in the form?"
        if harder
        else "Has the item leaked, has practice changed, or is it taught now?",
        "Compare it with the version last used; leave it out of equating anchors until it is explained.",
        size / max(moved.se, 1e-9),
    )
