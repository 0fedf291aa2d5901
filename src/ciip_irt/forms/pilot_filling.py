"""Which pilots go where: every slot filled if it can be, every pilot used as evenly as possible."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.forms.form_set import PILOT
from ciip_irt.forms.pool import Pool, Row
from ciip_irt.forms.program import build_program
from ciip_irt.forms.solve import Effort, solve

__all__ = ["fill_pilots"]

USE = "use"


def fill_pilots(
    pool: Pool, rows: Sequence[Row], scored: BoolArray, answers: FloatArray, seed: int
) -> BoolArray:
    """Which pilot stands in which form, (forms, items), next to the scored items already chosen.

    A small program of its own: filling a slot comes first; then, using a pilot for the k-th time costs k,
    so use is as even as it can be; among equals, pilots with the fewest answers so far go first.

    Parameters
    ----------
    rows
        The rows of all constraints; those that concern pilots are kept.
    scored
        The scored items of each form, (forms, items); all false to see how many pilots fit at most.
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
    for form in range(n_forms):
        upper[pool.columns(PILOT, form, pilots)] = 1.0
    program = build_program(
        pool.n_columns, kept, lower=fixed, upper=upper, integer=np.arange(pool.n_columns) >= half,
        cost=np.zeros(pool.n_columns), helper_costs=prices,
    )  # fmt: skip
    proposal = solve(program, Effort(nodes=1000, seconds=60), seed)
    if proposal.values is None:
        return np.zeros((n_forms, n_items), dtype=np.bool_)
    chosen: BoolArray = proposal.values[half : 2 * half].reshape(n_forms, n_items) > 0.5
    return chosen
