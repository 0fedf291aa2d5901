"""Calibration: known truth, anchors, scales, designs that cannot be calibrated."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank, Scale
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.errors import DesignError, InputError, ScaleError
from ciip_irt.responses import ScoredResponses, score


def log_of(theta: np.ndarray, items: pl.DataFrame, form: str, seed: int, first: int = 0) -> pl.DataFrame:
    """Answers of persons to items by the Rasch model; key A, wrong answers B."""
    rng = np.random.default_rng(seed)
    b = items["b"].to_numpy()
    right = rng.random((len(theta), len(b))) < 1 / (1 + np.exp(b - theta[:, None]))
    people = [f"d{first + i:05}" for i in range(len(theta))]
    return pl.DataFrame(
        {
            "candidate_id": np.repeat(people, len(b)),
            "delivery_id": np.repeat(people, len(b)),
            "attempt": "1",
            "form_id": form,
            "item_id": np.tile(items["item_id"].to_numpy(), len(theta)),
            "response": np.where(right, "A", "B").ravel(),
            "status": "answered",
        }
    )


def bank_of(b: np.ndarray, pilots: int = 0, **columns: object) -> pl.DataFrame:
    status = ["scored"] * (len(b) - pilots) + ["pilot"] * pilots
    return pl.DataFrame(
        {
            "item_id": [f"I{j:03}" for j in range(len(b))],
            "domain": "A",
            "status": status,
            "key": "A",
            "options": "ABCD",
            "b": b,
            **columns,
        }
    )


@pytest.fixture(scope="module")
def anchored() -> tuple[Calibration, np.ndarray]:
    """Able candidates (mean .8, SD .7), 60 anchors, 10 pilots whose b the bank does not know."""
    rng = np.random.default_rng(5)
    b = rng.normal(0, 1, 70)
    truth = bank_of(b, pilots=10)
    known = ItemBank.from_frame(truth.with_columns(b=pl.when(pl.col("status") == "scored").then("b")))
    log = log_of(rng.normal(0.8, 0.7, 1500), truth, "F", 6)
    return calibrate(score(log, known), "rasch", anchors=known), b


def test_anchored_estimates_are_on_the_bank_scale(anchored: tuple[Calibration, np.ndarray]) -> None:
    calibration, b = anchored
    found, errors = calibration.parameters_array[60:, 1], calibration.standard_errors[60:, 1]
    z = (found - b[60:]) / errors
    assert np.abs(z).max() < 3.5
    assert abs(z.mean()) < 1.0
    assert calibration.mean == pytest.approx(0.8, abs=0.08)
    assert calibration.sd == pytest.approx(0.7, abs=0.06)


def test_anchors_stay_where_they_are(anchored: tuple[Calibration, np.ndarray]) -> None:
    calibration, b = anchored
    np.testing.assert_array_equal(calibration.parameters_array[:60, 1], b[:60])
    assert calibration.fixed[:60].all()
    assert not calibration.fixed[60:].any()
    assert np.isnan(calibration.standard_errors[:60, 1]).all()


def test_displacement_finds_the_anchor_that_moved() -> None:
    rng = np.random.default_rng(8)
    b = rng.normal(0, 1, 40)
    log = log_of(rng.normal(0, 0.8, 1200), bank_of(b), "F", 9)
    wrong = b.copy()
    wrong[7] -= 1.0
    bank = ItemBank.from_frame(bank_of(wrong))
    calibration = calibrate(score(log, bank), "rasch", anchors=bank)
    moved = calibration.fit.filter(pl.col("statistic") == "displacement").sort("value")
    assert moved["item_id"][-1] == "I007"
    assert moved["value"][-1] == pytest.approx(1.0, abs=0.25)
    others = moved.filter(pl.col("item_id") != "I007")["value"].abs()
    assert others.max() < 0.35  # type: ignore[operator]
    assert any("I007" in warning for warning in calibration.warnings)


def test_five_candidates_accuse_no_anchor() -> None:
    rng = np.random.default_rng(8)
    bank = ItemBank.from_frame(bank_of(rng.normal(0, 1, 100)))
    calibration = calibrate(
        score(log_of(rng.normal(0, 1, 5), bank.items, "F", 9), bank), "rasch", anchors=bank
    )
    displaced = calibration.fit.filter(pl.col("statistic") == "displacement")["value"].abs()
    assert (displaced > 0.5).sum() > 20
    assert [warning for warning in calibration.warnings if "displaced" in warning] == []


def test_the_standard_error_of_a_displacement_holds() -> None:
    rng = np.random.default_rng(21)
    bank = ItemBank.from_frame(bank_of(rng.normal(0, 1, 60)))
    z = []
    for seed in range(4):
        log = log_of(rng.normal(0, 1, 250), bank.items, "F", seed)
        fit = calibrate(score(log, bank), "rasch", anchors=bank).fit.pivot(
            on="statistic", index="item_id", values="value"
        )
        z += (fit["displacement"] / fit["displacement_se"]).to_list()
    assert np.std(z) == pytest.approx(1.0, abs=0.12)
    assert abs(np.mean(z)) < 0.15


def test_observed_proportions_add_up(anchored: tuple[Calibration, np.ndarray]) -> None:
    calibration, _ = anchored
    observed = calibration.observed_proportions
    by_item = observed.group_by("item_id").agg(
        n=pl.col("n").sum(),
        right=(pl.col("observed") * pl.col("n")).sum(),
        expected=(pl.col("expected") * pl.col("n")).sum(),
    )
    assert (by_item["n"] == 1500).all()
    assert ((by_item["right"] - by_item["expected"]).abs() < 75).all()
    assert (observed["low"] <= observed["observed"]).all()
    assert (observed["high"] >= observed["observed"]).all()


def test_abilities_follow_the_totals_under_rasch(anchored: tuple[Calibration, np.ndarray]) -> None:
    abilities = anchored[0].abilities
    by_total = abilities.group_by("total").agg(spread=pl.col("theta").max() - pl.col("theta").min())
    assert by_total["spread"].max() < 1e-8  # type: ignore[operator]


def two_forms(common: int) -> tuple[ScoredResponses, ItemBank]:
    rng = np.random.default_rng(3)
    truth = bank_of(rng.normal(0, 1, 40))
    first, second = truth.head(20), truth.slice(20 - common)
    logs = [
        log_of(rng.normal(0, 1, 300), first, "X", 1),
        log_of(rng.normal(1, 1, 300), second, "Y", 2, first=300),
    ]
    bank = ItemBank.from_frame(truth.with_columns(b=pl.lit(None, dtype=pl.Float64)))
    return score(pl.concat(logs), bank), ItemBank.from_frame(truth)


def test_forms_without_common_items_are_refused_by_name() -> None:
    scored, _ = two_forms(common=0)
    with pytest.raises(DesignError) as caught:
        calibrate(scored, "rasch")
    said = str(caught.value)
    for expected in ("2 parts", "20 items", "300 candidates", "forms X", "forms Y", "--anchors bank"):
        assert expected in said


def test_common_items_or_anchors_connect() -> None:
    scored, _ = two_forms(common=5)
    assert calibrate(scored, "rasch").converged
    scored, bank = two_forms(common=0)
    assert calibrate(scored, "rasch", anchors=bank).converged


def test_a_part_without_anchors_is_refused() -> None:
    scored, bank = two_forms(common=0)
    first_half = bank.items.with_columns(b=pl.when(pl.int_range(pl.len()) < 20).then("b"))
    with pytest.raises(DesignError, match="0 anchors"):
        calibrate(scored, "rasch", anchors=ItemBank.from_frame(first_half))


@pytest.mark.parametrize(("theta", "said"), [(40.0, "80 answers to anchors are right"), (-40.0, "wrong")])
def test_candidates_without_a_limit_are_refused(theta: float, said: str) -> None:
    items = bank_of(np.zeros(10), pilots=2)
    bank = ItemBank.from_frame(items)
    scored = score(log_of(np.full(10, theta), items, "F", 1), bank)
    with pytest.raises(DesignError, match=said):
        calibrate(scored, "rasch", anchors=bank)


def test_models_and_scales_are_never_mixed() -> None:
    scored, bank = two_forms(common=5)
    with pytest.raises(ScaleError, match="calibrated with rasch"):
        calibrate(scored, "2pl", anchors=bank)
    with pytest.raises(ScaleError, match="no item of the bank has parameters"):
        calibrate(scored, "rasch", anchors=ItemBank.from_frame(bank.items.with_columns(b=None)))
    with pytest.raises(ScaleError, match="several scaling constants"):
        ItemBank.from_frame(
            bank.items.with_columns(D=pl.when(pl.int_range(pl.len()) < 3).then(1.7).otherwise(1.0))
        )
    with pytest.raises(InputError, match="unknown model"):
        calibrate(scored, "4pl")
    with pytest.raises(InputError, match="unknown model 'pcm'"):
        calibrate(scored, "pcm")


def test_the_scale_of_the_bank_is_kept() -> None:
    scored, bank = two_forms(common=5)
    metric = ItemBank.from_frame(
        bank.items.with_columns(D=pl.lit(1.7), scale_id=pl.lit("base"), model=pl.lit("rasch"))
    )
    calibration = calibrate(scored, "rasch", anchors=metric)
    assert calibration.scale == Scale("base", "rasch", 1.7)
    assert set(calibration.parameters["D"]) == {1.7}
    free = calibrate(scored, "2pl", D=1.7, scale_id="mine")
    plain = calibrate(scored, "2pl")
    np.testing.assert_allclose(free.parameters_array[:, 0] * 1.7, plain.parameters_array[:, 0], rtol=1e-3)
    assert free.scale == Scale("mine", "2pl", 1.7)


def test_small_samples_are_said() -> None:
    rng = np.random.default_rng(2)
    truth = bank_of(rng.normal(0, 1, 30))
    bank = ItemBank.from_frame(truth.with_columns(b=None))
    calibration = calibrate(score(log_of(rng.normal(0, 1, 60), truth, "F", 4), bank), "rasch")
    assert any("fewer than 100 answers" in warning for warning in calibration.warnings)


def test_a_calibration_cannot_be_changed(anchored: tuple[Calibration, np.ndarray]) -> None:
    with pytest.raises(AttributeError):
        anchored[0].mean = 0.0  # type: ignore[misc]
    assert replace(anchored[0], mean=0.0).mean == 0.0
