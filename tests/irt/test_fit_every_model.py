"""Item fit of every model: the reference's figures, brute force, pilots, cut-offs from samples that fit."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.irt.curves import leave_one_out_scores, rest_score_distributions
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.fit_statistics import FIT
from ciip_irt.irt.fit_statistics.bootstrap import bootstrap_samples
from ciip_irt.irt.fit_statistics.bootstrap_cutoffs import InfitOutfitReference, infit_outfit_cutoffs
from ciip_irt.irt.fit_statistics.item_sets import group_identical_sets
from ciip_irt.irt.fit_statistics.multiple_tests import benjamini_hochberg
from ciip_irt.irt.fit_statistics.s_x2 import _tables
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock

DICHOTOMOUS = list(
    itertools.product(
        ("LSAT6", "LSAT7", "SAT12", "VerbalAggression"),
        ("rasch", "2pl", "3pl_prior_norm", "3pl_prior_expbeta"),
    )
)
POLYTOMOUS = list(itertools.product(("VerbalAggression_poly", "Science"), ("pcm", "gpcm", "grm")))


def whole(x: np.ndarray) -> list[ResponseBlock]:
    return [ResponseBlock(np.arange(x.shape[1]), x)]


@pytest.mark.parametrize(("data", "model"), DICHOTOMOUS + POLYTOMOUS)
def test_mean_squares_of_the_reference(golden: Any, data: str, model: str) -> None:
    """At EAP for all models; at WLE where its WLE is Warm's; at ML it counts persons without a finite one."""
    parameters, sd, shape = golden.fitted(data, model)
    x = golden.scores(data)
    for method in ("eap",) if model.startswith("3pl") else ("eap", "wle"):
        table = golden.table(data, model, f"itemfit_infit_Zh_{method.upper()}.csv")
        fit = FIT["mean_squares"](whole(x), parameters, sd=sd, model=shape, method=method)
        p = shape.probability(parameters, np.zeros(1), 1.0)[0, :, 1]
        # of answers nearly certain the other program floors the variance; below is the definition itself
        plain = np.full(p.size, data not in ("SAT12", "VerbalAggression"))
        np.testing.assert_allclose(fit.column("infit")[plain], table["infit"][plain], rtol=1e-3)
        np.testing.assert_allclose(fit.column("outfit")[plain], table["outfit"][plain], rtol=1e-3)
        off = np.abs(fit.column("infit") / table["infit"] - 1) > 0.01
        assert off.sum() <= 3
        assert np.all(p[off] > 0.9)


@pytest.mark.usefixtures("shared")
def test_infit_of_nearly_certain_answers_is_its_definition(golden: Any) -> None:
    parameters, sd, shape = golden.fitted("SAT12", "2pl")
    x = golden.scores("SAT12")
    fit = FIT["mean_squares"](whole(x), parameters, sd=sd, model=shape)
    points = np.linspace(-8, 8, 401)
    a, b = parameters[:, 0], parameters[:, 1]
    curve = expit(a * (points[:, None] - b))
    weight = np.exp(x @ np.log(curve).T + (1 - x) @ np.log1p(-curve).T - points**2 / (2 * sd**2))
    theta = weight @ points / weight.sum(axis=1)
    p = expit(a * (theta[:, None] - b))
    np.testing.assert_allclose(
        fit.column("infit"), ((x - p) ** 2).sum(axis=0) / (p * (1 - p)).sum(axis=0), rtol=1e-4
    )


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["2pl", "3pl_prior_norm", "3pl_prior_expbeta"])
def test_s_x2_where_little_is_pooled(golden: Any, model: str) -> None:
    parameters, sd, shape = golden.fitted("VerbalAggression", model)
    table = golden.table("VerbalAggression", model, "itemfit_S_X2.csv")
    x = golden.scores("VerbalAggression")
    fit = FIT["s_x2"](whole(x), parameters, sd=sd, model=shape, n_free=np.full(24, len(shape.free)))
    np.testing.assert_array_equal(fit.column("df"), table["dfS_X2"])
    close = np.abs(fit.column("s_x2") / table["S_X2"] - 1) < 0.01
    assert close.sum() >= 22


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["gpcm", "grm"])
def test_s_x2_of_more_scores(golden: Any, model: str) -> None:
    """Thin cells can be joined in many ways: where the degrees of freedom agree, most figures do."""
    parameters, sd, shape = golden.fitted("VerbalAggression_poly", model)
    table = golden.table("VerbalAggression_poly", model, "itemfit_S_X2.csv")
    x = golden.scores("VerbalAggression_poly")
    fit = FIT["s_x2"](whole(x), parameters, sd=sd, model=shape, n_free=np.full(24, 3))
    same = fit.column("df") == table["dfS_X2"]
    assert same.sum() >= 12
    close = np.abs(fit.column("s_x2") / table["S_X2"] - 1) < 0.01
    assert close[same].sum() >= 10
    assert np.abs(fit.column("df") - table["dfS_X2"]).max() <= 4


@pytest.mark.usefixtures("shared")
def test_s_x2_expects_what_all_patterns_together_give(golden: Any) -> None:
    """The 256 patterns of four items with four scores, one by one."""
    parameters, sd, shape = golden.fitted("Science", "gpcm")
    x = golden.scores("Science")
    points = np.linspace(-6, 6, 61)
    weights = np.exp(-(points**2) / (2 * sd**2))
    weights /= weights.sum()
    p = shape.probability(parameters, points, 1.0)
    items, _, observed, expected = _tables(next(group_identical_sets(whole(x))), p, weights)[0]
    assert items.tolist() == [0, 1, 2, 3]
    share = np.zeros((13, 4, 4))
    for pattern in itertools.product(range(4), repeat=4):
        chance = weights @ np.prod([p[:, j, score] for j, score in enumerate(pattern)], axis=0)
        for item, score in enumerate(pattern):
            share[sum(pattern), item, score] += chance
    raw = x.sum(axis=1)
    persons = np.bincount(raw, minlength=13)
    met = np.flatnonzero(persons[1:-1]) + 1
    wanted = persons[met, None, None] * share[met] / share[met].sum(axis=2, keepdims=True)
    np.testing.assert_allclose(expected, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(observed.sum(axis=2), np.repeat(persons[met, None], 4, axis=1))


def test_scores_without_each_item_by_convolving_the_others() -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(3), size=(5, 7))
    p[:, 2, 2] = 0.0
    p /= p.sum(axis=2, keepdims=True)
    got = rest_score_distributions(p)
    for item in range(7):
        for point in range(5):
            wanted = np.ones(1)
            for other in range(7):
                if other != item:
                    wanted = np.convolve(wanted, p[point, other])
            np.testing.assert_allclose(got[point, item], wanted, atol=1e-15)
    two = rng.dirichlet(np.ones(2), size=(5, 7))
    np.testing.assert_allclose(rest_score_distributions(two), leave_one_out_scores(two[:, :, 1]))


def drawn(model_name: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    model = MODELS[model_name]
    a = np.ones(12) if model_name == "pcm" else rng.uniform(0.7, 1.5, 12)
    b = np.sort(rng.normal(size=(12, 2)), axis=1) + np.array([-0.4, 0.4])
    parameters = np.column_stack((a, b))
    p = model.probability(parameters, rng.normal(size=n), 1.0)
    return parameters, (rng.random((n, 12, 1)) > p.cumsum(axis=2)[:, :, :-1]).sum(axis=2).astype(np.int8)


@pytest.mark.parametrize("model", ["pcm", "gpcm", "grm"])
def test_items_of_three_scores_keep_the_level_and_a_bad_one_is_found(model: str) -> None:
    small = []
    for seed in range(12):
        parameters, x = drawn(model, 600, seed)
        fit = FIT["s_x2"](whole(x), parameters, model=MODELS[model])
        small.append(fit.column("p") < 0.05)
    assert 0.01 < np.mean(small) < 0.10
    x[:, 3] = np.random.default_rng(1).integers(0, 3, 600)
    for name, column, edge in (
        ("s_x2", "p_adjusted", None),
        ("mean_squares", "outfit", 1.05),
        ("rmsd", "rmsd", 0.08),
    ):
        value = FIT[name](whole(x), parameters, model=MODELS[model]).column(column)
        assert value.argmin() == 3 if edge is None else value.argmax() == 3
        assert value[3] < 1e-3 if edge is None else value[3] > edge, (name, value[3])


@pytest.mark.parametrize("name", FIT)
def test_pilots_do_not_place_the_persons_they_are_held_against(name: str) -> None:
    """The scored items fit as if there were no pilots; every pilot as if it were the only one."""
    rng = np.random.default_rng(5)
    items = np.column_stack((rng.uniform(0.8, 1.4, 18), rng.normal(size=18), np.zeros(18)))
    p = expit(items[:, 0] * (rng.normal(size=(400, 1)) - items[:, 1]))
    x = (rng.random(p.shape) < p).astype(np.int8)
    scored = np.arange(18) < 15
    x[200:, 16] = -1
    fit = FIT[name](whole(x), items, scored=[scored])
    alone = FIT[name](whole(x[:, :15]), items[:15])
    np.testing.assert_allclose(fit.column(fit.names[0])[:15], alone.column(fit.names[0]), rtol=1e-9)
    for pilot in (15, 16, 17):
        kept = [*range(15), pilot]
        blocks = [ResponseBlock(np.array(kept), x[:, kept])]
        single = FIT[name](blocks, items, scored=[np.arange(16) < 15])
        np.testing.assert_allclose(fit.values[pilot, :2], single.values[pilot, :2], rtol=1e-9)
    assert fit.n.tolist() == [400] * 16 + [200, 400]
    spoiled = x.copy()
    spoiled[:, 15] = 1 - spoiled[:, 15]
    np.testing.assert_allclose(
        FIT[name](whole(spoiled), items, scored=[scored]).values[16:, :2], fit.values[16:, :2]
    )


def test_a_pilot_is_expected_where_its_curve_says() -> None:
    """An unscored item that fits is not flagged, by any statistic, however noisy the persons' places are."""
    rng = np.random.default_rng(8)
    items = np.column_stack((np.ones(14), rng.normal(size=14), np.zeros(14)))
    p = expit(rng.normal(size=(6000, 1)) - items[:, 1])
    x = (rng.random(p.shape) < p).astype(np.int8)
    scored = [np.arange(14) < 12]
    assert FIT["rmsd"](whole(x), items, scored=scored).column("rmsd")[12:].max() < 0.04
    assert FIT["s_x2"](whole(x), items, scored=scored).column("p")[12:].min() > 0.01
    assert np.abs(FIT["mean_squares"](whole(x), items, scored=scored).values[12:] - 1).max() < 0.12


def test_cut_offs_hold_what_they_promise_and_show_a_noisy_item() -> None:
    outside, found = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        b = rng.normal(-1.2, 1.0, 60)
        p = expit(rng.normal(0, 0.6, size=(300, 1)) - b)
        x = (rng.random(p.shape) < p).astype(np.int8)
        noisy = int(np.abs(b).argmin())
        x[:, noisy] = rng.random(300) < expit(-b[noisy])
        fit = fit_mml(whole(x), "rasch", 60, standard_errors="none")
        moments = {"mean": fit.population_mean, "sd": fit.population_sd}
        gathered = InfitOutfitReference()
        samples = bootstrap_samples(
            whole(x), fit.parameters, model=MODELS["rasch"], replications=25, seed=seed, **moments
        )
        for sample in samples:
            gathered.add(sample)
        observed = FIT["mean_squares"](whole(x), fit.parameters, **moments)
        limits = infit_outfit_cutoffs(observed, gathered)
        for name in ("infit", "outfit"):
            value, p_value = observed.column(name), limits.column(f"{name}_p")
            beyond = (value < limits.column(f"{name}_low")) | (value > limits.column(f"{name}_high"))
            known = ~np.isnan(p_value)
            np.testing.assert_array_equal(beyond[known], p_value[known] < 0.05)
            outside.append(np.delete(beyond, noisy).mean())
            found.append(beyond[noisy])
    assert 0.02 < np.mean(outside) < 0.09
    assert np.mean(found) > 0.5


def test_samples_that_fit_keep_the_design_and_the_anchors() -> None:
    rng = np.random.default_rng(3)
    items = np.column_stack((np.ones(10), rng.normal(size=10), np.zeros(10)))
    items[9] = np.nan
    x = rng.integers(0, 2, (80, 10)).astype(np.int8)
    x[rng.random(x.shape) < 0.2] = -1
    blocks = [ResponseBlock(np.arange(10), x[:50]), ResponseBlock(np.arange(10)[::-1], x[50:, ::-1])]
    fixed = np.arange(10) < 4
    one, two, other = (
        list(bootstrap_samples(blocks, items, model=MODELS["2pl"], fixed=fixed, replications=2, seed=seed))
        for seed in (1, 1, 2)
    )
    for sample, again, different in zip(one, two, other, strict=True):
        np.testing.assert_array_equal(sample.parameters[fixed], items[fixed])
        assert (sample.parameters[4:9] != items[4:9]).all(axis=0)[:2].all()
        for drawn_block, block, same, unlike in zip(
            sample.blocks, blocks, again.blocks, different.blocks, strict=True
        ):
            np.testing.assert_array_equal(drawn_block.scores < 0, block.scores < 0)
            np.testing.assert_array_equal(drawn_block.scores, same.scores)
            assert (drawn_block.scores != unlike.scores).any()


def test_benjamini_hochberg_by_its_definition() -> None:
    p = np.random.default_rng(0).random(40) ** 2
    p[[3, 17]] = np.nan
    known = np.sort(p[~np.isnan(p)])
    for value, adjusted in zip(p, benjamini_hochberg(p), strict=True):
        if np.isnan(value):
            assert np.isnan(adjusted)
        else:
            wanted = min(k * known.size / (r + 1) for r, k in enumerate(known) if k >= value)
            assert adjusted == pytest.approx(min(1.0, wanted))
