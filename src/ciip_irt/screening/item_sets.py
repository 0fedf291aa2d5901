"""Deliveries of one form that met different scored items: their totals are not the same measure."""

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.responses import ScoredResponses
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["scored_sets", "screen_item_sets"]

SHARE_OF_FORM = 0.02  # of a form's deliveries; fewer lost rows in transit
FEWEST_PERSONS = 5  # of a small form, two in a hundred would be one person with a lost row


def scored_sets(scored: ScoredResponses, form_id: str) -> list[tuple[set[int], int]]:
    """The different sets of scored items (rows of ``scored.items``) that deliveries of a form met, and how
    many deliveries; those of a few are left out."""
    sets: dict[bytes, tuple[set[int], int]] = {}
    for block in scored.blocks:
        if block.form_id != form_id:
            continue
        items = np.sort(block.items[block.is_scored])
        known, n = sets.get(items.tobytes(), (set(items.tolist()), 0))
        sets[items.tobytes()] = known, n + len(block.persons)
    n_all = sum(n for _, n in sets.values())
    kept = [(items, n) for items, n in sets.values() if n >= max(FEWEST_PERSONS, SHARE_OF_FORM * n_all)]
    return sorted(kept, key=lambda pair: -pair[1])


def screen_item_sets(scored: ScoredResponses) -> list[Concern]:
    """Forms of which groups of deliveries met different scored items."""
    found = []
    for form_id in scored.form_ids:
        kept = scored_sets(scored, form_id)
        if len(kept) < 2:
            continue
        common = set.intersection(*(items for items, _ in kept))
        sizes = ", ".join(f"{len(items)} ({n:,})" for items, n in kept[:5])
        more = ", ..." if len(kept) > 5 else ""
        found.append(
            Concern(
                Whole.FORMS,
                (form_id,),
                f"Form {form_id}: deliveries met {plural(len(kept), 'different set')} of scored items (items,"
                f" and deliveries in brackets: {sizes}{more}; {len(common)} items in all of them). Their"
                " totals are not comparable, nor are cut and pass rate on them; R is taken within each set,"
                " groups are compared on the common items.",
                "Give each set a form_id of its own, or see why items are missing.",
            )
        )
    return found
