"""How long items are expected to take, brought from an item analysis into the bank."""

from dataclasses import replace

import polars as pl

from ciip_irt.bank.item_bank import ItemBank
from ciip_irt.tables import POOLED, Column, Table

__all__ = ["with_expected_times"]

TIMES = Table(
    "item times",
    (
        Column("item_id", pl.String, "item"),
        Column("form_id", pl.String, "form, or 'all' = pooled", required=False, nullable=True),
        Column("expected_time_s", pl.Float64, "mean seconds", nullable=True, minimum=0),
    ),
)


def with_expected_times(bank: ItemBank, times: pl.DataFrame, where: str = "item times") -> ItemBank:
    """The bank with a column ``expected_time_s``, from which forms get their time budget.

    Parameters
    ----------
    times
        ``item_times.csv`` as ``analyse`` writes it (the rows over all forms count), or any table with
        ``item_id`` and ``expected_time_s``. Items it does not name keep what the bank says of them.

    Raises
    ------
    TableError
        Columns that are absent, seconds below zero, an item named twice.

    >>> bank = ItemBank.from_frame(pl.DataFrame({"item_id": ["I1", "I2"], "domain": ["A", "A"],
    ...     "status": ["scored", "scored"], "key": ["A", "B"], "options": ["AB", "AB"]}))
    >>> timed = with_expected_times(bank, pl.DataFrame({"item_id": ["I2"], "expected_time_s": [48.5]}))
    >>> timed.items["expected_time_s"].to_list()
    [None, 48.5]
    """
    rows = TIMES.validate(times, where)
    if "form_id" in times.columns:
        rows = rows.filter(pl.col("form_id") == POOLED)
    known = replace(TIMES, key=("item_id",), allow_empty=True).validate(rows, where)
    joined = bank.items.join(
        known.select("item_id", measured="expected_time_s"), on="item_id", how="left", maintain_order="left"
    )
    before = (
        pl.col("expected_time_s").cast(pl.Float64)
        if "expected_time_s" in bank.items.columns
        else pl.lit(None, dtype=pl.Float64)
    )
    items = joined.with_columns(expected_time_s=pl.coalesce("measured", before)).drop("measured")
    return replace(bank, items=items)
