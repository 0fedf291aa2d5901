"""Bank values that cannot hold a scale are noticed before they do, with the conversion that mends them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank, read_bank
from ciip_irt.calibration.anchoring.anchor_set import AnchorSet, examine_anchor_set
from ciip_irt.calibration.anchoring.anchors import HeldAnchors, anchors_of
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.linking import compare_scales
from ciip_irt.responses import ingest, score

CASES = Path(__file__).resolve().parents[1] / "cases"


def examined(log: Path, items: Path, change=lambda items: items) -> AnchorSet:
    bank = read_bank(items)
    scored = score(ingest(log, bank=bank).responses, bank)
    changed = ItemBank.from_frame(change(bank.items))
    blocks = scored.response_blocks()
    return examine_anchor_set(
        blocks, anchors_of(scored, changed, blocks), scored.item_ids, bank.scale.model, bank.scale.D
    )


REVERSED = CASES / "anchors_reversed"


def b(expression):
    return lambda items: items.with_columns(b=expression(pl.col("b")))


def shuffled(items: pl.DataFrame) -> pl.DataFrame:
    """The column of difficulties in another order."""
    known = items["b"].is_not_null()
    values = items.filter(known).select("item_id", b=pl.col("b").shuffle(seed=3))
    return items.drop("b").join(values, on="item_id", how="left", maintain_order="left")


def test_the_right_bank_belongs() -> None:
    assert examined(REVERSED / "log.csv", REVERSED / "bank_right.csv").concerns == ()


@pytest.mark.parametrize(
    ("bank", "change", "words"),
    [
        ("bank_reversed.csv", None, "With the signs turned"),
        ("bank_times_1.7.csv", None, "Divided by 1.7 they"),
        ("bank_right.csv", b(lambda x: x / 1.7), "Multiplied by 1.7 they"),
        ("bank_right.csv", b(lambda x: -1.7 * x), "Divided by 1.7 with the signs turned"),
        ("bank_right.csv", b(lambda x: 500 + 100 * x), "reporting scale: (b - 500) /"),
        ("bank_right.csv", b(lambda x: 1 / (1 + x.exp())), "p values"),
        ("bank_right.csv", shuffled, "sorted apart"),
    ],
)
def test_banks_of_another_scale_are_told_with_the_conversion(bank: str, change, words: str) -> None:
    found = examined(REVERSED / "log.csv", REVERSED / bank, *([] if change is None else [change]))
    (concern,) = found.concerns
    assert concern.stops
    assert words in concern.remedy


@pytest.mark.parametrize("factor", [100, -100, 1000, 10_000])
def test_a_lost_decimal_point_is_told_and_does_not_hold(factor: int) -> None:
    def lost(items: pl.DataFrame) -> pl.DataFrame:
        return items.with_columns(
            b=pl.when(pl.col("item_id") == "Q03").then(pl.col("b") * factor).otherwise("b")
        )

    found = examined(REVERSED / "log.csv", REVERSED / "bank_right.csv", lost)
    (concern,) = found.concerns
    assert concern.names == ("Q03",)
    assert not concern.stops
    assert found.wild.sum() == 1


def test_small_samples_raise_no_alarm() -> None:
    """Sixty candidates: difficulties err by a third of a logit, and the slope of the regression by .1."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        b = rng.normal(0, 0.8, 25)
        noise = np.column_stack((np.ones(25), b + rng.normal(0, 0.33, 25)))
        known = np.column_stack((np.ones(25), b + rng.normal(0, 0.1, 25)))
        found = compare_scales(known, noise, np.full((25, 2), 0.33), slopes_vary=False)
        assert found.belongs
        assert found.same_unit
        assert not found.wild.any()


def test_ordinary_drift_raises_no_alarm() -> None:
    rng = np.random.default_rng(4)
    b = rng.normal(0, 1, 100)
    moved = b + np.where(np.arange(100) % 5 == 0, rng.choice([-1.2, 1.2], 100), 0) + rng.normal(0, 0.1, 100)
    found = compare_scales(*(np.column_stack((np.ones(100), x)) for x in (b, moved)), np.full((100, 2), 0.1),
                           slopes_vary=False)  # fmt: skip
    assert found.belongs
    assert found.same_unit
    assert found.displaced == pytest.approx(0.2, abs=0.03)


def test_guessing_is_no_other_unit() -> None:
    """Curves that start at .2 look flatter without their c; with the right c held nothing is to be said."""
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(-0.1, 0.3, 15), np.linspace(-1.5, 1.5, 15)
    theta = rng.normal(0.3, 0.9, 1500)
    p = 0.2 + 0.8 / (1 + np.exp(-1.7 * a * (theta[:, None] - b)))
    block = ResponseBlock(np.arange(15), (rng.random(p.shape) < p).astype(np.int8))
    values = np.column_stack((a, b, np.full(15, 0.2)))
    anchors = HeldAnchors(np.ones(15, dtype=np.bool_), values, np.full((15, 3), np.nan))
    ids = [f"Q{j}" for j in range(15)]
    assert examine_anchor_set([block], anchors, ids, "3pl", 1.7).concerns == ()
    (concern,) = examine_anchor_set([block], anchors, ids, "3pl", 1.0).concerns
    assert "1.7" in concern.remedy
