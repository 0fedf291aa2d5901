"""Which option is chosen, given ability: the nominal model with normal priors, and its evidence.

Bock's nominal model (1972): of the options offered, k is chosen with probability

    P_k(u) = exp(c_k + a_k u) / sum_l exp(c_l + a_l u),

u the ability in standard deviations of the population. Abilities are known as posteriors from *other* items,
gathered into G groups of similar ability; group g has distribution pi_gq on the points u_q and n_gk persons
who chose k, so that

    log L(c, a) = sum_gk n_gk log sum_q pi_gq P_k(u_q).

A hypothesis about an item is a normal prior of (c, a). Its evidence, the probability of the answers with
(c, a) integrated out, is taken by Laplace's method: the mode by Newton steps with the information that
abilities known exactly would give, the curvature with what is missing because they are not (Louis 1982).

Source: Bock, R. D. (1972). Estimating item parameters and latent ability when responses are scored in two or
more nominal categories. Psychometrika 37, 29-51.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray

__all__ = ["ChoiceEvidence", "ChoicePrior", "choice_evidence", "group_abilities"]

ABSENT = -1e3  # logit of an option that is not offered
MAXIMUM_STEPS = 60
TOLERANCE = 1e-5
HALVINGS = 8


@dataclass(frozen=True, slots=True)
class ChoicePrior:
    """Normal priors of the 2K parameters (c_1..c_K, a_1..a_K) for J items and H hypotheses.

    Attributes
    ----------
    mean
        Shape (J, H, 2K).
    precision
        Shape (J, H, 2K, 2K), positive definite.
    """

    mean: FloatArray
    precision: FloatArray


@dataclass(frozen=True, slots=True)
class ChoiceEvidence:
    """The answers in the light of every hypothesis.

    Attributes
    ----------
    log_evidence
        Shape (J, H): log of the probability of the answers, parameters integrated out.
    mode
        Shape (J, H, 2K): most probable parameters.
    covariance
        Shape (J, H, 2K, 2K): of the parameters, from the curvature at the mode.
    """

    log_evidence: FloatArray
    mode: FloatArray
    covariance: FloatArray


def choice_evidence(
    counts: FloatArray,
    abilities: FloatArray,
    points: FloatArray,
    offered: BoolArray,
    prior: ChoicePrior,
    start: FloatArray | None = None,
) -> ChoiceEvidence:
    """The evidence of H hypotheses about each of J items.

    Parameters
    ----------
    counts
        Shape (J, G, K): persons of ability group g who chose option k; zero where it is not offered.
    abilities
        Shape (J, G, Q): the ability distribution of each group; rows sum to 1.
    points
        Shape (Q,): ability in standard deviations.
    offered
        Shape (J, K).
    start
        Shape (J, H, 2K): where the search begins; the priors' means by default.

    >>> u = np.linspace(-3, 3, 13)
    >>> known = np.eye(13)[None]                                 # abilities known exactly
    >>> right = 20 / (1 + np.exp(-u))
    >>> answers = np.stack([right, 20 - right], axis=1)[None]
    >>> precision = np.diag([1.0, 1.0, 100.0, 100.0])
    >>> steep, flat = [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]
    >>> prior = ChoicePrior(np.array([[steep, flat]]), np.tile(precision, (1, 2, 1, 1)))
    >>> found = choice_evidence(answers, known, u, np.ones((1, 2), dtype=bool), prior)
    >>> bool(found.log_evidence[0, 0] > found.log_evidence[0, 1] + 10)
    True
    """
    mean, precision = prior.mean, prior.precision
    v = mean.copy() if start is None else start.copy()
    value, expected = _value(v, counts, abilities, points, offered, prior)
    for _ in range(MAXIMUM_STEPS):
        gradient, information = _newton_parts(v, expected, points, offered, prior)
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        gain = (gradient * step).sum(axis=-1)
        if gain.max() < TOLERANCE:
            break
        length = np.ones(value.shape)
        for _ in range(HALVINGS):
            moved = v + length[..., None] * step
            new_value, new_expected = _value(moved, counts, abilities, points, offered, prior)
            worse = ~(new_value >= value - 1e-9)
            if not worse.any():
                break
            length = np.where(worse, length / 2.0, length)
        better = (~worse)[..., None]
        v = np.where(better, moved, v)
        value = np.where(worse, value, new_value)
        expected = np.where(better[..., None], new_expected, expected)
        if worse.all():
            break
    curvature = _curvature(v, counts, abilities, expected, points, offered, prior)
    half_log_det = 0.5 * np.linalg.slogdet(precision)[1] - 0.5 * np.linalg.slogdet(curvature)[1]
    return ChoiceEvidence(value + half_log_det, v, np.asarray(np.linalg.inv(curvature)))


def group_abilities(mean: FloatArray, n_groups: int) -> FloatArray:
    """Shape (<= n_groups - 1,): borders that part persons of posterior means (N,) into groups of equal size.

    >>> group_abilities(np.arange(8.0), 4)
    array([1.75, 3.5 , 5.25])
    """
    return np.unique(np.quantile(mean, np.arange(1, n_groups) / n_groups)) if mean.size else np.zeros(0)


def _choices(v: FloatArray, points: FloatArray, offered: BoolArray) -> FloatArray:
    """Shape (J, H, Q, K): probability of each option."""
    n_options = offered.shape[1]
    c, a = v[..., :n_options], v[..., n_options:]
    z = np.where(offered[:, None, :], c, ABSENT)[:, :, None, :] + points[:, None] * a[:, :, None, :]
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z


def _value(
    v: FloatArray,
    counts: FloatArray,
    abilities: FloatArray,
    points: FloatArray,
    offered: BoolArray,
    prior: ChoicePrior,
) -> tuple[FloatArray, FloatArray]:
    """Log-posterior (J, H), without constants, and expected choosers (J, H, Q, K) at each point."""
    p = _choices(v, points, offered)
    of_group = np.maximum(abilities[:, None] @ p, 1e-300)
    n = counts[:, None]
    away = v - prior.mean
    value = (n * np.log(of_group)).sum(axis=(-2, -1)) - 0.5 * _quadratic(away, prior.precision)
    ratio = np.where(n > 0, n / of_group, 0.0)
    expected = p * (abilities.transpose(0, 2, 1)[:, None] @ ratio)
    return value, expected


def _quadratic(away: FloatArray, precision: FloatArray) -> FloatArray:
    result: FloatArray = ((precision @ away[..., None])[..., 0] * away).sum(axis=-1)
    return result


def _newton_parts(
    v: FloatArray, expected: FloatArray, points: FloatArray, offered: BoolArray, prior: ChoicePrior
) -> tuple[FloatArray, FloatArray]:
    """Gradient (J, H, 2K) of the log-posterior, and the information as if abilities were known."""
    p = _choices(v, points, offered)
    at_point = expected.sum(axis=-1, keepdims=True)
    residual = expected - at_point * p
    gradient = np.concatenate([residual.sum(axis=-2), (points[:, None] * residual).sum(axis=-2)], axis=-1)
    gradient = gradient - (prior.precision @ (v - prior.mean)[..., None])[..., 0]
    weighted = at_point * p
    blocks = []
    for power in (points**0, points, points**2):
        own = (power[:, None] * weighted).sum(axis=-2)
        shared = (power[:, None] * weighted).swapaxes(-1, -2) @ p
        blocks.append(own[..., None] * np.eye(p.shape[-1]) - shared)
    information = np.concatenate(
        [np.concatenate([blocks[0], blocks[1]], axis=-1), np.concatenate([blocks[1], blocks[2]], axis=-1)],
        axis=-2,
    )
    return gradient, information + prior.precision


def _curvature(
    v: FloatArray,
    counts: FloatArray,
    abilities: FloatArray,
    expected: FloatArray,
    points: FloatArray,
    offered: BoolArray,
    prior: ChoicePrior,
) -> FloatArray:
    """Minus the second derivatives of the log-posterior; where that is not positive, without the loss."""
    _, known = _newton_parts(v, expected, points, offered, prior)
    p = _choices(v, points, offered)
    n_options = p.shape[-1]
    # score of a person at point q who chose k: (e_k - P(q)) x (1, u_q)
    score = np.eye(n_options) - p[..., None, :]
    score = np.concatenate([score, points[:, None, None] * score], axis=-1)
    width = score.shape[-1]
    # second moments of the score, weighted by the expected choosers, less those of its mean in each group
    flat = score.reshape(*score.shape[:2], -1, width)
    weights = expected.reshape(*expected.shape[:2], -1, 1)
    lost = (weights * flat).swapaxes(-1, -2) @ flat
    of_group = np.maximum(abilities[:, None] @ p, 1e-300)
    weighted = (p[..., None] * score).reshape(*score.shape[:3], -1)
    mean = (abilities[:, None] @ weighted).reshape(*of_group.shape, width) / of_group[..., None]
    mean = mean.reshape(*mean.shape[:2], -1, width)
    times = np.broadcast_to(counts[:, None], of_group.shape).reshape(*mean.shape[:3], 1)
    lost -= (times * mean).swapaxes(-1, -2) @ mean
    curvature = known - lost
    positive = np.linalg.eigvalsh(curvature)[..., 0] > 1e-6
    return np.where(positive[..., None, None], curvature, known)
