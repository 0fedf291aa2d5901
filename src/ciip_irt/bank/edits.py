"""A changed bank in the layout of the file it came from, so that a comparison shows the changes alone."""

import polars as pl

from ciip_irt.bank.item_bank import ItemBank
from ciip_irt.tables import SIGNIFICANT_DIGITS

__all__ = ["edited"]


def edited(original: pl.DataFrame, before: ItemBank, after: ItemBank) -> pl.DataFrame:
    """The table as read from the file, with the cells that differ between the two banks replaced.

    Columns, their order, rows and the spelling of every other cell stay. A column that the file lacks is
    added where a value went into it.

    Parameters
    ----------
    original
        The file's table, every cell as text or in the types of the file.
    before, after
        The same items, read from that table and changed.

    Examples
    --------
    >>> table = pl.DataFrame({"item_id": [" I1", "I2"], "domain": ["A", "B"], "status": ["pilot", "scored"],
    ...     "key": ["A", "C"], "options": ["ABCD", "ABCD"], "b": [None, "0.50"]})
    >>> before = ItemBank.from_frame(table)
    >>> from ciip_irt.bank import change_status
    >>> edited(table, before, change_status(before, {"I1": "scored"})).select("item_id", "status", "b").rows()
    [(' I1', 'scored', None), ('I2', 'scored', '0.50')]
    """
    ids = original["item_id"].cast(pl.String).str.strip_chars()
    place = {item_id: row for row, item_id in enumerate(ids) if item_id}
    at = pl.Series([place[item_id] for item_id in before.items["item_id"]], dtype=pl.Int64)
    result = original
    for name in after.items.columns:
        old, new = before.items[name], after.items[name]
        changed = old.ne_missing(new)
        if not changed.any():
            continue
        values = new.filter(changed)
        if name not in result.columns:
            dtype = pl.String if result.schema["status"] == pl.String else new.dtype
            result = result.with_columns(pl.lit(None, dtype=dtype).alias(name))
        column = result[name]
        if column.dtype == pl.String and values.dtype.is_float():
            values = values.round_sig_figs(SIGNIFICANT_DIGITS)
        cells = column.scatter(at.filter(changed), values.cast(column.dtype))
        result = result.with_columns(cells.alias(name))
    return result
