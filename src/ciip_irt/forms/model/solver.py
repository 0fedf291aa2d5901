"""The only place that calls the solver (HiGHS).

What comes back is a proposal: columns rounded to whole numbers, a bound, and why the solver stopped. The
forms made from it are checked from their table by ``check``, never trusted.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.forms.model.program import Program
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["Effort", "Proposal", "solve"]

Progress = Callable[[str], None]

# Columns further from whole numbers than the solver's own tolerance (1e-6) many times over are no answer.
# (HiGHS before 1.15 has returned wrong optima on problems of this kind.)
ROUNDED = 1e-4


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try. Work is counted in nodes, so that the answer does not depend on the machine's load.

    ``good_enough``: stop once the objective is as low as this. ``seconds`` is a backstop only: an answer
    stopped by it says so and may differ between machines.
    """

    nodes: int = 2000
    seconds: float = 600.0
    good_enough: float = -np.inf


@dataclass(frozen=True, slots=True)
class Proposal:
    """``stopped``: ``optimal``, ``good enough``, ``nodes``, ``seconds``, ``interrupted`` or
    ``infeasible``.

    ``values`` are all columns, whole where they must be; ``None`` where no solution was found. ``row_duals``
    are those of a linear program: by how much the objective rises per unit of a row's bound.
    """

    stopped: str
    values: FloatArray | None
    objective: float
    bound: float
    nodes: int
    row_duals: FloatArray = field(default_factory=lambda: np.array([]))


def solve(
    program: Program,
    effort: Effort,
    seed: int,
    progress: Progress | None = None,
    start: FloatArray | None = None,
) -> Proposal:
    """Hand the program to HiGHS: one thread, fixed seed, stopped by nodes or by a good enough objective.

    ``start`` holds values of the first columns, from which a first solution is made. Ctrl-C ends the search
    and keeps the best found; where there is none to keep, as of a linear program, it is raised afterwards.
    """
    highs = _silent_solver()
    for name, value in _options(effort, seed).items():
        highs.setOptionValue(name, value)
    highs.passModel(_model(program))
    if progress is not None:
        highs.cbMipImprovingSolution.subscribe(lambda event: progress(_line(event.data_out)))
    if start is not None:
        highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    whole = bool(program.integer.any())
    with _on_interrupt() as asked:
        if whole:

            def limit(event: Any) -> None:
                event.data_in.user_interrupt = bool(asked)

            highs.cbMipInterrupt.subscribe(limit)
        highs.run()
    proposal = _proposal(highs, program)
    if asked and not (proposal.values is not None and whole):
        raise KeyboardInterrupt
    return proposal


def _silent_solver() -> Any:
    """A solver that writes nothing: from 1.16 on HiGHS prints a banner as soon as callbacks are made ready,
    which its constructor does, so it is silenced just before.
    """
    # Imported here so that loading forms to check them does not load the solver.
    import highspy

    base: Any = highspy.Highs

    class Silent(base):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()

    return Silent()


def _options(effort: Effort, seed: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "threads": 1,
        "parallel": "off",
        "random_seed": seed % 2**31,
        "time_limit": effort.seconds,
        "mip_max_nodes": effort.nodes,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": SOLVED,
    }
    if np.isfinite(effort.good_enough):
        options["objective_target"] = effort.good_enough
    return options


def _model(program: Program) -> Any:
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.starts
    lp.a_matrix_.index_ = program.indices
    lp.a_matrix_.value_ = program.values
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in program.integer]
    return lp


def _proposal(highs: Any, program: Program) -> Proposal:
    """What the solver has after its run; columns that must be whole numbers are, or there are none."""
    import highspy

    info, status = highs.getInfo(), highs.getModelStatus()
    statuses = highspy.HighsModelStatus
    if status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible):
        return Proposal("infeasible", None, np.inf, np.inf, int(info.mip_node_count))
    stopped = {
        statuses.kOptimal: "optimal",
        statuses.kObjectiveTarget: "good enough",
        statuses.kSolutionLimit: "nodes",
        statuses.kTimeLimit: "seconds",
        statuses.kInterrupt: "interrupted",
    }.get(status, f"solver: {highs.modelStatusToString(status)}")
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value) if found else None
    if values is not None:
        whole = np.round(values[program.integer])
        if np.abs(values[program.integer] - whole).max(initial=0.0) > ROUNDED:
            values = None
        else:
            values[program.integer] = whole
    return Proposal(
        stopped=stopped,
        values=values,
        objective=float(info.objective_function_value) if values is not None else np.inf,
        bound=float(info.mip_dual_bound),
        nodes=int(info.mip_node_count),
        row_duals=np.array(highs.getSolution().row_dual),
    )


@contextmanager
def _on_interrupt() -> Iterator[list[int]]:
    """Signals of Ctrl-C are collected, not raised, while the solver runs; elsewhere than in the main thread
    none arrive.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _line(data: Any) -> str:
    return f"best {data.objective_function_value:.3g}, bound {data.mip_dual_bound:.3g} tolerances"
