"""Mantel-Haenszel against difR, against a loop over strata, and against planted DIF."""

import numpy as np
import pytest
from scipy.stats import norm

from ciip_irt.classical.dif import (
    DifSums,
    DifTables,
    dif_sums,
    dif_tables,
    mantel_haenszel,
    merge_dif,
    merge_tables,
)
from ciip_irt.errors import InputError


def verbal(golden):
    scores = golden.scores("VerbalAggression/data.csv")
    rows = golden.rows("VerbalAggression/group.csv")
    return scores, np.array([row["group"] == "male" for row in rows]).astype(np.int64)


@pytest.mark.usefixtures("shared")
def test_against_difr(golden):
    scores, group = verbal(golden)
    result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=25)))
    table = "VerbalAggression/dif/mantel_haenszel_difR_purifyFALSE.csv"
    assert result.d_dif == pytest.approx(golden.column(table, "D_DIF"), abs=1e-9)
    assert (result.se / 2.35) ** 2 == pytest.approx(golden.column(table, "varLambda"), abs=1e-9)
    assert result.chi2 == pytest.approx(golden.column(table, "MH"), abs=1e-9)
    assert result.p_value == pytest.approx(golden.column(table, "p"), abs=1e-9)
    standard = golden.column("VerbalAggression/dif/standardization_difR.csv", "PDIF")
    assert result.std_p_dif == pytest.approx(standard, abs=1e-9)


@pytest.mark.usefixtures("shared")
def test_blocks_merge_as_tables_and_forms_add_as_sums(golden):
    scores, group = verbal(golden)
    level = scores.sum(axis=1).astype(np.int64)
    parts = [np.arange(0, 150), np.arange(150, 316)]
    tables = [dif_tables(scores[rows], level[rows], group[rows], n_levels=25) for rows in parts]
    whole = mantel_haenszel(dif_sums(dif_tables(scores, level, group, n_levels=25)))
    merged = mantel_haenszel(dif_sums(merge_tables(tables)))
    assert np.array_equal(merged.d_dif, whole.d_dif)
    wide = mantel_haenszel(dif_sums(tables[0].placed(np.arange(24) + 1, 26)))
    assert wide.n_focal[[0, 25]].tolist() == [0, 0]
    assert np.array_equal(wide.d_dif[1:25], mantel_haenszel(dif_sums(tables[0])).d_dif, equal_nan=True)
    # Two forms: the strata of the second are separate score levels of one long table.
    stacked = DifTables(*(np.vstack([getattr(t, name) for t in tables]) for name in "abcd"))
    columns = np.arange(24)
    added = merge_dif([(dif_sums(t), columns) for t in tables], 24)
    assert mantel_haenszel(added).d_dif == pytest.approx(mantel_haenszel(dif_sums(stacked)).d_dif)
    assert mantel_haenszel(added).se == pytest.approx(mantel_haenszel(dif_sums(stacked)).se)


def simulate(seed, n=3000, items=40, shift=0.0):
    rng = np.random.default_rng(seed)
    group = (rng.random(n) < 0.4).astype(np.int64)
    theta = rng.normal(-0.5 * group, 1.0)
    b = rng.normal(-1.0, 1.0, items)
    effect = np.zeros(items)
    effect[0], effect[1] = shift, -shift
    logit = theta[:, None] - b - effect * group[:, None]
    return (rng.random((n, items)) < 1 / (1 + np.exp(-logit))).astype(np.int8), group


def test_planted_dif_is_recovered_on_the_delta_scale():
    scores, group = simulate(1, shift=0.85)
    result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=41)))
    assert result.d_dif[0] == pytest.approx(-2.35 * 0.85, abs=0.5)
    assert result.d_dif[1] == pytest.approx(2.35 * 0.85, abs=0.5)
    assert result.ets_class[0] == result.ets_class[1] == "C"
    assert result.std_p_dif[0] < -0.05
    assert sum(label == "A" for label in result.ets_class[2:]) >= 36
    assert result.prob_c[0] > 0.7
    assert result.prob_a + result.prob_b + result.prob_c == pytest.approx(1.0)


def test_groups_that_differ_in_ability_alone_show_no_dif():
    z = []
    for seed in range(5):
        scores, group = simulate(seed)
        result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=41)))
        z.extend(result.d_dif / result.se)
    assert abs(np.mean(z)) < 0.15
    assert np.std(z) == pytest.approx(1.0, abs=0.12)


def test_small_groups_are_insufficient_but_keep_their_numbers():
    scores, group = simulate(2, n=90)
    result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=41)))
    assert set(result.ets_class) == {"insufficient"}
    assert np.isfinite(result.d_dif).sum() > 30
    assert np.isnan(result.prob_a).all()


def test_shrinkage_makes_small_samples_less_extreme():
    scores, group = simulate(3, n=260)
    result = mantel_haenszel(dif_sums(dif_tables(scores, scores.sum(axis=1), group, n_levels=41)))
    finite = np.isfinite(result.d_dif)
    extreme = np.mean(np.abs(result.d_dif[finite]) >= 1.5)
    assert np.nanmean(result.prob_c) < extreme


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        ((800, 200, 400, 100), "A"),  # no difference
        ((80, 20, 77, 23), "A"),  # small and not significant
        ((900, 100, 840, 160), "B"),  # D about -1.27
        ((180, 20, 160, 40), "B"),  # D about -1.9 and significant, but not significantly above 1
        ((900, 100, 700, 300), "C"),  # D about -3.2
        ((90, 10, 82, 18), "A"),  # large D, not significant
    ],
)
def test_the_ets_classes(cells, label):
    tables = DifTables(*(np.array([[count]]) for count in cells))
    assert mantel_haenszel(dif_sums(tables)).ets_class == (label,)


def test_groups_that_cannot_be_compared_give_nan():
    scores = np.array([[1], [0], [1], [1]], dtype=np.int8)
    tables = dif_tables(scores, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), n_levels=2)
    result = mantel_haenszel(dif_sums(tables), minimum_n=1)
    assert np.isnan(result.d_dif[0])
    assert result.ets_class == ("insufficient",)


@pytest.mark.parametrize(
    ("size", "bound", "label"),
    [
        (1.5 + 1e-9, 1 + 1e-9, "C"),  # at least 1.5, and significantly above 1
        (1.5 - 1e-9, 1 + 1e-9, "B"),
        (1.5 + 1e-9, 1 - 1e-9, "B"),
        (2.5, 1 - 1e-9, "B"),
        (1 + 1e-9, 0.5, "B"),
        (1 - 1e-9, 0.5, "A"),  # below 1, however significant
    ],
)
@pytest.mark.parametrize("direction", [-1, 1])
def test_the_borders_of_the_ets_classes(size, bound, label, direction):
    """``bound``: the size less 1.645 standard errors, the lower end of a one-sided interval of 95 %."""
    odds = np.exp(-direction * size / 2.35)
    se = (size - bound) / norm.ppf(0.95)
    given = {
        "ad": odds, "bc": 1, "v0": 2 * (odds * se / 2.35) ** 2, "v1": 0, "v2": 0, "observed": 90,
        "expected": 60, "variance": 20, "difference": 0, "weight": 1, "n_reference": 500, "n_focal": 500,
    }  # fmt: skip
    result = mantel_haenszel(DifSums(**{name: np.array([float(value)]) for name, value in given.items()}))
    assert result.d_dif == pytest.approx(direction * size, abs=1e-12)
    assert result.se == pytest.approx(se, abs=1e-12)
    assert result.ets_class == (label,)


@pytest.mark.parametrize("cells", [(100, 0, 80, 20), (80, 20, 100, 0), (0, 100, 20, 80), (20, 80, 0, 100)])
def test_odds_of_nought_or_without_end_have_no_size(cells):
    result = mantel_haenszel(dif_sums(DifTables(*(np.array([[count]]) for count in cells))))
    assert np.isnan(result.d_dif[0])
    assert np.isnan(result.se[0])
    assert result.ets_class == ("insufficient",)
    assert result.std_p_dif[0] != 0  # the difference of the shares is told all the same


def test_more_than_one_point_is_refused():
    with pytest.raises(InputError, match="0/1"):
        dif_tables(np.array([[2]], dtype=np.int8), np.array([0]), np.array([0]), n_levels=1)


@pytest.mark.parametrize(("reference", "focal", "label"), [(50, 50, "C"), (49, 50, "x"), (50, 49, "x")])
def test_fifty_persons_in_each_group_are_enough(reference, focal, label):
    given = {
        "ad": 0.2, "bc": 1, "v0": 1e-4, "v1": 0, "v2": 0, "observed": 90, "expected": 60, "variance": 20,
        "difference": 0, "weight": 1, "n_reference": reference, "n_focal": focal,
    }  # fmt: skip
    result = mantel_haenszel(DifSums(**{name: np.array([float(value)]) for name, value in given.items()}))
    assert result.ets_class == ("insufficient" if label == "x" else label,)


def given_sums(**changed):
    given = {
        "ad": 1, "bc": 1, "v0": 1e-4, "v1": 0, "v2": 0, "observed": 90, "expected": 60, "variance": 20,
        "difference": 0, "weight": 1, "n_reference": 500, "n_focal": 500,
    }  # fmt: skip
    return DifSums(**{name: np.array([float(value)]) for name, value in (given | changed).items()})


def first_exact(start, found):
    """The first float near ``start``, up or down, at which ``found`` holds exactly."""
    below = above = start
    for _ in range(10_000):
        for value in (below, above):
            if found(value):
                return value
        below, above = np.nextafter(below, -np.inf), np.nextafter(above, np.inf)
    raise AssertionError("no float gives exactly this size")


def test_a_size_of_exactly_one_is_not_below_one():
    odds = first_exact(np.exp(1 / 2.35), lambda odds: -2.35 * np.log(odds) == -1.0)
    result = mantel_haenszel(given_sums(ad=odds))
    assert (result.d_dif[0], result.ets_class) == (-1.0, ("B",))


def test_a_lower_end_exactly_at_one_is_not_significantly_above_it():
    size = abs(float(mantel_haenszel(given_sums(ad=0.2)).d_dif[0]))
    critical = float(norm.ppf(0.95))

    def lower_end(v0):
        return size - critical * (2.35 * np.sqrt(v0 / (2 * 0.2**2)))

    v0 = first_exact(2 * (0.2 * (size - 1) / critical / 2.35) ** 2, lambda v0: lower_end(v0) == 1.0)
    exact = mantel_haenszel(given_sums(ad=0.2, v0=v0))
    assert size - critical * exact.se[0] == 1.0
    assert exact.ets_class == ("B",)
    assert mantel_haenszel(given_sums(ad=0.2, v0=v0 * (1 - 1e-9))).ets_class == ("C",)


def test_a_p_value_exactly_at_the_level_is_not_significant():
    p = float(mantel_haenszel(given_sums(ad=0.2, v0=1e-6)).p_value[0])
    assert mantel_haenszel(given_sums(ad=0.2, v0=1e-6), alpha=p).ets_class == ("A",)
    assert mantel_haenszel(given_sums(ad=0.2, v0=1e-6), alpha=p * (1 + 1e-9)).ets_class == ("C",)
