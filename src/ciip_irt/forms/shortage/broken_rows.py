"""Demands that cannot hold together, in words, and the least by which rows would have to give way."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import plural
from ciip_irt.forms.model.least import least_slack
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.shortage.conflict import conflicting_demands
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.least_loosening import least_loosening
from ciip_irt.forms.shortage.lines import Line
from ciip_irt.forms.shortage.within_reach import reach_lines
from ciip_irt.forms.tolerances import TOLD

__all__ = ["conflict_lines", "nearest_form_lines"]

# A conflict that more demands share than a person can weigh is told by its loosening alone.
MOST_IN_CONFLICT = 6
# Of demands of one rule so many are named one by one.
FEW_ALIKE = 3
# Nodes for the smallest change of whole forms: what is found by then is told as what was found.
NODES = 200
# Of slacks between whole numbers, those above are one item.
HALF = 0.5


def conflict_lines(uses: ItemUses, n_forms: int, *, whole: bool) -> list[Line]:
    """The rows that cannot hold together, then the smallest loosening that makes them."""
    lines: list[Line] = []
    found = conflicting_demands(uses, n_forms, whole=whole)
    alike = Counter(demand.constraint.name for demand in found)
    many = [
        demand for demand in found
        if demand.constraint.many_in_words and alike[demand.constraint.name] > FEW_ALIKE
    ]  # fmt: skip
    shown = [demand.words for demand in found if demand not in many]
    shown += [
        words.format(number)
        for words, number in Counter(demand.constraint.many_in_words for demand in many).items()
    ]
    if 1 < len(shown) <= MOST_IN_CONFLICT:
        named = "; ".join(shown)
        message = f"These cannot all hold: {named}. Give up or loosen one of them."
        lines.append(("conflict", "", None, None, None, message))
        if n_forms == 1 and whole and not many:
            lines += reach_lines(uses, found)
    loosened = least_loosening(uses, n_forms, whole=whole)
    if loosened.possible:
        lines += _loosening(uses, n_forms, loosened.slack)
    return lines


def _loosening(uses: ItemUses, n_forms: int, slack: FloatArray) -> list[Line]:
    """A line per row that has to give way, the largest loss first."""
    broken = [
        (row, amount) for row, amount in zip(uses.rows, slack.tolist(), strict=True) if abs(amount) > TOLD
    ]
    nearest = "The nearest form breaks" if n_forms == 1 else f"The nearest {n_forms} forms together break"
    broken.sort(key=lambda found: (-abs(found[1]), found[0].label))
    if n_forms == 1 and 1 < len(broken) <= FEW_ALIKE:
        # They give way together: none of them alone is to blame.
        parts = [
            f"{_size(amount, row.unit)} {'less' if amount > 0 else 'more'} of '{row.label}'"
            for row, amount in broken
        ]
        message = f"The nearest form has {' and '.join(parts)}."
        return [("conflict", "", None, None, None, message)]
    return [_broken_line(nearest, row.label, amount, row.unit) for row, amount in broken]


def _size(amount: float, unit: str) -> str:
    whole = ceil(abs(amount) - TOLD)
    return plural(whole, unit) if unit == "item" else f"{whole:,} {unit}"


def _broken_line(nearest: str, name: str, amount: float, unit: str) -> Line:
    whole = ceil(abs(amount) - TOLD)
    size = _size(amount, unit)
    remedy = "Write items that are free to stand there"
    if amount < 0:
        remedy = "Write items that can take their place"
    if unit != "item":
        remedy = f"Write items with {'more' if amount > 0 else 'fewer'} {unit}"
    few = "few" if amount > 0 else "many"
    message = f"{nearest} '{name}' by {size}: {size} too {few}. {remedy}, or loosen that row."
    return (name, "", None, None, whole, message)


def nearest_form_lines(pool: Pool, rows: Sequence[Row], seed: int) -> list[Line]:
    """The fewest items by which named rows of K forms have to give way, searched over whole forms."""
    half = pool.n_columns // 2
    program = build_program(
        pool.n_columns, rows,
        lower=np.zeros(pool.n_columns),
        upper=np.concatenate([np.ones(half), np.zeros(half)]),
        integer=np.arange(pool.n_columns) < half,
        relax=True,
    )  # fmt: skip
    proposal = least_slack(program, Effort(nodes=NODES), seed)
    if proposal.values is None:
        return []
    broken = [
        (row, sign * round(float(amount)))
        for (row, sign), amount in zip(
            program.slack_rows, proposal.values[program.first_slack :], strict=True
        )
        if amount > HALF
    ]
    nearest = "The nearest forms break" if proposal.stopped == "optimal" else "The nearest forms found break"
    broken.sort(key=lambda found: (-abs(found[1]), found[0].name))
    return [_broken_line(nearest, row.name, amount, row.unit) for row, amount in broken]
