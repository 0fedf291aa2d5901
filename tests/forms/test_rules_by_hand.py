"""Single rules of forms at their borders: what each row, finding and sentence is, counted by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import AnchorBlock, FormRequirements, ItemSets, KeyBalance, SumRule
from ciip_irt.blueprint.targets import QUANTITIES, ResolvedTarget
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.assembly import achieved_frame, not_built
from ciip_irt.forms.capacity import bank_capacity
from ciip_irt.forms.checking.check import check_forms
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.constraints.key_balance import BalancedKey
from ciip_irt.forms.findings import ERROR, WARNING
from ciip_irt.forms.item_order import _placed
from ciip_irt.forms.pool.form_set import Entry, Form
from ciip_irt.forms.pool.item_attributes import ItemAttributes
from ciip_irt.forms.pool.new_item import ANY_DIFFICULTY, NewItem
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.shortage.shortage import count_shortages

TWO = Blueprint(
    "two", "1", "2024", 10, (Domain("A", "Alpha", 4), Domain("B", "Beta", 6)), max_overlap=0.0
)  # fmt: skip


def a_bank(n_a, n_b, **columns):
    n = n_a + n_b
    plain = {
        "item_id": [f"I{i:03d}" for i in range(n)], "domain": ["A"] * n_a + ["B"] * n_b, "status": "scored",
        "key": "A", "options": "ABCD",
    }  # fmt: skip
    return pl.DataFrame({**plain, **columns})


def pool_of(items, blueprint, n_forms, targets=()):
    return Pool(
        blueprint, tuple(f"form-{k}" for k in range(1, n_forms + 1)), tuple(items["item_id"]),
        tuple(items["domain"]), tuple(items["status"]), {}, targets,
    )  # fmt: skip


def a_form(letters, form_id="X", items=None):
    n = len(letters)
    return pl.DataFrame(
        {"form_id": form_id, "position": range(1, n + 1), "role": "scored", "domain": list(letters),
         "item_id": items or [f"I{i:03d}" for i in range(n)]}
    )  # fmt: skip


def target(contributions, severity=ERROR, weight=None, equal_within=0.0):
    return ResolvedTarget(
        QUANTITIES["mean_b"], 1.0, 0.1, severity, contributions, False, None, weight, equal_within
    )


def test_no_two_rules_are_spared_alike():
    """Of two with one number, the order of the registry would decide what a conflict is made of."""
    numbers = sorted(rule.spared for rule in CONSTRAINTS.values() if rule.spared is not None)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("severities", "severity", "give"),
    [((ERROR,), ERROR, 0.0), ((WARNING,), WARNING, 0.5), ((WARNING, ERROR), ERROR, 0.0)],
)
def test_items_without_parameters_are_barred_as_strictly_as_the_targets_ask(severities, severity, give):
    items = a_bank(1, 2)
    targets = tuple(target({"I000": 0.0, "I002": 0.0}, one) for one in severities)
    rows = list(CONSTRAINTS["calibrated"].rows(pool_of(items, TWO, 2, targets)))
    assert [(row.severity, row.give, row.columns.tolist()) for row in rows] == [
        (severity, give, [1]),
        (severity, give, [4]),
    ]


def test_only_items_that_may_be_scored_and_are_no_anchors_are_counted_as_shared():
    items = a_bank(2, 2, status=["scored", "scored", "draft", "scored"])
    anchored = replace(TWO, requirements=FormRequirements(anchors=AnchorBlock(1, ("I001",))))
    rows = list(CONSTRAINTS["overlap"].rows(pool_of(items, anchored, 2)))
    assert [row.columns.tolist() for row in rows] == [[0, 4], [3, 7]]


@pytest.mark.parametrize(("low", "high", "told"), [(6, 6, 0), (6.5, 7, 1), (5, 5.5, 1), (0.6, 6, 0)])
def test_a_sum_on_its_bound_is_within_it(low, high, told):
    one = Blueprint(
        "one", "1", "2024", 3, (Domain("A", "Alpha", 3),),
        requirements=FormRequirements(sums=(SumRule("words", "words", low, high),)),
    )  # fmt: skip
    found = check_forms(a_form("AAA"), one, a_bank(3, 0, words=[1, 2, 3]))
    assert [finding.rule for finding in found] == ["attribute_sums"] * told


def test_what_a_new_item_adds_to_the_share_of_a_key():
    source = BalancedKey("B", KeyBalance(0.2, 0.3, "ABCDE"))
    adds = CONSTRAINTS["key_balance"].adds
    of_key = [
        adds(NewItem("A", ANY_DIFFICULTY, frozenset(), key, 0.0), source, np.ones(3)) for key in (None, *"AB")
    ]
    assert of_key == [0.2, 0.0, 1.0]
    assert adds(NewItem("A", ANY_DIFFICULTY, frozenset(), "B", 0.0), "a domain", np.ones(3)) == 0


@pytest.mark.parametrize(("letters", "told"), [("AAABBB", 1), ("AABB", 0), ("AABABB", 0)])
def test_domains_of_three_can_stand_in_a_block(letters, told):
    half = len(letters) // 2
    wants = Blueprint(
        "even", "1", "2024", 2 * half, (Domain("A", "Alpha", half), Domain("B", "Beta", half)),
        item_order="interleaved",
    )  # fmt: skip
    items = a_bank(0, len(letters)).with_columns(domain=pl.Series(list(letters)))
    found = check_forms(a_form(letters), wants, items)
    assert [finding.rule for finding in found] == ["item_order"] * told


def test_a_set_waits_for_a_gap_that_holds_it():
    """The anchor stands second: the single item goes before it, the set of two after it."""
    entries = [Entry(n, item_id, "scored", "A") for n, item_id in enumerate("abcX", start=1)]
    sets = replace(TWO, requirements=FormRequirements(item_sets=ItemSets(True)))
    attributes = ItemAttributes(text={"set_id": {"a": "S", "b": "S"}})
    placed = _placed(tuple(entries), sets, attributes, {"X": 2})
    assert [(entry.position, entry.item_id) for entry in placed] == [(1, "c"), (2, "X"), (3, "a"), (4, "b")]
    anywhere = _placed(tuple(entries), sets, attributes, {"X": 4})
    assert [entry.item_id for entry in anywhere] == ["a", "b", "c", "X"]


def test_forms_far_from_the_least_of_a_goal_have_not_met_it():
    """Form Y has next to nothing of it, so X, with a half, is not near."""
    forms = [Form("X", (Entry(1, "I1", "scored", "A"),)), Form("Y", (Entry(1, "I2", "scored", "A"),))]
    goal = target({"I1": 0.5, "I2": 0.0}, weight=1.0, equal_within=0.1)
    assert achieved_frame(forms, [goal])["met"].to_list() == [False, True]


def test_what_was_not_begun_has_visited_no_nodes():
    assert not_built("two", 3, 1, "The key is in doubt.").nodes == 0


def test_a_search_that_ran_to_its_end_is_not_said_to_have_been_stopped():
    built = assemble(a_bank(8, 12), TWO, n_forms=2)
    assert built.conforms
    assert built.warnings == ()


def test_an_overlap_that_is_a_whole_number_is_told_as_it_is():
    """Two forms take four of five items of A each: three are in both."""
    [message] = count_shortages(pool_of(a_bank(5, 12), TWO, 2))["message"].to_list()
    assert "allow an overlap of 3 items (now 0)" in message


def test_what_is_to_be_written_most_is_told_first():
    """Four forms take 16 items of A and 24 of B; one and five are missing."""
    found = count_shortages(pool_of(a_bank(15, 19), TWO, 4))
    assert found["short"].to_list() == [6, 5, 1]
    assert found["domain"].to_list() == ["", "B", "A"]


def test_a_bank_whose_items_are_all_too_easy_supports_no_form():
    items = a_bank(8, 12, model="rasch", b=-3.0, scale_id="s")
    found = bank_capacity(items, replace(TWO, targets=(Target("mean_b", 0.05, 0.0),)))
    assert found.supported == 0
    assert found.shortages.height
