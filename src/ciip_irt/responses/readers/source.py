"""What every reader takes and gives, and the steps they share: lines, columns, text cells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.mapping import RESERVED, ColumnMapping

__all__ = [
    "LINE",
    "ReadLog",
    "Reader",
    "Source",
    "absent_columns",
    "attribute_name",
    "attributes_of",
    "canonical_columns",
    "finished_rows",
    "source_lines",
    "text",
    "with_delivery_ids",
    "with_form",
]

LINE = "__line__"
FIRST_LINE = 2  # of the answers: the header is line 1
ONLY_FORM = "form"
ROWS = {
    "row": pl.Int64, "candidate_id": pl.String, "delivery_id": pl.String, "attempt": pl.String,
    "form_id": pl.String, "item_id": pl.String, "position": None, "response": pl.String,
    "status": pl.String, "time_s": None, "delivered_at": pl.String, "role": pl.String, "score": None,
}  # fmt: skip
NUMBERS = ("position", "time_s", "score")


@dataclass(frozen=True, slots=True)
class Source:
    """One log file as it came: its lines as text, the mapping, the item ids known (empty without a bank)."""

    frame: pl.DataFrame
    where: str
    path: Path
    mapping: ColumnMapping
    item_ids: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    """The number of each row in the file, where rows were left out; else they count from the header on."""

    @property
    def name(self) -> str:
        """The file without its folder, for notes that must be the same on every machine."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class ReadLog:
    """One log file in canonical columns, not yet examined.

    Attributes
    ----------
    rows
        One row per administered item: ``row`` (line in the file, header = 1), the canonical columns
        and ``score``, as text or as the source's numbers.
    deliveries
        ``delivery_id, candidate_id`` and attributes; every delivery of the file, also one without rows.
    lines
        Lines with data, repeated headers included.
    blank_lines, not_administered
        What was passed over: empty lines; cells or rows that say the item was not administered.
    repeated_headers
        Lines that repeat the header.
    notes
        What the reader decided, in words.
    """

    rows: pl.DataFrame
    deliveries: pl.DataFrame
    lines: int
    blank_lines: int
    not_administered: int
    repeated_headers: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One log format: its name, how it looks in words, whether columns look like it, and the reading."""

    name: str
    looks: str
    fits: Callable[[Sequence[str], Sequence[str]], bool]
    read: Callable[[Source], ReadLog]


def source_lines(source: Source) -> tuple[pl.DataFrame, int, tuple[int, ...], list[str]]:
    """The lines with their numbers; how many were empty; which repeat the header; notes.

    Raises
    ------
    InputError
        There is a header but not a single line with data.
    """
    frame, notes = source.frame, []
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    if nested:
        frame = frame.drop(nested)
        notes.append(f"{source.name}: nested columns are not read: {', '.join(nested)}.")
    names = frame.columns
    if LINE in names:
        remedy = "Rename or remove it: the lines of the file are counted under this name."
        raise InputError(Problem(f"a column is named {LINE!r}", where=source.where, row=1, remedy=remedy))
    numbers = pl.Series(LINE, source.lines or range(FIRST_LINE, FIRST_LINE + frame.height), dtype=pl.Int64)
    lines = frame.select(numbers, pl.all())
    filled = lines
    if names and lines[names[0]].null_count():
        filled = lines.filter(~pl.all_horizontal(pl.col(names).is_null()))
    blank = lines.height - filled.height
    repeated: tuple[int, ...] = ()
    first = names[0] if names else ""
    if names and frame.schema[first] == pl.String and (filled[first] == first).any():
        is_header = pl.all_horizontal(
            pl.col(name).cast(pl.String).str.strip_chars().eq(name).fill_null(True) for name in names
        )
        repeated = tuple(filled.filter(is_header)[LINE])
        filled = filled.filter(~is_header)
    if not filled.height:
        raise InputError(
            Problem(
                "there is a header but not a single row",
                where=source.where,
                remedy="Export it again with its data.",
            )
        )
    return filled, blank, repeated, notes


def absent_columns(
    needed: Iterable[tuple[str, str]], present: Sequence[str], source: Source
) -> list[Problem]:
    """One problem for each column that is needed (name, what for) and absent."""
    present = [name for name in present if name != LINE]
    lowered = {name.lower(): name for name in present}
    shown = ", ".join(present[:12]) + (", ..." if len(present) > 12 else "")
    problems = []
    for name, purpose in needed:
        if name in present:
            continue
        near = get_close_matches(name.lower(), lowered, n=1, cutoff=0.7)
        if purpose:
            remedy = f"Did you mean {lowered[near[0]]!r}?" if near else f"Correct {source.mapping.where}."
            what = f"column {name!r} is missing, which {source.mapping.where} names for {purpose}"
        else:
            hint = f"Is it {lowered[near[0]]!r}? Rename it" if near else "Add it"
            remedy = f"{hint}, or say in a mapping file which column it is (docs/reading-logs.md)."
            what = f"column {name!r} is missing"
        problems.append(Problem(f"{what}; the columns are {shown}", source.where, row=1, remedy=remedy))
    return problems


def canonical_columns(
    source: Source, lines: pl.DataFrame, names: Sequence[str], required: Sequence[str]
) -> tuple[pl.DataFrame, set[str]]:
    """``row`` and those canonical columns of ``names`` that the file or the mapping provides, as text.

    Also the columns of the file that were used.

    Raises
    ------
    InputError
        A required column that neither provides; a column that the mapping names and the file lacks.
    """
    mapping, present = source.mapping, lines.columns
    named = {name: mapping.columns[name] for name in names if name in mapping.columns}
    for name in names:
        if name not in {**named, **mapping.constants} and name in present and name != "score":
            named[name] = name
    wanted = [(column, name) for name, column in named.items() if name in mapping.columns]
    wanted += [(column, f"the attribute {name!r}") for name, column in (mapping.candidates or {}).items()]
    needed = [(name, "") for name in required if name not in named and name not in mapping.constants]
    if problems := absent_columns([*wanted, *needed], present, source):
        raise InputError(problems)
    series = [text(lines[column], name in NUMBERS).alias(name) for name, column in named.items()]
    constants = [
        pl.repeat(mapping.constants[name], lines.height, dtype=pl.String, eager=True).alias(name)
        for name in names
        if name in mapping.constants
    ]
    return pl.DataFrame([lines[LINE].alias("row"), *series, *constants]), set(named.values())


def text(series: pl.Series, keep_numbers: bool = False) -> pl.Series:
    """A column as trimmed text (numbers stay numbers where asked); empty cells are null.

    >>> text(pl.Series([1.0, None, 3.0])).to_list(), text(pl.Series([" a", " "])).to_list()
    (['1', None, '3'], ['a', None])
    """
    if series.dtype.is_numeric():
        if keep_numbers:
            return series
        if series.dtype.is_float() and (series.drop_nulls() % 1 == 0).all():
            series = series.cast(pl.Int64, strict=False)
        return series.cast(pl.String)
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return series.dt.to_string("iso:strict")
    trimmed = series.cast(pl.String).str.strip_chars()
    empty = trimmed == ""
    return trimmed.set(empty, None) if empty.any() else trimmed


def with_form(frame: pl.DataFrame, source: Source) -> tuple[pl.DataFrame, list[str]]:
    """``form_id`` where the file has none: all deliveries are of one form."""
    if "form_id" in frame.columns:
        return frame, []
    said = f"{source.name}: no column 'form_id'; every delivery counts as form {ONLY_FORM!r}."
    return frame.with_columns(form_id=pl.lit(ONLY_FORM)), [said]


def with_delivery_ids(frame: pl.DataFrame, source: Source) -> tuple[pl.DataFrame, list[str]]:
    """``delivery_id`` where the file has none: the candidate, with the attempt where there is one."""
    if "delivery_id" in frame.columns:
        return frame, []
    if "attempt" in frame.columns:
        made = pl.concat_str("candidate_id", pl.coalesce("attempt", pl.lit("?")), separator="/")
        said = "candidate and attempt"
    else:
        made, said = pl.col("candidate_id"), "the candidate (one sitting each)"
    return frame.with_columns(delivery_id=made), [
        f"{source.name}: no column 'delivery_id'; a delivery is told by {said}."
    ]


def attributes_of(source: Source, lines: pl.DataFrame, used: Iterable[str]) -> list[pl.Series]:
    """The candidate attributes, line by line: those the mapping names, or every column not used otherwise."""
    mapping = source.mapping
    if mapping.candidates is not None:
        return [text(lines[column]).alias(name) for name, column in mapping.candidates.items()]
    taken = {*used, LINE}
    return [text(lines[name]).alias(attribute_name(name)) for name in lines.columns if name not in taken]


def attribute_name(name: str) -> str:
    """The name under which a column of the source becomes an attribute: reserved names are marked.

    >>> attribute_name("country"), attribute_name("total")
    ('country', 'source_total')
    """
    return f"source_{name}" if name in RESERVED else name


def finished_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every canonical column there, in order."""
    return rows.select(
        pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype or pl.Float64).alias(name)
        for name, dtype in ROWS.items()
    )
