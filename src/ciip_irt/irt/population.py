"""Populations on ability points, normal or as a histogram: what is free, the weights, the next values.

A histogram has a free weight at every point and no shape of its own. Where a moment must be held (the mean 0
and the standard deviation 1 that identify a free calibration), the next weights are those of greatest
likelihood among all that have the moment, ``w_q = p_q / (1 + lambda' g_q)`` with p_q the mean posterior and
``g_q = (theta_q - mean, (theta_q - mean)^2 - sd^2)``: the points stay put and no likelihood is lost to
interpolation. With nothing held they are the mean posterior itself, never re-standardised (Kim 2006).

Source: Mislevy (1984), Psychometrika 49:359-381, on the histogram; Owen (1990), Annals of Statistics
18:90-120, on weights that meet moments; Lindsay (1983), Annals of Statistics 11:86-94, on how far from the
most likely weights given ones can be.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.irt.models import LEAST_PROBABILITY
from ciip_irt.records import result

__all__ = [
    "KINDS",
    "SHAPES",
    "Population",
    "from_weight_roots",
    "lindsay_bound",
    "log_weights",
    "moment_derivatives",
    "move_to_points",
    "population_log_weights",
    "revive_weights",
    "sd_at_bound",
    "to_histogram",
    "update_population",
]

KINDS = ("normal", "histogram")
SMALL = 1e-12  # of a histogram's weight
SHAPES = 4  # directions in which the shape of a histogram is taken as uncertain, beside its moments
LEAST_SD = 0.05  # of a normal population: below, 170 items would have a reliability of .08
EDGE = 0.2  # 1 + lambda' g at the smallest: below, moments are met by tilting, which moves no mass to an edge
STEPS = 50  # of Newton's method for weights that meet moments: a stop
KEPT = 0.3  # share of a root weight that an extrapolation leaves at least


@result
@dataclass(frozen=True, slots=True)
class Population:
    """Populations, one for each group.

    Attributes
    ----------
    mean, sd
        Shape (G,).
    mean_free, sd_free
        Shape (G,): estimated, or held at the value given.
    histogram
        Shape (G, Q): weights on the points, each row summing to 1; ``None`` for normal populations.
    """

    mean: FloatArray
    sd: FloatArray
    mean_free: BoolArray
    sd_free: BoolArray
    histogram: FloatArray | None = None


def log_weights(theta: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Shape (G, Q): log of the normal weights on the points, each row's weights summing to 1.

    >>> np.exp(log_weights(np.array([-1.0, 0.0, 1.0]), np.array([0.0]), np.array([1.0]))).round(3)
    array([[0.274, 0.452, 0.274]])
    """
    z = (theta - mean[:, None]) / sd[:, None]
    log_density = -0.5 * z**2
    peak = log_density.max(axis=1, keepdims=True)
    total = np.log(np.exp(log_density - peak).sum(axis=1, keepdims=True))
    result: FloatArray = log_density - peak - total
    return result


def population_log_weights(population: Population, theta: FloatArray) -> FloatArray:
    """Shape (G, Q): log of the weights on the points, of whatever kind."""
    if population.histogram is None:
        return log_weights(theta, population.mean, population.sd)
    result: FloatArray = np.log(np.maximum(population.histogram, LEAST_PROBABILITY))
    return result


def update_population(population: Population, theta: FloatArray, persons: FloatArray) -> Population:
    """What is free matched to the persons expected at each point; never re-standardised.

    ``persons`` has shape (G, Q): the sum of the posteriors of each group's persons. A group without persons
    keeps what it has.
    """
    n = persons.sum(axis=1)
    if population.histogram is not None:
        given = np.where((n > 0)[:, None], persons, population.histogram)
        # points that an E-step did not visit keep enough to come back
        given = np.maximum(given, SMALL * given.sum(axis=1, keepdims=True))
        return _match_moments(population, theta, given / given.sum(axis=1, keepdims=True))
    safe = np.where(n > 0, n, 1.0)
    mean = np.where(population.mean_free & (n > 0), persons @ theta / safe, population.mean)
    variance = (persons * (theta - mean[:, None]) ** 2).sum(axis=1) / safe
    sd = np.where(population.sd_free & (n > 0), np.maximum(np.sqrt(variance), LEAST_SD), population.sd)
    return replace(population, mean=mean, sd=sd)


def to_histogram(population: Population, theta: FloatArray) -> Population:
    """The same populations with a weight of its own at every point, from where they are now."""
    weights = np.exp(population_log_weights(population, theta))
    return _match_moments(replace(population, histogram=weights), theta, weights)


def move_to_points(population: Population, theta: FloatArray, following: FloatArray) -> Population:
    """The same populations on other points; a histogram is interpolated."""
    if population.histogram is None:
        return population
    rows = np.array([np.interp(following, theta, row, 0.0, 0.0) for row in population.histogram])
    rows = np.maximum(rows, np.exp(log_weights(following, population.mean, population.sd)) * 1e-6)
    rows /= rows.sum(axis=1, keepdims=True)
    return _match_moments(replace(population, histogram=rows), following, rows)


def from_weight_roots(population: Population, theta: FloatArray, roots: FloatArray) -> Population:
    """A histogram from square roots of its weights, which an extrapolation may have made negative."""
    assert population.histogram is not None
    rows = np.maximum(roots.reshape(population.histogram.shape), KEPT * np.sqrt(population.histogram)) ** 2
    return _match_moments(population, theta, rows / rows.sum(axis=1, keepdims=True))


def _match_moments(population: Population, theta: FloatArray, shares: FloatArray) -> Population:
    """The histogram closest to ``shares`` (G, Q) among those with the moments that are held."""
    weights = np.empty(shares.shape)
    for group, row in enumerate(shares):
        weights[group] = row / _divisor(population, theta, group, row)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ theta
    sd = np.sqrt(np.maximum((weights * (theta - mean[:, None]) ** 2).sum(axis=1), 1e-6))
    return replace(
        population,
        mean=np.where(population.mean_free, mean, population.mean),
        sd=np.where(population.sd_free, sd, population.sd),
        histogram=weights,
    )


def _divisor(population: Population, theta: FloatArray, group: int, shares: FloatArray) -> FloatArray:
    """Shape (Q,): ``1 + lambda' g_q``, or ``exp(lambda' g_q)`` where that comes near zero."""
    distance = theta - population.mean[group]
    held = []
    if not population.mean_free[group]:
        held.append(distance)
    if not population.sd_free[group]:
        held.append(distance**2 - population.sd[group] ** 2)
    if not held:
        return np.ones(theta.size)
    g = np.array(held)
    multiplier = np.zeros(g.shape[0])
    for _ in range(STEPS):
        divisor = 1.0 + multiplier @ g
        slope = g @ (shares / divisor)
        step = np.linalg.lstsq((g * (shares / divisor**2)) @ g.T, slope, rcond=None)[0]
        while (1.0 + (multiplier + step) @ g).min() < EDGE:
            step = 0.5 * step
            if np.abs(step).max() < 1e-14:
                return _tilt(g, shares)
        multiplier = multiplier + step
        if np.abs(slope).max() < 1e-13:
            break
    else:
        return _tilt(g, shares)
    result: FloatArray = 1.0 + multiplier @ g
    return result


def _tilt(g: FloatArray, shares: FloatArray) -> FloatArray:
    """Shape (Q,): ``exp(-lambda' g_q)``-fold shares have the moments held; cut short where nothing has."""
    multiplier = np.zeros(g.shape[0])
    size = float(np.abs(g).max())
    for _ in range(STEPS):
        exponent = multiplier @ g
        weights = shares * np.exp(exponent - exponent.max())
        weights /= weights.sum()
        slope = g @ weights
        if np.abs(slope).max() < 1e-13:
            break
        spread = (g * weights) @ g.T - np.outer(slope, slope)
        step = -np.linalg.lstsq(spread, slope, rcond=None)[0]
        multiplier = multiplier + step / max(1.0, float(np.abs(step).max()) * size)
    result: FloatArray = np.exp(-(multiplier @ g - (multiplier @ g).max()))
    return result


def lindsay_bound(population: Population, theta: FloatArray, persons: FloatArray) -> float:
    """How much log-likelihood any other histograms could add at the most, the items being as they are.

    The log-likelihood is concave in the weights, so it exceeds the present one by at most
    ``max_q sum_i L_i(theta_q) / L_i - N``, less what the moments held forbid. 0 for normal populations.
    """
    if population.histogram is None:
        return 0.0
    return float(np.maximum(_pull_towards_points(population, theta, persons).max(axis=1), 0.0).sum())


def revive_weights(population: Population, theta: FloatArray, persons: FloatArray) -> Population:
    """A histogram with a person's worth of weight at points that ask for more and have hardly any.

    EM multiplies weights, and takes very long from nothing to something.
    """
    if population.histogram is None:
        return population
    one = 1.0 / np.maximum(persons.sum(axis=1, keepdims=True), 1.0)
    asks = (_pull_towards_points(population, theta, persons) > 0) & (population.histogram < one)
    rows = np.where(asks, one, population.histogram)
    return _match_moments(population, theta, rows / rows.sum(axis=1, keepdims=True))


def _pull_towards_points(population: Population, theta: FloatArray, persons: FloatArray) -> FloatArray:
    """Shape (G, Q): derivative of the log-likelihood towards all weight at a point; 0 where n = 0."""
    assert population.histogram is not None
    result = np.zeros(persons.shape)
    for group, row in enumerate(persons):
        n = float(row.sum())
        if n > 0:
            ratio = row / np.maximum(population.histogram[group], LEAST_PROBABILITY)
            result[group] = ratio - n * _divisor(population, theta, group, row / n)
    return result


def sd_at_bound(population: Population) -> BoolArray:
    """Shape (G,): standard deviations that would be smaller still if they were allowed to."""
    result: BoolArray = population.sd_free & (population.sd < 1.0001 * LEAST_SD)
    return result


def moment_derivatives(population: Population, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log weights by mean, sd and shape: first derivatives (G, Q, M), minus second (G, Q, M, M).

    M is 2 for normal populations. A histogram moves its moments by the exponential tilt
    ``w_q exp(alpha theta_q + beta theta_q^2)``, which for a normal population is the normal with the moments;
    its shape moves by ``w_q (1 + alpha u_q)``, u the polynomials of the orders 3 to 6 that leave the moments
    as they are. On this path the log-likelihood is concave.
    """
    n_groups = population.mean.size
    spread = population.sd[:, None]
    distance = theta - population.mean[:, None]
    if population.histogram is None:
        first = np.stack((distance / spread**2, distance**2 / spread**3 - 1.0 / spread), axis=2)
        second = np.empty((*first.shape, 2))
        second[..., 0, 0] = 1.0 / spread**2
        second[..., 0, 1] = second[..., 1, 0] = 2.0 * distance / spread**3
        second[..., 1, 1] = 3.0 * distance**2 / spread**4 - 1.0 / spread**2
        return first, second
    first = np.zeros((*distance.shape, 2 + SHAPES))
    second = np.zeros((*first.shape, 2 + SHAPES))
    for group in range(n_groups):
        weights = population.histogram[group]
        center = float(weights @ theta)
        own = max(float(np.sqrt(weights @ (theta - center) ** 2)), 1e-6)
        tilts = np.column_stack((theta - center, (theta - center) ** 2 - own**2))
        scale = np.array([1.0, 2.0 * own])
        inverse = np.linalg.pinv((tilts * weights[:, None]).T @ tilts)
        first[group, :, :2] = tilts @ inverse * scale
        second[group, :, :2, :2] = inverse * np.outer(scale, scale)
        first[group, :, 2:] = _shape_tilts((theta - center) / own, weights)
        shape = first[group, :, 2:]
        second[group, :, 2:, 2:] = shape[:, :, None] * shape[:, None, :]
    return first, second


def _shape_tilts(z: FloatArray, weights: FloatArray) -> FloatArray:
    """Shape (Q, SHAPES): polynomials of the orders 3 and more, orthonormal under the weights.

    Those that the weights cannot tell from lower orders are 0.
    """
    columns = [np.ones(z.size)]
    for order in range(1, 3 + SHAPES):
        column = columns[-1] * z if columns[-1].any() else z**order
        for _ in range(2):  # twice, for the rounding of the first
            for before in columns:
                column = column - before * float(weights @ (before * column))
        length = float(np.sqrt(weights @ column**2))
        columns.append(column / length if length > 1e-6 else np.zeros(z.size))
    return np.column_stack(columns[3:])
