"""The search's running sums against sums made anew; what it can represent; the same forms on every run."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import FormRequirements, ItemSets, KeyBalance
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.constraints import rows_of, rows_within_forms
from ciip_irt.forms.constraints.length import LENGTH
from ciip_irt.forms.model.form_model import build_form_model
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, solve
from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.search.parallel import SearchEffort, judged, parallel_forms
from ciip_irt.forms.search.relaxation import relaxation
from ciip_irt.forms.search.rounding import kinds, rounded
from ciip_irt.forms.search.running_sums import STATE
from ciip_irt.forms.search.swaps import SwapSearch


@pytest.fixture(scope="module")
def pool(make_bank, ciip):
    goal = Target("information", 1.0, thetas=(-2.0, -1.0), goal="maximise")
    blueprint = replace(
        ciip, pilot_slots=0, targets=(*ciip.targets, goal), max_overlap=0.2,
        requirements=FormRequirements(key_balance=KeyBalance(0.2, 0.3)),
    )  # fmt: skip
    return bank_pool(make_bank(400, 0), blueprint, 3, None)[0]


@pytest.fixture(scope="module")
def model(pool):
    return build_form_model(pool)


def test_running_sums_are_those_of_the_forms(model):
    uses = relaxation(model, 1).uses
    forms = rounded(model, uses, np.random.default_rng(1))
    vectors = np.vstack([model.measures, 50 * model.goals])
    search = SwapSearch(model, forms, vectors, np.concatenate([model.aims, [70.0, 70.0]]))
    rng = np.random.default_rng(2)
    for _ in range(3):
        search.sweep(bank=True, between=True)
        search.improve_twice(0)
        search.improve_twice(1, 2)
        search.perturb(rng, 0, 1)
    assert search.swaps > 20
    kept = [np.copy(getattr(search, name)) for name in STATE]
    search.refresh()
    for name, before in zip(STATE, kept, strict=True):
        np.testing.assert_allclose(getattr(search, name), before, atol=1e-8, err_msg=name)
    sums = search.forms @ model.rows.T
    common = search.forms.astype(int) @ search.forms.T
    broken = np.maximum(model.lower - sums, 0).sum() + np.maximum(sums - model.upper, 0).sum()
    broken += np.maximum(np.triu(common, 1) - model.max_common, 0).sum()
    assert search.broken() == pytest.approx(broken)
    assert search.repair()
    assert search.broken() == 0


def test_rounding_keeps_the_make_up_of_every_form(model, ciip):
    uses = relaxation(model, 1, spare=0.02).uses
    forms = rounded(model, uses, np.random.default_rng(1))
    kind = kinds(model)
    assert kind.max() + 1 == 10, "one kind per domain"
    counts = [np.bincount(kind[form], minlength=10) for form in forms]
    assert sorted(counts[0]) == sorted(ciip.counts)
    assert all((count == counts[0]).all() for count in counts)
    assert forms.sum() == pytest.approx(uses.sum())
    assert np.abs(forms.sum(axis=0) - uses).max() < 1 + 1e-9


def test_the_aggregated_relaxation_is_as_tight_as_that_of_all_columns(make_bank, ciip):
    blueprint = replace(
        ciip, pilot_slots=0, max_overlap=None, attempts=None, enemies_apart=False,
        targets=(Target("mean_b", 0.02, 1.5),),
    )  # fmt: skip
    pool = bank_pool(make_bank(200, 0), blueprint, 2, None)[0]
    n = pool.n_columns
    program = build_program(
        n, rows_of(pool), lower=np.zeros(n), upper=(np.arange(n) < n // 2).astype(float),
        integer=np.zeros(n, dtype=bool),
    )  # fmt: skip
    whole = solve(program, Effort(), 1)
    assert whole.objective > 1, "out of reach, so the bound says something"
    aggregated = relaxation(build_form_model(pool), 1)
    assert aggregated.objective == pytest.approx(whole.objective, rel=1e-6)


def test_no_answer_is_better_than_the_bound(model):
    found = parallel_forms(model, SearchEffort(pairs=300_000), 1)
    trouble, objective = judged(model, found.values.reshape(3, -1) > 0.5)
    assert trouble == 0
    assert objective == pytest.approx(found.objective)
    assert found.bound <= found.objective <= 0.98 * found.bound


def test_rows_over_two_forms_are_left_to_the_general_program(pool):
    n = pool.n_items
    both = Row("both or none", 0.0, 0.0, np.array([0, n]), np.array([1.0, -1.0]))
    known = [*rows_within_forms(pool)]
    assert build_form_model(pool, known).complete
    assert not build_form_model(pool, [*known, (LENGTH, both)]).complete
    only_first = Row("in the first form", 1.0, 1.0, np.array([5]), np.ones(1))
    assert not build_form_model(pool, [*known, (LENGTH, only_first)]).complete


SAME = """
import hashlib, runpy, sys
import numpy as np
from dataclasses import replace
from ciip_irt.blueprint import load_blueprint
from ciip_irt.forms import assemble
cf = runpy.run_path(sys.argv[1])
ciip = load_blueprint("ciip-2024")
make = getattr(cf["make_bank"], "__wrapped__", None) or cf["make_bank"]._get_wrapped_function()
forms = assemble(make(ciip)(400, 40), ciip, n_forms=3).forms
print(hashlib.sha256(forms.write_csv().encode()).hexdigest())
"""


def test_the_number_of_threads_does_not_change_the_forms(request):
    conftest = request.path.parents[1] / "conftest.py"
    prints = {
        subprocess.run(
            [sys.executable, "-c", SAME, str(conftest)], check=True, capture_output=True, text=True,
            env={**os.environ, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "POLARS_MAX_THREADS": n},
        ).stdout
        for n in ("1", "2")
    }  # fmt: skip
    assert len(prints) == 1


def test_forms_of_passages_are_as_good_as_the_solver_proves():
    """Sixteen passages, of each four to six items or none: one form proven best, two within equality."""
    rng = np.random.default_rng(1)
    rows = [
        (f"S{s:02d}I{i}", "A" if s % 2 else "B", f"S{s:02d}", float(np.exp(rng.normal(0, 0.3))), rng.normal())
        for s in range(16) for i in range(int(rng.integers(6, 10)))
    ]  # fmt: skip
    bank = pl.DataFrame(rows, schema=["item_id", "domain", "set_id", "a", "b"], orient="row").with_columns(
        status=pl.lit("scored"), key=pl.lit("A"), options=pl.lit("ABCD"), model=pl.lit("2pl"), c=0.0, D=1.0,
        scale_id=pl.lit("bank"),
    )  # fmt: skip
    goal = Target("information", 1.0, thetas=(-1.0, 1.0), goal="maximise", equal_within_percent=5.0)
    blueprint = Blueprint(
        "passages", "1", "2024", 20, (Domain("A", "Alpha", 10, low=8, high=12), Domain("B", "Beta", 10, low=8,
        high=12)), targets=(goal,), max_overlap=0.0,
        requirements=FormRequirements(item_sets=ItemSets(False, 4, 6)),
    )  # fmt: skip
    one = assemble(bank, blueprint, n_forms=1)
    assert one.conforms
    assert one.least >= 0.998 * one.least_bound
    two = assemble(bank, blueprint, n_forms=2)
    assert two.conforms
    assert two.achieved["met"].all()
