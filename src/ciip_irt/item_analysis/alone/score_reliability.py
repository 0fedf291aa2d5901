"""How reliable the total score of each form is, without the rest of an item analysis."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.bank import CREDIT_ALL
from ciip_irt.classical import reliability as of_scores
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.item_analysis.form_summary import scored_part
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import Responses, scored_responses
from ciip_irt.tables import show_html

__all__ = ["ScoreReliability", "reliability"]

NUMBERS = ("n", "n_items", "mean", "sd", "alpha", "low", "high", "sem")


@result
@dataclass(frozen=True, slots=True)
class ScoreReliability:
    """Reliability of the scored total, form by form.

    Attributes
    ----------
    table
        ``form_id, n, n_items, mean, sd, alpha, low, high, sem``: coefficient alpha (KR-20) with its interval,
        and the standard error of measurement in points; null where it cannot be computed.
    if_deleted
        ``form_id, item_id, alpha_if_deleted``.
    provenance
        Of the answers.
    """

    table: pl.DataFrame
    if_deleted: pl.DataFrame
    provenance: Provenance

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        lines = []
        for row in self.table.iter_rows(named=True):
            size = f"Form {row['form_id']}: {plural(row['n'], 'person')} x {plural(row['n_items'], 'item')}"
            if row["alpha"] is None:
                lines.append(f"{size}, no reliability can be computed.")
                continue
            lines.append(
                f"{size}, KR-20 {row['alpha']:.3f} ({row['low']:.3f} to {row['high']:.3f}), standard error of"
                f" measurement {row['sem']:.2f} points."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html("Reliability", self.summary(), self.table)


def reliability(responses: Responses, *, confidence: float = 0.95) -> ScoreReliability:
    """Coefficient alpha, which is KR-20 for right/wrong items, with Feldt's interval, and the SEM.

    ``alpha = J / (J - 1) (1 - sum of the items' variances / variance of the total)``,
    ``SEM = SD sqrt(1 - alpha)``. Pilots and items credited to everyone are left out.

    Parameters
    ----------
    responses
        Scored responses, or a persons x items matrix of 0 and 1.
    confidence
        Of the interval.

    Raises
    ------
    InputError
        A confidence outside (0, 1); answers that are no matrix.

    Source: Feldt (1965), Psychometrika 30:357-370.

    >>> reliability([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).table.select("n", "alpha").rows()
    [(4, 0.75)]
    """
    if not 0 < confidence < 1:
        raise InputError(Problem(f"confidence is {confidence}", remedy="Give a share, such as 0.95."))
    scored = scored_responses(responses)
    credited = (scored.items["key"] == CREDIT_ALL).to_numpy()
    rows, without = [], []
    for form_id in scored.form_ids:
        blocks = [block for block in scored.blocks if block.form_id == form_id]
        items = np.unique(np.concatenate([block.items[block.is_scored] for block in blocks]))
        items = items[~credited[items]]
        found = of_scores(scored_part(scored, items, blocks), confidence=confidence)
        numbers = {name: getattr(found, name) for name in NUMBERS}
        rows.append({"form_id": form_id, **numbers})
        without += [
            {"form_id": form_id, "item_id": scored.item_ids[j], "alpha_if_deleted": float(alpha)}
            for j, alpha in zip(items, found.if_deleted, strict=True)
        ]
    schema = {"form_id": pl.String, "item_id": pl.String, "alpha_if_deleted": pl.Float64}
    return ScoreReliability(
        pl.DataFrame(rows).with_columns(pl.col(pl.Float64).fill_nan(None)),
        pl.DataFrame(without, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None)),
        scored.provenance.with_settings(confidence=confidence),
    )
