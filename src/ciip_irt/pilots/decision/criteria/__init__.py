"""What a pilot item must satisfy: one file per criterion, one row per criterion in ``CRITERIA``.

A criterion is a function ``(evidence, policy) -> CriterionResult``, or ``None`` where the policy does not ask
for it. Without data to judge by, its probability is ``None``: unknown is not failed.
"""

from collections.abc import Callable, Mapping

from ciip_irt.pilots.decision.criteria.b_in_range import b_in_range
from ciip_irt.pilots.decision.criteria.criterion import CriterionResult
from ciip_irt.pilots.decision.criteria.curve_fits import curve_fits
from ciip_irt.pilots.decision.criteria.dif_below_c import dif_below_c
from ciip_irt.pilots.decision.criteria.information_at_cut import information_at_cut
from ciip_irt.pilots.decision.criteria.key_right import key_right
from ciip_irt.pilots.decision.criteria.p_in_range import p_in_range
from ciip_irt.pilots.decision.criteria.r_above import r_above
from ciip_irt.pilots.decision.criteria.time_in_budget import time_in_budget
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["CRITERIA", "Criterion", "CriterionResult"]

Criterion = Callable[[ItemEvidence, Policy], CriterionResult | None]

CRITERIA: Mapping[str, Criterion] = {
    "key": key_right,
    "p": p_in_range,
    "r": r_above,
    "b": b_in_range,
    "information": information_at_cut,
    "dif": dif_below_c,
    "fit": curve_fits,
    "time": time_in_budget,
}
