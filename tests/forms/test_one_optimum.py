"""Of equally small losses the one that is told is unique: compared with all 64 choices of six items."""

from itertools import product

import numpy as np
import pytest

from ciip_irt.forms.model import Effort, build_program
from ciip_irt.forms.model.least import least_slack, solve_in_order
from ciip_irt.forms.pool.pool import Row

N = 6


def contradictory_rows(seed):
    rng = np.random.default_rng([seed, 4])
    rows = []
    for number in range(5):
        columns = np.sort(rng.choice(N, int(rng.integers(2, N)), replace=False))
        low = int(rng.integers(0, len(columns) + 2))
        high = float(low + rng.integers(0, 2)) if rng.random() < 0.7 else np.inf
        rows.append(Row(f"row {number}", float(low), high, columns, np.ones(len(columns)), relaxable=True))
    return rows


def program_of(rows, *, relax=True, cost=None):
    zeros = np.zeros(N)
    whole = np.ones(N, dtype=bool)
    return build_program(
        N,
        rows,
        lower=zeros,
        upper=zeros + 1,
        integer=whole,
        cost=zeros if cost is None else cost,
        relax=relax,
    )


def rank(slack):
    """What is told first: least in all, fewest sides of rows, the first of them, most of it in the first."""
    places = np.arange(1, len(slack) + 1)
    touched = slack > 0
    return (
        slack.sum(),
        touched.sum(),
        places[touched].sum(),
        (places[touched] ** 2).sum(),
        (places * slack).sum(),
    )


@pytest.mark.parametrize("seed", range(25))
def test_the_slack_told_is_the_first_of_all_optima(seed):
    rows = contradictory_rows(seed)
    program = program_of(rows)
    sides = program.slack_rows

    def slack_of(x):
        sums = {row.name: row.coefficients @ np.array(x)[row.columns] for row in rows}
        return np.array(
            [
                max(0.0, row.lower - sums[row.name] if sign > 0 else sums[row.name] - row.upper)
                for row, sign in sides
            ]
        )

    best = min(rank(slack_of(x)) for x in product((0, 1), repeat=N))
    for solver_seed in (1, 2, 3):
        found = least_slack(program, Effort(), solver_seed)
        told = np.round(found.values[program.first_slack :], 6)
        assert rank(told) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(10))
def test_objectives_in_order_leave_one_choice(seed):
    rng = np.random.default_rng([seed, 5])
    row = Row("three of six", 3.0, 3.0, np.arange(N), np.ones(N))
    cost = rng.integers(0, 2, N).astype(float)
    places = np.arange(1.0, N + 1)
    objectives = [places, places**2]
    objectives_of_all = [np.append(objective, [0, 0]) for objective in objectives]
    found = solve_in_order(program_of([row], relax=False, cost=cost), objectives_of_all, Effort(), seed)
    chosen = [x for x in product((0, 1), repeat=N) if sum(x) == 3]
    best = min(tuple(float(o @ np.array(x)) for o in (cost, *objectives)) for x in chosen)
    assert tuple(float(o @ found.values[:N]) for o in (cost, *objectives)) == pytest.approx(best)
