"""Specifications made infeasible on purpose: the rows blamed are those that conflict, and mending mends."""

import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import load_blueprint
from ciip_irt.blueprint.blueprint import Blueprint, Domain
from ciip_irt.blueprint.requirements import CountRule, FormRequirements, ItemSets, KeyBalance, SumRule
from ciip_irt.forms import assemble

CASES = Path(__file__).parent.parent / "cases" / "forms"
# By hand: FORTY=40 pytest tests/forms/test_true_causes.py
MANY = int(os.environ.get("FORTY", "12"))
LENGTH, IN_A = 12, 5


def sound_bank(rng: np.random.Generator) -> pl.DataFrame:
    """Ten items of each of three domains, levels and keys evenly spread: every plain form exists."""
    n = 30
    return pl.DataFrame(
        {
            "item_id": [f"Q{i:03d}" for i in range(n)],
            "domain": [letter for letter in "ABC" for _ in range(10)],
            "status": "scored",
            "key": ["ABCD"[i % 4] for i in range(n)],
            "options": "ABCD",
            "level": [("recall", "apply")[i % 2] for i in range(n)],
            "words": rng.integers(30, 60, n).tolist(),
            "enemies": pl.Series([None] * n, dtype=pl.String),
            "set_id": pl.Series([None] * (n - 2) + ["G", "G"], dtype=pl.String),
            "expected_time_s": 60,
        }
    )


def sound_blueprint() -> Blueprint:
    """With rows that are easily kept, all of them innocent."""
    level = [CountRule(name, (("level", (name,)),), 3, 9) for name in ("recall", "apply")]
    return Blueprint(
        "x", "1", "2024", LENGTH,
        (Domain("A", "Alpha", IN_A), Domain("B", "Beta", 4), Domain("C", "Gamma", 3)),
        max_overlap=1.0, testing_time_minutes=30,
        requirements=FormRequirements(
            counts=tuple(level), sums=(SumRule("words", "words", 100, 900),),
            key_balance=KeyBalance(0.0, 0.5), item_sets=ItemSets(True),
        ),
    )  # fmt: skip


def changed(blueprint: Blueprint, **more) -> Blueprint:
    return replace(blueprint, requirements=replace(blueprint.requirements, **more))


def in_a(values, otherwise=None):
    return pl.when(pl.col("domain") == "A").then(values).otherwise(otherwise)


def enemies(items, blueprint, rng):
    """A clique of seven of Alpha's ten: four can stand together, five are needed."""
    ids = sorted(rng.permutation(items["item_id"][:10].to_numpy())[:7].tolist())
    named = {i: "|".join(j for j in ids if j != i) for i in ids}
    bad = items.with_columns(enemies=pl.col("item_id").replace_strict(named, default=None))
    words = f"enemies {', '.join(ids[:5])} and 2 more apart"
    cut = bad.with_columns(enemies=pl.when(pl.col("item_id") == ids[0]).then(None).otherwise(
        pl.col("enemies").str.replace(rf"\|?{ids[0]}", "").str.strip_chars("|")))  # fmt: skip
    return bad, blueprint, ["A Alpha, scored items: 5", words], (cut, blueprint)


def sets(items, blueprint, rng):  # noqa: ARG001
    """Alpha in sets of two: five is odd."""
    number = pl.int_range(pl.len())
    bad = items.with_columns(set_id=in_a("S" + (number // 2).cast(pl.String)))
    return (
        bad,
        blueprint,
        ["A Alpha, scored items: 5", "item sets"],
        (bad, changed(blueprint, item_sets=None)),
    )


def single_key(items, blueprint, rng):  # noqa: ARG001
    """All of Alpha has key A, of which a form may have four."""
    bad = items.with_columns(key=in_a(pl.lit("A"), pl.col("key")))
    tight = changed(blueprint, key_balance=KeyBalance(0.0, 0.34))
    loose = changed(blueprint, key_balance=KeyBalance(0.0, 0.6))
    return bad, tight, ["A Alpha, scored items: 5", "scored items with key A: 0 to 4"], (bad, loose)


def levels(items, blueprint, rng):
    """More of the two levels than a form has items."""
    more = int(rng.integers(1, 3))
    counts = tuple(replace(rule, low=6 + more * (rule.name == "apply"), high=12)
                   for rule in blueprint.requirements.counts)  # fmt: skip
    loose = tuple(replace(rule, low=6) for rule in counts)
    named = ["scored items in all: 12", "recall: 6 to 12", f"apply: {6 + more} to 12"]
    return items, changed(blueprint, counts=counts), named, (items, changed(blueprint, counts=loose))


def level_in_domain(items, blueprint, rng):  # noqa: ARG001
    """All of Alpha is recall, of which at most four may stand."""
    bad = items.with_columns(level=in_a(pl.lit("recall"), pl.col("level")))
    [recall, apply] = blueprint.requirements.counts
    tight = changed(blueprint, counts=(replace(recall, high=4), apply))
    named = ["A Alpha, scored items: 5", "recall: 3 to 4"]
    return bad, tight, named, (bad, changed(blueprint, counts=(replace(recall, high=5), apply)))


def too_long(items, blueprint, rng):  # noqa: ARG001
    """Twelve items of a minute each in eleven minutes."""
    named = ["scored items in all: 12", "expected time: at most 660 seconds"]
    return items, replace(blueprint, testing_time_minutes=11), named, (
        items, replace(blueprint, testing_time_minutes=12)
    )  # fmt: skip


KINDS = (enemies, sets, single_key, levels, level_in_domain, too_long)


@pytest.mark.parametrize("seed", range(MANY))
def test_the_rows_blamed_are_those_that_conflict_and_mending_them_mends(seed):
    rng = np.random.default_rng(seed)
    items, blueprint = sound_bank(rng), sound_blueprint()
    assert assemble(items, blueprint, n_forms=1).conforms
    bad, wants, named, mended = KINDS[seed % len(KINDS)](items, blueprint, rng)
    found = assemble(bad, wants, n_forms=1)
    assert found.status == "infeasible"
    cause = found.shortages["message"][0]
    assert cause == f"These cannot all hold: {'; '.join(named)}. Give up or loosen one of them."
    assert assemble(*mended, n_forms=1).conforms


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (enemies, "A Alpha needs 5 scored items; with {}, the bank has 4 free for a form."),
        (sets, "A Alpha needs 5 scored items; with {}, a form can have 4 or 6, none between."),
        (single_key, "A Alpha needs 5 scored items; with {}, the bank has 4 free for a form."),
    ],
)
def test_what_is_needed_is_the_blueprints_and_what_there_is_can_stand(kind, says):
    rng = np.random.default_rng(1)
    bad, wants, named, _ = kind(sound_bank(rng), sound_blueprint(), rng)
    line = assemble(bad, wants, n_forms=1).shortages.row(1, named=True)
    assert line["message"] == says.format(named[1])


def write(items: pl.DataFrame, letter: str, number: int) -> pl.DataFrame:
    """So many items of the domain, without enemies and sets."""
    free = pl.lit(None, pl.String)
    new = items.filter(pl.col("domain").str.starts_with(letter)).head(1)
    new = new.with_columns(enemies=free, set_id=free, status=pl.lit("scored"))
    more = [new.with_columns(item_id=pl.lit(f"N{n}")) for n in range(number)]
    return pl.concat([items, *more], how="vertical_relaxed")


@pytest.mark.parametrize(
    ("case", "letter", "second"),
    [
        ("inf_enem", "A", "A Alpha needs 8 scored items; with enemies Q000, Q001, Q002, Q003 apart,"
         " the bank has 6 free for a form."),
        ("inf_sets", "G", "C Gamma needs 6 scored items; with item sets, a form can have 4 or 8,"
         " none between."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("n_forms", [1, 2])
def test_reported_cases_are_told_with_true_figures_and_writing_mends_one_form(case, letter, second, n_forms):
    items = pl.read_csv(CASES / case / "items.csv", infer_schema_length=None)
    items = items.with_columns(pl.col("enemies", "set_id").cast(pl.String))
    blueprint = load_blueprint(CASES / case / "bp.toml")
    messages = assemble(items, blueprint, n_forms=n_forms).shortages["message"].to_list()
    assert messages[1] == second
    assert not any("needs 11" in line or "needs 42" in line for line in messages)
    assert messages[-1].endswith("write 2 scored items free of these rows; that makes a form possible.")
    if n_forms == 1:
        assert assemble(write(items, letter, 2), blueprint, n_forms=1).conforms
        assert not assemble(write(items, letter, 1), blueprint, n_forms=1).conforms


def test_an_included_item_that_is_retired_is_named():
    items = sound_bank(np.random.default_rng(2))
    items = items.with_columns(status=pl.when(pl.col("item_id") == "Q003").then(pl.lit("retired"))
                               .otherwise(pl.col("status")))  # fmt: skip
    found = assemble(items, changed(sound_blueprint(), include=("Q003", "Q012")), n_forms=1)
    assert found.shortages["message"].to_list() == [
        "The blueprint wants Q003 in every form (include), but its status in the bank is not scored."
        " Take it out of 'include', or mend that."
    ]
    assert assemble(items, changed(sound_blueprint(), include=("Q012",)), n_forms=1).conforms


def test_an_included_pair_of_enemies_is_named():
    items = sound_bank(np.random.default_rng(2))
    items = items.with_columns(enemies=pl.when(pl.col("item_id") == "Q003").then(pl.lit("Q012")))
    for pair in combinations(("Q003", "Q012", "Q020"), 2):
        found = assemble(items, changed(sound_blueprint(), include=pair), n_forms=1)
        assert found.conforms == (pair != ("Q003", "Q012"))
        if not found.conforms:
            assert found.shortages["message"].to_list() == [
                "The blueprint wants Q003 and Q012 in every form (include), and they are enemies."
                " Take one of them out."
            ]
