"""Limits that every single item keeps: uses so far, age, length, or any other number or date of the bank.

An item without a value, or with a date too coarse to compare, may stand; a warning says so.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.blueprint import LimitRule
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import SCORED, Form, FormSet
from ciip_irt.forms.pool.item_attributes import matches, outside
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["ITEM_LIMITS"]

NAME = "item_limits"


def rows(pool: Pool) -> Iterator[Row]:
    for rule in pool.blueprint.requirements.limits:
        barred = pool.items_where(
            outside(pool.attributes, rule, item_id) is True for item_id in pool.item_ids
        )
        for form, form_id in enumerate(pool.form_ids) if len(barred) else ():
            yield Row(
                f"{form_id}: {rule.name}", 0.0, 0.0, pool.columns(rule.role, form, barred),
                np.ones(len(barred)),
            )  # fmt: skip


def _concerned(given: FormSet, form: Form, rule: LimitRule) -> list[str]:
    items = form.scored if rule.role == SCORED else form.pilots
    return [i for i in dict.fromkeys(items) if i in given.bank and matches(given.attributes, rule.where, i)]


def check(given: FormSet) -> Iterator[Finding]:
    for rule in given.blueprint.requirements.limits:
        values = (
            given.attributes.named(rule.column)
            if rule.dated
            else given.attributes.numbers.get(rule.column, {})
        )
        for form in given.forms:
            unsure = []
            for item_id in _concerned(given, form, rule):
                verdict = outside(given.attributes, rule, item_id)
                if verdict:
                    value = values[item_id]
                    shown = value if isinstance(value, str) else f"{value:g}"
                    message = (
                        f"{rule.name}: {item_id} has {rule.column} {shown}, blueprint wants {rule.wanted}"
                    )
                    yield Finding(NAME, ERROR, form.form_id, item_id, message)
                elif verdict is None:
                    unsure.append(item_id)
            if unsure:
                message = (
                    f"{rule.name}: {plural(len(unsure), f'{rule.role} item')} without a {rule.column}"
                    f" to judge by (e.g. {', '.join(unsure[:5])})"
                )
                yield Finding(NAME, WARNING, form.form_id, unsure[0], message)


ITEM_LIMITS = Constraint(
    NAME, "every item keeps the limits of age, use and other columns", rows, check,
    lambda given: bool(given.blueprint.requirements.limits),
)  # fmt: skip
