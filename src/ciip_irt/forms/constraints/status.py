"""Scored slots take items of the scored statuses, pilot slots items of the pilot statuses."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["STATUS"]

NAME = "status"


def rows(pool: Pool) -> Iterator[Row]:
    allowed = {SCORED: pool.blueprint.scored_status, PILOT: pool.blueprint.pilot_status}
    for role, statuses in allowed.items():
        barred = pool.items_where(status not in statuses for status in pool.statuses)
        if not len(barred):
            continue
        for form, form_id in enumerate(pool.form_ids):
            yield Row(
                f"{form_id}: {role} slots take items with status {' or '.join(statuses)}", 0.0, 0.0,
                pool.columns(role, form, barred), np.ones(len(barred)),
            )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    allowed = {SCORED: given.blueprint.scored_status, PILOT: given.blueprint.pilot_status}
    for form in given.forms:
        for entry in form.entries:
            item = given.bank.get(entry.item_id)
            if item is not None and item.status not in allowed[entry.role]:
                wanted = " or ".join(allowed[entry.role])
                message = (
                    f"{entry.item_id} is in a {entry.role} slot, but its status is {item.status}"
                    f" (needs {wanted})"
                )
                yield Finding(NAME, ERROR, form.form_id, entry.item_id, message)


STATUS = Constraint(NAME, "every item's status allows the slot it is in", rows, check)
