"""How the file writes answers, seen as a whole: what is translated, which words mean a missing answer, and
whether the cells hold marks (0 and 1) rather than choices.

Only what the whole file does is translated. Where a few items or deliveries are written otherwise, nothing
is.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ciip_irt.tables import MARK_WORDS, SCORE_WORDS, is_answer, is_lettered, missing_kind, plain_letter

__all__ = ["Answers", "answers_of"]

KINDS = ("upper", "lower", "digit", "wrapped")
MARK = re.compile(r"[01]([.,]0*)?")
LETTERS = "ABCDEFGHIJ"
IN_WORDS = {
    "upper": "capital letters",
    "lower": "small letters",
    "digit": "digits",
    "wrapped": "letters with a bracket",
    "lettered": "letters with the option's text",
    "decimal": "digits with decimals",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the answers are and what becomes of them.

    ``recode`` is cell -> answer; ``missing`` kind -> words as the file writes them; ``marks``: the cells are
    points, 0 and 1; ``readings``: the readings that are possible, where there are two, of what is
    ``unclear``, and the ``option`` that chooses.
    """

    recode: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: bool = False
    said: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    unclear: str = "the digits of the answers"
    option: str = (
        "Say which under [recode.response] in a mapping file (--mapping). Points between none and all cannot"
        " be analysed here: leave such questions out, or count 1 for all and 0 for less."
    )


TRUE_OR_FALSE = (
    "marks, TRUE where the answer was right",
    "answers to true-or-false questions, whose key is missing",
)
TRUE_WORDS = "the words TRUE and FALSE"
TO_MARK = (
    "For marks write 1 and 0 instead; for answers give the key (a row KEY with TRUE and FALSE, or --key)."
)
TRUTHS = frozenset(("TRUE", "FALSE"))


def answers_of(cells: Mapping[str, int], keys: Iterable[str], *, of_marks: bool = False) -> Answers:
    """The answers of a file.

    Parameters
    ----------
    cells
        Cell -> how often it stands in an item column of a candidate; empty cells left out.
    keys
        The keys, as their source writes them; none where there is no key.
    of_marks
        The column is said to hold marks: ``Y`` and ``N`` are right and wrong then.

    >>> answers_of({"a": 30, "b": 20, "-": 2}, ["A", "B"]).recode
    {'a': 'A', 'b': 'B'}
    >>> answers_of({"a": 30, "B": 20}, ["A", "B"]).recode
    {}
    >>> answers_of({"0": 30, "1": 20}, []).marks
    True
    >>> answers_of({"0": 3, "1": 20, "3": 7}, ["A", "C"]).readings
    ('1 = A, 2 = B, ... and 0 = no answer', '0 = A, 1 = B, ...')
    """
    missing: dict[str, list[str]] = {}
    plain: Counter[str] = Counter()
    for cell, count in cells.items():
        kind = missing_kind(cell)
        if kind is None:
            plain[cell] = count
        else:
            missing.setdefault(kind, []).append(cell)
    codes = {kind: tuple(sorted(words)) for kind, words in missing.items()}
    said = tuple(
        f"{' and '.join(repr(word) for word in words)} {'means' if len(words) == 1 else 'mean'}"
        f" {kind.replace('_', ' ')}"
        for kind, words in codes.items()
    )
    letters = {part.strip() for key in keys for part in key.split("|") if part.strip() not in ("", "*")}
    decimals = {cell: cell[0] for cell in plain if MARK.fullmatch(cell) and cell not in ("0", "1")}
    if (
        plain
        and {decimals.get(cell, cell) for cell in plain} <= {"0", "1"}
        and not {"0"} <= letters <= {"0", "1"}
    ):
        return Answers(decimals, codes, marks=True, said=(*said, "the cells are marks, 0 and 1, not choices"))
    in_words = SCORE_WORDS if of_marks else {} if letters else MARK_WORDS
    if plain and all(cell.casefold() in in_words for cell in plain):
        marks = {cell: in_words[cell.casefold()] for cell in plain if cell not in ("0", "1")}
        shown = ", ".join(f"{cell} = {mark}" for cell, mark in list(marks.items())[:2])
        return Answers(marks, codes, marks=True, said=(*said, f"the cells are marks, not choices: {shown}"))
    if plain and all(cell.upper() in TRUTHS for cell in plain):
        if not letters:
            return Answers({}, codes, said=said, readings=TRUE_OR_FALSE, unclear=TRUE_WORDS, option=TO_MARK)
        if letters <= {"T", "F"}:
            truths = {cell: cell[0].upper() for cell in plain}
            return Answers(truths, codes, said=(*said, "the answers are true and false: translated, T and F"))
    kinds = {_kind(cell) for cell in plain if _kind(cell) != "several"}
    if len(kinds) != 1:
        return Answers({}, codes, said=said)
    kind, of_key = kinds.pop(), {_kind(letter) for letter in letters}
    target = of_key.pop() if len(of_key) == 1 else "upper"
    recode, readings = _recoded(kind, target, plain)
    if recode:
        shown = ", ".join(f"{cell} = {answer}" for cell, answer in list(recode.items())[:2])
        said = (*said, f"all answers are {IN_WORDS[_written(kind, plain)]}: translated, {shown}, ...")
    return Answers(recode, codes, said=said, readings=readings)


def _written(kind: str, plain: Iterable[str]) -> str:
    """The kind, more closely: what stands around the letters."""
    first = next(iter(plain))
    if kind != "wrapped":
        return kind
    return "lettered" if is_lettered(first) else "decimal" if first[0].isdigit() and len(first) > 2 else kind


def _kind(cell: str) -> str:
    if len(cell) == 1 and cell.isascii() and cell.isalnum():
        return "digit" if cell.isdigit() else "upper" if cell.isupper() else "lower"
    if plain_letter(cell) is not None:
        return "wrapped"
    return "several" if is_answer(cell) else "other"


def _recoded(kind: str, target: str, plain: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    single = sorted(cell for cell in plain if _kind(cell) == kind)
    if kind == "wrapped":
        letters = {cell: plain_letter(cell) or cell for cell in single}
        inner = {_kind(letter) for letter in letters.values()}
        if len(inner) != 1:
            return {}, ()
        recode, readings = _recoded(inner.pop(), target, letters.values())
        return {cell: recode.get(letter, letter) for cell, letter in letters.items()}, readings
    if kind == target or kind not in KINDS:
        return {}, ()
    if kind == "digit":
        if "0" in single:
            return {}, ("1 = A, 2 = B, ... and 0 = no answer", "0 = A, 1 = B, ...")
        letters_now = LETTERS.lower() if target == "lower" else LETTERS
        return {digit: letters_now[int(digit) - 1] for digit in single}, ()
    if target == "digit":
        return {letter: str(ord(letter.upper()) - ord("A") + 1) for letter in single}, ()
    turn = str.upper if target == "upper" else str.lower
    return {letter: turn(letter) for letter in single}, ()
