"""One row per pilot item with all the numbers a decision rests on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.decision.criteria import CRITERIA
from ciip_irt.pilots.decision.verdict import Verdict
from ciip_irt.pilots.evidence import CurvePosterior, ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["EVIDENCE_SCHEMA", "evidence_row"]

OBSERVED = ("p", "p_low", "p_high", "r", "r_low", "r_high")
POSTERIOR = ("p_population", "r_population", "a", "b")

EVIDENCE_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "item_id": pl.String,
    "domain": pl.String,
    "decision": pl.String,
    "probability": pl.Float64,
    "n": pl.Int64,
    **dict.fromkeys(OBSERVED, pl.Float64),
    **{f"{name}{end}": pl.Float64 for name in POSTERIOR for end in ("", "_low", "_high")},
    "information_at_cut": pl.Float64,
    **{f"probability_{name}": pl.Float64 for name in CRITERIA},
    **{name: kind for criterion in CRITERIA.values() for name, kind in criterion.columns.items()},
    "edge_weight": pl.Float64,
}


def evidence_row(item: ItemEvidence, found: Verdict, policy: Policy) -> dict[str, Any]:
    """The numbers of one item by the names of ``EVIDENCE_SCHEMA``; ``None`` where unknown.

    ``p, r`` are observed, ``p_population, r_population, a, b`` posterior medians in the reference
    population, each with a 95 % interval. b is given over the curves that rise, where these are the likelier
    ones. ``suspect_option`` is the distractor most like a right answer, ``suspect_probability`` that its own
    R exceeds the policy's limit. ``dif_between`` and ``d_dif`` are of the comparison in which class C is most
    probable, ``rmsd`` is the deviation of the answers from the curve, ``mean_time_s`` the expected seconds.
    """
    row: dict[str, Any] = dict.fromkeys(EVIDENCE_SCHEMA)
    row |= {
        "item_id": item.item_id,
        "domain": item.domain,
        "decision": found.decision,
        "probability": found.probability,
        "n": item.n,
    }
    row |= {f"probability_{name}": result.probability for name, result in found.results.items()}
    if not item.n:
        return row
    row |= {name: _known(getattr(item.observed, name)) for name in OBSERVED}
    posterior = item.posterior
    row |= _summary("p_population", posterior, posterior.p)
    if posterior.r is not None:
        row |= _summary("r_population", posterior, posterior.r)
    row |= _summary("a", posterior, item.a)
    row |= _difficulty(item)
    if item.information is not None:
        row["information_at_cut"] = posterior.mean(item.information)
    for criterion in CRITERIA.values():
        row |= criterion.row(item, policy)
    row["edge_weight"] = posterior.edge_weight
    return row


def _summary(name: str, posterior: CurvePosterior, values: FloatArray) -> dict[str, float]:
    low, middle, high = posterior.interval(values, (0.025, 0.5, 0.975))
    return {name: middle, f"{name}_low": low, f"{name}_high": high}


def _difficulty(item: ItemEvidence) -> dict[str, float]:
    rises = item.posterior.slopes > 1e-9
    share = item.posterior.probability(rises)
    if share < 0.5:
        return {}
    levels = tuple(1 - share + share * level for level in (0.025, 0.5, 0.975))
    low, middle, high = item.posterior.interval(np.where(rises, item.b, -np.inf), levels)
    return {"b": middle, "b_low": low, "b_high": high}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
