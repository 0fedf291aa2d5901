"""Formulas that a figure or two by hand settle."""

import numpy as np
import pytest
from scipy import stats

from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.missing_information import _rise
from ciip_irt.irt.fit_statistics.bootstrap_cutoffs import infit_outfit_cutoffs
from ciip_irt.irt.fit_statistics.item_fit import ItemFit
from ciip_irt.irt.fit_statistics.s_x2 import _row
from ciip_irt.irt.linking.rasch_shift import _variance


def test_the_rise_of_a_line_is_its_slope() -> None:
    theta = np.array([-2.0, -0.5, 0.0, 0.4, 3.0])
    slopes = np.array([[[1.5, -0.25]], [[0.0, 4.0]]])
    lines = slopes[:, :, None, :] * theta[:, None] + 0.3
    assert _rise(lines, theta) == pytest.approx(slopes, abs=1e-12)
    assert _rise(lines**2, theta) is None


def test_cut_offs_are_the_prediction_interval_of_one_more_sample() -> None:
    """``mean +- t SD sqrt(1 + 1/n)``: the next draw from a normal whose moments n draws have told."""
    rng = np.random.default_rng(5)
    logs = rng.normal(0.02, 0.1, size=(6, 2, 2))
    observed = ItemFit("mean_squares", ("infit", "outfit"), np.exp([[0.4, 0.0], [0.1, -0.3]]), np.full(2, 90))
    found = infit_outfit_cutoffs(observed, list(logs), level=0.1)
    for place, name in enumerate(("infit", "outfit")):
        mean, sd = logs[:, :, place].mean(axis=0), logs[:, :, place].std(axis=0, ddof=1)
        scale = sd * np.sqrt(1 + 1 / 6)
        of_next = stats.t(df=5, loc=mean, scale=scale)
        assert np.log(found.column(f"{name}_low")) == pytest.approx(of_next.ppf(0.05))
        assert np.log(found.column(f"{name}_high")) == pytest.approx(of_next.ppf(0.95))
        seen = np.log(observed.column(name))
        assert found.column(f"{name}_p") == pytest.approx(2 * np.minimum(of_next.cdf(seen), of_next.sf(seen)))


def test_cells_are_joined_until_a_person_is_expected_in_each() -> None:
    observed = np.array([[0.0, 3.0, 1.0, 2.0], [0.0, 1.0, 0.0, 0.0], [5.0, 1.0, 4.0, 0.0]])
    expected = np.array([[0.5, 2.5, 2.0, 0.4], [0.2, 0.2, 0.2, 0.2], [4.0, 2.0, 3.0, 1.0]])
    value, cells = _row(observed, expected)
    first = (3.0 - 3.0) ** 2 / 3.0 + (3.0 - 2.4) ** 2 / 2.4  # a thin last cell goes to the one before
    third = 1 / 4 + 1 / 2 + 1 / 3 + 1 / 1
    assert value == pytest.approx([first, 0.0, third])  # nobody to compare in the second: no cell, no value
    assert cells.tolist() == [2, 0, 4]


@pytest.mark.parametrize(
    "errors", [np.full(4, 0.1), np.full(6, 0.1), np.array([0.1, 0.0, 0.1, 0.1, 0.1]), np.full(5, np.nan)]
)
def test_errors_of_other_items_or_of_nought_are_refused(errors: np.ndarray) -> None:
    good = np.full(5, 0.2)
    for given in ((errors, None), (None, errors), (good, errors)):
        with pytest.raises(InputError, match="a positive standard error of b for every common item"):
            _variance(5, *given)
    assert _variance(5, good, 2 * good) == pytest.approx(np.full(5, 0.04 + 0.16))
