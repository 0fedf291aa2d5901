"""Evidence of hypotheses about options: against importance sampling, and at limits that are known exactly."""

import numpy as np
import pytest
from scipy.special import gammaln, logsumexp
from scipy.stats import multivariate_t

from ciip_irt.irt.keys.key_hypotheses import FlawRates, key_probabilities
from ciip_irt.irt.keys.key_priors import ChoiceItems, ChoiceShape, Places, hypothesis_evidence
from ciip_irt.irt.keys.option_choice import ChoicePrior, choice_evidence

U = np.linspace(-4, 4, 25)
SHAPE = ChoiceShape()


def grouped(slopes, popularity, n, seed, groups=15):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    chosen = (popularity + theta[:, None] * slopes + rng.gumbel(size=(n, len(slopes)))).argmax(axis=1)
    post = np.exp(-0.5 * ((U - theta[:, None]) / 0.35) ** 2 - 0.5 * U**2)
    post /= post.sum(axis=1, keepdims=True)
    group = np.searchsorted(np.quantile(post @ U, np.arange(1, groups) / groups), post @ U)
    counts = np.zeros((1, groups, len(slopes)))
    np.add.at(counts[0], (group, chosen), 1)
    return counts, np.stack([post[group == g].mean(axis=0) for g in range(groups)])[None]


@pytest.mark.parametrize("slopes", [(0.8, 0.0, 0.1, -0.1), (0.0, 0.9, 0.0, 0.0)])
def test_evidence_against_importance_sampling(slopes):
    """Sixty answers, three hypotheses; 20,000 draws from a t distribution around the mode."""
    counts, abilities = grouped(np.array(slopes), np.array([1.5, 0.0, -0.3, -0.8]), 60, 3)
    rng = np.random.default_rng(1)
    means = np.zeros((1, 3, 8))
    means[0, 0, [0, 4]] = means[0, 1, [1, 5]] = 1.7, 0.9
    prior = ChoicePrior(means, np.tile(np.diag([0.7] * 4 + [10.0] * 4), (1, 3, 1, 1)))
    found = choice_evidence(counts, abilities, U, np.ones((1, 4), dtype=bool), prior)
    for h in range(3):
        proposal = multivariate_t(found.mode[0, h], 1.3 * found.covariance[0, h], df=8, seed=rng)
        draws = proposal.rvs(20_000)
        z = draws[:, None, :4] + U[:, None] * draws[:, None, 4:]
        p = np.exp(z - logsumexp(z, axis=2, keepdims=True))
        likelihood = (counts[0] * np.log(np.einsum("gq,sqk->sgk", abilities[0], p))).sum(axis=(1, 2))
        away, precision = draws - means[0, h], prior.precision[0, h]
        density = -0.5 * np.einsum("si,ij,sj->s", away, precision, away)
        density += 0.5 * np.linalg.slogdet(precision)[1] - 4 * np.log(2 * np.pi)
        sampled = logsumexp(likelihood + density - proposal.logpdf(draws)) - np.log(len(draws))
        assert found.log_evidence[0, h] == pytest.approx(sampled, abs=0.12)


def test_slopes_held_at_zero_are_a_dirichlet_multinomial_nearly():
    """Flat slopes and a wide prior of popularity: two options, so that the integral is one number."""
    counts = np.array([[[30.0, 12.0]]])
    prior = ChoicePrior(np.zeros((1, 1, 4)), np.diag([1 / 1.5, 1 / 1.5, 1e8, 1e8])[None, None])
    found = choice_evidence(counts, np.ones((1, 1, 1)), np.zeros(1), np.ones((1, 2), dtype=bool), prior)
    x = np.linspace(-12, 12, 4001)
    log_likelihood = -30 * np.log1p(np.exp(-x)) - 12 * np.log1p(np.exp(x))
    normal = np.exp(-0.5 * x**2 / 3.0) / np.sqrt(2 * np.pi * 3.0)
    exact = np.log((np.exp(log_likelihood) * normal).sum() * (x[1] - x[0]))
    assert found.log_evidence[0, 0] == pytest.approx(exact, abs=0.02)
    assert exact < gammaln(31) + gammaln(13) - gammaln(44) + 1.0  # of the order of a uniform prior's


def test_the_order_of_options_does_not_matter():
    counts, abilities = grouped(np.array([0.9, 0.2, 0.0, -0.1]), np.array([1.0, 0.0, -0.3, -0.8]), 200, 4)
    key, offered = np.array([[True, False, False, False]]), np.ones((1, 4), dtype=bool)
    one = hypothesis_evidence(ChoiceItems(counts, abilities, U, offered, key), SHAPE)[0][0]
    order = [2, 0, 3, 1]
    mixed = ChoiceItems(counts[..., order], abilities, U, offered, key[:, order])
    other = hypothesis_evidence(mixed, SHAPE)[0][0]
    places = Places(4)
    assert other[0] == pytest.approx(one[0], abs=1e-3)
    for part in (places.key_wrong, places.two_right, places.tempting):
        assert other[part] == pytest.approx(one[part][order], abs=1e-3)


def test_options_that_are_not_offered_change_nothing():
    counts, abilities = grouped(np.array([0.9, 0.2, 0.0]), np.array([1.0, 0.0, -0.3]), 150, 5)
    key = np.array([[True, False, False]])
    wide = np.concatenate([counts, np.zeros_like(counts)], axis=2)
    narrow = key_probabilities(counts, abilities, U, np.ones((1, 3), dtype=bool), key)
    offered = np.array([[True] * 3 + [False] * 3])
    padded = key_probabilities(wide, abilities, U, offered, np.pad(key, ((0, 0), (0, 3))))
    assert padded.right[0] == pytest.approx(narrow.right[0], abs=1e-4)
    assert padded.wrong[0, 3:].sum() == 0.0


@pytest.mark.parametrize("width", [2, 8])
def test_two_and_eight_options(width):
    slopes, popularity = np.zeros(width), np.zeros(width)
    slopes[1], popularity[1] = 1.2, 1.5
    counts, abilities = grouped(slopes, popularity, 400, 6)
    offered, key = np.ones((1, width), dtype=bool), np.eye(width, dtype=bool)[:1]
    found = key_probabilities(counts, abilities, U, offered, key)
    assert found.wrong[0, 1] + found.two_right[0, 1] > 0.9
    assert found.right[0] + found.wrong.sum() + found.two_right.sum() + found.guessed[0] == pytest.approx(1.0)


def test_the_prior_rates_move_the_answer_and_no_answers_give_no_statement():
    counts, abilities = grouped(np.array([0.5, 0.4, 0.0, 0.0]), np.array([0.5, 0.4, 0.0, 0.0]), 80, 7)
    counts, abilities = np.tile(counts, (2, 1, 1)), np.tile(abilities, (2, 1, 1))
    counts[1] = 0
    key, offered = np.tile(np.eye(4, dtype=bool)[:1], (2, 1)), np.ones((2, 4), dtype=bool)
    rare = key_probabilities(counts, abilities, U, offered, key)
    often = key_probabilities(
        counts, abilities, U, offered, key, rates={"scored": FlawRates(wrong=0.2, two_right=0.2, guessed=0.1)}
    )
    assert often.right[0] < rare.right[0]
    assert rare.judged.tolist() == [True, False]


def test_hypotheses_that_are_not_wanted_and_a_near_start_change_nothing():
    counts, abilities = grouped(np.array([0.9, 0.2, 0.0, -0.1]), np.array([1.0, 0.0, -0.3, -0.8]), 300, 9)
    items = ChoiceItems(counts, abilities, U, np.ones((1, 4), dtype=bool), np.eye(4, dtype=bool)[:1])
    every, modes = hypothesis_evidence(items, SHAPE)
    wanted = np.zeros(every.shape, dtype=bool)
    wanted[0, [0, 2, 7, 10]] = True
    some, _ = hypothesis_evidence(items, SHAPE, wanted, modes + 0.05)
    assert some[0, [0, 2, 7, 10]] == pytest.approx(every[0, [0, 2, 7, 10]], abs=2e-3)
    assert np.isneginf(some[~wanted]).all()


def test_the_curvature_is_that_of_the_log_posterior():
    """Minus the second differences of the marginal log-posterior at the mode."""
    counts, abilities = grouped(np.array([0.8, 0.1, -0.2]), np.array([1.2, 0.0, -0.5]), 150, 10)
    prior = ChoicePrior(np.zeros((1, 1, 6)), np.diag([0.5] * 3 + [4.0] * 3)[None, None])
    found = choice_evidence(counts, abilities, U, np.ones((1, 3), dtype=bool), prior)

    def log_posterior(v):
        z = v[:3] + U[:, None] * v[3:]
        p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
        return (counts[0] * np.log(abilities[0] @ p)).sum() - 0.5 * v @ prior.precision[0, 0] @ v

    step, mode = 1e-3 * np.eye(6), found.mode[0, 0]
    second = np.array(
        [
            [
                log_posterior(mode + x + y)
                - log_posterior(mode + x - y)
                - log_posterior(mode - x + y)
                + log_posterior(mode - x - y)
                for x in step
            ]
            for y in step
        ]
    )
    assert np.linalg.inv(found.covariance[0, 0]) == pytest.approx(-second / 4e-6, abs=2e-3)


def test_a_keyed_distractor_that_tempts_is_no_second_right_answer():
    """The key is moved to a popular distractor with half of the right answer's slope."""
    counts, abilities = grouped(np.array([0.9, 0.45, 0.0, 0.0]), np.array([1.7, 0.7, 0.0, -0.3]), 1000, 13)
    offered, key = np.ones((1, 4), dtype=bool), np.eye(4, dtype=bool)[1:2]
    found = key_probabilities(counts, abilities, U, offered, key)
    assert found.wrong[0, 0] > 0.8
