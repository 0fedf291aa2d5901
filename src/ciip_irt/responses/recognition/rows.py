"""Which rows are not candidates: the key, totals, averages, percentages, maxima, notes; and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ciip_irt.responses.recognition.answers import MARK
from ciip_irt.tables import Headed, folded, meaning_of
from ciip_irt.tables.sheets import (
    SUMMARY_WORDS,
    is_answer,
    is_key_label,
    is_lettered,
    is_number,
    missing_kind,
    share_of_answers,
)

__all__ = ["RowApart", "label_place", "rows_apart", "written"]

MOSTLY = 0.8  # of a row's filled cells: a key may lack an item, a candidate a legible mark
FEW_CELLS = 0.5  # of a row's: so few numbers are a small table below, not a candidate who wrote digits
TEXT = 4  # characters: shorter cells can be an answer written oddly, and longer words are descriptions
SUMS = frozenset({"totals", "averages", "percentages", "spread", "extremes", "counts"})


@dataclass(frozen=True, slots=True)
class RowApart:
    """A row that is no candidate: its place in the table, number in the file, first words, kind and reason.

    ``kind`` is ``key``, ``header``, a kind of ``SUMMARY_WORDS``, ``note``, ``shifted``: its cells have
    slipped, or ``unclear``: nameless, with an answer to every item, so that it could be the key or a
    candidate.
    """

    place: int
    number: int
    label: str
    kind: str
    reason: str


def rows_apart(
    table: Headed, items: Sequence[int], candidate: int | None, known_key: Mapping[str, str] | None = None
) -> tuple[RowApart, ...]:
    """The rows that are not candidates.

    Parameters
    ----------
    items
        Places of the item columns.
    candidate
        Place of the column that tells the candidates, where there is one.
    known_key
        Item name -> key from elsewhere (the items file, a file of keys), as the file writes answers.
    """
    label_of = label_place({} if candidate is None else {"candidate_id": candidate}, items, len(table.names))
    letters = _letters(table, items)
    marks = all(MARK.fullmatch(cell) for cell in _alphabet(table, items))
    named = candidate is not None and any(row[candidate] for row in table.rows)
    found = []
    for place, row in enumerate(table.rows):
        label = label_of(row)
        cells = [row[item] for item in items]
        verdict = _judge(label, cells, bool(candidate is None or row[candidate]), named, letters, marks)
        if verdict is None and _equals_key(table, items, cells, known_key) and not _like_an_id(
            table, candidate, row
        ):  # fmt: skip
            verdict = ("key", "it equals the key")
        if verdict is None and candidate is not None and _looks_shifted(table, items, candidate, row):
            verdict = (
                "shifted",
                f"its candidate {row[candidate]!r} is what other rows have in another column",
            )
        if row == table.names:
            verdict = ("header", "it repeats the header")
        if verdict is not None:
            found.append(RowApart(place, table.numbers[place], label, *verdict))
    return tuple(found)


def label_place(
    identity: Mapping[str, int], items: Sequence[int], width: int
) -> Callable[[Sequence[str]], str]:
    """The first words of a row: its candidate, or where that is empty the first filled cell that is no
    item's.
    """
    first = [identity[name] for name in ("candidate_id", "delivery_id") if name in identity][:1]
    places = [*first, *(place for place in range(width) if place not in set(items))]
    return lambda row: next((row[place] for place in places if row[place]), "")


def _judge(
    label: str, cells: list[str], has_id: bool, named: bool, letters: bool, marks: bool
) -> tuple[str, str] | None:
    filled = [cell for cell in cells if cell]
    word = folded(label).rstrip("#")
    answers = share_of_answers(cells) if filled else 0.0
    is_key = is_key_label(label)
    if is_key and answers >= MOSTLY:
        return "key", f"it begins with {label!r}"
    kind = SUMMARY_WORDS.get(word)
    if is_key:
        return "note", f"it begins with {label!r}"
    numeric = bool(filled) and sum(map(is_number, filled)) >= MOSTLY * len(filled)
    fractions = any(is_number(cell) and MARK.fullmatch(cell) is None for cell in filled)
    one_value = len(set(filled)) <= 1  # of marks, only a row of equal ones can be a maximum or a minimum
    if kind is not None and (
        not filled or (kind in SUMS and numeric and (letters or (marks and (fractions or one_value))))
    ):
        return kind, f"{label!r}: {kind}"
    if kind == "notes" and answers < MOSTLY:
        of_items = meaning_of(label) in ("domain", "status", "options")
        return kind, f"{label!r} of the items" if of_items else f"{label!r}: {kind}"
    if kind in SUMS and (letters and answers < MOSTLY):
        return kind, f"{label!r}: {kind}"
    if not has_id and named:
        if not filled:
            return "note", "it has neither a candidate nor an answer"
        if numeric and (letters or fractions):
            return "totals", "it has no candidate, and numbers where others have answers"
        if answers >= MOSTLY:
            return "unclear", "it has no candidate, and answers"
        return "note", "it has no candidate, and text where others have answers"
    if letters and numeric and (fractions or len(filled) < FEW_CELLS * len(cells)):
        return "totals", "it has numbers where others have answers"
    if marks and sum(is_number(cell) and not MARK.fullmatch(cell) for cell in filled) > len(filled) / 2:
        return "totals", "it has numbers where others have 0 and 1"
    if (
        letters
        and len(filled) > 2
        and all(len(cell) >= TEXT and not is_number(cell) and not is_lettered(cell) for cell in filled)
    ):
        return "note", "it has text where others have answers"
    if not filled and " " in label and not any(cells):
        return "note", "it has no answer, and a sentence where others have their candidate"
    return None


def _letters(table: Headed, items: Sequence[int]) -> bool:
    """Whether the answers are letters: half of the first answers at least."""
    cells = [row[item] for row in table.rows for item in items if row[item]]
    letters = sum(is_lettered(cell) or (is_answer(cell) and not cell[0].isdigit()) for cell in cells)
    return letters > len(cells) / 2


def _alphabet(table: Headed, items: Sequence[int]) -> set[str]:
    """The answers that make up all but one in twenty of the cells."""
    counts: dict[str, int] = {}
    for row in table.rows:
        for item in items:
            cell = row[item]
            if cell and missing_kind(cell) is None:
                counts[cell] = counts.get(cell, 0) + 1
    total = sum(counts.values())
    return {cell for cell, count in counts.items() if count > 0.05 * total}


def _equals_key(
    table: Headed, items: Sequence[int], cells: Sequence[str], known_key: Mapping[str, str] | None
) -> bool:
    if not known_key:
        return False
    pairs = [
        (cell.casefold(), known_key[folded(table.names[item])].casefold())
        for item, cell in zip(items, cells, strict=True)
        if folded(table.names[item]) in known_key
    ]
    return len(pairs) >= 5 and all(cell == key for cell, key in pairs)


def _looks_shifted(table: Headed, items: Sequence[int], candidate: int, row: Sequence[str]) -> bool:
    """Whether the row's candidate is written as no other is, and stands elsewhere in other rows: the cells
    have slipped to the left.
    """
    own = row[candidate]
    if not own or _like_an_id(table, candidate, row):
        return False
    others = [other for other in table.rows if other is not row]
    if is_answer(own) and len(own) == 1:
        return not any(is_answer(other[candidate]) and len(other[candidate]) == 1 for other in others)
    places = [place for place in range(len(table.names)) if place != candidate and place not in set(items)]
    return any(other[place] == own for other in others for place in places)


def _like_an_id(table: Headed, candidate: int | None, row: Sequence[str]) -> bool:
    """Whether the row's candidate is written as most others are: digits where those have digits."""
    if candidate is None:
        return True
    own = row[candidate]
    shapes = [written(cell) for cell in table.column(candidate) if cell]
    return bool(own) and shapes.count(written(own)) > max(1, len(shapes) / 10)


def written(cell: str) -> str:
    """The shape of a name: every digit ``9``, every letter ``A``."""
    return "".join("9" if c.isdigit() else "A" if c.isalpha() else c for c in cell)
