"""What a form can have of a row of a conflict, the others of the conflict kept: the figures of a cause."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ciip_irt.blueprint import Domain
from ciip_irt.errors import plural
from ciip_irt.forms.constraints.length import LENGTH
from ciip_irt.forms.model.solver import solve
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.shortage.conflict import Demand
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.lines import Line
from ciip_irt.forms.shortage.use_program import EFFORT, UseProgram
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["reach_lines"]


def reach_lines(uses: ItemUses, conflict: Sequence[Demand]) -> list[Line]:
    """Of the first count in the conflict of a single form: what it needs, and what the others leave to it."""
    counts = [
        d for d in conflict
        if len(d.rows) == 1 and d.rows[0].unit == "item" and d.rows[0].lower > 0 and not d.constraint.in_words
        and d.constraint is not LENGTH
    ]  # fmt: skip
    if not counts or len(conflict) < 2:
        return []
    [row], others = counts[0].rows, [demand for demand in conflict if demand is not counts[0]]
    below, above = _nearest(uses, counts[0], others)
    title = row.source.title if isinstance(row.source, Domain) else row.label
    letter = row.source.letter if isinstance(row.source, Domain) else ""
    beside = " and ".join(demand.words for demand in others)
    low, high = round(row.lower), row.upper
    needs = plural(low, "scored item") if low == high else f"{low} to {high:g} scored items"
    if above is None and below is not None:
        message = f"{title} needs {needs}; with {beside}, the bank has {below} free for a form."
    elif below is not None:
        message = f"{title} needs {needs}; with {beside}, a form can have {below} or {above}, none between."
    elif above is not None:
        message = f"{title} takes at most {high:g} scored items; with {beside}, a form has {above} at least."
    else:
        return []
    available = below if above is None else None
    return [(row.label, letter, low, available, None if available is None else low - available, message)]


def _nearest(uses: ItemUses, wanted: Demand, others: Sequence[Demand]) -> tuple[int | None, int | None]:
    """The most up to the upper bound and the least from the lower bound on that the others allow."""
    [number] = wanted.numbers
    row = uses.rows[number]
    kept = frozenset[int]().union(*(demand.numbers for demand in others))
    without = frozenset(range(len(uses.rows))) - kept
    found = []
    for sign, low, high in ((-1, -np.inf, row.upper), (1, row.lower, np.inf)):
        program = UseProgram(uses, 1, uses.max_common, whole=True)
        sums = program.coefficients[number]
        columns = np.flatnonzero(sums)
        program.rows.append(Row("what is asked", low, high, columns, sums[columns]))
        made = program.program(without=without)
        cost = np.zeros(len(made.cost))
        cost[columns] = sign * sums[columns]
        proposal = solve(replace(made, cost=cost), EFFORT, 1)
        nearest = None
        if proposal.values is not None and proposal.stopped == "optimal":
            nearest = round(float(sums @ proposal.values[: len(sums)]) + SOLVED)
        found.append(nearest)
    return found[0], found[1]
