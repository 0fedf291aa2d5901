"""Fit: the two-parameter curve, on which all else rests, describes the answers."""

from ciip_irt.pilots.decision.criteria.criterion import CriterionResult, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["curve_fits"]


def curve_fits(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """Probability that the root mean square deviation from the curve is at most the policy's ``rmsd``.

    Over five groups of ability (see ``pilots.curve_fit``). Unknown below the policy's ``minimum_n`` answers.
    """
    if policy.fit_rmsd is None:
        return None
    misfit = evidence.misfit
    if misfit is None or evidence.n < policy.fit_minimum_n:
        return CriterionResult(None, "whether a curve describes the answers is unknown", separate=True)
    words = f"the proportions right deviate from a curve by {number(misfit.rmsd)}"
    return CriterionResult(misfit.within(policy.fit_rmsd), words, separate=True)
