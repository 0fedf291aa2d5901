"""What a pilot item must satisfy: one file per criterion, one row per criterion in ``CRITERIA``.

``CRITERIA`` is the only place that knows a criterion by name, and its order is that of the evidence table.
Whatever verdict, waiting or tables must know of one is a property of ``Criterion``. Without data to judge by,
the probability of a result is ``None``: unknown is not failed.
"""

from collections.abc import Mapping

from ciip_irt.pilots.decision.criteria.b_in_range import B_IN_RANGE
from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult
from ciip_irt.pilots.decision.criteria.curve_fits import CURVE_FITS
from ciip_irt.pilots.decision.criteria.dif_below_c import DIF_BELOW_C
from ciip_irt.pilots.decision.criteria.information_at_cut import INFORMATION_AT_CUT
from ciip_irt.pilots.decision.criteria.key_right import KEY_RIGHT
from ciip_irt.pilots.decision.criteria.p_in_range import P_IN_RANGE
from ciip_irt.pilots.decision.criteria.r_above import R_ABOVE
from ciip_irt.pilots.decision.criteria.time_in_budget import TIME_IN_BUDGET

__all__ = ["CRITERIA", "Criterion", "CriterionResult"]

CRITERIA: Mapping[str, Criterion] = {
    "key": KEY_RIGHT,
    "p": P_IN_RANGE,
    "r": R_ABOVE,
    "b": B_IN_RANGE,
    "information": INFORMATION_AT_CUT,
    "dif": DIF_BELOW_C,
    "fit": CURVE_FITS,
    "time": TIME_IN_BUDGET,
}
