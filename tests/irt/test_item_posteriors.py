"""Posteriors of items: what calibration left uncertain, from estimates and standard errors alone."""

import numpy as np
import pytest

from ciip_irt.irt import ResponseBlock, expected_item_score, item_information, posteriors_of_items
from ciip_irt.irt.estimation import fit_mml

CUT = np.array([-1.1])


@pytest.fixture(scope="module")
def calibrated():
    """200 items that 400 persons of mean .5 answered: the truth, the same on the scale that this very sample
    makes, the estimates and their errors.
    """
    rng = np.random.default_rng(3)
    truth = np.column_stack([np.exp(rng.normal(0, 0.3, 200)), rng.normal(-0.6, 1, 200), np.zeros(200)])
    theta = rng.normal(0.5, 1.0, 400)
    answers = rng.random((400, 200)) < expected_item_score(truth, theta)
    blocks = [ResponseBlock(np.arange(200), answers.astype(np.int8))]
    fit = fit_mml(blocks, "2pl", 200, mean=0.5, sd=1.0)
    a, b, c = truth.T
    linked = np.column_stack([a * theta.std(), 0.5 + (b - theta.mean()) / theta.std(), c])
    return truth, linked, fit.parameters, fit.standard_errors


def test_the_persons_are_those_who_answered(calibrated):
    _, _, estimates, errors = calibrated
    posteriors = posteriors_of_items(estimates, errors)
    assert posteriors.persons == pytest.approx(400, rel=0.05)
    assert posteriors.unit == pytest.approx(1 / np.sqrt(800), rel=0.05)
    assert posteriors.origin == pytest.approx(1 / np.sqrt(400), rel=0.1)


def test_what_is_chosen_has_the_information_that_is_expected_of_it(calibrated):
    truth, linked, estimates, errors = calibrated
    posteriors = posteriors_of_items(estimates, errors)

    def information(parameters):
        return item_information(parameters, CUT)[0]

    mean, variance, loadings = posteriors.expectation(information)
    chosen = np.argsort(-mean)[:40]
    plain = np.argsort(-information(estimates))[:40]
    own = variance[chosen].sum()
    error = np.sqrt(own + (loadings[chosen].sum(axis=0) ** 2).sum())
    assert abs(mean[chosen].sum() - information(truth)[chosen].sum()) < 1.96 * error
    # On the scale of the sample only the items' own errors are left, and with them the curse.
    assert abs(mean[chosen].sum() - information(linked)[chosen].sum()) < 1.96 * np.sqrt(own)
    assert information(estimates)[plain].sum() - information(linked)[plain].sum() > 2 * np.sqrt(own)
    assert posteriors.slope_kept < posteriors.difficulty_kept < 1


def test_errors_of_items_are_those_that_the_truth_shows(calibrated):
    """Of items at random the standardised errors have a mean square of about 1; with half the errors of
    calibration claimed, of about 4.
    """
    _, truth, estimates, errors = calibrated

    def score(parameters):
        return expected_item_score(parameters, CUT)[0]

    squares = []
    for claimed in (1.0, 0.5):
        mean, variance, _ = posteriors_of_items(estimates, claimed * errors).expectation(score)
        squares.append(float(((mean - score(truth)) ** 2 / variance).mean()))
    assert squares[0] == pytest.approx(1, abs=0.25)
    assert squares[1] > 2.5


def test_difficulties_of_a_rasch_bank_are_those_of_normal_theory():
    """With normal errors and a normal bank the posterior mean is the usual weighted average."""
    rng = np.random.default_rng(5)
    b, n = rng.normal(0.3, 1.2, 400), 2000.0
    ones, zeros, none = np.ones(400), np.zeros(400), np.full(400, np.nan)
    theta = np.linspace(-4, 4, 201)
    shares = np.exp(-(theta**2) / 2) / np.exp(-(theta**2) / 2).sum()
    p = expected_item_score(np.column_stack([ones, b, zeros]), theta)
    own = 1 / (n * (shares[:, None] * p * (1 - p)).sum(axis=0))
    estimates = b + rng.normal(size=400) * np.sqrt(own)
    errors = np.column_stack([none, np.sqrt(own + 1 / n), none])
    posteriors = posteriors_of_items(np.column_stack([ones, estimates, zeros]), errors)
    mean, variance, _ = posteriors.expectation(lambda parameters: parameters[:, 1])
    spread = estimates.var() - own.mean()
    expected = (spread * estimates + own * estimates.mean()) / (spread + own)
    np.testing.assert_allclose(mean, expected, atol=0.01)
    np.testing.assert_allclose(variance, spread * own / (spread + own), rtol=0.15)


def test_items_without_errors_are_exact_and_few_say_nothing():
    rng = np.random.default_rng(1)
    parameters = np.column_stack([np.ones(30), rng.normal(size=30), np.zeros(30)])
    errors = np.full((30, 3), np.nan)
    assert posteriors_of_items(parameters, errors) is None
    errors[:9, 1] = 0.2
    assert posteriors_of_items(parameters, errors) is None
    errors[:20, 1] = 0.2
    mean, variance, loadings = posteriors_of_items(parameters, errors).expectation(lambda x: x[:, 1])
    np.testing.assert_allclose(mean[20:], parameters[20:, 1])
    assert (variance[20:] == 0).all()
    assert (loadings[20:] == 0).all()
    assert (variance[:20] > 0).all()


def test_the_scaling_constant_changes_units_only(calibrated):
    _, _, estimates, errors = calibrated
    logistic = posteriors_of_items(estimates, errors)
    by = np.array([1 / 1.7, 1.0, 1.0])
    normal = posteriors_of_items(estimates * by, errors * by, 1.7)
    np.testing.assert_allclose(normal.nodes * [1.7, 1, 1], logistic.nodes, rtol=1e-9)
    np.testing.assert_allclose(normal.weights, logistic.weights, atol=1e-9)
