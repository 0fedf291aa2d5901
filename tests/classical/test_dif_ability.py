"""DIF at equal ability: the penalised maximum, honest errors, small groups, and probabilities that hold."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from ciip_irt.classical import (
    DifTables,
    ability_dif,
    class_probabilities,
    dif_sums,
    dif_tables,
    mantel_haenszel,
)

SCORED, PILOTS = 100, 40
IN_SCORE = np.arange(SCORED + PILOTS) < SCORED


def exam(
    seed: int, n: tuple[int, int], gap: float = 0.0, share: float = 0.0, *, one_side: bool = False
) -> tuple[DifTables, np.ndarray]:
    """A 2PL exam of two groups, ``gap`` SD apart, and the true D of its items."""
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(-0.2, 0.3, IN_SCORE.size), rng.normal(-0.7, 1, IN_SCORE.size)
    biased = rng.random(a.size) < share
    d = np.where(biased, rng.normal(0, 2.4, a.size), rng.normal(0, 0.2, a.size))
    d = np.where(biased & one_side, -np.abs(d), d)
    group = np.repeat([0, 1], n)
    theta = rng.normal(size=group.size) - gap * group
    p = expit(a * (theta[:, None] - b) + d / 2.35 * group[:, None])
    x = (rng.random(p.shape) < p).astype(np.int8)
    level = x[:, :SCORED].sum(axis=1)
    return dif_tables(x, level, group, n_levels=SCORED + 1), d


def found(tables: DifTables) -> tuple[np.ndarray, np.ndarray]:
    result = ability_dif([(tables, np.arange(IN_SCORE.size))], IN_SCORE.size, IN_SCORE)
    return np.asarray(result.d), np.asarray(result.se)


def test_it_is_the_maximum_of_the_penalised_likelihood() -> None:
    """Two forms, single answers, and the determinant of the whole information matrix."""
    rng = np.random.default_rng(2)
    parts, z, g, first, x = [], [], [], [], []
    for form, n in enumerate((60, 45)):
        theta, group = rng.normal(size=n), rng.integers(0, 2, n)
        answers = (rng.random((n, 5)) < expit(theta[:, None] - [-1, 0, 0.5, 1, -2])).astype(np.int8)
        level = answers.sum(axis=1)
        parts.append((dif_tables(answers, level, group, n_levels=6), np.arange(5)))
        z.append((level - level.mean()) / level.std())
        g.append(group)
        first.append(np.full(n, form))
        x.append(answers)
    z, g, first, x = (np.concatenate(one) for one in (z, g, first, x))
    X = np.column_stack([first == 0, first == 1, z, z**2 - 1, g]).astype(float)
    result = ability_dif(parts, 5, np.ones(5, dtype=bool))
    for j in range(5):

        def lost(beta: np.ndarray, y: np.ndarray = x[:, j]) -> float:
            eta = X @ beta
            p = expit(eta)
            _, size = np.linalg.slogdet(X.T @ (X * (p * (1 - p))[:, None]))
            return float(-(y @ eta - np.logaddexp(0, eta).sum()) - 0.5 * size)

        best = minimize(lost, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
        assert result.d[j] == pytest.approx(2.35 * best.x[4], abs=1e-4)


@pytest.mark.parametrize(("n", "gap"), [((30, 30), 0.0), ((50, 50), 1.0), ((300, 30), 1.0)])
def test_errors_are_honest_and_small_groups_keep_their_information(n: tuple[int, int], gap: float) -> None:
    off, se, old, pilot = [], [], [], []
    for seed in range(12):
        tables, d = exam(seed, n, gap)
        here, error = found(tables)
        off.append(here - d)
        se.append(error)
        pilot.append(~IN_SCORE)
        mh = mantel_haenszel(dif_sums(tables))
        old.append(np.where(np.isfinite(mh.se), mh.se, np.nan))
    off, se, pilot = (np.concatenate(one) for one in (off, se, pilot))
    assert np.std(off / se) == pytest.approx(1.0, abs=0.06)
    # each exam's items share its groups: a mean over 12 exams is known to about .06
    assert abs(off[pilot].mean()) < 0.2
    assert abs(off[~pilot].mean()) < 0.05
    if n[0] <= 50:
        assert se.mean() < 0.7 * np.nanmean(old)


def test_a_pilot_is_not_blamed_for_the_error_of_the_score() -> None:
    """Groups 1.5 SD apart on 20 items: at the same score the abler group is abler, without the correction."""
    rng = np.random.default_rng(8)
    group = np.repeat([0, 1], 4000)
    theta = rng.normal(size=8000) - 1.5 * group
    x = (rng.random((8000, 40)) < expit(theta[:, None] - rng.normal(-0.7, 0.7, 40))).astype(np.int8)
    inside = np.arange(40) < 20
    tables = dif_tables(x, x[:, :20].sum(axis=1), group, n_levels=21)
    corrected = ability_dif([(tables, np.arange(40))], 40, inside).d
    uncorrected = mantel_haenszel(dif_sums(tables)).d_dif
    assert uncorrected[20:].mean() < -0.4
    assert abs(corrected[20:].mean()) < 0.2  # a straight line through a curve, groups 1.5 SD apart
    assert abs(corrected[:20].mean()) < 0.1


def test_groups_that_are_separated_have_a_finite_difference() -> None:
    right = DifTables(*(np.array(one)[:, None] for one in ([5, 8, 9], [5, 2, 1], [10, 10, 10], [0, 0, 0])))
    result = ability_dif([(right, np.array([0]))], 1, np.array([True]))
    assert 1 < result.d[0] < 15
    assert 1 < result.se[0] < 6
    nobody = DifTables(*(np.array(one)[:, None] for one in ([5, 8, 9], [5, 2, 1], [0, 0, 0], [0, 0, 0])))
    assert np.isnan(ability_dif([(nobody, np.array([0]))], 1, np.array([True])).d).all()


@pytest.mark.parametrize("n", [30, 50, 100])
@pytest.mark.parametrize(("share", "gap"), [(0.0, 0.0), (0.0, 1.0), (0.08, 0.5), (0.25, 0.0), (0.25, 1.0)])
def test_stated_probabilities_of_class_c_hold_in_small_groups(n: int, share: float, gap: float) -> None:
    stated, true = [], []
    for seed in range(16):
        tables, d = exam(100 + seed, (n, n), gap, share)
        here, se = found(tables)
        stated.append(class_probabilities(here, se, np.isfinite(here)).probability[2])
        true.append(np.abs(d) >= 1.5)
    p, is_c = np.concatenate(stated), np.concatenate(true)
    assert p.mean() == pytest.approx(is_c.mean(), abs=0.03)
