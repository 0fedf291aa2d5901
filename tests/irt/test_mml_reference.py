"""Estimates and standard errors against an independent optimiser's on public data."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.irt.estimation.mml import MmlFit, fit_mml
from ciip_irt.irt.response_blocks import ResponseBlock

DATA = ("LSAT6", "LSAT7", "SAT12", "VerbalAggression")
FOLDERS = {"rasch": "rasch", "2pl": "2pl", "3pl": "3pl_prior_expbeta"}


def scores(folder: Path) -> np.ndarray:
    return np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1).astype(np.int8)


def fitted(folder: Path, model: str, method: str = "oakes") -> MmlFit:
    x = scores(folder)
    return fit_mml([ResponseBlock(np.arange(x.shape[1]), x)], model, x.shape[1], standard_errors=method)


def column(folder: Path, parameter: str, name: str, file: str = "independent_check.csv") -> np.ndarray:
    with (folder / file).open() as lines:
        return np.array([float(row[name]) for row in csv.DictReader(lines) if row["par"] == parameter])


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("model", FOLDERS)
def test_same_maximum(results_of: Callable[[str], Path], data: str, model: str) -> None:
    folder = results_of(data) / FOLDERS[model]
    fit = fitted(results_of(data), model)
    check = json.loads((folder / "independent_check.json").read_text())
    assert fit.converged
    assert fit.information_positive_definite
    wanted = check["logLik_optimum"] + check["logPrior_optimum"]
    assert fit.log_likelihood + fit.log_prior == pytest.approx(wanted, abs=1e-4)
    a, b, c = fit.parameters.T
    np.testing.assert_allclose(-a * b, column(folder, "d", "est_indep"), atol=1e-4)
    if model == "rasch":
        np.testing.assert_allclose(a, 1.0, atol=1e-14)
        variance = column(folder, "COV_11", "est_indep")
        np.testing.assert_allclose(fit.population_sd**2, variance, rtol=1e-4)
        np.testing.assert_allclose(
            2 * fit.population_sd * fit.population_sd_se, column(folder, "COV_11", "se_indep"), rtol=1e-3
        )
        np.testing.assert_allclose(fit.standard_errors[:, 1], column(folder, "d", "se_indep"), rtol=1e-3)
    else:
        np.testing.assert_allclose(a, column(folder, "a1", "est_indep"), atol=1e-4)
        np.testing.assert_allclose(fit.standard_errors[:, 0], column(folder, "a1", "se_indep"), rtol=1e-3)
    if model == "2pl":
        # the published standard errors of b come from the same delta method
        np.testing.assert_allclose(
            fit.standard_errors[:, 1], column(folder, "b", "se", "pars_irt.csv"), rtol=1e-3
        )
    if model == "3pl":
        assert ((c > 0.02) & (c < 0.5)).all()


@pytest.mark.parametrize("data", DATA)
def test_1pl_is_rasch_in_other_units(results_of: Callable[[str], Path], data: str) -> None:
    folder = results_of(data)
    one, rasch = fitted(folder, "1pl"), fitted(folder, "rasch")
    sd = rasch.population_sd[0]
    assert one.log_likelihood == pytest.approx(rasch.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(one.parameters[:, 0], sd, rtol=1e-4)
    np.testing.assert_allclose(one.parameters[:, 1], rasch.parameters[:, 1] / sd, atol=1e-4)
    np.testing.assert_allclose(one.standard_errors[:, 0], rasch.population_sd_se[0], rtol=1e-3)


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_cross_product_standard_errors(results_of: Callable[[str], Path], model: str) -> None:
    for data in ("LSAT6", "LSAT7"):
        folder = results_of(data) / model
        fit = fitted(results_of(data), model, "cross_product")
        file = "pars_slope_intercept_SEcrossprod.csv"
        if model == "2pl":
            np.testing.assert_allclose(fit.standard_errors[:, 0], column(folder, "a1", "se", file), rtol=1e-3)
        else:
            np.testing.assert_allclose(fit.standard_errors[:, 1], column(folder, "d", "se", file), rtol=1e-3)


def test_anchored_calibration(shared: Path) -> None:
    folder = shared / "reference" / "VerbalAggression" / "fipc"
    fit_info = json.loads((folder / "new_fit.json").read_text())
    with (folder / "data_new.csv").open() as lines:
        names = next(csv.reader(lines))[1:]
    x = np.genfromtxt(folder / "data_new.csv", delimiter=",", skip_header=1)[:, 1:].astype(np.int8)
    with (folder / "new_pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    wanted = {(row["item"], row["par"]): row for row in rows}
    fixed = np.full((len(names), 3), np.nan)
    for place, name in enumerate(names):
        if name in fit_info["fixed_items"]:
            fixed[place] = [float(wanted[name, p]["est"]) for p in "abg"]
    fit = fit_mml([ResponseBlock(np.arange(len(names)), x)], "2pl", len(names), fixed=fixed)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(fit_info["logLik"], abs=1e-3)
    assert fit.population_mean[0] == pytest.approx(float(wanted["GroupPars", "MEAN_1"]["est"]), abs=1e-3)
    variance = float(wanted["GroupPars", "COV_11"]["est"])
    assert fit.population_sd[0] ** 2 == pytest.approx(variance, abs=1e-3)
    assert fit.population_mean_se[0] == pytest.approx(float(wanted["GroupPars", "MEAN_1"]["se"]), rel=0.01)
    for place, name in enumerate(names):
        if name in fit_info["fixed_items"]:
            assert (fit.parameters[place] == fixed[place]).all()
            assert np.isnan(fit.standard_errors[place]).all()
            continue
        for column_, p in enumerate("ab"):
            assert fit.parameters[place, column_] == pytest.approx(float(wanted[name, p]["est"]), abs=1e-3)
            assert fit.standard_errors[place, column_] == pytest.approx(
                float(wanted[name, p]["se"]), rel=0.01
            )


def test_two_groups_with_anchors(shared: Path) -> None:
    """Items with their own parameters in each group are two items: a design missing by construction."""
    folder = shared / "reference" / "VerbalAggression"
    with (folder / "data.csv").open() as lines:
        names = next(csv.reader(lines))
    x = scores(folder)
    with (folder / "group.csv").open() as lines:
        group = np.array([row[-1] for row in csv.reader(lines)][1:])
    with (folder / "multigroup_anchor" / "pars_irt.csv").open() as lines:
        wanted = {(r["group"], r["item"], r["par"]): float(r["est"]) for r in csv.DictReader(lines)}
    groups = list(dict.fromkeys(key[0] for key in wanted))
    reference = next(g for g in groups if wanted[g, "GroupPars", "COV_11"] == 1.0)
    other = next(g for g in groups if g != reference)
    own = [wanted[reference, n, "b"] != wanted[other, n, "b"] for n in names]
    shifted = np.where(own, len(names) + np.cumsum(own) - 1, np.arange(len(names)))
    blocks = [
        ResponseBlock(np.arange(len(names)), x[group == reference], 0),
        ResponseBlock(shifted, x[group == other], 1),
    ]
    fit = fit_mml(blocks, "2pl", int(shifted.max()) + 1)
    info = json.loads((folder / "multigroup_anchor" / "fit.json").read_text())
    assert fit.log_likelihood == pytest.approx(info["logLik"], abs=1e-3)
    assert fit.population_mean[1] == pytest.approx(wanted[other, "GroupPars", "MEAN_1"], abs=1e-3)
    assert fit.population_sd[1] ** 2 == pytest.approx(wanted[other, "GroupPars", "COV_11"], abs=2e-3)
    b = np.array([wanted[reference, n, "b"] for n in names])
    np.testing.assert_allclose(fit.parameters[: len(names), 1], b, atol=2e-3)


def test_licensure_rasch_with_pilots_agrees_with_conditional_likelihood(shared: Path) -> None:
    folder = shared / "realdata" / "licensure170"
    with gzip.open(folder / "form1_log_long.csv.gz", "rt") as lines:
        rows = [(row[0], row[4], row[9]) for row in csv.reader(lines)][1:]
    persons = {name: place for place, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    names = sorted({row[1] for row in rows})
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(persons), len(names)), -1, dtype=np.int8)
    matrix[[persons[row[0]] for row in rows], [place[row[1]] for row in rows]] = [
        row[2] == "1" for row in rows
    ]
    patterns, form = np.unique(matrix >= 0, axis=0, return_inverse=True)
    blocks = [
        ResponseBlock(np.flatnonzero(seen), matrix[np.ix_(form.ravel() == number, seen)])
        for number, seen in enumerate(patterns)
    ]
    assert [block.n_persons for block in blocks].count(302) == 1
    fit = fit_mml(blocks, "rasch", len(names), standard_errors="oakes")
    assert fit.converged
    with (folder / "reference_rasch_cml_eRm_form1.csv").open() as lines:
        reference = list(csv.DictReader(lines))
    scored = [place[row["item_id"]] for row in reference]
    beta = np.array([float(row["beta"]) for row in reference])
    b = fit.parameters[scored, 1]
    assert np.corrcoef(b, beta)[0, 1] > 0.9999
    assert (np.abs(b - b.mean() - (beta - beta.mean())) < 0.02).mean() > 0.95
