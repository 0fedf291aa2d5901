"""R of a form whose deliveries met different scored items: within each set, not across their totals."""

import numpy as np
import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.item_analysis import analyse_items
from ciip_irt.responses import score

N, J, SHORT = 300, 20, 12


def marks() -> np.ndarray:
    rng = np.random.default_rng(8)
    ability = rng.normal(0, 1, (N, 1))
    return (rng.random((N, J)) < 1 / (1 + np.exp(np.linspace(-1.5, 1.5, J) - ability))).astype(int)


def log(x: np.ndarray, *, short: np.ndarray) -> pl.DataFrame:
    rows = [
        (f"c{i}", f"c{i}", "1", "F", f"Q{j}", "AB"[1 - x[i, j]], "answered")
        for i in range(N)
        for j in range(SHORT if short[i] else J)
    ]
    names = ["candidate_id", "delivery_id", "attempt", "form_id", "item_id", "response", "status"]
    return pl.DataFrame(rows, schema=names, orient="row")


def bank() -> ItemBank:
    return ItemBank.from_frame(
        pl.DataFrame({"item_id": [f"Q{j}" for j in range(J)]}).with_columns(
            domain=pl.lit("A"), status=pl.lit("scored"), key=pl.lit("A"), options=pl.lit("AB")
        )
    )


def r_of(x: np.ndarray, short: np.ndarray) -> np.ndarray:
    analysis = analyse_items(score(log(x, short=short), bank()))
    return analysis.item_statistics.filter(form_id="all")["r"].to_numpy()


def test_r_is_taken_within_sets() -> None:
    x, short = marks(), np.arange(N) % 3 == 0
    total = np.where(short, x[:, :SHORT].sum(axis=1), x.sum(axis=1)).astype(float)
    for one in (short, ~short):
        total[one] -= total[one].mean()
    by_hand = [np.corrcoef(x[:, j], total - x[:, j])[0, 1] for j in range(SHORT)]
    by_hand += [np.corrcoef(x[~short, j], total[~short] - x[~short, j])[0, 1] for j in range(SHORT, J)]
    assert np.allclose(r_of(x, short), by_hand, atol=1e-6)


def test_the_lengths_of_the_sets_do_not_lower_r() -> None:
    x = marks()
    differ = r_of(x, np.arange(N) % 2 == 0)[:SHORT] - r_of(x, np.zeros(N, dtype=bool))[:SHORT]
    assert abs(differ.mean()) < 0.03  # across the totals: -0.1


def test_a_few_deliveries_that_lost_rows_are_no_set_of_their_own() -> None:
    x, short = marks(), np.arange(N) < 3
    total = np.where(short, x[:, :SHORT].sum(axis=1), x.sum(axis=1))
    by_hand = [np.corrcoef(x[:, j], total - x[:, j])[0, 1] for j in range(SHORT)]
    assert np.allclose(r_of(x, short)[:SHORT], by_hand, atol=1e-6)
