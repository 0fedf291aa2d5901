"""Held against its model: planted dependence, planted guessers, levels, what is written."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.calibration.checks.model_checks import ModelChecks, check_model
from ciip_irt.errors import InputError
from ciip_irt.irt.fit_statistics.person_fit import assess_person_fit
from ciip_irt.responses import ScoredResponses, score
from ciip_irt.responses.exclude import exclude_deliveries

ITEMS, PERSONS = 40, 500
TESTLET = ("I03", "I09")
GUESSERS = tuple(f"D{i:03}" for i in range(12))


def programme() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two items that share a clue, two more that are known enemies and share one, a dozen who guess."""
    rng = np.random.default_rng(11)
    line = rng.normal(0, 0.9, size=(PERSONS, 1)) - rng.normal(-0.8, 0.8, ITEMS)
    for pair in ([3, 9], [20, 21]):
        line[:, pair] += rng.normal(0, 2.0, size=(PERSONS, 1))
    right = rng.random(line.shape) < 1 / (1 + np.exp(-line))
    right[: len(GUESSERS)] = rng.random((len(GUESSERS), ITEMS)) < 0.5
    ids = [f"I{j:02}" for j in range(ITEMS)]
    items = pl.DataFrame({"item_id": ids}).with_columns(
        domain=pl.lit("A"),
        status=pl.when(pl.col("item_id") > "I35").then(pl.lit("pilot")).otherwise(pl.lit("scored")),
        key=pl.lit("A"),
        options=pl.lit("AB"),
        enemies=pl.when(pl.col("item_id") == "I20").then(pl.lit("I21")),
    )
    deliveries = np.repeat([f"D{i:03}" for i in range(PERSONS)], ITEMS)
    log = pl.DataFrame(
        {
            "candidate_id": deliveries,
            "delivery_id": deliveries,
            "item_id": ids * PERSONS,
            "response": np.where(right.ravel(), "A", "B"),
        }
    ).with_columns(form_id=pl.lit("F1"), attempt=pl.lit("1"), status=pl.lit("answered"))
    return log, items


@pytest.fixture(scope="module")
def scored() -> ScoredResponses:
    log, items = programme()
    return score(log, ItemBank.from_frame(items))


@pytest.fixture(scope="module")
def calibration(scored: ScoredResponses) -> Calibration:
    return calibrate(scored, "rasch")


@pytest.fixture(scope="module")
def checks(scored: ScoredResponses, calibration: Calibration) -> ModelChecks:
    return check_model(scored, calibration, fit_simulations=20)


def test_a_pair_that_shares_a_clue_is_offered_as_enemies(checks: ModelChecks) -> None:
    pairs = checks.local_dependence
    assert {tuple(row) for row in pairs.select("item_1", "item_2").head(2).iter_rows()} == {
        TESTLET,
        ("I20", "I21"),
    }
    said = dict(zip(pairs["item_1"], pairs["suggestion"], strict=True))
    assert said["I03"] == "make them enemies"
    assert said["I20"] == "already enemies"
    assert pairs.height >= 20
    assert (pairs["suggestion"] == "make them enemies").sum() == 1
    first = pairs.row(0, named=True)
    assert first["q3_adjusted"] > first["reference"] > 0.1
    assert first["p"] < 0.01
    assert "I03 and I09" in checks.summary()


def test_candidates_who_guess_are_found(checks: ModelChecks) -> None:
    persons = checks.person_fit
    assert persons["delivery_id"].to_list() == [f"D{i:03}" for i in range(PERSONS)]
    guessed = persons["delivery_id"].is_in(list(GUESSERS))
    assert persons.filter(guessed)["flagged"].mean() > 0.3
    assert persons.filter(~guessed)["flagged"].mean() < 0.02
    assert set(checks.misfitting(0.01)) == set(persons.filter("flagged")["delivery_id"])
    assert persons["n"].to_list() == [36] * PERSONS  # pilots say nothing here


def test_persons_are_in_the_order_of_the_deliveries(
    scored: ScoredResponses, calibration: Calibration, checks: ModelChecks
) -> None:
    assert len(scored.blocks) == 1
    blocks = scored.response_blocks(scored_only=True)
    wanted = assess_person_fit(blocks, calibration.parameters_array, mean=calibration.mean, sd=calibration.sd)
    order = np.argsort(scored.blocks[0].persons)
    np.testing.assert_allclose(checks.person_fit["lz_star"].to_numpy(), wanted.lz_star[order])


def test_item_fit_has_its_cut_offs(checks: ModelChecks, calibration: Calibration) -> None:
    wide = checks.fit.pivot("statistic", index="item_id", values="value")
    for name in ("infit", "outfit"):
        inside = wide.filter(pl.col(name).is_between(f"{name}_low", f"{name}_high"))
        assert inside.height > 0.8 * ITEMS
        assert wide.filter(pl.col(f"{name}_p") < 0.05).height == ITEMS - inside.height
        assert (wide[f"{name}_p_adjusted"] > wide[f"{name}_p"] - 1e-12).all()
        assert 0.7 < wide[f"{name}_low"].min() < wide[f"{name}_high"].max() < 1.5  # type: ignore[operator]
    assert checks.fit.height == calibration.fit.height + 8 * ITEMS


def test_overall_fit_by_form(checks: ModelChecks) -> None:
    row = checks.model_fit.row(0, named=True)
    assert (row["form_id"], row["n"], row["n_items"], row["df"]) == ("F1", PERSONS, 36, 36 * 37 // 2 - 37)
    assert row["p"] < 0.05  # the clues
    assert 0 < row["rmsea_low"] < row["rmsea"] < row["rmsea_high"] < 0.05
    assert row["remarks"] == "The model fits closely as a whole."


def test_the_same_seed_gives_the_same_and_none_gives_ranks_only(
    scored: ScoredResponses, calibration: Calibration
) -> None:
    one, two = (check_model(scored, calibration, fit_simulations=4, seed=3) for _ in range(2))
    assert one.fit.equals(two.fit)
    assert one.local_dependence.equals(two.local_dependence)
    none = check_model(scored, calibration, fit_simulations=0)
    assert none.local_dependence["p"].is_null().all()
    assert none.local_dependence.height == 20
    assert not none.local_dependence["suggestion"].is_in(["make them enemies", "look at both"]).any()
    assert none.fit.equals(calibration.fit)
    assert "--fit-simulations" in none.summary()


def test_leaving_deliveries_out_is_as_if_they_had_not_been_there(scored: ScoredResponses) -> None:
    log, items = programme()
    gone = {"D000": "guessed", "D007": "guessed"}
    fewer = exclude_deliveries(scored, gone, "person_misfit")
    wanted = score(log.filter(~pl.col("delivery_id").is_in(list(gone))), ItemBank.from_frame(items))
    assert fewer.deliveries.equals(wanted.deliveries)
    for block, other in zip(fewer.blocks, wanted.blocks, strict=True):
        for name in ("persons", "items", "scores", "choices", "statuses", "positions"):
            np.testing.assert_array_equal(getattr(block, name), getattr(other, name))
    assert fewer.provenance.n_deliveries == PERSONS - 2
    assert fewer.provenance.n_responses == wanted.provenance.n_responses
    assert fewer.exclusions.select("delivery_id", "rule", "reason", "rows").rows() == [
        ("D000", "person_misfit", "guessed", ITEMS),
        ("D007", "person_misfit", "guessed", ITEMS),
    ]
    assert fewer.provenance.exclusions == {"person_misfit": 2}
    assert fewer.provenance.data_hash != scored.provenance.data_hash
    assert exclude_deliveries(scored, {}, "person_misfit") is scored
    with pytest.raises(InputError, match="not there"):
        exclude_deliveries(scored, {"X": "?"}, "person_misfit")
    with pytest.raises(InputError, match="leaves nobody"):
        exclude_deliveries(scored, dict.fromkeys(scored.deliveries["delivery_id"], "?"), "person_misfit")


def test_several_populations_and_histograms(scored: ScoredResponses) -> None:
    half = scored.deliveries.with_columns(
        mode=pl.when(pl.col("delivery_id") < "D250").then(pl.lit("home")).otherwise(pl.lit("centre"))
    )
    from dataclasses import replace

    grouped = replace(scored, deliveries=half)
    checked = check_model(grouped, calibrate(grouped, "rasch", groups="mode"), fit_simulations=2)
    assert sorted(checked.model_fit["group"]) == ["centre", "home"]
    assert checked.model_fit["n"].to_list() == [250, 250]
    histogram = check_model(scored, calibrate(scored, "rasch", population="histogram"), fit_simulations=0)
    assert histogram.model_fit.is_empty()
    assert "histogram" in histogram.summary()


def test_five_items_leave_the_2pl_degrees_of_freedom(results_of: Callable[[str], Path]) -> None:
    x = pl.read_csv(results_of("LSAT7") / "data.csv").to_numpy()
    ids, answers = [f"I{j}" for j in range(5)], np.where(x == 1, "1", "0")
    people = np.repeat([f"c{i}" for i in range(len(x))], 5)
    log = pl.DataFrame({"candidate_id": people, "delivery_id": people, "item_id": ids * len(x)}).with_columns(
        response=pl.Series(answers.ravel()),
        form_id=pl.lit("F"),
        attempt=pl.lit("1"),
        status=pl.lit("answered"),
    )
    items = pl.DataFrame({"item_id": ids}).with_columns(
        domain=pl.lit("A"), status=pl.lit("scored"), key=pl.lit("1"), options=pl.lit("01")
    )
    answered = score(log, ItemBank.from_frame(items))
    row = check_model(answered, calibrate(answered, "2pl")).model_fit.row(0, named=True)
    wanted = json.loads((results_of("LSAT7") / "2pl" / "M2.json").read_text())
    assert row["df"] == wanted["df"]
    assert row["m2"] == pytest.approx(wanted["M2"], rel=1e-4)
    assert row["rmsea"] == pytest.approx(wanted["RMSEA"], rel=1e-3)
