"""What forms promise holds of the true parameters, not only of the estimates that they were chosen for."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from benchmarks.assembly_promises import blueprint_of, calibrated_bank, held
from ciip_irt.blueprint import Target, blueprint_toml, parse_blueprint
from ciip_irt.forms import assemble, check_forms

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
