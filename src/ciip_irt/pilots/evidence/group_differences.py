"""Differences between groups of candidates, item by item, from the table of the item analysis."""

from collections.abc import Mapping

import polars as pl

from ciip_irt.pilots.evidence.item_evidence import GroupDifference

__all__ = ["differences"]


def differences(dif: pl.DataFrame | None) -> Mapping[str, tuple[GroupDifference, ...]]:
    """By item: its comparisons in which both groups answered it.

    Parameters
    ----------
    dif
        ``ItemAnalysis.dif``: ``item_id, grouping, reference, focal, n_reference, n_focal, d_dif, prob_c``.
    """
    found: dict[str, tuple[GroupDifference, ...]] = {}
    if dif is None:
        return found
    for row in dif.filter(pl.col("d_dif").is_not_null()).iter_rows(named=True):
        one = GroupDifference(
            grouping=row["grouping"],
            reference=row["reference"],
            focal=row["focal"],
            n_reference=row["n_reference"],
            n_focal=row["n_focal"],
            d_dif=row["d_dif"],
            probability_c=row["prob_c"],
        )
        found[row["item_id"]] = (*found.get(row["item_id"], ()), one)
    return found
