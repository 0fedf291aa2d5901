"""The populations that a calibration found: moments, weights on points, and their table."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.calibration.groups.groups import ONE, Groups
from ciip_irt.irt import default_points, log_weights
from ciip_irt.irt.estimation import MmlFit
from ciip_irt.records import result
from ciip_irt.tables import POPULATION, POPULATION_POINTS

__all__ = ["Populations"]


@result
@dataclass(frozen=True, slots=True)
class Populations:
    """One or more populations.

    Attributes
    ----------
    names
        The first is the reference of a free calibration.
    n
        Shape (G,): deliveries.
    mean, sd, mean_error, sd_error
        Shape (G,); NaN where held or unknown.
    points, weights
        Shapes (Q,), (G, Q).
    histogram
        Whether the weights are estimates of their own rather than those of normal distributions.
    """

    names: tuple[str, ...]
    n: IntArray
    mean: FloatArray
    sd: FloatArray
    mean_error: FloatArray
    sd_error: FloatArray
    points: FloatArray
    weights: FloatArray
    histogram: bool

    @classmethod
    def normal(cls, n: int, mean: float, sd: float) -> "Populations":
        """A single normal population without standard errors."""
        points, unknown = default_points(), np.full(1, np.nan)
        means, sds = np.array([mean]), np.array([sd])
        weights = np.exp(log_weights(points, means, sds))
        return cls((ONE,), np.array([n]), means, sds, unknown, unknown, points, weights, histogram=False)

    @classmethod
    def of_fit(
        cls, fit: MmlFit, groups: Groups, mean_error: FloatArray, sd_error: FloatArray
    ) -> "Populations":
        """Those of an estimation, by group."""
        return cls(
            groups.names,
            groups.sizes,
            fit.population_mean,
            fit.population_sd,
            mean_error,
            sd_error,
            fit.theta,
            fit.weights,
            histogram=fit.population == "histogram",
        )

    @property
    def overall(self) -> tuple[float, float]:
        """Mean and standard deviation of all candidates together."""
        share = self.n / self.n.sum()
        mean = float(share @ self.mean)
        return mean, float(np.sqrt(share @ (self.sd**2 + (self.mean - mean) ** 2)))

    def table(self) -> pl.DataFrame:
        """``group, n, mean, se_mean, sd, se_sd, shape``: one row per population."""
        return POPULATION.frame(
            {
                "group": list(self.names),
                "n": self.n,
                "mean": self.mean,
                "se_mean": self.mean_error,
                "sd": self.sd,
                "se_sd": self.sd_error,
                "shape": ["histogram" if self.histogram else "normal"] * len(self.names),
            }
        )

    def histograms(self) -> pl.DataFrame:
        """``group, theta, weight`` of histograms; no rows for normal populations."""
        if not self.histogram:
            return POPULATION_POINTS.empty()
        return POPULATION_POINTS.frame(
            {
                "group": [name for name in self.names for _ in self.points],
                "theta": np.tile(self.points, len(self.names)),
                "weight": self.weights.ravel(),
            }
        )
