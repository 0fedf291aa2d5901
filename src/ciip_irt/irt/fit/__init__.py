"""Item fit statistics. A new statistic is one new file and one row in ``FIT``.

Every statistic has the signature ``(blocks, parameters, *, mean, sd, D, n_free) -> ItemFit``: persons'
blocks, reported parameters (J, 3), the populations' moments, and how many parameters of each item were
estimated.
"""

from collections.abc import Callable
from typing import Final

from ciip_irt.irt.fit.item_fit import ItemFit
from ciip_irt.irt.fit.mean_squares import mean_squares
from ciip_irt.irt.fit.rmsd import rmsd
from ciip_irt.irt.fit.s_x2 import s_x2

__all__ = ["FIT", "ItemFit"]

FIT: Final[dict[str, Callable[..., ItemFit]]] = {"mean_squares": mean_squares, "s_x2": s_x2, "rmsd": rmsd}
