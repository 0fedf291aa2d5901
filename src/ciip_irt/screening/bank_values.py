"""Whether the bank's difficulties can be difficulties at all, seen from themselves: their unit and direction.

Where answers are at hand, anchors are held against them (``calibration.anchoring``). Forms are built and
checked without answers; what shows there are values that no exam's items can have together.
"""

import polars as pl

from ciip_irt.bank import implausible_scale
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["screen_bank_values"]


def screen_bank_values(items: pl.DataFrame) -> list[Concern]:
    """What is wrong with the difficulties of a bank as a whole.

    >>> bank = pl.DataFrame({"item_id": [f"Q{j}" for j in range(30)], "b": [450.0 + j for j in range(30)]})
    >>> [concern.stops for concern in screen_bank_values(bank)]
    [True]
    """
    found = implausible_scale(items)
    return [] if found is None else [Concern(Whole.BANK, (), found[0], found[1], found[2])]
