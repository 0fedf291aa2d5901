"""Times, rapid guessing and pace: against brute force, planted guessers and the real licensure exam."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.classical.response_times import rapid_thresholds
from ciip_irt.item_analysis.timing import Timing, examine_timing
from ciip_irt.responses import (
    EligibilityRules,
    ScoredResponses,
    score,
    select_eligible,
)
from ciip_irt.simulate import simulate_programme

N, J = 60, 40


def scored_log(
    seconds: np.ndarray, *, status: np.ndarray | None = None, order: np.ndarray | None = None
) -> ScoredResponses:
    """Everybody answers A to J items; ``order[i]`` are the items of delivery i as met."""
    n, n_items = seconds.shape
    ids = np.array([f"I{j:02d}" for j in range(n_items)])
    bank = ItemBank.from_frame(
        pl.DataFrame({"item_id": ids, "domain": "A", "status": "scored", "key": "A", "options": "ABCD"})
    )
    met = np.tile(np.arange(n_items), (n, 1)) if order is None else order
    position = np.argsort(met, axis=1) + 1
    rows, columns = (index.ravel() for index in np.indices(seconds.shape))
    said = np.full(seconds.shape, "answered") if status is None else status
    names = np.array([f"d{i:03d}" for i in range(n)])
    log = pl.DataFrame(
        {
            "candidate_id": names[rows], "delivery_id": names[rows], "attempt": "1", "form_id": "F",
            "item_id": ids[columns], "position": position[rows, columns], "status": said[rows, columns],
            "response": [None if s == "not_reached" else "A" for s in said[rows, columns]],
            "time_s": seconds[rows, columns],
        }
    ).with_columns(pl.col("time_s").fill_nan(None))  # fmt: skip
    return score(log, bank)


@pytest.fixture(scope="module")
def seconds() -> np.ndarray:
    return np.random.default_rng(5).lognormal(4.0, 0.5, (N, J)).round()


def test_item_times_are_those_of_numpy(seconds: np.ndarray) -> None:
    table = examine_timing(scored_log(seconds)).items.filter(pl.col("form_id") == "all")
    assert table["expected_time_s"].to_list() == pytest.approx(seconds.mean(axis=0))
    for name, q in (("q10_s", 10), ("median_time_s", 50), ("q90_s", 90)):
        assert table[name].to_list() == pytest.approx(np.percentile(seconds, q, axis=0))


def test_zero_and_unknown_seconds_are_no_times(seconds: np.ndarray) -> None:
    gaps = seconds.copy()
    gaps[:7, 0], gaps[7:9, 0] = 0.0, np.nan
    first = examine_timing(scored_log(gaps)).items.row(0, named=True)
    assert first["n_timed"] == N - 9
    assert first["expected_time_s"] == pytest.approx(seconds[9:, 0].mean())
    assert first["n_rapid"] == 0


def test_expected_times_of_items_add_up_to_that_of_the_form(seconds: np.ndarray) -> None:
    timing = examine_timing(scored_log(seconds))
    items = timing.items.filter(pl.col("form_id") == "F")
    assert items["expected_time_s"].sum() / 60 == pytest.approx(timing.forms["expected_min"][0])


def test_planted_guessers_are_found_and_nobody_else(seconds: np.ndarray) -> None:
    planted = seconds.copy()
    planted[3, 30:], planted[4, 36:] = 2.0, 2.0
    timing = examine_timing(scored_log(planted))
    assert timing.deliveries.filter("low_effort")["delivery_id"].to_list() == ["d003"]
    assert timing.deliveries.filter("rushed_end")["delivery_id"].to_list() == ["d003", "d004"]
    assert timing.deliveries["effort"][3] == pytest.approx(0.75)
    limits = rapid_thresholds(planted.mean(axis=0))
    assert timing.deliveries["n_rapid"].to_list() == (planted < limits).sum(axis=1).tolist()
    assert any(note.startswith("1 delivery of 60") for note in timing.notes)


def test_a_quick_end_is_told_from_quick_items(seconds: np.ndarray) -> None:
    quick_items = seconds.copy()
    quick_items[:, 36:] /= 2
    fixed = examine_timing(scored_log(quick_items))
    assert fixed.pace["pace"].null_count() == 10
    rng = np.random.default_rng(6)
    order = np.array([rng.permutation(J) for _ in range(N)])
    hurried = seconds.copy()
    last = np.argsort(order, axis=1) >= 36
    hurried[last] /= 2
    shuffled = examine_timing(scored_log(hurried, order=order)).pace
    assert shuffled["pace"][9] == pytest.approx(0.5, abs=0.08)
    assert shuffled["pace"][:9].min() > 0.9
    calm = examine_timing(scored_log(quick_items, order=order)).pace
    assert calm["pace"][9] == pytest.approx(1.0, abs=0.1)


def test_who_ran_out_of_time(seconds: np.ndarray) -> None:
    status = np.full(seconds.shape, "answered", dtype=object)
    status[:6, 35:] = "not_reached"
    timing = examine_timing(scored_log(seconds, status=status.astype(str)), testing_time_minutes=60)
    row = timing.forms.row(0, named=True)
    assert row["ran_out_rate"] == pytest.approx(0.1)
    assert row["mean_not_reached"] == pytest.approx(0.5)
    assert timing.pace["not_reached_rate"].to_list()[8:] == pytest.approx([0.025, 0.1])
    assert "10 % do not reach the last question" in timing.notes[0]
    assert "of 60 minutes" in timing.notes[0]


def test_a_log_without_times_has_empty_tables(seconds: np.ndarray) -> None:
    timing = examine_timing(scored_log(np.full_like(seconds, np.nan)))
    assert timing.notes == ()
    for table in (timing.items, timing.forms, timing.pace, timing.deliveries):
        assert table.is_empty()
        assert table.width > 5


@pytest.fixture(scope="module")
def simulated() -> Timing:
    programme = simulate_programme(n_candidates=600, seed=11)
    return examine_timing(score(programme.responses, ItemBank.from_frame(programme.items)))


def test_rapid_answers_of_a_simulated_programme_are_right_by_chance(simulated: Timing) -> None:
    pooled = simulated.items.filter(pl.col("form_id") == "all")
    right = float((pooled["p_rapid"] * pooled["n_rapid"]).sum()) / int(pooled["n_rapid"].sum())
    assert right == pytest.approx(0.27, abs=0.06)


def test_the_licensure_exam(licensure: ScoredResponses, shared: object) -> None:
    assert shared
    timing = examine_timing(licensure, testing_time_minutes=225)
    pooled = timing.items.filter(pl.col("form_id") == "all")
    assert pooled.height == 200
    # 52 or so of 294,000 answers are rapid, and right in three of ten: the threshold tells guesses.
    assert 20 < pooled["n_rapid"].sum() < 100
    assert timing.deliveries.filter("low_effort").height == 1
    assert timing.forms["median_min"][0] == pytest.approx(201.79, abs=0.01)


def test_eligibility_leaves_out_the_same_deliveries_as_timing_names(seconds: np.ndarray) -> None:
    planted = seconds.copy()
    planted[3, 30:], planted[4, 36:] = 2.0, 2.0
    frame = pl.DataFrame(
        {
            "candidate_id": np.repeat([f"d{i:03d}" for i in range(N)], J),
            "delivery_id": np.repeat([f"d{i:03d}" for i in range(N)], J),
            "attempt": "1", "form_id": "F", "item_id": np.tile([f"I{j:02d}" for j in range(J)], N),
            "response": "A", "status": "answered", "time_s": planted.ravel(),
        }
    )  # fmt: skip
    result = select_eligible(frame, rules=EligibilityRules(maximum_rapid=0.1))
    low = examine_timing(scored_log(planted)).deliveries.filter("low_effort")
    assert result.exclusions["delivery_id"].to_list() == low["delivery_id"].to_list() == ["d003"]
    assert result.exclusions["rule"][0] == "rapid_guessing"
    assert "More than 10% of the answers" in result.exclusions["reason"][0]
    both = select_eligible(frame, rules=EligibilityRules(maximum_rapid=0.05))
    assert both.exclusions["delivery_id"].to_list() == ["d003", "d004"]
