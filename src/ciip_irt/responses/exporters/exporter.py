"""What an exporter's layout is: how it is told from others, and how it becomes sheets anybody can read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ciip_irt.tables import Grid, grid_of

__all__ = ["Exporter", "answers_sheet", "key_sheet", "marks_of"]


@dataclass(frozen=True, slots=True)
class Exporter:
    """One program's own layout.

    Attributes
    ----------
    name
        As the mapping names it.
    documented
        The public page that describes the layout.
    fits
        Whether the text of a file, and its cells, look like it.
    sheets
        The file as sheets: ``answers`` with one row per candidate, and ``key`` with one row per item where
        the file has keys.
    said
        The line that tells the reader; which program wrote the file, where not given.
    """

    name: str
    documented: str
    fits: Callable[[str, Sequence[Grid]], bool]
    sheets: Callable[[str, Sequence[Grid], Path], tuple[Grid, ...]]
    said: str = ""


def answers_sheet(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """The sheet of answers."""
    return grid_of([list(header), *map(list, rows)], "answers")


def key_sheet(keys: Mapping[str, str], **more: Mapping[str, str]) -> Grid:
    """The sheet of keys: item, key, and further columns of the items file."""
    header = ["item_id", "key", *more]
    rows = [[item, key, *(column.get(item, "") for column in more.values())] for item, key in keys.items()]
    return grid_of([header, *rows], "key")


def marks_of(given: str, right: str) -> str:
    """``1`` where the answer given is the right one, ``0`` where not, empty where none was given.

    >>> marks_of("Paris", "paris "), marks_of("Rome", "Paris"), marks_of("", "Paris")
    ('1', '0', '')
    """
    if not given.strip() or given.strip() == "-":
        return ""
    return "1" if given.strip().casefold() == right.strip().casefold() else "0"
