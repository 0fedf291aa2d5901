"""What forms have of the targeted quantities, how sure that is, and what exact parameters would promise."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ciip_irt.blueprint import Blueprint, ResolvedTarget
from ciip_irt.errors import plural
from ciip_irt.forms.constraints.difficulty import achieved_value
from ciip_irt.forms.pool.expected_times import ExpectedTimes
from ciip_irt.forms.pool.form_set import Form
from ciip_irt.forms.tolerances import TARGET_ROUNDING

__all__ = ["achieved_frame", "certainty", "error_sentence", "shrinkage_sentences", "time_sentences"]

ACHIEVED_COLUMNS = {
    "form_id": pl.String, "quantity": pl.String, "target": pl.Float64, "tolerance": pl.Float64,
    "achieved": pl.Float64, "deviation": pl.Float64, "met": pl.Boolean, "se": pl.Float64,
    "se_scale": pl.Float64, "low": pl.Float64, "high": pl.Float64,
}  # fmt: skip
# Of a normal distribution, 95 % lie within so many standard deviations.
NORMAL_95 = 1.959964
# Differences that nobody would see in what is printed are not told.
TOLD_PERCENT, TOLD_POINTS = 0.5, 0.05


def achieved_frame(forms: Sequence[Form], targets: Sequence[ResolvedTarget]) -> pl.DataFrame:
    """What each form has of each targeted quantity, computed from its items."""
    rows: list[tuple[str | float | bool | None, ...]] = []
    for target in targets:
        lowest = min((achieved_value(target.contributions, f.scored) or 0.0 for f in forms), default=0.0)
        for form in forms:
            value = achieved_value(target.contributions, form.scored)
            sure = _interval(value, *certainty(target, form.scored))
            if target.is_goal:
                near = (
                    None
                    if value is None
                    else value <= lowest * (1 + target.equal_within) * (1 + TARGET_ROUNDING)
                )
                rows.append((form.form_id, target.label, None, None, value, None, near, *sure))
                continue
            off = None if value is None else value - target.value
            met = None if off is None else abs(off) <= target.tolerance * (1 + TARGET_ROUNDING)
            rows.append((form.form_id, target.label, target.value, target.tolerance, value, off, met, *sure))
    return pl.DataFrame(rows, schema=ACHIEVED_COLUMNS, orient="row")


def certainty(target: ResolvedTarget, items: tuple[str, ...]) -> tuple[float | None, float | None]:
    """Standard errors of a form's value: of the items' own errors, and of the scale's origin and unit."""
    variance = None if target.variances is None else achieved_value(target.variances, items)
    if variance is None:
        return None, None
    if target.loadings is None:
        return float(np.sqrt(variance)), None
    together = np.sum([target.loadings[item_id] for item_id in items], axis=0)
    return float(np.sqrt(variance)), float(np.sqrt((together**2).sum()))


def _interval(
    value: float | None, own: float | None, scale: float | None
) -> tuple[float | None, float | None, float | None, float | None]:
    """Both standard errors and the 95 % interval that they leave."""
    if value is None or own is None:
        return own, scale, None, None
    half = NORMAL_95 * float(np.hypot(own, scale or 0.0))
    return own, scale, value - half, value + half


def error_sentence(rows: pl.DataFrame) -> str:
    """What the uncertainty of the parameters leaves open, and in which form most."""
    known = rows.filter(pl.col("low").is_not_null())
    if known.is_empty():
        return ""
    widest = known.with_columns(wide=pl.col("high") - pl.col("low"))
    worst = known.row(int(widest["wide"].arg_max() or 0), named=True)
    where = f" ({worst['form_id']}, the widest of the family)" if known.height > 1 else ""
    low, high, own = worst["low"], worst["high"], NORMAL_95 * worst["se"]
    apart = "" if not worst["se_scale"] else f", {own:.2f} either way but for what all forms share"
    return (
        f" With the standard errors of the parameters, 95 in 100 true values lie between {low:.2f} and"
        f" {high:.2f}{where}{apart}."
    )


def shrinkage_sentences(
    forms: Sequence[Form], targets: Sequence[ResolvedTarget], blueprint: Blueprint
) -> list[str]:
    """That the promises are expectations, and what the estimates taken as exact would promise instead."""
    if not targets or not forms:
        return []
    shrinkage = targets[0].shrinkage
    if shrinkage is None:
        why = "The bank has no standard errors" if blueprint.shrink else "The blueprint says shrink = false"
        return [
            f"{why}: parameters are taken as exact. Items chosen for their estimates flatter them, so forms"
            " have less information than promised."
        ]
    kept = [
        f"{name} keep {100 * share:.0f} %"
        for name, share in (("slopes", shrinkage.slopes), ("difficulties", shrinkage.difficulties))
        if share is not None
    ]
    sentence = (
        f"The parameters are as uncertain as after {shrinkage.persons:,.0f} answers an item: of their"
        f" distance from the bank's average, {' and '.join(kept)}."
    )
    differences = _differences(forms, targets)
    if differences:
        sentence += f" Taken as exact they would promise {' and '.join(differences)}."
    if shrinkage.exact:
        many = plural(shrinkage.exact, "item has no standard error", "items have no standard error")
        sentence += f" {many[0].upper() + many[1:]} and count as exact."
    return [sentence]


def time_sentences(forms: Sequence[Form], times: ExpectedTimes | None, minutes: int | None) -> list[str]:
    """How long the forms are expected to take, where some of their times are predictions."""
    if times is None or minutes is None:
        return []
    found = [times.form(entry.item_id for entry in form.entries) for form in forms]
    if not any(form.predicted for form in found) or any(form.unknown for form in found):
        return []
    long = max(found, key=lambda form: form.high)
    name = forms[found.index(long)].form_id
    at_most = f" ({name}, the longest)" if len(forms) > 1 else ""
    return [
        f"Expected time: {long.seconds / 60:.0f} of {minutes} minutes, {long.low / 60:.0f} to"
        f" {long.high / 60:.0f} since the times of {plural(long.predicted, 'item')} are predicted{at_most}."
    ]


def _differences(forms: Sequence[Form], targets: Sequence[ResolvedTarget]) -> list[str]:
    """The largest difference of each quantity that exact parameters would make, in words."""
    largest: dict[str, tuple[float, str]] = {}
    for target in targets:
        if target.plain is None:
            continue
        exact = _mean_value(target.plain, forms)
        expected = _mean_value(target.contributions, forms)
        if exact is None or not expected:
            continue
        off, unit = exact - expected, target.quantity.unit
        if target.quantity.name == "information":
            size = 100 * off / expected
            told, words = abs(size) >= TOLD_PERCENT, f"{abs(size):.1f} % {_more(off)} {target.label}"
        elif target.quantity.unit == "raw points":
            size = off
            told, words = abs(size) >= TOLD_POINTS, f"{abs(off):.2f} {unit} {_more(off)} {target.label}"
        else:
            continue
        if told and abs(size) > largest.get(target.quantity.name, (0.0, ""))[0]:
            largest[target.quantity.name] = (abs(size), words)
    return [words for _, words in largest.values()]


def _more(off: float) -> str:
    return "more" if off > 0 else "less"


def _mean_value(contributions: Mapping[str, float], forms: Sequence[Form]) -> float | None:
    values = [achieved_value(contributions, form.scored) for form in forms]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
