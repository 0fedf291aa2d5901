"""Answers that tell something about a pilot, and those that do not.

A pilot that was not reached, an answer that the item does not offer, and one given faster than the question
can be read say nothing about the item, whatever the scoring rules make of the candidate's points: counted as
wrong, they would make the pilots at the end of a form look hard and flat. An omitted pilot was seen and given
up, which tells something; it stays as the rules score it.

Scored items are left as they are: what their cells count is a matter of the candidates' scores.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray, FloatArray
from ciip_irt.classical import rapid_thresholds
from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses

__all__ = ["Untelling", "keep_telling_answers", "untelling_answers"]


@dataclass(frozen=True, slots=True)
class Untelling:
    """Cells of one pilot that say nothing about it, by reason, and how many were administered in all."""

    not_reached: int = 0
    invalid: int = 0
    too_fast: int = 0
    administered: int = 0

    @property
    def n(self) -> int:
        return self.not_reached + self.invalid + self.too_fast


def keep_telling_answers(scored: ScoredResponses) -> ScoredResponses:
    """The same log, the pilots' cells that tell nothing marked as not counting.

    Too fast is what ``classical.rapid_thresholds`` calls so, by the mean time of the item over all its
    administrations; without a recorded time no answer is too fast.
    """
    limits = _too_fast_below(scored)
    blocks, changed = [], False
    for block in scored.blocks:
        empty = np.logical_or.reduce(_reasons(block, limits))
        if empty.any():
            changed = True
            scores, choices = block.scores.copy(), block.choices.copy()
            scores[empty], choices[empty] = MISSING, -1
            block = replace(block, scores=scores, choices=choices)
        blocks.append(block)
    return replace(scored, blocks=tuple(blocks)) if changed else scored


def untelling_answers(scored: ScoredResponses) -> tuple[Untelling, ...]:
    """By item of ``scored.items``: how many of its cells as a pilot say nothing about it, and why."""
    limits = _too_fast_below(scored)
    counts = np.zeros((4, len(scored.item_ids)), dtype=np.int64)
    for block in scored.blocks:
        met = (block.statuses != CellStatus.NOT_ADMINISTERED) & ~block.is_scored
        for place, cells in enumerate((*_reasons(block, limits), met)):
            counts[place, block.items] += cells.sum(axis=0)
    return tuple(Untelling(*map(int, column)) for column in counts.T)


def _reasons(block: AdministeredBlock, limits: FloatArray) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Shapes (N_b, J_b): cells of pilots that were not reached, are invalid, were answered too fast."""
    pilot = ~block.is_scored
    with np.errstate(invalid="ignore"):
        fast = (block.times > 0) & (block.times < limits[block.items])
    return (
        (block.statuses == CellStatus.NOT_REACHED) & pilot,
        (block.statuses == CellStatus.INVALID) & pilot,
        (block.statuses == CellStatus.ANSWERED) & fast & pilot,
    )


def _too_fast_below(scored: ScoredResponses) -> FloatArray:
    """Shape (J,): seconds; NaN where no time is known."""
    total, n = np.zeros((2, len(scored.item_ids)))
    for block in scored.blocks:
        timed = np.isfinite(block.times) & (block.times > 0)
        timed &= (block.statuses != CellStatus.NOT_REACHED) & (block.statuses != CellStatus.NOT_ADMINISTERED)
        np.add.at(total, block.items, np.where(timed, block.times, 0.0).sum(axis=0, dtype=np.float64))
        np.add.at(n, block.items, timed.sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return rapid_thresholds(total / n)
