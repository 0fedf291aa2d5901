"""Capacity: bounds against hand counts and against forms that are built; what is written makes one more."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import AnchorBlock, FormRequirements
from ciip_irt.errors import BlueprintError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.capacity import bank_capacity
from ciip_irt.tables import CAPACITY, WRITING_ASSIGNMENT

TWO = Blueprint(
    "two", "1", "2024", 10, (Domain("A", "Alpha", 4), Domain("B", "Beta", 6)), max_overlap=0.0
)  # fmt: skip


def a_bank(n_a, n_b, seed=0):
    n = n_a + n_b
    return pl.DataFrame(
        {"item_id": [f"I{i:03d}" for i in range(n)], "domain": ["A"] * n_a + ["B"] * n_b, "status": "scored",
         "key": "A", "options": "ABCD", "model": "rasch", "b": np.random.default_rng(seed).normal(size=n),
         "scale_id": "s"}
    )  # fmt: skip


def test_disjoint_forms_counted_by_hand():
    """17 items of A do for four forms, 31 of B for five."""
    found = bank_capacity(a_bank(17, 31), TWO)
    assert (found.disjoint, found.supported, found.built) == (4, 4, 4)
    assert not found.at_least
    domains = found.cells.filter(pl.col("what") == "domain")
    assert domains.select("domain", "available", "per_form", "forms_alone").rows() == [
        ("A", 17, 4.0, 4.25),
        ("B", 31, 6.0, 31 / 6),
    ]
    fifth, sixth = found.writing.filter(forms=5), found.writing.filter(forms=6)
    assert fifth.select("domain", "available", "write", "worth").rows() == [("A", 17, 3, 1 / 3)]
    assert sorted(sixth.select("domain", "write").rows()) == [("A", 7), ("B", 5)]
    assert found.summary().splitlines() == [
        "The bank supports 4 forms that share no scored item: no set of 5 exists.",
        "Of 5 forms, two would share at least 1 scored item, however the items are dealt out.",
        "4 forms that share none built and checked.",
        "First to run out: A Alpha (17 items: 4.2 forms that share none);"
        " B Beta (31 items: 5.2 forms that share none).",
        "For 5 forms that share none write 3 items, each worth 0.333 of a form: A Alpha 3.",
        "For 6 forms that share none write 12 items, each worth 0.167 of a form: A Alpha 7; B Beta 5.",
        "For 7 forms that share none write 22 items, each worth 0.136 of a form: A Alpha 11; B Beta 11.",
    ]
    assert CAPACITY.validate(found.cells).height == found.cells.height
    assert WRITING_ASSIGNMENT.validate(found.writing).height == found.writing.height


@pytest.mark.parametrize("overlap", [0.1, 0.2])
def test_overlapping_forms_as_far_as_the_bound_and_no_further(overlap):
    items = a_bank(9, 14)
    found = bank_capacity(items, TWO, max_overlap=overlap)
    assert found.disjoint == 2
    assert found.built == found.supported
    wants = replace(TWO, max_overlap=overlap)
    if not found.at_least:
        assert not assemble(items, wants, n_forms=found.supported + 1).conforms
    least = dict(found.overlap.select("forms", "least_overlap").iter_rows())
    assert least[2] == 0
    # Three forms take 30 of 23 items: seven double uses over three pairs.
    assert least[3] == 3 if 3 in least else overlap == 0.1


@pytest.mark.parametrize("targets", [(), (Target("mean_b", 0.2, -0.3),)])
def test_what_is_written_is_one_form_more(targets):
    items = a_bank(17, 31)
    targeted = replace(TWO, targets=targets)
    found = bank_capacity(items, targeted)
    assert found.built == found.supported
    fifth = found.writing.filter(forms=found.supported + 1)
    # Of each range of difficulty, items as the bank has them on average.
    middles = [
        items.filter(pl.col("b").is_between(low or -9, high or 9))["b"].mean()
        for low, high in fifth.select("b_low", "b_high").iter_rows()
    ]
    new = [
        {"item_id": f"N{n}-{k}", "domain": row["domain"], "b": middle}
        for n, (row, middle) in enumerate(zip(fifth.iter_rows(named=True), middles, strict=True))
        for k in range(row["write"])
    ]
    more = pl.DataFrame(new).with_columns(
        status=pl.lit("scored"), key=pl.lit("A"), options=pl.lit("ABCD"), model=pl.lit("rasch"),
        scale_id=pl.lit("s"),
    )  # fmt: skip
    after = bank_capacity(pl.concat([items, more.select(items.columns)]), targeted)
    assert after.supported == found.supported + 1
    if not targets:
        assert after.built == after.supported


def test_difficulty_targets_limit_what_counts():
    """Only easy items are left over: they do for no form at mean b = 0."""
    items = a_bank(20, 30).with_columns(b=pl.Series([0.0] * 8 + [-3.0] * 12 + [0.0] * 12 + [-3.0] * 18))
    hard = replace(TWO, targets=(Target("mean_b", 0.05, 0.0),))
    found = bank_capacity(items, hard)
    assert found.disjoint == found.built == 2
    assert bank_capacity(items, replace(hard, targets=())).disjoint == 5
    easy = found.cells.filter((pl.col("what") == "difficulty") & (pl.col("b_high") < 0))
    assert easy["available"].sum() + found.cells.filter(pl.col("b_low").is_not_null())["available"].sum()


def test_anchors_are_shared_and_not_counted():
    block = replace(TWO, requirements=FormRequirements(anchors=AnchorBlock(5)))
    found = bank_capacity(a_bank(17, 31), block)
    # The block takes 2 or 3 of each domain; the other five of a form are new in each.
    assert found.supported == found.built >= 7


def test_not_even_one_form():
    found = bank_capacity(a_bank(3, 31), TWO)
    assert (found.supported, found.built) == (0, None)
    assert found.summary().splitlines() == [
        "The bank does not support one form to blueprint two.",
        "A Alpha needs 4 scored items; the bank has 3 that qualify. Write 1.",
    ]
    with pytest.raises(BlueprintError, match="a share from 0 to 1, not 30"):
        bank_capacity(a_bank(9, 9), TWO, max_overlap=30)


def test_nothing_is_changed_and_the_answer_is_the_same_twice():
    items = a_bank(12, 20)
    before = items.clone()
    first, second = (bank_capacity(items, TWO, build=False) for _ in range(2))
    assert items.equals(before)
    assert first.cells.equals(second.cells)
    assert first.writing.equals(second.writing)
    assert first.to_dict() == second.to_dict()
    assert "First to run out" in first._repr_html_()


def test_the_search_goes_on_until_the_bound_is_met_and_says_why_not_more():
    """Forms of ten from 24 items, four in common at most: 4 (4 K / 9 - 1) + 6 (6 K / 15 - 1) <= 4 (K - 1)."""
    items = a_bank(9, 15)
    found = bank_capacity(items, replace(TWO, max_overlap=0.4), build=False)
    assert found.supported == 33
    assert not found.at_least
    beyond = found.overlap.filter(pl.col("forms") == found.supported + 1)
    assert beyond["least_overlap"].to_list() == [5]
    assert f"Of {found.supported + 1} forms, two would share at least 5 scored items" in found.summary()


def test_where_the_search_stops_it_says_so():
    lines = []
    found = bank_capacity(a_bank(17, 31), replace(TWO, max_overlap=0.9), build=False, progress=lines.append)
    assert found.at_least
    assert "the search stopped at 200 forms, more may exist" in found.answer()[0]
    assert any("forms have to share" in line for line in lines)
