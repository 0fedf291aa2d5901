"""Times of forms: predicted where not measured, with an interval that holds; slow candidates."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import Blueprint, Domain, blueprint_toml, parse_blueprint
from ciip_irt.forms import assemble, check_forms
from ciip_irt.forms.pool.expected_times import expected_times

DOMAINS = (Domain("A", "Alpha", 30), Domain("B", "Beta", 20))


def a_bank(seed, n=240):
    """Items with true mean seconds; every third was never timed."""
    rng = np.random.default_rng(seed)
    letters = np.array(["A", "A", "A", "B", "B"] * (n // 5))
    words, levels = rng.integers(20, 120, n), rng.choice(["recall", "apply", "judge"], n)
    b = rng.normal(size=n)
    log_time = (
        2.0 + 0.5 * np.log(words) + 0.2 * (letters == "B") + 0.15 * (levels == "judge") + 0.1 * b
        + rng.normal(0, 0.25, n)
    )  # fmt: skip
    true = np.exp(log_time)
    measured = [None if i % 3 == 0 else float(t) for i, t in enumerate(true)]
    bank = pl.DataFrame(
        {"item_id": [f"I{i:03d}" for i in range(n)], "domain": letters.tolist(), "status": "scored",
         "key": "A", "options": "ABCD", "model": "rasch", "a": 1.0, "b": b, "c": 0.0, "D": 1.0,
         "scale_id": "bank", "words": words, "cognitive_level": levels.tolist(), "expected_time_s": measured}
    )  # fmt: skip
    return bank, dict(zip(bank["item_id"], true.tolist(), strict=True))


def test_intervals_of_forms_hold_95_of_100_true_times():
    inside, off = 0, []
    for seed in range(200):
        bank, true = a_bank(seed)
        measured = dict(bank.drop_nulls("expected_time_s").select("item_id", "expected_time_s").iter_rows())
        times = expected_times(measured, bank, bank["domain"].to_list())
        items = np.random.default_rng([seed, 1]).choice(bank["item_id"].to_numpy(), 50, replace=False)
        found = times.form(items.tolist())
        real = sum(true[item_id] for item_id in items)
        inside += found.low <= real <= found.high
        off.append((found.seconds - real) / found.error)
        assert not found.unknown
        assert found.predicted == sum(item_id not in measured for item_id in items)
    assert 180 <= inside <= 199
    assert abs(np.mean(off)) < 0.25


def blueprint(minutes, **more):
    return Blueprint("timed", "1", "2024", 50, DOMAINS, testing_time_minutes=minutes, **more)


def test_check_judges_predicted_times_too():
    bank, _ = a_bank(1)
    result = assemble(bank, blueprint(600), n_forms=1)
    assert not [f for f in check_forms(result.forms, blueprint(600), bank) if f.rule == "time_budget"]
    measured = dict(bank.drop_nulls("expected_time_s").select("item_id", "expected_time_s").iter_rows())
    found = expected_times(measured, bank, bank["domain"].to_list()).form(result.forms["item_id"])
    known = sum(measured.get(item_id, 0.0) for item_id in result.forms["item_id"])
    assert known < found.seconds < found.high
    for minutes, severity, words in (
        (int(found.seconds // 60), "error", "testing time"),
        (int(found.high // 60), "warning", "it may exceed the testing time"),
    ):
        [told] = [f for f in check_forms(result.forms, blueprint(minutes), bank) if f.rule == "time_budget"]
        assert told.severity == severity
        assert words in told.message
        assert f"{found.low / 60:.1f} to {found.high / 60:.1f}" in told.message


def test_forms_fit_the_time_with_predicted_items_in_it():
    bank, _ = a_bank(2)
    free = assemble(bank, blueprint(600), n_forms=1).forms
    measured = dict(bank.drop_nulls("expected_time_s").select("item_id", "expected_time_s").iter_rows())
    times = expected_times(measured, bank, bank["domain"].to_list())
    minutes = int(0.9 * times.form(free["item_id"]).seconds / 60)
    tight = assemble(bank, blueprint(minutes), n_forms=1)
    assert tight.conforms
    assert times.form(tight.forms["item_id"]).seconds <= 60 * minutes
    assert any(line.startswith("Expected time: ") and "are predicted" in line for line in tight.outcome())


def test_slow_candidates_are_told_where_they_do_not_finish():
    bank, _ = a_bank(3)
    forms = assemble(bank, blueprint(600), n_forms=1).forms
    measured = dict(bank.drop_nulls("expected_time_s").select("item_id", "expected_time_s").iter_rows())
    found = expected_times(measured, bank, bank["domain"].to_list()).form(forms["item_id"])
    minutes = int(1.3 * found.seconds / 60)
    enough, slow = blueprint(minutes, slow_pace=1.1), blueprint(minutes, slow_pace=1.5)
    assert not [f for f in check_forms(forms, enough, bank) if f.rule == "time_budget"]
    [told] = [f for f in check_forms(forms, slow, bank) if f.rule == "time_budget"]
    assert "who take 1.5 times as long" in told.message
    rng = np.random.default_rng(1)
    chance = (1.5 * rng.normal(found.seconds, found.error, 100_000) <= 60 * minutes).mean()
    assert found.chance_within(60 * minutes, 1.5) == pytest.approx(chance, abs=0.01)
    assert parse_blueprint(blueprint_toml(slow)).slow_pace == 1.5


def test_few_measured_items_predict_nothing():
    bank, _ = a_bank(4)
    few = bank.with_columns(
        expected_time_s=pl.when(pl.int_range(pl.len()) < 20).then(pl.col("expected_time_s"))
    )  # fmt: skip
    result = assemble(few, blueprint(600), n_forms=1)
    told = [f.message for f in check_forms(result.forms, replace(blueprint(600)), few)]
    assert any("without an expected time" in message for message in told)
