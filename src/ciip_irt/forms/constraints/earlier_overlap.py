"""At most so many scored items in common with each form that was used before.

Anchors that are counted apart from the overlap bound are not counted here either.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["EARLIER_OVERLAP"]

NAME = "earlier_overlap"
NONE: frozenset[str] = frozenset()


def rows(pool: Pool) -> Iterator[Row]:
    bound = pool.blueprint.max_common_earlier
    for earlier in pool.earlier if bound is not None else ():
        used = frozenset(earlier.scored) - (pool.blueprint.anchor_items if _apart(pool.blueprint) else NONE)
        members = pool.items_where(item_id in used for item_id in pool.item_ids)
        for form, form_id in enumerate(pool.form_ids):
            label = f"earlier form {earlier.form_id}: scored items in common"
            yield Row(
                f"{form_id} and {label}",
                -np.inf, float(bound or 0), pool.columns(SCORED, form, members), np.ones(len(members)),
                relaxable=True, label=label, source=earlier,
            )  # fmt: skip


def _apart(blueprint: Blueprint) -> bool:
    return blueprint.requirements.anchors is not None and blueprint.requirements.anchors.counted == "apart"


def check(given: FormSet) -> Iterator[Finding]:
    bound = given.blueprint.max_common_earlier
    if bound is None:
        return
    anchors = given.anchors.items if _apart(given.blueprint) else NONE
    for form in given.forms:
        ours = set(form.scored) - anchors
        for earlier in given.earlier:
            common = len(ours.intersection(earlier.scored))
            if common > bound:
                message = (
                    f"{plural(common, 'scored item')} in common with earlier form {earlier.form_id},"
                    f" blueprint allows {bound}"
                )
                yield Finding(NAME, ERROR, form.form_id, "", message)


EARLIER_OVERLAP = Constraint(
    NAME, "no more scored items in common with an earlier form than the blueprint allows", rows, check,
    lambda given: bool(given.earlier) and given.blueprint.max_common_earlier is not None, spared=4,
)  # fmt: skip
