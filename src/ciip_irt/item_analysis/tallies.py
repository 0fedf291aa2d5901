"""What each form contributes: sums over its blocks, from which all item and option statistics follow.

The criterion of a delivery is the scored total of its own form, so every form (and every rotating pilot block
within it) is tallied on its own. **Pooling over forms** first shifts each form's criterion so that all forms
have the same mean and then merges: what is left is the pooled *within-form* covariance of item and criterion.
A hard form or a weak group of candidates then neither creates nor hides a correlation, no person is dropped
for having sat another form, and a form counts by the number of its answers. The criterion is not rescaled:
forms of one programme have (nearly) the same length, and a form of ten persons has no standard deviation to
divide by. Deliveries of one form that met different scored items are treated in the same way: totals of forty
items and of thirty are two measures, and R would fall with every point between their means.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray
from ciip_irt.classical import (
    CategoryMoments,
    category_moments,
    fifths,
    merge_moments,
    option_counts_by_group,
)
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.screening import scored_sets
from ciip_irt.tables import POOLED

__all__ = ["Tally", "pool", "tally_form"]

N_FIFTHS = 5  # of the total: quintiles, as item writers read them, and 100 candidates give 20 to each


@result
@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the deliveries of one form, or of all forms.

    Attributes
    ----------
    form_id
        The form, or ``"all"``.
    items
        (J,) rows of ``ScoredResponses.items``, ascending.
    is_scored
        (J,) whether the item counts in the total.
    by_score, by_option
        Criterion (without the item where it is scored) by score 0, 1 and by option; the last option code is
        a blank answer that counts.
    by_fifth
        (J, K + 1, 5) persons by option and fifth of the scored total of their form.
    status_counts
        (J, 5) cells by ``CellStatus``, not administered included.
    median_time
        (J,) median of the recorded seconds; NaN where there are none. Zero seconds are a gap in the log, not
        a time.
    n_persons, mean_total
        Deliveries and their mean scored total.
    """

    form_id: str
    items: IntArray
    is_scored: BoolArray
    by_score: CategoryMoments
    by_option: CategoryMoments
    by_fifth: IntArray
    status_counts: IntArray
    median_time: FloatArray
    n_persons: int
    mean_total: float


def tally_form(
    scored: ScoredResponses, form_id: str, blocks: Sequence[AdministeredBlock], n_options: int
) -> Tally:
    """Tally the blocks of one form; ``n_options`` is the most options any item offers."""
    items = np.unique(np.concatenate([block.items for block in blocks]))
    persons = np.concatenate([block.persons for block in blocks])
    total, sets = _comparable_totals(scored, form_id, blocks)
    group = np.zeros(len(total), dtype=np.int64)
    for one in sets:
        group[one] = fifths(total[one], N_FIFTHS)

    is_scored = np.zeros(len(items), dtype=bool)
    by_score: list[CategoryMoments] = []
    by_option: list[CategoryMoments] = []
    by_fifth = np.zeros((len(items), n_options + 1, N_FIFTHS), dtype=np.int64)
    status_counts = np.zeros((len(items), len(CellStatus)), dtype=np.int64)
    for block in blocks:
        columns = np.searchsorted(items, block.items)
        is_scored[columns] |= block.is_scored
        criterion = total[block.persons]
        codes = np.where(block.choices >= 0, block.choices, n_options)
        codes = np.where(block.scores == MISSING, -1, codes).astype(np.int8)
        for parts, categories, size in (
            (by_score, block.scores, 2),
            (by_option, codes, n_options + 1),
        ):
            moments = category_moments(
                categories, criterion, n_categories=size, own=block.scores, in_criterion=block.is_scored
            )
            parts.append(moments.placed(columns, len(items), size))
        by_fifth[columns] += option_counts_by_group(
            codes, group[block.persons], n_categories=n_options + 1, n_groups=N_FIFTHS
        )
        for status in CellStatus:
            status_counts[columns, status] += (block.statuses == status).sum(axis=0)
    return Tally(
        form_id=form_id,
        items=items,
        is_scored=is_scored,
        by_score=merge_moments(by_score),
        by_option=merge_moments(by_option),
        by_fifth=by_fifth,
        status_counts=status_counts,
        median_time=median_times(blocks, items),
        n_persons=len(persons),
        mean_total=float(total[persons].mean()),
    )


def _comparable_totals(
    scored: ScoredResponses, form_id: str, blocks: Sequence[AdministeredBlock]
) -> tuple[FloatArray, list[IntArray]]:
    """Totals of the deliveries of a form, moved so that each set of scored items has the same mean; and the
    rows of the deliveries of each set. Where all met one set, totals as they are.
    """
    total = scored.totals
    kept = sorted((items for items, _ in scored_sets(scored, form_id)), key=len)
    everybody = np.concatenate([block.persons for block in blocks])
    if len(kept) < 2:
        return total, [everybody]
    rows: list[list[IntArray]] = [[] for _ in kept]
    for block in blocks:
        own = set(block.items[block.is_scored].tolist())
        # who lost rows is counted among those with the smallest set that has all of theirs
        place = next((k for k, items in enumerate(kept) if own <= items), len(kept) - 1)
        rows[place].append(block.persons)
    sets = [np.concatenate(parts) for parts in rows if parts]
    moved = np.array(total, dtype=np.float64)
    middle = float(total[everybody].mean())
    for one in sets:
        moved[one] += middle - float(total[one].mean())
    return moved, sets


def pool(tallies: Sequence[Tally], blocks: Sequence[AdministeredBlock]) -> Tally:
    """All forms together, each form's criterion shifted to the mean over all deliveries."""
    items = np.unique(np.concatenate([tally.items for tally in tallies]))
    size = len(items)
    n_persons = sum(tally.n_persons for tally in tallies)
    mean = sum(tally.n_persons * tally.mean_total for tally in tallies) / n_persons
    is_scored = np.zeros(size, dtype=bool)
    by_fifth = np.zeros((size, *tallies[0].by_fifth.shape[1:]), dtype=np.int64)
    status_counts = np.zeros((size, len(CellStatus)), dtype=np.int64)
    by_score: list[CategoryMoments] = []
    by_option: list[CategoryMoments] = []
    for tally in tallies:
        columns = np.searchsorted(items, tally.items)
        is_scored[columns] |= tally.is_scored
        by_fifth[columns] += tally.by_fifth
        status_counts[columns] += tally.status_counts
        for parts, moments in ((by_score, tally.by_score), (by_option, tally.by_option)):
            shifted = moments.shifted(mean - tally.mean_total)
            parts.append(shifted.placed(columns, size, moments.n.shape[1]))
    return Tally(
        form_id=POOLED,
        items=items,
        is_scored=is_scored,
        by_score=merge_moments(by_score),
        by_option=merge_moments(by_option),
        by_fifth=by_fifth,
        status_counts=status_counts,
        median_time=tallies[0].median_time if len(tallies) == 1 else median_times(blocks, items),
        n_persons=n_persons,
        mean_total=mean,
    )


def median_times(blocks: Sequence[AdministeredBlock], items: IntArray) -> FloatArray:
    """(J,) median seconds of each item over the blocks that saw it; NaN without any recorded time."""
    seconds: list[list[np.ndarray]] = [[] for _ in items]
    for block in blocks:
        by_item = np.ascontiguousarray(block.times.T)
        for column, row in zip(np.searchsorted(items, block.items), by_item, strict=True):
            seconds[column].append(row[row > 0])
    medians = np.full(len(items), np.nan)
    for j, parts in enumerate(seconds):
        times = np.concatenate(parts) if parts else np.zeros(0)
        if times.size:
            medians[j] = np.median(times)
    return medians
