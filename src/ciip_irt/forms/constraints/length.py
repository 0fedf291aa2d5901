"""The number of scored items of a form."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["LENGTH"]

NAME = "length"
LABEL = "scored items in all"


def rows(pool: Pool) -> Iterator[Row]:
    length = float(pool.blueprint.length)
    for form, form_id in enumerate(pool.form_ids):
        columns = pool.columns(SCORED, form)
        yield Row(f"{form_id}: {LABEL}", length, length, columns, np.ones(len(columns)), label=LABEL)


def check(given: FormSet) -> Iterator[Finding]:
    wanted = given.blueprint.length
    for form in given.forms:
        count = len(form.scored)
        if count != wanted:
            message = f"{plural(count, 'scored item')}, blueprint needs {wanted}"
            yield Finding(NAME, ERROR, form.form_id, "", message)


LENGTH = Constraint(
    NAME, "the number of scored items is the blueprint's", rows, check,
    gives_way_together=True, spared=8, adds=lambda *_: 1.0,
)  # fmt: skip
