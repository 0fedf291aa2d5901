"""The search's parts on problems small enough for a sheet of paper: programs, scales, sums, order of ways."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, Proposal, solve
from ciip_irt.forms.model.use_counts import use_steps
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.search import strategy
from ciip_irt.forms.search.big_shadow_test import _step
from ciip_irt.forms.search.parallel import SearchEffort, parallel_forms
from ciip_irt.forms.search.relaxation import _scale
from ciip_irt.forms.search.swaps import SwapSearch

NONE = np.zeros(0)


def model_of(values, *, n_forms, length, max_common, aim=0.0, goals=None, usable=None):
    """Forms of ``length`` of these items, with one target (the sum of ``values``)."""
    n = len(values)
    ones = np.ones(n, dtype=bool)
    return FormModel(
        n_forms, ones if usable is None else usable, ~ones, np.ones((1, n)), np.array([float(length)]),
        np.array([float(length)]), np.array([values], dtype=float), np.array([aim]), np.array([True]),
        np.zeros((0, n)) if goals is None else np.array(goals, dtype=float),
        NONE if goals is None else np.zeros(len(goals)), ones, max_common,
    )  # fmt: skip


def dense(program):
    """Every row as ``(low, coefficients, high)``."""
    assert len(program.values) == len(program.indices) == program.starts[-1]
    rows = []
    for number, (low, high) in enumerate(zip(program.row_lower, program.row_upper, strict=True)):
        here = slice(program.starts[number], program.starts[number + 1])
        row = np.zeros(len(program.cost))
        np.add.at(row, program.indices[here], program.values[here])
        rows.append((low, row.tolist(), high))
    return rows


def test_the_first_of_three_disjoint_forms_leaves_the_items_of_two():
    """x of three items, their uses z in the two forms to come, y."""
    model = model_of([1, 2, 3], n_forms=3, length=1, max_common=0)
    program = _step(model, np.array([[1.0, 2.0, 3.0]]), np.array([2.0]), np.zeros((0, 3), dtype=bool))
    assert dense(program) == [
        (1, [1, 1, 1, 0, 0, 0, 0], 1),
        (-np.inf, [1, 2, 3, 0, 0, 0, -1], 2),
        (2, [1, 2, 3, 0, 0, 0, 1], np.inf),
        (2, [0, 0, 0, 1, 1, 1, 0], 2),
        (-np.inf, [0, 0, 0, 1, 2, 3, -2], 4),
        (4, [0, 0, 0, 1, 2, 3, 2], np.inf),
        (0, [1, 0, 0, 1, 0, 0, 0], 1),
        (0, [0, 1, 0, 0, 1, 0, 0], 1),
        (0, [0, 0, 1, 0, 0, 1, 0], 1),
    ]
    assert program.upper.tolist() == [1, 1, 1, 1, 1, 1, np.inf]
    assert program.cost.tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_the_last_form_shares_with_those_done_what_it_may():
    model = model_of([1, 2, 3], n_forms=2, length=2, max_common=1)
    done = np.array([[True, False, True]])
    program = _step(model, np.array([[1.0, 2.0, 3.0]]), np.array([4.0]), done)
    assert dense(program) == [
        (2, [1, 1, 1, 0, 0, 0, 0], 2),
        (-np.inf, [1, 2, 3, 0, 0, 0, -1], 4),
        (4, [1, 2, 3, 0, 0, 0, 1], np.inf),
        (-np.inf, [1, 0, 1, 0, 0, 0, 0], 1),
    ]
    assert program.upper.tolist() == [1, 1, 1, 0, 0, 0, np.inf]


def test_the_scale_of_goals_is_the_least_goal_of_all_usable_items():
    usable = np.array([True, True, True, False])
    model = model_of(
        [0, 0, 0, 0], n_forms=2, length=1, max_common=0, usable=usable, goals=[[3, 1, 2, 50], [9, 0, 1, 0]]
    )
    assert _scale(model) == 6
    long = model_of(np.zeros(250), n_forms=1, length=1, max_common=None, goals=[np.arange(250.0)])
    assert _scale(long) == sum(range(50, 250)), "of many items, the 200 largest"


def test_exchanges_are_compared_by_the_squares_of_the_items():
    values = [3.0, -2.0, 0.5, 1.0]
    model = model_of(values, n_forms=2, length=2, max_common=0)
    forms = np.array([[True, True, False, False], [False, False, True, True]])
    search = SwapSearch(model, forms, np.array([values, [1.0, 1.0, 2.0, 0.0]]), np.zeros(2))
    assert search.squares.tolist() == [10.0, 5.0, 4.25, 1.0]


@pytest.mark.parametrize("seed", range(8))
def test_two_exchanges_between_two_forms_even_them_out(seed):
    """The best pair of exchanges, by enumeration, leaves next to no difference; so does the one taken."""
    values = np.random.default_rng(seed).normal(size=20)
    values[:10] += 0.3
    forms = np.arange(20) < 10
    forms = np.array([forms, ~forms])
    model = model_of(values, n_forms=2, length=10, max_common=0)
    search = SwapSearch(model, forms.copy(), values[None, :], np.array([values.sum() / 2]))
    before = float(search.off[0, 0] - search.off[1, 0])
    best = min(
        abs(before + 2 * (values[a] + values[b] - values[c] - values[d]))
        for c, d in combinations(range(10), 2)
        for a, b in combinations(range(10, 20), 2)
    )
    assert search.improve_twice(0, 1)
    after = abs(float(search.off[0, 0] - search.off[1, 0]))
    assert best < 0.01
    assert after < 0.05
    assert abs(before) > 0.3, "otherwise nothing was to be evened out"


def test_forms_that_were_found_are_not_built_anew():
    lines = []
    model = model_of([1, 2, 3, 4, 5, 6, 7, 8], n_forms=2, length=3, max_common=0, aim=13.0)
    found = parallel_forms(model, SearchEffort(), 1, lines.append)
    assert found.objective == 0
    assert not [line for line in lines if "one after the other" in line]


def test_long_families_charge_uses_by_half_doublings():
    """From four uses on every doubling is two steps, each charged as its first use: never above the truth."""
    n_forms = 100
    steps = use_steps(n_forms, limited=True, disjoint=False, coarse=True)
    expected = {0, 1, 2, 3} | {half * 2**power for half in (2, 3) for power in range(1, 6)}
    expected = sorted({start for start in expected if start <= 64})
    assert [price for price, _ in steps] == expected
    assert [many for _, many in steps] == np.diff([*expected, n_forms]).tolist()


def test_a_tolerance_below_one_is_a_tolerance():
    """One item can be had, two are wanted, give or take a half: two tolerances."""
    one = np.ones(1)
    row = Row("two items", 2.0, 2.0, np.array([0]), one, give=0.5)
    program = build_program(1, [row], lower=0 * one, upper=one, integer=one > 0)
    assert solve(program, Effort(), 1).objective == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("n_forms", "goals", "size", "off", "nodes"),
    [
        (3, False, 100, 0.2, strategy.NODES),  # enumeration
        (3, False, 101, 0.2, None),  # good enough as it is
        (3, False, 101, 0.9, strategy.NODES),
        (3, False, 4000, 0.9, strategy.NODES),
        (3, False, 4001, 0.9, None),
        (1, True, 100, 0.2, strategy.NODES),
        (1, True, 101, 0.2, strategy.NODES_OF_GOALS),  # one form's relaxation is near
        (1, True, 1000, 0.2, strategy.NODES_OF_GOALS),
        (1, True, 1001, 0.2, None),
        (2, True, 101, 0.9, None),
        (1, False, 101, 0.2, None),
    ],
)
def test_what_is_handed_to_the_solver(monkeypatch, n_forms, goals, size, off, nodes):
    handed = []
    monkeypatch.setattr(strategy, "_better", lambda _, found, more: handed.append(more.nodes) or found)
    task = SimpleNamespace(model=SimpleNamespace(n_forms=n_forms), goals=goals, size=size, until=np.inf)
    strategy._by_bettering(task, Proposal("work", np.zeros(1), 0.1 + off, 0.1, 0))
    assert handed == ([] if nodes is None else [nodes])


def test_the_seconds_left_are_those_until_the_end(monkeypatch):
    monkeypatch.setattr(strategy, "monotonic", lambda: 1000.0)
    assert [strategy._seconds(until) for until in (1030.0, 990.0, np.inf)] == [30.0, 0.0, strategy.BACKSTOP_S]
