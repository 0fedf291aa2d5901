"""What an estimation warns of, read as the person who has to act on it."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.responses import score


def calibrated(
    right: np.ndarray,
    model: str = "rasch",
    *,
    role: str = "scored",
    bank: pl.DataFrame | None = None,
    **settings: object,
) -> Calibration:
    """A calibration of a table of right (1) and wrong (0) answers; anchored where a ``bank`` is given."""
    people, items = right.shape
    ids = [f"I{j:03}" for j in range(items)]
    log = pl.DataFrame(
        {
            "candidate_id": np.repeat([f"C{i:03}" for i in range(people)], items),
            "delivery_id": np.repeat([f"C{i:03}" for i in range(people)], items),
            "attempt": "1",
            "form_id": "F",
            "item_id": ids * people,
            "response": np.where(right.ravel() == 1, "A", "B"),
            "status": "answered",
        }
    )
    known = pl.DataFrame({"item_id": ids, "domain": "A", "status": role, "key": "A", "options": "ABCD"})
    if bank is not None:
        known = known.with_columns(bank)
        settings["anchors"] = ItemBank.from_frame(known)
    modes = pl.DataFrame({"delivery_id": [f"C{i:03}" for i in range(people)]}).with_columns(
        candidate_id=pl.col("delivery_id"),
        form_id=pl.lit("F"),
        attempt=pl.lit("1"),
        place=pl.int_range(people).map_elements(lambda i: f"town {max(i - 50, 0)}", return_dtype=pl.String),
        mode=pl.when(pl.col("delivery_id") == "C000").then(pl.lit("online")).otherwise(pl.lit("centre")),
    )
    return calibrate(score(log, ItemBank.from_frame(known), candidates=modes), model, **settings)  # type: ignore[arg-type]


def simulated(people: int, items: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    b = np.linspace(-1, 1, items)
    return (rng.random((people, items)) < 1 / (1 + np.exp(b - rng.normal(size=(people, 1))))).astype(int)


def test_estimates_at_the_edge_are_named() -> None:
    done = calibrated(simulated(3, 10), "2pl")
    edge = next(said for said in done.warnings if said.startswith("At the edge of the range:"))
    stuck = done.parameters.filter(pl.col("se").is_null() & pl.col("estimate").is_not_null())["item_id"]
    assert all(item in stuck.to_list() for item in edge.removesuffix(".").split(": ")[1].split(", ")[:3])


@pytest.mark.parametrize(("model", "n_right"), [("rasch", 12), ("2pl", 25)])
def test_no_number_is_promised_where_answers_alone_will_not_do(model: str, n_right: int) -> None:
    right = (np.arange(50) < n_right).astype(int)[:, None]  # one item says nothing of how abilities spread
    said = calibrated(right, model).summary()
    assert "1 of 1 estimated item is less certain" in said
    assert "answers alone will not do" in said
    assert "nine in ten" not in said
    assert ",000,000" not in said


def test_scales_of_two_free_calibrations_have_two_names() -> None:
    first, same, other = (calibrated(simulated(60, 10, seed)).scale.scale_id for seed in (1, 1, 2))
    assert first == same
    assert first != other
    assert first.startswith("free-")
    assert calibrated(simulated(60, 10), scale_id="spring").scale.scale_id == "spring"


def test_abilities_from_nothing_are_told() -> None:
    said = calibrated(simulated(60, 10), role="pilot").summary()
    assert "60 candidates answered no scored item that has a difficulty" in said
    assert "no scored item that" not in calibrated(simulated(60, 10)).summary()


def test_priors_that_are_there_are_not_advised() -> None:
    truth = pl.DataFrame({"b": np.linspace(-2, 2, 40), "a": 1.0, "model": "2pl"})
    truth = truth.with_columns(status=pl.Series(["scored"] * 32 + ["pilot"] * 8))
    held = truth.with_columns(
        pl.when(pl.col("status") == "scored").then("b").alias("b"),
        pl.when(pl.col("status") == "scored").then("a").alias("a"),
    )
    for kind, advised in (("bank", False), ("none", True)):
        done = calibrated(simulated(80, 40), "2pl", bank=held, priors=kind)
        short = next(said for said in done.warnings if "fewer than 500 answers" in said)
        assert ("--priors bank" in short) is advised


def test_populations_have_names() -> None:
    said = calibrated(simulated(60, 10), groups="mode").summary()
    assert "The population 'online' comes out with almost no spread" in said
    small = calibrated(simulated(60, 10), groups="place").summary()
    assert small.count("almost no spread") == 1
    assert "come out with almost no spread each: their answers" in small
    alike = np.tile([1, 0], (40, 5))
    alike[::2] = 1 - alike[::2]
    assert "The population comes out with almost no spread" in calibrated(alike).summary()


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        ("rasch", "Try in this order: --priors bank with anchors, --max-iterations 1000."),
        (
            "3pl",
            "Try in this order: a model with fewer parameters (--model 2pl or rasch), --max-iterations 1000.",
        ),
    ],
)
def test_advice_does_not_name_what_is_already_done(model: str, advice: str) -> None:
    done = calibrated(simulated(200, 10), model, max_iterations=1)
    assert not done.converged
    assert done.warnings[0].endswith(advice)
    assert "in 1 iteration (" in done.warnings[0]
    assert "NOT converged after 1 iteration." in done.summary()
