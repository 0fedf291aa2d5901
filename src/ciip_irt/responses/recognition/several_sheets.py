"""Whether two sheets of a workbook hold answers to the same questions, so that one alone is not the log."""

from ciip_irt.responses.recognition.columns import wide_columns
from ciip_irt.responses.recognition.long import is_long
from ciip_irt.tables import Grid, Headed, folded, headed, is_answer, is_key_label, meaning_of

__all__ = ["alike", "holds_answers"]

SHARED = 0.8  # of the columns' names
FEWEST = 2  # rows of answers: a single one is a key


def alike(one: Grid, other: Grid) -> bool:
    """Whether the sheets have the same columns, and both rows of answers, in letters or marks alike.

    >>> head = ("ID", "Q1", "Q2")
    >>> oslo, rome = (Grid((head, (n, "A", "B"), (n + "1", "C", "B"))) for n in "12")
    >>> alike(oslo, rome), alike(oslo, Grid((head, ("KEY", "A", "B"))))
    (True, False)
    """
    first, second = headed(one), headed(other)
    names = [{folded(name) for name in table.names} for table in (first, second)]
    if len(names[0] & names[1]) < SHARED * max(map(len, names)):
        return False
    written = [_written(table) for table in (first, second)]
    return bool(written[0]) and written[0] == written[1]


def holds_answers(grid: Grid) -> bool:
    """Whether the sheet can be a log: several columns of answers, or one row per answer."""
    table = headed(grid)
    return is_long(table) or len(wide_columns(table).items) > 1


def _written(table: Headed) -> str:
    """``letters`` or ``digits``, as the answers of most rows are; empty where there are no such rows."""
    places = [place for place, name in enumerate(table.names) if meaning_of(name) is None]
    rows = [
        cells
        for row in table.rows
        if not any(map(is_key_label, row)) and len(cells := [row[p] for p in places if is_answer(row[p])]) > 1
    ]
    if len(rows) < FEWEST:
        return ""
    digits = sum(cell.isdigit() for cells in rows for cell in cells)
    return "digits" if digits > sum(map(len, rows)) / 2 else "letters"
