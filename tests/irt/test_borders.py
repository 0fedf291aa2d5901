"""What stands on a limit, has next to no data or was not told: by hand, brute force or identity."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from ciip_irt.irt.em.free_parameters import select_free_parameters
from ciip_irt.irt.em.m_step import maximize_items
from ciip_irt.irt.em.score_groups import ScoreGroups
from ciip_irt.irt.estimation.anchor_uncertainty import _of_working
from ciip_irt.irt.estimation.anchored_information import information_with_anchors
from ciip_irt.irt.estimation.cml import _climb, _count, _level
from ciip_irt.irt.estimation.intervals import PLAIN, ROOT, _scales
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.estimation.mml_fit import _of_items_alike
from ciip_irt.irt.fit_statistics.margins import expected_margins
from ciip_irt.irt.keys.key_hypotheses import key_probabilities
from ciip_irt.irt.keys.key_priors import (
    HELD_BY,
    TEMPTING_POPULARITY,
    TEMPTING_SLOPE,
    ChoiceItems,
    ChoiceShape,
    Places,
    _prior,
    estimate_shape,
)
from ciip_irt.irt.linking import DriftLimits
from ciip_irt.irt.linking.anchor_displacement import screen_anchors
from ciip_irt.irt.linking.scale_agreement import compare_scales
from ciip_irt.irt.models import MODELS, logistic
from ciip_irt.irt.population import Population, _pull_towards_points, update_population
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.response_blocks import ResponseBlock


def rasch_blocks(n: int, b: np.ndarray, seed: int) -> list[ResponseBlock]:
    rng = np.random.default_rng(seed)
    right = rng.random((n, b.size)) < 1 / (1 + np.exp(b - rng.normal(size=(n, 1))))
    return [ResponseBlock(np.arange(b.size), right.astype(np.int8))]


def test_derivatives_and_probabilities_are_on_the_same_scale_where_none_is_named() -> None:
    items, theta, h = np.array([[1.2, 0.3, 0.2], [0.7, -1.0, 0.0]]), np.array([-1.0, 0.4, 2.0]), 1e-6
    found = logistic.gradient(items, theta)
    for place in range(3):
        up, down = items.copy(), items.copy()
        up[:, place] += h
        down[:, place] -= h
        difference = (logistic.probability(up, theta) - logistic.probability(down, theta)) / (2 * h)
        assert found[..., place] == pytest.approx(difference, abs=1e-8)


@pytest.mark.parametrize("model", ["2pl", "3pl"])
def test_start_values_are_the_same_curves_in_both_scalings(model: str) -> None:
    share = np.array([0.0, 0.3, 0.5, 0.77, 1.0])
    one, other = (MODELS[model].start(share, D) for D in (1.0, 1.702))
    assert 1.702 * other[:, 0] == pytest.approx(one[:, 0])
    assert other[:, 1:] == pytest.approx(one[:, 1:])
    assert np.isfinite(one).all()
    assert (np.diff(one[:, 1]) < 0).all()  # the more are right, the easier
    if model == "2pl":
        assert one[1, 1] == pytest.approx(1.1 * np.log(0.7 / 0.3))
        assert one[0, 1] == pytest.approx(-one[-1, 1])


@pytest.mark.parametrize("model", ["gpcm", "grm", "pcm"])
def test_slopes_have_one_box_in_all_models(model: str) -> None:
    for_categories = MODELS[model].for_categories
    assert for_categories is not None
    box = for_categories(4).working_bounds
    assert box[0] == MODELS["2pl"].working_bounds[0]
    assert all(low == -high for low, high in box[1:])
    assert for_categories(2).working_bounds[1] == MODELS["2pl"].working_bounds[1]


def test_a_population_moves_by_however_few_answered_and_by_none_not_at_all() -> None:
    theta = np.array([-1.0, 0.0, 2.0])
    free = np.ones(3, dtype=np.bool_)
    before = Population(np.full(3, 0.7), np.full(3, 1.3), free, free)
    persons = np.array([[0.25, 0.0, 0.25], [0.0, 0.0, 0.0], [0.5, 0.0, 0.5]])
    after = update_population(before, theta, persons)
    assert after.mean == pytest.approx([0.5, 0.7, 0.5])
    assert after.sd == pytest.approx([1.5, 1.3, 1.5])


def test_a_group_without_persons_asks_for_no_point() -> None:
    theta = np.array([-1.0, 0.0, 1.0])
    free = np.ones(2, dtype=np.bool_)
    weights = np.array([[0.2, 0.5, 0.3], [0.2, 0.5, 0.3]])
    population = Population(np.zeros(2), np.ones(2), free, free, weights)
    persons = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 8.0]])
    with np.errstate(all="raise"):
        pull = _pull_towards_points(population, theta, persons)
    assert pull[0].tolist() == [0.0, 0.0, 0.0]
    assert pull[1] == pytest.approx([2 / 0.2 - 10, -10.0, 8 / 0.3 - 10])


def test_groups_by_score_are_of_the_first_population_unless_told() -> None:
    assert ScoreGroups(np.arange(2), np.zeros((1, 1, 2)), np.ones(1)).group == 0


def test_conditional_difficulties_sum_to_nought_before_the_first_step_too() -> None:
    blocks = rasch_blocks(80, np.array([-2.0, -1.5, 0.2, 0.4]), 3)
    start = _climb(_count(blocks, 4, np.arange(4)), 1e-8, 0)
    share = (blocks[0].scores.sum(axis=0) + 0.5) / 81
    logits = np.log((1 - share) / share)
    assert start.b == pytest.approx(logits - logits.mean())


def test_what_makes_the_conditional_information_regular_leaves_it_as_well_conditioned() -> None:
    """Its eigenvalue along the common shift is the mean of the others', all shifts counted."""
    for n in (3, 40, 170):
        information = 2.5 * (n * np.eye(n) - np.ones((n, n)))
        values = np.linalg.eigvalsh(information + _level(information))
        assert values[-1] / values[0] == pytest.approx(n / (n - 1))


def test_a_slope_within_reach_of_nought_keeps_its_own_scale() -> None:
    fit: Any = SimpleNamespace(model="2pl")
    places = np.array([[0, 0], [1, 0], [2, 0], [2, 1]])
    scales = _scales(fit, None, places, np.array([0.5, 0.25, 0.75, 3.0]), np.full(4, 0.5))
    assert scales.tolist() == [PLAIN, PLAIN, ROOT, PLAIN]


def test_an_anchor_displaced_by_the_limit_itself_stays() -> None:
    b = np.linspace(-2, 2, 12)
    held = np.column_stack((np.ones(12), b - 0.9 * (np.arange(12) == 7), np.zeros(12)))
    blocks = rasch_blocks(400, b, 1)
    at = information_with_anchors(blocks, fit_mml(blocks, "rasch", 12, fixed=held))
    seen = abs(float(screen_anchors(at, DriftLimits(displacement=50.0)).displacement[7]))
    assert seen > 0.5
    assert screen_anchors(at, DriftLimits(displacement=seen)).dropped == ()
    assert screen_anchors(at, DriftLimits(displacement=float(np.nextafter(seen, 0)))).dropped == (7,)


def test_items_that_one_person_answered_are_answered_alike_and_not_unseen() -> None:
    notices = list(_of_items_alike(np.array([1, 3, 4]), np.array([9, 1, 9, 0, 5])))
    assert [(notice.code, list(notice.subject)) for notice in notices] == [
        ("answered_alike", [1, 4]),
        ("no_answer", [3]),
    ]


def test_a_shared_slope_has_the_root_mean_square_of_its_anchors_errors() -> None:
    """Carried back to a and b, the anchors' covariance is what was given."""
    rng = np.random.default_rng(2)
    items = np.column_stack((np.full(6, 1.3), rng.normal(size=6), np.zeros(6)))
    held = items.copy()
    held[4:] = np.nan
    p = logistic.probability(items, rng.normal(size=300))[:, :, 1]
    blocks = [ResponseBlock(np.arange(6), (rng.random(p.shape) < p).astype(np.int8))]
    at = information_with_anchors(blocks, fit_mml(blocks, "1pl", 6, fixed=held))
    errors = np.zeros((6, 3))
    errors[:4, 0], errors[:4, 1] = (0.1, 0.2, 0.3, 0.4), (0.15, 0.05, 0.25, 0.35)
    found = _of_working(at, errors)
    by_working = at.model.reported_jacobian(at.working, at.D)
    for item in range(4):
        places = at.free.index[item, :2]
        reported = by_working[item][:2, :2]
        back = reported @ found[np.ix_(places, places)] @ reported.T
        assert back == pytest.approx(np.diag([np.mean(errors[:4, 0] ** 2), errors[item, 1] ** 2]), abs=1e-12)


def test_chance_does_not_excuse_half_the_unit() -> None:
    rng = np.random.default_rng(4)
    b = np.linspace(-2, 2, 30)
    for half in (0.5 * b + rng.normal(0, 0.15, 30), 0.45 * b + rng.normal(0, 0.12, 30)):
        bank, free = (np.column_stack((np.ones(30), values)) for values in (b, half))
        found = compare_scales(bank, free, np.full((30, 2), 0.1), slopes_vary=False)
        assert 0.9 < found.correlation < 0.99
        assert not found.same_unit


def test_an_item_that_everybody_gets_wrong_is_no_margin() -> None:
    theta, weights = np.array([-1.0, 0.0, 1.0]), np.array([0.25, 0.5, 0.25])
    items = np.array([[1.0, 0.0, 0.0], [1.0, 0.5, 0.0], [1.0, 900.0, 0.0]])
    found = expected_margins(items, theta, weights, model=MODELS["2pl"])
    assert found.size == 2 + 3
    assert found.scale_single[2].tolist() == [0.0]


def test_an_item_whose_slope_is_at_its_least_still_finds_its_intercept() -> None:
    """The lower the ability the more are right: the slope wants below the box, the intercept is free."""
    theta = np.linspace(-2.0, 2.0, 9)
    low = MODELS["2pl"].working_bounds[0][0]
    right = (theta < 0.4).astype(float)
    counts = np.stack((1 - right, right), axis=1)[:, None, :] * 50.0
    start = np.array([[low, 0.1, 0.0]])
    free = select_free_parameters(MODELS["2pl"], start, np.full((1, 3), np.nan), np.ones(1, np.bool_), 1.0)
    values = free.values(MODELS["2pl"].to_working(start, 1.0))
    for _ in range(40):
        values = maximize_items(MODELS["2pl"], free, values, theta, counts, Priors(), 1.0)
    a, d = free.working(values)[0, :2]
    assert a == low

    def minus_log_likelihood(d: float) -> float:
        z = low * theta + d
        return float((np.logaddexp(0, -z) * right + np.logaddexp(0, z) * (1 - right)).sum())

    assert d == pytest.approx(minimize_scalar(minus_log_likelihood, bounds=(-20, 20)).x, abs=1e-3)


def test_a_change_of_the_tolerance_itself_is_no_convergence() -> None:
    blocks = rasch_blocks(150, np.linspace(-1.5, 1.5, 6), 8)
    first = fit_mml(blocks, "rasch", 6, tolerance=1e-3)
    again = fit_mml(blocks, "rasch", 6, tolerance=first.largest_change)
    assert first.converged
    assert again.converged
    assert again.largest_change < first.largest_change
    assert again.iterations > first.iterations


OPTIONS = 4
POINTS = np.linspace(-3, 3, 13)
PERSONS_AT = 40_000 * np.exp(-(POINTS**2) / 2)


def expected_choices(popularity: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Shape (13, K): how many choose what, without chance."""
    p = np.exp(popularity + np.outer(POINTS, slopes))
    return PERSONS_AT[:, None] * p / p.sum(axis=1, keepdims=True)


def test_how_distractors_differ_in_slope_is_a_root_mean_square() -> None:
    """Slopes of both signs, so many answers that they are known: only the default shape holds them."""
    slopes = np.array([1.0, 0.6, -0.6, 0.0])
    n = 12
    counts = np.tile(expected_choices(np.array([1.5, 0.0, 0.2, -0.2]), slopes), (n, 1, 1))
    credited = np.tile(np.eye(OPTIONS, dtype=bool)[0], (n, 1))
    known = np.tile(np.eye(POINTS.size), (n, 1, 1))
    items = ChoiceItems(counts, known, POINTS, np.ones((n, OPTIONS), dtype=bool), credited)
    default = ChoiceShape()
    found = estimate_shape(items, np.ones(n), default, default)
    # a shift of all slopes is all that the answers leave open: it is normal, with the shape as its prior
    slope, key_sd, sd = default.slope, default.slope_sd, default.distractor_slope_sd
    for _ in range(200):
        variance = 1 / (1 / key_sd**2 + 3 / sd**2)
        a = slopes + variance * ((slope - slopes[0]) / key_sd**2 - slopes[1:].sum() / sd**2)
        slope = (HELD_BY * default.slope + n * a[0]) / (HELD_BY + n)
        of_key, of_others = (a[0] - slope) ** 2 + variance, (a[1:] ** 2).sum() + 3 * variance
        key_sd = np.sqrt((HELD_BY * default.slope_sd**2 + n * of_key) / (HELD_BY + n))
        sd = np.sqrt((HELD_BY * default.distractor_slope_sd**2 + n * of_others) / (HELD_BY + 3 * n))
    assert found.distractor_slope_sd == pytest.approx(sd, rel=0.01)
    assert found.slope_sd == pytest.approx(key_sd, rel=0.02)
    assert found.slope == pytest.approx(slope, rel=0.02)


def test_what_tempts_is_the_key_only_where_the_hypothesis_says_so() -> None:
    credited = np.eye(OPTIONS, dtype=bool)[:1]
    items = ChoiceItems(
        np.ones((1, 1, OPTIONS)), np.ones((1, 1, 1)), np.zeros(1), np.ones((1, OPTIONS), dtype=bool), credited
    )
    shape, places = ChoiceShape(), Places(OPTIONS)
    mean = _prior(items, shape, slice(None)).mean[0]
    for option in range(1, OPTIONS):
        plain, tempts = np.zeros(2 * OPTIONS), np.zeros(2 * OPTIONS)
        plain[option], plain[OPTIONS + option] = shape.popularity, shape.slope
        assert mean[places.key_wrong][option] == pytest.approx(plain)
        tempts[0], tempts[OPTIONS] = TEMPTING_POPULARITY * shape.popularity, TEMPTING_SLOPE * shape.slope
        assert mean[places.key_tempts][option] == pytest.approx(plain + tempts)


def test_an_item_whose_key_nobody_was_offered_is_not_judged() -> None:
    counts = np.tile(expected_choices(np.array([1.5, 0.0, 0.2, -0.2]), np.array([1.0, 0, 0, 0])), (2, 1, 1))
    counts = counts / 100
    counts[1, :, 3] = 0.0
    offered = np.array([[True] * 4, [True, True, True, False]])
    credited = np.array([[True, False, False, False], [False, False, False, True]])
    found = key_probabilities(counts, np.tile(np.eye(POINTS.size), (2, 1, 1)), POINTS, offered, credited)
    assert found.judged.tolist() == [True, False]
