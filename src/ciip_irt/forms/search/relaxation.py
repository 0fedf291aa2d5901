"""The aggregated linear relaxation: how often each item is used over all forms, one column per item.

For forms with the same rows the average of any K forms satisfies every row of one form, and no target is
worse in it than in the worst form. So the linear program over ``n_i = Σ_f x_fi`` bounds every family of K
forms, and for rows within forms it is as tight as the relaxation over all K x n columns. Items in common are
bounded through ``Σ_i n_i (n_i - 1) / 2 <= m K (K - 1) / 2``, its left side made convex and piecewise linear
between whole numbers: the t-th use of an item costs ``t - 1``.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import WARNING_WEIGHT, Program
from ciip_irt.forms.model.solver import Effort, solve

__all__ = ["Relaxation", "relaxation"]

# Of a tolerance beside goals, the share kept free so that whole forms fit.
SPARED = 0.15


@dataclass(frozen=True, slots=True)
class Relaxation:
    """``uses`` (n,): how often each item is used, 0 to K. No family of forms betters ``objective``;
    ``measures`` and ``goals`` are what a form has on average.

    ``uses`` is ``None`` where there is no solution, so no forms either; that is proven where ``stopped`` is
    ``infeasible``.
    """

    uses: FloatArray | None
    objective: float
    measures: FloatArray
    goals: FloatArray
    stopped: str = "optimal"


def relaxation(model: FormModel, seed: int, *, spare: float = 0.0) -> Relaxation:
    """Solve it. With goals the objective is the least goal (to be raised) under the targets' tolerances; else
    the worst target in tolerances (to be lowered).

    ``spare`` is the share of the items in common and of the tolerances beside goals that the uses leave free,
    so that forms made from them fit; the objective is then no bound.
    """
    k = model.n_forms
    items, times, upper = _columns(model)
    n = len(items)
    n_goals, n_measures = len(model.goals), len(model.measures)
    maximise = n_goals > 0
    y, y_warn, least = n, n + 1, n + 2
    entries: list[tuple[IntArray, FloatArray]] = []
    bounds: list[tuple[float, float]] = []

    def add(low: float, high: float, over: FloatArray, more: tuple[tuple[int, float], ...] = ()) -> None:
        values = over[items]
        at = np.flatnonzero(values)
        entries.append(
            (np.append(at, [column for column, _ in more]).astype(np.int64),
             np.append(values[at], [value for _, value in more]))
        )  # fmt: skip
        bounds.append((low, high))

    for row, low, high in zip(model.rows, model.lower, model.upper, strict=True):
        add(low * k, high * k, row)
    for q in range(n_measures):
        c, aim = model.measures[q], model.aims[q] * k
        if model.strict[q] and maximise:
            width = k * (1 - (SPARED if spare else 0.0))
            add(aim - width, aim + width, c)
            continue
        side = y if model.strict[q] else y_warn
        add(-np.inf, aim, c, ((side, -float(k)),))
        add(aim, np.inf, c, ((side, float(k)),))
    # Goals are put on a scale of about 1.
    scale = np.array([np.sort(c * model.usable)[-200:].sum() for c in model.goals]).min(initial=np.inf)
    for c in model.goals:
        add(0.0, np.inf, c / scale, ((least, -float(k)),))
    limited = model.max_common is not None and k > 1 and not model.disjoint
    allowance = (model.max_common or 0) * k * (k - 1) / 2
    if limited:
        cost = np.where(model.counted[items], times - 1.0, 0.0)
        at = np.flatnonzero(cost)
        entries.append((at.astype(np.int64), cost[at]))
        bounds.append((-np.inf, allowance * (1 - spare)))
    cost = np.zeros(n + 3)
    cost[y_warn] = WARNING_WEIGHT
    cost[least if maximise else y] = -1.0 if maximise else 1.0
    forced = model.forced[items]
    program = Program(
        cost=cost,
        lower=np.concatenate([np.where(forced, upper, 0.0), np.zeros(3)]),
        upper=np.concatenate([upper, np.full(3, np.inf)]),
        integer=np.zeros(n + 3, dtype=np.bool_),
        row_lower=np.array([low for low, _ in bounds]),
        row_upper=np.array([high for _, high in bounds]),
        starts=np.concatenate([[0], np.cumsum([len(at) for at, _ in entries])]).astype(np.int64),
        indices=np.concatenate([at for at, _ in entries]) if entries else np.array([], dtype=np.int64),
        values=np.concatenate([v for _, v in entries]) if entries else np.array([]),
        slack_rows=(),
    )
    answer = solve(program, Effort(), seed)
    if answer.values is None:
        nothing = np.array([])
        return Relaxation(None, -np.inf if maximise else np.inf, nothing, nothing, answer.stopped)
    uses = np.zeros(model.n_items)
    np.add.at(uses, items, answer.values[:n])
    measures, goals = model.measures @ uses / k, model.goals @ uses / k
    objective = float(answer.values[least]) * scale if maximise else float(answer.values[y])
    return Relaxation(uses, objective, measures, goals)


def _columns(model: FormModel) -> tuple[IntArray, IntArray, FloatArray]:
    """Items, which use of them, and the upper bound of each column."""
    k = model.n_forms
    usable = np.flatnonzero(model.usable)
    counted = model.counted[usable]
    if model.max_common is None or k == 1:
        return usable, np.ones(len(usable), dtype=np.int64), np.full(len(usable), float(k))
    if model.disjoint:
        return usable, np.ones(len(usable), dtype=np.int64), np.where(counted, 1.0, float(k))
    several = usable[counted]
    items = np.concatenate([usable, *([several] * (k - 1))])
    times = np.concatenate(
        [np.ones(len(usable), dtype=np.int64), *(np.full(len(several), t) for t in range(2, k + 1))]
    )
    upper = np.ones(len(items))
    upper[: len(usable)] = np.where(counted, 1.0, float(k))
    return items.astype(np.int64), times.astype(np.int64), upper
