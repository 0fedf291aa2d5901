"""Forms one after the other, each with the rest of them in mind: where rounding finds none.

The form to be built has 0/1 columns; all that are still to come have one continuous column per item between
them (the "big shadow test"), under the same rows times their number. So no form takes what the others will
need. Every step is a program of one form, which the solver can do where K at once are too many.

Source: van der Linden & Adema (1998), Journal of Educational Measurement 35:185-198.
"""

from dataclasses import replace
from time import monotonic

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import Program, RowBlocks
from ciip_irt.forms.model.solver import Effort, solve

__all__ = ["big_shadow_test"]

# Per form: nodes, and how near to its relaxation (in tolerances) is near enough for the swaps to take over.
NODES, NEAR = 200, 0.5


def big_shadow_test(
    model: FormModel, vectors: FloatArray, aims: FloatArray, seed: int, until: float = np.inf
) -> BoolArray | None:
    """K forms (K, n) near the aims (Q,) in the units of ``vectors`` (Q, n); nothing where a step fails, or is
    not done when the monotonic clock says ``until``.
    """
    forms = np.zeros((model.n_forms, model.n_items), dtype=np.bool_)
    for number in range(model.n_forms):
        program = _step(model, vectors, aims, forms[:number])
        seconds = min(Effort().seconds, max(0.0, until - monotonic()))
        continuous = replace(program, integer=np.zeros_like(program.integer))
        relaxed = solve(continuous, Effort(seconds=seconds), seed)
        if relaxed.values is None:
            return None
        answer = solve(program, Effort(NODES, seconds, relaxed.objective + NEAR), seed)
        if answer.stopped == "interrupted":
            # One form of several is nothing to keep.
            raise KeyboardInterrupt
        if answer.values is None:
            return None
        forms[number] = answer.values[: model.n_items] > 0.5
    return forms


def _step(model: FormModel, vectors: FloatArray, aims: FloatArray, done: BoolArray) -> Program:
    """The next form's columns x, those of all later ones together z, and y."""
    n, rest = model.n_items, model.n_forms - len(done) - 1
    used = done.any(axis=0) & model.counted if model.disjoint else np.zeros(n, dtype=np.bool_)
    free = model.usable & ~used
    left = None
    if model.uses is not None:
        left = np.maximum(0, model.uses.most - done.sum(axis=0))
        free &= (left > 0) | model.forced
    blocks = RowBlocks()

    def add(low: float, high: float, over: FloatArray, start: int, y: float = 0.0) -> None:
        at = np.flatnonzero(over)
        columns = np.append(at + start, [2 * n] if y else []).astype(np.int64)
        blocks.add(low, high, columns, np.append(over[at], [y] if y else []))

    for start, times in ((0, 1), (n, rest)):
        if not times:
            continue
        for row, low, high in zip(model.rows, model.lower, model.upper, strict=True):
            add(low * times, high * times, row * free, start)
        for vector, aim in zip(vectors, aims, strict=True):
            add(-np.inf, aim * times, vector * free, start, -float(times))
            add(aim * times, np.inf, vector * free, start, float(times))
    if model.max_common is not None and not model.disjoint:
        for other in done:
            add(-np.inf, float(model.max_common), (other & model.counted).astype(np.float64), 0)
    if model.disjoint and rest:
        for item in np.flatnonzero(free & model.counted).tolist():
            blocks.add(0.0, 1.0, np.array([item, n + item]), np.ones(2))
    forced = model.forced.astype(np.float64)
    later = np.where(model.counted & model.disjoint, 1.0, float(rest)) * free
    if left is not None:
        later = np.where(model.forced, later, np.minimum(later, left))
        for item in np.flatnonzero(free & ~model.forced & (left <= rest)).tolist() if rest else ():
            blocks.add(0.0, float(left[item]), np.array([item, n + item]), np.ones(2))
    cost = np.zeros(2 * n + 1)
    cost[-1] = 1.0
    return blocks.program(
        cost=cost,
        lower=np.concatenate([forced, forced * rest, [0.0]]),
        upper=np.concatenate([free.astype(np.float64), later if rest else np.zeros(n), [np.inf]]),
        integer=np.arange(2 * n + 1) < n,
    )
