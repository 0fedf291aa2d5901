"""Sums and means of a numeric column over the scored items: words, for example.

An item without a value makes both unknown: where one is bounded, only items with a value may be scored. The
number of items that a condition names is not fixed, so a mean within bounds is two rows:
``Σ (v_i - low) x_i >= 0`` and ``Σ (v_i - high) x_i <= 0``.
"""

from collections.abc import Iterator
from math import fsum

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import SumRule
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import matches
from ciip_irt.forms.pool.new_item import NewItem, usual
from ciip_irt.forms.pool.pool import Constraint, Pool, Row
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["ATTRIBUTE_SUMS"]

NAME = "attribute_sums"


def rows(pool: Pool) -> Iterator[Row]:
    for rule in pool.blueprint.requirements.sums:
        values = pool.attributes.numbers.get(rule.column, {})
        concerned = [matches(pool.attributes, rule.where, item_id) for item_id in pool.item_ids]
        without = pool.items_where(
            here and item_id not in values for here, item_id in zip(concerned, pool.item_ids, strict=True)
        )
        counted = pool.items_where(
            here and item_id in values for here, item_id in zip(concerned, pool.item_ids, strict=True)
        )
        coefficients = np.array([values[pool.item_ids[item]] for item in counted])
        lines = [(coefficients, rule.low, rule.high)]
        if rule.mean:
            lines = [(coefficients - rule.low, 0.0, np.inf)] if np.isfinite(rule.low) else []
            lines += [(coefficients - rule.high, -np.inf, 0.0)] if np.isfinite(rule.high) else []
        for form, form_id in enumerate(pool.form_ids):
            for line, low, high in lines:
                yield Row(
                    f"{form_id}: {rule.name}", low, high, pool.columns(SCORED, form, counted),
                    line, relaxable=True, unit=rule.column, label=rule.name, source=rule,
                    bounds_told=not rule.mean,
                )  # fmt: skip
            if len(without):
                yield Row(
                    f"{form_id}: {rule.name}, items with a value only", 0.0, 0.0,
                    pool.columns(SCORED, form, without), np.ones(len(without)),
                    label=f"{rule.name}, items with a value only",
                )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    for rule in given.blueprint.requirements.sums:
        values = given.attributes.numbers.get(rule.column, {})
        for form in given.forms:
            concerned = [
                i for i in form.scored if i in given.bank and matches(given.attributes, rule.where, i)
            ]
            without = [item_id for item_id in concerned if item_id not in values]
            if without:
                message = (
                    f"{rule.name}: {plural(len(without), 'scored item')} without {rule.column}"
                    f" (e.g. {', '.join(without[:5])}): the {'mean' if rule.mean else 'sum'} cannot be told"
                )
                yield Finding(NAME, ERROR, form.form_id, without[0], message)
                continue
            total = fsum(values[item_id] for item_id in concerned)
            slack = ROUNDING * max(1.0, abs(total))
            if rule.mean:
                if not concerned:
                    continue
                total, slack = total / len(concerned), slack / len(concerned)
            if not rule.low - slack <= total <= rule.high + slack:
                shown = f"{'a mean of ' if rule.mean else ''}{total:.6g} {rule.column}"
                message = f"{rule.name}: {shown}, blueprint needs {rule.wanted}"
                yield Finding(NAME, ERROR, form.form_id, "", message)


def adds(item: NewItem, source: object, coefficients: FloatArray) -> float:
    return usual(coefficients) if isinstance(source, SumRule) and item.satisfies(source.where) else 0.0


ATTRIBUTE_SUMS = Constraint(
    NAME, "each sum and mean over the scored items is within the blueprint's bounds", rows, check,
    lambda given: bool(given.blueprint.requirements.sums), spared=9, adds=adds,
)  # fmt: skip
