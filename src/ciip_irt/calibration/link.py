"""Two calibrations on one scale, through the items they have in common."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.bank import Scale
from ciip_irt.calibration.parameter_tables import (
    ParameterArrays,
    linked_table,
    parameter_arrays,
    require_same_kind,
)
from ciip_irt.calibration.result import Calibration
from ciip_irt.errors import DesignError, InputError, Problem, plural
from ciip_irt.irt.linking import (
    METHODS,
    Direction,
    DriftLimits,
    Link,
    compare_scales,
    displacement,
    link,
    linked_errors,
    robust_z,
    transform_parameters,
)
from ciip_irt.irt.linking import (
    purify as without_drifted,
)
from ciip_irt.records import result
from ciip_irt.screening import Concern, Whole
from ciip_irt.tables import LINK, AnyFrame, show_html

__all__ = ["LinkedCalibrations", "link_calibrations"]

WITH_SLOPE = ("mean_mean", "mean_gmean", "haebara", "stocking_lord")


@result
@dataclass(frozen=True, slots=True)
class LinkedCalibrations:
    """The new calibration on the old one's scale.

    Attributes
    ----------
    link
        ``theta_old = A theta_new + B``.
    scale
        The old one's.
    parameters
        The ``parameters`` contract: the new calibration's items on the old scale. Their errors contain that
        of the link.
    common
        One row per common item: ``item_id, b_old, b_new, b_linked, displacement`` (+ = harder than before),
        ``se, robust_z, decision`` (kept or dropped), ``why``.
    warnings
        Plain sentences.
    concerns
        What is wrong with the common items as a whole; told first in ``warnings``.
    covariance
        Shape (2, 2): of A and B; NaN where the new items have no standard errors.
    """

    link: Link
    scale: Scale
    parameters: pl.DataFrame
    common: pl.DataFrame
    warnings: tuple[str, ...]
    concerns: tuple[Concern, ...] = ()
    covariance: FloatArray = field(default_factory=lambda: np.full((2, 2), np.nan))

    def to_frame(self) -> pl.DataFrame:
        """The common items."""
        return self.common

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for ``link.json``."""
        (var_A, cov), (_, var_B) = self.covariance.tolist()
        return {
            "A": self.link.A,
            "B": self.link.B,
            "se_A": _number(float(np.sqrt(var_A))),
            "se_B": _number(float(np.sqrt(var_B))),
            "cov_AB": _number(cov),
            "se_B_from_items": _number(self.link.shift_error),
            "method": self.link.method,
            "direction": self.link.direction,
            "loss": self.link.loss,
            "converged": self.link.converged,
            "scale_id": self.scale.scale_id,
            "model": self.scale.model,
            "D": self.scale.D,
            "n_common": self.common.height,
            "dropped": self.common.filter(pl.col("decision") == "dropped")["item_id"].to_list(),
            "concerns": [concern.to_dict() for concern in self.concerns],
            "warnings": list(self.warnings),
        }

    def summary(self) -> str:
        dropped = self.common.filter(pl.col("decision") == "dropped")
        lines = [self.link.equation()]
        if np.isfinite(self.covariance[1, 1]):
            error_A, error_B = np.sqrt(np.diag(self.covariance))
            of_A = f" of A {error_A:.4f}," if error_A > 0 else ""
            lines.append(f"Standard error{of_A} of B {error_B:.4f}; those of the linked items contain it.")
        lines += [f"{row['item_id']}: {row['why']}" for row in dropped.iter_rows(named=True)]
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Link", self.summary(), self.common)


def link_calibrations(
    new: Calibration | AnyFrame,
    old: Calibration | AnyFrame,
    method: str | None = None,
    *,
    purify: bool = True,
    drift: DriftLimits | None = None,
    direction: Direction = "symmetric",
) -> LinkedCalibrations:
    """Put ``new`` on the scale of ``old`` through their common items.

    Parameters
    ----------
    new, old
        Calibrations, or their ``parameters`` tables.
    method
        ``mean_mean``, ``mean_gmean``, ``mean_sigma``, ``haebara``, ``stocking_lord``; for rasch
        ``mean_shift``, ``weighted_shift``, ``robust_shift``. Default: ``mean_shift`` for rasch,
        ``stocking_lord`` for the others. A Rasch scale admits a shift only: there the others hold A = 1,
        and ``mean_sigma`` is refused.
    purify
        Whether common items that drifted stop holding the scale (``irt.drift.purify``).
    drift
        Limits of robust z and displacement, and the share of the common items that stays.
    direction
        Of the curve methods.

    Raises
    ------
    InputError, ScaleError
        Unknown method; parameters that are no ``parameters`` table; other models or D.
    DesignError
        No item in common.

    >>> frame = lambda scale, shift: pl.DataFrame({
    ...     "item_id": [f"I{j}" for j in range(12)], "model": "rasch", "parameter": "b",
    ...     "estimate": [j / 4 - 1.5 + shift for j in range(12)], "se": 0.1, "fixed": False, "n": 300,
    ...     "scale_id": scale, "D": 1.0})
    >>> done = link_calibrations(frame("spring", 0.4), frame("bank", 0.0))
    >>> round(done.link.B, 3), done.scale.scale_id
    (-0.4, 'bank')
    """
    if method is not None and method not in METHODS:
        raise InputError(
            Problem(f"unknown linking method {method!r}", remedy=f"Use one of: {', '.join(METHODS)}.")
        )
    limits = DriftLimits() if drift is None else drift
    here, there = parameter_arrays(new, "the new calibration"), parameter_arrays(old, "the old one")
    require_same_kind(here.scale, there.scale)
    rasch = there.scale.model == "rasch"
    method = method or ("mean_shift" if rasch else "stocking_lord")
    rows_new, rows_old = _common_rows(here, there)
    old_values, new_values = there.values[rows_old], here.values[rows_new]
    errors_old, errors_new = there.errors[rows_old], here.errors[rows_new]
    se_old, se_new = (one[:, 1] if np.isfinite(one[:, 1]).all() else None for one in (errors_old, errors_new))
    D = there.scale.D
    reasons: dict[int, str] = {}
    if purify:
        done = without_drifted(
            old_values,
            new_values,
            method,
            D=D,
            direction=direction,
            se_old=se_old,
            se_new=se_new,
            limits=limits,
            hold_slope=rasch,
        )
        found, warnings, kept = done.link, done.warnings, np.asarray(done.kept)
        reasons = {one.item: one.reason for one in done.dropped}
    else:
        found = link(
            old_values,
            new_values,
            method,
            D=D,
            direction=direction,
            se_old=se_old,
            se_new=se_new,
            hold_slope=rasch,
        )
        warnings, kept = found.warnings, np.ones(len(rows_new), dtype=np.bool_)
    if rasch and method in WITH_SLOPE:
        warnings = (*warnings, "A is held at 1: the model fixes the unit of a Rasch scale.")
    error = np.hypot(np.nan_to_num(errors_old[:, 1]), found.A * np.nan_to_num(errors_new[:, 1]))
    common_ids = pl.Series([here.item_ids[row] for row in rows_new], dtype=pl.String)
    table = _common_items(common_ids, old_values, new_values, error, found, reasons)
    concerns = _whole_set(old_values, new_values, errors_old, errors_new, there.scale.model)
    covariance, errors, notes = _uncertainty(here, there, rows_new[kept], rows_old[kept], found)
    warnings = (*map(str, concerns), *warnings, *notes)
    moved = linked_table(here, there.scale, (found.A, found.B), errors)
    return LinkedCalibrations(found, there.scale, moved, table, warnings, concerns, covariance)


def _common_rows(here: ParameterArrays, there: ParameterArrays) -> tuple[IntArray, IntArray]:
    """Rows of the items that both have a difficulty for."""
    place = {item: row for row, item in enumerate(there.item_ids) if np.isfinite(there.values[row, 1])}
    pairs = [
        (row, place[item])
        for row, item in enumerate(here.item_ids)
        if item in place and np.isfinite(here.values[row, 1])
    ]
    if not pairs:
        raise DesignError(
            "the two calibrations have no common items, so nothing ties their scales together. Repeat some"
            " items of the old form in the new one, or calibrate both logs together."
        )
    new, old = np.array(pairs, dtype=np.int64).T
    return new, old


def _uncertainty(
    here: ParameterArrays, there: ParameterArrays, rows_new: IntArray, rows_old: IntArray, found: Link
) -> tuple[FloatArray, FloatArray | None, list[str]]:
    """The covariance of A and B, the errors (J, 3) of the linked items, and what to say of them."""
    if not here.has_errors[rows_new].all():
        said = (
            "The new items have no standard errors, so that of the link is unknown: the linked ones lack it."
        )
        return np.full((2, 2), np.nan), None, [said]
    notes = []
    if not there.has_errors[rows_old].all():
        notes.append("Common items without a standard error on the old scale are taken as known.")
    T = found.derivatives
    with_old, with_new = there.covariance_with(rows_old, T[:, 0]), here.covariance_with(rows_new, T[:, 1])
    covariance = np.einsum("ick,ckl->il", T[:, 0], with_old[rows_old])
    covariance += np.einsum("ick,ckl->il", T[:, 1], with_new[rows_new])
    errors = linked_errors(here.values, here.variances, (found.A, found.B), covariance, with_new)
    return covariance, errors, notes


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _whole_set(
    old: FloatArray, new: FloatArray, errors_old: FloatArray, errors_new: FloatArray, model: str
) -> tuple[Concern, ...]:
    """Whether the common items can tie the scales at all, by the rule of anchors (``compare_scales``)."""
    found = compare_scales(old, new, errors_new, errors_old, slopes_vary=model != "rasch")
    if found.belongs and found.same_unit:
        return ()
    turned = " Are the signs of one of them turned?" if found.correlation < 0 else ""
    seen = (
        f"The difficulties of the {plural(found.n, 'common item')} do not belong together: their correlation"
        f" is {found.correlation:.3f}, the slope of new on old {found.slope:.2f}."
    )
    remedy = f"{turned} Are they of another exam, in another unit, or sorted apart from the item ids?"
    return (Concern(Whole.ANCHORS, (), seen, remedy.strip(), stops=True),)


def _common_items(
    item_ids: pl.Series,
    old: FloatArray,
    new: FloatArray,
    error: FloatArray,
    found: Link,
    reasons: dict[int, str],
) -> pl.DataFrame:
    """The ``link`` table; ``error`` (J,) of the displacement, ``reasons`` why rows were dropped."""
    moved = displacement(old, new, found)
    kept = np.array([row not in reasons for row in range(len(old))])
    return LINK.frame(
        {
            "item_id": item_ids,
            "b_old": old[:, 1],
            "b_new": new[:, 1],
            "b_linked": transform_parameters(new, found)[:, 1],
            "displacement": moved,
            "se": np.where(error > 0, error, np.nan),
            "robust_z": robust_z(moved, kept),
            "decision": np.where(kept, "kept", "dropped").tolist(),
            "why": [f"Dropped: {reasons[row]}" if row in reasons else "" for row in range(len(old))],
        }
    )
