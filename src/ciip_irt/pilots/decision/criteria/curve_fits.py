"""Fit: the two-parameter curve, on which all else rests, describes the answers."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult, number
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["CURVE_FITS"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
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


def blame(words: str, policy: Policy) -> str:  # noqa: ARG001 (the signature is that of every criterion)
    return (
        f"Wording: {words}, so its p and R describe it badly. See at which ability it goes wrong: a trap for"
        " the able, or guessing among the weak."
    )


def row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:  # noqa: ARG001
    """The deviation of the answers from the curve."""
    return {} if evidence.misfit is None else {"rmsd": evidence.misfit.rmsd}


CURVE_FITS = Criterion(judge, blame=blame, columns={"rmsd": pl.Float64}, row=row)
