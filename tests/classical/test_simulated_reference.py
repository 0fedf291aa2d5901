"""Our own simulated data with the figures of base R and difR."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ciip_irt.classical.dif import dif_sums, dif_tables, mantel_haenszel
from ciip_irt.classical.dif_logistic import logistic_dif
from ciip_irt.classical.internal_consistency import reliability
from ciip_irt.classical.item_statistics import item_statistics


def test_item_statistics_and_reliability(golden: Any) -> None:
    scores = golden.scores("Simulated/dich.csv")
    result = item_statistics(scores, scores.sum(axis=1))
    assert result.p == pytest.approx(golden.column("Simulated/dich/classical.csv", "p"), abs=1e-9)
    assert result.r == pytest.approx(golden.column("Simulated/dich/classical.csv", "r_rest"), abs=1e-9)
    wanted = json.loads(golden.path("Simulated/dich/classical.json").read_text())
    whole = reliability(scores)
    assert (whole.mean, whole.sd) == pytest.approx((wanted["mean"], wanted["sd"]), abs=1e-7)
    assert whole.alpha == pytest.approx(wanted["alpha"], abs=1e-9)


@pytest.fixture(scope="module")
def answers(results_of: Callable[[str], Path]) -> tuple[np.ndarray, np.ndarray]:
    """Items D1 to D6 of ``dif.csv`` and who is of the focal group."""
    table = np.genfromtxt(results_of("Simulated") / "dif.csv", delimiter=",", names=True)
    scores = np.column_stack([table[f"D{number}"] for number in range(1, 7)]).astype(np.int8)
    return scores, table["group"].astype(np.int64)


def test_mantel_haenszel_of_difr(golden: Any, answers: tuple[np.ndarray, np.ndarray]) -> None:
    scores, group = answers
    result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=7)))
    table = "Simulated/dif/mh_logistic_D_items.csv"
    assert result.d_dif == pytest.approx(golden.column(table, "d_dif"), abs=1e-9)
    # where the correction exceeds the difference, difR squares a negative number; ours is 0, as in R itself
    counts = result.chi2 > 0
    assert counts.tolist() == [True, True, True, True, False, True]
    assert result.chi2[counts] == pytest.approx(golden.column(table, "mh_chi2")[counts], abs=1e-9)
    assert result.se / 2.35 == pytest.approx(golden.column(table, "se_ln_alpha"), abs=1e-9)
    assert np.argmax(np.abs(result.d_dif)) == 1, "D2 was made harder for the focal group"


def test_logistic_dif_of_difr(golden: Any, answers: tuple[np.ndarray, np.ndarray]) -> None:
    """Likelihood ratios; persons with everything or nothing right tell our matched tables nothing."""
    scores, group = answers
    tables = dif_tables(scores, scores.sum(axis=1), group, n_levels=7)
    result = logistic_dif([(tables, np.arange(6))], 6)
    table = "Simulated/dif/mh_logistic_D_items.csv"
    assert result.chi2_uniform == pytest.approx(golden.column(table, "lr_uniform"), abs=1e-4)
    assert result.chi2_nonuniform == pytest.approx(golden.column(table, "lr_nonuniform"), abs=1e-4)
