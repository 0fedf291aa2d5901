"""For every registered constraint, the solver's rows and the check agree on random pools and forms."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from ciip_irt.bank import ItemBank, enemies_of
from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import (
    AnchorBlock,
    Between,
    CountRule,
    FormRequirements,
    IfThen,
    ItemSets,
    KeyBalance,
    LimitRule,
    NotIn,
    SumRule,
    UseRule,
)
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.constraints.enemies import cliques
from ciip_irt.forms.findings import ERROR, WARNING
from ciip_irt.forms.pool.form_set import earlier_forms, form_set, targets_of
from ciip_irt.forms.pool.item_attributes import read_attributes
from ciip_irt.forms.pool.pool import Pool

ROLES = ("scored", "pilot")
# A rule that takes the work of another for granted is compared only where that other is satisfied.
NEEDS = {
    "duplicates": ("status",),
    "enemies": ("duplicates",),
    "overlap": ("status", "anchors"),
    "difficulty": ("calibrated",),
    "attribute_sums": ("duplicates",),
    "listed": ("duplicates",),
    "item_limits": ("duplicates",),
    "attribute_counts": ("duplicates",),
}
# Rules that hold in the search, and that forms made elsewhere may break with a warning.
ONLY_TOLD = ("flagged",)


@cache
def random_case(seed: int, n_forms: int, density: float = 0.75):
    """A pool, an assignment x[role, form, item] and the same forms as a table with their check's view."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 9))
    ids = [f"I{i}" for i in range(n)]
    letters = rng.choice(["A", "B"], n).tolist()
    lenient = rng.random() < 0.5
    statuses = rng.choice(["scored", "pilot", "draft"], n, p=[0.7, 0.25, 0.05]).tolist()
    b = [None if rng.random() < 0.07 else float(rng.normal()) for _ in ids]
    enemies = [
        "|".join(rng.choice([i for i in ids if i != own], 1 + rng.integers(0, 2), replace=False))
        if rng.random() < 0.2
        else None
        for own in ids
    ]
    more, requirements = random_requirements(np.random.default_rng([seed, 1]), ids)
    requirements = replace(requirements, uses=random_uses(np.random.default_rng([seed, 3]), n_forms))
    items = pl.DataFrame(
        {
            "item_id": ids,
            "domain": letters,
            "status": statuses,
            "options": "ABCD",
            "enemies": enemies,
            "b": b,
        },
        schema_overrides={"b": pl.Float64, "enemies": pl.String},
    ).with_columns(more)  # fmt: skip
    x = np.zeros((2, n_forms, n), dtype=int)
    legal = rng.random() < 0.7
    for form in range(n_forms):
        for item in range(n):
            draw = rng.random()
            role = int(draw > 0.6) if not legal else ROLES.index(
                statuses[item] if statuses[item] in ROLES else "scored"
            )  # fmt: skip
            if draw < density and not (legal and statuses[item] == "draft"):
                x[role, form, item] = 1
            if lenient and rng.random() < 0.05:
                x[:, form, item] = 1
    first = x[0, 0]
    in_a = sum(int(first[i]) for i in range(n) if letters[i] == "A")
    in_b = int(first.sum()) - in_a
    slack = int(rng.integers(0, 3))
    blueprint = Blueprint(
        "random", "1", "2024", max(1, in_a + in_b),
        (Domain("A", "Alpha", in_a, low=max(0, in_a - slack), high=in_a + slack),
         Domain("B", "Beta", in_b, low=max(0, in_b - slack), high=in_b + slack)),
        pilot_slots=int(rng.integers(0, 4)),
        theta_cut=0.3,
        targets=(
            Target("mean_b", float(rng.choice([0.2, 0.5, 2.0])), None if rng.random() < 0.5 else 0.1),
            Target("expected_score_at_cut", float(rng.choice([0.3, 1.0, 3.0]))),
            Target("characteristic_curve", 2.0, thetas=(-0.5, 0.5)),
            Target("information", 1.0, thetas=(0.0,), tolerance_percent=90.0)
            if seed % 2
            else Target("information", 1.0, thetas=(-1.0, 1.0), goal="maximise", equal_within_percent=50.0),
        ),
        max_overlap=float(rng.choice([0.0, 0.3, 0.6, 1.0])),
        enemies_apart=bool(rng.random() < 0.9),
        scored_status=("scored", "pilot") if lenient else ("scored",),
        pilot_status=("pilot", "scored") if lenient else ("pilot",),
        testing_time_minutes=int(rng.integers(2, 8)),
        requirements=requirements,
    )  # fmt: skip
    table = [
        (f"F{form}", position, ids[item], ROLES[role], letters[item])
        for form in range(n_forms)
        for position, (role, item) in enumerate(zip(*np.nonzero(x[:, form]), strict=True), start=1)
    ]
    columns = ["form_id", "position", "item_id", "role", "domain"]
    if len({row[0] for row in table}) < n_forms:
        return None
    in_all = [i for i in range(n) if x[0, :, i].all()]
    if in_all and np.random.default_rng([seed, 2]).random() < 0.5:
        chosen = [*in_all[: 1 + seed % 2], (in_all[0] + 1) % n][: 1 + (seed % 3 == 0)]
        how = "within" if len(set(chosen)) <= (blueprint.overlap_bound or 0) else "apart"
        block = AnchorBlock(len(set(chosen)), tuple(ids[i] for i in dict.fromkeys(chosen)), how)
        blueprint = replace(blueprint, requirements=replace(blueprint.requirements, anchors=block))
    bank = ItemBank.from_frame(items)
    old = pl.DataFrame(
        [("old", i, item_id, "scored", "A") for i, item_id in enumerate(ids[::2], start=1)],
        schema=columns, orient="row",
    )  # fmt: skip
    attributes = read_attributes(bank.items, letters, blueprint)
    pool = Pool(
        blueprint, tuple(f"F{form}" for form in range(n_forms)), tuple(ids), tuple(letters), tuple(statuses),
        enemies_of(bank.items), targets_of(bank, letters, blueprint, attributes),
        attributes, earlier_forms(old),
    )  # fmt: skip
    forms = pl.DataFrame(table, schema=columns, orient="row")
    held_out = dict.fromkeys(ids[1 : seed % 4 : 2], "low_r")
    given = replace(form_set(forms, blueprint, items, earlier=old), held_out=held_out)
    return replace(pool, held_out=held_out), x.ravel(), given


def random_uses(rng, n_forms):
    """Bounds on uses that random forms keep now and then."""
    exposure = float(rng.choice([0.5, 0.7, 0.9])) if rng.random() < 0.5 else None
    return UseRule(
        least=int(rng.random() < 0.2),
        most=int(rng.integers(1, n_forms + 1)) if rng.random() < 0.5 else None,
        max_exposure=exposure,
        candidates=tuple(rng.integers(1, 9, n_forms).tolist()) if exposure and rng.random() < 0.7 else (),
        every_item=bool(rng.random() < 0.1),
    )


def random_requirements(rng, ids):
    """Columns of a bank, some cells empty, and requirements on them that a random form meets now and then."""
    n = len(ids)

    def some(values, share=0.1):
        return [None if rng.random() < share else value for value in values]

    columns = (
        pl.Series("key", rng.choice(["A", "B", "A|B"], n, p=[0.5, 0.4, 0.1]), dtype=pl.String),
        pl.Series("cognitive_level", some(rng.choice(["Recall", "apply"], n).tolist()), dtype=pl.String),
        pl.Series("words", some(rng.integers(20, 80, n).tolist(), 0.05), dtype=pl.Int64),
        pl.Series(
            "set_id",
            some(rng.choice(["S", "T", "S|T"], n, p=[0.45, 0.45, 0.1]).tolist(), 0.6),
            dtype=pl.String,
        ),
        pl.Series(
            "last_used",
            some(rng.choice(["2019", "2021-05", "2024", "2024-09-01"], n, p=[0.5, 0.4, 0.06, 0.04]).tolist()),
            dtype=pl.String,
        ),
        pl.Series("outline", some(rng.choice(["1", "0"], n, p=[0.95, 0.05]).tolist(), 0.5), dtype=pl.String),
        pl.Series("expected_time_s", some(rng.integers(20, 90, n).tolist(), 0.2), dtype=pl.Int64),
    )
    named = {series.name for series in columns if series.null_count() < n}
    level = (
        CountRule("recall", (("cognitive_level", ("recall",)),), *sorted(rng.integers(0, 6, 2).tolist())),
    )
    both = (CountRule("recall in A", (("cognitive_level", ("RECALL", "x")), ("domain", ("A",))), 0, 2),)
    sums = (SumRule("words", "words", float(rng.integers(0, 120)), float(rng.integers(200, 400))),)
    in_b = (
        SumRule("words in B", "words", high=200.0, where=(("domain", ("B",)),)),
        SumRule("mean words", "words", float(rng.integers(20, 50)), 60.0, mean=True),
    )
    long = (
        CountRule("long", (("words", Between(40)), ("domain", ("A",))), 0, int(rng.integers(1, 4))),
        CountRule("long pilots", (("words", Between(40)),), 0, 1, "pilot"),
    )
    limits = (
        LimitRule("short", "words", high=float(rng.integers(65, 80)), where=(("domain", ("B",)),)),
        LimitRule("short pilots", "words", low=float(rng.integers(20, 30)), role="pilot"),
    )
    not_recall = (CountRule("more than recall", (("cognitive_level", NotIn(("recall",))),), 0, 3),)
    pairs = (
        IfThen("brings apply", (("cognitive_level", ("recall",)),), (("cognitive_level", ("apply",)),)),
        IfThen("few apply", (("domain", ("A",)),), (("cognitive_level", ("apply",)),), 0, 1),
    )  # fmt: skip
    dates = (LimitRule("age", "last_used", since="2019", before="2024-08"),)
    sets = rng.choice(["none", "whole", "bounds"])
    return columns, FormRequirements(
        if_then=pairs if "cognitive_level" in named and rng.random() < 0.4 else (),
        counts=((*level, *both, *not_recall) if "cognitive_level" in named else ())
        + (long if "words" in named else ()),
        limits=(limits if "words" in named and rng.random() < 0.6 else ())
        + (dates if "last_used" in named and rng.random() < 0.4 else ()),
        sums=((*sums, *in_b) if rng.random() < 0.7 else ()) if "words" in named else (),
        include=tuple(ids[:1]) if rng.random() < 0.3 else (),
        exclude=tuple(ids[-1:]) if rng.random() < 0.3 else (),
        item_sets=None if sets == "none" or "set_id" not in named
        else ItemSets(True) if sets == "whole" else ItemSets(False, 2, 2),
        key_balance=KeyBalance(*[(0.2, 1.0), (0.0, 0.6)][int(rng.integers(2))], "AB")
        if rng.random() < 0.7 else None,
        last_used_before="2024-06" if rng.random() < 0.7 else None,
        max_overlap_earlier=float(rng.choice([0.4, 0.6, 0.8])) if rng.random() < 0.8 else None,
    )  # fmt: skip


def rows_hold(rows, x) -> bool:
    """Whether helpers exist with which every row holds, targets at y = 1."""
    rows = list(rows)
    keys = {key: number for number, key in enumerate(dict.fromkeys(k for r in rows for k, _ in r.helpers))}
    upper_rows, upper_bounds = [], []
    for row in rows:
        fixed = float(row.coefficients @ x[row.columns])
        low, high = row.lower - row.give - fixed, row.upper + row.give - fixed
        if not row.helpers:
            if not low - 1e-9 <= 0 <= high + 1e-9:
                return False
            continue
        line = np.zeros(len(keys))
        for key, value in row.helpers:
            line[keys[key]] += value
        for sign, bound in ((1, high), (-1, -low)):
            if np.isfinite(bound):
                upper_rows.append(sign * line)
                upper_bounds.append(bound)
    if not upper_rows:
        return True
    found = linprog(np.zeros(len(keys)), A_ub=np.array(upper_rows), b_ub=upper_bounds, bounds=(0, 1))
    return found.status == 0


def check_holds(constraint, given) -> bool:
    grave = (ERROR, WARNING) if constraint.name in ONLY_TOLD else (ERROR,)
    return not any(finding.severity in grave for finding in constraint.check(given))


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_rows_and_check_agree(constraint):
    outcomes = Counter()
    for seed in range(120):
        case = random_case(seed, n_forms=2 + seed % 3)
        if case is None:
            continue
        pool, x, given = case
        if not all(check_holds(CONSTRAINTS[name], given) for name in NEEDS.get(constraint.name, ())):
            continue
        by_rows, by_check = rows_hold(constraint.rows(pool), x), check_holds(constraint, given)
        assert by_rows == by_check, (seed, list(constraint.check(given)))
        outcomes[by_check] += 1
    assert min(outcomes[True], outcomes[False]) >= 5, outcomes


def test_overlap_rows_for_many_forms_are_sufficient_and_exact_for_pairs():
    """From five forms on, rows that hold imply the bound; sharing in twos only is covered exactly."""
    held = 0
    for seed in range(160):
        case = random_case(seed, n_forms=5, density=0.35)
        if case is None:
            continue
        pool, x, given = case
        if rows_hold(CONSTRAINTS["overlap"].rows(pool), x) and check_holds(CONSTRAINTS["status"], given):
            held += 1
            assert check_holds(CONSTRAINTS["overlap"], given)
    assert held >= 3
    pool, _, _ = random_case(1, n_forms=2)
    bound3 = replace(pool.blueprint, max_overlap=1.0, scored_status=("scored", "pilot", "draft"))
    five = replace(pool, form_ids=tuple("abcde"), blueprint=bound3)
    x = np.zeros((2, 5, five.n_items), dtype=int)
    x[0, :2, 0] = x[0, 1:3, 1] = x[0, :, 2] = 1
    assert rows_hold(CONSTRAINTS["overlap"].rows(five), x.ravel())


def test_every_row_has_a_name_and_ordered_bounds():
    for seed in range(30):
        case = random_case(seed, n_forms=2 + seed % 3)
        for constraint in CONSTRAINTS.values() if case else ():
            for row in constraint.rows(case[0]):
                assert row.name
                assert row.lower <= row.upper
                assert len(row.columns) == len(row.coefficients)


def test_registry_names_and_meanings():
    assert all(name == constraint.name and constraint.meaning for name, constraint in CONSTRAINTS.items())


def test_cliques_cover_exactly_the_edges():
    rng = np.random.default_rng(5)
    for _ in range(30):
        edges = {(i, j) for i, j in combinations(range(8), 2) if rng.random() < 0.4}
        neighbours = {i: {j for j in range(8) if (min(i, j), max(i, j)) in edges} for i in range(8)}
        covered = {pair for clique in cliques(neighbours) for pair in combinations(clique, 2)}
        assert covered == edges
    triangle_and_tail = {0: {1, 2}, 1: {0, 2}, 2: {0, 1, 3}, 3: {2}}
    assert len(cliques(triangle_and_tail)) == 2
