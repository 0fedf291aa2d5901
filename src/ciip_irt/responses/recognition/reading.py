"""How a file is read: the mapping, the key where the file has one, and every decision in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from ciip_irt.records import result
from ciip_irt.responses.mapping import ColumnMapping, KeyPlace, MissingCodes, Questions, TablePlace
from ciip_irt.responses.recognition.rows import RowApart

__all__ = ["Reading", "mapping_text"]

AT_MOST = 12  # lines: what a person reads before the results


@result
@dataclass(frozen=True, slots=True)
class Reading:
    """What was recognised in one file.

    Attributes
    ----------
    file
        Its name.
    mapping
        The same as a mapping file: with it the file is read without recognition.
    items
        The key found in the file as a table of items; ``None`` where there is none.
    said
        One line per decision, with what was seen.
    apart
        Rows that are not candidates.
    cautions
        What could be a fault of the file.
    hint
        Where no key was found: which row could be it.
    """

    file: str
    mapping: ColumnMapping
    items: pl.DataFrame | None
    said: tuple[str, ...]
    apart: tuple[RowApart, ...] = ()
    cautions: tuple[str, ...] = ()
    hint: str = ""

    def summary(self) -> str:
        """At most a dozen lines."""
        lines = [f"How {self.file} was read:", *(f"  {line}" for line in self.said)]
        if len(lines) > AT_MOST:
            lines = [*lines[: AT_MOST - 1], f"  ... and {len(lines) - AT_MOST + 1} more in the mapping file."]
        return "\n".join(lines)


def mapping_text(reading: Reading) -> str:
    """The mapping as the TOML file that ``read_mapping`` reads back to the same mapping."""
    mapping = reading.mapping
    lines = [f"# How {reading.file} was read; give it back with --mapping.", *_comments(reading.said)]
    plain = ("format", "delimiter", "encoding", "time_unit", "time_stamp_format", "item_columns")
    defaults = ColumnMapping()
    for name in plain:
        value = getattr(mapping, name)
        if value is not None and value != getattr(defaults, name):
            lines.append(f"{name} = {_value(value)}")
    for section in ("columns", "constants"):
        lines += _section(section, getattr(mapping, section))
    if mapping.candidates is not None:
        lines += ["", "[candidates]", *_pairs(mapping.candidates)]
    for name, kind in (("table", TablePlace), ("key", KeyPlace), ("missing", MissingCodes)):
        record = getattr(mapping, name)
        if record is not None:
            given = {field.name: getattr(record, field.name) for field in fields(kind)}
            lines += _section(name, {key: value for key, value in given.items() if value not in (None, ())})
    for name, table in mapping.recode.items():
        lines += _section(f"recode.{name}", table)
    for block in mapping.questions:
        lines += ["", "[[questions]]", f"numbers = [{block.first}, {block.last}]", *_block(block)]
    return "\n".join(lines) + "\n"


def _comments(said: tuple[str, ...]) -> list[str]:
    return ["# " + " ".join(line.split()) for line in said]


def _section(name: str, values: Mapping[str, Any]) -> list[str]:
    return ["", f"[{name}]", *_pairs(values)] if values else []


def _pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in values.items()]


def _block(block: Questions) -> list[str]:
    names = ("response", "item_id", "time_s", "score", "position", "role")
    return [f"{name} = {_value(value)}" for name in names if (value := getattr(block, name)) is not None]


def _key(key: str) -> str:
    return key if key.replace("_", "a").isascii() and key.replace("_", "a").isalnum() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        # a JSON text is a TOML basic string, but for DEL, which TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
