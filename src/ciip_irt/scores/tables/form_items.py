"""The scored items of a form as it was delivered, their parameters, and who took it."""

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, FloatArray, IntArray
from ciip_irt.calibration import Calibration
from ciip_irt.errors import plural
from ciip_irt.responses import ScoredResponses

__all__ = ["form_parameters", "form_population", "usual_scored_items"]


def usual_scored_items(scored: ScoredResponses, form_id: str) -> tuple[IntArray, list[str]]:
    """Rows of ``scored.items`` that count in the total of most deliveries of the form, and what to know."""
    sets: dict[tuple[int, ...], int] = {}
    for block in scored.blocks:
        if block.form_id == form_id:
            key = tuple(block.items[block.is_scored].tolist())
            sets[key] = sets.get(key, 0) + len(block.persons)
    usual = max(sets, key=lambda key: sets[key])
    others = sum(sets.values()) - sets[usual]
    notes = []
    if others:
        notes.append(
            f"{plural(others, 'delivery', 'deliveries')} had other scored items; the cut is that of the"
            f" usual {len(usual)}."
        )
    return np.array(usual, dtype=np.int64), notes


def form_parameters(
    scored: ScoredResponses, calibration: Calibration, form_id: str, items: IntArray, *, of_record: bool
) -> tuple[FloatArray, list[str]]:
    """``a, b, c`` (J, 3) of a form's items, and what to know.

    ``of_record``: as cuts are set (``Calibration.parameters_of_record``); otherwise as estimated. An item
    without parameters counts at the share of the form's candidates who answered it right: with slope 0 its
    curve is flat at ``(1 + c) / 2``, whatever its guessing parameter would mean.
    """
    source = calibration.parameters_of_record if of_record else calibration.parameters_array
    place = {item: row for row, item in enumerate(calibration.item_ids)}
    ids = [scored.item_ids[item] for item in items]
    parameters = source[[place[item] for item in ids]].copy()
    lost = np.flatnonzero(np.isnan(parameters).any(axis=1))
    if not lost.size:
        return parameters, []
    right, answers = np.zeros(len(scored.item_ids)), np.zeros(len(scored.item_ids))
    for block in scored.blocks:
        if block.form_id == form_id:
            right[block.items] += (block.scores == 1).sum(axis=0)
            answers[block.items] += (block.scores != MISSING).sum(axis=0)
    share = right[items[lost]] / np.maximum(answers[items[lost]], 1)
    parameters[lost] = np.column_stack((np.zeros((lost.size, 2)), 2.0 * share - 1.0))
    named = ", ".join(np.array(ids, dtype=object)[lost][:5])
    return parameters, [
        f"{plural(int(lost.size), 'item')} without parameters ({named}) counted at the share right of"
        " these candidates."
    ]


def form_population(calibration: Calibration, form_id: str) -> tuple[float, float]:
    """Moments of the abilities of a form's candidates; posterior spread belongs to the variance."""
    own = calibration.abilities.filter(pl.col("form_id") == form_id).drop_nulls(["theta_eap", "se_eap"])
    if own.height < 2:
        return calibration.mean, calibration.sd
    theta, se = own["theta_eap"].to_numpy(), own["se_eap"].to_numpy()
    return float(theta.mean()), float(np.sqrt(theta.var() + np.mean(se**2)))
