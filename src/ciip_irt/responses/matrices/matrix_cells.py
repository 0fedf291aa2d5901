"""Arrays and frames of answers taken apart: rows by person, columns by item, what else is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ciip_irt.errors import InputError, Problem, did_you_mean, plural
from ciip_irt.tables import AnyFrame, is_personal, meaning_of, polars_frame

__all__ = ["GivenMatrix", "given_matrix"]

PERSON_NAMES = ("candidate_id", "delivery_id")  # meanings of a column that says whose row it is
RESERVED = (
    "delivery_id",
    "candidate_id",
    "form_id",
    "attempt",
    "delivered_at",
    "total",
    "n_scored",
    "n_pilot",
)


@dataclass(frozen=True, slots=True)
class GivenMatrix:
    """Cells with a column for each item, the persons' ids, and what else is known of them."""

    cells: pl.DataFrame
    persons: tuple[str, ...]
    attributes: pl.DataFrame
    notes: tuple[str, ...]


def given_matrix(
    X: AnyFrame | ArrayLike,
    items: Sequence[str] | None,
    persons: str | Sequence[Any] | None,
    attributes: Mapping[str, Sequence[Any]] | None,
) -> GivenMatrix:
    """A matrix of any make taken apart.

    Raises
    ------
    InputError
        Not persons x items; names that do not fit, are not there or stand twice.
    """
    kept = pl.DataFrame()
    if _is_frame(X):
        frame = polars_frame(X, "the matrix")  # type: ignore[arg-type]
        _refuse_log(frame)
        own = _person_column(frame, items, persons)
        names = [name for name in frame.columns if name != own] if items is None else _known(frame, items)
        cells = frame.select(names)
        rest = [
            name for name in frame.columns if name not in (*names, own, *RESERVED) and not is_personal(name)
        ]
        kept = frame.select(rest)
        ids = frame[own] if own else _index_of(X) if persons is None else persons
    else:
        cells, ids = _array_frame(X, items), persons  # type: ignore[arg-type]
        if isinstance(persons, str):
            remedy = "Give N ids; an array has no column names."
            raise InputError(Problem(f"persons = {persons!r} beside an array", remedy=remedy))
    if not cells.height or not cells.width:
        raise InputError(
            Problem(f"no answers: {_shape(cells.height, cells.width)}", remedy="Give at least one of each.")
        )
    given = _with_attributes(kept, attributes, cells.height)
    return GivenMatrix(cells, _person_ids(ids, cells.height), given, tuple(_turned(cells)))


def _shape(n_persons: int, n_items: int) -> str:
    return f"{plural(n_persons, 'person')} x {plural(n_items, 'item')}"


def _is_frame(X: object) -> bool:
    return isinstance(X, pl.DataFrame | pl.LazyFrame) or hasattr(X, "columns")


def _refuse_log(frame: pl.DataFrame) -> None:
    meanings = {meaning_of(name) for name in frame.columns}
    if {"item_id", "response"} <= meanings:
        raise InputError(
            Problem(
                "this is a log, a row for each answer, and not a matrix of persons x items",
                examples=tuple(frame.columns),
                remedy="Score it with its items: score(log, bank); or make a matrix of it:"
                " log.pivot(on='item_id', index='candidate_id', values='response').",
            )
        )


def _person_column(
    frame: pl.DataFrame, items: Sequence[str] | None, persons: str | Sequence[Any] | None
) -> str | None:
    if isinstance(persons, str):
        return _known(frame, [persons])[0]
    if persons is not None:
        return None
    named = [name for name in frame.columns if name not in (items or ()) and meaning_of(name) in PERSON_NAMES]
    return named[0] if named else None


def _known(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    if isinstance(names, str):
        names = [names]
    asked = [str(name) for name in names]
    unknown = [name for name in asked if name not in frame.columns]
    if unknown:
        remedy = did_you_mean(unknown[0], frame.columns, "It has")
        raise InputError(Problem("columns that the matrix lacks", examples=unknown, remedy=remedy))
    _require_unique("items", asked, "Name every column once.")
    return asked


def _index_of(X: Any) -> Sequence[Any] | None:
    """A pandas index that names rows; one that counts them does not."""
    index = getattr(X, "index", None)
    if index is None or not hasattr(index, "tolist") or type(index).__name__ == "RangeIndex":
        return None
    values = index.tolist()
    return values if all(isinstance(value, str) for value in values) else None


def _array_frame(X: ArrayLike, items: Sequence[str] | None) -> pl.DataFrame:
    try:
        values = X if isinstance(X, np.ndarray) else np.asarray(X)
    except ValueError:
        remedy = "Every person needs a cell for every item; leave it nan where nothing was answered."
        raise InputError(Problem("rows of different lengths, not persons x items", remedy=remedy)) from None
    if values.ndim != 2:
        what = f"shape {values.shape}" if values.ndim else f"not an array but {type(X).__name__}"
        raise InputError(
            Problem(
                f"answers must be persons x items, a row for each person; this is {what}",
                remedy="Give a two-dimensional array or a frame of polars, pandas or pyarrow.",
            )
        )
    n_persons, n_items = values.shape
    width = len(str(n_items))
    names = [f"I{j + 1:0{width}d}" for j in range(n_items)] if items is None else [str(one) for one in items]
    if len(names) != n_items:
        raise InputError(
            Problem(
                f"{plural(len(names), 'name')} for {_shape(n_persons, n_items)}",
                remedy="Give a name for each column.",
            )
        )
    _require_unique("items", names, "Names are the items' ids.")
    return pl.DataFrame([_column(name, values[:, j]) for j, name in enumerate(names)])


def _column(name: str, values: Any) -> pl.Series:
    """Masked cells and every kind of nothing are null."""
    hidden = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    if plain.dtype.kind in "biuf":
        column = pl.Series(name, np.ascontiguousarray(plain))
        if plain.dtype.kind == "f":
            column = column.fill_nan(None)
    else:
        texts = [None if _is_nothing(value) else value for value in plain.tolist()]
        numeric = all(isinstance(value, bool | int | float) for value in texts if value is not None)
        column = pl.Series(
            name,
            [None if v is None else float(v) if numeric else str(v) for v in texts],
            dtype=pl.Float64 if numeric else pl.String,
        )
    if not hidden.any():
        return column
    return pl.Series(
        name, [None if gone else v for v, gone in zip(column, hidden, strict=True)], column.dtype
    )


def _is_nothing(value: Any) -> bool:
    """None, nan, and what pandas has for them; its NA is equal to nothing and not unequal either."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _person_ids(ids: Any, n: int) -> tuple[str, ...]:
    if ids is None:
        width = len(str(n))
        return tuple(f"P{i + 1:0{width}d}" for i in range(n))
    given = list(ids)
    if len(given) != n:
        raise InputError(
            Problem(f"{plural(len(given), 'id')} for {plural(n, 'person')}", remedy="Give one each.")
        )
    nothing = [i for i, value in enumerate(given) if _is_nothing(value)]
    if nothing:
        raise InputError(
            Problem(
                f"{plural(len(nothing), 'person')} without an id",
                examples=[f"row {i}" for i in nothing],
                remedy="Give every person an id, or none (persons left out counts them).",
            )
        )
    names = [str(value) for value in given]
    _require_unique("persons", names, "A row is a sitting: give every one an id of its own.")
    return tuple(names)


def _require_unique(what: str, names: Sequence[str], remedy: str) -> None:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    twice = [name for name, n in seen.items() if n > 1]
    if twice:
        raise InputError(Problem(f"{what} that stand more than once", examples=twice, remedy=remedy))


def _with_attributes(
    kept: pl.DataFrame, attributes: Mapping[str, Sequence[Any]] | None, n: int
) -> pl.DataFrame:
    added = {name: kept[name] for name in kept.columns}
    for name, values in (attributes or {}).items():
        if len(values) != n:
            what = f"attribute {name!r} has {plural(len(values), 'value')} for {plural(n, 'person')}"
            raise InputError(Problem(what, remedy="Give one each."))
        if name in RESERVED:
            remedy = f"Call it otherwise than {', '.join(RESERVED)}."
            raise InputError(Problem(f"an attribute called {name!r}", remedy=remedy))
        added[name] = _column(name, np.asarray(values, dtype=object))
    return pl.DataFrame(list(added.values()))


def _turned(cells: pl.DataFrame) -> list[str]:
    """A matrix of more items than persons is more often a transposed one."""
    if cells.width <= cells.height:
        return []
    return [
        f"{_shape(cells.height, cells.width)}: more items than persons. Rows are persons; where they"
        " are items, give X.T."
    ]
