"""On which line of a TOML text each key stands, however it is written.

``tomllib`` gives values without their places. This walks over a text that ``tomllib`` has accepted, so it
needs to know where keys, strings and brackets begin and end, and nothing else of the language.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

__all__ = ["Path", "line_of", "lines_of"]

Path = tuple[str | int, ...]
"""``("constraints", "counts", 0, "where")``: keys, and places in lists from 0."""

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACES = re.compile(r"[ \t]*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'",
    re.DOTALL,
)
PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> Mapping[Path, int]:
    """The line of every table, key and list entry of a valid TOML text.

    >>> lines = lines_of('a.b = 1\\n[c]\\nd = [\\n  { e = 2 },\\n]\\n[[f]]\\n[[f]]\\n"g h" = 3')
    >>> lines[("a", "b")], lines[("c",)], lines[("c", "d", 0, "e")], lines[("f", 1)], lines[("f", 1, "g h")]
    (1, 2, 4, 7, 8)
    """
    return _Walk(text).walk()


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of a key, or of the nearest table around it; ``None`` where nothing of it is written."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.last: dict[Path, int] = {}  # of a list of tables: the place of its last one

    def walk(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip(BLANK) < len(self.text):
            start = self.at
            if self.text.startswith("[[", self.at):
                self.at += 2
                *parents, name = self._keys()
                path = (*self._inside(parents), name)
                self.last[path] = self.last.get(path, -1) + 1
                table = (*path, self.last[path])
                self._note_all(table, start)
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._inside(self._keys())
                self._note_all(table, start)
                self.at += 1
            else:
                self._entry(table)
        return self.lines

    def _entry(self, table: Path) -> None:
        """``key = value``."""
        start = self.at
        keys = self._keys()
        self._note_all((*table, *keys), start)
        self._skip(SPACES)
        self.at += 1  # the equals sign
        self._skip(SPACES)
        self._value((*table, *keys))

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening in "[{":
            self.at += 1
            place = 0
            while self.text[self._skip(BLANK)] not in "]}":
                if opening == "[":
                    self._note((*path, place), self.at)
                    self._value((*path, place))
                else:
                    self._entry(path)
                place += 1
                if self.text[self._skip(BLANK)] == ",":
                    self.at += 1
            self.at += 1
        elif not self._taken(STRING):
            self._skip(PLAIN_VALUE)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(SPACES)
            if written := self._taken(STRING):
                keys.append(str(tomllib.loads(f"key = {written}")["key"]))
            else:
                keys.append(self._taken(BARE_KEY))
            self._skip(SPACES)
            if self.text[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def _inside(self, keys: list[str]) -> Path:
        """The path of a table's heading: of a list of tables its last one is meant."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.last:
                path = (*path, self.last[path])
        return path

    def _note_all(self, path: Path, start: int) -> None:
        """The path, and every table around it that is not written itself."""
        for end in range(1, len(path) + 1):
            self._note(path[:end], start)

    def _note(self, path: Path, start: int) -> None:
        self.lines.setdefault(path, bisect_right(self.ends, start - 1) + 1)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._taken(pattern)
        return self.at

    def _taken(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]
