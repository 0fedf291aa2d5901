"""Likelihoods side by side: known values, and ratios only where they mean something."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2

import ciip_irt as ci


@pytest.fixture(scope="module", params=["LSAT6", "LSAT7"])
def folder(request: pytest.FixtureRequest, results_of: Callable[[str], Path]) -> Path:
    return results_of(request.param)


@pytest.fixture(scope="module")
def fits(folder: Path) -> dict[str, ci.Calibration]:
    r = ci.response_matrix(pl.read_csv(folder / "data.csv"))
    made = {model: ci.calibrate(r, model) for model in ("rasch", "1pl", "2pl", "3pl")}
    return made | {"3pl free": ci.calibrate(r, "3pl", priors="none", max_iterations=4000)}


def test_likelihoods_and_criteria_as_others_have_them(folder: Path, fits: dict[str, ci.Calibration]) -> None:
    found = ci.compare(fits["rasch"], fits["2pl"])
    wanted = [
        json.loads((folder / model / "independent_check.json").read_text())["logLik_optimum"]
        for model in ("rasch", "2pl")
    ]
    np.testing.assert_allclose(found.table["log_likelihood"], wanted, atol=1e-4)
    assert found.table["n_parameters"].to_list() == [6, 10]
    np.testing.assert_allclose(found.table["aic"], [12 - 2 * wanted[0], 20 - 2 * wanted[1]], atol=1e-3)
    n = fits["2pl"].provenance.n_deliveries
    np.testing.assert_allclose(found.table["bic"][1], 10 * np.log(n) - 2 * wanted[1], atol=1e-3)
    ratio = 2 * (wanted[1] - wanted[0])
    test = found.tests.row(0, named=True)
    np.testing.assert_allclose(test["statistic"], ratio, atol=1e-3)
    np.testing.assert_allclose([test["p_low"], test["p_high"]], chi2.sf(ratio, 4), atol=1e-4)


def test_priors_are_told_apart_and_give_no_ratio(folder: Path, fits: dict[str, ci.Calibration]) -> None:
    found = ci.compare(fits["2pl"], fits["3pl"])
    check = json.loads((folder / "3pl_prior_expbeta" / "independent_check.json").read_text())
    row = found.table.row(1, named=True)
    total = check["logLik_optimum"] + check["logPrior_optimum"]
    assert row["log_likelihood"] + row["log_prior"] == pytest.approx(total, abs=1e-4)
    assert row["log_prior"] != 0.0
    assert found.table["log_prior"][0] == 0.0
    assert found.tests["statistic"].null_count() == 1
    assert "priors='none'" in found.tests["why_not"][0]
    assert "upper limits" in found.summary()


def test_the_boundary_has_a_mixture(fits: dict[str, ci.Calibration]) -> None:
    free = replace(fits["3pl free"], converged=True)
    test = ci.compare(fits["2pl"], free).tests.row(0, named=True)
    x = test["statistic"]
    assert test["df"] == 5
    naive = chi2.sf(x, 5)
    np.testing.assert_allclose(test["p_low"], 0.5 * (x <= 1e-6) + 0.5 * chi2.sf(x, 1))
    np.testing.assert_allclose(test["p_high"], 0.5 * (chi2.sf(x, 4) + naive))
    assert test["p_low"] <= test["p_high"] <= naive + 1e-12
    wider = ci.compare(fits["rasch"], free).tests.row(0, named=True)
    np.testing.assert_allclose(
        wider["p_low"], 0.5 * (chi2.sf(wider["statistic"], 4) + chi2.sf(wider["statistic"], 5))
    )


def test_the_limits_hold_independent_and_dependent_mixtures() -> None:
    """Exact tails of the projection on an orthant, by simulation, lie between the limits."""
    from ciip_irt.calibration.comparison import _tail

    rng = np.random.default_rng(1)
    for correlation in (0.0, 0.8, -0.9):
        root = np.linalg.cholesky(np.array([[1.0, correlation], [correlation, 1.0]]))
        z = rng.normal(size=(200_000, 2)) @ root.T
        inverse = np.linalg.inv(root @ root.T)
        full = np.einsum("ni,ij,nj->n", z, inverse, z)
        scores = z @ inverse
        edge = np.maximum(scores, 0.0) ** 2 / np.diag(inverse)
        inside = (z > 0).all(axis=1)
        ratio = np.where(inside, full, edge.max(axis=1))
        for x in (1.0, 3.0, 6.0):
            share = float((ratio >= x).mean())
            low, high = (0.5 * (_tail(k, x) + _tail(k + 1, x)) for k in (0, 1))
            assert low - 0.004 <= share <= high + 0.004


def test_one_model_in_two_units(fits: dict[str, ci.Calibration]) -> None:
    found = ci.compare(fits["rasch"], fits["1pl"])
    np.testing.assert_allclose(found.table["log_likelihood"][0], found.table["log_likelihood"][1], atol=1e-4)
    assert "as many parameters" in found.tests["why_not"][0]


def test_what_cannot_be_compared(fits: dict[str, ci.Calibration]) -> None:
    rng = np.random.default_rng(3)
    X = (rng.random((200, 5)) < 0.6).astype(int)
    two = fits["2pl"]
    with pytest.raises(ci.InputError, match=r"different answers.*200 persons x 5 items"):
        ci.compare(two, ci.calibrate(X, "rasch"))
    with pytest.raises(ci.InputError, match="Give two or more"):
        ci.compare(two)
    with pytest.raises(ci.InputError, match="Give two or more"):
        ci.compare(two, X)
    with pytest.raises(ci.InputError, match=r"marginal likelihood.*'cml'"):
        ci.compare(two, ci.calibrate(X, "rasch", engine="cml"))
