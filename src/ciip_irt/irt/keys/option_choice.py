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

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.records import result

__all__ = ["ChoiceEvidence", "ChoicePrior", "choice_evidence", "group_abilities"]

ABSENT = -1e3  # logit of an option that is not offered
MAXIMUM_STEPS = 60  # of a concave climb: a stop, where rounding keeps a step from shrinking
TOLERANCE = 1e-6  # logits: the last step's; the evidence errs by its square
HALVINGS = 8  # of a step that goes down; then the row rests where it is
ROWS_AT_ONCE = 1000  # pairs of item and hypothesis, whose matrices are held at once


@result
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


@result
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
    wanted: BoolArray | None = None,
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
    wanted
        Shape (J, H): the hypotheses to judge, all by default. The others have evidence -inf; their mode is
        the start, their covariance NaN.

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
    v = (prior.mean if start is None else start).copy()
    wanted = np.ones(v.shape[:2], dtype=bool) if wanted is None else wanted
    log_evidence = np.full(wanted.shape, -np.inf)
    covariance = np.full(prior.precision.shape, np.nan)
    items, hypotheses = np.nonzero(wanted)
    for first in range(0, items.size, ROWS_AT_ONCE):
        at = (items[first : first + ROWS_AT_ONCE], hypotheses[first : first + ROWS_AT_ONCE])
        choices = _Choices(
            counts[at[0]], abilities[at[0]], points, offered[at[0]], prior.mean[at], prior.precision[at]
        )
        v[at] = _mode(choices, v[at])
        value, p, expected = _value(choices, v[at])
        curvature = _curvature(choices, p, expected)
        half_log_det = np.linalg.slogdet(choices.precision)[1] - np.linalg.slogdet(curvature)[1]
        log_evidence[at] = value + 0.5 * half_log_det
        covariance[at] = np.linalg.inv(curvature)
    return ChoiceEvidence(log_evidence, v, covariance)


def group_abilities(mean: FloatArray, n_groups: int) -> FloatArray:
    """Shape (<= n_groups - 1,): borders that part persons of posterior means (N,) into groups of equal size.

    >>> group_abilities(np.arange(8.0), 4)
    array([1.75, 3.5 , 5.25])
    """
    return np.unique(np.quantile(mean, np.arange(1, n_groups) / n_groups)) if mean.size else np.zeros(0)


@dataclass(frozen=True, slots=True)
class _Choices:
    """R pairs of an item and a hypothesis; the first axis of every array but ``points``."""

    counts: FloatArray
    abilities: FloatArray
    points: FloatArray
    offered: BoolArray
    mean: FloatArray
    precision: FloatArray

    def part(self, rows: IntArray | BoolArray) -> "_Choices":
        return _Choices(
            self.counts[rows],
            self.abilities[rows],
            self.points,
            self.offered[rows],
            self.mean[rows],
            self.precision[rows],
        )


def _mode(choices: _Choices, start: FloatArray) -> FloatArray:
    """Newton steps, halved where they do not climb; pairs that have arrived are left alone."""
    result = start.copy()
    rows = np.arange(len(start))
    v, now = start, choices
    value, p, expected = _value(now, v)
    for _ in range(MAXIMUM_STEPS):
        gradient, information = _newton_parts(now, v, p, expected)
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        moving = (gradient * step).sum(axis=-1) >= TOLERANCE
        if not moving.all():
            rows, v, step, value = rows[moving], v[moving], step[moving], value[moving]
            p, expected, now = p[moving], expected[moving], now.part(moving)
        if not rows.size:
            break
        moved = v + step
        new_value, new_p, new_expected = _value(now, moved)
        worse = np.flatnonzero(~(new_value >= value - 1e-9))
        for halving in range(1, HALVINGS):
            if not worse.size:
                break
            moved[worse] = v[worse] + 0.5**halving * step[worse]
            new_value[worse], new_p[worse], new_expected[worse] = _value(now.part(worse), moved[worse])
            worse = worse[~(new_value[worse] >= value[worse] - 1e-9)]
        moved[worse] = v[worse]
        result[rows] = moved
        v, value, p, expected = moved, new_value, new_p, new_expected
        if worse.size:  # no step climbs: at the mode, as far as numbers tell
            better = np.ones(rows.size, dtype=bool)
            better[worse] = False
            rows, v, value = rows[better], v[better], value[better]
            p, expected, now = p[better], expected[better], now.part(better)
    return result


def _value(choices: _Choices, v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log-posterior (R,), without constants; probabilities and expected choosers (R, Q, K) at each point."""
    n_options = choices.offered.shape[1]
    c, a = v[:, :n_options], v[:, n_options:]
    p = np.where(choices.offered, c, ABSENT)[:, None, :] + choices.points[:, None] * a[:, None, :]
    p -= _largest(p)[..., None]
    np.exp(p, out=p)
    p /= (p @ np.ones(n_options))[..., None]
    of_group = np.maximum(choices.abilities @ p, 1e-300)
    n = choices.counts
    away = v - choices.mean
    value = (n * np.log(of_group)).sum(axis=(-2, -1))
    value -= 0.5 * (_times(choices.precision, away) * away).sum(axis=-1)
    expected = p * (choices.abilities.swapaxes(-1, -2) @ (n / of_group))
    return value, p, expected


def _largest(z: FloatArray) -> FloatArray:
    largest = z[..., 0]
    for option in range(1, z.shape[-1]):
        largest = np.maximum(largest, z[..., option])
    return largest


def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray((matrix @ vector[..., None])[..., 0])


def _newton_parts(
    choices: _Choices, v: FloatArray, p: FloatArray, expected: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (R, 2K) of the log-posterior, and the information as if abilities were known."""
    at_point = (expected @ np.ones(p.shape[-1]))[..., None]
    weighted = at_point * p
    powers = choices.points ** np.arange(2)[:, None]
    gradient = (powers @ (expected - weighted)).reshape(len(v), -1)
    gradient = gradient - _times(choices.precision, v - choices.mean)
    return gradient, _known(choices, p, weighted) + choices.precision


def _known(choices: _Choices, p: FloatArray, weighted: FloatArray) -> FloatArray:
    """Shape (R, 2K, 2K): information of the choices if abilities were known."""
    powers = choices.points[:, None] ** np.arange(3)
    own = weighted.swapaxes(-1, -2) @ powers
    shared = [(weighted * power[:, None]).swapaxes(-1, -2) @ p for power in powers.T]
    return _blocks([own[..., s, None] * np.eye(p.shape[-1]) - shared[s] for s in range(3)])


def _blocks(parts: list[FloatArray]) -> FloatArray:
    """[[0, 1], [1, 2]]: moments of order 0, 1 and 2 of ability."""
    n_options = parts[0].shape[-1]
    result = np.empty((*parts[0].shape[:-2], 2 * n_options, 2 * n_options))
    result[..., :n_options, :n_options] = parts[0]
    result[..., :n_options, n_options:] = result[..., n_options:, :n_options] = parts[1]
    result[..., n_options:, n_options:] = parts[2]
    return result


def _curvature(choices: _Choices, p: FloatArray, expected: FloatArray) -> FloatArray:
    """Minus the second derivatives of the log-posterior; where that is not positive, without the loss."""
    n_options = p.shape[-1]
    at_point = (expected @ np.ones(n_options))[..., None]
    known = _known(choices, p, at_point * p) + choices.precision
    # Score of a person at point q who chose k: (e_k - P(q)) x (1, u_q). Its second moments, weighted by the
    # expected choosers, less those of its mean among the choosers of each group, are what is lost.
    seconds = []
    for power in (choices.points**0, choices.points, choices.points**2):
        by_power = power[:, None] * expected
        own = by_power.sum(axis=-2)[..., None] * np.eye(n_options)
        cross = by_power.swapaxes(-1, -2) @ p
        alike = (power[:, None] * at_point * p).swapaxes(-1, -2) @ p
        seconds.append(own - cross - cross.swapaxes(-1, -2) + alike)
    lost = _blocks(seconds)
    chosen = np.concatenate([p, choices.points[:, None] * p], axis=-1)  # (R, Q, 2K): P_l u^s, s = 0, 1
    pairs = (p[..., :, None] * chosen[..., None, :]).reshape(*p.shape[:-1], -1)
    moments = (choices.abilities @ np.concatenate([chosen, pairs], axis=-1)).reshape(
        *choices.counts.shape[:2], -1
    )
    of_group = np.maximum(moments[..., :n_options], 1e-300)
    mean = -moments[..., 2 * n_options :].reshape(*of_group.shape, 2 * n_options)
    each = np.arange(n_options)
    mean[..., each, each] += moments[..., :n_options]
    mean[..., each, n_options + each] += moments[..., n_options : 2 * n_options]
    mean /= of_group[..., None]
    mean = mean.reshape(len(p), -1, 2 * n_options)
    lost -= (choices.counts.reshape(len(p), -1, 1) * mean).swapaxes(-1, -2) @ mean
    curvature = known - lost
    positive = np.linalg.eigvalsh(curvature)[..., 0] > 1e-6
    return np.where(positive[..., None, None], curvature, known)
