"""Items are classified by the blueprint's outline, where the bank says by which (column ``outline``)."""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["OUTLINE"]

NAME = "outline"


def rows(pool: Pool) -> Iterator[Row]:
    outlines, ours = pool.attributes.named("outline"), pool.blueprint.outline
    strangers = pool.items_where(outlines.get(item_id, ours) != ours for item_id in pool.item_ids)
    for form, form_id in enumerate(pool.form_ids) if len(strangers) else ():
        columns = np.concatenate([pool.columns(role, form, strangers) for role in (SCORED, PILOT)])
        yield Row(f"{form_id}: items of outline {ours} only", 0.0, 0.0, columns, np.ones(len(columns)))


def check(given: FormSet) -> Iterator[Finding]:
    outlines, ours = given.attributes.named("outline"), given.blueprint.outline
    for form in given.forms:
        others: dict[str, list[str]] = {}
        for item_id in dict.fromkeys(entry.item_id for entry in form.entries if entry.item_id in given.bank):
            if outlines.get(item_id, ours) != ours:
                others.setdefault(outlines[item_id], []).append(item_id)
        for outline, items in others.items():
            message = (
                f"{plural(len(items), 'item')} classified by outline {outline}, the blueprint's is {ours}"
                f" (e.g. {', '.join(items[:5])})"
            )
            yield Finding(NAME, ERROR, form.form_id, items[0], message)


OUTLINE = Constraint(
    NAME, "items are classified by the blueprint's outline", rows, check,
    lambda given: bool(given.attributes.named("outline")),
)  # fmt: skip
