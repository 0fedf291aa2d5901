"""Items that share a stimulus (``set_id``): none of them, or all, or as many as the blueprint allows.

An item may be in several sets; it stands with those of the first.

Scored slots and pilot slots are looked at apart: "all" means all items of the set whose status allows the
slot. For bounds, ``Σ_j x_j >= low x_i`` for every item i of the set says "none, or at least low".
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import sets_of
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["ITEM_SETS"]

NAME = "item_sets"


def rows(pool: Pool) -> Iterator[Row]:
    wanted = pool.blueprint.requirements.item_sets
    if wanted is None:
        return
    allowed = {SCORED: pool.blueprint.scored_status, PILOT: pool.blueprint.pilot_status}
    in_sets = sets_of(pool.attributes)
    for role, statuses in allowed.items():
        members: dict[str, list[int]] = {}
        for number, (item_id, status) in enumerate(zip(pool.item_ids, pool.statuses, strict=True)):
            for set_id in in_sets.get(item_id, ()) if status in statuses else ():
                members.setdefault(set_id, []).append(number)
        for set_id, items in members.items():
            for form, form_id in enumerate(pool.form_ids):
                columns = pool.columns(role, form, items)
                label = f"item set {set_id}, {role}"
                name = f"{form_id}: {label}"
                if wanted.whole:
                    for other in columns[1:]:
                        yield Row(
                            name, 0.0, 0.0, np.array([columns[0], other]), np.array([1.0, -1.0]), label=label
                        )
                    continue
                yield Row(
                    name, 0.0, float(wanted.high), columns, np.ones(len(items)), relaxable=True, label=label
                )
                for place in range(len(items)) if wanted.low > 1 else ():
                    coefficients = np.ones(len(items))
                    coefficients[place] -= wanted.low
                    yield Row(name, 0.0, np.inf, columns, coefficients, label=label)


def check(given: FormSet) -> Iterator[Finding]:
    wanted = given.blueprint.requirements.item_sets
    if wanted is None:
        return
    allowed = {SCORED: given.blueprint.scored_status, PILOT: given.blueprint.pilot_status}
    in_sets = sets_of(given.attributes)

    def by_set(item_ids: Iterable[str], role: str) -> Counter[str]:
        able = (i for i in item_ids if i in in_sets and given.bank[i].status in allowed[role])
        return Counter(set_id for item_id in able for set_id in in_sets[item_id])

    sizes = {role: by_set(given.bank, role) for role in allowed}
    for form in given.forms:
        for role, items in ((SCORED, form.scored), (PILOT, form.pilots)):
            for set_id, count in by_set(dict.fromkeys(items), role).items():
                size = sizes[role][set_id]
                low, high = (size, size) if wanted.whole else (wanted.low, wanted.high)
                if not low <= count <= high:
                    needs = f"all {size}" if wanted.whole else f"{low} to {high}"
                    message = (
                        f"item set {set_id}: {plural(count, f'{role} item')}, blueprint needs {needs} or none"
                    )
                    yield Finding(NAME, ERROR, form.form_id, "", message)


ITEM_SETS = Constraint(
    NAME, "of an item set a form has none, or as many items as the blueprint allows", rows, check,
    lambda given: given.blueprint.requirements.item_sets is not None, in_words="item sets", spared=1,
)  # fmt: skip
