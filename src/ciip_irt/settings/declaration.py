"""A file of settings as data: sections of settings, each with its kind, its default and one sentence."""

from collections.abc import Collection, Container, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ciip_irt.settings.kinds import Kind

__all__ = ["Choice", "Contents", "Named", "Repeated", "Section", "Setting", "default_of"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes
    ----------
    kind
        What its value may be; a ``Section``, ``Repeated`` or ``Named`` holds further settings.
    doc
        What it means: one clause, for the schema and the documentation.
    required
        Whether it must be there. In a required section that is left out, its required settings are missing.
    default
        The value where it is left out, where the record of its section does not state one.
    remedy
        What to do where it is missing.
    attribute
        The name of the record's field, where it is not the setting's.
    formerly
        Its name in an earlier release, which is still read.
    """

    name: str
    kind: "Kind | Contents"
    doc: str = ""
    required: bool = False
    default: Any = None
    remedy: str = ""
    attribute: str = ""
    formerly: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of several groups of settings a section has: one of them exactly, or at least one.

    A group counts as there where any of its settings is. ``at`` is the setting that the message names.
    """

    groups: tuple[tuple[str, ...], ...]
    at: str
    what: str
    remedy: str = ""
    exactly_one: bool = True

    def holds(self, given: Collection[str]) -> bool:
        there = sum(any(name in given for name in group) for group in self.groups)
        return there == 1 if self.exactly_one else there >= 1

    def schema(self) -> dict[str, Any]:
        alternatives: list[dict[str, Any]] = []
        for group in self.groups:
            names: list[dict[str, Any]] = [{"required": [name]} for name in group]
            alternatives.append(names[0] if len(names) == 1 else {"anyOf": names})
        return {"oneOf" if self.exactly_one else "anyOf": alternatives}


@dataclass(frozen=True, slots=True)
class Section:
    """``[section]``: settings by name; ``record`` is the dataclass that it becomes, with its defaults."""

    settings: tuple[Setting, ...]
    record: type | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(setting.name for setting in self.settings)

    def written_as(self, setting: Setting, content: Container[str]) -> str:
        """The name under which a content has the setting: its own, unless only the former one is there."""
        former = setting.formerly
        return former if former and former in content and setting.name not in content else setting.name

    def __getitem__(self, name: str) -> Setting:
        return next(setting for setting in self.settings if setting.name == name)


@dataclass(frozen=True, slots=True)
class Repeated:
    """``[[section]]``, as often as wanted."""

    section: Section


@dataclass(frozen=True, slots=True)
class Named:
    """``[section]`` with keys that the reader names freely, or any of ``names``, and values of one kind."""

    of: "Kind | Section | Named"
    names: tuple[str, ...] = ()
    least: int = 0
    remedy: str = ""


Contents = Section | Repeated | Named


def default_of(setting: Setting, section: Section) -> Any:
    """The value where the setting is left out: stated with it, or by the field of the section's record."""
    if setting.default is not None or section.record is None:
        return setting.default
    return _record_defaults(section.record).get(setting.attribute or setting.name)


def _record_defaults(record: type) -> Mapping[str, Any]:
    defaults = {}
    for field in fields(record):
        if field.default is not MISSING:
            defaults[field.name] = field.default
        elif field.default_factory is not MISSING:
            defaults[field.name] = field.default_factory()
    return defaults
