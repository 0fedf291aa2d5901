"""Abilities of the candidates, and their places on the ability points."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.calibration.groups.groups import GroupedBlocks
from ciip_irt.calibration.groups.populations import Populations
from ciip_irt.errors import plural
from ciip_irt.irt import estimate_abilities, person_posteriors
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses

__all__ = ["AbilityMethod", "PersonAbilities", "estimate_persons"]

AbilityMethod = Literal["eap", "map", "ml", "wle"]


@result
@dataclass(frozen=True, slots=True)
class PersonAbilities:
    """Abilities from the scored items, in the order of ``ScoredResponses.deliveries``.

    Attributes
    ----------
    table
        ``delivery_id, form_id, total, theta, se, method, theta_eap, se_eap``.
    eap
        Shape (N,).
    posteriors
        Shape (N, Q): on the points of the populations.
    warnings
        Plain sentences.
    """

    table: pl.DataFrame
    eap: FloatArray
    posteriors: FloatArray
    warnings: tuple[str, ...]


def estimate_persons(
    scored: ScoredResponses,
    data: GroupedBlocks,
    parameters: FloatArray,
    populations: Populations,
    D: float,
    *,
    method: AbilityMethod = "eap",
) -> PersonAbilities:
    """Estimate every candidate's ability by ``method``, and by EAP.

    EAP and MAP use the candidate's own population; EAP of a histogram is taken with its weights.
    """
    blocks, persons = data.scored_blocks, data.persons
    points, mean, sd = populations.points, populations.mean, populations.sd
    n = len(persons)
    posteriors = np.empty((n, len(points)))
    posteriors[persons] = person_posteriors(blocks, parameters, points, populations.weights, D)

    def in_order(estimator: str) -> tuple[FloatArray, FloatArray]:
        found = estimate_abilities(blocks, parameters, method=estimator, mean=mean, sd=sd, D=D)
        theta, se = np.full(n, np.nan), np.full(n, np.nan)
        theta[persons], se[persons] = found.theta, found.se
        return theta, se

    if populations.histogram:
        eap = posteriors @ points
        eap_se = np.sqrt(np.maximum(posteriors @ points**2 - eap**2, 0.0))
    else:
        eap, eap_se = in_order("eap")
    theta, se = (eap, eap_se) if method == "eap" else in_order(method)
    infinite = np.isinf(theta)
    warnings = []
    known = np.isfinite(parameters[:, 1])
    nothing = sum(int((~(block.scores[:, known[block.items]] >= 0).any(axis=1)).sum()) for block in blocks)
    if nothing:
        warnings.append(
            f"{plural(nothing, 'candidate')} answered no scored item that has a difficulty: their ability is"
            " no estimate (EAP is the population's mean). Is the status of the items right?"
        )
    if infinite.any():
        warnings.append(
            f"{plural(int(infinite.sum()), 'candidate')} with everything right or everything wrong"
            f" {'has' if infinite.sum() == 1 else 'have'} no finite ML estimate; their theta is empty."
            " WLE is finite for everybody (--ability wle)."
        )
    theta = np.where(infinite, np.nan, theta)
    table = scored.deliveries.select("delivery_id", "form_id", "total").with_columns(
        theta=pl.Series(theta).fill_nan(None),
        se=pl.Series(se).fill_nan(None),
        method=pl.lit(method),
        theta_eap=pl.Series(eap).fill_nan(None),
        se_eap=pl.Series(eap_se).fill_nan(None),
    )
    return PersonAbilities(table, eap, posteriors, tuple(warnings))
