"""Item and option statistics as tables."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray
from ciip_irt.bank import credited_options
from ciip_irt.classical import item_statistics_from, option_statistics, shares_by_group
from ciip_irt.item_analysis.tallies import Tally
from ciip_irt.responses import CellStatus

__all__ = ["item_table", "key_mask", "option_table", "quantile_table"]


def key_mask(items: pl.DataFrame) -> tuple[BoolArray, BoolArray]:
    """(J, K) which options are credited, and (J, K) which are offered; K = most options of any item.

    >>> frame = pl.DataFrame({"key": ["B", "*"], "options": ["ABC", "AB"]})
    >>> credited, offered = key_mask(frame)
    >>> credited.astype(int).tolist(), offered.astype(int).tolist()
    ([[0, 1, 0], [1, 1, 0]], [[1, 1, 1], [1, 1, 0]])
    """
    width = max((len(options) for options in items["options"]), default=0)
    credited = np.zeros((items.height, width), dtype=bool)
    offered = np.zeros_like(credited)
    for j, (key, options) in enumerate(items.select("key", "options").iter_rows()):
        right = credited_options(key, options)
        for k, letter in enumerate(options):
            credited[j, k], offered[j, k] = letter in right, True
    return credited, offered


def item_table(tallies: Sequence[Tally], items: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """``item_statistics``: one row per item and form, and one pooled (``form_id`` "all")."""
    frames = []
    for place, tally in enumerate(tallies):
        statistics = item_statistics_from(tally.by_score, confidence=confidence)
        counts = tally.status_counts.copy()
        counts[:, CellStatus.NOT_ADMINISTERED] = 0
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = counts / counts.sum(axis=1, keepdims=True)
        known = items[tally.items]
        frames.append(
            pl.DataFrame(
                {
                    "row": tally.items,
                    "place": np.full(len(tally.items), place),
                    "item_id": known["item_id"],
                    "form_id": [tally.form_id] * len(tally.items),
                    "domain": known["domain"],
                    "status": np.where(tally.is_scored, "scored", "pilot").astype(str).tolist(),
                    "n": statistics.n,
                    "p": statistics.p,
                    "p_low": statistics.p_low,
                    "p_high": statistics.p_high,
                    "r": statistics.r,
                    "r_low": statistics.r_low,
                    "r_high": statistics.r_high,
                    "r_biserial": statistics.r_biserial,
                    "omit_rate": rates[:, CellStatus.OMITTED],
                    "not_reached_rate": rates[:, CellStatus.NOT_REACHED],
                    "invalid_rate": rates[:, CellStatus.INVALID],
                    "median_time_s": tally.median_time,
                }
            )
        )
    return _ordered(frames).drop("row", "place")


def option_table(tallies: Sequence[Tally], items: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """``option_statistics`` with ``form_id``: one row per item, option and form."""
    credited, offered = key_mask(items)
    letters = items["options"].to_list()
    frames = []
    for place, tally in enumerate(tallies):
        statistics = option_statistics(tally.by_option, confidence=confidence)
        rows, options = np.nonzero(offered[tally.items])
        item = tally.items[rows]
        frames.append(
            pl.DataFrame(
                {
                    "row": item,
                    "place": np.full(len(item), place),
                    "item_id": items["item_id"].gather(item),
                    "form_id": [tally.form_id] * len(item),
                    "option": [letters[j][k] for j, k in zip(item, options, strict=True)],
                    "is_key": credited[item, options],
                    **{
                        name: getattr(statistics, name)[rows, options]
                        for name in ("n", "share", "mean_criterion", "r", "r_low", "r_high")
                    },
                }
            )
        )
    return _ordered(frames).drop("row", "place")


def quantile_table(tally: Tally, items: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """``option_quantiles``: share choosing each option by fifth of the scored total, lowest fifth first."""
    credited, offered = key_mask(items)
    letters = items["options"].to_list()
    share, low, high, size = shares_by_group(tally.by_fifth, confidence)
    n_options = offered.shape[1]
    groups = np.arange(share.shape[2])
    rows, options = np.nonzero(offered[tally.items])
    row, option, group = (
        np.repeat(rows, len(groups)),
        np.repeat(options, len(groups)),
        np.tile(groups, len(rows)),
    )
    item = tally.items[row]
    pick = (row, option, group)
    assert n_options < share.shape[1]
    return pl.DataFrame(
        {
            "item_id": items["item_id"].gather(item),
            "fifth": group + 1,
            "option": [letters[j][k] for j, k in zip(item, option, strict=True)],
            "is_key": credited[item, option],
            "n": tally.by_fifth[pick],
            "n_fifth": size[row, 0, group],
            "share": share[pick],
            "low": low[pick],
            "high": high[pick],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _ordered(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    table = pl.concat(frames).sort("row", "place", maintain_order=True)
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
