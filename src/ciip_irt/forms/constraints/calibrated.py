"""Where the blueprint has difficulty targets, every scored item has parameters."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["CALIBRATED"]

NAME = "calibrated"
# One uncalibrated item is twice the tolerance where the targets only warn.
HALF_AN_ITEM = 0.5


def rows(pool: Pool) -> Iterator[Row]:
    if not pool.targets:
        return
    known = pool.targets[0].contributions
    unknown = pool.items_where(item_id not in known for item_id in pool.item_ids)
    severity = ERROR if any(target.severity == ERROR for target in pool.targets) else WARNING
    for form, form_id in enumerate(pool.form_ids) if len(unknown) else ():
        yield Row(
            f"{form_id}: scored items with parameters only", 0.0, 0.0, pool.columns(SCORED, form, unknown),
            np.ones(len(unknown)), give=0.0 if severity == ERROR else HALF_AN_ITEM, severity=severity,
        )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    if not given.targets:
        return
    known = given.targets[0].contributions
    severity = ERROR if any(target.severity == ERROR for target in given.targets) else WARNING
    for form in given.forms:
        without = [item for item in form.scored if item in given.bank and item not in known]
        if without:
            message = (
                f"{plural(len(without), 'scored item')} without parameters (e.g. {', '.join(without[:5])}):"
                " the difficulty of the form cannot be told"
            )
            yield Finding(NAME, severity, form.form_id, without[0], message)


CALIBRATED = Constraint(
    NAME, "scored items have parameters where difficulty has a target", rows, check,
    lambda given: bool(given.targets),
)  # fmt: skip
