"""What can go wrong, as values that a person can act on.

::

    CiipError                 exit code 2
    ├── InputError            unusable input: a list of problems, each with file, row, count, examples, remedy
    │   ├── TableError        a table breaks its contract (missing column, text in a number column, ...)
    │   ├── BlueprintError    a blueprint contradicts itself or names what does not exist
    │   └── ScaleError        parameters on different scales, models or D would be mixed
    ├── DesignError           the data cannot identify what was asked (unconnected forms, no variance)
    └── NegativeAnswer        exit code 1: the input is fine, the answer is "no"
        └── ConvergenceError  the iteration did not converge where an estimate was demanded

All of them can be imported from the top (``ciip_irt.InputError``). Any other exception is a defect of ours;
the command line turns it into one line and exit code 70.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

__all__ = [
    "BlueprintError",
    "CiipError",
    "ConvergenceError",
    "DesignError",
    "InputError",
    "NegativeAnswer",
    "Problem",
    "ScaleError",
    "TableError",
    "did_you_mean",
    "nearest_name",
    "plural",
    "printable",
]

MAX_EXAMPLES = 5  # names in a sentence: as many as anybody reads


def plural(count: int, singular: str, many: str | None = None) -> str:
    """The count with its noun, as a person would write it.

    >>> plural(1, "row"), plural(12500, "row"), plural(2, "analysis", "analyses")
    ('1 row', '12,500 rows', '2 analyses')
    """
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that command a terminal or turn the order of letters round; line feed and tab stay."""


def printable(text: str) -> str:
    r"""The text without characters that command a terminal or a page: each becomes a replacement character.

    >>> printable("exam\x1b]0;title\x07\n") == "exam\ufffd]0;title\ufffd\n"
    True
    """
    return UNPRINTABLE.sub("\ufffd", text)


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The known name that comes nearest, as a question; ``otherwise`` and all known names where none does.

    >>> did_you_mean("respones", ["responses", "items"], "Known are")
    "Did you mean 'responses'?"
    >>> did_you_mean("xyz", ["responses", "items"], "Known are")
    'Known are: responses, items.'
    """
    known = tuple(known)
    return nearest_name(word, known) or f"{otherwise}: {', '.join(known)}."


def nearest_name(word: str, known: Iterable[str]) -> str:
    """The known name that comes nearest, as a question; empty where none does.

    >>> nearest_name("respones", ["responses", "items"]), nearest_name("xyz", ["responses", "items"])
    ("Did you mean 'responses'?", '')
    """
    near = get_close_matches(word, tuple(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: where, what, how many, examples, remedy.

    Parameters
    ----------
    what
        The fault in one clause, e.g. ``"column 'time_s' holds text where a number is expected"``.
    where
        The file or the name of the table.
    row
        First row concerned, counted as a spreadsheet counts: the header is row 1.
    count
        How many rows (or things) are concerned; 0 where a count says nothing.
    examples
        Up to five offending values as they stand in the file.
    remedy
        What the reader can do about it.

    >>> print(Problem("column 'time_s' holds text", where="log.csv", row=8, count=3,
    ...               examples=("abc", "n/a"), remedy="Leave the cell empty."))
    log.csv:8: column 'time_s' holds text (3 rows, e.g. 'abc', 'n/a'). Leave the cell empty.
    """

    what: str
    where: str = ""
    row: int | None = None
    count: int = 0
    examples: Sequence[str] = ()
    remedy: str = ""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.where, str(self.row) if self.row else "") if part)
        shown = ", ".join(repr(value) for value in self.examples[:MAX_EXAMPLES])
        details = [plural(self.count, "row")] if self.count else []
        if shown:
            details.append(f"e.g. {shown}" if self.count else shown)
        inside = f" ({', '.join(details)})" if details else ""
        end = f". {self.remedy}" if self.remedy else ""
        return printable(f"{place + ': ' if place else ''}{self.what}{inside}{end}")


class CiipError(Exception):
    """The root of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 2


class InputError(CiipError):
    """Unusable input. ``problems`` lists everything found wrong at once.

    >>> try:
    ...     raise InputError([Problem("the file is empty", where="log.csv")])
    ... except InputError as error:
    ...     print(error)
    log.csv: the file is empty
    """

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class TableError(InputError):
    """A table breaks its contract."""


class BlueprintError(InputError):
    """A blueprint contradicts itself or names what does not exist."""


class ScaleError(InputError):
    """Parameters on different scales, of different models or with different D would be mixed."""


class DesignError(CiipError):
    """The data as collected cannot identify what was asked for."""


class NegativeAnswer(CiipError):  # noqa: N818 - it is an answer, not a fault
    """The input is fine and the answer is "no"."""

    exit_code: ClassVar[int] = 1


class ConvergenceError(NegativeAnswer):
    """An iteration did not converge where an estimate was demanded."""
