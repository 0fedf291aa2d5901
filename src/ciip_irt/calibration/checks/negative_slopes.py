"""Items whose slope is below zero: who knows more answers them wrong more often."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.calibration.estimation import Estimation
from ciip_irt.calibration.result import ESTIMATED
from ciip_irt.errors import plural
from ciip_irt.screening import Concern, Whole

__all__ = ["negative_slopes"]

SHOWN = 5  # names in a sentence: as many as anybody reads


def negative_slopes(found: Estimation, item_ids: Sequence[str]) -> tuple[Concern, ...]:
    """One concern that names the items estimated with a slope below zero, the lowest first."""
    fit = found.fit
    if "a" not in ESTIMATED[fit.model]:
        return ()
    slopes = np.where(found.held, np.nan, fit.parameters[:, 0])
    rows = np.flatnonzero(np.nan_to_num(slopes, nan=1.0) < 0)
    if not rows.size:
        return ()
    rows = rows[np.argsort(slopes[rows])]
    shown = ", ".join(
        f"{item_ids[j]} (a = {slopes[j]:.2f}{_interval(found.low[j, 0], found.high[j, 0])})"
        for j in rows[:SHOWN]
    ) + (", ..." if rows.size > SHOWN else "")
    has = "has a slope" if rows.size == 1 else "have slopes"
    return (
        Concern(
            Whole.SLOPES,
            tuple(item_ids[int(j)] for j in rows),
            f"{plural(rows.size, 'item')} {has} below zero, so who knows more answers wrong more often:"
            f" {shown}.",
            "Look at the key first.",
        ),
    )


def _interval(low: float, high: float) -> str:
    return f", 95 % from {low:.2f} to {high:.2f}" if np.isfinite(low) and np.isfinite(high) else ""
