"""Plans: rules kept, everybody placed who can be, need first, and what would do where it is not enough."""

from datetime import date
from itertools import combinations, product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.errors import InputError
from ciip_irt.pilots import Demand, FormRoom, PilotPlan, load_policy, plan_pilots
from ciip_irt.pilots.plan.allocation import (
    Allocation,
    PilotRequest,
    allocate,
    enough,
    fill_free_slots,
    most_reachable,
)
from ciip_irt.pilots.plan.plan import _least

START, UNTIL = date(2026, 1, 1), date(2027, 1, 1)
POLICY = load_policy()


def best_by_force(forms: list[FormRoom], pilots: list[PilotRequest]) -> int:
    """The largest number of pilots that reach what they want, over all plans."""
    subsets = [s for r in range(len(forms) + 1) for s in combinations(range(len(forms)), r)]
    best = 0
    for plan in product(subsets, repeat=len(pilots)):
        inside = [{pilots[k].item_id for k, s in enumerate(plan) if f in s} for f in range(len(forms))]
        if any(len(inside[f]) > forms[f].slots or inside[f] & forms[f].shut_out for f in range(len(forms))):
            continue
        if any(pilot.enemies & group for group in inside for pilot in pilots if pilot.item_id in group):
            continue
        sums = [sum(forms[f].expected for f in s) for s in plan]
        best = max(best, sum(enough(total, p.wanted) for total, p in zip(sums, pilots, strict=True)))
    return best


FORMS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([40.0, 60.0, 100.0])), min_size=1, max_size=2)
PILOTS = st.lists(st.sampled_from([30, 50, 90, 120]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(FORMS, PILOTS, st.data())
def test_rules_are_kept_and_the_bound_holds(
    rooms: list[tuple[int, float]], wanted: list[int], data: st.DataObject
) -> None:
    names = [f"P{k}" for k in range(len(wanted))]
    pairs = data.draw(st.lists(st.sampled_from(list(combinations(names, 2)) or [("P0", "P0")]), max_size=2))
    foes = {
        name: frozenset(a if b == name else b for a, b in pairs if name in (a, b) and a != b)
        for name in names
    }
    forms = [
        FormRoom(f"F{k}", slots, expected, frozenset(data.draw(st.sets(st.sampled_from(names), max_size=1))))
        for k, (slots, expected) in enumerate(rooms)
    ]
    pilots = [PilotRequest(name, number, foes[name]) for name, number in zip(names, wanted, strict=True)]
    allocation = Allocation(forms)
    order = list(pilots)
    fill_free_slots(allocation, [pilot for pilot in order if not allocate(allocation, pilot)])
    for number, form in enumerate(forms):
        inside = allocation.inside[number]
        assert len(inside) <= form.slots
        assert not inside & form.shut_out
        assert not any(foes[name] & inside for name in inside)
        assert inside == {name for name in names if number in allocation.places.get(name, ())}
    reached = sum(allocation.reaches(name) for name in names)
    best = best_by_force(forms, pilots)
    assert reached <= best <= most_reachable(forms, wanted)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 6), st.lists(st.integers(1, 5), max_size=15))
def test_equal_forms_place_everybody_while_slots_last(n_forms: int, slots: int, sizes: list[int]) -> None:
    sizes = [min(size, n_forms) for size in sizes]
    allocation = Allocation([FormRoom(f"F{k}", slots, 50.0) for k in range(n_forms)])
    left = n_forms * slots
    for number, size in enumerate(sizes):
        assert allocate(allocation, PilotRequest(f"P{number}", 50.0 * size)) == (size <= left)
        left -= size if size <= left else 0


def test_the_bound_is_near_where_forms_differ() -> None:
    forms = [FormRoom("F1", 60, 207.0), FormRoom("F2", 60, 89.0)]
    assert most_reachable(forms, [100.0] * 120) == 60
    assert most_reachable(forms, [100.0] * 120 + [80.0] * 10) == 70
    assert most_reachable([FormRoom(f"F{k}", 2, 50.0) for k in range(12)], [100.0] * 20) == 12
    assert most_reachable(forms, []) == most_reachable(forms, [900.0]) == 0


def test_one_that_has_a_place_moves_for_one_that_has_no_other() -> None:
    allocation = Allocation([FormRoom("F1", 1, 60), FormRoom("F2", 1, 60, frozenset({"P2"}))])
    assert allocate(allocation, PilotRequest("P1", 50))
    assert allocation.places["P1"] == (0,)
    assert allocate(allocation, PilotRequest("P2", 50))
    assert (allocation.places["P1"], allocation.places["P2"]) == ((1,), (0,))


def bank(*domains: str, **columns: list[str | None]) -> pl.DataFrame:
    """Ten scored items of domain A with difficulties, none of B; pilots of the domains given."""
    rows = [(f"S{k}", "A", "scored", k / 5 - 1.0) for k in range(12)]
    rows += [(f"P{k}", domain, "pilot", None) for k, domain in enumerate(domains)]
    frame = pl.DataFrame(rows, schema=["item_id", "domain", "status", "b"], orient="row")
    more = {name: [None] * 12 + values for name, values in columns.items()}
    return frame.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in more.items())


DEMAND = Demand({"A": 6, "B": 3}, {"a": "A", "b": "B"}, n_forms=1)


def plan(items: pl.DataFrame, *forms: FormRoom, **more) -> PilotPlan:  # type: ignore[no-untyped-def]
    return plan_pilots(items, forms, DEMAND, POLICY, start=START, until=UNTIL, **more)


def test_what_the_bank_lacks_goes_first() -> None:
    made = plan(bank("A", "A", "B", "A", "B"), FormRoom("F1", 2, 120.0))
    placed = made.table.filter(pl.col("form_id").is_not_null())
    assert placed["item_id"].to_list() == ["P2", "P4"]
    assert placed["why"][0] == (
        "About 120 answers by 2027-01-01; 100 are wanted. The bank lacks such items (B): it has 0 of 3."
    )
    rest = made.table.filter(pl.col("form_id").is_null())
    assert rest["why"][0].startswith("No slot left by 2027-01-01: others come first. Plenty of these")
    assert (made.reached, made.waiting, made.most, made.free_slots) == (2, 5, 2, 0)


def test_domains_take_turns_once_nothing_is_lacking() -> None:
    more = {"item_id": ["T1", "T2", "T3"], "domain": "B", "status": "scored", "b": [-1.0, 0.0, 1.0]}
    filled = pl.concat([bank(*"AAAABBBB"), pl.DataFrame(more)])
    made = plan(filled, FormRoom("F1", 6, 120.0))
    counts = made.table.filter(pl.col("form_id").is_not_null()).group_by("domain").len().sort("domain")
    assert counts.rows() == [("A", 4), ("B", 2)]  # six and three a form: two to one


REVIEW = pl.DataFrame(
    {
        "item_id": ["P0", "P1", "P2", "P3"],
        "decision": ["hold", "hold", "promote", "hold"],
        "probability": [0.5, 0.8, 0.95, None],
        "n": [60, 60, 150, 0],
        "more_needed": [40, 40, None, 50],
        "b": [0.0, 0.0, 0.0, None],
    }
)


def test_a_review_says_what_pilots_want_and_promise() -> None:
    made = plan(bank("A", "A", "A", "A"), FormRoom("F1", 2, 45.0), review=REVIEW)
    rows = {row["item_id"]: row for row in made.table.iter_rows(named=True)}
    assert [item for item in rows if rows[item]["form_id"] == "F1"] == ["P1", "P0"]  # the likelier one first
    assert (rows["P0"]["n_now"], rows["P0"]["n_wanted"], rows["P0"]["n_expected"]) == (60, 100, 105.0)
    assert rows["P0"]["chance"] == pytest.approx(0.7917, abs=0.02)
    assert rows["P2"]["why"] == "Decided: promote. Bring the sheet in ('ciip-irt promote')."
    assert (rows["P3"]["form_id"], rows["P3"]["n_wanted"]) == (None, 100)
    assert made.waiting == 3


def test_several_forms_bring_it_together() -> None:
    made = plan(bank("A"), FormRoom("F1", 1, 60.0), FormRoom("F2", 1, 60.0))
    assert made.table["form_id"].to_list() == ["F1", "F2"]
    assert made.table["n_expected"].to_list() == [120.0, 120.0]
    assert made.advice == ()
    assert made.summary().endswith("Every pilot that waits (1) reaches the answers it wants.")


def test_free_slots_go_to_those_who_get_a_part() -> None:
    made = plan(bank("A", "A"), FormRoom("F1", 3, 60.0))
    assert made.table.select("form_id", "reaches").rows() == [("F1", False), ("F1", False)]
    assert "About 60 of 100 answers by 2027-01-01; the rest needs longer." in made.table["why"][0]
    assert made.free_slots == 1
    assert made.advice == (
        "2 pilots would not reach it by the date even in every form.",
        "What would do: 8 months more (2027-09-02), or leaving 2 pilots for later forms.",
    )


def test_what_would_do_does() -> None:
    items = bank(*"AAAAA")
    short = plan(items, FormRoom("F1", 2, 110.0), FormRoom("F2", 2, 110.0))
    assert (short.reached, short.most) == (4, 4)
    assert short.advice[-1].startswith("What would do: 1 more slot in each form, or leaving 1 pilot")
    assert plan(items, FormRoom("F1", 3, 110.0), FormRoom("F2", 3, 110.0)).reached == 5
    swapped = plan(items, FormRoom("F1", 2, 220.0), FormRoom("F2", 2, 220.0))
    assert "exchanging the pilots of the forms once on the way" in swapped.advice[-1]


def test_enemies_stay_apart() -> None:
    items = bank("A", "A", "A", enemies=["P1|P2", None, "P1"])
    made = plan(items, FormRoom("F1", 3, 120.0), FormRoom("F2", 3, 120.0))
    by_form = {name: set(rows["item_id"]) for (name,), rows in made.table.group_by("form_id")}
    assert made.reached == 2
    assert all(len(group & {"P0", "P1", "P2"}) == 1 for name, group in by_form.items() if name)
    assert made.table.filter(pl.col("form_id").is_null())["why"][0].startswith("Enemies of it stand in every")


def test_other_domains_are_told() -> None:
    assert plan(bank("Z"), FormRoom("F1", 1, 99.0)).table["why"][0] == "Its domain is not in the blueprint."


def test_impossible_questions() -> None:
    with pytest.raises(InputError, match="no form to put pilots into"):
        plan(bank("A"))
    with pytest.raises(InputError, match=r"the forms have no pilot slots(.|\n)*is not after the start"):
        plan_pilots(bank("A"), [FormRoom("F", 0, 1.0)], DEMAND, POLICY, start=UNTIL, until=UNTIL)
    with pytest.raises(InputError, match="no answers are expected"):
        plan(bank("A"), FormRoom("F", 1, 0.0))


def test_the_last_item_that_a_domain_lacks_goes_before_the_turn_of_the_others() -> None:
    """B lacks one item of three; turns alone would begin with A, of which a form asks six."""
    more = {"item_id": ["T1", "T2"], "domain": "B", "status": "scored", "b": [-1.0, 0.0]}
    items = pl.concat([bank("A", "A", "B"), pl.DataFrame(more)])
    made = plan(items, FormRoom("F1", 1, 120.0))
    assert made.table.filter(pl.col("form_id").is_not_null())["item_id"].to_list() == ["P2"]


@pytest.mark.parametrize("largest", [1, 2, 3, 7, 64])
def test_the_least_number_that_is_enough_is_found(largest: int) -> None:
    for least in range(1, largest + 1):
        assert _least(lambda tried, least=least: tried >= least, largest) == least  # type: ignore[misc]
    assert _least(lambda _: False, largest) is None
