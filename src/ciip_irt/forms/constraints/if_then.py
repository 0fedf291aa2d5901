"""If a form has one item, it has others: pairs that go together, and kinds that bring kinds with them.

For every item i that the condition names, ``Σ_j x_j >= least x_i`` over the items j of the consequence, and
``Σ_j x_j + (n - most) x_i <= n`` where there are n of them. An item that is both does not count for itself.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.blueprint import Condition, IfThen, conditions_in_words
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, Form, FormSet
from ciip_irt.forms.pool.item_attributes import matches
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["IF_THEN"]

NAME = "if_then"


def rows(pool: Pool) -> Iterator[Row]:
    for rule in pool.blueprint.requirements.if_then:
        for condition, consequence, least, most in _directions(rule):
            first = pool.items_where(matches(pool.attributes, condition, i) for i in pool.item_ids)
            second = pool.items_where(matches(pool.attributes, consequence, i) for i in pool.item_ids)
            for item in first.tolist():
                others = second[second != item]
                for form, form_id in enumerate(pool.form_ids):
                    columns = pool.columns(SCORED, form, np.append(others, item))
                    name = f"{form_id}: {rule.name}"
                    if least:
                        c = np.append(np.ones(len(others)), -float(least))
                        yield Row(
                            name, 0.0, np.inf, columns, c, label=rule.name, source=rule, bounds_told=False
                        )
                    if most is not None and most < len(others):
                        n = float(len(others))
                        c = np.append(np.ones(len(others)), n - most)
                        yield Row(
                            name, -np.inf, n, columns, c, label=rule.name, source=rule, bounds_told=False
                        )


def _directions(rule: IfThen) -> list[tuple[Condition, Condition, int, int | None]]:
    """The rule as it is read, and the other way round where it goes both ways."""
    there = [(rule.condition, rule.consequence, rule.least, rule.most)]
    return [*there, (rule.consequence, rule.condition, 1, None)] if rule.both_ways else there


def check(given: FormSet) -> Iterator[Finding]:
    for rule in given.blueprint.requirements.if_then:
        for condition, consequence, least, most in _directions(rule):
            for form in given.forms:
                first, second = _those(given, form, condition), _those(given, form, consequence)
                for item_id in first:
                    count = len(second) - (item_id in second)
                    if count < least or (most is not None and count > most):
                        wanted = f"at least {least}" if most is None else f"{least} to {most}"
                        message = (
                            f"{rule.name}: with {item_id} in the form,"
                            f" {plural(count, 'item')} with {conditions_in_words(consequence)},"
                            f" blueprint needs {wanted}"
                        )
                        yield Finding(NAME, ERROR, form.form_id, item_id, message)
                        break


def _those(given: FormSet, form: Form, where: Condition) -> list[str]:
    items = (item_id for item_id in dict.fromkeys(form.scored) if item_id in given.bank)
    return [item_id for item_id in items if matches(given.attributes, where, item_id)]


IF_THEN = Constraint(
    NAME, "a form that has one item has the others that it asks for", rows, check,
    lambda given: bool(given.blueprint.requirements.if_then), spared=2,
)  # fmt: skip
