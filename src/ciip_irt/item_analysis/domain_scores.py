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
SHOWN = 5  # names in a sentence: as many as anybody reads


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
    notes
        On which items a reliability rests, where it does not rest on all.
    """

    domains: pl.DataFrame
    if_deleted: pl.DataFrame
    notes: tuple[str, ...]


def consistency(
    scored: ScoredResponses,
    tallies: Sequence[Tally],
    forms: Mapping[str, Sequence[AdministeredBlock]],
    confidence: float = 0.95,
) -> Consistency:
    """Alpha by domain and without each item, for every form; items credited to everyone are left out."""
    credited = (scored.items["key"] == "*").to_numpy()
    domains, rows, without, notes = scored.items["domain"].to_list(), [], [], []
    for tally in tallies:
        items = tally.items[tally.is_scored & ~credited[tally.items]]
        part = scored_part(scored, items, forms[tally.form_id])
        whole = reliability(part)
        deleted = whole.if_deleted
        if not whole.basis.all():
            notes.append(f"Form {tally.form_id}: {_rests_on(whole, [scored.item_ids[j] for j in items])}")
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
        tuple(notes),
    )


def _rests_on(found: Reliability, item_ids: Sequence[str]) -> str:
    """What the reliability rests on where some items were met with others by too few."""
    out = [item for item, used in zip(item_ids, found.basis, strict=True) if not used]
    used = int(found.basis.sum())
    if used < 2:
        return "no two scored items were met by enough of the same candidates to compute a reliability."
    stepped = f", stepped up to the {found.stepped_to} that a delivery met" if found.stepped_to > used else ""
    return (
        f"reliability rests on the {used} scored items of which enough candidates met every two{stepped};"
        f" without {', '.join(out[:SHOWN])}{', ...' if len(out) > SHOWN else ''}."
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
    if known and not found.basis.all():
        known += f" (of {found.stepped_to} items, from {int(found.basis.sum())} that enough met together)"
    return f"{plural(found.n_items, 'item')}{known}: {worth[0].lower()}{worth[1:]}"
