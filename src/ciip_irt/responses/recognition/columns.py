"""What each column of a wide log is: candidate, item, attribute, something personal, a total."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ciip_irt.tables import ATTRIBUTES, PERSONAL, Headed, folded, is_personal, meaning_of
from ciip_irt.tables.sheets import MARK_WORDS, is_answer, is_lettered, is_number, missing_kind

__all__ = ["WideColumns", "is_email_column", "item_names", "wide_columns"]

OF_A_DELIVERY = ("candidate_id", "delivery_id", "attempt", "form_id", "delivered_at")
TOTALS = ("total", "score", "points")
NOT_ITEMS = (*OF_A_DELIVERY, *PERSONAL, *ATTRIBUTES, *TOTALS, "responses", "status", "time_s")
MOSTLY_ANSWERS = 0.6  # of a column's filled cells: rows of totals and damaged cells are fewer than that
SUMS = re.compile(r"(?i)\b(sub)?totals?\b|\bsum\b|\bpercent(age)?\b|\bpct\b|\bgrade\b|\bscore\b|%|\bpoints\b")
LONGEST_NAME = 4  # words: a column of sums is called 'Section 1 total'; longer names are questions
TRUTHS = frozenset(("true", "false"))
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class WideColumns:
    """The places of the columns by what they hold; ``unclear`` could be items or attributes.

    ``identity`` is canonical name -> place.
    """

    identity: dict[str, int]
    items: tuple[int, ...]
    attributes: tuple[int, ...]
    personal: tuple[int, ...]
    unused: tuple[int, ...]
    unclear: tuple[int, ...]


def wide_columns(table: Headed, known_items: Collection[str] = (), keep_names: bool = False) -> WideColumns:
    """The columns of a table with one row per delivery.

    Items are the columns named like known items (of a bank or a key); without any, those that hold answers
    and share the shape of their name (``Q1``, ``Q2``, ...) with others. A column of answers outside of every
    such family is unclear.
    """
    meanings = {place: _meaning(table, place) for place in range(len(table.names))}
    known = {folded(name) for name in known_items}
    filled = [place for place in meanings if any(table.column(place))]
    personal = [
        place
        for place in filled
        if meanings[place] in PERSONAL
        or is_email_column(table.column(place))
        or (is_personal(table.names[place]) and not _holds_answers(table, place))
    ]
    items, unclear = _item_places(table, [p for p in filled if p not in personal], meanings, known)
    rest = [place for place in filled if place not in items and place not in unclear]
    identity: dict[str, int] = {}
    for name in OF_A_DELIVERY:
        places = [
            place for place in rest if meanings[place] == name and (keep_names or place not in personal)
        ]
        if places:
            identity[name] = _best(table, places, name)
    if "candidate_id" not in identity and "delivery_id" not in identity:
        free = [
            p for p in rest if meanings[p] is None and p not in personal and _tells_apart(table.column(p))
        ]
        if free and free[0] < min(items, default=0):
            identity["candidate_id"] = free[0]
    if "candidate_id" not in identity and "delivery_id" in identity:
        identity["candidate_id"] = identity.pop("delivery_id")  # one sitting each, as far as the file says
    unused = [
        place for place in rest
        if meanings[place] in (*TOTALS, "responses", "candidate_id", "delivery_id")
        and place not in identity.values() and place not in personal
    ]  # fmt: skip
    taken = {*identity.values(), *unused, *([] if keep_names else personal)}
    attributes = [place for place in rest if place not in taken]
    return WideColumns(
        identity, tuple(items), tuple(attributes), tuple(personal), tuple(unused), tuple(unclear)
    )


def _item_places(
    table: Headed, filled: list[int], meanings: dict[int, str | None], known: set[str]
) -> tuple[list[int], list[int]]:
    names = table.names
    by_name = [place for place in filled if folded(names[place]) in known]
    like = [place for place in filled if meanings[place] not in NOT_ITEMS and _holds_answers(table, place)]
    if len(by_name) >= 2:
        shapes = {_shape(names[place]) for place in by_name if re.search(r"\d", names[place])}
        more = [place for place in like if _shape(names[place]) in shapes]
        return sorted({*by_name, *more}), []
    like = _without_numbers(table, like)
    shapes_of = Counter(_shape(names[place]) for place in like)
    family = [place for place in like if shapes_of[_shape(names[place])] >= 2]
    if not family and len(like) >= 3:
        return like, []
    # a column called like the others is one of them, whatever else stands in its cells: it is told, not lost
    shapes = {_shape(names[place]) for place in family if re.search(r"\d", names[place])}
    relatives = [
        place for place in filled
        if place not in like and meanings[place] not in NOT_ITEMS and _shape(names[place]) in shapes
        and any(is_answer(cell) for cell in table.column(place))
    ]  # fmt: skip
    return sorted([*family, *relatives]), [place for place in like if place not in family]


def _holds_answers(table: Headed, place: int) -> bool:
    cells = [cell for cell in table.column(place) if cell]
    answers = [
        cell
        for cell in cells
        if is_answer(cell) or is_lettered(cell) or cell.casefold() in MARK_WORDS or cell.casefold() in TRUTHS
    ]
    missing = sum(missing_kind(cell) is not None for cell in cells)
    return bool(answers) and len(answers) + missing >= MOSTLY_ANSWERS * len(cells)


def _meaning(table: Headed, place: int) -> str | None:
    """What the name of the column says; a column of numbers that is called a sum is one."""
    name = table.names[place]
    found = meaning_of(name)
    if found is not None or not SUMS.search(name) or "?" in name or len(name.split()) > LONGEST_NAME:
        return found
    cells = {cell for cell in table.column(place) if cell}
    return "total" if cells and all(map(is_number, cells)) and not cells <= {"0", "1"} else found


def _without_numbers(table: Headed, places: list[int]) -> list[int]:
    """The places without columns of numbers that are called otherwise than the columns of letters, most of
    all: they are sums or attributes. A question answered in digits is called like the others."""
    numbers = {
        place for place in places if all(cell.isdigit() for cell in table.column(place) if is_answer(cell))
    }
    letters = [place for place in places if place not in numbers]
    if len(letters) < len(numbers):
        return places
    shapes = {_shape(table.names[place]) for place in letters}
    return [place for place in places if place not in numbers or _shape(table.names[place]) in shapes]


def _shape(name: str) -> str:
    return re.sub(r"\d+", "#", folded(name))


def is_email_column(cells: Sequence[str | None]) -> bool:
    """Whether most of the filled cells are e-mail addresses."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(EMAIL.fullmatch(cell) is not None for cell in filled) >= 0.5 * len(filled)


def _tells_apart(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) >= 0.8 * len(cells) and len(set(filled)) >= 0.95 * len(filled)


def _best(table: Headed, places: Sequence[int], canonical: str) -> int:
    """The column of that very name, else the first that tells the rows apart, else the first."""
    exact = [place for place in places if folded(table.names[place]) == folded(canonical)]
    apart = [place for place in places if _tells_apart(table.column(place))]
    return (exact or apart or list(places))[0]


def item_names(table: Headed, columns: WideColumns) -> list[str]:
    """The names of the item columns."""
    return [table.names[place] for place in columns.items]
