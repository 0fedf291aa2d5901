"""The number of items with given values in columns of the bank: one column, or several together."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import CountRule
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import matches, values_of_no_item
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["ATTRIBUTE_COUNTS"]

NAME = "attribute_counts"


def rows(pool: Pool) -> Iterator[Row]:
    for rule in pool.blueprint.requirements.counts:
        members = pool.items_where(matches(pool.attributes, rule.where, item_id) for item_id in pool.item_ids)
        for form, form_id in enumerate(pool.form_ids):
            yield Row(
                f"{form_id}: {rule.name}", float(rule.low), float(rule.high),
                pool.columns(rule.role, form, members), np.ones(len(members)), relaxable=rule.role == SCORED,
                label=rule.name, source=rule,
            )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    rules = given.blueprint.requirements.counts
    columns = dict.fromkeys((column, r.role) for r in rules for column, _ in r.where if column != "domain")
    for form in given.forms:
        known = {
            role: [item_id for item_id in items if item_id in given.bank]
            for role, items in ((SCORED, form.scored), (PILOT, form.pilots))
        }
        for rule in rules:
            count = sum(matches(given.attributes, rule.where, item_id) for item_id in known[rule.role])
            if not rule.low <= count <= rule.high:
                message = f"{rule.name}: {plural(count, 'item')}, blueprint needs {rule.wanted}"
                yield Finding(NAME, ERROR, form.form_id, "", message)
        for column, role in columns:
            values = given.attributes.text.get(column) or given.attributes.numbers.get(column, {})
            without = [item_id for item_id in known[role] if item_id not in values]
            if without:
                message = (
                    f"{plural(len(without), f'{role} item')} without a {column}"
                    f" (e.g. {', '.join(without[:5])}): they count for no row that names it"
                )
                yield Finding(NAME, WARNING, form.form_id, without[0], message)
    for sentence in values_of_no_item(given.attributes, given.blueprint) if given.forms else ():
        yield Finding(NAME, WARNING, given.forms[0].form_id, "", sentence)


def adds(item: NewItem, source: object, coefficients: FloatArray) -> float:  # noqa: ARG001
    return float(isinstance(source, CountRule) and item.satisfies(source.where))


ATTRIBUTE_COUNTS = Constraint(
    NAME, "each count by attribute is within the blueprint's bounds", rows, check,
    lambda given: bool(given.blueprint.requirements.counts), bounds_parts=True, spared=10, adds=adds,
)  # fmt: skip
