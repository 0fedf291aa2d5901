"""The time that a form is expected to take, scored and pilot items together, fits the testing time.

Judged where the bank has an expected time per item. Of items without one nothing is assumed: the others alone
must fit, and a warning says how many are unknown.
"""

from collections.abc import Iterator
from math import fsum

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import TIME
from ciip_irt.forms.pool.new_item import usual
from ciip_irt.forms.pool.pool import Constraint, Pool, Row
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["TIME_BUDGET"]

NAME = "time_budget"
LABEL = "expected time"


def rows(pool: Pool) -> Iterator[Row]:
    times, minutes = pool.attributes.numbers.get(TIME), pool.blueprint.testing_time_minutes
    if not times or minutes is None:
        return
    timed = pool.items_where(item_id in times for item_id in pool.item_ids)
    seconds = np.array([times[pool.item_ids[item]] for item in timed])
    for form, form_id in enumerate(pool.form_ids):
        columns = np.concatenate([pool.columns(role, form, timed) for role in (SCORED, PILOT)])
        yield Row(
            f"{form_id}: {LABEL}", -np.inf, 60.0 * minutes, columns, np.tile(seconds, 2),
            relaxable=True, unit="seconds", label=LABEL,
        )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    times, minutes = given.attributes.numbers.get(TIME), given.blueprint.testing_time_minutes
    if not times or minutes is None:
        return
    for form in given.forms:
        items = [entry.item_id for entry in form.entries if entry.item_id in given.bank]
        without = [item_id for item_id in items if item_id not in times]
        total = fsum(times[item_id] for item_id in items if item_id in times)
        if total > 60 * minutes * (1 + ROUNDING):
            message = f"expected time {total / 60:.1f} minutes, testing time {minutes}"
            yield Finding(NAME, ERROR, form.form_id, "", message)
        if without:
            message = (
                f"{plural(len(without), 'item')} without an expected time (e.g. {', '.join(without[:5])});"
                f" the others take {total / 60:.1f} of {minutes} minutes"
            )
            yield Finding(NAME, WARNING, form.form_id, without[0], message)


TIME_BUDGET = Constraint(
    NAME, "the expected time of all items fits the testing time", rows, check,
    lambda given: bool(given.attributes.numbers.get(TIME)),
    spared=2, adds=lambda item, source, coefficients: usual(coefficients),  # noqa: ARG005
)  # fmt: skip
