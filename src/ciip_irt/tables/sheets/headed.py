"""A grid with its header told from title rows above and data below."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from ciip_irt.tables.header import is_pattern
from ciip_irt.tables.sheets.cells import is_answer, is_number, missing_kind
from ciip_irt.tables.sheets.column_names import folded, meaning_of
from ciip_irt.tables.sheets.grid import Grid

__all__ = ["Headed", "find_header", "headed"]

SEARCHED = 30  # rows in which a header is looked for: titles above it are few
MOSTLY = 0.5  # share of the usual width that a header fills at least: titles fill one or two cells


@dataclass(frozen=True, slots=True)
class Headed:
    """Column names, the rows below them, and the number of each row in the file (from 1).

    ``row`` is the header's number, 0 where the grid has none; ``after_place`` says which columns have no name
    of their own and are called after their place.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    row: int
    after_place: tuple[bool, ...]

    def column(self, place: int) -> list[str]:
        """The cells of one column, top to bottom."""
        return [row[place] for row in self.rows]


def find_header(grid: Grid) -> int:
    """The number of the row that holds the column names, from 1; 0 where none does.

    Of the first rows that fill at least half of the usual width: the first that has a name of the table of
    synonyms, or whose cells are different words; a row of answers is data, and a row whose words recur
    (sections above the questions) a title.

    >>> rows = (("Exam of May", "", ""), ("Student ID", "Q1", "Q2"), ("17", "A", "B"))
    >>> find_header(Grid(rows)), find_header(Grid((("s1", "A", "A"), ("s2", "B", "A"))))
    (2, 0)
    """
    filled = [sum(map(bool, row)) for row in grid.rows]
    usual = Counter(filled[: 10 * SEARCHED]).most_common(1)[0][0] if filled else 0
    for number, row in enumerate(grid.rows[:SEARCHED], start=1):
        if filled[number - 1] < max(2, MOSTLY * usual) and usual > 1:
            continue
        cells = [cell for cell in row if cell]
        if not cells:
            continue
        known = sum(meaning_of(cell) is not None for cell in cells)
        answers = sum(_is_data(cell) for cell in cells)
        distinct = len({folded(cell) for cell in cells}) >= 0.9 * len(cells)
        running = _counts_up(cells)
        if (known or distinct or running) and (running or answers <= len(cells) / 2):
            return number
        if answers > len(cells) / 2:
            return 0  # the first full row is data
    return 0


def _is_data(cell: str) -> bool:
    return is_answer(cell) or is_number(cell) or missing_kind(cell) is not None


def _counts_up(cells: list[str]) -> bool:
    """Whether most cells are 1, 2, 3 ...: questions named by their numbers."""
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit() and len(cell) < 5]
    steps = sum(after == before + 1 for before, after in pairwise(numbers))
    return len(numbers) >= 3 and len(numbers) >= len(cells) / 2 and steps >= 0.9 * (len(numbers) - 1)


def headed(grid: Grid, row: int | None = None) -> Headed:
    """The grid under its header: row number ``row`` (0: none, columns are called after their place), or the
    one that is found. Rows without a single cell are left out; names that occur again get a number.
    """
    row = find_header(grid) if row is None else row
    given = grid.rows[row - 1] if 0 < row <= len(grid.rows) else ("",) * grid.width
    seen: Counter[str] = Counter()
    names, after_place = [], []
    for place, name in enumerate(given, start=1):
        name = " ".join(name.split())
        after_place.append(not name or is_pattern(name))
        if after_place[-1]:
            name = f"column {place} ({name})" if name else f"column {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    body = [(number, cells) for number, cells in enumerate(grid.rows[row:], row + 1) if any(cells)]
    rows, numbers = tuple(cells for _, cells in body), tuple(number for number, _ in body)
    return Headed(tuple(names), rows, numbers, row, tuple(after_place))
