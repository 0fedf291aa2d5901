"""What Ctrl-C, a time limit and a solver that gives up leave: the best found, and no proof that is none."""

import signal
from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from ciip_irt.blueprint.blueprint import Target
from ciip_irt.cli import main
from ciip_irt.errors import BlueprintError
from ciip_irt.forms import assemble
from ciip_irt.forms.model import solver as solve
from ciip_irt.forms.model.program import Program
from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.search import relaxation, strategy
from ciip_irt.forms.search.parallel import SearchEffort


@pytest.fixture
def no_pilots(ciip):
    return replace(ciip, pilot_slots=0)


def program(*, whole: bool) -> Program:
    return Program(
        cost=np.ones(2), lower=np.zeros(2), upper=np.ones(2), integer=np.full(2, whole),
        row_lower=np.ones(1), row_upper=np.full(1, 2.0), starts=np.array([0, 2]), indices=np.array([0, 1]),
        values=np.ones(2), slack_rows=(),
    )  # fmt: skip


def test_ctrl_c_during_a_linear_program_is_not_swallowed(monkeypatch):
    assert solve.solve(program(whole=False), solve.Effort(), 1).stopped == "optimal"
    monkeypatch.setattr(solve, "_on_interrupt", lambda: nullcontext([signal.SIGINT]))
    with pytest.raises(KeyboardInterrupt):
        solve.solve(program(whole=False), solve.Effort(), 1)
    assert solve.solve(program(whole=True), solve.Effort(), 1).values is not None


def test_a_relaxation_that_was_not_solved_proves_nothing(monkeypatch, make_bank, no_pilots):
    given_up = solve.Proposal("seconds", None, np.inf, np.inf, 0)
    monkeypatch.setattr(relaxation, "solve", lambda *_: given_up)
    monkeypatch.setattr(strategy, "solve", lambda *_, **__: given_up)
    result = assemble(make_bank(400, 0), no_pilots, n_forms=2)
    assert result.status == "work limit without a form", "no time limit was set"
    assert any("at the solver's own limit without a form; that is no proof" in w for w in result.warnings)
    limited = assemble(make_bank(400, 0), no_pilots, n_forms=2, time_limit=60)
    assert limited.status == "time limit without a form"
    assert any("at the time limit without a form; that is no proof" in w for w in limited.warnings)


@pytest.mark.parametrize("where", ["raised", "told"])
def test_ctrl_c_in_the_second_try_keeps_the_first(monkeypatch, make_bank, no_pilots, where):
    pool = bank_pool(make_bank(400, 0), no_pilots, 2, None)[0]
    values = np.zeros(pool.n_columns)
    tried = []

    def one(*_):
        tried.append(True)
        if len(tried) == 2:
            raise KeyboardInterrupt
        return solve.Proposal("interrupted" if where == "told" else "work", values, 1.5, 1.2, 7)

    monkeypatch.setattr(strategy, "_solve", one)
    best = strategy.solve_forms(pool, 1, SearchEffort()).proposal
    assert len(tried) == (1 if where == "told" else 2)
    assert best.values is values
    assert best.stopped == "interrupted"
    assert best.bound <= 0, "forms that share items were not ruled out"


def test_forms_cut_short_say_so(make_bank, no_pilots):
    def impatient(line: str) -> None:
        if line.startswith("best"):
            raise KeyboardInterrupt

    goal = Target("information", 1.0, thetas=(-1.0,), goal="maximise")
    highest = replace(no_pilots, targets=(*no_pilots.targets, goal))
    by_hand = assemble(make_bank(400, 0), highest, n_forms=2, progress=impatient)
    by_clock = assemble(make_bank(400, 0), highest, n_forms=2, time_limit=0.0)
    for result, how in ((by_hand, "by Ctrl-C"), (by_clock, "at the time limit")):
        assert result.forms.height == 260
        assert sum(f"The search ended {how}" in w for w in result.warnings) == 1


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_time_limit_is_a_time(make_bank, no_pilots, seconds):
    with pytest.raises(BlueprintError, match="Give 0 or more"):
        assemble(make_bank(200, 0), no_pilots, n_forms=1, time_limit=seconds)


def test_information_out_of_reach_asks_for_items_that_tell_more(make_bank, no_pilots):
    target = Target("information", 0.5, thetas=(-1.0,), values=(500.0,))
    result = assemble(make_bank(200, 0), replace(no_pilots, targets=(target,)), n_forms=1)
    assert result.status == "infeasible"
    (line,) = result.shortages["message"]
    assert "Write items that tell more there (b nearer to it, higher a)" in line


def test_a_warning_is_said_once(make_bank, tmp_path, capsys):
    make_bank(400, 0).write_csv(tmp_path / "items.csv")
    arguments = ["--items", str(tmp_path / "items.csv"), "--blueprint", "ciip-2024", "--forms", "1"]
    assert main(["assemble", *arguments, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert (said.out + said.err).count("Pilot slots stay empty") == 1
    assert said.err.startswith("warning: ")


def test_a_target_that_only_warns_is_said_to_be_missed(make_bank, no_pilots):
    wish = Target("mean_b", 0.02, 3.0, severity="warning")
    result = assemble(make_bank(400, 0), replace(no_pilots, targets=(wish,)), n_forms=2)
    assert result.conforms
    assert "Missed by form-1, form-2." in result.summary()


def test_ctrl_c_while_pilots_are_placed_keeps_the_scored_items(monkeypatch, make_bank, ciip):
    def impatient(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("ciip_irt.forms.assemble"), "fill_pilots", impatient)
    result = assemble(make_bank(400, 90), ciip, n_forms=2)
    assert result.forms.height == 260
    assert any("Pilot slots stay empty" in w for w in result.warnings)
