"""Displacement against the bank: planted changes are found, the others stay quiet."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.item_analysis import analyse_items
from ciip_irt.item_analysis.history import changes_from_history


@pytest.fixture
def scored(make):
    """Thirty items; the bank says b, but I004 is .9 harder and I011 is 1.2 easier."""
    rng = np.random.default_rng(12)
    b = rng.uniform(-2, 1, 30)
    now = b.copy()
    now[4] += 0.9
    now[11] -= 1.2
    right = rng.random((900, 30)) < 1 / (1 + np.exp(now - rng.normal(0.7, 0.9, (900, 1))))
    log = make(np.where(right, 0, rng.integers(1, 4, right.shape)), key="A" * 30)
    items = log.items.drop("a", "b", "c", "D", strict=False).with_columns(
        a=pl.lit(1.0), b=pl.Series(b), c=pl.lit(0.0), D=pl.lit(1.0)
    )
    return replace(log, items=items)


def test_planted_changes_are_found_with_their_size(scored):
    found = changes_from_history(scored)
    assert found["I004"].logits == pytest.approx(0.9, abs=0.3)
    assert found["I011"].logits == pytest.approx(-1.2, abs=0.4)
    others = [change for item, change in found.items() if item not in ("I004", "I011")]
    assert np.median([abs(change.logits) for change in others]) < 0.15
    z = np.array([change.logits / change.se for change in others])
    assert 0.5 < z.std() < 1.5


def test_they_are_flagged_and_no_other(scored):
    flags = analyse_items(scored).flags.filter(flag="changed_from_history")
    assert set(flags["item_id"]) == {"I004", "I011"}


def test_without_a_bank_there_is_no_history(make, simulate):
    assert changes_from_history(make(simulate(2, 100, 12), key="A" * 12)) == {}
