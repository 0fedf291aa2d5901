"""``python -m benchmarks.assembly``: parallel forms by us, by HiGHS and by CP-SAT, on the same banks.

Banks are simulated: ten domains in the CIIP proportions, 60 pairs of enemies, four keys of which each is to
hold 20 to 30 % of a form, at most 30 % of the items in common. Targets: mean b within .02, expected score at
the cut within .1 raw points, and information at five thetas within 2 % of the bank's average ("reach") or as
high as possible and equal within 2 % ("highest").

Times are CPU seconds of this process. The peers get the same rows and the seconds that we are asked to take.
"""

import argparse
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from ciip_irt.blueprint import Blueprint, FormRequirements, KeyBalance, Target, load_blueprint
from ciip_irt.forms import Assembly, assemble
from ciip_irt.forms.constraints import LEAST, highest_least, rows_of
from ciip_irt.forms.model import Program, build_program
from ciip_irt.forms.pool import bank_pool

# Forms, items, seconds asked for a first answer.
SIZES = ((1, 500, 1.0), (3, 1000, 5.0), (6, 2000, 20.0), (10, 5000, 90.0))
THETAS = (-2.0, -1.5, -1.1, -0.5, 0.5)
Outcome = tuple[float | None, float | None, float]  # worst deviation or least share, bound, seconds


def bank_of(n: int, seed: int) -> pl.DataFrame:
    """A bank of scored items."""
    ciip = load_blueprint("ciip-2024")
    rng = np.random.default_rng(seed)
    sizes = np.floor(np.array(ciip.counts) / ciip.length * n).astype(int)
    sizes[5] += n - sizes.sum()
    letters = np.repeat(np.array(ciip.letters), sizes).tolist()
    ids = [f"I{i:05d}" for i in range(n)]
    enemies: list[list[str]] = [[] for _ in ids]
    for _ in range(60):
        first, second = rng.choice(n, 2, replace=False)
        enemies[first].append(ids[second])
    return pl.DataFrame(
        {"item_id": ids, "domain": letters, "status": "scored", "key": rng.choice(list("ABCD"), n).tolist(),
         "options": "ABCD", "model": "3pl", "a": np.exp(rng.normal(0, 0.3, n)), "b": rng.normal(-0.6, 1, n),
         "c": rng.beta(4, 16, n), "D": 1.0, "scale_id": "bank",
         "enemies": ["|".join(names) or None for names in enemies]},
        schema_overrides={"enemies": pl.String},
    )  # fmt: skip


def blueprint_of(objective: str) -> Blueprint:
    """CIIP 2024 without pilots, with the targets of the objective."""
    information = (
        Target("information", 1.0, thetas=THETAS, tolerance_percent=2.0)
        if objective == "reach"
        else Target("information", 1.0, thetas=THETAS, goal="maximise", equal_within_percent=2.0)
    )
    targets = (Target("mean_b", 0.02), Target("expected_score_at_cut", 0.1), information)
    requirements = FormRequirements(key_balance=KeyBalance(0.2, 0.3))
    return replace(
        load_blueprint("ciip-2024"), pilot_slots=0, targets=targets, max_overlap=0.3,
        requirements=requirements, testing_time_minutes=None,
    )  # fmt: skip


class FirstAnswer:
    """When the first usable answer was known."""

    def __init__(self) -> None:
        self.start = time.process_time()
        self.seconds: float | None = None

    def __call__(self, line: str) -> None:
        usable = line.startswith("best ") and "not yet" not in line
        if usable and ("times" in line or float(line.split(",")[0].split()[1]) <= 1) and self.seconds is None:
            self.seconds = time.process_time() - self.start


def ours(k: int, n: int, objective: str, seed: int) -> tuple[Assembly, float | None, float]:
    bank, blueprint, first = bank_of(n, seed), blueprint_of(objective), FirstAnswer()
    result = assemble(bank, blueprint, n_forms=k, seed=seed, progress=first)
    return result, first.seconds, time.process_time() - first.start


def program_of(k: int, n: int, objective: str, seed: int) -> tuple[Program, float, float]:
    """The general program, the factor of its objective and the seconds it took to write."""
    start = time.process_time()
    pool, _, _ = bank_pool(bank_of(n, seed), blueprint_of(objective), k, None)
    goal = LEAST if objective == "highest" else None
    half = pool.n_columns // 2
    upper = np.where(np.arange(pool.n_columns) < half, 1.0, 0.0)
    program = build_program(
        pool.n_columns, rows_of(pool), lower=np.zeros(pool.n_columns), upper=upper,
        integer=np.arange(pool.n_columns) < half, goal=goal,
    )  # fmt: skip
    return program, highest_least(pool) if goal else 1.0, time.process_time() - start


def by_highspy(program: Program, seconds: float) -> Outcome:
    from ciip_irt.forms.model import Effort, solve

    start = time.process_time()
    answer = solve(program, Effort(nodes=2**31 - 1, seconds=seconds), 1)
    found = None if answer.values is None else answer.objective
    return found, answer.bound, time.process_time() - start


def by_scipy(program: Program, seconds: float) -> Outcome:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    start = time.process_time()
    matrix = csr_array(
        (program.values, program.indices, program.starts),
        shape=(len(program.row_lower), len(program.cost)),
    )  # fmt: skip
    answer = milp(
        program.cost, integrality=program.integer.astype(int), bounds=Bounds(program.lower, program.upper),
        constraints=LinearConstraint(matrix, program.row_lower, program.row_upper),
        options={"time_limit": seconds},
    )  # fmt: skip
    found = None if answer.x is None else float(answer.fun)
    return found, answer.mip_dual_bound, time.process_time() - start


def by_cp_sat(program: Program, seconds: float) -> Outcome:
    """In a process of its own: the libraries of ortools and highspy do not load together."""
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.assembly_cp_sat"], input=pickle.dumps((program, seconds)),
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    if child.returncode:
        raise ImportError("ortools")
    outcome: Outcome = pickle.loads(child.stdout)
    return outcome


PEERS: dict[str, Callable[[Program, float], Outcome]] = {
    "HiGHS by scipy": by_scipy, "HiGHS by highspy": by_highspy, "CP-SAT": by_cp_sat,
}  # fmt: skip


def shown(name: str, objective: str, found: float | None, bound: float | None, more: str) -> str:
    sign = -1 if objective == "highest" and name != "ours" else 1
    value = "none" if found is None else f"{sign * found:.3f}"
    limit = "" if bound is None or not np.isfinite(bound) else f"{sign * bound:.3f}"
    gap = ""
    if found is not None and limit:
        off = sign * (bound or 0) - sign * found
        gap = f"{100 * off / (sign * (bound or 1)):.2f} %" if objective == "highest" else f"{-off:.3f}"
    return f"  {name:<18} {value:>9} {limit:>9} {gap:>9}  {more}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assembly", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 3], metavar="S", help="1 to 4")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--objectives", nargs="+", default=["reach", "highest"])
    parser.add_argument("--seconds", type=float, help="for each peer; else what we are asked to take")
    parser.add_argument("--seed", type=int, default=1)
    words = "instead: promises of so many forms (100), each from a bank of its own"
    parser.add_argument("--promises", type=int, nargs="?", const=100, metavar="FORMS", help=words)
    arguments = parser.parse_args()
    if arguments.promises:
        from benchmarks.assembly_promises import promises

        promises(arguments.promises, arguments.seed)
        return 0
    print("  reach: worst deviation in tolerances; highest: least information, times an average form's")
    print(f"  {'':<18} {'found':>9} {'bound':>9} {'gap':>9}  CPU seconds")
    for number in arguments.sizes:
        k, n, asked = SIZES[number - 1]
        for objective in arguments.objectives:
            print(f"{k} of {n}, {objective} (first answer asked within {asked:g} s)", flush=True)
            result, first, seconds = ours(k, n, objective, arguments.seed)
            found = result.worst if objective == "reach" else result.least
            bound = result.bound if objective == "reach" else result.least_bound
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            begun = "no usable answer" if first is None else f"first usable {first:.2f}"
            print(
                shown("ours", objective, found, bound,
                      f"{seconds:.2f} ({begun}; {result.status}; {peak:.0f} MB)"),
                flush=True,
            )  # fmt: skip
            if not arguments.peers:
                continue
            program, unit, written = program_of(k, n, objective, arguments.seed)
            for peer in arguments.peers:
                try:
                    value, limit, seconds = PEERS[peer](program, arguments.seconds or asked)
                except ImportError:
                    print(f"  {peer:<18} not installed")
                    continue
                value = None if value is None else value * unit
                limit = None if limit is None else limit * unit
                print(shown(peer, objective, value, limit, f"{written + seconds:.2f}"), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
