"""The blueprint's difficulty targets, each within its tolerance."""

from collections.abc import Iterator, Mapping

import numpy as np

from ciip_irt.forms.findings import Finding
from ciip_irt.forms.form_set import SCORED, FormSet
from ciip_irt.forms.pool import Constraint, Pool, Row

__all__ = ["DIFFICULTY", "achieved_value"]

NAME = "difficulty"
# Sums of 130 floats in another order differ by less than this share of a tolerance.
ROUNDING = 1e-6


def rows(pool: Pool) -> Iterator[Row]:
    for target in pool.targets:
        c = np.array([target.contributions.get(item_id, 0.0) for item_id in pool.item_ids])
        for form, form_id in enumerate(pool.form_ids):
            yield Row(
                f"{form_id}: {target.label}", target.value, target.value, pool.columns(SCORED, form), c,
                give=target.tolerance, severity=target.severity,
            )  # fmt: skip


def achieved_value(contributions: Mapping[str, float], item_ids: tuple[str, ...]) -> float | None:
    """The sum over the items, or nothing where an item has no parameters."""
    if any(item_id not in contributions for item_id in item_ids):
        return None
    return float(sum(contributions[item_id] for item_id in item_ids))


def check(given: FormSet) -> Iterator[Finding]:
    for target in given.targets:
        unit, decimals = target.quantity.unit, target.quantity.decimals
        for form in given.forms:
            value = achieved_value(target.contributions, form.scored)
            if value is None:
                continue
            off = value - target.value
            if abs(off) > target.tolerance * (1 + ROUNDING):
                message = (
                    f"{target.label} is {value:.{decimals}f} {unit}, target {target.value:.{decimals}f}"
                    f" +- {target.tolerance:g}{' (the average of the bank)' if target.from_bank else ''}:"
                    f" {abs(off):.{decimals}f} too {'high' if off > 0 else 'low'}"
                )
                yield Finding(NAME, target.severity, form.form_id, "", message)


DIFFICULTY = Constraint(
    NAME, "every difficulty target is met within its tolerance", rows, check,
    lambda given: bool(given.targets),
)  # fmt: skip
