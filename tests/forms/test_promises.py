"""What forms promise holds of the true parameters, not only of the estimates that they were chosen for."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from benchmarks.assembly_promises import blueprint_of, calibrated_bank, held
from ciip_irt.blueprint import Domain, Target, blueprint_toml, parse_blueprint
from ciip_irt.forms import assemble, check_forms
from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.robust import sure_levels

INFORMATION = "information at theta -1.1"


@pytest.fixture(scope="module")
def bank():
    return calibrated_bank(np.random.default_rng(11), 400, "2pl", 200)[0]


@pytest.mark.parametrize(("model", "persons"), [("2pl", 200), ("rasch", 200)])
def test_promises_hold_where_items_are_chosen_for_information(model, persons):
    """Six banks: true values in the intervals but for one or two of the twelve, and no bias in sum."""
    rows = pl.concat(
        held(np.random.default_rng([5, number]), persons, model, "maximise", items=150) for number in range(6)
    )
    assert rows.height == 12
    assert rows.filter(pl.col("true").is_between(pl.col("low"), pl.col("high"))).height >= 10
    z = rows.select((pl.col("achieved") - pl.col("true")) / ((pl.col("high") - pl.col("low")) / 3.92))
    assert abs(float(z.to_series().mean())) < 1


def test_taken_as_exact_the_same_banks_promise_too_much():
    rows = pl.concat(
        held(np.random.default_rng([5, number]), 200, "2pl", "maximise", shrink=False, items=150)
        for number in range(3)
    ).filter(pl.col("quantity") == INFORMATION)
    assert (rows["achieved"] > 1.1 * rows["true"]).all()


def test_the_summary_says_that_promises_are_expectations_and_what_exact_ones_would_be(bank):
    result = assemble(bank, blueprint_of("maximise"), n_forms=1)
    [told] = [line for line in result.outcome() if line.startswith("The parameters are as uncertain")]
    assert "slopes keep" in told
    assert "difficulties keep" in told
    items = result.forms["item_id"].to_list()
    plain = bank.filter(pl.col("item_id").is_in(items))
    p = 1 / (1 + np.exp(-plain["a"] * (-1.1 - plain["b"])))
    exact = float((plain["a"] ** 2 * p * (1 - p)).sum())
    expected = result.achieved.filter(pl.col("quantity") == INFORMATION)["achieved"][0]
    assert f"{100 * (exact / expected - 1):.1f} % more {INFORMATION}" in told


def test_exact_parameters_are_told(bank):
    for case, blueprint, words in (
        (bank.drop("se_a", "se_b"), blueprint_of("default"), "The bank has no standard errors"),
        (bank, blueprint_of("default", shrink=False), "The blueprint says shrink = false"),
    ):
        result = assemble(case, blueprint, n_forms=1)
        assert any(line.startswith(words) for line in result.outcome())
    assert parse_blueprint(blueprint_toml(blueprint)).shrink is False


def test_check_judges_by_the_same_expectations(bank):
    free = assemble(bank, blueprint_of("maximise"), n_forms=1)
    expected = free.achieved.filter(pl.col("quantity") == INFORMATION)["achieved"][0]
    target = Target("information", 1.0, thetas=(-1.1,), values=(expected,), tolerance_percent=1.0)
    blueprint = replace(blueprint_of("maximise"), targets=(target,))
    assert check_forms(free.forms, blueprint, bank).conforms
    assert not check_forms(free.forms, replace(blueprint, shrink=False), bank).conforms


def test_certainty_is_raised_at_a_price_and_as_brute_force_would(bank):
    """Two slopes of one information each way: sure items against uncertain ones that look better."""
    rng = np.random.default_rng(2)
    n = 14
    se = np.where(np.arange(n) % 2, 0.03, 0.30)
    few = bank.head(n).with_columns(
        a=pl.Series(np.where(np.arange(n) % 2, 1.0, 1.08) + 0.02 * rng.normal(size=n)),
        b=pl.Series(-1.1 + 0.2 * rng.normal(size=n)), se_a=pl.Series(se), se_b=pl.Series(se),
        domain=pl.lit("A"),
    )  # fmt: skip
    goal = Target("information", 1.0, thetas=(-1.1,), goal="maximise")
    plain = replace(
        blueprint_of("maximise"), domains=(Domain("A", "All", 5),), length=5, targets=(goal,)
    )  # fmt: skip
    sure = replace(plain, targets=(replace(goal, certainty=0.95),))
    [target] = [t for t in bank_pool(few, sure, 1, None)[0].targets if t.is_goal]

    def level(items):
        expected, variance, together = sure_levels(target, items)
        return expected - 1.6449 * np.sqrt(variance + (together**2).sum())

    best = max(combinations(few["item_id"].to_list(), 5), key=level)
    without, with_it = assemble(few, plain, n_forms=1), assemble(few, sure, n_forms=1)
    assert level(with_it.forms["item_id"].to_list()) == pytest.approx(level(best), rel=2e-3)
    assert level(without.forms["item_id"].to_list()) < level(best)
    [told] = [line for line in with_it.outcome() if line.startswith("With 95 % certainty")]
    assert "the price is" in told
    exact = assemble(few.drop("se_a", "se_b"), sure, n_forms=1)
    assert any("certainty = 0.95 changed nothing" in line for line in exact.outcome())
    assert parse_blueprint(blueprint_toml(sure)).targets == sure.targets
