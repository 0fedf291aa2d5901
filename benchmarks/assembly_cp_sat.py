"""CP-SAT on one assembly program, in a process of its own: reads a program, writes what was found."""

import pickle
import sys
import time
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from ciip_irt.forms.model import Program

Outcome = tuple[float | None, float | None, float]


def by_cp_sat(program: Program, seconds: float) -> Outcome:
    """Whole numbers only: coefficients in thousandths, helper columns as 0/1, levels in millionths."""
    start = time.process_time()
    model: Any = cp_model.CpModel()
    parts, unit = 1_000_000, 1000
    columns, scales = [], []
    whole_helper = _whole_helpers(program)
    for number in range(len(program.cost)):
        low, high = program.lower[number], min(program.upper[number], 1000.0)
        if program.integer[number] or whole_helper[number] or low == high:
            columns.append(model.new_int_var(int(low), int(high), ""))
            scales.append(1)
        else:
            columns.append(model.new_int_var(int(low * parts), int(high * parts), ""))
            scales.append(parts)
    for row in range(len(program.row_lower)):
        at = slice(program.starts[row], program.starts[row + 1])
        indices, values = program.indices[at], program.values[at]
        exact = np.allclose(values, np.round(values)) and all(scales[i] == 1 for i in indices)
        by = 1 if exact else parts * unit
        weights = [round(v * by / scales[i]) for i, v in zip(indices, values, strict=True)]
        total = cp_model.LinearExpr.weighted_sum([columns[i] for i in indices], weights)
        low, high = program.row_lower[row], program.row_upper[row]
        if np.isfinite(low):
            model.add(total >= round(low * by))
        if np.isfinite(high):
            model.add(total <= round(high * by))
    priced = np.flatnonzero(program.cost)
    weights = [round(program.cost[i] * parts / scales[i] * 1000) for i in priced]
    model.minimize(cp_model.LinearExpr.weighted_sum([columns[i] for i in priced], weights))
    solver: Any = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.solve(model)
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return (
        solver.objective_value / (parts * 1000) if known else None,
        solver.best_objective_bound / (parts * 1000),
        time.process_time() - start,
    )  # fmt: skip


def _whole_helpers(program: Program) -> np.ndarray:
    """Columns that stand only in rows of whole numbers may be whole themselves: shares of items."""
    whole = np.ones(len(program.cost), dtype=bool)
    for row in range(len(program.row_lower)):
        at = slice(program.starts[row], program.starts[row + 1])
        if not np.array_equal(program.values[at], np.round(program.values[at])):
            whole[program.indices[at]] = False
    return whole & (program.upper <= 1)


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(by_cp_sat(*pickle.loads(sys.stdin.buffer.read()))))
