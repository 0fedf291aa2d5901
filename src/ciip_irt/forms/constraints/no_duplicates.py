"""No item stands twice in a form, in whatever roles."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["NO_DUPLICATES"]

NAME = "duplicates"


def rows(pool: Pool) -> Iterator[Row]:
    # A 0/1 column cannot count twice, so only an item that both roles accept needs a row.
    both = pool.items_where(
        status in pool.blueprint.scored_status and status in pool.blueprint.pilot_status
        for status in pool.statuses
    )
    for item in both:
        for form, form_id in enumerate(pool.form_ids):
            columns = np.concatenate([pool.columns(role, form, [item]) for role in (SCORED, PILOT)])
            yield Row(f"{form_id}: {pool.item_ids[item]} at most once", 0.0, 1.0, columns, np.ones(2))


def check(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        for item_id, count in Counter(entry.item_id for entry in form.entries).items():
            if count > 1:
                positions = ", ".join(str(e.position) for e in form.entries if e.item_id == item_id)
                message = f"{item_id} stands {count} times in the form (positions {positions})"
                yield Finding(NAME, ERROR, form.form_id, item_id, message)


NO_DUPLICATES = Constraint(NAME, "an item stands at most once in a form", rows, check)
