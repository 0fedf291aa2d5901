"""lz*: the reference's uncorrected values, Snijders' formula by hand, level and power."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.errors import InputError
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.fit_statistics.person_fit import METHODS, _statistics, assess_person_fit
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock

CASES = [
    *itertools.product(
        ("LSAT6", "LSAT7", "SAT12", "VerbalAggression"),
        ("rasch", "2pl", "3pl_prior_norm", "3pl_prior_expbeta"),
    ),
    *itertools.product(("VerbalAggression_poly", "Science"), ("pcm", "gpcm", "grm")),
]


@pytest.mark.parametrize(("data", "model"), CASES)
def test_the_uncorrected_statistic_of_the_reference(golden: Any, data: str, model: str) -> None:
    parameters, sd, shape = golden.fitted(data, model)
    x = golden.scores(data)[:50]
    block = ResponseBlock(np.arange(x.shape[1]), x)
    theta = estimate_abilities([block], parameters, sd=sd, model=shape).theta
    lz, _ = _statistics(x, parameters, theta, "ml", 0.0, sd, 1.0, shape)
    table = golden.table(data, model, "personfit_EAP_first50.csv")
    np.testing.assert_allclose(lz, table["Zh"], atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_snijders_formula_by_hand_with_holes(method: str) -> None:
    rng = np.random.default_rng(3)
    items = np.column_stack((rng.uniform(0.6, 1.8, 25), rng.normal(size=25), np.full(25, 0.15)))
    x = rng.integers(0, 2, (30, 25)).astype(np.int8)
    x[rng.random(x.shape) < 0.2] = -1
    blocks = [ResponseBlock(np.arange(25), x[:10]), ResponseBlock(np.arange(25)[::-1], x[10:, ::-1])]
    fit = assess_person_fit(blocks, items, method=method, mean=0.3, sd=0.8)
    for person, row in enumerate(x):
        here = row >= 0
        a, b, c = items[here].T
        theta, score = fit.theta[person], row[here]
        if not np.isfinite(theta):
            assert np.isnan(fit.lz_star[person])
            continue
        s = expit(a * (theta - b))
        p = c + (1 - c) * s
        first = (1 - c) * a * s * (1 - s)
        second = first * a * (1 - 2 * s)
        w, r = np.log(p / (1 - p)), first / (p * (1 - p))
        information = (first * r).sum()
        ratio = (first * w).sum() / (first * r).sum()
        extra = {"ml": 0.0, "map": (0.3 - theta) / 0.64, "wle": (second * r).sum() / (2 * information)}[
            method
        ]
        # the estimating equation is what the correction rests on
        assert extra + ((score - p) * r).sum() == pytest.approx(0.0, abs=1e-5)
        spread = np.sqrt((p * (1 - p) * (w - ratio * r) ** 2).sum())
        assert fit.lz_star[person] == pytest.approx((((score - p) * w).sum() + ratio * extra) / spread)
        assert fit.n_answers[person] == here.sum()


@pytest.mark.parametrize("method", METHODS)
def test_level_and_power(method: str) -> None:
    rng = np.random.default_rng(1)
    items = np.column_stack((rng.uniform(0.6, 1.5, 80), rng.normal(-0.8, 1, 80), np.zeros(80)))
    p = expit(items[:, 0] * (rng.normal(size=(2500, 1)) - items[:, 1]))
    x = (rng.random(p.shape) < p).astype(np.int8)
    guessed = rng.integers(0, 2, (200, 80)).astype(np.int8)
    fit = assess_person_fit([ResponseBlock(np.arange(80), np.vstack((x, guessed)))], items, method=method)
    honest = fit.lz_star[:2500]
    assert 0.04 < fit.flagged(0.05)[:2500].mean() < 0.065
    assert 0.005 < fit.flagged(0.01)[:2500].mean() < 0.02
    assert np.nanstd(honest) == pytest.approx(1.0, abs=0.05)
    assert np.nanstd(fit.lz[:2500]) < 0.9  # without the correction too few would be found
    assert fit.flagged(0.05)[2500:].mean() > 0.95
    assert f"Person fit of {np.isfinite(fit.p).sum():,} persons" in fit.summary()


def test_level_with_three_scores() -> None:
    rng = np.random.default_rng(2)
    items = np.column_stack((rng.uniform(0.7, 1.4, 30), np.sort(rng.normal(size=(30, 2)), axis=1)))
    model = MODELS["gpcm"]
    p = model.probability(items, rng.normal(size=2500), 1.0)
    x = (rng.random((2500, 30, 1)) > p.cumsum(axis=2)[:, :, :-1]).sum(axis=2).astype(np.int8)
    fit = assess_person_fit([ResponseBlock(np.arange(30), x)], items, model=model)
    assert 0.03 < fit.flagged(0.05).mean() < 0.07
    assert np.nanstd(fit.lz_star) == pytest.approx(1.0, abs=0.06)


def test_who_has_no_value() -> None:
    items = np.column_stack((np.ones(6), np.linspace(-1, 1, 6), np.zeros(6)))
    x = np.array([[1] * 6, [0, 1, 0, 1, 1, 0], [-1] * 6], dtype=np.int8)
    fit = assess_person_fit([ResponseBlock(np.arange(6), x)], items, method="ml")
    assert np.isnan(fit.lz_star).tolist() == [True, False, True]
    assert fit.flagged(0.5).tolist() == [False, bool(fit.p[1] < 0.5), False]
    with pytest.raises(InputError, match="ml, map, wle"):
        assess_person_fit([], items, method="eap")
