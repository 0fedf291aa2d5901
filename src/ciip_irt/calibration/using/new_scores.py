"""Abilities of persons whose answers did not make the calibration."""

from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.calibration.result import Calibration
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt import METHODS, ResponseBlock, estimate_abilities, person_posteriors
from ciip_irt.responses import Responses, ScoredResponses, response_matrix

__all__ = ["scores_of"]


def scores_of(
    calibration: Calibration,
    new: Responses,
    method: str | None = None,
    mean: float | None = None,
    sd: float | None = None,
) -> pl.DataFrame:
    """See ``Calibration.scores``."""
    chosen = method or str(calibration.provenance.settings.get("ability", "eap"))
    if chosen not in METHODS:
        raise InputError(Problem(f"unknown method {method!r}", remedy=f"Use one of: {', '.join(METHODS)}."))
    scored = _matched(calibration, new)
    blocks, persons = _blocks(calibration, scored)
    n = scored.deliveries.height
    theta, se = np.full(n, np.nan), np.full(n, np.nan)
    points, weights = _histogram(calibration)
    if chosen == "eap" and points.size and mean is None and sd is None:
        posteriors = person_posteriors(
            blocks, calibration.parameters_array, points, weights[None, :], calibration.scale.D
        )
        found = posteriors @ points
        theta[persons] = found
        se[persons] = np.sqrt(np.maximum(posteriors @ points**2 - found**2, 0.0))
    else:
        estimates = estimate_abilities(
            blocks,
            calibration.parameters_array,
            method=chosen,
            mean=calibration.mean if mean is None else mean,
            sd=calibration.sd if sd is None else sd,
            D=calibration.scale.D,
        )
        theta[persons], se[persons] = estimates.theta, estimates.se
    theta = np.where(np.isfinite(theta), theta, np.nan)
    return scored.deliveries.select("delivery_id", "form_id", "total").with_columns(
        theta=pl.Series(theta).fill_nan(None),
        se=pl.Series(np.where(np.isnan(theta), np.nan, se)).fill_nan(None),
        method=pl.lit(chosen),
    )


def _histogram(calibration: Calibration) -> tuple[FloatArray, FloatArray]:
    """Points and weights of the one population that is a histogram; empty for others."""
    table = calibration.population_points
    if calibration.population.height != 1 or table.is_empty():
        return np.empty(0), np.empty(0)
    return table["theta"].to_numpy(), table["weight"].to_numpy()


def _matched(calibration: Calibration, new: Responses) -> ScoredResponses:
    """The new answers; an array has the items of the calibration, in their order."""
    known = calibration.item_ids
    if isinstance(new, ScoredResponses):
        scored = new
    elif isinstance(new, pl.LazyFrame) or hasattr(new, "columns"):
        scored = response_matrix(new)
    else:
        given: Any = new
        shape = np.shape(given)
        if len(shape) == 2 and shape[1] != len(known):
            raise InputError(
                Problem(
                    f"new answers of {plural(shape[0], 'person')} x {plural(shape[1], 'item')}; the"
                    f" calibration has {plural(len(known), 'item')}",
                    remedy="Give a column for each of its items, in their order (nan where not administered),"
                    " or a frame with the items' names.",
                )
            )
        scored = response_matrix(given, items=known)
    strange = [item for item in scored.item_ids if item not in set(known)]
    if strange:
        raise InputError(
            Problem(
                f"{plural(len(strange), 'item')} that the calibration does not have",
                examples=strange,
                remedy="Leave them out: response_matrix(X, items=[...]).",
            )
        )
    return scored


def _blocks(calibration: Calibration, scored: ScoredResponses) -> tuple[list[ResponseBlock], np.ndarray]:
    """The scored items' answers, items numbered as the calibration has them."""
    place = {item: row for row, item in enumerate(calibration.item_ids)}
    row_of = np.array([place[item] for item in scored.item_ids], dtype=np.int64)
    blocks = []
    for block in scored.response_blocks(scored_only=True):
        rows = row_of[block.items]
        order = np.argsort(rows)
        blocks.append(ResponseBlock(rows[order], np.ascontiguousarray(block.scores[:, order])))
    return blocks, np.concatenate([block.persons for block in scored.blocks])
