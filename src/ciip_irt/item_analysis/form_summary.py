"""One row per form: who sat, how hard it was, how dependable the total is."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, IntArray, ScoreArray
from ciip_irt.bank import CREDIT_ALL
from ciip_irt.classical import item_statistics_from, reliability
from ciip_irt.item_analysis.tallies import Tally
from ciip_irt.responses import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.scores.numbers import passes
from ciip_irt.tables import FORM_SUMMARY

__all__ = ["form_row", "form_table", "scored_part"]


def form_table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """``form_summary`` from the rows of its forms."""
    return FORM_SUMMARY.frame(rows)


def form_row(
    scored: ScoredResponses,
    tally: Tally,
    blocks: Sequence[AdministeredBlock],
    *,
    cut: float | None,
    confidence: float,
) -> dict[str, Any]:
    """The row of one form. ``cut`` is the raw score needed to pass, as ``passing.passes`` has it."""
    persons = np.concatenate([block.persons for block in blocks])
    total = scored.totals[persons]
    statistics = item_statistics_from(tally.by_score)
    counts = tally.is_scored
    part = scored_part(scored, tally.items[tally.is_scored], blocks)
    result = reliability(part, confidence=confidence)
    has_r = counts & np.isfinite(statistics.r)
    seconds = np.concatenate([_total_time(block) for block in blocks])
    seconds = seconds[np.isfinite(seconds)]
    passed = None if cut is None else int(passes(total, cut).sum())
    return {
        "form_id": tally.form_id,
        "n_candidates": len(persons),
        "n_scored_items": int(counts.sum()),
        "n_pilot_items": int((~counts).sum()),
        "mean": float(total.mean()),
        "sd": float(total.std(ddof=1)) if len(total) > 1 else None,
        "min": int(total.min()),
        "max": int(total.max()),
        "reliability": result.alpha,
        "reliability_low": result.low,
        "reliability_high": result.high,
        "reliability_type": "KR-20" if result.dichotomous else "alpha",
        "sem": result.sem,
        "mean_p": float(statistics.p[counts].mean()) if counts.any() else None,
        "mean_r": float(statistics.r[has_r].mean()) if has_r.any() else None,
        "median_total_time_s": float(np.median(seconds)) if seconds.size else None,
        "cut": cut,
        "n_passed": passed,
        "pass_rate": None if passed is None else passed / len(persons),
    }


def scored_part(scored: ScoredResponses, items: IntArray, blocks: Sequence[AdministeredBlock]) -> ScoreArray:
    """(N, J) the scores that make up the total, blocks stacked; what was not administered is missing.

    A cell that does not count adds nothing to the total, so it is 0 here too. An item on which everyone is
    credited is no part of the measurement.
    """
    credited = (scored.items["key"] == CREDIT_ALL).to_numpy()
    wanted = items[~credited[items]]
    stacked = np.full((sum(len(block.persons) for block in blocks), len(wanted)), MISSING, dtype=np.int8)
    start = 0
    for block in blocks:
        rows = slice(start, start + len(block.persons))
        used = np.isin(block.items, wanted)
        met = block.statuses[:, used] != CellStatus.NOT_ADMINISTERED
        columns = np.searchsorted(wanted, block.items[used])
        stacked[rows, columns] = np.where(met, np.maximum(block.scores[:, used], 0), MISSING)
        start = rows.stop
    return stacked


def _total_time(block: AdministeredBlock) -> np.ndarray:
    """(N,) seconds over all items; NaN for a delivery without any recorded time."""
    known = np.isfinite(block.times)
    seconds = np.where(known, block.times, 0.0).sum(axis=1, dtype=np.float64)
    return np.where(known.any(axis=1), seconds, np.nan)
