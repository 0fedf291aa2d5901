"""One optimum: objectives in order, each among the optima of those before it.

A solver returns any of several optima, and which one follows its version and seed. What is told to a person
is therefore the optimum of a list of objectives that leaves no choice: first the loss itself; then the fewest
rows touched; then the rows that come first in the blueprint (least sum of their places, then of its squares,
which tells 1 and 4 from 2 and 3); then as much as possible in the first of them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.forms.model.program import Program, RowBlocks
from ciip_irt.forms.model.solver import Effort, Proposal, solve
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["least_slack", "solve_in_order"]

# Room for rounding in sums of whole numbers: more than a solver errs, less than the next whole number.
LESS_THAN_ONE = 0.25


def solve_in_order(program: Program, objectives: Sequence[FloatArray], effort: Effort, seed: int) -> Proposal:
    """The program's optimum, and among several the one that is least in each of the objectives in turn.

    Objective and bound are those of the program's own cost. Where the solver gives up before the end, what it
    had found until then.
    """
    first = solve(program, effort, seed)
    if first.values is None or first.stopped != "optimal":
        return first
    return replace(first, values=_break_ties(program, first.values, objectives, effort, seed))


def _break_ties(
    program: Program, values: FloatArray, objectives: Sequence[FloatArray], effort: Effort, seed: int
) -> FloatArray:
    """From one optimum of the program to that which the objectives leave."""
    for objective in objectives:
        most = float(program.cost @ values)
        # Counts and places are whole numbers, so room for rounding must stay below one of them.
        most += min(LESS_THAN_ONE, SOLVED * max(1.0, abs(most)))
        program = replace(_with_row(program, program.cost, most), cost=objective)
        better = solve(program, effort, seed, start=values)
        if better.values is None:
            break
        values = better.values
        if better.stopped != "optimal":
            break
    return values


def least_slack(program: Program, effort: Effort, seed: int) -> Proposal:
    """The program of ``build_program(relax=True)``: the least by which rows give way, and in which rows.

    Sides of a row count as rows of their own; they are in the order of the slacks.
    """
    first = solve(program, effort, seed)
    n_slacks, start = len(program.slack_rows), program.first_slack
    if not n_slacks or first.values is None or first.stopped != "optimal":
        return first
    prices = program.cost[start:]
    total = float(program.cost @ first.values)
    room = total + SOLVED * max(1.0, abs(total))
    # A slack that can be at most so large without more loss; its row is touched (1) or not (0).
    blocks = RowBlocks()
    n = len(program.cost)
    for number, price in enumerate(prices.tolist()):
        blocks.add(-np.inf, 0.0, np.array([start + number, n + number]), np.array([1.0, -room / price]))
    more = blocks.program(cost=np.zeros(0), lower=np.zeros(0), upper=np.zeros(0), integer=np.zeros(0, bool))
    places = np.arange(1.0, n_slacks + 1)
    none, unpriced = np.zeros(n), np.zeros(n_slacks)
    wider = replace(
        program,
        cost=np.concatenate([program.cost, unpriced]),
        lower=np.concatenate([program.lower, unpriced]),
        upper=np.concatenate([program.upper, np.ones(n_slacks)]),
        integer=np.concatenate([program.integer, np.ones(n_slacks, dtype=np.bool_)]),
        row_lower=np.concatenate([program.row_lower, more.row_lower]),
        row_upper=np.concatenate([program.row_upper, more.row_upper]),
        starts=np.concatenate([program.starts, program.starts[-1] + more.starts[1:]]),
        indices=np.concatenate([program.indices, more.indices]),
        values=np.concatenate([program.values, more.values]),
        slack_rows=(),
    )
    amounts = np.zeros(n + n_slacks)
    amounts[start:n] = places * prices
    touched = [np.concatenate([none, weight]) for weight in (np.ones(n_slacks), places, places**2)]
    values = np.concatenate([first.values, first.values[start:] > 0])
    values = _break_ties(wider, values, [*touched, amounts], effort, seed)
    return replace(first, values=values[:n])


def _with_row(program: Program, coefficients: FloatArray, most: float) -> Program:
    """The program with ``coefficients z <= most``."""
    at = np.flatnonzero(coefficients)
    return replace(
        program,
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, most),
        starts=np.append(program.starts, program.starts[-1] + len(at)).astype(np.int64),
        indices=np.concatenate([program.indices, at]).astype(np.int64),
        values=np.concatenate([program.values, coefficients[at]]),
    )
