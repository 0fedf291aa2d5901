"""Items known to be bad stay out of forms; forms that have them all the same are told, and may stand."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.forms.findings import WARNING, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["HELD_OUT"]

NAME = "flagged"


def rows(pool: Pool) -> Iterator[Row]:
    barred = pool.items_where(item_id in pool.held_out for item_id in pool.item_ids)
    for form, form_id in enumerate(pool.form_ids) if len(barred) else ():
        columns = np.concatenate([pool.columns(role, form, barred) for role in (SCORED, PILOT)])
        yield Row(
            f"{form_id}: items with open flags", 0.0, 0.0, columns, np.ones(len(columns)),
            label="items with open flags",
        )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        for item_id in dict.fromkeys(entry.item_id for entry in form.entries):
            if item_id in given.held_out:
                message = f"{item_id} has open flags of severity 1 or 2: {given.held_out[item_id]}"
                yield Finding(NAME, WARNING, form.form_id, item_id, message)


HELD_OUT = Constraint(
    NAME, "no item has an open flag of severity 1 or 2 (where flags are given)", rows, check,
    lambda given: bool(given.held_out),
)  # fmt: skip
