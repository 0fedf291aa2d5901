"""Promote, hold, revise or retire: the evidence held against the policy."""

from ciip_irt.pilots.decision.criteria import CRITERIA, Criterion, CriterionResult
from ciip_irt.pilots.decision.decide import OnScale, PilotReview, review, review_pilots
from ciip_irt.pilots.decision.verdict import Verdict, verdict

__all__ = [
    "CRITERIA",
    "Criterion",
    "CriterionResult",
    "OnScale",
    "PilotReview",
    "Verdict",
    "review",
    "review_pilots",
    "verdict",
]
