"""Lines of keys, against the values that ``tomllib`` reads and against where the text itself has them."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ciip_irt.settings.lines import line_of, lines_of

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("src", "docs", "data") for path in (PROJECT / folder).rglob("*.toml"))
HARD = '''\
# a = 1
"quoted.key" = "# no comment"
'single' = 'C:\\'
many = """
[not.a.table]
key = 1
"""
raw = \'\'\'
x = "\'\'
\'\'\'
list = [ # with a comment ]
  1, [2, 3],
  { deep = { er = 1 }, text = "]" },
]
date = 2024-03-01T10:00:00Z
[a . "b c"]
d.e = -1.5e3
[[rows]]
x = 1
[rows.inner]
y = 2
[[rows]]
x = 3
[[rows.part]]
z = 4
[[rows.part]]
z = 5
'''


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from places(inner, (*path, place))
    if path:
        yield path


@pytest.mark.parametrize("text", [HARD, *(path.read_text("utf-8") for path in FILES)])
def test_every_key_has_a_line(text: str) -> None:
    lines, rows = lines_of(text), text.splitlines()
    for path in places(tomllib.loads(text)):
        row = line_of(path, lines)
        assert row is not None
        if isinstance(path[-1], str) and path in lines:
            assert path[-1] in rows[row - 1], (path, row)


def test_hard_places() -> None:
    lines = lines_of(HARD)
    for path, words in (
        (("quoted.key",), '"quoted.key"'),
        (("raw",), "raw = "),
        (("list", 2, "deep", "er"), "{ deep"),
        (("date",), "date ="),
        (("a", "b c", "d", "e"), "d.e ="),
        (("rows", 0, "inner", "y"), "y = 2"),
        (("rows", 1, "part", 1, "z"), "z = 5"),
    ):
        row = next(row for row, line in enumerate(HARD.splitlines(), start=1) if words in line)
        assert lines[path] == row, path
    assert ("not", "a", "table") not in lines


def test_a_key_that_is_not_written_has_the_line_of_its_table() -> None:
    lines = lines_of("[a]\nb = 1\n[c]\n")
    assert line_of(("c", "d"), lines) == 3
    assert line_of(("e",), lines) is None
