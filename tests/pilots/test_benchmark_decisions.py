"""The yardstick of the pilots' probabilities: Bayes' rule with the true generator, and the tables' sums."""

import numpy as np
import polars as pl
import pytest

from benchmarks.decisions.bayes import bayes_rule
from benchmarks.decisions.review import evidence_at
from benchmarks.decisions.tables import _auc, _error, _reached
from benchmarks.decisions.worlds import WORLDS
from ciip_irt.pilots.simulate import simulate_pilots


def test_bayes_rule_knows_what_it_can_and_its_probabilities_hold() -> None:
    programme = WORLDS["half bad"].make()
    simulated = simulate_pilots(programme, 60, 120, np.random.default_rng(5))
    found = bayes_rule(programme, *evidence_at(programme, simulated, 60))
    good = simulated.truth["good"].to_numpy()
    probability = found[:, 0]
    # 120 pilots: the standard error of the sum is that of independent draws
    error = np.sqrt(np.sum(probability * (1.0 - probability))) / good.size
    assert abs(probability.mean() - good.mean()) < 3.0 * error
    assert _auc(probability, good) > 0.85
    sound = (simulated.truth["kind"] == "sound").to_numpy()
    r = simulated.truth["r"].to_numpy()
    assert ((found[:, 1] <= r) & (r <= found[:, 2]))[sound].mean() > 0.85
    wrong = (simulated.truth["kind"] == "wrong_key").to_numpy()
    assert probability[wrong].max() < 0.2


def test_ranking_and_errors_by_hand() -> None:
    rule = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    good = np.array([True, True, False, True, False])
    assert _auc(rule, good) == pytest.approx(5.0 / 6.0)
    assert _reached(rule, good, 0.0) == pytest.approx(2.0 / 3.0)
    assert _reached(rule, good, 0.25) == 1.0
    assert _reached(-rule, good, 0.0) == 0.0
    part = pl.DataFrame({"programme": [0, 0, 1], "item_id": ["a", "a", "b"], "good": [True, True, False],
                         "stated": [0.8, 0.9, 0.4]})  # fmt: skip
    # one pilot reviewed twice: .2 + .1 together, not apart; the programmes scatter by .7 / sqrt(2)
    assert _error(part) == pytest.approx(np.sqrt(0.3**2 + 0.4**2) / 3.0)
