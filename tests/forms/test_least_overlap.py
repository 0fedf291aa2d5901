"""Without a stated bound forms share as few items as the rows need."""

from dataclasses import replace
from itertools import combinations
from math import ceil

import polars as pl
import pytest

from ciip_irt.blueprint import AnchorBlock, Blueprint, Domain, FormRequirements
from ciip_irt.forms import assemble

QUIZ = Blueprint("quiz", "1", "2026", 20, tuple(Domain(letter, f"Domain {letter}", 4) for letter in "ABCDE"))
BANK = pl.DataFrame(
    {"item_id": [f"{letter}{i}" for letter in "ABCDE" for i in range(10)],
     "domain": [letter for letter in "ABCDE" for _ in range(10)], "status": "scored", "key": "A",
     "options": "ABCD"}
)  # fmt: skip


def most_in_common(forms):
    sets = [set(part["item_id"]) for part in forms.partition_by("form_id")]
    return max(len(a & b) for a, b in combinations(sets, 2))


@pytest.mark.parametrize("n_forms", [2, 3, 4, 5, 8])
def test_two_forms_share_no_more_than_counting_pairs_demands(n_forms):
    """Four of ten items of each of five domains: what is used once more is shared by one pair more.

    Three forms of fifty items were the same twenty items three times.
    """
    times, more = divmod(4 * n_forms, 10)
    pairs = 5 * ((10 - more) * times * (times - 1) // 2 + more * (times + 1) * times // 2)
    result = assemble(BANK, QUIZ, n_forms=n_forms)
    assert result.conforms
    assert most_in_common(result.forms) == ceil(pairs / (n_forms * (n_forms - 1) / 2))


def test_anchors_are_shared_and_little_beside():
    wants = FormRequirements(anchors=AnchorBlock(5))
    result = assemble(BANK, Blueprint("quiz", "1", "2026", 20, QUIZ.domains, requirements=wants), n_forms=3)
    assert result.conforms
    anchors = result.forms.filter(pl.col("anchor") == "yes").unique("item_id")
    counts = [anchors.filter(pl.col("domain") == letter).height for letter in "ABCDE"]
    # Of 10 - a items each of three forms takes 4 - a: what is missing is used twice.
    twice = sum(max(0, 3 * (4 - a) - (10 - a)) for a in counts)
    assert most_in_common(result.forms) == 5 + ceil(twice / 3)


def test_the_items_used_most_are_told():
    """Every form takes the four items of A, and six of the eight of B."""
    two = Blueprint(
        "two", "1", "2024", 10, (Domain("A", "Alpha", 4), Domain("B", "Beta", 6)), max_overlap=1.0
    )
    items = pl.DataFrame({"item_id": [f"I{i}" for i in range(12)], "domain": ["A"] * 4 + ["B"] * 8,
                          "status": "scored", "key": "A", "options": "ABCD"})  # fmt: skip
    found = assemble(items, two, n_forms=3)
    uses = dict(found.exposure().select("item_id", "forms").iter_rows())
    assert all(uses[f"I{i}"] == 3 for i in range(4))
    assert sum(uses.values()) == 30
    most = sum(count == 3 for count in uses.values())
    assert f"Most used: {most} scored items in 3 of 3 forms (100 %)." in found.summary()


def test_the_same_form_twice_is_told_in_the_summary():
    """Ten items for forms of ten: there is no other form."""
    two = Blueprint("two", "1", "2024", 10, (Domain("A", "Alpha", 4), Domain("B", "Beta", 6)))
    items = pl.DataFrame({"item_id": [f"I{i}" for i in range(10)], "domain": ["A"] * 4 + ["B"] * 6,
                          "status": "scored", "key": "A", "options": "ABCD"})  # fmt: skip
    told = assemble(items, replace(two, max_overlap=1.0), n_forms=3).summary()
    three = "form-1 and form-2, form-1 and form-3, form-2 and form-3."
    assert f"The same scored items stand in 3 pairs of forms: {three}" in told
    nearly = pl.concat([items, items.tail(2).with_columns(item_id="N" + pl.col("item_id"))])
    assert "More than half of the scored items are common to 1 pair of forms: form-1 and form-2." in (
        assemble(nearly, replace(two, max_overlap=1.0), n_forms=2).summary()
    )
