"""In how many forms an item stands: bounds that forms keep, spread at no cost, true causes."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import Blueprint, Domain, Target, UseRule, blueprint_toml, parse_blueprint
from ciip_irt.blueprint.requirements import FormRequirements
from ciip_irt.errors import BlueprintError
from ciip_irt.forms import assemble, check_forms
from ciip_irt.tables import RESULT_FILES

DOMAINS = (Domain("A", "Alpha", 6), Domain("B", "Beta", 4))


def a_bank(n=60, seed=1):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {"item_id": [f"I{i:03d}" for i in range(n)], "domain": ["A", "A", "A", "B", "B"] * (n // 5),
         "status": "scored", "key": "A", "options": "ABCD", "model": "rasch", "a": 1.0,
         "b": rng.normal(0, 1, n), "c": 0.0, "D": 1.0, "scale_id": "bank"}
    )  # fmt: skip


def blueprint(rule, *targets, **more):
    targets = targets or (Target("mean_b", 0.1),)
    return Blueprint(
        "uses", "1", "2024", 10, DOMAINS, targets=targets, requirements=FormRequirements(uses=rule), **more
    )


def uses_of(result, bank):
    counts = dict(result.exposure().select("item_id", "forms").iter_rows())
    return np.array([counts.get(item_id, 0) for item_id in bank["item_id"]])


@pytest.mark.parametrize(
    ("rule", "n_forms", "least", "most"),
    [
        (UseRule(most=2), 8, 0, 2),
        (UseRule(max_exposure=0.3), 8, 0, 2),
        (UseRule(every_item=True), 8, 1, 8),
        (UseRule(1, 2), 10, 1, 2),
    ],
)
def test_forms_keep_the_bounds(rule, n_forms, least, most):
    bank, wanted = a_bank(), blueprint(rule, max_overlap=0.6)
    result = assemble(bank, wanted, n_forms=n_forms)
    assert result.conforms
    assert check_forms(result.forms, wanted, bank).conforms
    uses = uses_of(result, bank)
    assert uses.min() >= least
    assert uses.max() <= most


def test_goals_keep_the_bounds_too():
    """Without them the best items stand in every form."""
    bank, goal = a_bank(), Target("information", 1.0, thetas=(0.0,), goal="maximise")
    free = assemble(bank, blueprint(None, goal), n_forms=5)
    assert uses_of(free, bank).max() > 2
    bounded = assemble(bank, blueprint(UseRule(most=2), goal), n_forms=5)
    assert bounded.conforms
    assert uses_of(bounded, bank).max() <= 2
    assert bounded.least < free.least
    assert bounded.least <= bounded.least_bound + 1e-9


def test_exposure_counts_candidates_where_forms_differ():
    """Half of the candidates sit the first form: with 40 % at most, no item stands in it and another."""
    rule = UseRule(max_exposure=0.55, candidates=(500, 125, 125, 125, 125))
    bank, wanted = a_bank(40), blueprint(rule, max_overlap=0.9)
    result = assemble(bank, wanted, n_forms=5)
    assert result.conforms
    share = dict(zip([f"form-{n}" for n in range(1, 6)], (0.5, 0.125, 0.125, 0.125, 0.125), strict=True))
    met = result.forms.with_columns(load=pl.col("form_id").replace_strict(share)).group_by("item_id").agg(
        pl.col("load").sum()
    )  # fmt: skip
    assert met["load"].max() <= 0.55 + 1e-9
    first = set(result.forms.filter(pl.col("form_id") == "form-1")["item_id"])
    others = set(result.forms.filter(pl.col("form_id") != "form-1")["item_id"])
    assert not first & others
    assert check_forms(result.forms, wanted, bank).conforms
    stricter = replace(wanted, requirements=FormRequirements(uses=replace(rule, max_exposure=0.4)))
    told = [f for f in check_forms(result.forms, stricter, bank) if f.rule == "item_uses"]
    assert any("50 % of the candidates" in finding.message for finding in told)
    with pytest.raises(BlueprintError, match="names the candidates of 5 forms, and 4 are asked for"):
        assemble(bank, wanted, n_forms=4)


def test_few_items_stay_unused_where_that_is_asked():
    bank = a_bank(100)
    rule = UseRule(fewest_unused=True)
    result = assemble(bank, blueprint(rule, max_overlap=0.9), n_forms=10)
    assert result.conforms
    assert (uses_of(result, bank) == 0).sum() <= 2


def test_many_forms_share_little_though_much_is_allowed():
    """Twenty forms of ten from a hundred: two uses an item, so two forms need share hardly anything."""
    bank = a_bank(100)
    result = assemble(bank, blueprint(None, max_overlap=0.8), n_forms=20)
    assert result.conforms
    assert uses_of(result, bank).max() <= 5


@pytest.mark.parametrize(
    ("rule", "n_forms", "words"),
    [
        (UseRule(most=1), 7, "A Alpha: 7 forms use items 42 times; 36 items, each in 1 form at most"),
        (UseRule(least=3), 5, "A Alpha: 36 items, each in 3 forms at least, stand 108 times; 5 forms"),
    ],
)  # fmt: skip
def test_bounds_that_cannot_be_kept_are_the_cause_and_the_remedy_is_right(rule, n_forms, words):
    bank = a_bank()
    result = assemble(bank, blueprint(rule), n_forms=n_forms)
    assert result.status == "infeasible"
    assert any(message.startswith(words) for message in result.shortages["message"])
    if rule.most == 1:  # needed 42, there are 36: six more of A, and B has 24 for 28
        new = [("A", 6), ("B", 4)]
        more = [
            bank.filter(pl.col("domain") == letter).head(n).with_columns(item_id="N" + pl.col("item_id"))
            for letter, n in new
        ]
        assert assemble(pl.concat([bank, *more]), blueprint(rule), n_forms=7).conforms
        assert not assemble(pl.concat([bank, more[0]]), blueprint(rule), n_forms=7).conforms


def test_exposure_file_follows_its_contract():
    result = assemble(a_bank(), blueprint(UseRule(most=3), max_overlap=0.6), n_forms=8)
    assert RESULT_FILES["exposure.csv"].table.differences(result.exposure()) == []


def test_files_hold_the_rule():
    for rule in (UseRule(1, 3), UseRule(max_exposure=0.25, candidates=(3.0, 1.0)), UseRule(every_item=True)):
        wanted = blueprint(rule)
        assert parse_blueprint(blueprint_toml(wanted)).requirements.uses == rule
    text = blueprint_toml(blueprint(UseRule(2, 3))).replace("most = 3", "most = 1")
    with pytest.raises(BlueprintError, match="most: is 1, below least, 2"):
        parse_blueprint(text)
