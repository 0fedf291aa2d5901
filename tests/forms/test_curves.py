"""Targets on curves: what they are worth, files, goals against enumeration, standard errors."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.reading import parse_blueprint
from ciip_irt.blueprint.writing import blueprint_toml
from ciip_irt.errors import BlueprintError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_forms
from ciip_irt.forms.pool.form_set import form_set

THETAS = (-1.0, 0.0, 1.0)


def small_bank(seed: int, n: int = 9) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {"item_id": [f"I{i}" for i in range(n)], "domain": ["A"] * (n - n // 2) + ["B"] * (n // 2),
         "status": "scored", "key": "A", "options": "ABCD", "model": "3pl", "D": 1.0, "scale_id": "s",
         "a": np.exp(rng.normal(0, 0.4, n)), "b": rng.normal(0, 1, n), "c": rng.uniform(0, 0.3, n),
         "se_a": rng.uniform(0.05, 0.2, n), "se_b": rng.uniform(0.05, 0.3, n), "se_c": 0.02,
         "enemies": pl.Series([None] * n, dtype=pl.String)},
    )  # fmt: skip


def two(*targets: Target, **more) -> Blueprint:
    domains = (Domain("A", "Alpha", 2), Domain("B", "Beta", 2))
    return Blueprint("two", "1", "2024", 4, domains, theta_cut=0.0, targets=targets, **more)


def information(bank: pl.DataFrame, theta: float) -> np.ndarray:
    a, b, c = (bank[name].to_numpy() for name in "abc")
    p = c + (1 - c) / (1 + np.exp(-a * (theta - b)))
    return (a * (p - c) / (1 - c)) ** 2 * (1 - p) / p


def targets_on(bank: pl.DataFrame, blueprint: Blueprint, earlier: pl.DataFrame | None = None):
    table = pl.DataFrame(
        [("F", i, f"I{item}", "scored", "A" if item < 5 else "B") for i, item in enumerate((0, 1, 5, 6), 1)],
        schema=["form_id", "position", "item_id", "role", "domain"], orient="row",
    )  # fmt: skip
    return table, form_set(table, blueprint, bank, earlier=earlier).targets


def test_values_come_from_the_average_the_best_or_a_form():
    bank = small_bank(1)
    i = information(bank, 0.0)
    average = 2 * i[:5].mean() + 2 * i[5:].mean()
    best = np.sort(i[:5])[-2:].sum() + np.sort(i[5:])[-2:].sum()
    table, _ = targets_on(bank, two())
    for given, expected in (
        ({}, average),
        ({"share": 0.9}, 0.9 * average),
        ({"relative_to": "bank best", "share": 0.8}, 0.8 * best),
        ({"relative_to": "reference", "reference": "F"}, i[[0, 1, 5, 6]].sum()),
        ({"values": (3.5,)}, 3.5),
    ):
        target = Target("information", 0.2, thetas=(0.0,), **given)
        [resolved] = targets_on(bank, two(target), earlier=table)[1]
        assert resolved.value == pytest.approx(expected)
        assert resolved.label == "information at theta 0"
    [resolved] = targets_on(bank, two(Target("information", 1.0, thetas=(0.0,), tolerance_percent=2.0)))[1]
    assert resolved.tolerance == pytest.approx(0.02 * average)


def test_a_reference_form_that_is_not_there_is_told():
    target = Target("information", 0.2, thetas=(0.0,), relative_to="reference", reference="2020")
    with pytest.raises(BlueprintError, match=r"'2020', which is not among the earlier forms.*--earlier"):
        targets_on(small_bank(1), two(target))


def test_the_check_judges_every_theta_and_forms_apart():
    bank = small_bank(2)
    table, _ = targets_on(bank, two())
    curve = Target("characteristic_curve", 0.05, thetas=THETAS, values=(1.0, 2.0, 3.0))
    found = [f.message for f in check_forms(table, two(curve), bank) if f.rule == "difficulty"]
    p = [
        (c + (1 - c) / (1 + np.exp(-a * (theta - b)))).sum()
        for theta in THETAS
        for a, b, c in [bank[[0, 1, 5, 6]].select("a", "b", "c").to_numpy().T]
    ]
    off = [abs(score - value) > 0.05 for score, value in zip(p, (1, 2, 3), strict=True)]
    assert len(found) == sum(off)
    assert any("expected score at theta -1 is" in message for message in found) == off[0]
    other = table.with_columns(
        form_id=pl.lit("G"), item_id=pl.Series([f"I{item}" for item in (2, 3, 7, 8)])
    )  # fmt: skip
    both = pl.concat([table, other])
    goal = Target("information", 1.0, thetas=(0.0,), goal="maximise", equal_within_percent=1.0)
    totals = [information(bank, 0.0)[items].sum() for items in ([0, 1, 5, 6], [2, 3, 7, 8])]
    assert max(totals) / min(totals) > 1.01
    [finding] = [f for f in check_forms(both, two(goal), bank) if f.rule == "difficulty"]
    assert finding.form_id == "FG"[int(np.argmax(totals))]
    assert "more than 1 % apart" in finding.message


@pytest.mark.parametrize("seed", range(8))
def test_goals_agree_with_enumeration(seed):
    bank = small_bank(seed)
    goal = Target("information", 1.0, thetas=THETAS, goal="maximise", equal_within_percent=40.0)
    overlap = (0.25, 0.5)[seed % 2]
    blueprint = two(goal, Target("mean_b", 0.6, 0.0), max_overlap=overlap)
    i = np.array([information(bank, theta) for theta in THETAS])
    weights = 2 * i[:, :5].mean(axis=1) + 2 * i[:, 5:].mean(axis=1)
    b = bank["b"].to_numpy()
    forms = [
        [*first, *second]
        for first in combinations(range(5), 2)
        for second in combinations(range(5, 9), 2)
        if abs(b[[*first, *second]].mean()) <= 0.6
    ]
    best = -np.inf
    for one, other in combinations(forms, 2):
        totals = np.array([i[:, one].sum(axis=1), i[:, other].sum(axis=1)])
        if len({*one} & {*other}) <= 4 * overlap and (totals.max(0) <= 1.4 * totals.min(0)).all():
            best = max(best, (totals / weights).min())
    result = assemble(bank, blueprint, n_forms=2)
    assert result.status == "optimal"
    assert result.least == pytest.approx(best, abs=1e-6)
    assert result.gap == pytest.approx(0, abs=1e-4)
    assert "times the information of an average form" in result.summary()
    assert result.achieved.filter(pl.col("quantity").str.starts_with("information"))["target"].is_null().all()


def test_targets_beside_a_goal_that_cannot_be_met_are_told():
    goal = Target("information", 1.0, thetas=(0.0,), goal="maximise")
    result = assemble(small_bank(3), two(goal, Target("mean_b", 0.1, 3.0)), n_forms=2)
    assert result.status == "infeasible"
    assert any("mean b: the nearest forms reach" in message for message in result.shortages["message"])


def test_forms_from_a_large_bank_are_near_the_bound_of_their_goal(make_bank, ciip):
    goal = Target("information", 1.0, thetas=(-2.0, -1.1, 0.0), goal="maximise", equal_within_percent=2.0)
    blueprint = replace(ciip, targets=(*ciip.targets, goal), pilot_slots=0)
    result = assemble(make_bank(500, 0), blueprint, n_forms=2)
    assert result.conforms
    assert result.achieved["met"].all()
    assert result.least >= 0.995 * result.least_bound
    assert result.least > 1.3, "an average form has 1"
    low_high = result.achieved.group_by("quantity").agg(
        pl.col("achieved").min().alias("low"), pl.col("achieved").max().alias("high")
    )
    goals = low_high.filter(pl.col("quantity").str.starts_with("information"))
    assert (goals["high"] <= 1.02 * goals["low"] * (1 + 1e-6)).all()


def test_the_standard_error_of_the_expected_score_is_that_of_simulated_parameters():
    bank = small_bank(4)
    result = assemble(bank, two(Target("expected_score_at_cut", 2.0)), n_forms=1)
    scored = bank.filter(pl.col("item_id").is_in(result.forms["item_id"].implode()))
    rng = np.random.default_rng(1)
    shape = (200_000, scored.height)
    a, b, c = (
        rng.normal(scored[name].to_numpy(), scored[f"se_{name}"].to_numpy() / 10, shape) for name in "abc"
    )
    simulated = (c + (1 - c) / (1 + np.exp(a * b))).sum(axis=1).std() * 10
    assert result.achieved["se"][0] == pytest.approx(simulated, rel=0.02)
    assert "With the standard errors of the parameters, 95 in 100 true values lie between" in result.summary()
    half = 1.96 * result.achieved["se"][0]
    assert result.achieved["high"][0] - result.achieved["achieved"][0] == pytest.approx(half, abs=1e-4)
    without = assemble(
        bank.drop("se_a", "se_b", "se_c"), two(Target("expected_score_at_cut", 2.0)), n_forms=1
    )
    assert without.achieved["se"].is_null().all()


HEAD = blueprint_toml(two()).replace("[constraints]", "{}\n\n[constraints]")


def read(section: str) -> Blueprint:
    return parse_blueprint(HEAD.format(section))


@pytest.mark.parametrize(
    "target",
    [
        Target("information", 0.5, thetas=(-1.0, 0.5), values=(3.0, 4.0)),
        Target("information", 1.0, thetas=(0.0,), tolerance_percent=2.0, relative_to="bank best", share=0.9),
        Target("characteristic_curve", 0.5, thetas=(0.0,), relative_to="reference", reference='2025 "a"'),
        Target("information", 1.0, thetas=(0.0, 1.0), goal="maximise", weights=(1.0, 2.0)),
    ],
)
def test_files_hold_curves(target):
    blueprint = two(target)
    assert parse_blueprint(blueprint_toml(blueprint)) == blueprint


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("[difficulty.information]\ntolerance = 1", "thetas is missing|thetas: is missing"),
        ("[difficulty.information]\nthetas = [0]", "tolerance: is missing"),
        ("[difficulty.information]\nthetas = [0, 0]\ntolerance = 1", "thetas: names 0.0 twice"),
        ("[difficulty.information]\nthetas = [0]\nvalues = [1, 2]\ntolerance = 1", "2 numbers for 1 theta"),
        ("[difficulty.information]\nthetas = [0]\nvalues = [-1]\ntolerance = 1", "numbers larger than 0"),
        ("[difficulty.information]\nthetas = [0]\ntolerance = 1\ntolerance_percent = 2", "Write one of them"),
        (
            '[difficulty.information]\nthetas = [0]\ngoal = "maximise"\ntolerance = 1',
            "has no meaning with goal",
        ),
        ("[difficulty.information]\nthetas = [0]\ntolerance = 1\nweights = [1]", "needs goal"),
        ('[difficulty.information]\nthetas = [0]\ntolerance = 1\nreference = "F"', "belongs to relative_to"),
        ('[difficulty.characteristic_curve]\nthetas = [0]\ngoal = "maximise"', "unknown key"),
    ],
)
def test_what_is_wrong_with_a_curve_is_told_with_its_line(section, wrong):
    with pytest.raises(BlueprintError, match=wrong) as raised:
        read("[difficulty]\ntheta_cut = 0\n" + section if "theta_cut" not in HEAD else section)
    assert "blueprint:" in str(raised.value)
