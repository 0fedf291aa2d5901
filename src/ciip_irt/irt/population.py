"""Normal populations on ability points: which moments are free, the weights, the next moments."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray

__all__ = ["Population", "log_weights", "updated"]


@dataclass(frozen=True, slots=True)
class Population:
    """Normal populations, one for each group.

    Attributes
    ----------
    mean, sd
        Shape (G,).
    mean_free, sd_free
        Shape (G,): estimated, or held at the value given.
    """

    mean: FloatArray
    sd: FloatArray
    mean_free: BoolArray
    sd_free: BoolArray


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


def updated(population: Population, theta: FloatArray, persons: FloatArray) -> Population:
    """The free moments matched to the persons expected at each point; never re-standardised.

    ``persons`` has shape (G, Q): the sum of the posteriors of each group's persons. A group without persons
    keeps its moments.
    """
    n = persons.sum(axis=1)
    safe = np.where(n > 0, n, 1.0)
    mean = np.where(population.mean_free & (n > 0), persons @ theta / safe, population.mean)
    variance = (persons * (theta - mean[:, None]) ** 2).sum(axis=1) / safe
    sd = np.where(population.sd_free & (n > 0), np.sqrt(np.maximum(variance, 1e-6)), population.sd)
    return Population(mean, sd, population.mean_free, population.sd_free)
