"""An items file as people have it: the columns under their own names, some of them missing."""

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ciip_irt.bank.key_sheets import keys_of_sheet
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.tables import (
    ITEMS,
    Grid,
    Headed,
    folded,
    headed,
    plain_letter,
    read_frame,
    read_grids,
    renamed_by_meaning,
)

__all__ = [
    "ASSUMED_DOMAIN",
    "check_points",
    "complete_items",
    "items_of_grids",
    "left_out_for_lack",
    "names_matched",
    "offered",
    "plain_keys",
    "read_items_file",
]

ASSUMED_DOMAIN = "all"
AS_TABLES = (".parquet", ".ndjson", ".jsonl")
LEAST_OPTIONS = 4  # a key of A to C does not say that there are only three options; four is the usual item
WIDEST_GAP = 2  # letters: one may be chosen by nobody, but an X behind A to D is a mark, no option
AS_ONE = (
    "points",
    "max_score",
    "max_points",
    "maximum_score",
    "weight",
    "weights",
)  # of items: until points are built, only 1 is right
UNUSED = ("role", "score", "position", "response", "points")


def read_items_file(
    path: Path | str,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    key_only: bool = False,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The items in a file, columns under their canonical names, and what was done to get there.

    ``key_only``: the file is asked for its keys, so that what else could be two things is left out and told.
    The sheet with a column of items and a column of keys is taken; a header may stand below title rows.

    Raises
    ------
    InputError
        No such table; two columns that could be the same thing.
    """
    path = Path(path)
    if path.name.lower().endswith(AS_TABLES):
        return renamed_items(read_frame(path), str(path), key_only=key_only)
    grids = read_grids(path, delimiter=delimiter, encoding=encoding)
    found = items_of_grids(grids, str(path), key_only=key_only)
    if found is not None:
        return found
    return renamed_items(frame_of(headed(grids[0])), str(path), key_only=key_only)


def items_of_grids(
    grids: Sequence[Grid], where: str, *, key_only: bool = False
) -> tuple[pl.DataFrame, tuple[str, ...]] | None:
    """The first sheet that has a column of items and one of keys, else that is a key in another shape, as
    ``read_items_file``; ``None``: none."""
    for grid in grids:
        table = headed(grid)
        wanted = ("item_id", "key")
        renamed, unclear = renamed_by_meaning(table.names, wanted)
        there = {*renamed.values(), *unclear, *(name for name in wanted if name in table.names)}
        if table.row and there.issuperset(wanted):
            place = f"{where}, sheet {grid.name!r}" if grid.name else where
            return renamed_items(frame_of(table, grid.delimiter), place, key_only=key_only)
    for grid in grids:
        keys = keys_of_sheet(grid)
        if keys is not None:
            place = f"sheet {grid.name!r}" if grid.name else Path(where).name
            return keys, (f"{place} is read as a key: {plural(keys.height, 'item')}.",)
    return None


def frame_of(table: Headed, delimiter: str = "") -> pl.DataFrame:
    """The table as a frame of text, empty cells null; decimal commas of a file without comma delimiters
    become points in the columns of numbers.
    """
    columns = {
        name: [cell or None for cell in table.column(place)]
        for place, name in enumerate(table.names)
        if not table.after_place[place] or any(table.column(place))
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    if delimiter in ("", ","):
        return frame
    commas = pl.col(pl.String).str.replace(r"^([-+]?\d*),(\d+)$", "${1}.${2}")
    return frame.with_columns(commas)


def renamed_items(
    frame: pl.DataFrame, where: str, *, key_only: bool = False
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The columns of the ``items`` contract under their canonical names; what was renamed, in words."""
    found, unclear = renamed_by_meaning(frame.columns, ITEMS.names)
    needed = ("item_id", "key") if key_only else ("item_id", "key", "domain", "status", "options")
    required = [name for name in unclear if name in needed]
    if required:
        name = required[0]
        columns = " and ".join(repr(column) for column in unclear[name][:3])
        remedy = f"Name the right one {name!r}."
        raise InputError(Problem(f"columns {columns} could both be the {name}", where, 1, remedy=remedy))
    said = []
    if found:
        listing = ", ".join(f"{column!r} is {name}" for column, name in found.items())
        said.append(f"{Path(where).name}: {listing}.")
    if key_only and "domain" in unclear:
        columns = " and ".join(repr(column) for column in unclear["domain"][:3])
        said.append(f"{Path(where).name}: {columns} could both be the domain: neither is used.")
    check_points(frame, where)
    return frame.rename(found), tuple(said)


def check_points(frame: pl.DataFrame, where: str) -> None:
    """Refuse points and weights other than 1, which no score here knows: an ignored column changes scores.

    Raises
    ------
    InputError
        Such a column with another value than 1.
    """
    problems = []
    for column in frame.columns:
        if folded(column) not in {folded(name) for name in AS_ONE}:
            continue
        values = frame[column].cast(pl.String).str.strip_chars()
        other = (values != "") & (values.cast(pl.Float64, strict=False).fill_null(0.0) != 1.0)
        rows = other.fill_null(False).arg_true()
        if len(rows):
            problems.append(
                Problem(
                    f"column {column!r} gives items other than 1 point, and every item counts 1 point here",
                    where,
                    int(rows[0]) + 2,
                    count=len(rows),
                    examples=tuple(values.gather(rows.head(5)).to_list()),
                    remedy="Leave the column out if each item is to count 1 point.",
                )
            )
    if problems:
        raise InputError(problems)


def complete_items(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The table with domain, status and options filled in where the file has no such column, and the names
    of those columns.

    Without domains all items are of one domain ``all``; without a status all count; without options the
    letters from the first to the last that any key names are offered, four at least. A number of options
    (``4``) is the first so many letters. Keys and options in lower case throughout become capitals.

    >>> complete_items(pl.DataFrame({"item_id": ["Q1", "Q2"], "key": ["a", "c"]}))[0].rows()
    [('Q1', 'A', 'all', 'scored', 'ABCD'), ('Q2', 'C', 'all', 'scored', 'ABCD')]
    """
    assumed = []
    if "key" in frame.columns:
        frame = frame.with_columns(plain_keys(frame["key"]))
    if "domain" not in frame.columns:
        frame = frame.with_columns(domain=pl.lit(ASSUMED_DOMAIN))
        assumed.append("domain")
    if "status" not in frame.columns:
        frame = frame.with_columns(status=pl.lit("scored"))
        assumed.append("status")
    else:
        frame = frame.with_columns(pl.col("status").cast(pl.String).str.strip_chars().str.to_lowercase())
    if "options" in frame.columns:
        frame = frame.with_columns(_options(frame))
    elif "key" in frame.columns:
        frame = frame.with_columns(options=pl.lit(offered(frame["key"])))
        assumed.append("options")
    return frame, tuple(assumed)


def offered(keys: pl.Series, answers: Sequence[str] = ()) -> str:
    """The letters (or digits) from the first to the last that keys and answers name.

    >>> offered(pl.Series(["B", "A|E"])), offered(pl.Series(["1", "3"]))
    ('ABCDE', '1234')
    """
    letters = {part.strip() for key in keys.drop_nulls() for part in str(key).split("|")}
    letters = named = {letter for letter in letters if len(letter) == 1 and letter != "*"}
    # answers written another way than the keys (small letters, digits) are no further options
    letters = letters | {
        answer for answer in answers if any(_written_alike(answer, letter) for letter in letters)
    }
    if letters <= {"0", "1"} and letters == {"1"}:
        return "01"
    if not letters:
        return "ABCD"
    digits = all(letter.isdigit() for letter in letters)
    first = min(letters | ({"1"} if digits else {"a"} if min(letters).islower() else {"A"}))
    if not digits and letters <= {"T", "F"}:
        return "TF"
    last = chr(ord(first) + LEAST_OPTIONS - 1)
    for letter in sorted(letters):
        if letter in named or ord(letter) <= ord(last) + WIDEST_GAP:
            last = max(last, letter)
    return "".join(chr(code) for code in range(ord(first), ord(last) + 1))


def _written_alike(answer: str, letter: str) -> bool:
    return answer.isascii() and (answer.isdigit(), answer.islower()) == (letter.isdigit(), letter.islower())


def plain_keys(keys: pl.Series) -> pl.Series:
    """Keys as the bare letter (``B)``, ``2.0``, ``A - Lossless``), ``A, C`` as ``A|C``, in capitals where all
    are in lower case."""
    plain = keys.cast(pl.String).str.strip_chars()
    plain = plain.map_elements(lambda key: plain_letter(key) or key, return_dtype=pl.String)
    if len(plain.drop_nulls()) and plain.drop_nulls().str.contains(r"^(?i)(true|false)$").all():
        plain = plain.str.slice(0, 1).str.to_uppercase()
    plain = plain.str.replace_all(r"\s*(?:[,;/&|]|\bor\b)\s*", "|")
    letters = plain.drop_nulls()
    if len(letters) and letters.str.contains(r"^[a-z](\|[a-z])*$").all():
        plain = plain.str.to_uppercase()
    return plain.alias(keys.name)


def _options(frame: pl.DataFrame) -> pl.Expr:
    """Options as letters: a number of options is the first so many, separators go, lower case as the keys."""
    text = pl.col("options").cast(pl.String).str.strip_chars()
    letters = text.str.replace_all(r"[,;/|\s]+", "")
    count = text.cast(pl.Int64, strict=False)
    if "key" in frame.columns and frame["key"].str.contains(r"^[1-9*|]+$").all():
        # one option alone cannot be offered, so a single digit is how many there are: 4 is 1234
        digits = pl.lit("123456789").str.slice(0, count.fill_null(0).cast(pl.UInt32, strict=False))
        return pl.when(count.is_between(2, 9)).then(digits).otherwise(letters).alias("options")
    lettered = "key" in frame.columns and frame["key"].str.contains(r"^[A-Z*|]+$").all()
    if not lettered:
        return letters.alias("options")
    few = count.is_between(2, 9) & (text.str.len_chars() == 1)
    named = pl.lit("ABCDEFGHI").str.slice(0, count.fill_null(0).cast(pl.UInt32))
    return pl.when(few).then(named).otherwise(letters.str.to_uppercase()).alias("options")


def names_matched(wanted: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """``name -> known name`` for names that differ only in case, blanks, underscores or leading zeros, or of
    which only the number is left (``1`` for ``Q1``), where that is unambiguous for all of them.

    >>> names_matched(["q 1", "q 2"], ["Q1", "Q2"]), names_matched(["1", "2"], ["Q01", "Q02"])
    ({'q 1': 'Q1', 'q 2': 'Q2'}, {'1': 'Q01', '2': 'Q02'})
    """
    for shaped in (folded, _without_zeros, _bare_number):
        by_shape: dict[str, list[str]] = {}
        numbered = shaped is _bare_number
        for name in known:
            by_shape.setdefault(_any_number(name) if numbered else shaped(name), []).append(name)
        if numbered:
            wanted = [name for name in wanted if _bare_number(name)]  # columns about candidates have none
        if numbered and len(known) != len(wanted):
            continue  # the 17th question of a form need not be the 17th of a bank
        if numbered and not _say_no_more(wanted, known):
            continue  # Q17 and Z17 are two questions, as far as anybody can tell
        shapes = [shaped(name) for name in wanted]
        if len(set(shapes)) < len(shapes) or "" in shapes:
            continue
        hits = {
            name: by_shape[shape][0]
            for name, shape in zip(wanted, shapes, strict=True)
            if len(by_shape.get(shape, ())) == 1
        }
        if len(hits) >= max(2, len(wanted) / 2):
            return {name: hit for name, hit in hits.items() if name != hit}
    return {}


def _without_zeros(name: str) -> str:
    return re.sub(r"0+(?=\d)", "", folded(name))


def _say_no_more(wanted: Sequence[str], known: Sequence[str]) -> bool:
    """Whether one side's names are bare numbers, or both sides' names say no more than the number."""
    return all(map(str.isdigit, wanted)) or all(map(_bare_number, known))


def _bare_number(name: str) -> str:
    """The number of ``17``, ``Q17``, ``Question 17``, ``Item_17``: names that say no more than the place."""
    found = re.fullmatch(r"(?:q|question|item|no|nr)?#?0*(\d+)", folded(name))
    return "" if found is None else found[1]


def _any_number(name: str) -> str:
    numbers = re.findall(r"\d+", name)
    return numbers[0].lstrip("0") if len(numbers) == 1 else ""


def left_out_for_lack(assumed: Sequence[str], bank_items: int) -> list[str]:
    """One line for each column that was missing: what was left out for it, and what it would need."""
    lines = {
        "domain": "No domains: no domain scores and no forms. A column domain (or topic) gives them.",
        "status": f"No status: {plural(bank_items, 'item')} count, none is a pilot. A column status"
        " (scored, pilot) tells them apart.",
        "options": "No options: taken from the answers. A column options (ABCD) says which are offered.",
    }
    return [lines[name] for name in assumed]
