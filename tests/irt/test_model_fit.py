"""M2: the reference's figures, the definition with explicit matrices, and its level."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.fit_statistics.margins import expected_margins
from ciip_irt.irt.fit_statistics.model_fit import assess_model_fit
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock

SAME = [
    *(
        (data, model, "m2", "M2.json")
        for data in ("LSAT6", "LSAT7", "SAT12", "VerbalAggression")
        for model in ("rasch", "2pl")
    ),
    ("SAT12", "3pl_prior_expbeta", "m2", "M2.json"),
    ("VerbalAggression_poly", "grm", "m2", "M2star.json"),
    ("VerbalAggression_poly", "pcm", "c2", "C2.json"),
    ("Science", "grm", "c2", "C2.json"),
    ("Science", "pcm", "c2", "C2.json"),
]
"""Where the other program's figures follow from the definition."""

DIFFERENT = [
    ("SAT12", "3pl_prior_norm", "m2", "M2.json"),
    ("VerbalAggression", "3pl_prior_norm", "m2", "M2.json"),
    ("VerbalAggression_poly", "pcm", "m2", "M2star.json"),
    ("VerbalAggression_poly", "gpcm", "m2", "M2star.json"),
    ("Science", "gpcm", "c2", "C2.json"),
]
"""Where they do not: its derivatives of 3PL and partial credit margins are not those of the margins."""


@pytest.mark.parametrize(("data", "model", "use", "file"), SAME)
def test_same_as_the_reference(golden: Any, data: str, model: str, use: str, file: str) -> None:
    parameters, sd, shape = golden.fitted(data, model)
    wanted = json.loads((golden.results_of(data) / model / file).read_text())
    fit = assess_model_fit(golden.scores(data), parameters, model=shape, sd=sd, use=use)
    assert fit.df == wanted["df"]
    assert fit.statistic == pytest.approx(wanted["M2"], rel=3e-3)
    assert fit.p == pytest.approx(wanted["p"], abs=2e-3)
    assert fit.rmsea == pytest.approx(wanted["RMSEA"], rel=0.01, abs=1e-6)
    assert fit.rmsea_low == pytest.approx(wanted["RMSEA_5"], rel=0.02, abs=1e-6)
    assert fit.rmsea_high == pytest.approx(wanted["RMSEA_95"], rel=0.01)
    assert fit.srmsr == pytest.approx(wanted["SRMSR"], rel=1e-4)


def explicit(
    x: np.ndarray, parameters: np.ndarray, sd: float, model: ItemModel, use: str
) -> tuple[float, int]:
    """M2 with its matrices written out, derivatives by differences."""
    n_scores, values = model.n_categories, np.arange(model.n_categories, dtype=float)
    own = [np.eye(n_scores)[c] for c in range(1, n_scores)] if use == "c2" else [values]
    parts = [{j: f} for j in range(x.shape[1]) for f in own]
    parts += [{j: values, k: values} for j, k in itertools.combinations(range(x.shape[1]), 2)]

    def curves(at: np.ndarray, spread: float) -> tuple[np.ndarray, np.ndarray]:
        points = np.linspace(-7, 7, 201) * spread
        weights = np.exp(-0.5 * (points / spread) ** 2)
        return weights / weights.sum(), model.probability(at, points, 1.0)

    def expected(at: np.ndarray, spread: float) -> np.ndarray:
        weights, p = curves(at, spread)
        return np.array([weights @ np.prod([p[:, j] @ f for j, f in part.items()], axis=0) for part in parts])

    seen = [np.prod([f[x[:, j]] for j, f in part.items()], axis=0).mean() for part in parts]
    mean = expected(parameters, sd)
    weights, p = curves(parameters, sd)
    covariance = np.empty((len(parts), len(parts)))
    for (r, one), (c, two) in itertools.product(enumerate(parts), repeat=2):
        if r <= c:
            product = np.prod(
                [p[:, j] @ (one.get(j, 1.0) * two.get(j, np.ones(n_scores))) for j in {*one, *two}], axis=0
            )
            covariance[r, c] = covariance[c, r] = weights @ product - mean[r] * mean[c]
    columns = []
    for j, place in itertools.product(range(x.shape[1]), range(len(model.parameters))):
        if model.parameters[place] in model.free:
            up, down = parameters.copy(), parameters.copy()
            up[j, place] += 1e-5
            down[j, place] -= 1e-5
            columns.append((expected(up, sd) - expected(down, sd)) / 2e-5)
    if model.free_sd:
        columns.append((expected(parameters, sd + 1e-5) - expected(parameters, sd - 1e-5)) / 2e-5)
    t, gap = np.array(columns).T, np.array(seen) - mean
    inverse = np.linalg.inv(covariance)
    within = np.linalg.solve(t.T @ inverse @ t, t.T @ inverse @ gap)
    return x.shape[0] * float(gap @ inverse @ (gap - t @ within)), len(parts) - t.shape[1]


@pytest.mark.parametrize(("data", "model", "use", "file"), DIFFERENT)
def test_where_the_reference_differs_the_definition_agrees_with_us(
    golden: Any, data: str, model: str, use: str, file: str
) -> None:
    parameters, sd, shape = golden.fitted(data, model)
    kept = slice(0, 8)  # eight items show it as well as all
    x, parameters = golden.scores(data)[:, kept], parameters[kept]
    fit = assess_model_fit(x, parameters, model=shape, sd=sd, use=use)
    value, df = explicit(x, parameters, sd, shape, use)
    assert fit.df == df
    assert fit.statistic == pytest.approx(value, rel=1e-5)
    if data == "Science":
        wanted = json.loads((golden.results_of(data) / model / file).read_text())
        assert abs(value / wanted["M2"] - 1) > 0.1


@pytest.mark.parametrize("name", ["rasch", "1pl", "2pl", "3pl", "pcm", "gpcm", "grm"])
@pytest.mark.parametrize("use", ["m2", "c2"])
def test_every_model_against_explicit_matrices(name: str, use: str) -> None:
    rng = np.random.default_rng(2)
    model = MODELS[name]
    scores = model.n_categories
    b = np.sort(rng.normal(size=(7, scores - 1)), axis=1)
    a = np.full(7, 1.2) if name in ("1pl", "rasch", "pcm") else rng.uniform(0.8, 1.5, 7)
    a = np.ones(7) if name in ("rasch", "pcm") else a
    parameters = np.column_stack((a, b) if scores > 2 else (a, b, np.full(7, 0.2 if name == "3pl" else 0.0)))
    p = model.probability(parameters, rng.normal(0, 0.9, 500), 1.0)
    x = (rng.random((500, 7, 1)) > p.cumsum(axis=2)[:, :, :-1]).sum(axis=2).astype(np.int8)
    fit = assess_model_fit(x, parameters, model=model, sd=0.9 if model.free_sd else 1.0, use=use)
    shape = model
    value, df = explicit(x, parameters, 0.9 if model.free_sd else 1.0, shape, use)
    if name == "1pl":  # its common slope is one parameter: the explicit matrices above leave it out
        assert fit.df == df - 1
        assert fit.statistic <= value + 1e-6
        return
    assert fit.df == df
    assert fit.statistic == pytest.approx(value, rel=1e-5)


def test_the_covariance_of_margins_from_all_patterns() -> None:
    rng = np.random.default_rng(6)
    parameters = np.column_stack((rng.uniform(0.7, 1.6, 5), rng.normal(size=5), np.full(5, 0.15)))
    points = np.linspace(-5, 5, 41)
    weights = np.exp(-(points**2) / 2)
    weights /= weights.sum()
    found = expected_margins(parameters, points, weights, model=MODELS["3pl"])
    patterns = np.array(list(itertools.product((0, 1), repeat=5)), dtype=np.int8)
    p = MODELS["3pl"].probability(parameters, points, 1.0)
    chance = weights @ np.prod(np.where(patterns[None] == 1, p[:, None, :, 1], p[:, None, :, 0]), axis=2)
    rows = np.array([found.residual(pattern[None]) for pattern in patterns])
    wanted = (rows * chance[:, None]).T @ rows
    np.testing.assert_allclose(chance @ rows, 0.0, atol=1e-12)
    got = np.array([found.covariance_times(unit) for unit in np.eye(found.size)])
    np.testing.assert_allclose(got, wanted, atol=1e-12)
    np.testing.assert_allclose(np.diagonal(got), 1.0)


def test_level_and_power_with_as_many_margins_as_a_real_form_has() -> None:
    """130 items have 8,515 margins, 300 persons answer them."""
    z, missed = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        a, b = rng.uniform(0.3, 1.9, 130), rng.normal(-1.0, 1.0, 130)
        theta = rng.normal(0, 0.8, size=(300, 1))
        for slope, kept in ((1.0, z), (a, missed)):
            x = (rng.random((300, 130)) < expit(slope * (theta - b))).astype(np.int8)
            x = x[:, (x.mean(axis=0) > 0) & (x.mean(axis=0) < 1)]
            fit = fit_mml(
                [ResponseBlock(np.arange(x.shape[1]), x)], "rasch", x.shape[1], standard_errors="none"
            )
            got = assess_model_fit(x, fit.parameters, model=MODELS["rasch"], sd=float(fit.population_sd[0]))
            assert got.iterations < 60
            kept.append((got.statistic - got.df) / np.sqrt(2 * got.df))
    assert abs(np.mean(z)) < 1.2
    assert np.std(z) < 2.0
    assert min(missed) > 3.0


def test_what_it_refuses() -> None:
    items = np.array([[1.0, 0.0, 0.0]] * 3)
    x = np.random.default_rng(0).integers(0, 2, (50, 3)).astype(np.int8)
    with pytest.raises(InputError, match="no degree of freedom"):
        assess_model_fit(x, items)
    with pytest.raises(InputError, match="m2 or c2"):
        assess_model_fit(x, items, use="m3")
    x[0, 0] = -1
    items[2] = np.nan
    with pytest.raises(InputError, match=r"missing[\s\S]*without parameters"):
        assess_model_fit(x, items)
