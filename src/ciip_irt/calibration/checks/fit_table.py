"""Fit of the items, as one long table."""

from collections.abc import Sequence

import polars as pl

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.calibration.groups.groups import GroupedBlocks
from ciip_irt.calibration.groups.populations import Populations
from ciip_irt.irt.fit_statistics import FIT, ItemFit

__all__ = ["displacements", "fit_table", "long_table"]


def fit_table(
    item_ids: Sequence[str],
    data: GroupedBlocks,
    parameters: FloatArray,
    populations: Populations,
    D: float,
    *,
    n_free: IntArray,
) -> pl.DataFrame:
    """``item_id, statistic, value``: every statistic of ``FIT`` for every item that has it.

    ``n_free`` (J,) says how many parameters of each item were estimated.
    """
    found = [
        statistic(
            data.blocks,
            parameters,
            mean=populations.mean,
            sd=populations.sd,
            D=D,
            n_free=n_free,
            scored=data.is_scored,
        )
        for statistic in FIT.values()
    ]
    return long_table(item_ids, found)


def long_table(item_ids: Sequence[str], found: Sequence[ItemFit]) -> pl.DataFrame:
    """``item_id, statistic, value``, one row for each value that there is."""
    rows = [
        pl.DataFrame({"item_id": item_ids, "statistic": _named(fit, name), "value": fit.column(name)})
        for fit in found
        for name in fit.names
    ]
    return pl.concat(rows).with_columns(pl.col("value").fill_nan(None)).drop_nulls("value")


def displacements(anchors: pl.DataFrame) -> pl.DataFrame:
    """The same columns: ``displacement`` and ``displacement_se`` of every anchor that has one."""
    long = anchors.rename({"se": "displacement_se"}).unpivot(
        ["displacement", "displacement_se"], index="item_id", variable_name="statistic"
    )
    return long.drop_nulls("value")


def _named(fit: ItemFit, name: str) -> str:
    """``infit``, ``s_x2``; a companion such as df or p is named after its statistic."""
    return f"{fit.statistic}_{name}" if name in ("df", "p", "p_adjusted") else name
