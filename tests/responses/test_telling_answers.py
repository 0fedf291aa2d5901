"""Cells that say nothing about a pilot: not reached, invalid, too fast. Scored items stay as they are."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.arrays import MISSING
from ciip_irt.bank import ItemBank
from ciip_irt.calibration import calibrate
from ciip_irt.item_analysis import check_keys, dif_between_groups
from ciip_irt.pilots import review_pilots
from ciip_irt.responses import ScoredResponses, keep_telling_answers, score, untelling_answers

N = 160
SCORED = [f"S{k:02d}" for k in range(20)]
B = np.linspace(-2, 1, 20)


def programme(spoil: bool) -> tuple[ScoredResponses, ItemBank]:
    """Four pilots with the same true curve; of three of them 40 candidates' answers tell nothing."""
    rng = np.random.default_rng(3)
    theta = rng.normal(size=N)
    rows = []
    for i in range(N):
        for k, name in enumerate([*SCORED, "P1", "P2", "P3", "P4"]):
            b = B[k] if k < 20 else -0.5
            right = rng.random() < 1 / (1 + np.exp(-1.2 * (theta[i] - b)))
            letter = "A" if right else "BCD"[rng.integers(3)]
            time = float(rng.uniform(30, 90))
            response, status = letter, "answered"
            if spoil and i < 40:
                if name == "P2":
                    response, status = None, "not_reached"
                elif name == "P3":
                    response, status = "E", "invalid"
                elif name == "P4":
                    time, response = 2.0, "ABCD"[rng.integers(4)]
            group = "centre" if i % 2 else "online"
            rows.append((f"c{i:03d}", name, response, status, time, group))
    schema = ["candidate_id", "item_id", "response", "status", "time_s", "delivery_mode"]
    log = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("F")
    )
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": [*SCORED, "P1", "P2", "P3", "P4"], "domain": "A",
             "status": ["scored"] * 20 + ["pilot"] * 4, "key": "A", "options": "ABCD",
             "model": ["2pl"] * 20 + [None] * 4, "a": [1.2] * 20 + [None] * 4,
             "b": [*B.tolist(), *[None] * 4]}
        )
    )  # fmt: skip
    people = log.unique("delivery_id", maintain_order=True).select("delivery_id", "delivery_mode")
    return score(log.drop("delivery_mode"), bank, candidates=people), bank


@pytest.fixture(scope="module")
def spoilt() -> tuple[ScoredResponses, ItemBank]:
    return programme(True)


def test_each_kind_is_counted_and_taken_out(spoilt: tuple[ScoredResponses, ItemBank]) -> None:
    scored, _ = spoilt
    counts = dict(zip(scored.item_ids, untelling_answers(scored), strict=True))
    assert (counts["P2"].not_reached, counts["P3"].invalid, counts["P4"].too_fast) == (40, 40, 40)
    assert [counts[name].n for name in ("P1", "P2", "P3", "P4")] == [0, 40, 40, 40]
    assert counts["S00"].administered == 0  # a scored item is no pilot
    kept = keep_telling_answers(scored)
    after = {name: np.sum(kept.blocks[0].scores[:, j] != MISSING) for j, name in enumerate(scored.item_ids)}
    assert [after[name] for name in ("S00", "P1", "P2", "P3", "P4")] == [N, N, N - 40, N - 40, N - 40]
    assert (kept.totals == scored.totals).all()
    again = keep_telling_answers(kept)
    assert all((x.scores == y.scores).all() for x, y in zip(again.blocks, kept.blocks, strict=True))
    whole, _ = programme(False)
    assert keep_telling_answers(whole) is whole


def test_the_scoring_rule_makes_no_difference_to_a_pilot(spoilt: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = spoilt
    review = review_pilots(scored, bank)
    rows = {row["item_id"]: row for row in review.evidence.iter_rows(named=True)}
    assert [rows[name]["n"] for name in ("P1", "P2", "P3", "P4")] == [N, N - 40, N - 40, N - 40]
    assert rows["P3"]["decision"] == "hold"  # a fifth of the answers is not on offer: bank or log is wrong
    assert rows["P3"]["probability"] is None
    for name in ("P2", "P4"):
        assert (
            rows[name]["p_low"] < 0.61 < rows[name]["p_high"]
        )  # .61 is the truth; with the 40 as wrong, .46
    reasons = dict(review.decisions.select("item_id", "reasons").iter_rows())
    assert "40 more answers tell nothing about it (40 not reached)" in reasons["P2"]
    assert "40 of 160 answers are options that it does not offer" in reasons["P3"]
    assert "given too fast to have been read" in reasons["P4"]


def test_keys_and_groups_are_judged_without_them_too(spoilt: tuple[ScoredResponses, ItemBank]) -> None:
    scored, _ = spoilt
    n = dict(check_keys(scored).table.select("item_id", "n").iter_rows())
    assert (n["P1"], n["P4"]) == (N, N - 40)
    dif = dif_between_groups(scored)[0]
    met = {item: a + b for item, a, b in dif.select("item_id", "n_reference", "n_focal").iter_rows()}
    assert (met["P1"], met["P2"], met["P4"], met["S00"]) == (N, N - 40, N - 40, N)


def test_calibration_leaves_them_out_too(spoilt: tuple[ScoredResponses, ItemBank]) -> None:
    scored, bank = spoilt
    found = {
        name: calibrate(one, "2pl", anchors=bank).parameters.filter(pl.col("parameter") == "b")
        for name, one in (("spoilt", scored), ("few", keep_telling_answers(scored)))
    }
    of_pilots = {name: rows.filter(pl.col("item_id").str.starts_with("P")) for name, rows in found.items()}
    assert of_pilots["spoilt"].equals(of_pilots["few"])
    assert of_pilots["spoilt"]["n"].to_list() == [N, N - 40, N - 40, N - 40]
    # of the same true difficulty: counted as wrong, 40 of 160 cells would raise it by more than one logit
    b = of_pilots["spoilt"]["estimate"].to_numpy()
    assert np.abs(b + 0.5).max() < 0.6
