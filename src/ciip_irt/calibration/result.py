"""What a calibration found, with its numbers as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import Scale
from ciip_irt.errors import plural
from ciip_irt.irt import expected_item_score, test_information
from ciip_irt.irt.models import MODELS
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.screening import Concern, Whole
from ciip_irt.tables import ANCHOR_ITEMS, ITEM_MODELS, ITEM_PARAMETERS, POPULATION_POINTS, show_html

if TYPE_CHECKING:
    from ciip_irt.responses import Responses

__all__ = ["ESTIMATED", "Calibration", "EstimatesCovariance"]

PARAMETERS = ("a", "b", "c")
ESTIMATED: Mapping[str, tuple[str, ...]] = {
    name: tuple(one for one in model.parameters if one in model.free + model.common)
    for name, model in ((name, MODELS[name]) for name in ITEM_MODELS)
}
"""Model -> the parameters that it estimates, for each item or in common."""


@result
@dataclass(frozen=True, slots=True)
class EstimatesCovariance:
    """The covariance of what was estimated.

    ``matrix`` (F, F) in the order of ``numpy.argwhere(estimated)``; ``estimated`` (J, 3) marks a, b, c.
    """

    matrix: FloatArray
    estimated: BoolArray

    def with_sums(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Shape (J, 3, W): covariance of every a, b, c with the sums over items ``rows`` (C,), ``weights``
        (W, C, 3); 0 for what was held."""
        wide = np.zeros((len(weights), *self.estimated.shape))
        wide[:, rows] = weights
        result = np.zeros((*self.estimated.shape, len(weights)))
        result[self.estimated] = np.nan_to_num(self.matrix) @ wide[:, self.estimated].T
        return result


@result
@dataclass(frozen=True, slots=True)
class Calibration:
    """Item parameters on a scale, the population they were estimated with, and how well they fit.

    Attributes
    ----------
    scale
        Name, model and D of the scale.
    item_ids
        The administered items, in the order of ``ScoredResponses.items``.
    parameters_array, standard_errors
        (J, 3) a, b, c; NaN where there is no estimate, standard errors also where the value was fixed.
    low, high
        (J, 3) ends of 95 % intervals, ``irt.intervals.parameter_intervals``; NaN as the standard errors are.
    fixed
        (J,) items held at the bank's values.
    n
        (J,) answers that count.
    mean, sd
        Moments of the population on the scale.
    converged, iterations, log_likelihood
        How the estimation ended; ``None`` and NaN where the engine does not tell.
    gradient_norm, second_order
        Length of the gradient of the log-likelihood (with priors) at the end, and whether that is a maximum:
        ``maximum``, ``flat``, ``saddle``, ``not examined``.
    fit
        ``item_id, statistic, value``.
    abilities
        One row per delivery: ``delivery_id, form_id, total, theta, se, method, theta_eap, se_eap``, from the
        scored items; ``theta`` by the method asked for.
    observed_proportions
        Right answers against the model by group of ability: ``item_id, group, theta, n, observed, low,
        high, expected``.
    population
        One row per population: ``group, n, mean, se_mean, sd, se_sd, shape``.
    population_points
        Weights of histograms: ``group, theta, weight``; no rows for normal populations.
    anchors
        One row per item that held the scale at first: ``item_id, domain, a, b, c, se_b`` (the bank's), ``n``,
        ``free_b`` (b estimated anew), ``displacement, se, robust_z, decision`` (kept or dropped), ``why``.
    concerns
        What looks wrong as a whole, what stops the work first; told first in ``warnings``.
    estimates_covariance
        Of the estimates; ``None`` where the engine does not tell. Links need it.
    log_prior
        Log density of the priors at the estimates, no part of ``log_likelihood``; 0 without priors.
    n_parameters
        How many numbers were estimated, populations' moments included; 0 where the engine does not tell.
    """

    scale: Scale
    item_ids: tuple[str, ...]
    parameters_array: FloatArray
    standard_errors: FloatArray
    low: FloatArray
    high: FloatArray
    fixed: BoolArray
    n: IntArray
    mean: float
    sd: float
    population: pl.DataFrame
    converged: bool | None
    iterations: int
    log_likelihood: float
    fit: pl.DataFrame
    abilities: pl.DataFrame
    observed_proportions: pl.DataFrame
    warnings: tuple[str, ...]
    provenance: Provenance
    population_points: pl.DataFrame = field(default_factory=POPULATION_POINTS.empty)
    anchors: pl.DataFrame = field(default_factory=ANCHOR_ITEMS.empty)
    gradient_norm: float = float("nan")
    second_order: str = "not examined"
    concerns: tuple[Concern, ...] = ()
    estimates_covariance: EstimatesCovariance | None = None
    log_prior: float = 0.0
    n_parameters: int = 0

    @property
    def parameters(self) -> pl.DataFrame:
        """The ``parameters`` contract: one row per item and parameter of the model."""
        names = ESTIMATED[self.scale.model]
        columns = [PARAMETERS.index(name) for name in names]
        count, width = len(self.item_ids), len(names)
        return ITEM_PARAMETERS.frame(
            {
                "item_id": [item for item in self.item_ids for _ in names],
                "model": [self.scale.model] * (count * width),
                "parameter": list(names) * count,
                "estimate": self.parameters_array[:, columns].ravel(),
                "se": self.standard_errors[:, columns].ravel(),
                "low": self.low[:, columns].ravel(),
                "high": self.high[:, columns].ravel(),
                "fixed": self.fixed.repeat(width),
                "n": self.n.repeat(width),
                "scale_id": [self.scale.scale_id] * (count * width),
                "D": [self.scale.D] * (count * width),
            }
        )

    def wide(self) -> pl.DataFrame:
        """One row per item: ``item_id, a, b, c, se_a, se_b, se_c, fixed, n``."""
        return pl.DataFrame(
            {
                "item_id": self.item_ids,
                **{name: self.parameters_array[:, k] for k, name in enumerate(PARAMETERS)},
                **{f"se_{name}": self.standard_errors[:, k] for k, name in enumerate(PARAMETERS)},
                "fixed": self.fixed,
                "n": self.n,
            }
        ).with_columns(pl.col(pl.Float64).fill_nan(None))

    def scores(
        self,
        new: "Responses",
        *,
        method: str | None = None,
        mean: float | None = None,
        sd: float | None = None,
    ) -> pl.DataFrame:
        """Abilities of other persons on this scale: ``delivery_id, form_id, total, theta, se, method``.

        Parameters
        ----------
        new
            Scored responses, a frame with items' names (some of the calibration's, in any order), or an array
            with a column for each item of the calibration. Pilots do not count.
        method
            ``eap``, ``map``, ``ml`` or ``wle``; that of the calibration by default.
        mean, sd
            The population that they come from (``eap``, ``map``); that of the calibration by default, all its
            groups together.

        Raises
        ------
        InputError
            Items that the calibration does not have, other shapes, an unknown method.
        """
        from ciip_irt.calibration.using.new_scores import scores_of  # it knows this class

        return scores_of(self, new, method, mean, sd)

    def probability(self, theta: ArrayLike) -> FloatArray:
        """Shape (Q, J): probability of a right answer, ``c + (1 - c) / (1 + exp(-D a (theta - b)))``.

        NaN for items without estimates.
        """
        points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        return expected_item_score(self.parameters_array, points, self.scale.D)

    def information(self, theta: ArrayLike) -> FloatArray:
        """Shape (Q,): Fisher information of all items with estimates; the standard error is ``1 / sqrt``."""
        points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        known = ~np.isnan(self.parameters_array).any(axis=1)
        return test_information(self.parameters_array[known], points, self.scale.D)

    def save(self, path: Path | str) -> Path:
        """Write a zip of ``calibration.json`` (with the format's version) and Parquet tables; see ``load``.

        It holds the persons' ids and abilities, as ``abilities`` does.

        Raises
        ------
        InputError
            Nothing can be written there.
        """
        from ciip_irt.calibration.using.saving import save  # it knows this class

        return save(self, path)

    def to_frame(self) -> pl.DataFrame:
        """The ``parameters`` table."""
        return self.parameters

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain values, for ``calibration.json``."""
        return {
            "model": self.scale.model,
            "scale_id": self.scale.scale_id,
            "D": self.scale.D,
            "converged": self.converged,
            "iterations": self.iterations,
            "gradient_norm": None if isnan(self.gradient_norm) else float(f"{self.gradient_norm:.1e}"),
            "second_order": self.second_order,
            "log_likelihood": None if isnan(self.log_likelihood) else round(self.log_likelihood, 4),
            "population_mean": round(self.mean, 6),
            "population_sd": round(self.sd, 6),
            "n_items": len(self.item_ids),
            "n_anchors": int(self.fixed.sum()),
            "anchors_dropped": self.dropped,
            "concerns": [concern.to_dict() for concern in self.concerns],
            "warnings": list(self.warnings),
            "provenance": self.provenance.to_dict(),
        }

    @property
    def parameters_of_record(self) -> FloatArray:
        """(J, 3) a, b, c that cuts are set with: anchors that were dropped keep the bank's values here.

        A raw cut is announced before the first candidate sits; it must not move because an item drifted. A
        value that no drift explains (a decimal point lost) is no record: there the new estimate stands.
        """
        values = self.parameters_array.copy()
        place = {item: row for row, item in enumerate(self.item_ids)}
        wild = {name for one in self.concerns if one.whole is Whole.ANCHORS for name in one.names}
        gone = self.anchors.filter((pl.col("decision") == "dropped") & ~pl.col("item_id").is_in(wild))
        for item, *record in gone.select("item_id", *PARAMETERS).iter_rows():
            values[place[item]] = record
        return values

    @property
    def dropped(self) -> list[str]:
        """Anchors that no longer held the scale, the one displaced most first."""
        gone = self.anchors.filter(pl.col("decision") == "dropped")
        return gone.sort(pl.col("displacement").abs(), descending=True, maintain_order=True)[
            "item_id"
        ].to_list()

    def summary(self) -> str:
        anchors = int(self.fixed.sum())
        how = f"{plural(anchors, 'anchor')} held at the bank's values" if anchors else "no anchors"
        if self.dropped:
            how += f", {len(self.dropped)} dropped"
        new = plural(int((~self.fixed & ~np.isnan(self.parameters_array[:, 1])).sum()), "item")
        if self.converged is None:
            ended = "the engine does not report convergence"
        else:
            word = "converged" if self.converged else "NOT converged"
            ended = f"log-likelihood {self.log_likelihood:,.2f}; {word} after"
            ended += f" {plural(self.iterations, 'iteration')}"
        people = f"Population mean {self.mean:.3f}, SD {self.sd:.3f}"
        if self.population.height > 1:
            each = ", ".join(
                f"{group} {mean:.3f} ({sd:.3f})"
                for group, mean, sd in self.population.select("group", "mean", "sd").iter_rows()
            )
            people = f"Population means (SD): {each}"
        lines = [
            f"{self.scale.model} on scale '{self.scale.scale_id}' (D = {self.scale.D:g}):"
            f" {new} estimated, {how}.",
            f"{people}; {ended}.",
        ]
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Calibration", self.summary(), self.wide())
