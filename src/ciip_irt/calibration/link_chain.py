"""Several calibrations on one scale at once: chains of links, and chains that meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import Scale
from ciip_irt.calibration.parameter_tables import (
    ParameterArrays,
    linked_table,
    parameter_arrays,
    require_same_kind,
)
from ciip_irt.calibration.result import Calibration
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.linking import DriftLimits, SeveralLinks, link_several, linked_errors, robust_z
from ciip_irt.records import result
from ciip_irt.tables import LINKS, show_html

__all__ = ["LinkedChain", "link_chain"]


@result
@dataclass(frozen=True, slots=True)
class LinkedChain:
    """Calibrations on the scale of the last of them.

    Attributes
    ----------
    scale
        Of the last.
    links
        The ``links`` contract: one row per calibration, ``theta_last = A theta + B`` with standard errors.
    parameters
        For every calibration its items on that scale (the ``parameters`` contract), errors with those of the
        links.
    dropped
        Calibration, item and why: what drifted and holds no link.
    warnings
        Plain sentences.
    """

    scale: Scale
    links: pl.DataFrame
    parameters: tuple[pl.DataFrame, ...]
    dropped: tuple[tuple[str, str, str], ...]
    warnings: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """The links."""
        return self.links

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for ``link.json``."""
        return {
            "method": "haberman",
            "scale_id": self.scale.scale_id,
            "model": self.scale.model,
            "D": self.scale.D,
            "links": self.links.to_dicts(),
            "dropped": [
                {"calibration": place, "item_id": item, "why": why} for place, item, why in self.dropped
            ],
            "warnings": list(self.warnings),
        }

    def summary(self) -> str:
        lines = [
            f"{row['calibration']}: theta on '{self.scale.scale_id}' = {row['A']:.4f} theta {row['B']:+.4f}"
            f" ({_error(row)}{plural(row['n_common'], 'common item')})."
            for row in self.links.iter_rows(named=True)
        ]
        lines += [f"{item} in {place}: {why}" for place, item, why in self.dropped]
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Links", self.summary(), self.links)


def _error(row: dict[str, Any]) -> str:
    if row["se_B"] is None:
        return ""
    of_A = f"of A {row['se_A']:.4f}, " if row["se_A"] else ""
    return f"standard error {of_A}of B {row['se_B']:.4f}; "


def link_chain(
    calibrations: Sequence[Calibration | pl.DataFrame],
    *,
    purify: bool = True,
    drift: DriftLimits | None = None,
) -> LinkedChain:
    """Put calibrations on the scale of the last, through all items that any of them share.

    ``irt.linking.link_several`` (Haberman 2009): by least squares over all items and calibrations, so that a
    chain is the product of its links and several chains count together. Errors of the links, and of the
    linked items through them, by the delta method.

    Parameters
    ----------
    calibrations
        Calibrations or ``parameters`` tables, the one whose scale is kept last; they are told apart by their
        ``scale_id``, and by their place where that is the same.
    purify
        Whether an item that drifted in a calibration stops holding the links there, the one displaced most
        first.
    drift
        Limits of displacement, robust z and certainty, and the share of common items that stays.

    Raises
    ------
    InputError, ScaleError
        Fewer than two; parameters that are no ``parameters`` table; other models or D.
    DesignError
        A calibration that no chain of common items ties to the last.

    >>> frame = lambda scale, first, shift: pl.DataFrame({
    ...     "item_id": [f"I{j:02}" for j in range(first, first + 12)], "model": "rasch", "parameter": "b",
    ...     "estimate": [j / 4 - 3 + shift for j in range(first, first + 12)], "se": 0.1, "fixed": False,
    ...     "n": 300, "scale_id": scale, "D": 1.0})
    >>> done = link_chain([frame("autumn", 12, 0.5), frame("spring", 6, 0.2), frame("bank", 0, 0.0)])
    >>> done.links["B"].round(3).to_list()
    [-0.5, -0.2, 0.0]
    """
    if len(calibrations) < 2:
        raise InputError(Problem("a chain of one calibration", remedy="Give at least two."))
    given = [parameter_arrays(one, f"calibration {place}") for place, one in enumerate(calibrations, start=1)]
    for one in given[:-1]:
        require_same_kind(one.scale, given[-1].scale)
    ordered = [given[-1], *given[:-1]]
    names = _names([one.scale.scale_id for one in given])
    item_ids, rows, values, errors = _grid(ordered)
    used = np.isfinite(values).all(axis=2) & (values[:, :, 0] > 0)
    limits = DriftLimits() if drift is None else drift
    rasch = given[-1].scale.model == "rasch"
    found, used, gone = _without_drifted(values, used, errors, limits if purify else None, hold_slope=rasch)
    covariance, with_own = _uncertainty(ordered, rows, used, found)
    known = [bool(one.has_errors[rows[f][used[f]]].all()) for f, one in enumerate(ordered)]
    warnings = []
    if not all(known[1:]):
        covariance = np.full_like(covariance, np.nan)
        warnings.append("Common items without standard errors: those of the links are unknown.")
    elif not known[0]:
        warnings.append("Common items without a standard error on the scale that is kept are taken as known.")
    order = [*range(1, len(given)), 0]
    names_by_place = {f: names[place] for place, f in enumerate(order)}
    tables = tuple(
        linked_table(
            ordered[f],
            ordered[0].scale,
            (float(found.A[f]), float(found.B[f])),
            None
            if np.isnan(covariance).any()
            else linked_errors(
                ordered[f].values,
                ordered[f].variances,
                (float(found.A[f]), float(found.B[f])),
                covariance[f],
                with_own[f],
            ),
        )
        for f in order
    )
    shared = used & (used.sum(axis=0) > 1)
    links = LINKS.frame(
        {
            "calibration": names,
            "A": found.A[order],
            "se_A": np.sqrt(covariance[order, 0, 0]),
            "B": found.B[order],
            "se_B": np.sqrt(covariance[order, 1, 1]),
            "cov_AB": covariance[order, 0, 1],
            "n_common": shared.sum(axis=1)[order],
        }
    )
    dropped = tuple((names_by_place[f], item_ids[j], why) for f, j, why in gone)
    return LinkedChain(ordered[0].scale, links, tables, dropped, tuple(warnings))


def _names(scales: Sequence[str]) -> list[str]:
    if len(set(scales)) == len(scales):
        return list(scales)
    return [f"{place} {scale}" for place, scale in enumerate(scales, start=1)]


def _grid(
    ordered: Sequence[ParameterArrays],
) -> tuple[list[str], list[IntArray], FloatArray, FloatArray]:
    """Item ids (J,), where each is in every calibration (-1 nowhere), values (F, J, 3), se of b (F, J)."""
    item_ids = list(dict.fromkeys(item for one in ordered for item in one.item_ids))
    values = np.full((len(ordered), len(item_ids), 3), np.nan)
    errors = np.zeros((len(ordered), len(item_ids)))
    rows = []
    for f, one in enumerate(ordered):
        own = {item: row for row, item in enumerate(one.item_ids)}
        places = np.array([own.get(item, -1) for item in item_ids], dtype=np.int64)
        there = places >= 0
        values[f, there] = one.values[places[there]]
        errors[f, there] = np.sqrt(one.variances[places[there], 1])
        rows.append(places)
    return item_ids, rows, values, errors


def _without_drifted(
    values: FloatArray, used: BoolArray, errors: FloatArray, limits: DriftLimits | None, *, hold_slope: bool
) -> tuple[SeveralLinks, BoolArray, list[tuple[int, int, str]]]:
    """The links, and (calibration, item, why) that no longer hold them, the one displaced most first."""
    used = used.copy()
    common = int((used & (used.sum(axis=0) > 1)).sum())
    gone: list[tuple[int, int, str]] = []
    while True:
        found = link_several(values, used, hold_slope=hold_slope)
        if limits is None or len(gone) >= (1 - limits.keep_anchors) * common:
            return found, used, gone
        moved = found.displacement
        shared = np.isfinite(moved)
        if not shared.any():
            return found, used, gone
        own = (errors * found.A[:, None]) ** 2
        count = np.maximum(used.sum(axis=0) - 1, 1)
        others = (np.where(used, own, 0.0).sum(axis=0) - own) / count**2
        z = robust_z(np.where(shared, moved, np.nan), shared)
        far = shared & (
            np.abs(moved) > np.maximum(limits.displacement, limits.certainty * np.sqrt(own + others))
        )
        far &= np.abs(z) > limits.robust_z
        if not far.any():
            return found, used, gone
        f, j = np.unravel_index(int(np.argmax(np.where(far, np.abs(moved), -1.0))), moved.shape)
        way = "harder" if moved[f, j] > 0 else "easier"
        used[f, j] = False
        gone.append((int(f), int(j), f"Dropped: {way} by {abs(moved[f, j]):.2f} logit than elsewhere."))


def _uncertainty(
    ordered: Sequence[ParameterArrays], rows: Sequence[IntArray], used: BoolArray, found: SeveralLinks
) -> tuple[FloatArray, list[FloatArray]]:
    """Covariance (F, 2, 2) of A and B, and of each calibration's a, b, c with its own A and B (J_f, 3, 2)."""
    n_forms = len(ordered)
    covariance = np.zeros((n_forms, 2, 2))
    with_own = []
    for g, one in enumerate(ordered):
        here = rows[g][used[g]]
        T = found.derivatives[:, :, g][:, :, used[g]]  # (F, 2, C, 3)
        joint = one.covariance_with(here, T.reshape(2 * n_forms, *T.shape[2:]))
        joint = joint.reshape(*joint.shape[:2], n_forms, 2)
        covariance += np.einsum("fick,ckfl->fil", T, joint[here])
        with_own.append(joint[:, :, g])
    return covariance, with_own
