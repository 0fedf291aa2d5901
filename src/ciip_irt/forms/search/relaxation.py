"""The aggregated linear relaxation: how often each item is used over all forms, one column per item.

For forms with the same rows the average of any K forms satisfies every row of one form, and no target is
worse in it than in the worst form. So the linear program over ``n_i = Σ_f x_fi`` bounds every family of K
forms, and for rows within forms it is as tight as the relaxation over all K x n columns. Items in common are
bounded through ``Σ_i n_i (n_i - 1) / 2 <= m K (K - 1) / 2``, its left side made convex and piecewise linear
between whole numbers: the t-th use of an item costs ``t - 1``.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import WARNING_WEIGHT, Program, RowBlocks
from ciip_irt.forms.model.solver import Effort, solve
from ciip_irt.forms.model.use_counts import UseColumns, pairs_of_forms, use_columns, use_steps

__all__ = ["Relaxation", "relaxation"]

# Of a tolerance beside goals, the share kept free so that whole forms fit.
SPARED = 0.15
# The largest contributions of so many items are summed for the scale of a goal: a long form.
ABOUT_A_FORM = 200
# Of more forms, uses are charged in coarse steps, and items are used as evenly as costs nothing, or so little
# of a tolerance or a goal.
MANY_FORMS, AS_GOOD = 12, 1e-4


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
    limited = model.max_common is not None and k > 1
    usable = np.flatnonzero(model.usable)
    columns = _columns(model, usable)
    items, n = usable[columns.owner], len(columns.owner)
    y, y_warn, least = n, n + 1, n + 2
    blocks = RowBlocks()

    def add(low: float, high: float, over: FloatArray, *more: tuple[int, float]) -> None:
        at = np.flatnonzero(over)
        columns = np.append(at, [column for column, _ in more]).astype(np.int64)
        blocks.add(low, high, columns, np.append(over[at], [value for _, value in more]))

    for row, low, high in zip(model.rows, model.lower, model.upper, strict=True):
        add(low * k, high * k, row[items])
    maximise = len(model.goals) > 0
    for measure, aim, strict in zip(model.measures[:, items], model.aims * k, model.strict, strict=True):
        if strict and maximise:
            width = k * (1 - (SPARED if spare else 0.0))
            add(aim - width, aim + width, measure)
            continue
        side = y if strict else y_warn
        add(-np.inf, aim, measure, (side, -float(k)))
        add(aim, np.inf, measure, (side, float(k)))
    scale = _scale(model)
    for c in model.goals[:, items]:
        add(0.0, np.inf, c / scale, (least, -float(k)))
    if model.uses is not None:
        for number in np.flatnonzero(model.uses.least[usable]).tolist():
            of_item = (columns.owner == number).astype(np.float64)
            add(float(model.uses.least[usable][number]), np.inf, of_item)
    if limited and not model.disjoint:
        allowance = (model.max_common or 0) * pairs_of_forms(k)
        add(-np.inf, allowance * (1 - spare), columns.charge)
    cost = np.zeros(n + 3)
    cost[y_warn] = WARNING_WEIGHT
    cost[least if maximise else y] = -1.0 if maximise else 1.0
    program = blocks.program(
        cost=cost,
        lower=np.concatenate([np.where(model.forced[items], columns.upper, 0.0), np.zeros(3)]),
        upper=np.concatenate([columns.upper, np.full(3, np.inf)]),
        integer=np.zeros(n + 3, dtype=np.bool_),
    )
    answer = solve(program, Effort(), seed)
    if answer.values is None:
        nothing = np.array([])
        return Relaxation(None, -np.inf if maximise else np.inf, nothing, nothing, answer.stopped)
    objective = float(answer.values[least]) * scale if maximise else float(answer.values[y])
    values = _spread(model, program, columns, answer.values, seed)
    uses = np.zeros(model.n_items)
    np.add.at(uses, items, values[:n])
    measures, goals = model.measures @ uses / k, model.goals @ uses / k
    return Relaxation(uses, objective, measures, goals)


def _columns(model: FormModel, usable: IntArray) -> UseColumns:
    """Columns of uses of the usable items, no more than allowed; a step starts at what it is charged."""
    k, bounds = model.n_forms, model.uses
    limited = (model.max_common is not None and k > 1) or (bounds is not None and bounds.fewest_unused)
    steps = use_steps(k, limited=limited, disjoint=model.disjoint, coarse=k > MANY_FORMS)
    if bounds is None:
        return use_columns(np.ones(len(usable), dtype=np.int64), model.counted[usable], steps, k)
    steps = [step for step in steps if step[0] < bounds.most.max(initial=1)]
    columns = use_columns(np.ones(len(usable), dtype=np.int64), model.counted[usable], steps, k)
    most = bounds.most[usable][columns.owner].astype(np.float64)
    limit = np.where(model.counted[usable][columns.owner], np.maximum(0.0, most - columns.charge), most)
    return replace(columns, upper=np.minimum(columns.upper, limit))


def _spread(
    model: FormModel, program: Program, columns: UseColumns, values: FloatArray, seed: int
) -> FloatArray:
    """Of the solutions that are as good, one with few pairs of forms that share an item, where forms are
    many, or with few items unused, where that is asked for.
    """
    unused = model.uses is not None and model.uses.fewest_unused
    many = model.n_forms > MANY_FORMS and not len(model.goals)
    if not (many or unused):
        return values
    n = len(columns.owner)
    cost = np.zeros(n + 3)
    cost[:n] = columns.charge / model.n_forms
    if unused:
        cost[:n] -= (columns.charge == 0) * float(model.n_forms)
    lower, upper = program.lower.copy(), program.upper.copy()
    upper[n : n + 2] = values[n : n + 2] + AS_GOOD
    lower[n + 2] = values[n + 2] * (1 - AS_GOOD) if len(model.goals) else 0.0
    answer = solve(replace(program, cost=cost, lower=lower, upper=upper), Effort(), seed)
    return values if answer.values is None else answer.values


def _scale(model: FormModel) -> float:
    """Puts goals on a scale of about 1: no form's least goal is much above it."""
    sums = [np.sort(c * model.usable)[-ABOUT_A_FORM:].sum() for c in model.goals]
    return float(np.array(sums).min(initial=np.inf))
