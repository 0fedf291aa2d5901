"""What a single cell can be: an answer, a word for a missing answer, a number."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ciip_irt.tables.sheets.column_names import folded

__all__ = [
    "KEY_WORDS",
    "MISSING_WORDS",
    "SUMMARY_WORDS",
    "is_answer",
    "is_number",
    "missing_kind",
    "plain_letter",
    "share_of_answers",
]

ANSWER = re.compile(r"\(?[A-Za-z0-9][).:]?|[01][.,]0+|[A-Za-z0-9]([,;/&| ]+[A-Za-z0-9])+")
"""A letter or digit, perhaps in brackets; 0 or 1 with decimals; or several marks."""
WRAPPED = re.compile(r"\(?([A-Za-z0-9])[).:]")
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*%?")

_MISSING = {
    "omitted": "- -- --- . _ ? omit omitted blank (blank) no_answer no_response not_answered unanswered "
    "skipped skip none nil null na n/a #n/a nan empty missing",
    "invalid": "* ** # mult multi multiple multiple_marks double double_mark erasure",
    "not_reached": "nr not_reached notreached not_seen",
    "not_administered": "np not_presented not_administered notadministered",
}
MISSING_WORDS: Mapping[str, str] = MappingProxyType(
    {word.replace("_", " "): kind for kind, words in _MISSING.items() for word in words.split()}
)
"""Word of a cell, lower case -> the kind of missing it says."""

KEY_WORDS = frozenset(
    map(folded, ("key", "keys", "answer key", "answerkey", "the key", "correct answer", "correct answers",
                 "correct", "correct response", "correct option", "right answer", "right answers", "answer",
                 "answers", "solution", "solutions", "master", "master key", "key row", "pri key",
                 "correct key", "scoring key", "key answers"))
)  # fmt: skip
"""What stands where other rows have their candidate, when the row is the key."""

SUMMARY_WORDS: Mapping[str, str] = MappingProxyType(
    {
        folded(word): kind
        for kind, words in {
            "totals": "total, totals, total correct, sum, sums, number correct, no correct, n correct, "
            "correct n, "
            "count, counts, count correct, num correct, total score, grand total, correct count, total right",
            "averages": "average, averages, avg, mean, means, median, class average, group average, "
            "mean score, "
            "average score, column average",
            "percentages": "percent, percent correct, % correct, %, pct, pct correct, percentage, "
            "percentage correct, p, p value, p values, difficulty, facility, difficulty index, "
            "item difficulty, "
            "proportion correct, prop correct, %correct",
            "spread": "sd, st dev, std, std dev, stdev, standard deviation, variance, discrimination, "
            "point biserial, pbis, rpb, r, discrimination index, item total correlation, se, std error",
            "extremes": "max, maximum, min, minimum, highest, lowest, high, low, range, points possible, "
            "possible points, possible, max points, maximum points, max score, points, weight, weights, "
            "out of",
            "counts": "n, n of candidates, number of candidates, number of students, candidates, students, "
            "examinees, responses, number of responses, valid, n valid",
            "notes": "item, items, question, questions, item id, topic, domain, category, options, "
            "number of options, notes, note, exported, generated, report, end, end of file, legend, source",
        }.items()
        for word in words.split(",")
    }
)
"""What stands there when the row sums up others, and what kind of sum it is."""


def is_answer(cell: str) -> bool:
    """Whether the cell can be an answer to a choice item: one character, perhaps wrapped, or several marks.

    >>> [is_answer(cell) for cell in ("B", "b)", "1", "A,C", "12", "-", "B lab")]
    [True, True, True, True, False, False, False]
    """
    return ANSWER.fullmatch(cell) is not None


def missing_kind(cell: str) -> str | None:
    """The kind of missing that the word of the cell says; ``None`` where it says none.

    >>> missing_kind("(blank)"), missing_kind("*"), missing_kind("B")
    ('omitted', 'invalid', None)
    """
    return MISSING_WORDS.get(re.sub(r"[\s_]+", " ", cell.strip().lower()))


def is_number(cell: str) -> bool:
    """Whether the cell is a number or a percentage."""
    return NUMBER.fullmatch(cell) is not None


def plain_letter(cell: str) -> str | None:
    """The letter or digit of a wrapped answer, ``None`` where the cell is not one.

    >>> plain_letter("B)"), plain_letter("(c)"), plain_letter("B")
    ('B', 'c', None)
    """
    found = WRAPPED.fullmatch(cell)
    return None if found is None else found[1]


def share_of_answers(cells: Iterable[str]) -> float:
    """The share of the filled cells that are answers or words for missing ones; 0 where none is filled.

    >>> share_of_answers(["A", "", "omit", "12"])
    0.6666666666666666
    """
    filled = [cell for cell in cells if cell]
    good = sum(is_answer(cell) or missing_kind(cell) is not None for cell in filled)
    return good / len(filled) if filled else 0.0
