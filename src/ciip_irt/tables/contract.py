"""What a table must look like, and everything in which a given table does not.

A ``Table`` is a value: columns and rules. ``examine`` reports all failures at once and keeps the failing
rows apart; ``validate`` raises them as one ``TableError``. Columns that the contract does not name pass
through untouched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, Problem, TableError
from ciip_irt.tables.header import pattern_names

__all__ = [
    "FIRST_ROW",
    "SIGNIFICANT_DIGITS",
    "Column",
    "Examined",
    "RowRule",
    "Table",
    "may_be_absent",
    "may_be_empty",
]

FIRST_ROW = 2  # of a file, as people count: the header is row 1
SIGNIFICANT_DIGITS = 8  # of numbers in files: more than any estimate has, fewer than rounding errors touch
Check = tuple[str, str, pl.Expr, pl.Expr, str, str]
"""Column, rule, where rows in their types break it, what of the file to show, what is wrong, the remedy."""
MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "#N/A")
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type and range.

    ``required`` means that the column must be there, ``nullable`` that its cells may be empty, ``personal``
    that it tells one candidate or delivery from another: no page shows it.
    """

    name: str
    dtype: type[pl.DataType]
    meaning: str = ""
    required: bool = True
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    personal: bool = False


def may_be_empty(
    name: str,
    dtype: type[pl.DataType],
    meaning: str,
    *,
    allowed: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    """A column that is always there and has cells without a value."""
    return Column(
        name, dtype, meaning, nullable=True, allowed=allowed, minimum=minimum, maximum=maximum
    )  # fmt: skip


def may_be_absent(
    name: str,
    dtype: type[pl.DataType],
    meaning: str,
    *,
    allowed: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    personal: bool = False,
) -> Column:
    """A column that a table may lack; where it is there, cells may be empty."""
    return Column(name, dtype, meaning, False, True, allowed, minimum, maximum, personal)


@dataclass(frozen=True, slots=True)
class RowRule:
    """A named polars expression that is true where a row breaks the rule.

    ``needs`` are the columns it reads (it is skipped where one is absent), ``shows`` the column whose
    values serve as examples.
    """

    name: str
    broken: pl.Expr
    message: str
    remedy: str
    needs: tuple[str, ...]
    shows: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A table after examination.

    ``rows`` holds the rows without a failure, in their canonical types; ``failures`` one line per failing
    row and rule (``row, column, rule, value``); ``problems`` the same in words, one per rule.
    """

    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    failures: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Table:
    """The contract of one table.

    ``meaning`` says in a sentence what one row is, ``more`` what columns may follow those of the contract:
    where it is empty, none do in what this program writes.

    >>> columns = (Column("name", pl.String), Column("age", pl.Int64, minimum=0))
    >>> PEOPLE = Table("people", columns, key=("name",))
    >>> PEOPLE.validate(pl.DataFrame({"name": ["Ann"], "age": ["41"]})).to_dicts()
    [{'name': 'Ann', 'age': 41}]
    >>> PEOPLE.validate(pl.DataFrame({"name": ["Ann", "Ann"], "age": ["41", "x"]}), where="people.csv")
    Traceback (most recent call last):
    ciip_irt.errors.TableError: people.csv:3: column 'age' holds text where a whole number is expected \
(1 row, e.g. 'x'). Correct the cells, or leave them empty if the value is unknown.
    people.csv:3: the same name occurs more than once (1 row, e.g. 'Ann'). Keep one row for each name.
    """

    name: str
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...] = ()
    key: tuple[str, ...] = ()
    allow_empty: bool = False
    meaning: str = ""
    more: str = ""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    @property
    def schema(self) -> dict[str, type[pl.DataType]]:
        """The type of every column, in the order of the contract."""
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """A frame with the contract's columns and no rows."""
        return pl.DataFrame(schema=self.schema)

    def frame(self, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> pl.DataFrame:
        """The table with these rows, or these columns, in the types of the contract; NaN becomes empty.

        >>> table = Table("sizes", (Column("name", pl.String), Column("size", pl.Float64, nullable=True)))
        >>> table.frame([{"name": "a", "size": 1}, {"size": float("nan"), "name": "b"}]).rows()
        [('a', 1.0), ('b', None)]
        """
        content: Any = rows
        return pl.DataFrame(content, schema=self.schema).with_columns(pl.col(pl.Float64).fill_nan(None))

    def differences(self, frame: pl.DataFrame) -> list[str]:
        """How a frame that this program made departs from the contract, in words; nothing if it keeps it.

        Names, order and types of the columns count, and which cells may be empty.

        >>> table = Table("sizes", (Column("name", pl.String), Column("size", pl.Float64)))
        >>> table.differences(pl.DataFrame({"name": ["a"], "colour": ["red"]}))
        ["column 'size' is missing", "column 'colour' is not in the contract"]
        >>> table.differences(pl.DataFrame({"size": [1], "name": ["a"]}))
        ['the columns are size, name, in the contract name, size', "column 'size' is Int64, not Float64"]
        """
        here = [column for column in self.columns if column.name in frame.columns]
        found = [
            f"column {column.name!r} is missing"
            for column in self.columns
            if column.required and column not in here
        ]
        extra = [name for name in frame.columns if name not in self.names]
        if not self.more:
            found += [f"column {name!r} is not in the contract" for name in extra]
        ours, theirs = [c.name for c in here], [name for name in frame.columns if name not in extra]
        if ours != theirs:
            found.append(f"the columns are {', '.join(theirs)}, in the contract {', '.join(ours)}")
        found += [
            f"column {column.name!r} is {frame.schema[column.name]}, not {column.dtype.__name__}"
            for column in here
            if frame.schema[column.name] != column.dtype
        ]
        if not found and frame.height:
            found += [str(problem) for problem in self.examine(frame).problems]
        return found

    def lenient(self, needed: Sequence[str] = ()) -> "Table":
        """The contract for a reader who shows what there is: only the columns ``needed`` must be there."""
        columns = tuple(
            replace(column, required=column.name in needed, nullable=column.name not in needed, allowed=())
            for column in self.columns
        )
        return Table(self.name, columns, allow_empty=True, meaning=self.meaning, more=self.more)

    def without_persons(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame as a page may show it: where a column tells persons apart, the contract's others only.

        >>> table = Table("marks", (Column("who", pl.String, personal=True), Column("mark", pl.Int64)))
        >>> table.without_persons(pl.DataFrame({"who": ["Ann"], "mark": [3], "name": ["Ann"]})).columns
        ['mark']
        """
        if not any(column.personal for column in self.columns):
            return frame
        return frame.select(c.name for c in self.columns if not c.personal and c.name in frame.columns)

    def validate(self, frame: pl.DataFrame, where: str = "") -> pl.DataFrame:
        """The frame in canonical types, or every failure at once.

        Raises
        ------
        TableError
            Naming for each failing rule the first row, the number of rows, examples and the remedy.
        """
        examined = self.examine(frame, where)
        if examined.problems:
            raise TableError(examined.problems)
        return examined.rows

    def examine(self, frame: pl.DataFrame, where: str = "") -> Examined:
        """The good rows, and all that is wrong with the others.

        A column that is missing, or a table without rows, leaves nothing to keep: then no row is good.
        A row without a single value is not a row.
        """
        where = where or self.name
        frame = _trimmed(frame)
        blank = (
            frame.select(pl.all_horizontal(pl.all().is_null()).alias("blank")).to_series().head(frame.height)
        )
        structural = self._structural_problems(frame, where, bool(blank.all()))
        canonical, checks = self._checks(frame)
        problems, failures, bad = list(structural), [], blank
        # one call for all: what polars asks for a call is more than most tables take
        breaks = canonical.select(
            broken.fill_null(False).alias(f"{k}") for k, (_, _, broken, *_) in enumerate(checks)
        )
        for broken, (name, rule_name, _, values, message, remedy) in zip(
            breaks.iter_columns(), checks, strict=True
        ):
            broken &= ~blank  # rows emptied in a spreadsheet are not rows
            if not broken.any():
                continue
            at, shown = broken.arg_true(), frame.select(values).to_series()
            problems.append(
                Problem(
                    message,
                    where=where,
                    row=int(at[0]) + FIRST_ROW,
                    count=len(at),
                    examples=_examples(shown.gather(at)),
                    remedy=remedy,
                )
            )
            failures.append(
                pl.DataFrame(
                    {
                        "row": at.cast(pl.Int64) + FIRST_ROW,
                        "column": pl.repeat(name, len(at), eager=True),
                        "rule": pl.repeat(rule_name, len(at), eager=True),
                        "value": shown.gather(at).cast(pl.String),
                    }
                )
            )
            bad = bad | broken
        schema = {"row": pl.Int64, "column": pl.String, "rule": pl.String, "value": pl.String}
        failed = pl.concat(failures) if failures else pl.DataFrame(schema=schema)
        known = [name for name in self.names if name in canonical.columns]
        extra = [name for name in canonical.columns if name not in self.names]
        rows = canonical.select(known + extra).filter(~bad)
        return Examined(rows.clear() if structural else rows, tuple(problems), failed.sort("row"))

    def _checks(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Check]]:
        """The frame in canonical types, and where it breaks what is asked of columns, rows and the key."""
        here = [column for column in self.columns if column.name in frame.columns]
        absent = [c for c in self.columns if c.name not in frame.columns and not c.required]
        told, canonical = _cast(frame, here)
        canonical = canonical.with_columns(pl.lit(None, dtype=c.dtype()).alias(c.name) for c in absent)
        checks: list[Check] = []
        for column in here:
            checks += _column_checks(column, told[column.name], canonical[column.name])
        present = set(frame.columns)
        for rule in self.rules:
            if present.issuperset(rule.needs):
                checks.append(
                    (rule.shows, rule.name, rule.broken, pl.col(rule.shows), rule.message, rule.remedy)
                )
        if self.key and present.issuperset(self.key) and frame.height:
            what = " and ".join(self.key)
            shown = pl.concat_str(self.key, separator=" / ", ignore_nulls=True)
            checks.append(
                (self.key[0], "unique", ~pl.struct(self.key).is_first_distinct(), shown,
                 f"the same {what} occurs more than once", f"Keep one row for each {what}.")
            )  # fmt: skip
        return canonical, checks

    def _structural_problems(self, frame: pl.DataFrame, where: str, empty: bool) -> list[Problem]:
        required = [column.name for column in self.columns if column.required]
        missing = [name for name in required if name not in frame.columns]
        present = (", ".join(frame.columns[:12]) or "none") + (", ..." if frame.width > 12 else "")
        lowered = {name.lower().strip(): name for name in frame.columns}
        near = {name: get_close_matches(name, lowered, n=1, cutoff=0.7) for name in missing}
        if len(missing) > max(1, len(required) / 2) and not any(near.values()):
            what = f"not a table of {self.name.replace('_', ' ')}: it has no columns {', '.join(missing)}"
            remedy = "Is this the right file? Give the one that has these columns."
            return [Problem(f"{what}; its columns are {present}", where=where, row=1, remedy=remedy)]
        problems = [
            Problem(
                f"column {name!r} is missing; the columns are {present}",
                where=where,
                row=1,
                remedy=f"Is it {lowered[near[name][0]]!r}? Rename it." if near[name] else "Add it.",
            )
            for name in missing
        ]
        if (patterns := pattern_names(frame.columns, where)) is not None:
            problems.append(patterns)
        if not problems and empty and not self.allow_empty:
            problems.append(
                Problem(
                    "there is a header but not a single row",
                    where=where,
                    remedy="Export it again with its data.",
                )
            )
        return problems


def _trimmed(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(pl.when(text != "").then(text))


def _cast(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame without words for "missing", and in the types of the columns, null where unreadable."""
    told, numbers, values = [], [], []
    for column in columns:
        cell, dtype, given = pl.col(column.name), column.dtype, frame.schema[column.name]
        if given in (dtype, pl.Null) or dtype == pl.String:
            values.append(cell.cast(dtype))
            continue
        if given == pl.String:
            told.append(pl.when(~cell.is_in(MISSING_WORDS)).then(cell))
        if dtype == pl.Boolean and given == pl.String:
            lowered = cell.str.to_lowercase()
            values.append(lowered.replace_strict(TRUTH, default=None, return_dtype=pl.Boolean))
        elif dtype.is_integer() and given in (pl.String, pl.Float64, pl.Float32):
            numbers.append(cell.cast(pl.Float64, strict=False))
            is_whole = cell.is_finite() & (cell == cell.floor())
            values.append(pl.when(is_whole).then(cell.cast(dtype, strict=False)))
        elif dtype.is_float():
            numbers.append(cell.cast(dtype, strict=False))
            values.append(pl.when(cell.is_finite()).then(cell))
        else:
            values.append(cell.cast(dtype, strict=False))
    frame = frame.with_columns(told)
    return frame, frame.with_columns(numbers).with_columns(values)


def _column_checks(column: Column, told: pl.Series, values: pl.Series) -> list[Check]:
    """What is asked of one column; what counts alone show to be kept is not asked."""
    checks: list[Check] = []
    quoted = f"column {column.name!r}"
    cell = pl.col(column.name)

    def add(rule: str, broken: pl.Expr, message: str, remedy: str) -> None:
        checks.append((column.name, rule, broken, cell, message, remedy))

    unreadable = pl.lit(False)
    if values.null_count() > told.null_count():
        unreadable = pl.lit(told.is_not_null()) & cell.is_null()
        add(
            "type", unreadable, f"{quoted} holds text where {_kind(column.dtype)} is expected",
            "Correct the cells, or leave them empty if the value is unknown."
            + (" Decimals need a point, not a comma." if column.dtype.is_float() else ""),
        )  # fmt: skip
    if not column.nullable and values.null_count():
        add("present", cell.is_null() & ~unreadable, f"{quoted} is empty", "Every row needs a value here.")
    if column.allowed:
        words = ", ".join(column.allowed)
        add(
            "allowed", ~cell.is_in(column.allowed) & cell.is_not_null(),
            f"{quoted} has a value outside {words}", f"Use one of: {words}.",
        )  # fmt: skip
    if column.minimum is not None:
        add("minimum", cell < column.minimum, f"{quoted} is below {column.minimum:g}", "Correct the cells.")
    if column.maximum is not None:
        add("maximum", cell > column.maximum, f"{quoted} is above {column.maximum:g}", "Correct the cells.")
    return checks


def _kind(dtype: type[pl.DataType]) -> str:
    if dtype == pl.Boolean:
        return "true or false"
    return "a whole number" if dtype.is_integer() else "a number" if dtype.is_numeric() else "a date and time"


def _examples(values: pl.Series) -> Sequence[str]:
    distinct: list[Any] = values.drop_nulls().unique(maintain_order=True).head(MAX_EXAMPLES).to_list()
    return tuple(str(value) for value in distinct)
