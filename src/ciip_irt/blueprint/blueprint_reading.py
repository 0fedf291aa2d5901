"""Values taken out of a blueprint file, everything wrong noted with its line and reported together."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ciip_irt.errors import Problem, did_you_mean
from ciip_irt.tables import STATUS

__all__ = ["Reading", "lines_of"]


class Reading:
    """One pass over a TOML text: each method takes a value out and notes what is wrong with it."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []
        self.lines = lines_of(text)

    def wrong(self, section: str, key: str, what: str, remedy: str = "") -> None:
        place = " ".join(part for part in (f"[{section}]" if section else "", key) if part)
        line = self.lines.get((section, key)) or self.lines.get((section, ""))
        self.problems.append(Problem(f"{place}: {what}", where=self.where, row=line, remedy=remedy))

    def keys(self, section: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.wrong(section, key, "unknown key", did_you_mean(key, known, "Known here"))

    def table(self, section: str, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = parent.get(key, {})
        if isinstance(value, dict):
            return value
        self.wrong("", key, "must be a section", f"Write [{section}] and its keys below it.")
        return {}

    def text(self, section: str, table: Mapping[str, Any], key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if value is None:
            self.wrong(section, key, "is missing")
        elif not isinstance(value, str) or (default is None and not value.strip()):
            self.wrong(section, key, f"must be text, not {value!r}")
        else:
            return value
        return ""

    def whole(
        self, section: str, table: Mapping[str, Any], key: str, default: int | None = None, least: int = 0
    ) -> int | None:
        value = table.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.wrong(section, key, f"must be a whole number of at least {least}, not {value!r}")
            return None
        return value

    def number(
        self, section: str, table: Mapping[str, Any], key: str,
        least: float = float("-inf"), most: float = float("inf"),
    ) -> float | None:  # fmt: skip
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            bounds = "" if least == float("-inf") else f" from {least:g}" + (
                f" to {most:g}" if most < float("inf") else " up"
            )  # fmt: skip
            self.wrong(section, key, f"must be a number{bounds}, not {value!r}")
            return None
        return float(value)

    def choice(self, section: str, table: Mapping[str, Any], key: str, of: tuple[str, ...]) -> str:
        value = table.get(key, of[0])
        if value not in of:
            self.wrong(section, key, f"must be one of {', '.join(of)}, not {value!r}")
            return of[0]
        return str(value)

    def statuses(self, table: Mapping[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = table.get(key, list(default))
        if not isinstance(value, list) or not value or any(status not in STATUS for status in value):
            allowed = ", ".join(STATUS)
            self.wrong("constraints", key, f"must be a list of {allowed}, not {value!r}")
            return default
        return tuple(value)

    def texts(self, section: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of texts without repetitions; none where it is left out."""
        value = table.get(key, [])
        if not isinstance(value, list) or any(not isinstance(v, str) or not v.strip() for v in value):
            self.wrong(section, key, f"must be a list of texts, not {value!r}")
            return ()
        return tuple(dict.fromkeys(text.strip() for text in value))

    def bounds(self, section: str, table: Mapping[str, Any], key: str) -> tuple[int, int] | None:
        """Two whole numbers from 0, the first not above the second."""
        value = table.get(key)
        if value is None:
            return None
        if (
            not isinstance(value, list)
            or len(value) != 2
            or any(isinstance(bound, bool) or not isinstance(bound, int) for bound in value)
            or not 0 <= value[0] <= value[1]
        ):
            self.wrong(section, key, f"must be [low, high], not {value!r}")
            return None
        return value[0], value[1]


def lines_of(text: str) -> dict[tuple[str, str], int]:
    """Line of each section and key as usually written; dotted and inline tables are left out.

    The second ``[[constraints.counts]]`` is the section ``constraints.counts 2``.
    """
    lines: dict[tuple[str, str], int] = {}
    section = ""
    repeated: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if several := re.match(r"\s*\[\[([^\[\]]+)\]\]", line):
            name = several[1].replace('"', "").replace(" ", "")
            repeated[name] += 1
            section = f"{name} {repeated[name]}"
            lines[(section, "")] = number
        elif header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = header[1].replace('"', "").replace(" ", "")
            lines.setdefault((section, ""), number)
            parent, _, child = section.rpartition(".")
            lines.setdefault((parent, child), number)
        elif key := re.match(r'\s*"?([\w-]+)"?\s*=', line):
            lines.setdefault((section, key[1]), number)
    return lines
