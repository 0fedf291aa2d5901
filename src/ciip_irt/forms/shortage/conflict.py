"""Which demands cannot hold together: a smallest conflict, the first of them in the blueprint's order.

Where that search comes to no end, and where forms may share items: deletion filtering (Chinneck 2008).
Demands are left out one by one; one without which nothing holds either stays out. What remains is a
conflict from which nothing can be left out.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.model.form_model import FormRow
from ciip_irt.forms.pool.pool import Constraint
from ciip_irt.forms.shortage.item_uses import TARGET, ItemUses
from ciip_irt.forms.shortage.least_overlap import are_possible
from ciip_irt.forms.shortage.smallest_conflict import smallest_conflict

__all__ = ["Demand", "conflicting_demands"]


# Of more demands (enemies by the hundred) each round of the search for a smallest conflict takes long.
MOST_DEMANDS = 150


@dataclass(frozen=True, slots=True)
class Demand:
    """Rows that a person gives up or loosens together; ``numbers`` are theirs among the rows of the uses."""

    rows: tuple[FormRow, ...]
    numbers: frozenset[int]

    @property
    def constraint(self) -> Constraint:
        return self.rows[0].constraint

    @property
    def words(self) -> str:
        """Its name, with what it asks for where that is a number of items or of another unit."""
        row = self.rows[0]
        if self.constraint.in_words:
            return self.constraint.in_words
        if not row.bounds_told:
            return row.label
        low, high = (bound if np.isfinite(bound) else None for bound in (row.lower, row.upper))
        unit = "" if row.unit in ("item", TARGET) or row.unit in row.label else f" {row.unit}"
        if low is not None and high is not None:
            return f"{row.label}: {low:g}{unit}" if low == high else f"{row.label}: {low:g} to {high:g}{unit}"
        return (
            f"{row.label}: at least {low:g}{unit}" if high is None else f"{row.label}: at most {high:g}{unit}"
        )


def conflicting_demands(uses: ItemUses, n_forms: int, *, whole: bool = False) -> list[Demand]:
    """The demands of a smallest conflict; empty where they can hold. ``whole`` as in ``least_overlap``."""
    if are_possible(uses, n_forms, whole=whole):
        return []
    demands = demands_of(uses)
    if len(demands) <= MOST_DEMANDS and not (n_forms > 1 and uses.max_common):
        smallest = smallest_conflict(uses, n_forms, [demand.numbers for demand in demands], whole=whole)
        if smallest is not None:
            return [demands[number] for number in smallest]
    return _by_deletion(uses, n_forms, whole=whole)


def _by_deletion(uses: ItemUses, n_forms: int, *, whole: bool) -> list[Demand]:
    """A conflict from which nothing can be left out, though a smaller one may exist."""
    left_out = frozenset[int]()
    spared = [c for c in CONSTRAINTS.values() if c.spared is not None]
    for constraint in sorted(spared, key=lambda constraint: constraint.spared or 0):
        rule = {n for n, row in enumerate(uses.rows) if row.constraint is constraint}
        tried = left_out | rule
        if tried != left_out and not are_possible(uses, n_forms, without=tried, whole=whole):
            left_out = tried
    kept = []
    for demand in demands_of(uses):
        tried = left_out | demand.numbers
        if tried == left_out:
            continue
        if are_possible(uses, n_forms, without=tried, whole=whole):
            kept.append(demand)
        else:
            left_out = tried
    return kept


def demands_of(uses: ItemUses) -> list[Demand]:
    """All demands, in the order of their first rows."""
    numbers: dict[int, list[int]] = {}
    for number, row in enumerate(uses.rows):
        numbers.setdefault(row.demand, []).append(number)
    return [Demand(tuple(uses.rows[n] for n in here), frozenset(here)) for here in numbers.values()]
