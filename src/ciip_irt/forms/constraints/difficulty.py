"""Difficulty targets, each within its tolerance; goals as high as possible in all forms alike.

A goal k has a level w_k that all forms share: ``w_k <= Σ_i c_ki x_fi <= (1 + within) w_k``, and y with
``w_k >= r_k y`` is to be raised. Levels are helper columns, in shares of what no form can exceed.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import ResolvedTarget
from ciip_irt.forms.findings import Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Constraint, Pool, Row
from ciip_irt.forms.tolerances import SMALLEST, TARGET_ROUNDING

__all__ = ["DIFFICULTY", "LEAST", "achieved_value", "highest_least"]

NAME = "difficulty"
LEVEL, LEAST = "level of a goal", "least goal"


def rows(pool: Pool) -> Iterator[Row]:
    for target in pool.targets:
        if target.is_goal:
            yield from _goal_rows(pool, target)
            continue
        c = np.array([target.contributions.get(item_id, 0.0) for item_id in pool.item_ids])
        for form, form_id in enumerate(pool.form_ids):
            yield Row(
                f"{form_id}: {target.label}", target.value, target.value, pool.columns(SCORED, form), c,
                give=target.tolerance, severity=target.severity, label=target.label, source=target,
            )  # fmt: skip


def most_possible(pool: Pool, target: ResolvedTarget) -> float:
    """The sum of the largest contributions: no form of the blueprint's length has more."""
    largest = sorted(target.raised.values())[-pool.blueprint.length :]
    # Rows are divided by it, so a target to which no item contributes must not make it zero.
    return max(float(sum(largest)), SMALLEST)


def highest_least(pool: Pool) -> float:
    """No form can have all goals above so many times their weights."""
    return min(most_possible(pool, target) / target.value for target in pool.targets if target.is_goal)


def _goal_rows(pool: Pool, target: ResolvedTarget) -> Iterator[Row]:
    c = np.array([target.raised.get(item_id, 0.0) for item_id in pool.item_ids])
    top = most_possible(pool, target)
    level = (LEVEL, target.label)
    for form, form_id in enumerate(pool.form_ids):
        columns, name = pool.columns(SCORED, form), f"{form_id}: {target.label}"
        yield Row(name, 0.0, np.inf, columns, c / top, helpers=((level, -1.0),), goal=True)
        yield Row(
            f"{name}, not above the others", -np.inf, 0.0, columns, c / top,
            helpers=((level, -1.0 - target.equal_within),), goal=True,
        )  # fmt: skip
    nothing = np.array([], dtype=np.int64)
    least = -target.value * highest_least(pool) / top
    yield Row(
        f"{target.label}: level", 0.0, np.inf, nothing, nothing.astype(np.float64),
        helpers=((level, 1.0), (LEAST, least)), goal=True,
    )  # fmt: skip


def achieved_value(contributions: Mapping[str, float], item_ids: tuple[str, ...]) -> float | None:
    """The sum over the items, or nothing where an item has no parameters."""
    if any(item_id not in contributions for item_id in item_ids):
        return None
    return float(sum(contributions[item_id] for item_id in item_ids))


def check(given: FormSet) -> Iterator[Finding]:
    for target in given.targets:
        if target.is_goal:
            yield from _apart(given, target)
            continue
        unit, decimals = target.quantity.unit, target.quantity.decimals
        for form in given.forms:
            value = achieved_value(target.contributions, form.scored)
            if value is None:
                continue
            off = value - target.value
            if abs(off) > target.tolerance * (1 + TARGET_ROUNDING):
                message = (
                    f"{target.label} is {value:.{decimals}f} {unit}, target {target.value:.{decimals}f}"
                    f" +- {target.tolerance:g}{' (the average of the bank)' if target.from_bank else ''}:"
                    f" {abs(off):.{decimals}f} too {'high' if off > 0 else 'low'}"
                )
                yield Finding(NAME, target.severity, form.form_id, "", message)


def _apart(given: FormSet, target: ResolvedTarget) -> Iterator[Finding]:
    """Forms whose value lies further above the lowest form than the goal allows."""
    values = {form.form_id: achieved_value(target.contributions, form.scored) for form in given.forms}
    known = {form_id: value for form_id, value in values.items() if value is not None}
    lowest = min(known, key=lambda form_id: known[form_id], default="")
    for form_id, value in known.items():
        if value > known[lowest] * (1 + target.equal_within) * (1 + TARGET_ROUNDING) + TARGET_ROUNDING:
            decimals, unit = target.quantity.decimals, target.quantity.unit
            message = (
                f"{target.label} is {value:.{decimals}f} {unit}, of {lowest} {known[lowest]:.{decimals}f}:"
                f" more than {100 * target.equal_within:g} % apart"
            )
            yield Finding(NAME, target.severity, form_id, "", message)


def adds(item: NewItem, source: object, coefficients: FloatArray) -> float:  # noqa: ARG001
    return next((added for target, added in item.targets if target is source), 0.0)


DIFFICULTY = Constraint(
    NAME, "every difficulty target is met within its tolerance", rows, check,
    lambda given: bool(given.targets), targets=True, adds=adds,
)  # fmt: skip
