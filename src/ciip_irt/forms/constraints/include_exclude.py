"""Items that every form must have in a scored slot, and items that no form may have."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["INCLUDE_EXCLUDE"]

NAME = "listed"


def rows(pool: Pool) -> Iterator[Row]:
    requirements = pool.blueprint.requirements
    barred = pool.items_where(item_id in requirements.exclude for item_id in pool.item_ids)
    for form, form_id in enumerate(pool.form_ids):
        for wanted in requirements.include:
            columns = pool.columns(SCORED, form, pool.items_where(i == wanted for i in pool.item_ids))
            yield Row(
                f"{form_id}: {wanted} included", 1.0, 1.0, columns, np.ones(len(columns)), relaxable=True,
                label=f"{wanted} included",
            )  # fmt: skip
        if len(barred):
            columns = np.concatenate([pool.columns(role, form, barred) for role in (SCORED, PILOT)])
            yield Row(
                f"{form_id}: excluded items", 0.0, 0.0, columns, np.ones(len(columns)), label="excluded items"
            )


def check(given: FormSet) -> Iterator[Finding]:
    requirements = given.blueprint.requirements
    excluded = set(requirements.exclude)
    for form in given.forms:
        present = set(form.scored)
        for item_id in requirements.include:
            if item_id not in present:
                message = f"{item_id} must be among the scored items (include), and is not"
                yield Finding(NAME, ERROR, form.form_id, item_id, message)
        for item_id in dict.fromkeys(entry.item_id for entry in form.entries):
            if item_id in excluded:
                message = f"{item_id} must not be in any form (exclude)"
                yield Finding(NAME, ERROR, form.form_id, item_id, message)


INCLUDE_EXCLUDE = Constraint(
    NAME, "items to include are scored in every form, items to exclude in none", rows, check,
    lambda given: bool(given.blueprint.requirements.include or given.blueprint.requirements.exclude),
    in_words="the items to include",
)  # fmt: skip
