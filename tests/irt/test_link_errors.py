"""Standard errors of links: equateIRT's, perturbed estimates, and samples; many calibrations at once."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.errors import DesignError, InputError
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import MmlFit, fit_mml
from ciip_irt.irt.linking import link, link_covariance, link_several
from ciip_irt.irt.models.logistic import probability

METHODS = ("mean_mean", "mean_gmean", "mean_sigma", "haebara", "stocking_lord")


def whole(fit: MmlFit, rows: np.ndarray) -> np.ndarray:
    """Covariance (3C, 3C) of a, b, c of some items."""
    size = len(fit.parameters)
    places = [3 * j + k for j, k in np.argwhere(fit.free)]
    full = np.zeros((3 * size, 3 * size))
    assert fit.covariance is not None
    full[np.ix_(places, places)] = fit.covariance
    cells = (3 * rows[:, None] + np.arange(3)).ravel()
    return full[np.ix_(cells, cells)]


def test_same_standard_errors_as_equateirt(results_of: Callable[[str], Path]) -> None:
    """mean_sigma apart: equateIRT gives .0905 for A; estimates drawn from their own covariance spread by
    .1035 (``test_the_errors_are_those_of_perturbed_estimates``), which is ours."""
    simulated = results_of("Simulated")
    names, fits = {}, {}
    for form in "xy":
        with (simulated / "linking" / f"form_{form}.csv").open() as lines:
            names[form] = lines.readline().strip().split(",")
        x = np.genfromtxt(simulated / "linking" / f"form_{form}.csv", delimiter=",", skip_header=1)
        fits[form] = fit_mml([ResponseBlock(np.arange(16), x.astype(np.int8))], "2pl", 16, tolerance=1e-8)
    common = [name for name in names["x"] if name in names["y"]]
    rows = {form: np.array([names[form].index(name) for name in common]) for form in "xy"}
    old, new = (np.column_stack((fits[f].parameters[rows[f], :2], np.zeros(8))) for f in "xy")
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    compared = 0
    with (simulated / "linking" / "constants_equateIRT.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            method = row["method"].lower().replace("-", "_")
            found = link(old, new, method, direction="old", theta=nodes, weights=weights)
            got = link_covariance(found.derivatives, whole(fits["x"], rows["x"]), whole(fits["y"], rows["y"]))
            errors = np.sqrt(np.diag(got))
            if method == "mean_sigma":
                np.testing.assert_allclose(errors, [0.10343, 0.08053], atol=2e-5)
                continue
            np.testing.assert_allclose(errors, [float(row["se_A"]), float(row["se_B"])], rtol=2e-5)
            compared += 1
    assert compared == 3


def items(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same items on an old and a new scale with errors, and a covariance for each item."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.lognormal(0, 0.3, n), rng.normal(size=n), rng.uniform(0.1, 0.25, n)
    old, new = np.column_stack((a, b, c)), np.column_stack((1.2 * a, (b + 0.3) / 1.2, c))
    new = new + rng.normal(0, 0.02, new.shape)
    covariance = np.zeros((3 * n, 3 * n))
    for j in range(n):
        root = rng.normal(0, 0.02, (3, 3))
        covariance[3 * j : 3 * j + 3, 3 * j : 3 * j + 3] = root @ root.T
    return old, new, covariance


@pytest.mark.parametrize("direction", ["old", "new", "symmetric"])
@pytest.mark.parametrize("method", METHODS)
def test_derivatives_by_brute_force(method: str, direction: str) -> None:
    old, new, _ = items(6, 3)
    found = link(old, new, method, D=1.7, direction=direction)  # type: ignore[arg-type]
    for side in (0, 1):
        for item, parameter in ((0, 0), (2, 1), (5, 2)):
            ends = []
            for sign in (1, -1):
                moved = [old.copy(), new.copy()]
                moved[side][item, parameter] += sign * 1e-4
                end = link(moved[0], moved[1], method, D=1.7, direction=direction)  # type: ignore[arg-type]
                ends.append(np.array([end.A, end.B]))
            slope = (ends[0] - ends[1]) / 2e-4
            np.testing.assert_allclose(
                found.derivatives[:, side, item, parameter], slope, atol=2e-5, err_msg=f"{side} {item}"
            )


def test_the_errors_are_those_of_perturbed_estimates() -> None:
    old, new, covariance = items(10, 5)
    rng = np.random.default_rng(6)
    points = np.linspace(-4, 4, 17)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    for method, n in (("mean_sigma", 3000), ("haebara", 60), ("stocking_lord", 60)):
        found = link(old, new, method, theta=points)
        wanted = np.sqrt(np.diag(link_covariance(found.derivatives, covariance, covariance)))
        draws = []
        for _ in range(n):
            shaken = [one + (root @ rng.normal(size=30)).reshape(10, 3) for one in (old, new)]
            drawn = link(shaken[0], shaken[1], method, theta=points)
            draws.append((drawn.A, drawn.B))
        np.testing.assert_allclose(np.std(draws, axis=0), wanted, rtol=4 / np.sqrt(2 * n), err_msg=method)


def test_the_errors_are_those_of_repeated_samples() -> None:
    """Parametric bootstrap: two samples of 600 answer, both are calibrated and linked, 50 times."""
    rng = np.random.default_rng(8)
    truth = np.column_stack((rng.lognormal(0, 0.25, 12), np.linspace(-1.5, 1.5, 12), np.zeros(12)))
    every = np.arange(12)
    stated, constants = [], []
    for _ in range(50):
        fits = []
        for mean, sd in ((0.0, 1.0), (0.4, 1.2)):
            theta = rng.normal(mean, sd, 600)
            x = (rng.random((600, 12)) < probability(truth, theta, 1.0)[:, :, 1]).astype(np.int8)
            fits.append(fit_mml([ResponseBlock(every, x)], "2pl", 12, tolerance=1e-4))
        found = link(fits[0].parameters, fits[1].parameters, "stocking_lord")
        constants.append((found.A, found.B))
        both = [whole(fit, every) for fit in fits]
        stated.append(np.sqrt(np.diag(link_covariance(found.derivatives, *both))))
    # 50 samples know a standard deviation within 10 % (one standard error)
    np.testing.assert_allclose(np.std(constants, axis=0), np.mean(stated, axis=0), rtol=0.3)
    np.testing.assert_allclose(np.mean(constants, axis=0), [1.2, 0.4], atol=0.05)


@pytest.mark.parametrize("method", ["mean_mean", "mean_gmean", "haebara", "stocking_lord"])
def test_a_held_slope_is_one(method: str) -> None:
    b = np.linspace(-2, 2, 12)
    rasch = lambda b: np.column_stack((np.ones(12), b, np.zeros(12)))  # noqa: E731
    found = link(rasch(b), rasch(b / 1.25), method, hold_slope=True)
    assert found.A == 1.0
    assert pytest.approx(0.0, abs=0.05) == found.B
    assert not found.derivatives[0].any()
    up = rasch(b)
    up[3, 1] += 1e-4
    slope = (link(up, rasch(b / 1.25), method, hold_slope=True).B - found.B) / 1e-4
    assert found.derivatives[1, 0, 3, 1] == pytest.approx(slope, abs=1e-4)
    with pytest.raises(InputError, match="a Rasch scale admits a shift only"):
        link(rasch(b), rasch(b), "mean_sigma", hold_slope=True)


def on_scales(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    a, b = rng.lognormal(0, 0.3, n), rng.normal(size=n)
    A, B = np.array([1.0, 1.3, 0.8]), np.array([0.0, 0.4, -0.2])
    values = np.stack([np.column_stack((a * A[f], (b - B[f]) / A[f], np.zeros(n))) for f in range(3)])
    return values, A, B


def test_two_calibrations_are_mean_gmean() -> None:
    old, new, _ = items(9, 2)
    found = link_several(np.stack((old, new)), np.ones((2, 9), dtype=bool))
    pair = link(old, new, "mean_gmean")
    assert (found.A[1], found.B[1]) == pytest.approx((pair.A, pair.B), abs=1e-12)
    np.testing.assert_allclose(found.derivatives[1], pair.derivatives, atol=1e-12)


def test_a_chain_is_the_product_of_its_links() -> None:
    values, A, B = on_scales(20)
    values = values + np.random.default_rng(1).normal(0, 0.05, values.shape) * [1, 1, 0]
    used = np.zeros((3, 20), dtype=bool)
    used[0, :10] = used[1, 5:15] = used[2, 10:] = True
    found = link_several(values, used)
    first = link(values[0, 5:10], values[1, 5:10], "mean_gmean")
    second = link(values[1, 10:15], values[2, 10:15], "mean_gmean")
    assert found.A[2] == pytest.approx(first.A * second.A, abs=1e-10)
    assert found.B[2] == pytest.approx(first.A * second.B + first.B, abs=1e-10)
    np.testing.assert_allclose(found.A, A, atol=0.15)
    np.testing.assert_allclose(found.B, B, atol=0.15)


def test_several_ways_count_together_and_derivatives_by_brute_force() -> None:
    values, A, B = on_scales(15)
    used = np.random.default_rng(3).random((3, 15)) < 0.7
    exact = link_several(values, used)
    np.testing.assert_allclose(exact.A, A, atol=1e-10)
    np.testing.assert_allclose(exact.B, B, atol=1e-10)
    assert np.nanmax(np.abs(exact.displacement)) < 1e-10
    values = values + np.random.default_rng(5).normal(0, 0.05, values.shape) * [1, 1, 0]
    found = link_several(values, used)
    for f, j, k in ((0, 1, 0), (1, 4, 1), (2, 7, 0), (2, 9, 1)):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[f, j, k] += sign * 1e-5
            end = link_several(moved, used)
            ends.append(np.stack((end.A, end.B), axis=1))
        np.testing.assert_allclose(found.derivatives[:, :, f, j, k], (ends[0] - ends[1]) / 2e-5, atol=1e-7)


def test_what_ties_nothing_together() -> None:
    values, _, _ = on_scales(10)
    used = np.zeros((3, 10), dtype=bool)
    used[:2, :5] = used[2, 5:] = True
    with pytest.raises(DesignError, match="calibration 3"):
        link_several(values, used)
