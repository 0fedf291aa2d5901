"""Deliveries that hold no honest answer: one option throughout, or every scored item right by pattern."""

import numpy as np
from scipy.special import ndtr, ndtri

from ciip_irt.arrays import BoolArray, IntArray
from ciip_irt.errors import plural
from ciip_irt.responses import CellStatus, ScoredResponses
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["screen_deliveries"]

FEWEST_ITEMS = 20  # one option throughout on twenty items with mixed keys has no innocent cause
SHARE_ALIKE = 0.95  # of the answers given
EXPECTED = 0.05  # full or zero marks: told where fewer of their kind would be met in a form by chance


def screen_deliveries(scored: ScoredResponses) -> list[Concern]:
    """Deliveries with one option throughout, with every scored item right, or with none right."""
    surprising_high, surprising_low = _surprising_totals(scored)
    alike: list[int] = []
    full: list[int] = []
    none: list[int] = []
    for block in scored.blocks:
        counts = block.is_scored
        if int(counts.sum()) < FEWEST_ITEMS:
            continue
        letters = [str(scored.items["options"][int(j)] or "") for j in block.items[counts]]
        if max(map(len, letters), default=0) < 3:
            continue  # right or wrong only: nothing can be said of options
        given = block.statuses[:, counts] == CellStatus.ANSWERED
        choices, scores = block.choices[:, counts], block.scores[:, counts]
        answered = given.sum(axis=1)
        most = np.max([((choices == option) & given).sum(axis=1) for option in range(8)], axis=0)
        enough = answered >= FEWEST_ITEMS
        persons: IntArray = block.persons
        alike += persons[enough & (most >= SHARE_ALIKE * answered)].tolist()
        right = ((scores == 1) & given).sum(axis=1)
        whole = enough & (answered == counts.sum())
        full += persons[whole & (right == answered) & surprising_high[persons]].tolist()
        none += persons[enough & (right == 0) & surprising_low[persons]].tolist()
    found = []
    for rows, seen, remedy in (
        (
            alike,
            "gave the same option to nearly every item",
            "Leave them out where nobody meant an answer (a scanner, a test run).",
        ),
        (
            full,
            "have every scored item right",
            "Is it a key sheet or a test account? Leave it out then.",
        ),
        (
            none,
            "have no scored item right",
            "Are their answers coded in another way, or of another form? They count with 0 points.",
        ),
    ):
        if rows:
            ids = tuple(str(scored.deliveries["delivery_id"][row]) for row in sorted(rows))
            shown = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            found.append(
                Concern(
                    Whole.DELIVERIES,
                    ids,
                    f"{plural(len(ids), 'delivery', 'deliveries')} of {scored.deliveries.height:,}"
                    f" {_agree(seen, len(ids))}: {shown}.",
                    remedy,
                )
            )
    return found


def _surprising_totals(scored: ScoredResponses) -> tuple[BoolArray, BoolArray]:
    """Two arrays (N,): totals so high, or so low, that among so many normal ones of their form less than
    ``EXPECTED`` like them would be met. Full marks on an easy form surprise nobody."""
    high, low = (np.zeros(scored.deliveries.height, dtype=np.bool_) for _ in range(2))
    totals, forms = scored.totals, scored.deliveries["form_id"].to_numpy()
    for form_id in scored.form_ids:
        rows = np.flatnonzero(forms == form_id)
        of_form = totals[rows]
        middle = float(np.median(of_form))
        quarter = np.subtract(*np.percentile(of_form, [75, 25]))
        spread = max(float(quarter) / (2 * ndtri(0.75)), 0.5)
        high[rows] = rows.size * ndtr(-(of_form - 0.5 - middle) / spread) < EXPECTED
        low[rows] = rows.size * ndtr((of_form + 0.5 - middle) / spread) < EXPECTED
    return high, low


def _agree(seen: str, n: int) -> str:
    return seen.replace("have ", "has ", 1) if n == 1 else seen
