"""Item fit: the reference's figures, brute force, and behaviour on data with holes."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.fit_statistics import FIT
from ciip_irt.irt.response_blocks import ResponseBlock

FREE = {"rasch": 1, "2pl": 2, "3pl_prior_expbeta": 3}


def reference(folder: Path) -> tuple[np.ndarray, float]:
    with (folder / "pars_irt.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    columns = [[float(row["est"]) for row in rows if row["par"] == p] for p in "abg"]
    return np.array(columns).T, next(float(r["est"]) for r in rows if r["par"] == "COV_11") ** 0.5


def simulated(n: int, seed: int, n_items: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    items = np.column_stack((rng.uniform(0.8, 1.6, n_items), rng.normal(size=n_items), np.zeros(n_items)))
    p = expit(items[:, 0] * (rng.normal(size=(n, 1)) - items[:, 1]))
    return items, (rng.random(p.shape) < p).astype(np.int8)


@pytest.mark.parametrize("data", ["LSAT6", "LSAT7"])
@pytest.mark.parametrize("model", FREE)
def test_s_x2_of_the_reference(results_of: Callable[[str], Path], data: str, model: str) -> None:
    folder = results_of(data)
    parameters, sd = reference(folder / model)
    x = np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1).astype(np.int8)
    block = ResponseBlock(np.arange(x.shape[1]), x)
    fit = FIT["s_x2"]([block], parameters, sd=sd, n_free=np.full(x.shape[1], FREE[model]))
    table = np.genfromtxt(folder / model / "itemfit_S_X2.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(fit.column("s_x2"), table[:, 1], atol=1e-3)
    if model != "rasch":  # there the reference takes off one more degree than it estimates
        wanted = np.where(table[:, 2] > 0, table[:, 2], np.nan)
        np.testing.assert_array_equal(fit.column("df"), wanted)
        np.testing.assert_allclose(fit.column("p"), table[:, 4], atol=1e-3)


def test_s_x2_of_a_longer_test(shared: Path) -> None:
    """Where no thin scores have to be pooled differently, the figures agree."""
    folder = shared / "reference" / "SAT12"
    parameters, sd = reference(folder / "2pl")
    x = np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1).astype(np.int8)
    fit = FIT["s_x2"]([ResponseBlock(np.arange(32), x)], parameters, sd=sd, n_free=np.full(32, 2))
    table = np.genfromtxt(folder / "2pl" / "itemfit_S_X2.csv", delimiter=",", skip_header=1)
    same = np.abs(fit.column("s_x2") - table[:, 1]) < 1e-3
    assert same.sum() >= 16
    assert np.corrcoef(fit.column("s_x2"), table[:, 1])[0, 1] > 0.98


def test_s_x2_keeps_its_level_with_rotating_blocks_and_finds_a_bad_item() -> None:
    items, x = simulated(3000, seed=1)
    late = np.concatenate((np.arange(8), np.arange(16, 24)))

    def rotated(scores: np.ndarray) -> list[ResponseBlock]:
        return [ResponseBlock(np.arange(16), scores[:1500, :16]), ResponseBlock(late, scores[1500:, late])]

    fit = FIT["s_x2"](rotated(x), items)
    assert (fit.column("p") < 0.05).mean() < 0.2
    assert fit.column("p_adjusted").min() > 0.01
    random = x.copy()
    random[:, 0] = np.random.default_rng(2).integers(0, 2, 3000)  # an item that measures nothing
    assert FIT["s_x2"](rotated(random), items).column("p_adjusted")[0] < 1e-6
    assert fit.n.tolist() == [3000] * 8 + [1500] * 16
    # two sets have twice the score groups of one: each is held against its own distribution
    assert fit.column("df")[1:8].mean() > 1.6 * fit.column("df")[8:].mean()


@pytest.mark.parametrize("data", ["LSAT6", "LSAT7"])
@pytest.mark.parametrize("model", FREE)
def test_mean_squares_of_the_reference(results_of: Callable[[str], Path], data: str, model: str) -> None:
    folder = results_of(data)
    parameters, sd = reference(folder / model)
    x = np.genfromtxt(folder / "data.csv", delimiter=",", skip_header=1).astype(np.int8)
    fit = FIT["mean_squares"]([ResponseBlock(np.arange(x.shape[1]), x)], parameters, sd=sd, method="eap")
    table = np.genfromtxt(folder / model / "itemfit_infit_Zh_EAP.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(fit.column("outfit"), table[:, 2], atol=1e-4)
    np.testing.assert_allclose(fit.column("infit"), table[:, 4], atol=1e-4)


def test_mean_squares_by_brute_force_with_holes() -> None:
    items, x = simulated(200, seed=3)
    x[np.random.default_rng(4).random(x.shape) < 0.3] = -1
    blocks = [ResponseBlock(np.arange(24), x[:90]), ResponseBlock(np.arange(24)[::-1], x[90:, ::-1])]
    theta = estimate_abilities([ResponseBlock(np.arange(24), x)], items, method="eap").theta
    fit = FIT["mean_squares"](blocks, items)
    for item in range(24):
        here = x[:, item] >= 0
        p = expit(items[item, 0] * (theta[here] - items[item, 1]))
        squared = (x[here, item] - p) ** 2
        assert fit.column("infit")[item] == pytest.approx(squared.sum() / (p * (1 - p)).sum())
        assert fit.column("outfit")[item] == pytest.approx((squared / (p * (1 - p))).mean())
        assert fit.n[item] == here.sum()


def test_rmsd_is_small_for_fitting_items_and_signed_for_shifted_ones() -> None:
    items, x = simulated(4000, seed=5)
    moved = items.copy()
    moved[3, 1] += 0.8
    fit = FIT["rmsd"]([ResponseBlock(np.arange(24), x)], moved)
    assert fit.column("rmsd")[3] > 0.1
    assert fit.column("md")[3] > 0.1
    assert np.delete(fit.column("rmsd"), 3).max() < 0.05


@pytest.mark.parametrize("name", FIT)
def test_every_statistic_leaves_uncalibrated_and_unseen_items_out(name: str) -> None:
    items, x = simulated(300, seed=6, n_items=8)
    parameters = np.vstack((items, [[1.0, 0.0, 0.0]], [[np.nan] * 3]))
    full = np.column_stack((x, np.zeros(300, np.int8)))
    block = ResponseBlock(np.array([*range(8), 9]), full)
    fit = FIT[name]([block], parameters)
    assert fit.statistic == name
    assert fit.values.shape == (10, len(fit.names))
    assert np.isnan(fit.values[8:]).all()
    np.testing.assert_allclose(fit.values[:8], FIT[name]([ResponseBlock(np.arange(8), x)], items).values)


def test_s_x2_where_everybody_is_far_above_the_items() -> None:
    items = np.column_stack((np.ones(130), np.linspace(-4, 0, 130), np.zeros(130)))
    block = ResponseBlock(np.arange(130), np.ones((50, 130), dtype=np.int8))
    found = FIT["s_x2"]([block], items, mean=10.0, sd=0.001)
    assert np.isnan(found.column("s_x2")).all()
