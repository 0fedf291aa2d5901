"""DIF: no group of candidates finds the item much harder or easier than others of the same ability do."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ciip_irt.pilots.decision.criteria.criterion import LIKELY, Criterion, CriterionResult, number
from ciip_irt.pilots.evidence import GroupDifference, ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["DIF_BELOW_C"]


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """One less the largest probability, over the comparisons, that the true D-DIF is of ETS class C.

    Of several comparisons the worst counts: they share their candidates, and a product would count one
    accident several times. Comparisons with fewer than the policy's ``minimum_n`` in either group are not
    used; where none is left, the criterion is unknown.
    """
    if policy.dif_doubt is None:
        return None
    found = largest_difference(evidence, policy)
    if found is None:
        return CriterionResult(None, "differences between groups of candidates are unknown", separate=True)
    doubt = found.probability_c or 0.0
    words = f"{in_words(found)} with probability {number(doubt)}"
    return CriterionResult(1.0 - doubt, words, separate=True)


def largest_difference(evidence: ItemEvidence, policy: Policy) -> GroupDifference | None:
    """The comparison in which class C is most probable, among those with enough answers."""
    enough = [
        group
        for group in evidence.groups
        if group.probability_c is not None and min(group.n_reference, group.n_focal) >= policy.dif_minimum_n
    ]
    return max(enough, key=lambda group: group.probability_c or 0.0, default=None)


def in_words(found: GroupDifference) -> str:
    """Who finds it harder, whatever the sign."""
    harder, other = (found.focal, found.reference) if found.d_dif < 0 else (found.reference, found.focal)
    return f"it is much harder for {found.grouping} {harder} than for {other} of the same ability"


def blame(words: str, policy: Policy) -> str:  # noqa: ARG001 (the signature is that of every criterion)
    return (
        f"DIF: {words}. Look for words or situations that only one of the groups knows; if they belong to"
        " the subject, keep them."
    )


def blamed_above(policy: Policy) -> float:
    return LIKELY if policy.dif_doubt is None else policy.dif_doubt


def remark(evidence: ItemEvidence, policy: Policy) -> str | None:
    """A clear difference, whatever the decision."""
    group = largest_difference(evidence, policy)
    if group is None or (group.probability_c or 0.0) <= blamed_above(policy):
        return None
    words = in_words(group)
    return f"{words[:1].upper()}{words[1:]}. Ask why."


def row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:
    """The comparison in which class C is most probable."""
    group = largest_difference(evidence, policy)
    if group is None:
        return {}
    return {"dif_between": f"{group.grouping}: {group.reference}, {group.focal}", "d_dif": group.d_dif}


DIF_BELOW_C = Criterion(
    judge,
    blame=blame,
    blamed_above=blamed_above,
    remark=remark,
    columns={"dif_between": pl.String, "d_dif": pl.Float64},
    row=row,
)
