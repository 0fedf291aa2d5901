"""Our own simulated data with the figures of mirt, psychotools and equateIRT: every kind of statistic once.

mirt's standard errors of ``d`` and of the slope are compared; those of b follow by the delta method.
"""

import csv
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.irt import ResponseBlock, estimate_abilities, expected_score, score_table
from ciip_irt.irt import test_information as form_information
from ciip_irt.irt.estimation import MmlFit, fit_cml, fit_mml
from ciip_irt.irt.fit_statistics import FIT, assess_local_dependence, assess_model_fit
from ciip_irt.irt.linking import link
from ciip_irt.irt.models import MODELS, ItemModel

CASES = {
    "dich/rasch": "rasch",
    "dich/2pl": "2pl",
    "mixed/rasch_pcm": "pcm",
    "mixed/2pl_gpcm": "gpcm",
    "mixed/2pl_graded": "grm",
}
"""Folder and our model: right/wrong items are partial credit and graded items of two scores."""


def scores(path: Path) -> np.ndarray:
    """Persons x items; blank is not administered."""
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    return np.where(np.isnan(table), -1, table).astype(np.int8)


def whole(x: np.ndarray) -> list[ResponseBlock]:
    return [ResponseBlock(np.arange(x.shape[1]), x)]


def named(path: Path, value: str) -> dict[str, dict[str, float]]:
    """``{item: {parameter: number}}`` of ``pars.csv``."""
    found: dict[str, dict[str, float]] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["item"], {})[row["name"]] = float(row[value])
    return found


def intercepts(parameters: dict[str, float]) -> list[float]:
    """Steps d_k in order: of generalised partial credit the differences, of graded response as they are."""
    if "d0" in parameters:
        d = [value for name, value in parameters.items() if name.startswith("d")]
        return [after - before for before, after in pairwise(d)]
    if "d1" in parameters:
        return [value for name, value in parameters.items() if name.startswith("d")]
    return [parameters["d"]]


@cache
def reference(folder: Path, name: str) -> tuple[np.ndarray, float, ItemModel]:
    """Parameters (J, P) of our model, the population's spread, the model."""
    table = named(folder / "pars.csv", "value")
    group = table.pop("GROUP")
    steps = [intercepts(parameters) for parameters in table.values()]
    most = max(len(d) for d in steps)
    b = np.full((len(steps), most), np.nan)
    a = np.array([parameters["a1"] for parameters in table.values()])
    for place, d in enumerate(steps):
        b[place, : len(d)] = -np.array(d) / a[place]
    if MODELS[name].for_categories is None:
        return np.column_stack((a, b, np.zeros(len(a)))), group["COV_11"] ** 0.5, MODELS[name]
    return np.column_stack((a, b)), group["COV_11"] ** 0.5, MODELS[name].for_categories(most + 1)


@pytest.fixture(scope="module")
def simulated(results_of: Callable[[str], Path]) -> Path:
    return results_of("Simulated")


@cache
def estimated(folder: Path, name: str) -> MmlFit:
    x = scores(folder.parent.with_suffix(".csv"))
    return fit_mml(whole(x), name, x.shape[1], tolerance=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_same_maximum_and_parameters(simulated: Path, case: str) -> None:
    fit = estimated(simulated / case, CASES[case])
    parameters, sd, _ = reference(simulated / case, CASES[case])
    wanted = json.loads((simulated / case / "fit.json").read_text())
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(wanted["logLik"], abs=1e-4)
    assert fit.n_parameters == wanted["npar"]
    np.testing.assert_allclose(fit.parameters, parameters, atol=5e-4)
    assert fit.population_sd[0] == pytest.approx(sd, abs=2e-4)


@pytest.mark.parametrize("case", CASES)
def test_same_standard_errors(simulated: Path, case: str) -> None:
    """Of the slope; in Rasch models of b, which is -d there, and of the first step of others."""
    fit = estimated(simulated / case, CASES[case])
    with (simulated / case / "pars_se.csv").open(newline="") as lines:
        errors = {row[0]: float(row[2]) for row in list(csv.reader(lines))[1:] if row[2] != "NA"}
    names = list(dict.fromkeys(name.split(".")[0] for name in errors if not name.startswith("GroupPars")))
    slopes = [errors[f"{name}.a1"] for name in names if f"{name}.a1" in errors]
    if slopes:
        np.testing.assert_allclose(fit.standard_errors[:, 0], slopes, rtol=2e-3)
    else:
        assert np.isnan(fit.standard_errors[:, 0]).all()
        two = [place for place, name in enumerate(names) if f"{name}.d" in errors]
        wanted = [errors[f"{names[place]}.d"] for place in two]
        assert len(two) >= 12
        np.testing.assert_allclose(fit.standard_errors[two, 1], wanted, rtol=2e-3)
        spread = errors["GroupPars.COV_11"] / (2 * fit.population_sd[0])
        assert fit.population_sd_se[0] == pytest.approx(spread, rel=2e-3)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", ["EAP", "ML", "WLE"])
def test_same_scores(simulated: Path, case: str, method: str) -> None:
    parameters, sd, model = reference(simulated / case, CASES[case])
    table = np.genfromtxt(simulated / case / "scores_first60.csv", delimiter=",", names=True)
    x = scores((simulated / case).parent.with_suffix(".csv"))[: len(table)]
    got = estimate_abilities(whole(x), parameters, method=method.lower(), sd=sd, model=model)
    finite = np.isfinite(table[method])
    assert finite.sum() > 50
    np.testing.assert_allclose(got.theta[finite], table[method][finite], atol=1e-4)
    # of ML and WLE under the graded model mirt takes the observed information, of WLE its own curvature
    if method == "EAP" or (method == "ML" and CASES[case] != "grm"):
        np.testing.assert_allclose(got.se[finite], table[f"SE_{method}"][finite], rtol=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_same_sum_score_table_and_information(simulated: Path, case: str) -> None:
    parameters, sd, model = reference(simulated / case, CASES[case])
    table = np.genfromtxt(simulated / case / "eapsum.csv", delimiter=",", skip_header=1)
    theta, se = score_table(parameters, sd=sd, model=model)
    np.testing.assert_allclose(theta, table[:, 1], atol=1e-4)
    np.testing.assert_allclose(se, table[:, 2], atol=1e-4)
    curve = np.genfromtxt(simulated / case / "information.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(form_information(parameters, curve[:, 0], 1.0, model), curve[:, 1], rtol=1e-6)
    np.testing.assert_allclose(expected_score(parameters, curve[:, 0], 1.0, model), curve[:, 2], rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_same_item_fit(simulated: Path, case: str) -> None:
    """S-X2 where thin cells are pooled alike; infit and outfit but for mirt's coarse points."""
    parameters, sd, model = reference(simulated / case, CASES[case])
    x = scores((simulated / case).parent.with_suffix(".csv"))
    # mirt takes one more degree off in Rasch models than it estimates
    free = np.isfinite(parameters[:, 1:]).sum(axis=1) + ("rasch" not in case)
    if model.for_categories is None and "rasch" not in case:
        free = np.full(len(parameters), 2)
    fit = FIT["s_x2"](whole(x), parameters, sd=sd, model=model, n_free=free)
    table = np.genfromtxt(simulated / case / "itemfit_S_X2.csv", delimiter=",", names=True)
    close = np.abs(fit.column("s_x2") - table["S_X2"]) < 2e-3 * table["S_X2"]
    assert close.sum() >= 12
    squares = FIT["mean_squares"](whole(x), parameters, sd=sd, model=model, method="eap")
    table = np.genfromtxt(simulated / case / "itemfit_infit.csv", delimiter=",", names=True)
    np.testing.assert_allclose(squares.column("infit"), table["infit"], rtol=2e-3)
    np.testing.assert_allclose(squares.column("outfit"), table["outfit"], rtol=2e-3)


@pytest.mark.parametrize("case", CASES)
def test_same_q3(simulated: Path, case: str) -> None:
    parameters, sd, model = reference(simulated / case, CASES[case])
    x = scores((simulated / case).parent.with_suffix(".csv"))
    theta = estimate_abilities(whole(x), parameters, sd=sd, model=model).theta
    got = assess_local_dependence(whole(x), parameters, theta, model=model).q3
    wanted = np.genfromtxt(simulated / case / "Q3.csv", delimiter=",", skip_header=1)
    off = ~np.eye(len(parameters), dtype=bool)
    np.testing.assert_allclose(got[off], wanted[off], atol=2e-4)


@pytest.mark.parametrize("case", ["dich/rasch", "dich/2pl"])
def test_same_m2(simulated: Path, case: str) -> None:
    parameters, sd, model = reference(simulated / case, CASES[case])
    x = scores((simulated / case).parent.with_suffix(".csv"))
    wanted = np.genfromtxt(simulated / case / "M2star.csv", delimiter=",", names=True)
    fit = assess_model_fit(x, parameters, model=model, sd=sd)
    assert fit.df == wanted["df"]
    assert fit.statistic == pytest.approx(float(wanted["M2"]), rel=3e-3)
    assert fit.p == pytest.approx(float(wanted["p"]), abs=5e-3)
    assert fit.rmsea_high == pytest.approx(float(wanted["RMSEA_95"]), rel=0.02)
    assert fit.srmsr == pytest.approx(float(wanted["SRMSR"]), rel=1e-3)


def test_same_conditional_likelihood(simulated: Path) -> None:
    x = scores(simulated / "dich.csv")
    fit = fit_cml(whole(x), x.shape[1])
    wanted = json.loads((simulated / "dich" / "rasch_cml" / "fit.json").read_text())
    table = np.genfromtxt(simulated / "dich" / "rasch_cml" / "pars_sum0.csv", delimiter=",", names=True)
    assert fit.log_likelihood == pytest.approx(wanted["logLik"], abs=1e-4)
    np.testing.assert_allclose(fit.b, table["difficulty"], atol=5e-5)
    np.testing.assert_allclose(fit.standard_errors, table["se"], rtol=1e-3)


METHODS = {
    "mean-mean": "mean_mean",
    "mean-sigma": "mean_sigma",
    "Haebara": "haebara",
    "Stocking-Lord": "stocking_lord",
}


def test_same_linking_constants(simulated: Path) -> None:
    """equateIRT's curve methods work on the old scale, at the points of its quadrature."""
    forms = {}
    for form in "xy":
        with (simulated / "linking" / f"pars_{form}.csv").open(newline="") as lines:
            forms[form] = {r["item"]: [float(r["a"]), float(r["b"]), 0.0] for r in csv.DictReader(lines)}
    common = sorted(forms["x"].keys() & forms["y"].keys())
    assert len(common) == 8
    old, new = (np.array([forms[form][item] for item in common]) for form in "xy")
    with (simulated / "linking" / "constants_equateIRT.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["method"] for row in rows} == set(METHODS)
    for row in rows:
        nodes, weights = np.polynomial.hermite_e.hermegauss(21)
        found = link(old, new, METHODS[row["method"]], direction="old", theta=nodes, weights=weights)
        assert pytest.approx((float(row["A"]), float(row["B"])), abs=1e-4) == (found.A, found.B), row


def test_two_groups_who_met_different_booklets(simulated: Path) -> None:
    """Generalised partial credit; the first group is N(0, 1), the second is estimated."""
    x = scores(simulated / "booklets.csv")
    group, x = x[:, 0], x[:, 1:]
    blocks = []
    for number in (0, 1):
        met = np.flatnonzero((x[group == number] >= 0).any(axis=0))
        blocks.append(ResponseBlock(met, x[np.ix_(group == number, met)], number))
    fit = fit_mml(blocks, "gpcm", x.shape[1], tolerance=1e-8)
    wanted = json.loads((simulated / "booklets" / "fit.json").read_text())
    assert fit.log_likelihood == pytest.approx(wanted["logLik"], abs=1e-3)
    with (simulated / "booklets" / "pars.csv").open(newline="") as lines:
        table = [row for row in csv.DictReader(lines) if row["group"] == "1"]
    moments = {row["name"]: float(row["value"]) for row in table if row["item"] == "GROUP"}
    assert fit.population_mean[1] == pytest.approx(moments["MEAN_1"], abs=1e-3)
    assert fit.population_sd[1] ** 2 == pytest.approx(moments["COV_11"], abs=2e-3)
    slopes = [float(row["value"]) for row in table if row["name"] == "a1"]
    np.testing.assert_allclose(fit.parameters[:, 0], slopes, atol=1e-3)
