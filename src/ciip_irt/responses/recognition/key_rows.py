"""The key as rows of a log: settled where it is unclear, compared where there are several, and where none is
found, the rows that could be it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses.recognition.choices import Choices
from ciip_irt.responses.recognition.columns import WideColumns
from ciip_irt.responses.recognition.rows import RowApart, written
from ciip_irt.tables import Grid, Headed, folded, is_answer, plain_letter
from ciip_irt.tables.sheets import share_of_answers

__all__ = [
    "check_points_row",
    "check_several",
    "check_symbols",
    "differences",
    "key_of_rows",
    "nameless_keys",
    "once",
    "possible_keys",
    "two_readings",
    "with_key_row",
]

MOSTLY = 0.8  # of the rows: so many candidates are written alike where one row is odd
POINTS = frozenset(
    map(folded, ("points", "point", "weight", "weights", "points possible", "possible points", "max points",
                 "maximum points", "max score", "out of", "possible", "punkte", "gewicht"))
)  # fmt: skip
FEWEST_KEYS = 5  # answers that make a column of keys
FEWEST_CELLS = 50  # answers: of fewer, that nobody gave the key is no wonder
SYMBOLS = 0.2  # of the cells
SEVERAL = 0.05  # of an item's answers: so many answers of several options are no slips of the pen


def with_key_row(
    apart: tuple[RowApart, ...], table: Headed, choices: Choices, has_key: bool, path: Path
) -> tuple[RowApart, ...]:
    """The rows with the unclear ones settled: by the user's word, else refused."""
    if choices.key_row is not None:
        if choices.key_row not in table.numbers:
            remedy = "Rows count from 1, the header included."
            raise InputError(Problem(f"there is no row {choices.key_row}", where=str(path), remedy=remedy))
        place = table.numbers.index(choices.key_row)
        chosen = RowApart(place, choices.key_row, table.rows[place][0], "key", "said to be the key")
        same = table.rows[place][1:]
        others = [
            row
            for row in apart
            if row.place != place and (row.kind != "key" or table.rows[row.place][1:] == same)
        ]  # who is called Key and answers otherwise is a candidate
        apart = tuple(sorted((*others, chosen), key=lambda row: row.place))
    shifted = [row for row in apart if row.kind == "shifted"]
    if shifted:
        remedy = "Correct the rows, or delete them."
        what = f"rows look shifted: {shifted[0].reason}"
        raise InputError(Problem(what, str(path), shifted[0].number, len(shifted), remedy=remedy))
    unclear = [row for row in apart if row.kind == "unclear"]
    if not unclear:
        return apart
    one = unclear[0]
    if len(unclear) == 1 and not has_key and not any(row.kind == "key" for row in apart):
        readings = ("it is the key", "it is a candidate without a number")
        option = f"If it is the key, say --key-row {one.number}; otherwise give the candidate a number."
        raise InputError(
            two_readings(f"row {one.number}, which has answers but no candidate,", readings, path, option)
        )
    remedy = "Give the candidates numbers, or delete the rows."
    raise InputError(
        Problem("rows have answers but no candidate", str(path), one.number, len(unclear), remedy=remedy)
    )


def two_readings(what: str, readings: Sequence[str], path: Path, option: str) -> Problem:
    """That something can be read in two ways, with the option that chooses."""
    return Problem(
        f"{what} can be read in two ways: {'; or '.join(readings)}", where=str(path), remedy=option
    )


def key_of_rows(
    found: Sequence[RowApart], table: Headed, columns: WideColumns, path: Path
) -> tuple[dict[str, str], list[str]]:
    """Item -> key from the key row; several key rows must agree."""
    if not found:
        return {}, []
    keys = {table.names[item]: table.rows[found[0].place][item] for item in columns.items}
    for row in found[1:]:
        if any(table.rows[row.place][item] != keys[table.names[item]] for item in columns.items):
            remedy = (
                "Say which is the key: --key-row with its number; or give the right one with --key. Where"
                " they are the keys of several versions, add a column 'version' that says who had which."
            )
            numbers = ", ".join(str(one.number) for one in found)
            raise InputError(Problem(f"rows {numbers} are keys, and they differ", str(path), remedy=remedy))
    lacking = [name for name, key in keys.items() if not key]
    cautions = []
    if lacking:
        cautions.append(
            f"{path.name}: the key row has no key for {plural(len(lacking), 'item')}"
            f" ({', '.join(lacking[:5])}); they are left out."
        )
    return {name: key for name, key in keys.items() if key}, cautions


def once(row: RowApart, apart: Sequence[RowApart]) -> bool:
    """Whether the first words of the row tell it from all others apart."""
    return bool(row.label) and sum(other.label == row.label for other in apart) == 1


def differences(keys: Mapping[str, str], known: Mapping[str, str], path: Path) -> list[str]:
    """Where a key row differs from the keys that are used, in words."""
    different = [
        f"{name} ({key} in the row, {known[folded(name)]} in the items)"
        for name, key in keys.items()
        if folded(name) in known and key.casefold() != known[folded(name)].casefold()
    ]
    if not different:
        return []
    return [
        f"{path.name}: the key row differs from the items' keys for"
        f" {plural(len(different), 'item')}: {', '.join(different[:5])}. The items' keys are used."
    ]


def possible_keys(table: Headed, items: Sequence[int], candidate: int | None) -> str:
    """The rows that could be the key where none is called so: answered throughout, and under a name that is
    written as no candidate's. Empty where there is none.
    """
    if candidate is None:
        return ""
    shapes = Counter(written(row[candidate]) for row in table.rows)
    usual, most = shapes.most_common(1)[0]
    found = [
        (number, row[candidate])
        for row, number in zip(table.rows, table.numbers, strict=True)
        if written(row[candidate]) != usual and all(row[item] for item in items)
        and share_of_answers([row[item] for item in items]) >= MOSTLY
    ]  # fmt: skip
    if not found or most < MOSTLY * len(table.rows) or len(found) > len(table.rows) / 10 + 1:
        return ""
    shown = " or ".join(f"row {number} ({label!r})" for number, label in found[:3])
    return f"It could be {shown}: say --key-row {found[0][0]} then."


def check_several(
    cells_of: Mapping[str, Sequence[str]], keys: Mapping[str, str], where: str, row: int | None = None
) -> None:
    """Refuse a key of several options beside answers of several: either one right, or all of them.

    Parameters
    ----------
    cells_of
        Item -> its answers.
    keys
        Item -> key, as the file writes it.

    Raises
    ------
    InputError
        Items whose key, and more than ``SEVERAL`` of whose answers, name several options.
    """
    found = []
    for item, key in keys.items():
        cells = [cell for cell in cells_of.get(item, ()) if cell]
        if not _names_several(key):
            continue
        if sum(map(_names_several, cells)) > SEVERAL * len(cells):
            found.append((item, key))
    if not found:
        return
    (item, key), names = found[0], ", ".join(name for name, _ in found[:5])
    one = key.replace(";", "|").replace(",", "|").replace(" ", "")
    raise InputError(
        Problem(
            f"the key {key!r} of {item} can be read in two ways: one of the options is enough; or all of them"
            f" must be chosen, as many candidates did ({plural(len(found), 'item')}: {names})",
            where,
            row,
            remedy=f"Where one is enough, write {one} in the key (--key). Where all must be chosen, write one"
            " letter for the whole answer in key and answers alike, or leave the item out: answers of several"
            " options are not scored here.",
        )
    )


def check_points_row(apart: Sequence[RowApart], table: Headed, items: Sequence[int], where: str) -> None:
    """Refuse a row that gives questions other than 1 point: a row set apart in silence would change scores.

    Raises
    ------
    InputError
        Such a row.
    """
    for row in apart:
        if folded(row.label) not in POINTS:
            continue
        cells = [table.rows[row.place][item] for item in items if table.rows[row.place][item]]
        other = [cell for cell in cells if cell.replace(",", ".").rstrip("0").rstrip(".") != "1"]
        if other:
            what = f"row {row.label!r} gives questions other than 1 point, and each counts 1 point here"
            remedy = "Delete the row if each question is to count 1 point."
            shown = tuple(dict.fromkeys(other))[:5]
            raise InputError(Problem(what, where, row.number, len(other), shown, remedy))


def nameless_keys(grids: Sequence[Grid], log: Grid) -> str:
    """That another sheet holds a column of answers without saying to which items; empty where none does."""
    for grid in grids:
        cells = [cell for row in grid.rows for cell in row if cell]
        if grid is not log and len(cells) >= FEWEST_KEYS and all(map(is_answer, cells)):
            return (
                f"Sheet {grid.name!r} holds {len(cells)} answers, but not to which items: write the names of"
                " the items beside them, under a header (item, key)."
            )
    return ""


def check_symbols(cells_of: Mapping[str, Sequence[str]], keys: Mapping[str, str], where: str) -> None:
    """Refuse answers of which none is the key, beside a symbol that stands for it: lists of wrong answers are
    printed so (``.`` or ``+`` where the answer was right).

    Raises
    ------
    InputError
        Such a table.
    """
    key_of = {item: keys.get(item, keys.get(folded(item), "")) for item in cells_of}
    pairs = [
        (cell, key_of[item]) for item, cells in cells_of.items() for cell in cells if cell and key_of[item]
    ]
    if len(pairs) < FEWEST_CELLS or any(_plain(cell) == _plain(key) for cell, key in pairs):
        return
    symbol, count = Counter(cell for cell, _ in pairs).most_common(1)[0]
    if not symbol.isalnum() and count > SYMBOLS * len(pairs):
        what = f"no answer is the key, and {symbol!r} stands in {count / len(pairs):.0%} of the cells"
        remedy = (
            "Does it stand for the right answer? Export the answers as they were given, or right and wrong"
            " as 1 and 0."
        )
        raise InputError(Problem(what, where, remedy=remedy))


def _plain(cell: str) -> str:
    """An answer or a key as its bare letter, in capitals."""
    return (plain_letter(cell) or cell).upper()


def _names_several(cell: str) -> bool:
    return len(cell) > 1 and "|" not in cell and is_answer(cell) and sum(map(str.isalnum, cell)) > 1 and not (
        cell[0].isdigit() and set(cell[1:]) <= set(".,0")
    )  # fmt: skip
