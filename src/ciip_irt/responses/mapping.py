"""The column mapping: a TOML file that says how a log of any layout becomes the canonical table.

``docs/reading-logs.md`` explains every key with a worked example.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.tables import RESPONSES

__all__ = [
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
SECONDS_PER_UNIT = MappingProxyType({"seconds": 1.0, "milliseconds": 0.001, "minutes": 60.0})
COLUMNS = (*RESPONSES.names, "score")
"""What ``[columns]`` may name: the canonical columns, and the 0/1 score of the source as a cross-check."""
RESERVED = (*RESPONSES.names, "total", "n_scored", "n_pilot", "person")
"""Names that an attribute of a candidate cannot have."""
COUNTED = "counted"
"""``position = "counted"``: the place among the questions that this candidate was given, in order."""
RECODABLE = ("response", "status", "role", "item_id")


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
    ciip_irt.errors.InputError: map.toml: unknown key 'fromat'. Did you mean 'format'?
    map.toml: [columns]: unknown key 'item'. Did you mean 'item_id'?
    map.toml: 'format' is missing. Say one of: long, wide, vendor-wide.
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
        problems: list[Problem] = []

        def wrong(what: str, remedy: str = "") -> None:
            problems.append(Problem(what, where=where, remedy=remedy))

        mapping = _parsed(data, where, wrong)
        _check_layout(mapping, wrong)
        if problems:
            raise InputError(problems)
        return mapping

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
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(reason, where=str(path), remedy="Check the path of the mapping.")) from None
    except UnicodeDecodeError:
        raise InputError(Problem("not UTF-8 text", where=str(path), remedy="Save it as UTF-8.")) from None
    except tomllib.TOMLDecodeError as error:
        remedy = 'A value is written key = "value", a section [name].'
        raise InputError(Problem(f"not a TOML file: {error}", where=str(path), remedy=remedy)) from None
    return ColumnMapping.from_dict(data, where=str(path))


Wrong = Callable[..., None]
TOP = (
    "format", "delimiter", "encoding", "item_columns", "conflicting_duplicates", "time_unit",
    "time_stamp_format", "columns", "constants", "candidates", "questions", "key_file", "missing", "recode",
    "table", "key",
)  # fmt: skip
CHOICES = {
    "format": FORMATS,
    "conflicting_duplicates": ("first", "last"),
    "time_unit": tuple(SECONDS_PER_UNIT),
}


def _parsed(data: Mapping[str, Any], where: str, wrong: Wrong) -> ColumnMapping:
    _unknown(data, TOP, "", wrong)
    plain: dict[str, Any] = {}
    for key in TOP[:7]:
        if key == "item_columns" and _is_list_of(data.get(key), str):
            plain[key] = tuple(data[key])
        elif key in data:
            plain[key] = _text(data, key, "", wrong, CHOICES.get(key, ()))
    delimiter = plain.get("delimiter")
    if delimiter is not None and len(delimiter) != 1:
        wrong(f"'delimiter' is {delimiter!r}", 'Give one character: ",", ";", "|" or "\\t".')
    columns = _texts(_section(data, "columns", wrong), "[columns]", wrong, COLUMNS)
    constants = _texts(_section(data, "constants", wrong), "[constants]", wrong, RESPONSES.names)
    both = sorted(set(columns) & set(constants))
    if both:
        wrong(f"named in [columns] and in [constants]: {', '.join(both)}", "Keep one of the two.")
    candidates = (
        _texts(_section(data, "candidates", wrong), "[candidates]", wrong) if "candidates" in data else None
    )
    reserved = sorted(set(candidates or ()) & set(RESERVED))
    if reserved:
        remedy = "Give the attribute another name; columns of the log itself belong into [columns]."
        wrong(f"[candidates] uses reserved names: {', '.join(reserved)}", remedy)
    recode = _section(data, "recode", wrong)
    _unknown(recode, RECODABLE, "[recode]", wrong)
    return ColumnMapping(
        **{key: value for key, value in plain.items() if value is not None},
        columns=MappingProxyType(columns),
        constants=MappingProxyType(constants),
        candidates=None if candidates is None else MappingProxyType(candidates),
        questions=_questions(data.get("questions", []), wrong),
        key_file=_key_file(data, wrong),
        missing=_missing(_section(data, "missing", wrong), wrong),
        recode=MappingProxyType(
            {
                name: MappingProxyType(_texts(_section(recode, name, wrong), f"[recode.{name}]", wrong))
                for name in RECODABLE
                if name in recode
            }
        ),
        table=_place(data, "table", TablePlace, wrong),
        key=_place(data, "key", KeyPlace, wrong),
        where=where,
    )


PLACES: Mapping[str, type] = MappingProxyType(
    {"header_row": int, "row_at": int, "rows_apart": str, "rows_apart_at": int}
)
"""What the settings of ``[table]`` and ``[key]`` hold that are not a text; the last two are lists."""


def _place(data: Mapping[str, Any], name: str, kind: Callable[..., Any], wrong: Wrong) -> Any:
    """The section ``[table]`` or ``[key]`` as its record; ``None`` where the file has none."""
    if name not in data:
        return None
    section = _section(data, name, wrong)
    _unknown(section, kind.__slots__, f"[{name}]", wrong)  # type: ignore[attr-defined]
    found: dict[str, Any] = {}
    for key, value in section.items():
        if key.startswith("rows_apart"):
            if _is_list_of(value, PLACES[key]):
                found[key] = tuple(value)
            else:
                wrong(f"[{name}]: {key} = {value!r} is not a list", 'Write ["KEY"], or [2, 64].')
        elif key in PLACES:
            if type(value) is int and value >= 0:
                found[key] = value
            else:
                wrong(f"[{name}]: {key} = {value!r} is not the number of a row", "Rows count from 1.")
        elif key in kind.__slots__:  # type: ignore[attr-defined]
            found[key] = _text(section, key, f"[{name}]", wrong)
    return kind(**found)


def _check_layout(mapping: ColumnMapping, wrong: Wrong) -> None:
    if mapping.format is None:
        wrong("'format' is missing", f"Say one of: {', '.join(FORMATS)}.")
        return
    if mapping.format == "vendor-wide":
        if not mapping.questions:
            wrong("a vendor-wide mapping needs [[questions]]", "See docs/reading-logs.md.")
        for questions in mapping.questions:
            if questions.item_id is None and mapping.key_file is None:
                wrong(
                    f"[[questions]] {questions.first} to {questions.last} do not say which items they are",
                    'Give item_id = "F1_{n:03}", or a [key_file].',
                )
        ranges = [set(questions.numbers) for questions in mapping.questions]
        if sum(map(len, ranges)) != len(set().union(*ranges)):
            wrong("the numbers of two [[questions]] overlap", "Every question belongs to one block.")
    elif mapping.questions or mapping.key_file:
        named = "[[questions]]" if mapping.questions else "[key_file]"
        wrong(f"{named} belongs to format = 'vendor-wide', not to {mapping.format!r}")
    if mapping.item_columns is not None and mapping.format != "wide":
        wrong(f"'item_columns' belongs to format = 'wide', not to {mapping.format!r}")
    cells = ("item_id", "response", "position", "time_s", "status", "role", "score")
    inside = [name for name in cells if name in mapping.columns]
    if mapping.format != "long" and inside:
        place = "[[questions]]" if mapping.format == "vendor-wide" else "the item columns"
        wrong(
            f"[columns] names {', '.join(inside)}, which a {mapping.format} file has once per item in {place}"
        )


def _questions(given: Any, wrong: Wrong) -> tuple[Questions, ...]:
    if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
        wrong("'questions' is not a list of tables", "Write [[questions]] with two brackets.")
        return ()
    known = ("numbers", "response", "item_id", "time_s", "score", "position", "role")
    found = []
    for number, table in enumerate(given, start=1):
        place = f"[[questions]] no. {number}"
        _unknown(table, known, place, wrong)
        bounds = table.get("numbers")
        if not (_is_list_of(bounds, int) and len(bounds) == 2 and 0 <= bounds[0] <= bounds[1]):
            wrong(f"{place}: 'numbers' is {bounds!r}", "Give the first and the last number: [1, 200].")
            bounds = [1, 1]
        texts = {key: _text(table, key, place, wrong) for key in known[1:] if key in table}
        for key in ("response", "item_id", "time_s", "score", "position"):
            pattern = texts.get(key)
            if pattern is None or (key == "position" and pattern == COUNTED):
                continue
            if not _is_pattern(pattern, single=bounds[0] == bounds[1]):
                wrong(
                    f"{place}: {key} = {pattern!r} is not a pattern in {{n}}", 'Write "iraw.{n}" or "{n:03}".'
                )
                texts[key] = None
        if "response" not in table:
            wrong(f"{place}: 'response' is missing", 'Name the response columns, as in "iraw.{n}".')
        if texts.get("role") not in (None, "scored", "pilot"):
            wrong(f"{place}: role = {texts['role']!r}", "Say scored or pilot.")
        found.append(Questions(bounds[0], bounds[1], **{"response": "{n}", **_given(texts)}))
    return tuple(found)


def _key_file(data: Mapping[str, Any], wrong: Wrong) -> KeyFile | None:
    if "key_file" not in data:
        return None
    table = _section(data, "key_file", wrong)
    _unknown(table, ("path", "number", "item_id", "role", "form_id"), "[key_file]", wrong)
    texts = {key: _text(table, key, "[key_file]", wrong) for key in table}
    absent = [key for key in ("path", "number", "item_id") if texts.get(key) is None]
    if absent:
        wrong(
            f"[key_file] lacks {', '.join(absent)}", "Give the file, its number column and its item column."
        )
        return None
    return KeyFile(**{key: texts.get(key) for key in KeyFile.__slots__})  # type: ignore[arg-type]


def _missing(table: Mapping[str, Any], wrong: Wrong) -> MissingCodes:
    _unknown(table, MissingCodes.__slots__, "[missing]", wrong)
    values: dict[str, Any] = {}
    for kind in KINDS_OF_BLANK:
        codes = table.get(kind, [])
        if not _is_list_of(codes, str):
            wrong(f"[missing]: {kind} = {codes!r} is not a list of texts", 'Write ["9"], with the quotes.')
            codes = []
        values[kind] = tuple(codes)
    for key in ("blank", "blank_without_time"):
        if key in table:
            values[key] = _text(table, key, "[missing]", wrong, KINDS_OF_BLANK)
    codes = [code for kind in KINDS_OF_BLANK for code in values[kind]]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        wrong(f"[missing]: codes have two meanings: {', '.join(map(repr, twice))}", "Keep one of them.")
    if "" in codes:
        wrong("[missing]: '' is not a code", 'Say blank = "omitted" for empty cells.')
    return MissingCodes(**values)


def _section(data: Mapping[str, Any], name: str, wrong: Wrong) -> Mapping[str, Any]:
    table = data.get(name, {})
    if isinstance(table, Mapping):
        return table
    wrong(f"{name!r} is not a section", f"Write [{name}] and the keys below it.")
    return {}


def _text(
    table: Mapping[str, Any], key: str, place: str, wrong: Wrong, allowed: tuple[str, ...] = ()
) -> str | None:
    value = table[key]
    shown = f"{place + ': ' if place else ''}{key} = {value!r}"
    if not isinstance(value, str):
        wrong(f"{shown} is not a text", "Put it in double quotes.")
        return None
    if allowed and value not in allowed:
        wrong(f"{shown} is not known", f"Say one of: {', '.join(allowed)}.")
        return None
    return value


def _texts(
    table: Mapping[str, Any], place: str, wrong: Wrong, known: tuple[str, ...] | None = None
) -> dict[str, str]:
    if known is not None:
        _unknown(table, known, place, wrong)
    return _given({key: _text(table, key, place, wrong) for key in table})


def _given(texts: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in texts.items() if value is not None}


def _unknown(table: Mapping[str, Any], known: Iterable[str], place: str, wrong: Wrong) -> None:
    known = tuple(known)
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known, "Known are")
            wrong(f"{place + ': ' if place else ''}unknown key {key!r}", hint)


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(type(element) is kind for element in value)


def _is_pattern(pattern: str, single: bool) -> bool:
    """Whether it has a place for n; a block of a single question may name its columns outright."""
    try:
        return pattern.format(n=1) != pattern.format(n=2) or single
    except (IndexError, KeyError, ValueError, AttributeError, TypeError):
        return False
