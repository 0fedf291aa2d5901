"""Times in another unit than seconds."""

import numpy as np

from ciip_irt.responses import CellStatus, ScoredResponses
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["screen_times"]

TOO_LONG = 900.0  # seconds: nobody takes a quarter of an hour over the average question of a test
TOO_SHORT = 0.5  # seconds: nobody reads a question in half a second
FEWEST = 100  # times


def screen_times(scored: ScoredResponses) -> list[Concern]:
    """One concern where the median time of an answer cannot be seconds."""
    known = [
        block.times[(block.statuses == CellStatus.ANSWERED) & np.isfinite(block.times) & (block.times > 0)]
        for block in scored.blocks
    ]
    times = np.concatenate(known) if known else np.empty(0)
    if times.size < FEWEST:
        return []
    median = float(np.median(times))
    if median > TOO_LONG:
        per_second = 1000 if median < TOO_LONG * 1000 else 1_000_000
        unit = "milliseconds" if per_second == 1000 else "microseconds"
        guess = (
            f"Are they {unit} (the median would be {median / per_second:.0f} s)?"
            f" Divide the column by {per_second:,}."
        )
    elif median < TOO_SHORT:
        guess = f"Are they minutes (the median would be {median * 60:.0f} s)? Multiply the column by 60."
    else:
        return []
    return [
        Concern(
            Whole.TIMES,
            (),
            f"The median time of an answer is {median:,.4g} s, so the times are hardly seconds; nothing that"
            " rests on time (budgets of forms, rapid guessing, pace) can be believed.",
            guess,
        )
    ]
