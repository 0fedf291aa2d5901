"""Raw cuts, reported scores and conversion tables."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.errors import InputError
from ciip_irt.scores.numbers.score_scale import SCALES, ScaleRule, conversion_table, raw_cut


def form(n: int = 130, c: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack((np.ones(n), rng.normal(-1, 1, n), np.full(n, c)))


def test_raw_cut_is_the_sum_of_probabilities() -> None:
    items = form(c=0.2)
    cut = raw_cut(items, -0.65, D=1.7)
    a, b, c = items.T
    wanted = float((c + (1 - c) / (1 + np.exp(-1.7 * a * (-0.65 - b)))).sum())
    assert cut.expected == pytest.approx(wanted)
    assert cut.lowest_passing == np.ceil(wanted)
    assert raw_cut(items, -0.65, D=1.7, rounding="down").lowest_passing == np.floor(wanted)
    assert raw_cut(items, -0.65, D=1.7, rounding="nearest").lowest_passing == np.floor(wanted + 0.5)


def test_a_whole_expected_score_is_its_own_cut() -> None:
    """Ten items at the standard: 5 expected, up to the last digit of the arithmetic."""
    for theta in np.linspace(-2, 2, 41):
        items = np.column_stack((np.linspace(0.5, 2, 10), np.full(10, theta), np.zeros(10)))
        for rounding in ("up", "down", "nearest"):
            assert raw_cut(items, theta, rounding=rounding).lowest_passing == 5


def test_easier_forms_have_higher_cuts() -> None:
    easy, hard = form(), form() + np.array([0, 0.3, 0])
    assert raw_cut(easy, -0.65).expected > raw_cut(hard, -0.65).expected + 5


@pytest.mark.parametrize("maximum", [20, 130, 170])
def test_arrt_scale_reports_a_pass_exactly_at_the_cut(maximum: int) -> None:
    rule = SCALES["arrt"]
    raw = np.arange(maximum + 1.0)
    for cut in range(1, maximum):
        scale = rule.fitted(cut, maximum)
        assert pytest.approx((99.49 - 74.50) / (maximum - cut)) == scale.A
        assert pytest.approx(74.50 - scale.A * cut) == scale.B
        reported = scale.reported(raw)
        assert ((reported >= rule.passing) == (raw >= cut)).all(), cut
        assert reported[-1] == 99
        assert reported.min() >= 1
        assert (np.diff(reported) >= 0).all()
        assert (reported == np.round(reported)).all()


def test_another_programme() -> None:
    rule = ScaleRule(at_cut=500, at_maximum=800, lowest=200, highest=800, decimals=1, passing=500)
    scale = rule.fitted(92, 130)
    assert scale.reported(np.array([0.0, 92.0, 93.0, 130.0])).tolist() == [200.0, 500.0, 507.9, 800.0]
    assert scale.scaled(np.array([0.0]))[0] == pytest.approx(500 - 92 * 300 / 38)


def test_table_of_a_complete_form() -> None:
    items = form()
    table = conversion_table(items, -0.65)
    assert table.raw.tolist() == list(range(131))
    assert np.isfinite(table.theta).all()
    assert np.isfinite(table.se).all()
    assert (np.diff(table.theta) > 0).all()
    p = 1 / (1 + np.exp(-(table.theta[:, None] - items[:, 1])))
    np.testing.assert_allclose(p.sum(axis=1)[1:-1], table.raw[1:-1], atol=1e-8)
    assert p.sum(axis=1)[[0, -1]] == pytest.approx([0.3, 129.7])
    np.testing.assert_allclose(table.se, (p * (1 - p)).sum(axis=1) ** -0.5)
    assert (table.passed == (table.raw >= table.cut.lowest_passing)).all()
    # whoever passes is at least at the standard, and nobody at the standard or above fails
    assert (table.passed == (table.theta >= -0.65)).all()
    assert (table.passed == (table.reported >= 75)).all()
    assert f"{table.cut.lowest_passing} are needed to pass, reported as 75." in table.summary()


def test_ends_of_the_table() -> None:
    items = form(c=0.2)
    table = conversion_table(items, 0.0, D=1.7)
    guessing = table.raw <= 0.2 * 130 + 1e-9
    assert (table.theta[guessing] == -np.inf).all()
    assert np.isfinite(table.theta[~guessing]).all()
    assert np.isnan(table.se[guessing]).all()
    plain = conversion_table(form(), 0.0, extreme=0.0)
    assert (plain.theta[0], plain.theta[-1]) == (-np.inf, np.inf)
    eap = conversion_table(items, 0.0, D=1.7, method="eap", mean=0.3, sd=0.8)
    assert np.isfinite(eap.theta).all()
    assert (eap.se < 0.8).all()


def test_raw_to_theta_of_another_program(shared: Path) -> None:
    folder = shared / "reference/VerbalAggression/rasch_cml_eRm"
    with (folder / "pars.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    b = np.array([float(row["b"]) for row in rows])
    items = np.column_stack((np.ones_like(b), b, np.zeros_like(b)))
    wanted = np.genfromtxt(folder / "raw_to_theta_ML.csv", delimiter=",", skip_header=1)
    table = conversion_table(items, 0.0)
    np.testing.assert_allclose(table.theta[1:-1], wanted[1:-1, 1], atol=1e-4)


def test_unusable_input() -> None:
    with pytest.raises(InputError, match="130 of the form's scored items have no parameters"):
        raw_cut(form() * np.nan, 0.0)
    with pytest.raises(InputError, match="unknown rounding"):
        raw_cut(form(), 0.0, rounding="half")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not below the maximum"):
        conversion_table(form(), 30.0)
    with pytest.raises(InputError, match="extreme is 1"):
        conversion_table(form(), 0.0, extreme=1)
