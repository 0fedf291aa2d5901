"""Tables of any make at the public doors: inside, there are polars frames only."""

from collections.abc import Iterable
from typing import Any, Protocol

import polars as pl

from ciip_irt.errors import Problem, TableError

__all__ = ["AnyFrame", "ForeignFrame", "polars_frame"]


class ForeignFrame(Protocol):
    """What is asked of a frame that polars did not make: named columns (pandas has them)."""

    @property
    def columns(self) -> Iterable[Any]: ...

    def __getitem__(self, name: Any, /) -> Any: ...


AnyFrame = pl.DataFrame | pl.LazyFrame | ForeignFrame


def polars_frame(table: AnyFrame, where: str = "table") -> pl.DataFrame:
    """The table as a polars frame; a pandas frame is taken column by column, without its index,
    a table of pyarrow as it is.

    Raises
    ------
    TableError
        It is no table; column names occur more than once.

    >>> polars_frame(pl.LazyFrame({"x": [1, None]})).to_dict(as_series=False)
    {'x': [1, None]}
    """
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if not hasattr(table, "columns") or not hasattr(table, "__getitem__"):
        what = f"not a table but {type(table).__name__}"
        raise TableError(Problem(what, where=where, remedy="Give a polars or pandas frame."))
    arrow: Any = table if hasattr(table, "column_names") and hasattr(table, "__arrow_c_stream__") else None
    names = [str(name) for name in (table.columns if arrow is None else arrow.column_names)]
    repeated = tuple(sorted({name for name in names if names.count(name) > 1}))
    if repeated:
        what, remedy = "column names occur more than once", "Rename or remove the repeated columns."
        raise TableError(Problem(what, where=where, examples=repeated, remedy=remedy))
    if arrow is not None:
        return pl.DataFrame(arrow)
    return pl.DataFrame([_series(name, table[own]) for name, own in zip(names, table.columns, strict=True)])


def _series(name: str, column: Any) -> pl.Series:
    """Missing cells of pandas are of several kinds (None, NaN, NaT, NA); here there is one."""
    values = list(column.tolist() if hasattr(column, "tolist") else column)
    if hasattr(column, "isna"):
        values = [None if gone else v for v, gone in zip(values, column.isna().tolist(), strict=True)]
    return pl.Series(name, values, strict=False)
