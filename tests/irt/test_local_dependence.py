"""Q3: the reference's figures, brute force with holes, error rates without dependence, planted pairs."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.fit_statistics.block_joining import join_blocks
from ciip_irt.irt.fit_statistics.bootstrap import bootstrap_samples
from ciip_irt.irt.fit_statistics.local_dependence import (
    LocalDependence,
    MaximumReference,
    assess_local_dependence,
)
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock

CASES = [
    *itertools.product(
        ("LSAT6", "LSAT7", "SAT12", "VerbalAggression"),
        ("rasch", "2pl", "3pl_prior_norm", "3pl_prior_expbeta"),
    ),
    *itertools.product(("VerbalAggression_poly", "Science"), ("pcm", "gpcm", "grm")),
]


def whole(x: np.ndarray) -> list[ResponseBlock]:
    return [ResponseBlock(np.arange(x.shape[1]), x)]


@pytest.mark.parametrize(("data", "model"), CASES)
def test_same_q3_as_the_reference(golden: Any, data: str, model: str) -> None:
    parameters, sd, shape = golden.fitted(data, model)
    x = golden.scores(data)
    theta = estimate_abilities(whole(x), parameters, sd=sd, model=shape).theta
    got = assess_local_dependence(whole(x), parameters, theta, model=shape).q3
    off = ~np.eye(x.shape[1], dtype=bool)
    np.testing.assert_allclose(got[off], golden.matrix(data, model, "Q3.csv")[off], atol=1e-4)


def test_by_brute_force_with_holes_and_rotating_blocks() -> None:
    rng = np.random.default_rng(4)
    items = np.column_stack((rng.uniform(0.8, 1.4, 8), rng.normal(size=8), np.zeros(8)))
    theta = rng.normal(size=300)
    p = expit(items[:, 0] * (theta[:, None] - items[:, 1]))
    x = (rng.random(p.shape) < p).astype(np.int8)
    x[rng.random(x.shape) < 0.2] = -1
    x[100:, 6] = x[:100, 7] = -1
    blocks = [ResponseBlock(np.arange(7), x[:100, :7]), ResponseBlock(np.arange(8)[::-1], x[100:, ::-1])]
    kinds = (np.arange(8) > 4).astype(np.int64)
    found = assess_local_dependence(blocks, items, theta, kinds=kinds, least_joint=50)
    wanted, z = np.full((8, 8), np.nan), np.full((8, 8), np.nan)
    for j, k in itertools.permutations(range(8), 2):
        both = (x[:, j] >= 0) & (x[:, k] >= 0)
        assert found.n[j, k] == both.sum()
        if both.sum() >= 50:
            r, v = x[both] - p[both], p[both] * (1 - p[both])
            wanted[j, k] = np.corrcoef(r[:, j], r[:, k])[0, 1]
            spread = np.sqrt((v[:, j] * v[:, k]).sum())
            z[j, k] = (r[:, j] * r[:, k]).sum() / spread if spread >= 1 else np.nan
    np.testing.assert_allclose(found.q3, wanted)
    assert np.isnan(found.q3[6, 7])
    for one, other in ((0, 0), (0, 1), (1, 1)):
        kind = np.zeros((8, 8), dtype=bool)
        kind[np.ix_(kinds == one, kinds == other)] = True
        adjusted = wanted[kind] - np.nanmean(wanted[kind])
        np.testing.assert_allclose(found.q3_adjusted[kind], adjusted)
        root = np.sqrt(found.n[kind])
        np.testing.assert_allclose(found.z[kind], z[kind] - np.nanmean(z[kind] / root) * root)
    first, second = found.ranked()
    assert len(first) == (~np.isnan(z)).sum() // 2 < 27
    assert (np.diff(found.z[first, second]) <= 0).all()


def test_the_largest_of_all_pairs_keeps_its_level_and_a_planted_pair_is_found() -> None:
    false, true = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        line = rng.normal(0, 0.6, size=(400, 1)) - rng.normal(-1.0, 1.0, 40)
        if planted := seed % 2:
            line[:, [3, 9]] += rng.normal(0, 2.0, size=(400, 1))
        x = (rng.random(line.shape) < expit(line)).astype(np.int8)
        fit = fit_mml(whole(x), "rasch", 40, standard_errors="none")
        moments = {"mean": fit.population_mean, "sd": fit.population_sd}
        theta = estimate_abilities(whole(x), fit.parameters, **moments).theta
        found = assess_local_dependence(whole(x), fit.parameters, theta)
        reference = MaximumReference(found)
        samples = bootstrap_samples(
            whole(x), fit.parameters, model=MODELS["rasch"], replications=25, seed=seed, **moments
        )
        for sample in samples:
            reference.add(sample)
        first, second = found.ranked()
        p = reference.p(found.z[first, second])
        if planted:
            true.append((first[0], second[0]) == (3, 9) and p[0] < 0.05)
        else:
            false.append(p[0] < 0.05)
            assert reference.p(np.array([reference.at(0.05)]))[0] == pytest.approx(0.05)
    assert sum(false) <= 2
    assert sum(true) >= 6


def test_one_person_who_misses_two_easy_items_says_nothing() -> None:
    items = np.column_stack((np.ones(6), [-6.0, -6.0, 0.0, 0.1, -0.2, 0.3], np.zeros(6)))
    x = np.random.default_rng(1).integers(0, 2, (300, 6)).astype(np.int8)
    x[:, :2] = 1
    x[7, :2] = 0
    found = assess_local_dependence(whole(x), items, np.zeros(300))
    assert found.q3[0, 1] == pytest.approx(1.0)
    assert np.isnan(found.z[0, 1])
    assert not np.isnan(found.z[2:, 2:][~np.eye(4, dtype=bool)]).any()
    first, second = found.ranked()
    assert (0, 1) not in set(zip(first.tolist(), second.tolist(), strict=True))


def test_the_limit_is_that_of_largest_values() -> None:
    maxima = np.random.default_rng(3).normal(size=(4000, 800)).max(axis=1)
    nothing = np.zeros((2, 2))
    reference = MaximumReference(LocalDependence(nothing.astype(np.int64), nothing, nothing, nothing))
    reference.maxima.extend(maxima.tolist())
    for level in (0.2, 0.05, 0.01):
        assert (maxima > reference.at(level)).mean() == pytest.approx(level, rel=0.5)


def test_blocks_laid_together_give_the_same() -> None:
    rng = np.random.default_rng(9)
    items = np.column_stack((np.ones(14), rng.normal(size=14), np.zeros(14)))
    theta = rng.normal(size=240)
    x = (rng.random((240, 14)) < expit(theta[:, None] - items[:, 1])).astype(np.int8)
    sets = [np.array([*range(10), 10, 11]), np.array([*range(10), 12, 13]), np.arange(3, 14)]
    blocks = [ResponseBlock(own, x[80 * k : 80 * k + 80, own]) for k, own in enumerate(sets)]
    roles = [own < 10 for own in sets]
    together, joined_roles = join_blocks(blocks, roles)
    assert [block.items.size for block in together] == [14, 11]
    assert [role.sum() for role in joined_roles] == [10, 7]
    apart = assess_local_dependence(blocks, items, theta)
    same = assess_local_dependence(together, items, theta)
    np.testing.assert_allclose(apart.q3, same.q3)
    np.testing.assert_allclose(apart.z, same.z)
    wide = [ResponseBlock(np.array([0, k]), x[k : k + 1, [0, k]]) for k in range(1, 12)]
    assert len(join_blocks(wide, [np.array([True, False])] * 11)[0]) == 11
