"""The ledger of a bank: one line for every decision that was brought in, in the order they came."""

from pathlib import Path

import polars as pl

from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.tables import FIRST_ROW, LEDGER, read_table

__all__ = ["appended", "read_ledger"]


def read_ledger(path: Path | str) -> pl.DataFrame:
    """The ledger in a file; empty where there is no such file yet.

    Raises
    ------
    InputError
        The file is there and breaks its contract.
    """
    return read_table(path, LEDGER) if Path(path).exists() else LEDGER.empty()


def appended(ledger: pl.DataFrame, lines: pl.DataFrame, where: str = "ledger.csv") -> pl.DataFrame:
    """The ledger with further lines at its end.

    Raises
    ------
    InputError
        Some of the lines stand there already: decisions about the same items from the same evidence.
    """
    key = ["item_id", "evidence"]
    again = ledger.with_row_index("__row", offset=FIRST_ROW).join(
        lines.drop_nulls(key).select(key), on=key, how="semi"
    )
    if again.height:
        first = again.row(0, named=True)
        when = f" on {first['date']}" if first["date"] else ""
        raise InputError(
            Problem(
                f"{plural(again.height, 'decision')} of this sheet {'was' if again.height == 1 else 'were'}"
                f" brought in before{when} by {first['by']}",
                where=where,
                row=first["__row"],
                examples=tuple(again["item_id"].head(5)),
                remedy="Delete these rows from the sheet, or review again if something changed since.",
            )
        )
    extra = [name for name in ledger.columns if name not in lines.columns]
    return pl.concat([ledger, lines.with_columns(pl.lit(None).alias(name) for name in extra)],
                     how="vertical_relaxed" if not extra else "diagonal_relaxed")  # fmt: skip
