"""Demands that authors of blueprints elsewhere can state: each reads, builds and is checked."""

import os
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank, enemies_of
from ciip_irt.blueprint import blueprint_toml, describe, load_blueprint, parse_blueprint
from ciip_irt.errors import BlueprintError, TableError
from ciip_irt.forms import assemble, check_forms

TEXT = """\
name = "small"
outline = "1"
effective = "2025"
length = 10

[domains.A]
name = "Alpha"
count = 6
[domains.B]
name = "Beta"
count = 4

[constraints]
max_overlap = 0.8
"""
LEVELS = ("recall", "apply", "judge", None)


def a_bank(n=40, **more):
    plain = {
        "item_id": [f"I{i:02d}" for i in range(n)], "domain": ["A", "A", "A", "B", "B"] * (n // 5),
        "status": "scored", "key": "A", "options": "ABCD", "level": [LEVELS[i % 4] for i in range(n)],
    }  # fmt: skip
    return pl.DataFrame({**plain, **more})


def built(section, bank=None, n_forms=2):
    blueprint = parse_blueprint(TEXT + section)
    assert parse_blueprint(blueprint_toml(blueprint)) == blueprint
    assert describe(blueprint)
    bank = a_bank() if bank is None else bank
    result = assemble(bank, blueprint, n_forms=n_forms)
    assert result.conforms, result.summary()
    assert check_forms(result.forms, blueprint, bank).conforms
    parts = result.forms.join(bank.drop("domain"), on="item_id").partition_by("form_id")
    return blueprint, bank, parts


def swapped(form, out, into):
    return form.select("form_id", "position", "item_id", "role", "domain").with_columns(
        item_id=pl.col("item_id").replace({out: into})
    )


def test_at_most_so_many_of_a_list():
    listed = ["I00", "I01", "I02", "I05", "I06"]
    section = f"""
[[constraints.counts]]
name = "look alike"
where = {{ item_id = {listed} }}
range = [1, 2]
"""
    _, _, parts = built(section)
    for form in parts:
        assert 1 <= form["item_id"].is_in(listed).sum() <= 2


def test_is_not_and_has_a_value():
    section = """
[[constraints.counts]]
name = "more than recall"
where = { level = { not = "recall" } }
count = 4
[[constraints.counts]]
name = "classified"
where = { level = { not = [] } }
range = [9, 10]
[[constraints.counts]]
name = "not in A"
where = { domain = { not = ["Alpha"] }, level = "apply" }
count = 2
"""
    _, _, parts = built(section)
    for form in parts:
        assert form["level"].is_in(["apply", "judge"]).sum() == 4
        assert form["level"].is_not_null().sum() >= 9
        assert form.filter((pl.col("domain") == "B") & (pl.col("level") == "apply")).height == 2


def test_if_then_rows_and_pairs_that_go_together():
    section = """
[[constraints.if_then]]
name = "pair"
if = { item_id = "I00" }
then = { item_id = "I03" }
both_ways = true
[[constraints.if_then]]
name = "judgement needs recall"
if = { level = "judge" }
then = { level = "recall" }
least = 3
[[constraints.if_then]]
name = "little judgement beside I01"
if = { item_id = "I01" }
then = { level = "judge" }
most = 1
[[constraints.counts]]
where = { item_id = ["I00", "I01"] }
count = 2
"""
    blueprint, bank, parts = built(section)
    for form in parts:
        assert {"I00", "I03", "I01"} <= set(form["item_id"])
        judge, recall = ((form["level"] == level).sum() for level in ("judge", "recall"))
        assert judge <= 1
        assert recall >= 3 * judge  # one of judge at most, and then three of recall
    form = parts[0]
    other = next(i for i in bank.filter(domain="B")["item_id"] if i not in set(form["item_id"]))
    told = check_forms(swapped(form, "I03", other), blueprint, bank)
    assert any(
        f.rule == "if_then" and "with I00 in the form, 0 items with item_id I03" in f.message for f in told
    )


def test_an_item_in_two_sets_counts_for_both():
    sets = [None] * 40
    for item in (0, 1, 2):
        sets[item] = "one"
    for item in (3, 4):
        sets[item] = "two"
    sets[2] = "one; two"
    bank = a_bank(set_id=pl.Series(sets, dtype=pl.String))
    section = """item_sets = "whole"
[[constraints.counts]]
where = { item_id = "I00" }
count = 1
"""
    _, _, parts = built(section, bank)
    for form in parts:
        assert {"I00", "I01", "I02", "I03", "I04"} <= set(form["item_id"]), "I02 brings the second set along"


@pytest.mark.parametrize("between", ["|", ",", ";", " ", ", ", " ; "])
def test_lists_of_enemies_are_parted_alike_everywhere(between):
    bank = a_bank().with_columns(enemies=pl.when(item_id="I00").then(pl.lit(between.join(["I01", "I02"]))))
    assert enemies_of(bank)["I00"] == {"I01", "I02"}
    itself = bank.with_columns(enemies=pl.when(item_id="I00").then(pl.lit(between.join(["I01", "I00"]))))
    with pytest.raises(TableError, match="an item names itself as its enemy"):
        ItemBank.from_frame(itself)


def test_enemies_by_comma_are_kept_apart():
    folder = Path(os.environ.get("CIIP_IRT_SHARED", "../shared")) / "cases/forms/enemies_comma"
    if not folder.exists():
        pytest.skip("the shared cases are not here")
    items, forms = (pl.read_csv(folder / name) for name in ("items.csv", "forms.csv"))
    blueprint = load_blueprint(folder / "bp.toml")
    assert any(finding.rule == "enemies" for finding in check_forms(forms, blueprint, items))
    result = assemble(items, blueprint, n_forms=1)
    assert result.status == "infeasible"
    assert "enemies Q000, Q001, Q002, Q003" in result.summary()


def test_contradictions_of_if_then_are_told_with_their_line():
    section = """
[[constraints.if_then]]
if = { domain = "Gamma" }
then = { level = "recall" }
least = 3
most = 2
"""
    with pytest.raises(BlueprintError) as raised:
        parse_blueprint(TEXT + section)
    assert "there is no domain 'Gamma'" in str(raised.value)
    assert "most: is 2, below least, 3" in str(raised.value)
