"""Linking constants against published ones, other programs, identities and known truth."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.errors import DesignError, InputError
from ciip_irt.irt.linking.scale_link import METHODS, Link, link, transform_errors, transform_parameters
from ciip_irt.irt.models import MODELS

GRID = np.arange(-80, 81) * 0.05
NORMAL = np.exp(-0.5 * GRID**2)
CURVES = ("haebara", "stocking_lord")
WITH_SLOPES = ("mean_mean", "mean_gmean", "mean_sigma", *CURVES)


def columns(path: Path, *names: str) -> np.ndarray:
    with path.open() as lines:
        return np.array([[float(row[name]) for name in names] for row in csv.DictReader(lines)])


def pool(n: int = 15, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.lognormal(0, 0.3, n), rng.normal(size=n), rng.uniform(0.1, 0.3, n)))


def on_another_scale(old: np.ndarray, A: float, B: float) -> np.ndarray:
    return np.column_stack((old[:, 0] * A, (old[:, 1] - B) / A, old[:, 2]))


PUBLISHED = {
    ("all", "mean_mean"): (1.21727, -0.55716),
    ("all", "mean_sigma"): (1.16889, -0.51554),
    ("all", "haebara"): (1.09360, -0.45830),
    ("all", "stocking_lord"): (1.10195, -0.47702),
    ("without 27", "mean_mean"): (1.14496, -0.47897),
    ("without 27", "mean_sigma"): (1.17607, -0.50419),
    ("without 27", "haebara"): (1.08901, -0.44233),
    ("without 27", "stocking_lord"): (1.09766, -0.46440),
}


@pytest.mark.parametrize(("items", "method"), PUBLISHED)
def test_kolen_and_brennan(shared: Path, items: str, method: str) -> None:
    """Their curve methods sum over -4, -3.95, ... 4 with equal weights, on the old scale only."""
    x, y = (columns(shared / f"realdata/kb36/published_3pl_form{f}_KB_table6.5.csv", *"abc") for f in "XY")
    common = np.arange(2, 36, 3)
    if items == "without 27":
        common = common[common != 26]
    found = link(y[common], x[common], method, D=1.7, direction="old", weights=np.ones(161))
    assert found.converged
    assert pytest.approx(PUBLISHED[items, method], abs=2e-5) == (found.A, found.B)


def test_kolen_and_brennan_rescaled_form(shared: Path) -> None:
    """The published table moves form X by its mean/sigma constants without item 27, rounded.

    Two of its 108 numbers (b of item 19, a of item 26) are not what its own constants give.
    """
    x = columns(shared / "realdata/kb36/published_3pl_formX_KB_table6.5.csv", *"abc")
    printed = columns(shared / "realdata/kb36/published_table6.8_rescaled.csv", *"abc")
    constants = Link(1.1761, -0.5042, "mean_sigma", "", 11, 0.0, np.nan, True, ())
    off = np.abs(transform_parameters(x, constants) - printed) > 2e-4
    assert np.argwhere(off).tolist() == [[18, 1], [25, 0]]


REFERENCE = {
    "Mean/Mean": "mean_mean",
    "mean-mean": "mean_mean",
    "mean-gmean": "mean_gmean",
    "Mean/Sigma": "mean_sigma",
    "mean-sigma": "mean_sigma",
    "Haebara": "haebara",
    "Stocking-Lord": "stocking_lord",
}


def test_other_programs(shared: Path) -> None:
    """Form 1 is the new one; plink and equateIRT work on the old scale unless asked for both."""
    folder = shared / "reference/VerbalAggression/linking"
    new, old = (columns(folder / "separate_calibrations.csv", f"form{f}_a", f"form{f}_b") for f in "12")
    old, new = (np.column_stack((form, np.zeros(len(form)))) for form in (old, new))
    nodes, hermite = np.polynomial.hermite_e.hermegauss(41)
    grids = {
        "uniform_-4_4_0.05": (GRID, np.ones(161)),
        "normal_-4_4_0.05": (GRID, NORMAL),
        "Gauss-Hermite nq=41": (nodes, hermite),
    }
    with (folder / "linking_constants.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 21
    for row in rows:
        theta, weights = grids[row["weights"]]
        direction = "symmetric" if row["pkg"].endswith("symmetric") else "old"
        found = link(old, new, REFERENCE[row["method"]], direction=direction, theta=theta, weights=weights)
        wanted = (float(row["A"]), float(row["B"]))
        assert pytest.approx(wanted, abs=2e-5) == (found.A, found.B), row


@pytest.mark.parametrize("method", WITH_SLOPES)
@pytest.mark.parametrize("direction", ["old", "new", "symmetric"])
def test_truth_is_found_where_the_items_agree(method: str, direction: str) -> None:
    old = pool()
    found = link(old, on_another_scale(old, 0.7, 1.3), method, D=1.7, direction=direction)
    assert pytest.approx((0.7, 1.3), abs=1e-8) == (found.A, found.B)
    assert found.loss == pytest.approx(0.0, abs=1e-8)
    assert found.converged
    assert not found.warnings


@pytest.mark.parametrize("method", WITH_SLOPES)
def test_the_other_way_round_is_the_inverse(method: str) -> None:
    rng = np.random.default_rng(3)
    old = pool()
    new = on_another_scale(old, 1.3, -0.4) + np.column_stack((rng.normal(0, 0.15, (15, 2)), np.zeros(15)))
    there, back = link(old, new, method), link(new, old, method)
    assert pytest.approx((1 / there.A, -there.B / there.A), abs=1e-6) == (back.A, back.B)
    one_way, other_way = (link(*pair, method, direction="old") for pair in ((old, new), (new, old)))
    if method in CURVES:  # why the symmetric criterion is the default
        assert abs(other_way.A - 1 / one_way.A) > 1e-4


def test_curves_do_not_change_with_the_scale() -> None:
    old = pool()
    new = on_another_scale(old, 0.7, 1.3)
    found = Link(0.7, 1.3, "mean_sigma", "", 15, 0.0, np.nan, True, ())
    theta = np.linspace(-3, 3, 13)
    curve = MODELS["3pl"].probability
    np.testing.assert_allclose(
        curve(new, theta, 1.7), curve(transform_parameters(new, found), 0.7 * theta + 1.3, 1.7), atol=1e-12
    )
    np.testing.assert_allclose(transform_errors(np.full((1, 3), 0.7), found), [[1.0, 0.49, 0.7]])


def test_a_grid_search_finds_no_lower_loss() -> None:
    """Brute force over A and B, written without the module under test."""
    rng = np.random.default_rng(5)
    old = pool(12, seed=2)
    new = on_another_scale(old, 1.2, 0.3) + np.column_stack((rng.normal(0, 0.2, (12, 2)), np.zeros(12)))
    found = link(old, new, "stocking_lord", direction="old")

    def loss(A: float, B: float) -> float:
        def curve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return (old[:, 2] + (1 - old[:, 2]) / (1 + np.exp(-a * (GRID[:, None] - b)))).sum(axis=1)

        difference = curve(old[:, 0], old[:, 1]) - curve(new[:, 0] / A, A * new[:, 1] + B)
        return float(NORMAL @ difference**2 / NORMAL.sum())

    assert found.loss == pytest.approx(loss(found.A, found.B), rel=1e-9)
    around = [
        loss(found.A + x, found.B + y) for x in np.linspace(-0.4, 0.4, 41) for y in np.linspace(-1, 1, 41)
    ]
    assert found.loss <= min(around) * (1 + 1e-12)


def rasch(b: np.ndarray) -> np.ndarray:
    return np.column_stack((np.ones_like(b), b, np.zeros_like(b)))


def test_rasch_shifts() -> None:
    old, new = np.array([0.0, 1.0, 2.0, -1.0]), np.array([-0.5, 0.6, 1.3, 3.0])
    d = old - new  # .5, .4, .7, -4
    plain = link(rasch(old), rasch(new), "mean_shift")
    assert plain.A == 1.0
    assert pytest.approx(d.mean()) == plain.B
    assert plain.shift_error == pytest.approx(d.std(ddof=1) / 2)
    assert plain.loss == pytest.approx(d.std())
    se = np.array([0.1, 0.2, 0.1, 10.0])
    weighted = link(rasch(old), rasch(new), "weighted_shift", se_new=se)
    assert pytest.approx(np.average(d, weights=1 / se**2)) == weighted.B
    both = link(rasch(old), rasch(new), "weighted_shift", se_old=se, se_new=se)
    assert pytest.approx(weighted.B) == both.B
    robust = link(rasch(old), rasch(new), "robust_shift")
    assert 0.3 < robust.B < 0.6
    assert plain.B < -0.5


def test_robust_shift_solves_its_equation_and_is_efficient() -> None:
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(300):
        d = rng.normal(0.3, 0.2, 40) + 2.0 * (rng.random(40) < 0.05)
        robust = link(rasch(d), rasch(np.zeros(40)), "robust_shift")
        scale = np.median(np.abs(d - np.median(d))) / 0.6745
        assert np.clip((d - robust.B) / scale, -1.345, 1.345).sum() == pytest.approx(0, abs=1e-8)
        errors.append((robust.B - 0.3, robust.shift_error, d.mean() - 0.3))
    bias, se, plain_bias = np.mean(errors, axis=0)
    assert abs(bias) < 0.4 * plain_bias
    assert se == pytest.approx(np.std(np.array(errors)[:, 0]), rel=0.2)


def test_linking_error_covers() -> None:
    """sd(d) / sqrt(J) as a 95 % interval, items drawn at random."""
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(500):
        found = link(rasch(rng.normal(0.3, 0.2, 60)), rasch(np.zeros(60)), "mean_shift")
        inside += abs(found.B - 0.3) < 1.96 * found.shift_error
    assert 0.92 < inside / 500 < 0.98


def test_few_items_are_said() -> None:
    old = pool(4)
    assert "Only 4 common items" in link(old, old, "haebara").summary()
    one = link(rasch(np.array([0.4])), rasch(np.array([0.1])), "mean_shift")
    assert pytest.approx(0.3) == one.B
    assert np.isnan(one.shift_error)


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"method": "average"}, InputError, "unknown linking method 'average'"),
        ({"direction": "both"}, InputError, "unknown direction 'both'"),
        ({"new": np.zeros((2, 3))}, InputError, "shapes"),
        ({"old": np.zeros((0, 3)), "new": np.zeros((0, 3))}, DesignError, "no common items"),
        ({"old": pool() * [1, np.nan, 1]}, InputError, "15 common items without old parameters"),
        ({"new": pool() * [-1, 1, 1]}, InputError, "with a new slope of zero or less"),
        ({"new": pool() * [2, 1, 1], "method": "mean_shift"}, InputError, "for the Rasch model"),
        ({"method": "weighted_shift"}, InputError, "standard error"),
        ({"new": pool() * [1, 0, 1], "method": "mean_sigma"}, DesignError, "different difficulty"),
        ({"weights": np.ones(3)}, InputError, "3 weights for 161 points"),
    ],
)  # fmt: skip
def test_unusable_input(change: dict, kind: type, says: str) -> None:
    arguments = {"old": pool(), "new": pool(), **change}
    with pytest.raises(kind, match=says):
        link(**arguments)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_one_set(method: str) -> None:
    b = np.linspace(-2, 2, 20)
    se = {"se_old": np.full(20, 0.1)} if method == "weighted_shift" else {}
    found = link(rasch(b), rasch(b - 0.25), method, **se)
    assert pytest.approx((1.0, 0.25), abs=1e-7) == (found.A, found.B)
