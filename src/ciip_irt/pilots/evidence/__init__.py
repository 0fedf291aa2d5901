"""What the answers tell about each pilot: the exact posterior of its curve, and all that stands beside it."""

from ciip_irt.pilots.evidence.curves import CurveGrid, interpolate
from ciip_irt.pilots.evidence.item_evidence import (
    CurvePosterior,
    GroupDifference,
    ItemEvidence,
    KeyEvidence,
    Misfit,
    Observed,
    OptionEvidence,
    TimeEvidence,
)
from ciip_irt.pilots.evidence.priors import PilotPrior
from ciip_irt.pilots.evidence.reference import estimate_population
from ciip_irt.pilots.evidence.review_evidence import PilotEvidence, gather_evidence

__all__ = [
    "CurveGrid",
    "CurvePosterior",
    "GroupDifference",
    "ItemEvidence",
    "KeyEvidence",
    "Misfit",
    "Observed",
    "OptionEvidence",
    "PilotEvidence",
    "PilotPrior",
    "TimeEvidence",
    "estimate_population",
    "gather_evidence",
    "interpolate",
]
