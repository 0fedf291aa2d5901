"""The time that a form is expected to take, scored and pilot items together, fits the testing time.

Judged where the bank has expected times. Items without one are predicted from those that have (``pool.
expected_times``), where these are enough; otherwise nothing is assumed of them: the others alone must fit,
and a warning says how many are unknown.
"""

from collections.abc import Iterator

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
# A slow candidate who finishes less likely than not is told of.
EVEN = 0.5


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
    times, minutes = given.attributes.times, given.blueprint.testing_time_minutes
    if times is None or minutes is None or not times.seconds:
        return
    pace = given.blueprint.slow_pace
    for form in given.forms:
        found = times.form(entry.item_id for entry in form.entries if entry.item_id in given.bank)
        shown = f"expected time {found.seconds / 60:.1f} minutes"
        if found.predicted:
            shown += (
                f" ({found.low / 60:.1f} to {found.high / 60:.1f}, the times of"
                f" {plural(found.predicted, 'item')} being predicted)"
            )
        if found.seconds > 60 * minutes * (1 + ROUNDING):
            yield Finding(NAME, ERROR, form.form_id, "", f"{shown}, testing time {minutes}")
        elif found.high > 60 * minutes * (1 + ROUNDING):
            yield Finding(
                NAME, WARNING, form.form_id, "", f"{shown}: it may exceed the testing time, {minutes}"
            )
        if found.unknown:
            message = (
                f"{plural(len(found.unknown), 'item')} without an expected time"
                f" (e.g. {', '.join(found.unknown[:5])});"
                f" the others take {found.seconds / 60:.1f} of {minutes} minutes"
            )
            yield Finding(NAME, WARNING, form.form_id, found.unknown[0], message)
        elif pace is not None and found.chance_within(60 * minutes, pace) < EVEN:
            chance = 100 * found.chance_within(60 * minutes, pace)
            message = (
                f"the slowest twentieth of candidates, who take {pace:g} times as long, need"
                f" {pace * found.seconds / 60:.1f} of {minutes} minutes: they finish with a chance of"
                f" {chance:.0f} %"
            )
            yield Finding(NAME, WARNING, form.form_id, "", message)


TIME_BUDGET = Constraint(
    NAME, "the expected time of all items fits the testing time", rows, check,
    lambda given: bool(given.attributes.numbers.get(TIME)),
    spared=3, adds=lambda item, source, coefficients: usual(coefficients),  # noqa: ARG005
)  # fmt: skip
