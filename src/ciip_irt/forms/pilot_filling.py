"""Which pilots go where: every slot filled if it can be, every pilot used as evenly as possible."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, solve
from ciip_irt.forms.pool.form_set import PILOT
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["fill_pilots", "room_for_pilots"]

USE = "use"


def fill_pilots(
    pool: Pool, rows: Sequence[Row], scored: BoolArray, answers: FloatArray, seed: int
) -> BoolArray:
    """Which pilot stands in which form, (forms, items), next to the scored items already chosen.

    A small program of its own: filling a slot comes first; then, using a pilot for the k-th time costs k,
    so use is as even as it can be; among equals, pilots with the fewest answers so far go first. A form that
    the pool's plan names takes pilots of its plan only.

    Parameters
    ----------
    rows
        The rows of all constraints; those that concern pilots are kept.
    scored
        The scored items of each form, (forms, items).
    answers
        Answers per item so far, (items,).
    """
    n_forms, n_items = len(pool.form_ids), pool.n_items
    half = n_forms * n_items
    pilots = pool.items_where(status in pool.blueprint.pilot_status for status in pool.statuses)
    kept = [row for row in rows if row.give == 0 and len(row.columns) and row.columns.max() >= half]
    shuffled = np.random.default_rng(seed).permutation(n_items)
    rank = np.empty(n_items)
    order = np.lexsort((shuffled, answers))
    rank[order] = np.arange(n_items)
    prices = []
    reward = (n_forms + 1.0) * (n_items + 1.0)
    for item in pilots.tolist():
        columns = np.array([pool.columns(PILOT, form, [item])[0] for form in range(n_forms)])
        uses = [(USE, item, time) for time in range(1, n_forms + 1)]
        kept.append(
            Row(f"{pool.item_ids[item]}: times used", 0.0, 0.0, columns, np.ones(n_forms),
                helpers=tuple((use, -1.0) for use in uses))
        )  # fmt: skip
        prices += [(use, use[2] * (n_items + 1.0) + rank[item] - reward) for use in uses]
    fixed = np.concatenate([scored.ravel().astype(np.float64), np.zeros(half)])
    upper = fixed.copy()
    for form, form_id in enumerate(pool.form_ids):
        able = pilots
        if form_id in pool.plan:
            planned = frozenset(pool.plan[form_id])
            able = np.array([item for item in pilots if pool.item_ids[item] in planned], dtype=np.int64)
        upper[pool.columns(PILOT, form, able)] = 1.0
    program = build_program(
        pool.n_columns, kept, lower=fixed, upper=upper, integer=np.arange(pool.n_columns) >= half,
        cost=np.zeros(pool.n_columns), helper_costs=prices,
    )  # fmt: skip
    proposal = solve(program, Effort(nodes=1000), seed)
    if proposal.values is None:
        return np.zeros((n_forms, n_items), dtype=np.bool_)
    chosen: BoolArray = proposal.values[half : 2 * half].reshape(n_forms, n_items) > 0.5
    return chosen


def room_for_pilots(pool: Pool, rows: Sequence[Row], seed: int) -> list[Row]:
    """Rows that keep as much room for pilots as the other rows allow, targets aside.

    Needed where pilots are enemies of scored items: the scored items are chosen first, and without these
    rows they would be chosen without regard to the pilots that they shut out. Empty where no form can be
    built.
    """
    n_forms, half = len(pool.form_ids), pool.n_columns // 2
    pilots = pool.items_where(status in pool.blueprint.pilot_status for status in pool.statuses)
    cost = np.zeros(pool.n_columns)
    for form in range(n_forms):
        cost[pool.columns(PILOT, form, pilots)] = -1.0
    program = build_program(
        pool.n_columns, [row for row in rows if row.give == 0], lower=np.zeros(pool.n_columns),
        upper=np.ones(pool.n_columns), integer=np.arange(pool.n_columns) < half, cost=cost,
    )  # fmt: skip
    proposal = solve(program, Effort(nodes=50), seed)
    if proposal.values is None:
        return []
    reserved = []
    for form, form_id in enumerate(pool.form_ids):
        columns = pool.columns(PILOT, form)
        room = np.floor(proposal.values[columns].sum() + SOLVED)
        reserved.append(
            Row(f"{form_id}: pilot slots filled", float(room), np.inf, columns, np.ones(len(columns)))
        )
    return reserved
