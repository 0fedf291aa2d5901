"""The column mapping: a TOML file that says how a log of any layout becomes the canonical table.

``docs/reading-logs.md`` explains every key with a worked example.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

from ciip_irt.settings import (
    AnyOf,
    ListOf,
    Named,
    Range,
    Repeated,
    Section,
    Setting,
    Table,
    Text,
    Whole,
    file_text,
    read_settings,
    read_values,
    shown,
)
from ciip_irt.tables import RESPONSES

__all__ = [
    "MAPPING",
    "ColumnMapping",
    "KeyFile",
    "KeyPlace",
    "MissingCodes",
    "Questions",
    "TablePlace",
    "read_mapping",
]

FORMATS = ("long", "wide", "vendor-wide")
KINDS_OF_BLANK = ("omitted", "not_reached", "invalid", "not_administered")
# by definition
SECONDS_PER_UNIT = MappingProxyType({"seconds": 1.0, "milliseconds": 0.001, "minutes": 60.0})
COLUMNS = (*RESPONSES.names, "score")
"""What ``[columns]`` may name: the canonical columns, and the 0/1 score of the source as a cross-check."""
RESERVED = (*RESPONSES.names, "total", "n_scored", "n_pilot", "person")
"""Names that an attribute of a candidate cannot have."""
COUNTED = "counted"
"""``position = "counted"``: the place among the questions that this candidate was given, in order."""
RECODABLE = ("response", "status", "role", "item_id", "score")


@dataclass(frozen=True, slots=True)
class MissingCodes:
    """Which cells hold no answer, and why.

    ``omitted``, ``not_reached``, ``invalid`` and ``not_administered`` are codes in the response column;
    ``blank`` is what an empty cell means, ``blank_without_time`` what it means where the time is empty too.
    """

    omitted: tuple[str, ...] = ()
    not_reached: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    not_administered: tuple[str, ...] = ()
    blank: str | None = None
    blank_without_time: str | None = None


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions ``first`` to ``last`` of a vendor-wide file: their columns as patterns in ``{n}``."""

    first: int
    last: int
    response: str
    item_id: str | None = None
    time_s: str | None = None
    score: str | None = None
    position: str | None = None
    role: str | None = None

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)

    def named(self, pattern: str) -> list[str]:
        """The pattern filled in for every question.

        >>> Questions(9, 11, "iraw.{n}").named("F1_{n:03}")
        ['F1_009', 'F1_010', 'F1_011']
        """
        return [pattern.format(n=n) for n in self.numbers]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A table that says which item question ``number`` is, in every form or form by form."""

    path: str
    number: str
    item_id: str
    role: str | None = None
    form_id: str | None = None


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where in the file the table stands, and which of its rows are not candidates.

    ``header_row`` counts from 1; 0 says that there is none, and the columns are called ``column 1``, ...
    ``rows_apart`` are the words that rows begin with which are not candidates (``KEY``, ``Total correct``),
    ``rows_apart_at`` numbers of further ones. ``answers`` is ``marks`` where the cells hold 0 and 1.
    ``string`` is the column that holds all answers of a person in one text, one character per item of
    ``item_columns``. ``exporter`` is the program whose own layout is taken apart first (``EXPORTERS``).
    """

    exporter: str | None = None
    string: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    rows_apart: tuple[str, ...] = ()
    rows_apart_at: tuple[int, ...] = ()
    decimal: str | None = None
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the key stands: in a row of the log (by its first words or its number), in columns of the log
    (a pattern in ``{n}``, or one column of a long log), or in a table of its own (a sheet, or a file beside
    the log) with one row per item.
    """

    row: str | None = None
    row_at: int | None = None
    columns: str | None = None
    sheet: str | None = None
    file: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How a log becomes the canonical table. Every part has a default that changes nothing.

    >>> mapping = ColumnMapping.from_dict({"format": "long", "columns": {"time_s": "seconds"}})
    >>> mapping.format, dict(mapping.columns)
    ('long', {'time_s': 'seconds'})
    >>> ColumnMapping.from_dict({"fromat": "long", "columns": {"item": "Q"}}, where="map.toml")
    Traceback (most recent call last):
    ciip_irt.errors.InputError: map.toml: fromat: unknown key. Did you mean 'format'?
    map.toml: format: is missing. Say one of: long, wide, vendor-wide.
    map.toml: [columns] item: unknown key. Did you mean 'item_id'?
    """

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    item_columns: str | tuple[str, ...] | None = None
    conflicting_duplicates: str = "first"
    time_unit: str = "seconds"
    time_stamp_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    candidates: Mapping[str, str] | None = None
    questions: tuple[Questions, ...] = ()
    key_file: KeyFile | None = None
    missing: MissingCodes = MissingCodes()
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    table: TablePlace | None = None
    key: KeyPlace | None = None
    where: str = "mapping"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "mapping") -> "ColumnMapping":
        """The mapping in a parsed TOML file.

        Raises
        ------
        InputError
            Unknown keys (with the nearest known one), wrong types, contradictions; everything at once.
        """
        return _mapping(read_values(data, where, MAPPING), where)

    @property
    def seconds_per_unit(self) -> float:
        return SECONDS_PER_UNIT[self.time_unit]


def read_mapping(path: Path | str) -> ColumnMapping:
    """The column mapping in a TOML file.

    Raises
    ------
    InputError
        The file cannot be read, is not TOML, or says something that a mapping cannot say.
    """
    text = file_text(path, kind="mapping")
    return _mapping(read_settings(text, str(path), MAPPING), str(path))


MOST_QUESTIONS = (
    9999  # numbers of questions; a form has hundreds, and each number becomes columns to look for
)
WORD = Text(blank=True)
ROW = Whole(0)  # counted from 1; 0 says that there is none
WORDS = ListOf(WORD, "texts", remedy='Write ["9"], with the quotes.')
KIND_OF_BLANK = Text(choices=KINDS_OF_BLANK)
MAPPING = Section(
    (
        Setting(
            "format", Text(choices=FORMATS), "how answers stand in the file", required=True,
            remedy=f"Say one of: {', '.join(FORMATS)}.",
        ),
        Setting("delimiter", Text(pattern=r"[\s\S]", blank=True, called="one character",
                                  remedy='Such as ",", ";", "|" or "\\t".'), "between cells"),
        Setting("encoding", Text(), "of the file, such as cp1252"),
        Setting("item_columns", AnyOf((WORD, ListOf(WORD, "texts")), "text or a list of texts"),
                'of a wide file: a pattern of its item columns, such as "Q*", or their names'),
        Setting("conflicting_duplicates", Text(choices=("first", "last")),
                "which of two different answers to the same question stands"),
        Setting("time_unit", Text(choices=tuple(SECONDS_PER_UNIT)), "unit of the response times"),
        Setting("time_stamp_format", WORD, "how time stamps are written, such as %d.%m.%Y %H:%M"),
        Setting("columns", Named(WORD, names=COLUMNS), "canonical column = column of the file"),
        Setting("constants", Named(WORD, names=RESPONSES.names), "canonical column = its value in every row"),
        Setting("candidates", Named(WORD), "attribute of the candidate = column of the file"),
        Setting("questions", Repeated(Section((
            Setting("numbers", Range(0, MOST_QUESTIONS), "first and last number", required=True,
                    remedy="Give the first and the last number: [1, 200]."),
            Setting("response", WORD, "response columns", required=True,
                    remedy='Name the response columns, as in "iraw.{n}".'),
            Setting("item_id", WORD, "item of question {n}"),
            Setting("time_s", WORD, "columns of response times"),
            Setting("score", WORD, "columns of scores"),
            Setting("position", WORD, f'columns of positions, or "{COUNTED}"'),
            Setting("role", Text(choices=("scored", "pilot")), "of all these questions"),
        ))), "of a vendor-wide file: blocks of questions, columns as patterns in {n}"),
        Setting("key_file", Section((
            Setting("path", Text(), "table that says which item question n is", required=True),
            Setting("number", Text(), "its column of numbers", required=True),
            Setting("item_id", Text(), "its column of items", required=True),
            Setting("role", Text(), "its column of roles"),
            Setting("form_id", Text(), "its column of forms"),
        ), record=KeyFile), "of a vendor-wide file: which item each question is"),
        Setting("missing", Section((
            *(Setting(kind, WORDS, f"codes of the response column: {kind}") for kind in KINDS_OF_BLANK),
            Setting("blank", KIND_OF_BLANK, "what an empty cell means"),
            Setting("blank_without_time", KIND_OF_BLANK, "what it means where the time is empty too"),
        ), record=MissingCodes), "which cells hold no answer, and why"),
        Setting("recode", Named(Named(WORD), names=RECODABLE), "value of the file = its meaning"),
        Setting("table", Section((
            Setting("exporter", WORD, "program whose own layout is taken apart first"),
            Setting("string", WORD, "column that holds all answers of a person in one text"),
            Setting("sheet", WORD, "sheet of a workbook"),
            Setting("header_row", ROW, "row of the column names, counted from 1; 0: there is none"),
            Setting("rows_apart", ListOf(WORD, "texts", remedy='Write ["KEY"].'),
                    "words that rows begin with which are not candidates"),
            Setting("rows_apart_at", ListOf(ROW, "row numbers", remedy="Write [2, 64]."),
                    "numbers of further rows that are not candidates"),
            Setting("decimal", WORD, "decimal mark of the numbers"),
            Setting("answers", WORD, "marks: the cells hold 0 and 1"),
        ), record=TablePlace), "where in the file the table stands"),
        Setting("key", Section((
            Setting("row", WORD, "first words of the row of the log that holds the key"),
            Setting("row_at", ROW, "its number"),
            Setting("columns", WORD, "columns of the log that hold it"),
            Setting("sheet", WORD, "sheet with one row per item"),
            Setting("file", WORD, "file with one row per item, beside the mapping file or the log"),
            Setting("text", WORD, "the key itself"),
        ), record=KeyPlace), "where the key stands"),
    )
)  # fmt: skip
"""What a mapping may say."""


def _mapping(told: Table, where: str) -> ColumnMapping:
    both = sorted(set(told["columns"]) & set(told["constants"]))
    if both:
        told.wrong("constants", f"named in [columns] and in [constants]: {', '.join(both)}",
                   "Keep one of the two.")  # fmt: skip
    reserved = sorted(set(told["candidates"]) & set(RESERVED))
    if reserved:
        remedy = "Give the attribute another name; columns of the log itself belong into [columns]."
        told.wrong("candidates", f"uses reserved names: {', '.join(reserved)}", remedy)
    _check_codes(told["missing"])
    for questions in told["questions"]:
        _check_patterns(questions)
    if told.sound("format") and told["format"] is not None:
        _check_layout(told)
    told.finish()
    plain = ("format", "delimiter", "encoding", "item_columns", "conflicting_duplicates", "time_unit",
             "time_stamp_format")  # fmt: skip
    return ColumnMapping(
        **{name: told[name] for name in plain if name in told.given},
        columns=MappingProxyType(told["columns"]),
        constants=MappingProxyType(told["constants"]),
        candidates=MappingProxyType(told["candidates"]) if "candidates" in told.given else None,
        questions=tuple(_questions(table) for table in told["questions"]),
        key_file=told["key_file"].record() if "key_file" in told.given else None,
        missing=told["missing"].record(),
        recode=MappingProxyType(
            {name: MappingProxyType(meanings) for name, meanings in told["recode"].items()}
        ),
        table=told["table"].record() if "table" in told.given else None,
        key=told["key"].record() if "key" in told.given else None,
        where=where,
    )


def _questions(table: Table) -> Questions:
    first, last = table["numbers"]
    rest = {name: value for name, value in table.written().items() if name != "numbers"}
    return Questions(first, last, **rest)


def _check_codes(missing: Table) -> None:
    codes = [code for kind in KINDS_OF_BLANK for code in missing[kind]]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        kind = next(kind for kind in reversed(KINDS_OF_BLANK) if twice[0] in missing[kind])
        missing.wrong(kind, f"codes have two meanings: {', '.join(map(repr, twice))}", "Keep one of them.")
    if "" in codes:
        kind = next(kind for kind in KINDS_OF_BLANK if "" in missing[kind])
        missing.wrong(kind, "'' is not a code", 'Say blank = "omitted" for empty cells.')


def _check_patterns(questions: Table) -> None:
    if not questions.sound("numbers"):
        return
    first, last = questions["numbers"]
    for key in ("response", "item_id", "time_s", "score", "position"):
        pattern = questions[key]
        if pattern is None or (key == "position" and pattern == COUNTED):
            continue
        if not _is_pattern(pattern, single=first == last):
            questions.wrong(
                key, f"{shown(pattern)} is not a pattern in {{n}}", 'Write "iraw.{n}" or "{n:03}".'
            )


def _check_layout(told: Table) -> None:
    layout, blocks = told["format"], told["questions"]
    if layout == "vendor-wide":
        if not blocks and told.sound("questions"):
            told.wrong("format", "a vendor-wide mapping needs [[questions]]", "See docs/reading-logs.md.")
        _check_blocks(blocks, with_key_file="key_file" in told.given)
    else:
        for name, written in (("questions", "[[questions]]"), ("key_file", "[key_file]")):
            if name in told.given:
                told.wrong(name, f"{written} belongs to format = 'vendor-wide', not to {layout!r}")
    if "item_columns" in told.given and layout != "wide":
        told.wrong("item_columns", f"belongs to format = 'wide', not to {layout!r}")
    cells = ("item_id", "response", "position", "time_s", "status", "role", "score")
    inside = [name for name in cells if name in told["columns"]]
    if layout != "long" and inside:
        place = "[[questions]]" if layout == "vendor-wide" else "the item columns"
        told.wrong(
            "columns", f"names {', '.join(inside)}, which a {layout} file has once per item in {place}"
        )


def _check_blocks(blocks: tuple[Table, ...], *, with_key_file: bool) -> None:
    """Whether every question is one item, and of one block."""
    so_far: set[int] = set()
    for questions in blocks:
        if not questions.sound("numbers"):
            continue
        first, last = questions["numbers"]
        if "item_id" not in questions.given and not with_key_file:
            questions.wrong(
                "item_id", f"questions {first} to {last} do not say which items they are",
                'Give item_id = "F1_{n:03}", or a [key_file].',
            )  # fmt: skip
        numbers = set(range(first, last + 1))
        if numbers & so_far:
            questions.wrong("numbers", "the numbers of two [[questions]] overlap",
                            "Every question belongs to one block.")  # fmt: skip
        so_far |= numbers


def _is_pattern(pattern: str, single: bool) -> bool:
    """Whether it has a place for n, alone or with a width; a single question may name columns outright."""
    try:
        places = [place for place in Formatter().parse(pattern) if place[1] is not None]
    except ValueError:
        return False
    plain = all(
        name == "n" and conversion is None and re.fullmatch(r"0?\d{0,2}d?", spec or "", re.ASCII)
        for _, name, spec, conversion in places
    )
    return plain and (bool(places) or single)
