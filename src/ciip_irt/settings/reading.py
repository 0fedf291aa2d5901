"""A TOML text read by its declaration: values of the declared kinds, everything wrong at once, by line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.settings.declaration import Contents, Named, Repeated, Section, Setting, default_of
from ciip_irt.settings.kinds import Kind, UnfitError, shown
from ciip_irt.settings.lines import Path, line_of, lines_of

__all__ = ["Table", "read_settings", "read_values"]


class Table(Mapping[str, Any]):
    """A section as it was read: values by setting, with the defaults of what is left out.

    A section within is a ``Table``, ``[[sections]]`` are a tuple of them, and what a reader names freely is a
    dict. A value that was wrong has been noted and is the default here. ``given`` are the settings written,
    ``written_as`` the names under which they are, or would be: a former name is read too.
    """

    __slots__ = ("_reading", "_section", "_values", "_wrong", "given", "path", "written_as")

    def __init__(self, reading: "_Reading", section: Section, path: Path, content: Mapping[str, Any]) -> None:
        self._reading = reading
        self._section = section
        self._values: dict[str, Any] = {}
        self._wrong: set[str] = set()
        self.path = path
        self.written_as = {setting.name: section.written_as(setting, content) for setting in section.settings}
        self.given = frozenset(name for name, key in self.written_as.items() if key in content)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def wrong(self, name: str, what: str, remedy: str = "") -> None:
        """Note what is wrong with a setting of this section."""
        self._wrong.add(name)
        self._reading.wrong((*self.path, self.written_as.get(name, name)), what, remedy)

    def sound(self, *names: str) -> bool:
        """Whether nothing was wrong with these settings so far (without names: with any of the section)."""
        return not self._wrong & set(names) if names else not self._wrong

    def written(self) -> dict[str, Any]:
        """The settings that are written and sound, by their names in the record."""
        return {
            setting.attribute or setting.name: self._values[setting.name]
            for setting in self._section.settings
            if setting.name in self.given and setting.name not in self._wrong
        }

    def record(self, **more: Any) -> Any:
        """The section's record: what is written, ``more``, and the record's own defaults."""
        assert self._section.record is not None
        return self._section.record(**{**self.written(), **more})

    def finish(self) -> None:
        """Raise what was noted, in the order of the file.

        Raises
        ------
        InputError
            Something was wrong (the error class that the reading was begun with).
        """
        self._reading.finish()


def read_settings(text: str, where: str, section: Section, error: type[InputError] = InputError) -> Table:
    """The settings of a TOML text; call ``finish`` on them when everything has been looked at.

    Raises
    ------
    InputError
        The text is not TOML.

    >>> from ciip_irt.settings import Number, Section, Setting
    >>> settings = read_settings("lwo = 2", "limits.toml", Section((Setting("low", Number(0)),)))
    >>> settings.finish()
    Traceback (most recent call last):
    ciip_irt.errors.InputError: limits.toml:1: lwo: unknown key. Did you mean 'low'?
    """
    content = _parsed(text, where, error)
    return _Reading(where, lines_of(text), error).table(section, content, ())


def read_values(
    values: Mapping[str, Any], where: str, section: Section, error: type[InputError] = InputError
) -> Table:
    """The same for settings that come as a mapping and have no lines."""
    return _Reading(where, {}, error).table(section, values, ())


def _parsed(text: str, where: str, error: type[InputError]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        row = int(line[1]) if line else text.count("\n") + 1
        remedy = 'A value is written key = "value", a section [name].'
        raise error(Problem(f"not valid TOML: {fault}", where=where, row=row, remedy=remedy)) from None
    except RecursionError:
        brackets = [len(re.findall(r"[\[{]", line)) for line in text.splitlines()]
        row = brackets.index(max(brackets)) + 1
        remedy = "No setting needs more than four levels."
        raise error(
            Problem("brackets within brackets, too deep", where=where, row=row, remedy=remedy)
        ) from None
    except ValueError:  # a whole number of more digits than Python reads
        long = max(re.finditer(r"[0-9_]+", text), key=lambda digits: len(digits[0]), default=None)
        row = 1 if long is None else text.count("\n", 0, long.start()) + 1
        raise error(Problem("a number has too many digits", where=where, row=row)) from None


class _Reading:
    """One pass over a file: what is wrong is noted, and raised together."""

    def __init__(self, where: str, lines: Mapping[Path, int], error: type[InputError]) -> None:
        self.where = where
        self.lines = lines
        self.error = error
        self.problems: list[Problem] = []

    def wrong(self, path: Path, what: str, remedy: str = "") -> None:
        *section, key = path
        place = " ".join(part for part in (_heading(tuple(section)), _written(key)) if part)
        row = line_of(path, self.lines)
        self.problems.append(Problem(f"{place}: {what}", where=self.where, row=row, remedy=remedy))

    def finish(self) -> None:
        if self.problems:
            raise self.error(sorted(self.problems, key=lambda problem: problem.row or inf))

    def table(self, section: Section, content: Mapping[str, Any], path: Path, *, there: bool = True) -> Table:
        """The settings of a section; ``there`` is false where it is left out and may be."""
        table = Table(self, section, path, content)
        former = {setting.formerly: setting.name for setting in section.settings if setting.formerly}
        for key in content:
            if key in former and former[key] in content:
                remedy = "Keep one of the two lines."
                self.wrong((*path, key), f"is the former name of {former[key]}, which is there too", remedy)
            elif key not in table.written_as.values():
                self.unknown((*path, key), section.names)
        for setting in section.settings:
            table._values[setting.name] = self.setting(table, setting, section, content, there=there)
        if there:
            for choice in section.choices:
                if not choice.holds(table.given):
                    table.wrong(choice.at, choice.what, choice.remedy)
        return table

    def setting(
        self, table: Table, setting: Setting, section: Section, content: Mapping[str, Any], *, there: bool
    ) -> Any:
        key = table.written_as[setting.name]
        path, value = (*table.path, key), content.get(key)
        if value is None and setting.required and there and not isinstance(setting.kind, Section):
            table.wrong(setting.name, "is missing", setting.remedy)
        if isinstance(setting.kind, Section | Repeated | Named):
            before = len(self.problems)
            inner = self.contents(setting.kind, value, path, required=setting.required and there)
            if len(self.problems) > before:
                table._wrong.add(setting.name)
            return inner
        if value is None:
            return default_of(setting, section)
        found = self.value(setting.kind, value, path)
        if found is None:
            table._wrong.add(setting.name)
            return default_of(setting, section)
        return found

    def contents(self, contents: Contents, value: Any, path: Path, *, required: bool) -> Any:
        there = value is not None
        if isinstance(contents, Section):
            return self.section(contents, value, path, there=there or required)
        if isinstance(contents, Repeated):
            return self.repeated(contents, value if there else [], path)
        return self.named(contents, value if there else {}, path, there=there)

    def section(self, section: Section, value: Any, path: Path, *, there: bool) -> Table:
        if value is not None and not isinstance(value, Mapping):
            remedy = f"Write {_heading(path)} and its keys below it."
            self.wrong(path, f"must be a section, not {shown(value)}", remedy)
            value, there = None, False
        return self.table(section, value or {}, path, there=there)

    def repeated(self, repeated: Repeated, value: Any, path: Path) -> tuple[Table, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(entry, Mapping) for entry in value):
            remedy = f"Write [{_heading(path)}] for each, with two brackets."
            self.wrong(path, f"must be a list of sections, not {shown(value)}", remedy)
            return ()
        return tuple(self.table(repeated.section, entry, (*path, place)) for place, entry in enumerate(value))

    def named(self, named: Named, value: Any, path: Path, *, there: bool) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            remedy = f"Write {_heading(path)} and its keys below it."
            self.wrong(path, f"must be a section, not {shown(value)}", remedy)
            return {}
        if len(value) < named.least and there:
            self.wrong(path, "is empty", named.remedy)
        found: dict[str, Any] = {}
        for key, inner in value.items():
            place = (*path, key)
            if named.names and key not in named.names:
                self.unknown(place, named.names)
            elif isinstance(named.of, Section):
                found[key] = self.section(named.of, inner, place, there=True)
            elif isinstance(named.of, Named):
                found[key] = self.named(named.of, inner, place, there=True)
            elif (one := self.value(named.of, inner, place)) is not None:
                found[key] = one
        return found

    def value(self, kind: Kind, value: Any, path: Path) -> Any:
        """The value, or ``None`` with a note of what is wrong with it."""
        try:
            return kind.read(value)
        except UnfitError as unfit:
            for what, remedy in unfit.faults:
                self.wrong(path, what, remedy)
            return None

    def unknown(self, path: Path, known: tuple[str, ...]) -> None:
        self.wrong(path, "unknown key", did_you_mean(str(path[-1]), known, "Known here"))


def _heading(path: Path) -> str:
    """``[constraints.counts 1]``; empty for the top of the file."""
    written = ""
    for part in path:
        written += f" {part + 1}" if isinstance(part, int) else f".{_written(part)}"
    return f"[{written.removeprefix('.')}]" if written else ""


def _written(key: str | int) -> str:
    """A key as it stands in the file, in one line of characters that can be seen."""
    text = str(key)
    return text if text.isprintable() and text.strip() == text and text else shown(text)
