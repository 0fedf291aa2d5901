"""Scores by domain with their reliability, and what each item adds to the reliability of its form.

A domain has a tenth of the items of the form, so its score is a tenth as much information: the table says so
in words, because domain scores are read as if they were results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.classical import Reliability, reliability
from ciip_irt.errors import plural
from ciip_irt.item_analysis.form_summary import scored_part
from ciip_irt.item_analysis.tallies import Tally
from ciip_irt.item_analysis.wording import number
from ciip_irt.responses import AdministeredBlock, ScoredResponses
from ciip_irt.tables import DOMAIN_SCORES

__all__ = ["Consistency", "consistency"]

ENOUGH, SOME = 0.80, 0.50


@dataclass(frozen=True, slots=True)
class Consistency:
    """Domain scores, and alpha without each item.

    Attributes
    ----------
    domains
        One row per form and domain: items, mean and SD of the domain score in points, alpha with its
        interval, SEM, and what that is worth in words.
    if_deleted
        ``form_id, item_id, alpha_if_deleted``: the reliability of the form without the item.
    """

    domains: pl.DataFrame
    if_deleted: pl.DataFrame


def consistency(
    scored: ScoredResponses,
    tallies: Sequence[Tally],
    forms: Mapping[str, Sequence[AdministeredBlock]],
    confidence: float = 0.95,
) -> Consistency:
    """Alpha by domain and without each item, for every form; items credited to everyone are left out."""
    credited = (scored.items["key"] == "*").to_numpy()
    domains, rows, without = scored.items["domain"].to_list(), [], []
    for tally in tallies:
        items = tally.items[tally.is_scored & ~credited[tally.items]]
        part = scored_part(scored, items, forms[tally.form_id])
        deleted = reliability(part).if_deleted
        without += [
            (tally.form_id, scored.item_ids[j], float(alpha)) for j, alpha in zip(items, deleted, strict=True)
        ]
        labels = np.array([domains[j] for j in items], dtype=object)
        for domain in dict.fromkeys(labels):
            own = part[:, labels == domain]
            found = reliability(own, confidence=confidence)
            worth = _worth(found)
            rows.append(
                {
                    "form_id": tally.form_id,
                    "domain": domain,
                    "n_items": found.n_items,
                    "n_candidates": found.n,
                    "mean": found.mean,
                    "sd": found.sd,
                    "mean_p": found.mean / max(found.n_items, 1),
                    "reliability": found.alpha,
                    "reliability_low": found.low,
                    "reliability_high": found.high,
                    "sem": found.sem,
                    "says": _says(found, worth),
                    "worth": worth,
                }
            )
    schema = {"form_id": pl.String, "item_id": pl.String, "alpha_if_deleted": pl.Float64}
    return Consistency(
        DOMAIN_SCORES.frame(rows),
        pl.DataFrame(without, schema=schema, orient="row").with_columns(pl.col(pl.Float64).fill_nan(None)),
    )


def _worth(found: Reliability) -> str:
    """What such a score tells about a person, as a sentence."""
    if not np.isfinite(found.alpha):
        return "No reliability can be computed, so the score says nothing about a person."
    if found.alpha >= ENOUGH:
        return "Good enough to tell candidates their strengths."
    meant = f"A score is uncertain by {2 * found.sem:.1f} points either way"
    if found.alpha >= SOME:
        return (
            f"{meant}. Good for groups, such as a training programme; for one person it is a hint where to"
            " study, not a result."
        )
    return f"{meant}. Too low to say anything about one person; report it for groups only."


def _says(found: Reliability, worth: str) -> str:
    known = f", reliability {number(found.alpha)}" if np.isfinite(found.alpha) else ""
    return f"{plural(found.n_items, 'item')}{known}: {worth[0].lower()}{worth[1:]}"
