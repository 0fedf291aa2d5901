"""The cells of a persons x items matrix scored: marks as they are, options with a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ciip_irt.arrays import MISSING, BoolArray, ScoreArray
from ciip_irt.bank import CREDIT_ALL, credited_options, offered
from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem, plural
from ciip_irt.records import result
from ciip_irt.responses.matrix import CellStatus
from ciip_irt.tables import AnyFrame, polars_frame

__all__ = ["MatrixScores", "scores_of_marks", "scores_of_options"]

Place = tuple[int, str, str]  # row, item, what stands there


@result
@dataclass(frozen=True, slots=True)
class MatrixScores:
    """Shape (N, J) each: scores, options chosen and states of the cells; keys by item, ``None`` for marks.

    ``canonical`` is what was read, in one form whatever it was read from: the record of the data.
    """

    scores: ScoreArray
    choices: ScoreArray
    statuses: NDArray[np.uint8]
    keys: tuple[str, ...] | None
    options: str | None
    canonical: pl.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def administered(self) -> BoolArray:
        return np.asarray(self.statuses != CellStatus.NOT_ADMINISTERED)

    def with_empty_wrong(self) -> "MatrixScores":
        """Empty cells as omitted answers: wrong, unless everyone is credited."""
        gone = ~self.administered
        credited = np.array([key == CREDIT_ALL for key in self.keys or ("",) * self.scores.shape[1]])
        return replace(
            self,
            scores=np.where(gone, credited.astype(np.int8), self.scores).astype(np.int8),
            statuses=np.where(gone, CellStatus.OMITTED, self.statuses).astype(np.uint8),
        )


def scores_of_marks(cells: pl.DataFrame) -> MatrixScores:
    """Marks 0 and 1; nothing, nan and -1 are empty.

    Raises
    ------
    InputError
        Other values: options (a key is missing), points above 1, codes for what is missing.
    """
    texts = [name for name in cells.columns if cells[name].dtype == pl.String]
    numbers = cells.with_columns(pl.col(texts).cast(pl.Float64, strict=False))
    words = [
        (int(row), name, str(cells[name][int(row)]))
        for name in texts
        for row in (cells[name].is_not_null() & numbers[name].is_null()).arg_true().head(MAX_EXAMPLES)
    ]
    if words:
        raise InputError(
            _no_marks(words, _count_words(cells, numbers, texts), "answers that are not numbers")
        )
    values = numbers.select(pl.all().cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    with np.errstate(invalid="ignore"):
        gone = np.isnan(values) | (values == MISSING)
        wrong = ~gone & (values != 0) & (values != 1)
    if wrong.any():
        raise InputError(_not_right_or_wrong(values, wrong, cells.columns))
    scores = np.where(gone, MISSING, np.nan_to_num(values)).astype(np.int8)
    canonical = pl.DataFrame(
        [pl.Series(name, scores[:, j]) for j, name in enumerate(cells.columns)]
    ).with_columns(pl.when(pl.all() >= 0).then(pl.all()))
    return MatrixScores(scores, scores.copy(), _statuses(gone), None, None, canonical)


def _count_words(cells: pl.DataFrame, numbers: pl.DataFrame, texts: Sequence[str]) -> int:
    return sum(int((cells[name].is_not_null() & numbers[name].is_null()).sum()) for name in texts)


def _no_marks(places: Sequence[Place], count: int, what: str) -> Problem:
    single = all(len(text) == 1 for _, _, text in places)
    remedy = (
        "Options need their key: response_matrix(X, key='ABCD...')."
        if single
        else "Where a column is no item, name those that are: response_matrix(X, items=[...])."
    )
    return Problem(f"{what} ({plural(count, 'cell')})", examples=_shown(places), remedy=remedy)


def _shown(places: Sequence[Place]) -> tuple[str, ...]:
    return tuple(f"row {row}, {name}: {text}" for row, name, text in places[:MAX_EXAMPLES])


def _not_right_or_wrong(values: NDArray[np.float64], wrong: BoolArray, names: Sequence[str]) -> Problem:
    found, counts = np.unique(values[wrong], return_counts=True)
    listed = ", ".join(
        f"{value:g} ({plural(int(n), 'cell')})"
        for value, n in list(zip(found, counts, strict=True))[:MAX_EXAMPLES]
    )
    places = [(int(i), names[j], f"{values[i, j]:g}") for i, j in np.argwhere(wrong)[:MAX_EXAMPLES]]
    whole = bool((found == np.rint(found)).all() and found.min() > 0)
    if not whole:
        remedy = "Right is 1, wrong is 0, nan does not count."
    else:
        remedy = (
            "Where that marks a missing answer, make it nan; options chosen need key=; points above 1 are"
            " calibrated by ci.irt.fit(X, 'gpcm')."
        )
    return Problem(f"cells that are neither 0 nor 1: {listed}", examples=_shown(places), remedy=remedy)


def scores_of_options(
    cells: pl.DataFrame, key: str | Sequence[str] | Mapping[str, str] | AnyFrame, options: str | None
) -> MatrixScores:
    """The options chosen, scored with their key; an answer that the item does not offer is invalid and wrong.

    Raises
    ------
    InputError
        A key that does not fit the items, or marks where options belong.
    """
    names = cells.columns
    keys = _keys(key, names)
    text = pl.DataFrame([_as_text(cells[name]) for name in names])
    seen = sorted({answer for name in names for answer in text[name].drop_nulls().unique()})
    letters = [part for one in keys if one != CREDIT_ALL for part in credited_options(one, "")]
    if seen and set(seen) <= {"0", "1"} and not set(letters) & {"0", "1"}:
        remedy = "Leave key out: the matrix is scored already."
        raise InputError(Problem("a key beside answers that are all 0 or 1", remedy=remedy))
    if letters and all(letter == letter.upper() for letter in letters):
        text = text.select(pl.all().str.to_uppercase())
        seen = sorted({answer.upper() for answer in seen})
    offers = options or offered(pl.Series(keys), [answer for answer in seen if len(answer) == 1])
    _require_offered(keys, names, offers)
    place = {letter: code for code, letter in enumerate(offers)}
    choices = np.column_stack(
        [
            text[name].replace_strict(place, default=-1, return_dtype=pl.Int8).fill_null(-1).to_numpy()
            for name in names
        ]
    ).astype(np.int8)
    gone = text.select(pl.all().is_null()).to_numpy()
    refused = ~gone & (choices < 0)
    credited = np.array([[letter in credited_options(one, offers) for letter in offers] for one in keys])
    right = np.where(choices >= 0, credited[np.arange(len(names)), np.maximum(choices, 0)], False)
    right |= np.array([one == CREDIT_ALL for one in keys])
    statuses = _statuses(gone)
    statuses[refused] = CellStatus.INVALID
    notes: tuple[str, ...] = ()
    if refused.any():
        examples = [f"{text[names[j]][int(i)]} ({names[j]})" for i, j in np.argwhere(refused)[:MAX_EXAMPLES]]
        notes = (
            f"{plural(int(refused.sum()), 'answer')} outside the options {offers}: {', '.join(examples)}."
            " They count as wrong; options= names what was offered, nan what was not answered.",
        )
    scores = np.where(gone, MISSING, right).astype(np.int8)
    return MatrixScores(scores, choices, statuses, tuple(keys), offers, text, notes)


def _keys(key: str | Sequence[str] | Mapping[str, str] | Any, names: Sequence[str]) -> list[str]:
    if hasattr(key, "columns"):
        table = polars_frame(key, "key")
        lacking = [name for name in ("item_id", "key") if name not in table.columns]
        if lacking:
            remedy = "Give columns item_id and key, or item -> option."
            raise InputError(Problem("a table of keys without its columns", examples=lacking, remedy=remedy))
        key = dict(table.select(pl.col("item_id", "key").cast(pl.String)).iter_rows())
    if isinstance(key, Mapping):
        lacking = [name for name in names if name not in key]
        if lacking:
            raise InputError(
                Problem(
                    f"{plural(len(lacking), 'item')} without a key",
                    examples=lacking,
                    remedy="Add them, or name the items in items=[...].",
                )
            )
        return [_one(key[name]) for name in names]
    given = list(key.replace(" ", "") if isinstance(key, str) else key)
    if len(given) != len(names):
        raise InputError(
            Problem(
                f"a key of {plural(len(given), 'option')} for {plural(len(names), 'item')}",
                examples=tuple(names),
                remedy="Give one option for each item, in the order of the columns, or item -> option.",
            )
        )
    return [_one(value) for value in given]


def _one(value: Any) -> str:
    """1 and 1.0 name the option 1."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value).strip()


def _require_offered(keys: Sequence[str], names: Sequence[str], offers: str) -> None:
    strange = [
        f"{name}: {key}"
        for name, key in zip(names, keys, strict=True)
        if key != CREDIT_ALL and not credited_options(key, offers) <= set(offers)
    ]
    if strange:
        raise InputError(
            Problem(
                f"keys that are none of the options {offers}",
                examples=strange,
                remedy="A key is one letter or digit, B|D for either of two, * for everyone.",
            )
        )


def _as_text(column: pl.Series) -> pl.Series:
    """The answers as text: numbers without decimals of zero, nothing and -1 and blanks as empty."""
    if column.dtype == pl.Boolean:
        column = column.cast(pl.Int8)
    if column.dtype.is_float():
        column = column.fill_nan(None)
        if (column == column.round()).all():
            column = column.cast(pl.Int64)
    text = column.cast(pl.String).str.strip_chars()
    return text.to_frame().select(pl.when(~pl.first().is_in(["", str(MISSING)])).then(pl.first())).to_series()


def _statuses(gone: BoolArray) -> NDArray[np.uint8]:
    return np.where(gone, CellStatus.NOT_ADMINISTERED, CellStatus.ANSWERED).astype(np.uint8)
