"""Pilot slots: never more pilots than slots; fewer are allowed, and told."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import PILOT, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["PILOT_SLOTS"]

NAME = "pilot_slots"


def rows(pool: Pool) -> Iterator[Row]:
    for form, form_id in enumerate(pool.form_ids):
        columns = pool.columns(PILOT, form)
        yield Row(
            f"{form_id}: pilot slots", 0.0, float(pool.blueprint.pilot_slots), columns, np.ones(len(columns))
        )


def check(given: FormSet) -> Iterator[Finding]:
    slots = given.blueprint.pilot_slots
    for form in given.forms:
        count = len(form.pilots)
        if count > slots:
            message = f"{plural(count, 'pilot item')}, blueprint has {slots} slots"
            yield Finding(NAME, ERROR, form.form_id, "", message)
        elif count < slots:
            message = f"{plural(count, 'pilot item')}, {slots - count} of {slots} pilot slots are empty"
            yield Finding(NAME, WARNING, form.form_id, "", message)


PILOT_SLOTS = Constraint(NAME, "no more pilot items than slots; empty slots are told", rows, check)
