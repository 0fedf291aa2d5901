"""Published pools whose optimum two other programs proved: the same rows, the same optimum.

The pools hold 3PL items and generalised partial credit items, parameters with D = 1.
"""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, solve
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.search.parallel import SearchEffort, parallel_forms
from ciip_irt.forms.search.relaxation import relaxation
from ciip_irt.irt.curves import expected_item_score, item_information
from ciip_irt.irt.models import MODELS

CASES = {
    "sci_maxinfo_2", "sci_maxinfo_3", "sci_tif_20", "sci_tif_8_10_12", "sci_tcc_10_20_30",
    "sci_tcc_10_15_20", "bay_maxinfo",
}  # fmt: skip
POOLS = {"science": "itempool_science_1000.csv", "bayes": "itempool_bayes_320.csv"}


@cache
def curves(folder, pool, kind):
    """Information or expected score of every item at -1, 0 and 1, by our own functions."""
    items = pl.read_csv(folder / POOLS[pool], infer_schema_length=None)
    theta = np.array([-1.0, 0.0, 1.0])
    result = np.zeros((3, items.height))
    by_kind = {"info": item_information, "escore": expected_item_score}[kind]
    steps = [name for name in items.columns if name.startswith("PAR")]
    for number, (model, *values) in enumerate(items.select("MODEL", *steps).iter_rows()):
        known = np.array([[float(v) for v in values if v not in (None, "")]])
        if model == "3PL":
            result[:, number] = by_kind(known, theta)[:, 0]
        else:
            family = MODELS["gpcm"].for_categories(known.shape[1])
            result[:, number] = by_kind(known, theta, 1.0, family)[:, 0]
    return tuple(items["ID"]), result


@cache
def matrix(folder, pool, n):
    entries = pl.read_csv(folder / f"matrix_{pool}.csv")
    rows = pl.read_csv(folder / f"rows_{pool}.csv")
    dense = np.zeros((rows.height, n))
    dense[entries["row"].to_numpy() - 1, entries["col"].to_numpy() - 1] = entries["value"].to_numpy()
    rhs, way = rows["rhs"].to_numpy().astype(float), rows["dir"].to_list()
    lower = np.where([w in ("==", ">=") for w in way], rhs, -np.inf)
    upper = np.where([w in ("==", "<=") for w in way], rhs, np.inf)
    return dense, lower, upper


def case_of(folder, name):
    return next(case for case in json.loads((folder / "golden.json").read_text()) if case["case"] == name)


def problem(folder, name):
    case = case_of(folder, name)
    kind = "escore" if case["method"] == "TCC" else "info"
    ids, values = curves(folder, case["pool"], kind)
    values = values[[(-1, 0, 1).index(theta) for theta in case["theta"]]]
    return case, ids, values, matrix(folder, case["pool"], len(ids))


@pytest.fixture
def folder(shared):
    return shared / "reference" / "assembly"


def test_every_case_is_here(folder):
    assert {case["case"] for case in json.loads((folder / "golden.json").read_text())} == CASES


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("kind", "column"), [("info", "I"), ("escore", "E")])
def test_information_and_expected_scores_are_those_of_the_reference(folder, pool, kind, column):
    ids, values = curves(folder, pool, kind)
    table = pl.read_csv(folder / f"{kind}_{pool}.csv")
    assert tuple(table["ID"]) == ids
    for place, theta in enumerate((-1, 0, 1)):
        np.testing.assert_allclose(values[place], table[f"{column}_{theta}"], rtol=1e-9, atol=1e-12)


def program_of(folder, name):
    case, ids, values, (dense, lower, upper) = problem(folder, name)
    n = len(ids)
    rows = [
        Row(f"row {r}", lower[r], upper[r], np.flatnonzero(dense[r]), dense[r][dense[r] != 0])
        for r in range(len(dense))
    ]
    everything, goal, top = np.arange(n), None, 1.0
    if case["method"] == "MAXINFO":
        total, goal = values.sum(axis=0), "sum"
        top = float(np.sort(total)[-30:].sum())
        rows.append(Row("sum", 0.0, np.inf, everything, total / top, helpers=(("sum", -1.0),), goal=True))
    else:
        rows += [
            Row(f"target {q}", t, t, everything, values[q], give=1.0) for q, t in enumerate(case["target"])
        ]
    program = build_program(
        n, rows, lower=np.zeros(n), upper=np.ones(n), integer=np.ones(n, dtype=bool), goal=goal
    )  # fmt: skip
    return case, program, n, top


@pytest.mark.parametrize("name", sorted(CASES - {"sci_tif_8_10_12", "sci_tcc_10_20_30", "sci_tcc_10_15_20"}))
def test_the_general_program_proves_the_optimum(folder, name):
    case, program, _, top = program_of(folder, name)
    answer = solve(program, Effort(nodes=20_000), 1)
    assert answer.stopped == "optimal"
    sign = -top if case["method"] == "MAXINFO" else 1.0
    assert sign * answer.objective == pytest.approx(case["objective"], abs=2e-5)
    assert sign * answer.bound == pytest.approx(case["bound"], abs=2e-5)


def form_model_of(folder, name):
    case, ids, values, (dense, lower, upper) = problem(folder, name)
    n = len(ids)
    rising = case["method"] == "MAXINFO"
    usable = np.ones(n, dtype=bool)
    # Rows that bar their items bar them here; rows that fix all of theirs fix them.
    barred = (lower == 0) & (upper == 0) & (dense >= 0).all(axis=1)
    usable &= ~(dense[barred] > 0).any(axis=0)
    fixed = (lower == upper) & (lower == dense.sum(axis=1)) & (lower > 0)
    forced = (dense[fixed] > 0).any(axis=0) & usable
    kept = ~(barred | fixed)
    nothing = np.zeros((0, n))
    return case, FormModel(
        n_forms=1, usable=usable, forced=forced, rows=dense[kept] * usable, lower=lower[kept],
        upper=upper[kept], measures=nothing if rising else values,
        aims=np.array([] if rising else case["target"], dtype=float),
        strict=np.ones(0 if rising else len(values), dtype=bool),
        goals=values.sum(axis=0)[None, :] if rising else nothing,
        equal_within=np.array([0.02] if rising else []), counted=np.ones(n, dtype=bool), max_common=None,
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_relaxation_bounds_the_optimum_and_the_search_comes_near(folder, name):
    case, model = form_model_of(folder, name)
    bound = relaxation(model, 1).objective
    found = parallel_forms(model, SearchEffort(pairs=3_000_000, good_enough=0.005), 1)
    assert found.values is not None
    form = found.values > 0.5
    assert form.sum() == 30
    sums = model.rows @ form
    assert ((sums >= model.lower - 1e-9) & (sums <= model.upper + 1e-9)).all()
    if case["method"] == "MAXINFO":
        assert bound >= case["objective"] - 1e-6
        assert case["objective"] * 0.99 <= -found.objective <= case["objective"] + 1e-6
    elif name == "sci_tif_20":
        assert bound <= case["objective"] + 1e-6
        assert case["objective"] - 1e-6 <= found.objective <= case["objective"] * 1.03
    else:
        assert bound == pytest.approx(0, abs=1e-9)
        assert found.objective <= 0.1


@pytest.mark.parametrize("name", ["sci_tif_8_10_12", "sci_tcc_10_20_30", "sci_tcc_10_15_20"])
def test_reachable_targets_are_reached_by_search_and_solver_together(folder, name):
    _, model = form_model_of(folder, name)
    found = parallel_forms(model, SearchEffort(pairs=1_000_000, good_enough=0.05), 1)
    _, program, _, _ = program_of(folder, name)
    answer = solve(program, Effort(nodes=5000, good_enough=0.01), 1, start=found.values)
    assert answer.objective <= 0.01
    assert answer.objective <= found.objective + 1e-9


def test_a_start_is_taken_up_by_the_solver(folder):
    _, model = form_model_of(folder, "sci_maxinfo_3")
    found = parallel_forms(model, SearchEffort(pairs=1_000_000), 1)
    _, program, _, top = program_of(folder, "sci_maxinfo_3")
    answer = solve(program, Effort(nodes=0), 1, start=found.values)
    assert -top * answer.objective >= -found.objective - 1e-6
