"""Drift: known drifted items are found, sound ones stay, and what was dropped is told."""

import numpy as np
import pytest

from ciip_irt.errors import InputError
from ciip_irt.irt.linking import DriftLimits
from ciip_irt.irt.linking.drift import displacement, purify, robust_z
from ciip_irt.irt.linking.scale_link import link


def rasch(b: np.ndarray) -> np.ndarray:
    return np.column_stack((np.ones_like(b), b, np.zeros_like(b)))


def test_robust_z_by_hand() -> None:
    d = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 3.0, -0.1])
    z = robust_z(d)
    assert z[2] == 0.0
    assert z[5] == pytest.approx((3.0 - 0.2) / (0.74 * 0.3))
    np.testing.assert_allclose(robust_z(2 * d + 7), z, atol=1e-12)


def test_robust_z_is_normal_without_drift() -> None:
    z = robust_z(np.random.default_rng(0).normal(3, 0.2, 100_000))
    assert np.std(z) == pytest.approx(1.0, abs=0.01)
    assert np.mean(np.abs(z) > 1.645) == pytest.approx(0.10, abs=0.005)


def test_robust_z_where_nothing_varies() -> None:
    assert robust_z(np.array([0.5, 0.5, 0.5, 0.5, 0.9, 0.1])).tolist() == [0, 0, 0, 0, np.inf, -np.inf]
    reference = np.array([False, False])
    assert np.isnan(robust_z(np.array([1.0, 2.0]), reference)).all()


def drifted_anchors(
    seed: int, n_drifted: int = 4, by: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    b = rng.normal(size=30)
    moved = np.zeros(30)
    moved[rng.choice(30, n_drifted, replace=False)] = by
    return b, b - 0.4 + moved + rng.normal(0, 0.12, 30), moved


@pytest.mark.parametrize("method", ["mean_shift", "robust_shift", "weighted_shift"])
def test_planted_drift_is_found_and_the_shift_restored(method: str) -> None:
    se = {"se_new": np.full(30, 0.12)} if method == "weighted_shift" else {}
    errors = []
    for seed in range(50):
        b, now, moved = drifted_anchors(seed)
        done = purify(rasch(b), rasch(now), method, **se)
        assert {one.item for one in done.dropped} == set(np.flatnonzero(moved)), seed
        assert (done.kept == (moved == 0)).all()
        assert done.link.n_items == 26
        errors.append(done.link.B - 0.4)
        assert not done.warnings
    assert np.std(errors) == pytest.approx(0.12 / np.sqrt(26), rel=0.3)
    assert abs(np.mean(errors)) < 0.02


def test_sound_anchors_all_stay() -> None:
    for seed in range(50):
        b, now, _ = drifted_anchors(seed, n_drifted=0)
        done = purify(rasch(b), rasch(now))
        assert not done.dropped
        plain = link(rasch(b), rasch(now), "mean_shift")
        assert plain.B == done.link.B
        np.testing.assert_array_equal(done.displacement, displacement(rasch(b), rasch(now), plain))


def test_what_was_dropped_is_told() -> None:
    b, now, moved = drifted_anchors(1, n_drifted=2, by=-1.5)
    done = purify(rasch(b), rasch(now))
    first, second = done.dropped
    assert first.displacement < second.displacement < -1.0
    assert first.z < -1.645
    assert first.reason.startswith(
        f"easier by {-first.displacement:.2f} logit than on the old scale (robust z -"
    )
    assert f"Dropped item {first.item}: {first.reason}" in done.summary()
    assert "28 anchors kept of 30" in done.summary()
    assert done.displacement[moved != 0] == pytest.approx([-1.5, -1.5], abs=0.4)
    assert done.correlation > 0.97


def test_no_more_than_a_fifth_goes() -> None:
    b, now, _ = drifted_anchors(2, n_drifted=7, by=1.5)
    done = purify(rasch(b), rasch(now))
    assert len(done.dropped) == 6
    assert "1 further anchor drifted, but no more than 20% may be dropped" in done.warnings[0]
    assert len(purify(rasch(b), rasch(now), limits=DriftLimits(keep_anchors=0.6)).dropped) == 7


def test_too_many_to_tell_is_said() -> None:
    b, now, _ = drifted_anchors(2, n_drifted=9, by=1.5)
    done = purify(rasch(b), rasch(now))
    assert not done.dropped
    assert "kept anchors displaced by more than 0.5 logit" in done.warnings[0]


def test_slopes_are_allowed_for_by_curve_methods() -> None:
    rng = np.random.default_rng(4)
    old = np.column_stack((rng.lognormal(0, 0.2, 25), rng.normal(size=25), np.full(25, 0.2)))
    new = np.column_stack((old[:, 0] * 1.25, (old[:, 1] - 0.3) / 1.25, old[:, 2]))
    new[7, 1] += 1.2 / 1.25
    done = purify(old, new, "stocking_lord", D=1.7)
    assert [one.item for one in done.dropped] == [7]
    assert pytest.approx((1.25, 0.3), abs=1e-6) == (done.link.A, done.link.B)
    assert done.displacement[7] == pytest.approx(1.2, abs=1e-5)


def test_disagreement_is_said() -> None:
    rng = np.random.default_rng(6)
    b = rng.normal(size=30)
    noisy = purify(rasch(b), rasch(b + rng.normal(0, 0.9, 30)))
    assert any("correlate 0." in warning for warning in noisy.warnings)
    stretched = purify(rasch(b), rasch(1.3 * b), limits=DriftLimits(displacement=3.0))
    assert any("spread 1.30 times" in warning for warning in stretched.warnings)


def test_impossible_limits() -> None:
    b = rasch(np.linspace(-1, 1, 20))
    with pytest.raises(InputError, match=r"robust_z is -1(.|\n)*keep_anchors is -0.1"):
        purify(b, b, limits=DriftLimits(robust_z=-1, keep_anchors=-0.1))
