"""Change from history: how much harder an item is now than the bank says.

The bank's parameters give each candidate's ability from the *other* scored items; the difficulty that then
reproduces the item's number of right answers, less the bank's, is its displacement in logits, + where it has
become harder. Its standard error joins the answers' and, where the bank has one, that of the bank's value.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.linking import robust_z
from ciip_irt.irt.models import probability
from ciip_irt.item_analysis.choice_counts import Abilities, bank_abilities, choice_counts
from ciip_irt.responses import ScoredResponses

__all__ = ["Change", "changes_from_history"]

LEAST_ITEMS = 10  # the shift between bank and log is a mean over these
LEAST_ANSWERS = 30  # fewer place a difficulty by a logit either way at best
FARTHEST = 6.0  # logits: where the search for a difficulty ends; no item of use lies so far off


@dataclass(frozen=True, slots=True)
class Change:
    """Displacement of one item in logits, its standard error, and how unusual it is among the items."""

    logits: float
    se: float
    robust_z: float


def changes_from_history(scored: ScoredResponses) -> dict[str, Change]:
    """The displacement of every scored item with bank parameters and at least 30 answers.

    Empty where fewer than ten scored items have parameters: they then say too little about ability.
    """
    ability = bank_abilities(scored)
    if ability is None:
        return {}
    known = np.isfinite(ability.parameters).all(axis=1)
    items = np.flatnonzero(known & scored.scored_somewhere).tolist()
    if len(items) < LEAST_ITEMS:
        return {}
    answers = replace(scored, blocks=tuple(replace(b, choices=b.scores) for b in scored.blocks))
    found = choice_counts(answers, ability, 2)
    theta = ability.mean + ability.sd * found.points
    bank_se = _bank_se(scored)
    moved: dict[int, tuple[float, float]] = {}
    for j in items:
        n = found.counts[j].sum(axis=1)
        right = float(found.counts[j][:, 1].sum())
        if n.sum() < LEAST_ANSWERS or not 0 < right < n.sum():
            continue
        logits, se = _displacement(ability, j, theta, n @ found.abilities[j], right)
        moved[j] = logits, float(np.hypot(se, bank_se[j]))
    if len(moved) < LEAST_ITEMS:
        return {}
    z = robust_z(np.array([logits for logits, _ in moved.values()]))
    return {
        scored.item_ids[j]: Change(logits, se, float(unusual))
        for (j, (logits, se)), unusual in zip(moved.items(), z, strict=True)
    }


def _displacement(
    ability: Abilities, item: int, theta: FloatArray, mass: FloatArray, right: float
) -> tuple[float, float]:
    """Displacement and its standard error, ``sqrt(Var right) / |d E(right) / d b|`` at the new difficulty."""
    from scipy.optimize import brentq  # .2 s to load, and most runs need no root

    parameters = ability.parameters[[item]].copy()
    bank_b = float(parameters[0, 1])

    def expected(b: float) -> float:
        parameters[0, 1] = b
        return float(mass @ probability(parameters, theta, ability.D)[:, 0, 1])

    low, high = bank_b - FARTHEST, bank_b + FARTHEST
    if expected(low) <= right:
        b = low
    elif expected(high) >= right:
        b = high
    else:
        b = float(brentq(lambda at: expected(at) - right, low, high))
    slope = (expected(b + 1e-4) - expected(b - 1e-4)) / 2e-4
    parameters[0, 1] = b
    p = probability(parameters, theta, ability.D)[:, 0, 1]
    return b - bank_b, float(np.sqrt(mass @ (p * (1.0 - p))) / max(abs(slope), 1e-9))


def _bank_se(scored: ScoredResponses) -> FloatArray:
    if "se_b" not in scored.items.columns:
        return np.zeros(len(scored.item_ids))
    return np.asarray(scored.items["se_b"].cast(float).fill_null(0.0).fill_nan(0.0).to_numpy())
