"""When no forms can be built: the reason, and that the mend it names is the least and mends it."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import enemies_of
from ciip_irt.blueprint.blueprint import Blueprint, Domain
from ciip_irt.blueprint.requirements import Between, CountRule, FormRequirements, ItemSets, KeyBalance
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.capacity import bank_capacity
from ciip_irt.forms.constraints import rows_of
from ciip_irt.forms.pool.item_attributes import read_attributes
from ciip_irt.forms.pool.new_item import split_condition
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.shortage.conflict import conflicting_demands
from ciip_irt.forms.shortage.item_uses import build_item_uses
from ciip_irt.forms.shortage.items_to_write import items_to_write
from ciip_irt.forms.shortage.least_loosening import least_loosening
from ciip_irt.forms.shortage.least_overlap import are_possible
from ciip_irt.forms.shortage.shortage import count_shortages, most_forms, nearest_change

TWO = Blueprint(
    "two", "1", "2024", 10, (Domain("A", "Alpha", 4), Domain("B", "Beta", 6)), max_overlap=0.0
)  # fmt: skip


def a_bank(n_a, n_b, **columns):
    n = n_a + n_b
    plain = {
        "item_id": [f"I{i:03d}" for i in range(n)], "domain": ["A"] * n_a + ["B"] * n_b, "status": "scored",
        "key": [("A", "B", "C", "D")[i % 4] for i in range(n)], "options": "ABCD",
    }  # fmt: skip
    return pl.DataFrame({**plain, **columns})


def pool_of(items, blueprint, n_forms):
    items = items.with_columns(enemies=pl.lit(None, pl.String)) if "enemies" not in items.columns else items
    letters = items["domain"].to_list()
    return Pool(
        blueprint, tuple(f"form-{k}" for k in range(1, n_forms + 1)), tuple(items["item_id"]), tuple(letters),
        tuple(items["status"]), enemies_of(items), (), read_attributes(items, letters, blueprint),
    )  # fmt: skip


def messages(items, blueprint, n_forms):
    pool = pool_of(items, blueprint, n_forms)
    found = count_shortages(pool)
    if not found.height:
        found = nearest_change(pool, rows_of, 1)
    return found["message"].to_list()


def can_be_built(items, blueprint, n_forms):
    return assemble(items, blueprint, n_forms=n_forms).conforms


def test_one_domain_short_of_items_that_forms_do_not_share():
    """Four forms need 24 items of B; 19 are there. Two pairs of five double uses: five over six pairs."""
    items = a_bank(16, 19)
    assert messages(items, TWO, 4) == [
        "4 forms: B Beta needs 24 scored items that no other form uses; the bank has 19."
        " Write 5, or allow an overlap of 1 item (now 0), or build 3 forms."
    ]
    assert not can_be_built(items, TWO, 4)
    assert not can_be_built(a_bank(16, 23), TWO, 4)
    assert can_be_built(a_bank(16, 24), TWO, 4)
    assert can_be_built(items, replace(TWO, max_overlap=0.1), 4)
    assert can_be_built(items, TWO, 3)


def test_a_range_of_difficulty_that_is_short():
    b = [0.0] * 16 + [-0.5, 0.0, 0.5] * 6 + [2.0] * 12
    items = a_bank(16, 30, b=b)
    middle = CountRule("B of middle difficulty", (("domain", ("B",)), ("b", Between(-1, 1))), 5, 6)
    wants = replace(TWO, requirements=FormRequirements(counts=(middle,)))
    [message] = messages(items, wants, 4)
    assert message == (
        "4 forms: B Beta needs 20 scored items with b between -1 and 1 that no other form uses;"
        " the bank has 18. Write 2, or allow an overlap of 1 item (now 0), or build 3 forms."
    )
    mended = pl.concat([items, a_bank(0, 2, b=[0.3, 0.9]).with_columns(item_id="N" + pl.col("item_id"))])
    assert can_be_built(mended, wants, 4)
    assert not can_be_built(mended[:-1], wants, 4)


def test_rows_that_contradict_each_other_are_named_and_nothing_else():
    level = ["recall", "apply"] * 20
    items = a_bank(20, 20, cognitive_level=level)
    counts = tuple(
        CountRule(name, (("cognitive_level", (name,)),), low, 10)
        for name, low in (("recall", 7), ("apply", 5))
    )
    wants = replace(TWO, requirements=FormRequirements(counts=counts, key_balance=KeyBalance(0.1, 0.5)))
    first, reach, second = messages(items, wants, 1)
    assert reach == (
        "recall needs 7 to 10 scored items; with scored items in all: 10 and apply: 5 to 10, the bank has 5"
        " free for a form."
    )
    assert first == (
        "These cannot all hold: scored items in all: 10; recall: 7 to 10; apply: 5 to 10."
        " Give up or loosen one of them."
    )
    # Loosening the one or the other by two, or both by one, costs the same: fewest rows, then the first.
    assert second.startswith("The nearest form breaks 'recall' by 2 items: 2 items too few.")
    loosened = tuple(replace(rule, low=rule.low - 2 * (rule.name == "recall")) for rule in counts)
    assert can_be_built(items, replace(wants, requirements=replace(wants.requirements, counts=loosened)), 1)


def test_items_kept_out_by_a_demand_are_offered_before_writing():
    items = a_bank(6, 8, last_used=["2020"] * 11 + ["2025"] * 3)
    wants = replace(TWO, requirements=FormRequirements(last_used_before="2024"))
    assert messages(items, wants, 1) == [
        "B Beta needs 6 scored items; the bank has 5 that qualify. Write 1,"
        " or admit the 3 scored items used 2024 or later."
    ]


def test_a_key_that_is_short():
    items = a_bank(10, 14, key=["A"] + ["B", "C", "D"] * 7 + ["B", "C"])
    wants = replace(TWO, requirements=FormRequirements(key_balance=KeyBalance(0.2, 0.4)))
    assert messages(items, wants, 1) == [
        "Key A (key balance) needs 2 scored items; the bank has 1 that qualify. Write 1, or lower the bound."
    ]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_to_be_written_makes_the_forms_possible_and_one_less_does_not(seed):
    """Random banks, levels and bounds; the mended bank is given to the solver."""
    rng = np.random.default_rng(seed)
    n_forms = int(rng.integers(2, 4))
    n_a, n_b = int(rng.integers(4, 10)), int(rng.integers(6, 14))
    level = rng.choice(["recall", "apply"], n_a + n_b).tolist()
    items = a_bank(n_a, n_b, cognitive_level=level)
    where = (("cognitive_level", ("recall",)),)
    requirements = FormRequirements(counts=(CountRule("recall", where, int(rng.integers(2, 6)), 8),))
    wants = replace(TWO, max_overlap=float(rng.choice([0.0, 0.1, 0.2])), requirements=requirements)
    uses = build_item_uses(pool_of(items, wants, n_forms))
    answer = items_to_write(uses, n_forms)
    assert answer.possible
    written = [
        {"item_id": f"N{kind}-{i}", "domain": what.letter, "status": "scored", "key": "A", "options": "ABCD",
         "cognitive_level": "recall" if where in what.others else "apply"}
        for kind, (what, number) in enumerate(zip(uses.new, answer.written, strict=True))
        for i in range(number)
    ]  # fmt: skip
    mended = pl.concat([items, pl.DataFrame(written, schema=items.schema)])
    assert can_be_built(mended, wants, n_forms)
    assert can_be_built(items, wants, n_forms) == (not written)
    if written:
        assert are_possible(build_item_uses(pool_of(mended, wants, n_forms)), n_forms)
        for left_out in range(len(written)):
            kept = [item for number, item in enumerate(written) if number != left_out]
            fewer = pl.concat([items, pl.DataFrame(kept, schema=items.schema)])
            assert not are_possible(build_item_uses(pool_of(fewer, wants, n_forms)), n_forms)


def test_nothing_can_be_left_out_of_a_conflict():
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(20):
        items = a_bank(12, 12, cognitive_level=rng.choice(["x", "y", "z"], 24).tolist())
        counts = tuple(
            CountRule(level, (("cognitive_level", (level,)),), int(rng.integers(0, 7)), 10) for level in "xyz"
        )
        uses = build_item_uses(pool_of(items, replace(TWO, requirements=FormRequirements(counts=counts)), 1))
        demands = conflicting_demands(uses, 1, whole=True)
        assert bool(demands) != are_possible(uses, 1, whole=True)
        others = frozenset(range(len(uses.rows))).difference(*(demand.numbers for demand in demands))
        for demand in demands:
            assert are_possible(uses, 1, without=others | demand.numbers, whole=True)
            found += 1
    assert found > 10


@pytest.mark.parametrize("bound", [0, 1])
def test_the_most_forms_are_those_that_one_by_one_counting_gives(bound):
    uses = build_item_uses(pool_of(a_bank(22, 31), replace(TWO, max_overlap=bound / 10), 1))
    most = most_forms(uses, 40)
    assert are_possible(uses, most)
    assert not are_possible(uses, most + 1)
    if bound == 0:
        assert most == min(22 // 4, 31 // 6)


def test_a_reason_is_no_more_than_a_screen(make_bank, ciip):
    lines = assemble(make_bank(140, 0), ciip, n_forms=6).summary().splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) < 200


def test_sets_that_cannot_be_taken_whole():
    """Alpha has sets of three only, and a form takes four of it."""
    sets = [f"S{i // 3}" for i in range(9)] + [None] * 12
    items = a_bank(9, 12, set_id=sets)
    wants = replace(TWO, requirements=FormRequirements(item_sets=ItemSets(True)))
    first, *rest = messages(items, wants, 1)
    assert first == (
        "These cannot all hold: A Alpha, scored items: 4; item sets. Give up or loosen one of them."
    )
    assert any(
        line == "A Alpha: write 1 scored item free of these rows; that makes a form possible."
        for line in rest
    )
    mended = pl.concat(
        [items, a_bank(1, 0, set_id=[None]).with_columns(item_id=pl.lit("N"))], how="vertical_relaxed"
    )
    assert can_be_built(mended, wants, 1)
    assert can_be_built(
        items, replace(wants, requirements=FormRequirements(item_sets=ItemSets(False, 1, 3))), 1
    )


def test_too_little_time():
    items = a_bank(10, 14, expected_time_s=[60] * 24)
    wants = replace(TWO, testing_time_minutes=9)
    lines = messages(items, wants, 1)
    assert lines[0] == (
        "These cannot all hold: scored items in all: 10; expected time: at most 540 seconds."
        " Give up or loosen one of them."
    )
    assert (
        "breaks 'expected time' by 60 seconds: 60 seconds too many. Write items with fewer seconds"
        in lines[1]
    )
    assert can_be_built(items, replace(wants, testing_time_minutes=10), 1)


def test_items_to_include_that_do_not_fit():
    items = a_bank(10, 14)
    wants = replace(TWO, requirements=FormRequirements(include=tuple(f"I{i:03d}" for i in range(5))))
    first, reach, second = messages(items, wants, 1)
    assert reach == (
        "A Alpha takes at most 4 scored items; with the items to include, a form has 5 at least."
    )
    assert first == (
        "These cannot all hold: A Alpha, scored items: 4; the items to include."
        " Give up or loosen one of them."
    )
    assert second.startswith("The nearest form breaks 'I000 included' by 1 item: 1 item too few.")


def test_an_earlier_form_that_has_taken_too_much():
    items = a_bank(6, 8)
    wants = replace(TWO, requirements=FormRequirements(max_overlap_earlier=0.2))
    old = pl.DataFrame(
        {"form_id": "old", "position": range(1, 11), "role": "scored", "domain": ["A"] * 4 + ["B"] * 6,
         "item_id": [f"I{i:03d}" for i in [0, 1, 2, 3, *range(6, 12)]]}
    )  # fmt: skip
    result = assemble(items, wants, n_forms=1, earlier=old)
    lines = result.shortages["message"].to_list()
    assert "earlier form old: scored items in common: at most 2" in lines[0]
    assert lines[-1].startswith("B Beta: write 2 scored items free of these rows;")
    total = sum(int(n) for line in lines for n in re.findall(r"write (\d+) scored", line))
    new = pl.concat([items, a_bank(0, total).with_columns(item_id="N" + pl.col("item_id"))])
    assert total == 4, "six of ten are in the old form at least, two are allowed"
    assert assemble(new, wants, n_forms=1, earlier=old).conforms


@pytest.mark.parametrize("order", [("recall", "apply"), ("apply", "recall")])
@pytest.mark.parametrize("seed", range(1, 7))
def test_of_several_least_loosenings_the_first_row_of_the_blueprint_is_told(seed, order):
    """Two short of either level, or one of each: the solver's choice followed its seed and its version."""
    items = a_bank(20, 20, cognitive_level=["recall", "apply"] * 20)
    counts = tuple(CountRule(name, (("cognitive_level", (name,)),), low, 10)
                   for name, low in zip(order, (7, 5), strict=True))  # fmt: skip
    wants = replace(TWO, requirements=FormRequirements(counts=counts, key_balance=KeyBalance(0.1, 0.5)))
    uses = build_item_uses(pool_of(items, wants, 1), targets=False)
    slack = least_loosening(uses, 1, whole=True, seed=seed).slack
    assert {row.label: amount for row, amount in zip(uses.rows, slack, strict=True) if amount} == {
        order[0]: 2
    }


@pytest.mark.parametrize("seed", range(1, 5))
def test_of_several_fewest_items_to_write_the_first_kinds_are_told(seed):
    """One item of any of four levels mends the form: the level that the blueprint names first is told."""
    levels = ("p", "q", "r", "s")
    items = a_bank(4, 5, cognitive_level=["p", "q", "r", "s"] * 2 + ["p"])
    counts = tuple(CountRule(name, (("cognitive_level", (name,)),), 0, 10) for name in levels)
    wants = replace(TWO, requirements=FormRequirements(counts=counts))
    uses = build_item_uses(pool_of(items, wants, 1), targets=False)
    written = items_to_write(uses, 1, whole=True, seed=seed).written
    [(kind, number)] = [(kind, n) for kind, n in zip(uses.new, written, strict=True) if n]
    assert (kind.letter, kind.words, number) == ("B", "", 1)


@pytest.mark.parametrize("name", ["recall items", "form and function", "form: scored items in all", "length"])
def test_what_a_row_is_called_changes_nothing(name):
    """Rows are known by what asks for them: a name like one of ours ended in a traceback."""
    items = a_bank(10, 10, key="A", cognitive_level=["recall", "apply"] * 10)
    rule = CountRule(name, (("cognitive_level", ("recall",)),), 2, 8)
    wants = replace(TWO, requirements=FormRequirements(counts=(rule,)))
    assert assemble(items, wants, n_forms=1).status == "optimal"
    four = assemble(items, wants, n_forms=4)
    assert four.status == "infeasible"
    assert "4 forms of 10 scored items that share none need" in four.shortages["message"][0]
    assert bank_capacity(items, wants, build=False).supported == 1
    short = replace(rule, low=11, high=11)
    [message] = assemble(
        items, replace(wants, requirements=FormRequirements(counts=(short,))), n_forms=1
    ).shortages["message"]
    assert (
        message == f"{name} needs 11 scored items; the bank has 10 that qualify. Write 1, or lower the bound."
    )


def test_only_a_range_of_b_is_a_range_of_difficulty() -> None:
    b, seconds = Between(-1, 1), Between(30, 90)
    where = (("time_s", seconds), ("domain", ("A", "B")), ("b", b), ("source", ("x",)))
    assert split_condition(where) == (("A", "B"), b, (("time_s", seconds), ("source", ("x",))))
    assert split_condition(where[:2]) == (("A", "B"), None, (("time_s", seconds),))
    assert split_condition(where[3:]) == (None, None, (("source", ("x",)),))
