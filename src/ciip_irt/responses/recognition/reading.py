"""How a file is read: the mapping, the key where the file has one, and every decision in words."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from ciip_irt.records import result
from ciip_irt.responses.mapping import ColumnMapping
from ciip_irt.responses.recognition.rows import RowApart

__all__ = ["Reading", "mapping_text"]

PLAIN = ("format", "delimiter", "encoding", "time_unit", "time_stamp_format", "item_columns")
"""Settings of a mapping file that belong to no section."""
OF_QUESTIONS = ("response", "item_id", "time_s", "score", "position", "role")
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
    # Imported here: a log is read without the package that writes TOML.
    from ciip_irt.settings.writing import toml_text

    mapping, defaults = reading.mapping, ColumnMapping()
    settings = {name: getattr(mapping, name) for name in PLAIN}
    settings = {name: value for name, value in settings.items() if value != getattr(defaults, name)}
    sections = {
        "columns": mapping.columns,
        "constants": mapping.constants,
        "candidates": mapping.candidates,
        **{name: _given(getattr(mapping, name)) for name in ("table", "key", "missing")},
        "recode": mapping.recode,
        "questions": [
            {"numbers": [block.first, block.last]} | {name: getattr(block, name) for name in OF_QUESTIONS}
            for block in mapping.questions
        ],
    }
    # An empty [candidates] says that the log has none; where it is left out, they are looked for.
    kept = {name: one for name, one in sections.items() if one or (name == "candidates" and one is not None)}
    comments = (f"How {reading.file} was read; give it back with --mapping.", *reading.said)
    return toml_text(_without_none(settings | kept), comments)


def _given(record: Any) -> dict[str, Any]:
    """The fields of a record that say something."""
    if record is None:
        return {}
    given = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: value for name, value in given.items() if value not in (None, ())}


def _without_none(value: Any) -> Any:
    """Plain lists and dicts, without what is not given."""
    if isinstance(value, Mapping):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list | tuple) else value
