"""Error rates of the default policy where the truth is known: an easy, homogeneous population.

200 pilots, 20 % of them flat or wrongly keyed, good = sound with R >= .10 and p from .25 to .97 in the
population, made by other code than the package's own (``pilots.simulate``). The rates over many pilots are in
docs/pilot-decisions.md; the bounds below leave room for the scatter of 200.
"""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from ciip_irt.bank import ItemBank, Scale
from ciip_irt.errors import InputError
from ciip_irt.pilots import PilotReview, review_pilots
from ciip_irt.tables import PILOT_DECISIONS

Reviewed = Callable[[int], tuple[PilotReview, pl.DataFrame]]


@pytest.fixture(scope="module")
def reviewed(plant: Callable[..., Any]) -> Reviewed:
    """``reviewed(n)``: the review at n answers a pilot, its evidence beside the truth; made once."""

    @cache
    def found(n: int) -> tuple[PilotReview, pl.DataFrame]:
        programme = plant(n, seed=4)
        review = review_pilots(programme.scored, programme.bank)
        return review, review.evidence.join(programme.truth, on="item_id", suffix="_true")

    return found


def rows_of_both(reviewed: Reviewed) -> pl.DataFrame:
    return pl.concat([reviewed(n)[1] for n in (100, 200)])


@pytest.mark.parametrize(("n", "promoted", "bad"), [(100, 0.70, 0.07), (200, 0.73, 0.04)])
def test_good_items_are_promoted_and_bad_ones_are_not(
    reviewed: Reviewed, n: int, promoted: float, bad: float
) -> None:
    _, rows = reviewed(n)
    good, chosen = rows.filter("good"), rows.filter(decision="promote")
    assert (good["decision"] == "promote").mean() >= promoted
    assert good["decision"].is_in(["revise", "retire"]).mean() <= 0.01
    assert (chosen["kind"] != "sound").mean() <= bad
    fixed_rule = (good["r"] < 0.20).mean()
    assert fixed_rule > 0.40  # what "R >= .20" loses of the good at any n


def test_wrong_keys_are_found_and_the_right_option_is_named(reviewed: Reviewed) -> None:
    _, rows = reviewed(200)
    wrong = rows.filter(kind="wrong_key")
    assert (wrong["decision"] == "promote").sum() == 0
    assert (wrong["probability_r"] < 0.05).mean() >= 0.9
    revised = wrong.filter(decision="revise")
    assert revised.height >= 0.8 * wrong.height
    assert (revised["suspect_option"] == "A").mean() >= 0.9


def test_stated_probabilities_hold(reviewed: Reviewed) -> None:
    rows = rows_of_both(reviewed)
    for low, high in ((0.0, 0.1), (0.8, 0.95), (0.95, 1.01)):
        part = rows.filter(pl.col("probability").is_between(low, high, closed="left"))
        assert part.height > 30
        truth = (part["r_true"].ge(0.10) & part["p_true"].is_between(0.25, 0.97)).mean()
        assert abs(truth - part["probability"].mean()) < 0.07


def test_the_sheet_keeps_its_contract_and_the_same_input_gives_the_same_sheet(
    reviewed: Reviewed, plant: Callable[..., Any]
) -> None:
    review, _ = reviewed(100)
    assert review.decisions.columns == list(PILOT_DECISIONS.names)
    assert PILOT_DECISIONS.validate(review.decisions).equals(review.decisions)
    assert review.decisions.height == 200
    assert review.to_frame() is review.decisions
    small = plant(60, n_blocks=1, n_pilots=10, n_scored=30, seed=1)
    first, second = (review_pilots(small.scored, small.bank) for _ in range(2))
    assert first.decisions.equals(second.decisions)
    assert first.evidence.equals(second.evidence)
    assert "200 pilot items: " in review.summary()
    assert "default" in review.summary()
    assert "<table" in review._repr_html_()
    assert review.provenance.settings["policy_limits"]["r.low"] == 0.1


def test_a_clear_difference_between_groups_is_at_fault_or_told(plant: Callable[..., Any]) -> None:
    small = plant(100, n_blocks=1, n_pilots=20, n_scored=60, seed=1)
    good = review_pilots(small.scored, small.bank).decisions.filter(decision="promote")["item_id"].to_list()
    bad = small.truth.filter(kind="wrong_key")["item_id"][0]
    certain, likely, few = good[:3]
    dif = pl.DataFrame(
        {"item_id": [certain, likely, few, bad], "grouping": "mode", "reference": "centre", "focal": "online",
         "n_reference": [60, 60, 80, 60], "n_focal": [40, 40, 20, 40], "d_dif": [-4.0, 2.2, -4.0, -4.0],
         "prob_c": [0.99, 0.6, 0.99, 0.99]}
    )  # fmt: skip
    told = review_pilots(small.scored, small.bank, dif_table=dif)
    rows = {row["item_id"]: row for row in told.decisions.iter_rows(named=True)}
    probability = dict(told.evidence.select("item_id", "probability_dif").iter_rows())
    assert rows[certain]["decision"] == "revise"
    assert (
        "DIF: it is much harder for mode online than for centre of the same ability"
        in rows[certain]["reasons"]
    )
    assert rows[certain]["reasons"].count("online") == 1
    assert rows[likely]["decision"] == "hold"
    assert rows[likely]["probability"] < 0.4
    assert "harder for mode centre than for online" in rows[likely]["reasons"]
    assert rows[few]["decision"] == "promote"  # below the policy's least number in a group: unknown
    assert probability[few] is None
    assert probability[certain] == pytest.approx(0.01)
    assert "DIF:" not in rows[bad]["reasons"]  # the key comes first
    assert rows[bad]["reasons"].endswith("than for centre of the same ability. Ask why.")


def test_a_calibration_is_used_and_must_be_of_the_same_items(plant: Callable[..., Any]) -> None:
    small = plant(60, n_blocks=1, n_pilots=10, n_scored=30, seed=1)
    calibration = SimpleNamespace(
        scale=Scale("bank", "2pl"), item_ids=small.scored.item_ids, parameters_array=small.parameters,
        mean=0.1, sd=0.9, concerns=(),
    )  # fmt: skip
    review = review_pilots(small.scored, small.bank, calibration=calibration)
    assert (review.mean, review.sd) == (0.1, 0.9)
    calibration.item_ids = small.scored.item_ids[:-1]
    with pytest.raises(InputError, match="of other items than the responses"):
        review_pilots(small.scored, small.bank, calibration=calibration)
    bare = ItemBank.from_frame(small.bank.items.with_columns(a=None, b=None, model=None))
    with pytest.raises(InputError, match="no item of the bank is calibrated"):
        review_pilots(small.scored, bare)


def test_intervals_of_the_evidence_table_cover_the_truth(reviewed: Reviewed) -> None:
    rows = rows_of_both(reviewed).filter(kind="sound")
    for name in ("p", "r"):
        low, truth, high = (
            rows[f"{name}_population_low"],
            rows[f"{name}_true"],
            rows[f"{name}_population_high"],
        )
        assert 0.92 <= ((low <= truth) & (truth <= high)).mean() <= 0.99
    for name in ("p_population", "r_population", "a", "b"):
        known = rows.filter(pl.col(name).is_not_null())
        assert known.height > 0.95 * rows.height
        assert (known[f"{name}_low"] <= known[name]).all()
        assert (known[name] <= known[f"{name}_high"]).all()
    assert rows["edge_weight"].max() < 0.01
