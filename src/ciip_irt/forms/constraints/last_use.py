"""Scored items rest: none that was used on the blueprint's date or later.

Dates are compared as far as both are given: of an item last used in "2024" nobody knows whether it was
before "2024-06"; it may stand, and a warning says so.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import used_since
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["LAST_USE"]

NAME = "last_use"


def rows(pool: Pool) -> Iterator[Row]:
    before = pool.blueprint.requirements.last_used_before
    if before is None:
        return
    dates = pool.attributes.named("last_used")
    barred = pool.items_where(i in dates and used_since(dates[i], before) is True for i in pool.item_ids)
    for form, form_id in enumerate(pool.form_ids) if len(barred) else ():
        yield Row(
            f"{form_id}: scored items last used before {before}", 0.0, 0.0,
            pool.columns(SCORED, form, barred), np.ones(len(barred)),
        )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    before = given.blueprint.requirements.last_used_before
    if before is None:
        return
    dates = given.attributes.named("last_used")
    for form in given.forms:
        unsure = []
        for item_id in dict.fromkeys(form.scored):
            verdict = used_since(dates[item_id], before) if item_id in dates else False
            if verdict:
                message = f"{item_id} was last used {dates[item_id]}; blueprint wants use before {before}"
                yield Finding(NAME, ERROR, form.form_id, item_id, message)
            elif verdict is None:
                unsure.append(item_id)
        if unsure:
            message = (
                f"{plural(len(unsure), 'scored item')} with a last use too coarse to compare with {before}"
                f" (e.g. {', '.join(unsure[:5])})"
            )
            yield Finding(NAME, WARNING, form.form_id, unsure[0], message)


LAST_USE = Constraint(
    NAME, "no scored item was used on the blueprint's date or later", rows, check,
    lambda given: given.blueprint.requirements.last_used_before is not None,
)  # fmt: skip
