"""The first line of a table file: what is wrong with its names, and which columns it holds."""

from collections.abc import Sequence

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem

__all__ = [
    "NOTHING_ABOVE_HEADER",
    "check_header",
    "columns_kept",
    "is_pattern",
    "pattern_names",
    "plain_types",
]

NOTHING_ABOVE_HEADER = "The first line must hold the column names, and nothing may stand above it."


def check_header(header: Sequence[str], where: str, delimiter: str = ",") -> None:
    """No names that the wrong delimiter glued together, none twice; raises ``InputError``."""
    if len(header) == 1:
        for other, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas")):
            if other != delimiter and other in header[0]:
                shown = {"\t": "tab"}.get(other, other)
                remedy = f"Say --delimiter '{shown}', or save the file with commas."
                what = f"the header is a single column, its names separated by {word}"
                raise InputError(Problem(what, where=where, row=1, examples=(header[0][:60],), remedy=remedy))
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        remedy = "Rename or remove the repeated columns."
        raise InputError(
            Problem(
                "column names occur more than once",
                where=where,
                row=1,
                examples=tuple(repeated),
                remedy=remedy,
            )
        )

    patterns = pattern_names(names, where)
    if patterns is not None:
        raise InputError(patterns)


def pattern_names(names: Sequence[str], where: str) -> Problem | None:
    """Names that polars would take for several columns, as a problem of the first line."""
    patterns = tuple(name for name in names if is_pattern(name))
    if not patterns:
        return None
    remedy = "Rename or remove these columns: '*' and '^...$' are patterns, not names."
    what = "column names that stand for other columns"
    return Problem(what, where=where, row=1, examples=patterns, remedy=remedy)


def is_pattern(name: str) -> bool:
    """Whether polars would take a name for several columns.

    >>> is_pattern("*"), is_pattern("^a.*$"), is_pattern("a*")
    (True, True, False)
    """
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def plain_types(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """The columns of a typed file as those of a CSV could be: durations are seconds, bytes are text.

    Bytes that are no UTF-8 text are shown as hexadecimal digits; lists and records stay as they are.

    >>> import datetime as dt
    >>> odd = pl.DataFrame({"t": [dt.timedelta(seconds=2.5)], "b": [b"A"], "n": [None]})
    >>> plain_types(odd, "").rows()
    [(2.5, 'A', None)]
    """
    check_header(frame.columns, where)
    changed = []
    for series in frame:
        if series.dtype == pl.Duration:
            changed.append(series.dt.total_microseconds() / 1e6)
        elif series.dtype == pl.Binary:
            try:
                changed.append(series.cast(pl.String))
            except pl.exceptions.PolarsError:
                changed.append(series.bin.encode("hex"))
        elif series.dtype in (pl.Categorical, pl.Enum, pl.Null):
            changed.append(series.cast(pl.String))
        elif series.dtype == pl.Decimal:
            changed.append(series.cast(pl.Float64))
    return frame.with_columns(changed) if changed else frame


def columns_kept(frame: pl.DataFrame, names: Sequence[str], where: str) -> dict[int, str]:
    """Place -> name, without the empty columns that spreadsheets leave behind the last one."""
    kept = {
        place: name
        for place, name in enumerate(names)
        if name or frame.width == 1 or frame[:, place].null_count() < frame.height
    }
    unnamed = [place + 1 for place, name in kept.items() if not name]
    if len(unnamed) > 1:
        raise InputError(
            Problem(
                "columns hold values but have no name",
                where=where,
                row=1,
                examples=tuple(f"column {place}" for place in unnamed[:MAX_EXAMPLES]),
                remedy="Name them in the first line, or delete them.",
            )
        )
    return kept or dict(enumerate(names[:1]))
