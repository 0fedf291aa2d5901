"""Pilots go where the plan wants them; the check sees where they do not."""

from dataclasses import replace

import polars as pl
import pytest

from ciip_irt.errors import InputError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_form_set
from ciip_irt.forms.pilot_plan import planned_pilots
from ciip_irt.forms.pool.form_set import form_set


@pytest.fixture(scope="module")
def small(ciip):
    return replace(ciip, pilot_slots=5)


@pytest.fixture(scope="module")
def plan(bank):
    """Seven pilots over two forms, one of them in both; the last gets no place."""
    pilots = bank.filter(pl.col("status") == "pilot")["item_id"]
    rows = [("form-1", p) for p in pilots[:4]] + [("form-2", p) for p in pilots[3:8]] + [(None, pilots[9])]
    return pl.DataFrame(rows, schema=["form_id", "item_id"], orient="row").with_columns(why=pl.lit("need"))


def test_planned_forms_have_their_pilots_and_others_are_filled_as_usual(bank, small, plan):
    result = assemble(bank, small, n_forms=3, pilot_plan=plan)
    assert result.conforms, result.summary()
    wanted = planned_pilots(plan)
    pilots = {
        form_id: set(form["item_id"])
        for (form_id,), form in result.forms.filter(role="pilot").group_by("form_id")
    }
    assert pilots["form-1"] == set(wanted["form-1"])
    assert pilots["form-2"] == set(wanted["form-2"])
    assert len(pilots["form-3"]) == 5
    assert not any("planned" in warning for warning in result.warnings)


def test_scored_enemies_give_way_to_planned_pilots(bank, small, plan):
    """Every planned pilot gets ten enemies among the scored items of its domain."""
    planned = sorted({i for items in planned_pilots(plan).values() for i in items})
    letter = dict(bank.select("item_id", "domain").iter_rows())
    scored = bank.filter(pl.col("status") == "scored")
    enemies = {p: "|".join(scored.filter(domain=letter[p])["item_id"][:3]) for p in planned}
    hostile = bank.with_columns(
        enemies=pl.col("item_id").replace_strict(enemies, default=None, return_dtype=pl.String)
    )
    result = assemble(hostile, small, n_forms=2, pilot_plan=plan)
    assert result.conforms, result.summary()
    assert result.forms.filter(role="pilot", form_id="form-2").height == 5
    first = planned[0]
    fixed = replace(small, requirements=replace(small.requirements, include=(enemies[first].split("|")[0],)))
    told = assemble(hostile, fixed, n_forms=2, pilot_plan=plan)
    assert any(
        "could not be placed beside enemies" in warning and first in warning for warning in told.warnings
    )


def test_the_check_holds_forms_against_the_plan(bank, small, plan):
    result = assemble(bank, small, n_forms=2, pilot_plan=plan)
    wanted = planned_pilots(plan)
    given = replace(form_set(result.forms, small, bank), plan=wanted)
    assert [f for f in check_form_set(given) if f.rule == "pilot_plan"] == []
    other = bank.filter(pl.col("status") == "pilot")["item_id"][20]
    gone = wanted["form-1"][0]
    swapped = result.forms.with_columns(
        item_id=pl.when((pl.col("form_id") == "form-1") & (pl.col("item_id") == gone))
        .then(pl.lit(other)).otherwise("item_id")
    )  # fmt: skip
    found = check_form_set(replace(form_set(swapped, small, bank), plan=wanted))
    assert [(f.form_id, f.item_id, f.message) for f in found if f.rule == "pilot_plan"] == [
        ("form-1", gone, f"1 of 4 planned pilots missing ({gone})"),
        ("form-1", other, f"1 pilot item that the plan does not have ({other})"),
    ]


def test_everything_wrong_with_a_plan_is_said(bank, small, plan):
    rows = [("form-9", "I0500"), ("form-1", "I0001"), *[("form-2", f"I05{i:02d}") for i in range(6)]]
    wrong = pl.DataFrame(rows, schema=["form_id", "item_id"], orient="row")
    with pytest.raises(InputError) as caught:
        assemble(bank, small, n_forms=2, pilot_plan=wrong)
    assert str(caught.value).splitlines() == [
        "pilot plan: forms that are not built ('form-9'). The forms to be built are form-1, form-2: plan for"
        " as many, or rename them.",
        "pilot plan: items that are not in the bank with status pilot (1 row, e.g. 'I0001'). Plan again with"
        " this bank, or correct the statuses.",
        "pilot plan: more pilots than the 5 slots of a form ('form-2: 6'). Take some out of the plan.",
    ]
    with pytest.raises(InputError, match="pilots are planned twice for a form"):
        assemble(bank, small, n_forms=2, pilot_plan=pl.concat([plan, plan]))


def test_where_scored_items_are_scarce_they_go_before_pilots(make_bank, small):
    """All items of a small domain are enemies of one planned pilot."""
    bank = make_bank(140, 40, enemy_pairs=0)
    pilot = bank.filter(pl.col("status") == "pilot")["item_id"][0]
    scored = bank.filter((pl.col("status") == "scored") & (pl.col("domain") == "A"))["item_id"]
    hostile = bank.with_columns(
        enemies=pl.when(pl.col("item_id") == pilot).then(pl.lit("|".join(scored))).otherwise(None)
    )
    easy = replace(small, targets=())
    plan = pl.DataFrame({"form_id": ["form-1"], "item_id": [pilot]})
    result = assemble(hostile, easy, n_forms=1, pilot_plan=plan)
    assert result.conforms, result.summary()
    assert any("1 planned pilot could not be placed" in warning for warning in result.warnings)
