"""Anchors that drifted or are uncertain, priors, populations: known truth through the whole call."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.calibration import DriftLimits, calibrate
from ciip_irt.errors import InputError, ScaleError
from ciip_irt.responses import ScoredResponses, score


def answers(
    theta: np.ndarray, items: pl.DataFrame, seed: int, form: str = "F", **columns: object
) -> pl.DataFrame:
    """Answers by the 2PL; key A, wrong answers B."""
    rng = np.random.default_rng(seed)
    a, b = items["a"].to_numpy(), items["b"].to_numpy()
    right = rng.random((len(theta), len(b))) < 1 / (1 + np.exp(a * (b - theta[:, None])))
    people = [f"{form}{i:05}" for i in range(len(theta))]
    return pl.DataFrame(
        {
            "candidate_id": np.repeat(people, len(b)),
            "delivery_id": np.repeat(people, len(b)),
            "attempt": "1",
            "form_id": form,
            "item_id": np.tile(items["item_id"].to_numpy(), len(theta)),
            "response": np.where(right, "A", "B").ravel(),
            "status": "answered",
            **columns,
        }
    )


def items_of(n: int, pilots: int, seed: int, *, slopes: bool = False, domains: str = "AB") -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "item_id": [f"I{j:03}" for j in range(n)],
            "domain": [domains[j % len(domains)] for j in range(n)],
            "status": ["scored"] * (n - pilots) + ["pilot"] * pilots,
            "key": "A",
            "options": "ABCD",
            "model": "2pl" if slopes else "rasch",
            "a": rng.lognormal(0, 0.25, n) if slopes else np.ones(n),
            "b": rng.normal(-0.5, 1, n),
            "se_a": 0.08 if slopes else None,
            "se_b": 0.08,
        }
    )


def without_pilots(items: pl.DataFrame) -> ItemBank:
    values = ("model", "a", "b", "se_a", "se_b")
    known = [pl.when(pl.col("status") == "scored").then(name).alias(name) for name in values]
    return ItemBank.from_frame(items.with_columns(known))


@pytest.fixture(scope="module")
def drifted() -> tuple[ScoredResponses, ItemBank, pl.DataFrame]:
    """60 anchors of which three are mislabelled by the bank, and 10 pilots; 800 candidates."""
    truth = items_of(70, 10, 1)
    log = answers(np.random.default_rng(2).normal(0.3, 0.8, 800), truth, 3)
    shift = pl.int_range(pl.len())
    wrong = truth.with_columns(
        b=pl.col("b")
        - pl.when(shift == 4).then(1.1).when(shift == 9).then(0.9).when(shift == 20).then(-1.0).otherwise(0)
    )
    bank = without_pilots(wrong)
    return score(log, bank), bank, truth


def test_drifted_anchors_are_dropped_listed_and_estimated_anew(
    drifted: tuple[ScoredResponses, ItemBank, pl.DataFrame],
) -> None:
    scored, bank, _ = drifted
    done = calibrate(scored, "rasch", anchors=bank)
    assert set(done.dropped) == {"I004", "I009", "I020"}
    assert done.anchors.height == 60
    row = done.anchors.row(by_predicate=pl.col("item_id") == "I004", named=True)
    assert row["decision"] == "dropped"
    assert row["why"].startswith("Dropped: harder by 1.")
    assert row["displacement"] == pytest.approx(1.1, abs=0.25)
    assert row["free_b"] == pytest.approx(row["b"] + row["displacement"])
    assert row["free_b"] == pytest.approx(done.parameters_array[4, 1])
    assert not done.fixed[4]
    assert done.standard_errors[4, 1] > 0
    assert any("3 of 60 anchors" in sentence for sentence in done.warnings)
    kept = done.anchors.filter(pl.col("decision") == "kept")
    assert (kept["free_b"] - kept["b"] - kept["displacement"]).abs().max() < 1e-9  # type: ignore[operator]
    record = done.parameters_of_record
    assert record[4, 1] == pytest.approx(row["b"])
    np.testing.assert_array_equal(record[10:20], done.parameters_array[10:20])


def test_a_value_that_no_drift_explains_is_no_record() -> None:
    truth = items_of(40, 5, 5)
    log = answers(np.random.default_rng(6).normal(0, 0.8, 500), truth, 7)
    slip = pl.when(pl.col("item_id") == truth["item_id"][3]).then(245.0).otherwise("b").alias("b")
    bank = without_pilots(truth.with_columns(slip))
    done = calibrate(score(log, bank), "rasch", anchors=bank)
    place = done.item_ids.index(truth["item_id"][3])
    assert done.anchors.filter(pl.col("b") == 245.0)["decision"].to_list() == ["dropped"]
    assert done.parameters_of_record[place, 1] == done.parameters_array[place, 1]
    assert abs(done.parameters_of_record[place, 1] - truth["b"][3]) < 0.6


def test_new_items_are_nearer_to_the_truth_without_drifted_anchors() -> None:
    """Ten of sixty anchors became easier; held, they carry the population and all new items with them."""
    truth = items_of(70, 10, 5)
    log = answers(np.random.default_rng(6).normal(0, 0.8, 1500), truth, 7)
    moved = pl.when(pl.int_range(pl.len()) < 10).then(1.2).otherwise(0.0)
    bank = without_pilots(truth.with_columns(b=pl.col("b") + moved))
    scored = score(log, bank)
    b = truth["b"].to_numpy()[60:]
    bias = {
        purify: float(
            (calibrate(scored, "rasch", anchors=bank, purify=purify).parameters_array[60:, 1] - b).mean()
        )
        for purify in (True, False)
    }
    assert bias[False] > 0.12
    assert abs(bias[True]) < 0.06


def test_on_request_they_are_reported_only(drifted: tuple[ScoredResponses, ItemBank, pl.DataFrame]) -> None:
    scored, bank, _ = drifted
    done = calibrate(scored, "rasch", anchors=bank, purify=False)
    assert done.dropped == []
    assert done.fixed.sum() == 60
    drifting = done.anchors.filter(pl.col("why").str.starts_with("Drifted"))
    assert drifting["item_id"].to_list() == done.anchors.filter("drifted")["item_id"].to_list()
    assert set(drifting["item_id"]) == {"I004", "I009", "I020"}
    assert drifting["why"].str.contains("kept because dropping was not asked for").all()
    assert any("still hold the scale" in sentence for sentence in done.warnings)
    assert "reported only" in done.provenance.settings["drift"]


def test_limits_can_be_set_and_domains_keep_their_anchors(
    drifted: tuple[ScoredResponses, ItemBank, pl.DataFrame],
) -> None:
    scored, bank, _ = drifted
    assert calibrate(scored, "rasch", anchors=bank, drift=DriftLimits(displacement=2.0)).dropped == []
    alone = bank.items.with_columns(
        domain=pl.when(pl.col("item_id") == "I004").then(pl.lit("Z")).otherwise("domain")
    )
    done = calibrate(score_again(scored, alone), "rasch", anchors=ItemBank.from_frame(alone))
    assert set(done.dropped) == {"I009", "I020"}
    why = done.anchors.row(by_predicate=pl.col("item_id") == "I004", named=True)["why"]
    assert "too few anchors would stay" in why


def score_again(scored: ScoredResponses, items: pl.DataFrame) -> ScoredResponses:
    from dataclasses import replace

    return replace(scored, items=scored.items.with_columns(domain=items["domain"]))


def test_the_bank_s_errors_count_and_their_absence_is_said(
    drifted: tuple[ScoredResponses, ItemBank, pl.DataFrame],
) -> None:
    scored, bank, _ = drifted
    known = calibrate(scored, "rasch", anchors=bank)
    exact = calibrate(
        scored,
        "rasch",
        anchors=ItemBank.from_frame(bank.items.with_columns(se_b=pl.lit(None, dtype=pl.Float64))),
    )
    new = slice(60, 70)
    assert (known.standard_errors[new, 1] > exact.standard_errors[new, 1]).all()
    assert known.population["se_mean"][0] > exact.population["se_mean"][0]
    assert any("no standard errors for the anchors" in sentence for sentence in exact.warnings)
    assert not any("no standard error" in sentence for sentence in known.warnings)


def test_priors_of_the_bank_for_models_with_slopes() -> None:
    truth = items_of(60, 12, 11, slopes=True)
    bank = without_pilots(truth)
    scored = score(answers(np.random.default_rng(12).normal(0, 1, 120), truth, 13), bank)
    slopes = truth["a"].to_numpy()[48:]
    away = {}
    for kind in ("default", "bank", "none"):
        done = calibrate(scored, "2pl", anchors=bank, priors=kind)
        away[kind] = np.sqrt(np.mean(np.log(np.maximum(done.parameters_array[48:, 0], 0.05) / slopes) ** 2))
        if kind != "none":
            assert "from 48 scored items of the bank" in str(done.provenance.settings["priors"])
    assert away["default"] == away["bank"] < 0.7 * away["none"]
    assert calibrate(scored, "2pl").provenance.settings["priors"] == "none"
    with pytest.raises(InputError, match="nothing holds it here"):
        calibrate(scored, "2pl", priors="bank")
    with pytest.raises(InputError, match="unknown priors"):
        calibrate(scored, "2pl", priors="flat")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def two_groups() -> tuple[ScoredResponses, ItemBank]:
    truth = items_of(40, 0, 21)
    rng = np.random.default_rng(22)
    log = pl.concat(
        [
            answers(rng.normal(0.8, 0.5, 400), truth, 23, "X", delivered_at="2025-01-01"),
            answers(rng.normal(-0.4, 1.0, 300), truth, 24, "Y", delivered_at="2025-02-01"),
        ]
    )
    bank = ItemBank.from_frame(truth)
    people = log.select("delivery_id", "candidate_id", "form_id", "attempt").unique(maintain_order=True)
    mode = people.with_columns(
        mode=pl.when(pl.col("form_id") == "X").then(pl.lit("centre")).otherwise(pl.lit("online"))
    )
    return score(log, bank, candidates=mode), bank


def test_groups_have_populations_of_their_own(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = two_groups
    done = calibrate(scored, "rasch", anchors=bank, groups="mode")
    rows = {row["group"]: row for row in done.population.iter_rows(named=True)}
    assert list(rows) == ["centre", "online"]
    assert rows["centre"]["mean"] == pytest.approx(0.8, abs=0.1)
    assert rows["online"]["mean"] == pytest.approx(-0.4, abs=0.15)
    assert rows["online"]["sd"] == pytest.approx(1.0, abs=0.12)
    assert done.mean == pytest.approx((400 * rows["centre"]["mean"] + 300 * rows["online"]["mean"]) / 700)
    free = calibrate(scored, "rasch", groups="mode").population
    assert free["mean"][0] == 0.0  # the largest group is the reference
    assert free["mean"][1] == pytest.approx(-1.2, abs=0.15)
    one = calibrate(scored, "rasch", anchors=bank)
    assert done.log_likelihood > one.log_likelihood + 20


def test_abilities_by_group_and_by_method(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = two_groups
    tables = {
        m: calibrate(scored, "rasch", anchors=bank, groups="mode", ability=m).abilities
        for m in ("eap", "wle", "ml")
    }
    assert tables["eap"]["theta"].equals(tables["eap"]["theta_eap"], check_names=False)
    for name in ("wle", "ml"):
        assert (tables[name]["method"] == name).all()
        np.testing.assert_allclose(tables[name]["theta_eap"], tables["eap"]["theta"])
    by_total = tables["wle"].group_by("total").agg(pl.col("theta").round(6).n_unique())
    assert (by_total["theta"] == 1).all()  # no population enters
    spread = {name: float(table["theta"].drop_nulls().std()) for name, table in tables.items()}  # type: ignore[arg-type]
    assert spread["eap"] < spread["wle"]


def test_columns_that_make_no_groups(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = two_groups
    with pytest.raises(InputError, match="Did you mean 'mode'"):
        calibrate(scored, "rasch", anchors=bank, groups="mod")
    with pytest.raises(InputError, match="no column 'candidate_id' to group"):
        calibrate(scored, "rasch", anchors=bank, groups="candidate_id")


def test_a_histogram_of_two_humps() -> None:
    truth = items_of(50, 0, 31)
    rng = np.random.default_rng(32)
    theta = np.concatenate((rng.normal(-1.6, 0.4, 700), rng.normal(1.4, 0.4, 500)))
    bank = ItemBank.from_frame(truth)
    scored = score(answers(theta, truth, 33), bank)
    done = calibrate(scored, "rasch", anchors=bank, population="histogram")
    assert done.population["shape"].to_list() == ["histogram"]
    points = done.population_points
    assert points["weight"].sum() == pytest.approx(1.0)
    middle = points.filter(pl.col("theta").is_between(-0.5, 0.4))["weight"].sum()
    left = points.filter(pl.col("theta") < -0.5)["weight"].sum()
    assert middle < 0.06
    assert left == pytest.approx(7 / 12, abs=0.04)
    normal = calibrate(scored, "rasch", anchors=bank)
    assert done.log_likelihood > normal.log_likelihood + 50
    order = np.array([int(name[1:]) for name in done.abilities["delivery_id"]])
    error = {
        name: np.sqrt(np.mean((one.abilities["theta"].to_numpy() - theta[order]) ** 2))
        for name, one in (("histogram", done), ("normal", normal))
    }
    assert error["histogram"] < error["normal"]
    assert normal.population_points.is_empty()


def test_scales_are_guarded_in_all_directions(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = two_groups
    with pytest.raises(ScaleError, match=r"anchors have D = 1, the calibration asked for has D = 1\.7"):
        calibrate(scored, "rasch", anchors=bank, D=1.7)
    with pytest.raises(ScaleError, match="anchors are on scale 'bank', the one asked for is 'mine'"):
        calibrate(scored, "rasch", anchors=bank, scale_id="mine")
    other = ItemBank.from_frame(bank.items.with_columns(D=pl.lit(1.7)))
    with pytest.raises(ScaleError, match=r"both on scale 'bank', but the anchors are rasch with D = 1\.7"):
        calibrate(scored, "rasch", anchors=other)
    renamed = ItemBank.from_frame(bank.items.with_columns(D=pl.lit(1.7), scale_id=pl.lit("elsewhere")))
    assert calibrate(scored, "rasch", anchors=renamed).scale.scale_id == "elsewhere"
    with pytest.raises(ScaleError, match="calibrated with rasch"):
        calibrate(scored, "3pl", anchors=bank)


def test_advice_names_what_the_command_has(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    scored, _ = two_groups
    stopped = calibrate(scored, "2pl", max_iterations=2)
    assert stopped.converged is False
    advice = stopped.warnings[0]
    for option in ("--priors", "--model", "--max-iterations 1000"):
        assert option in advice
    short = " ".join(calibrate(scored, "3pl", max_iterations=40).warnings)
    assert "fewer than 1,000 answers" in short
    assert "answers each would do" in short
    assert "rasch (about 100)" in short


def test_girth_knows_one_population(two_groups: tuple[ScoredResponses, ItemBank]) -> None:
    with pytest.raises(InputError, match="one normal population"):
        calibrate(two_groups[0], "rasch", engine="girth", groups="mode")


def test_intervals_stand_beside_the_estimates_and_allow_for_the_anchors() -> None:
    truth = items_of(60, 12, 11, slopes=True)
    bank = without_pilots(truth)
    exact = ItemBank.from_frame(bank.items.with_columns(se_a=pl.lit(None, pl.Float64), se_b=None))
    scored = score(answers(np.random.default_rng(12).normal(0, 1, 400), truth, 13), bank)
    new = slice(48, 60)
    width = {}
    for priors in ("none", "bank"):
        for name, anchors in (("uncertain", bank), ("exact", exact)):
            done = calibrate(scored, "2pl", anchors=anchors, priors=priors, purify=False)
            width[priors, name] = (done.high - done.low)[new, :2]
            assert np.isnan(done.low[:48]).all()
            assert np.isnan(done.high[:48]).all()
            table = done.parameters.filter(~pl.col("fixed"))
            assert (table["low"] < table["estimate"]).all()
            assert (table["estimate"] < table["high"]).all()
            if priors == "none":
                error, b = done.standard_errors[new, 1], done.parameters_array[new, 1]
                np.testing.assert_allclose(done.low[new, 1], b - 1.959964 * error, atol=1e-5)
                a = table.filter(pl.col("parameter") == "a")  # a slope's interval is even in its root
                roots = a.select(pl.col("low", "estimate", "high").sqrt())
                np.testing.assert_allclose(
                    roots["high"] - roots["estimate"], roots["estimate"] - roots["low"], rtol=1e-6
                )
    # with priors the bank's errors also say how far its own slopes and difficulties spread
    assert (width["none", "uncertain"] > width["none", "exact"]).all()
