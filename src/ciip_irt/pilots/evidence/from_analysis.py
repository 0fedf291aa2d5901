"""What the item analysis found, item by item: differences between groups of candidates, and the keys."""

from collections.abc import Mapping

import polars as pl

from ciip_irt.pilots.evidence.item_evidence import GroupDifference, KeyEvidence

__all__ = ["read_differences", "read_keys"]


def read_differences(dif: pl.DataFrame | None) -> Mapping[str, tuple[GroupDifference, ...]]:
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


def read_keys(keys: pl.DataFrame) -> Mapping[str, KeyEvidence]:
    """By item that could be judged: the probabilities about its key.

    Parameters
    ----------
    keys
        ``ItemAnalysis.key_validation``, or ``KeyCheck.table``.
    """
    return {
        row["item_id"]: KeyEvidence(
            right=row["p_key_right"],
            wrong=row["p_key_wrong"],
            two_right=row["p_two_right"],
            guessed=row["p_guessed"],
            option=row["likely_key" if row["p_key_wrong"] >= row["p_two_right"] else "second_option"],
        )
        for row in keys.drop_nulls("p_key_right").iter_rows(named=True)
    }
