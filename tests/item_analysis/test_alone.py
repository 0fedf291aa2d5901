"""Reliability and DIF on their own are those of the whole analysis and those of other programs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ciip_irt as ci


@pytest.mark.parametrize("data", ["LSAT6", "LSAT7"])
def test_reliability_of_an_array(results_of: Callable[[str], Path], data: str) -> None:
    X = pl.read_csv(results_of(data) / "data.csv").to_numpy()
    found = ci.reliability(X)
    cov = np.cov(X.T)
    alpha = 5 / 4 * (1 - np.trace(cov) / cov.sum())
    row = found.table.row(0, named=True)
    assert row["alpha"] == pytest.approx(alpha, abs=1e-12)
    assert row["sem"] == pytest.approx(X.sum(axis=1).std(ddof=1) * np.sqrt(1 - alpha), abs=1e-12)
    rest = np.cov(np.delete(X, 2, axis=1).T)
    assert found.if_deleted["alpha_if_deleted"][2] == pytest.approx(4 / 3 * (1 - np.trace(rest) / rest.sum()))
    assert ci.analyse_items(X).form_summary["reliability"][0] == pytest.approx(alpha, abs=1e-12)
    assert "1,000 persons x 5 items, KR-20" in found.summary()


def test_a_form_alone_and_pilots_left_out() -> None:
    rng = np.random.default_rng(4)
    X = (rng.random((60, 6)) < 1 / (1 + np.exp(-2 * rng.normal(size=(60, 1))))).astype(int)
    r = ci.response_matrix(X, pilots=["I6"])
    assert ci.reliability(r).table.drop("form_id").equals(ci.reliability(X[:, :5]).table.drop("form_id"))
    assert "no reliability can be computed" in ci.reliability([[1], [0]]).summary()
    with pytest.raises(ci.InputError, match="confidence is 95"):
        ci.reliability(X, confidence=95)


def test_dif_of_an_array_is_that_of_the_analysis() -> None:
    rng = np.random.default_rng(9)
    group = np.repeat(["n", "s"], 300)
    harder = np.zeros((600, 12))
    harder[group == "s", 2] = 1.6
    X = (rng.random((600, 12)) < 1 / (1 + np.exp(harder - rng.normal(size=(600, 1))))).astype(int)
    found = ci.dif(X, group)
    named = ci.response_matrix(X, attributes={"region": group.tolist()})
    assert found.table.drop("grouping").equals(ci.dif(named, "region").table.drop("grouping"))
    assert ci.analyse_items(named, dif=["region"]).dif.equals(ci.dif(named, "region").table)
    assert found.table.filter(ets_class="C")["item_id"].to_list() == ["I03"]
    assert "1 item of class C (large DIF): I03" in found.summary()
    with pytest.raises(ci.InputError, match="2 groups for 600 persons"):
        ci.dif(X, ["a", "b"])
    with pytest.raises(ci.InputError, match="'area'"):
        ci.dif(named, "area")
