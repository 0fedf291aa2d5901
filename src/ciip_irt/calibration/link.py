"""Two calibrations on one scale, through the items they have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import Scale
from ciip_irt.calibration.result import ESTIMATED, Calibration
from ciip_irt.errors import DesignError, InputError, Problem, ScaleError, plural
from ciip_irt.irt.linking import (
    METHODS,
    Direction,
    DriftLimits,
    Link,
    compare_scales,
    displacement,
    link,
    robust_z,
    transform_errors,
    transform_parameters,
)
from ciip_irt.irt.linking import (
    purify as without_drifted,
)
from ciip_irt.records import result
from ciip_irt.screening import Concern, Whole
from ciip_irt.tables import ITEM_PARAMETERS, LINK, show_html

__all__ = ["LinkedCalibrations", "link_calibrations"]

NAMES = ("a", "b", "c")


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
        The ``parameters`` contract: the new calibration's items on the old scale.
    common
        One row per common item: ``item_id, b_old, b_new, b_linked, displacement`` (+ = harder than before),
        ``se, robust_z, decision`` (kept or dropped), ``why``.
    warnings
        Plain sentences.
    concerns
        What is wrong with the common items as a whole; told first in ``warnings``.
    """

    link: Link
    scale: Scale
    parameters: pl.DataFrame
    common: pl.DataFrame
    warnings: tuple[str, ...]
    concerns: tuple[Concern, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """The common items."""
        return self.common

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for ``link.json``."""
        error = self.link.shift_error
        return {
            "A": self.link.A,
            "B": self.link.B,
            "se_B": None if np.isnan(error) else error,
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
        lines += [f"{row['item_id']}: {row['why']}" for row in dropped.iter_rows(named=True)]
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Link", self.summary(), self.common)


def link_calibrations(
    new: Calibration | pl.DataFrame,
    old: Calibration | pl.DataFrame,
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
        ``stocking_lord`` for the others.
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
    (scale_new, here), (scale_old, there) = _wide(new, "the new calibration"), _wide(old, "the old one")
    _same_kind(scale_new, scale_old)
    method = method or ("mean_shift" if scale_old.model == "rasch" else "stocking_lord")
    common = here.join(there, on="item_id", suffix="_old", maintain_order="left").filter(
        pl.col("b").is_finite() & pl.col("b_old").is_finite()
    )
    if not common.height:
        raise DesignError(
            "the two calibrations have no common items, so nothing ties their scales together. Repeat some"
            " items of the old form in the new one, or calibrate both logs together."
        )
    old_values, new_values = _array(common, "", "_old"), _array(common, "", "")
    errors_old, errors_new = _array(common, "se_", "_old"), _array(common, "se_", "")
    se_old = errors_old[:, 1] if np.isfinite(errors_old[:, 1]).all() else None
    se_new = errors_new[:, 1] if np.isfinite(errors_new[:, 1]).all() else None
    D = scale_old.D
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
        )
        found, warnings = done.link, done.warnings
        reasons = {one.item: one.reason for one in done.dropped}
    else:
        found = link(old_values, new_values, method, D=D, direction=direction, se_old=se_old, se_new=se_new)
        warnings = found.warnings
    error = np.hypot(np.nan_to_num(errors_old[:, 1]), found.A * np.nan_to_num(errors_new[:, 1]))
    table = _common_items(common["item_id"], old_values, new_values, error, found, reasons)
    concerns = _whole_set(old_values, new_values, errors_old, errors_new, scale_old.model)
    warnings = (*map(str, concerns), *warnings)
    return LinkedCalibrations(found, scale_old, _moved(here, scale_old, found), table, warnings, concerns)


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


def _wide(given: Calibration | pl.DataFrame, what: str) -> tuple[Scale, pl.DataFrame]:
    """The scale, and one row per item: ``item_id, fixed, n, a, b, c, se_a, ..., low_a, ..., high_a, ...``."""
    long = given.parameters if isinstance(given, Calibration) else ITEM_PARAMETERS.validate(given, what)
    scales = long.select("scale_id", "model", "D").unique(maintain_order=True)
    if scales.height != 1:
        raise ScaleError(
            Problem(
                "parameters on several scales, of several models or with several D",
                where=what,
                examples=tuple(" ".join(map(str, row)) for row in scales.head(5).iter_rows()),
                remedy="Give the parameters of one calibration.",
            )
        )
    first = long.unique("item_id", keep="first", maintain_order=True).select("item_id", "fixed", "n")
    for column, prefix in (("estimate", ""), ("se", "se_"), ("low", "low_"), ("high", "high_")):
        if column not in long.columns:
            continue
        values = long.pivot(on="parameter", index="item_id", values=column, maintain_order=True)
        values = values.rename({name: f"{prefix}{name}" for name in values.columns if name != "item_id"})
        first = first.join(values, on="item_id", how="left", maintain_order="left")
    none = {f"{prefix}_{name}": None for prefix in ("se", "low", "high") for name in NAMES}
    usual = {"a": 1.0, "c": 0.0, "b": None, **none}
    absent = [
        pl.lit(value, dtype=pl.Float64).alias(name)
        for name, value in usual.items()
        if name not in first.columns
    ]
    return Scale(*scales.row(0)), first.with_columns(absent)


def _same_kind(new: Scale, old: Scale) -> None:
    problems = []
    if new.model != old.model:
        problems.append(
            Problem(
                f"the new calibration is {new.model}, the old one {old.model}",
                remedy="Calibrate both with the same model.",
            )
        )
    if new.D != old.D:
        problems.append(
            Problem(
                f"the new calibration has D = {new.D:g}, the old one D = {old.D:g}",
                remedy="Calibrate the new one with the old one's D.",
            )
        )
    if problems:
        raise ScaleError(problems)


def _array(frame: pl.DataFrame, prefix: str, suffix: str) -> FloatArray:
    columns = [pl.col(f"{prefix}{name}{suffix}").cast(pl.Float64).fill_null(float("nan")) for name in NAMES]
    return np.ascontiguousarray(frame.select(columns).to_numpy(), dtype=np.float64)


def _moved(here: pl.DataFrame, scale: Scale, found: Link) -> pl.DataFrame:
    """The ``parameters`` table of all new items on the old scale."""
    values = transform_parameters(_array(here, "", ""), found)
    errors = transform_errors(_array(here, "se_", ""), found)
    low, high = (transform_parameters(_array(here, prefix, ""), found) for prefix in ("low_", "high_"))
    names = ESTIMATED[scale.model]
    columns = [NAMES.index(name) for name in names]
    count, width = here.height, len(names)
    return ITEM_PARAMETERS.frame(
        {
            "item_id": [item for item in here["item_id"] for _ in names],
            "model": [scale.model] * (count * width),
            "parameter": list(names) * count,
            "estimate": values[:, columns].ravel(),
            "se": errors[:, columns].ravel(),
            "low": low[:, columns].ravel(),
            "high": high[:, columns].ravel(),
            "fixed": here["fixed"].to_numpy().repeat(width),
            "n": here["n"].to_numpy().repeat(width),
            "scale_id": [scale.scale_id] * (count * width),
            "D": [scale.D] * (count * width),
        }
    )
