"""What a setting may be: each kind reads a value, says in words what it wants, and is part of a JSON schema.

A kind is whatever has the three members of ``Kind``; a room with a value of its own shape writes its own.
"""

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ciip_irt.errors import nearest_name

__all__ = [
    "AnyOf",
    "Date",
    "Flag",
    "Kind",
    "Label",
    "ListOf",
    "Number",
    "Range",
    "Text",
    "UnfitError",
    "Whole",
    "shown",
]

LONGEST_SHOWN = 60  # characters of a wrong value: enough to find it by, and a message stays one line
LARGEST_WHOLE = 2**31 - 1  # what every whole-number type below us holds; no setting counts further
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)  # would reach terminals and pages; tab and newline may stand
DATE = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"  # a year, a month or a day


class UnfitError(Exception):
    """A value is not of its kind: ``faults`` are what is wrong with it, each with the remedy."""

    def __init__(self, what: str | Sequence[tuple[str, str]], remedy: str = "") -> None:
        self.faults: tuple[tuple[str, str], ...] = ((what, remedy),) if isinstance(what, str) else tuple(what)
        super().__init__("; ".join(fault[0] for fault in self.faults))


class Kind(Protocol):
    """What a setting may be."""

    @property
    def words(self) -> str:
        """After "must be": ``a number from 0 to 1``."""
        ...

    def read(self, value: Any) -> Any:
        """The value as the program wants it.

        Raises
        ------
        UnfitError
            It is not of this kind.
        """
        ...

    def schema(self) -> dict[str, Any]:
        """The kind in JSON schema."""
        ...


def shown(value: Any) -> str:
    """A value of a file as a message shows it: in one line, and cut where it is long.

    >>> shown("a"), shown("x" * 100)[-8:], shown(10**5000)
    ("'a'", 'xxxx ...', 'a whole number of about 5,000 digits')
    """
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST_SHOWN:
        return f"a whole number of about {math.floor(value.bit_length() * math.log10(2)):,} digits"
    if isinstance(value, datetime.date | datetime.time):
        return str(value)
    try:
        written = repr(value)
    except ValueError:  # a list with a whole number of more digits than Python writes
        return f"a {type(value).__name__} of very long numbers"
    return written if len(written) <= LONGEST_SHOWN else f"{written[:LONGEST_SHOWN]} ..."


@dataclass(frozen=True, slots=True)
class Text:
    """Text, one of ``choices`` where there are some, of a ``pattern`` where there is one.

    ``blank`` allows "" (otherwise something must be written). Control characters are never text.

    >>> Text(choices=("long", "wide")).read("wied")
    Traceback (most recent call last):
    ciip_irt.settings.kinds.UnfitError: must be one of long, wide, not 'wied'
    """

    choices: tuple[str, ...] = ()
    blank: bool = False
    pattern: str = ""
    called: str = "text"
    remedy: str = ""

    @property
    def words(self) -> str:
        return f"one of {', '.join(self.choices)}" if self.choices else self.called

    def read(self, value: Any) -> str:
        if self.choices:
            if not isinstance(value, str) or value not in self.choices:
                near = nearest_name(value, self.choices) if isinstance(value, str) else ""
                raise UnfitError(f"must be {self.words}, not {shown(value)}", near or self.remedy)
            return value
        if not isinstance(value, str):
            raise UnfitError(
                f"must be {self.words}, not {shown(value)}", self.remedy or "Put it in double quotes."
            )
        if CONTROL.search(value):
            raise UnfitError(f"must be {self.words} without control characters, not {shown(value)}")
        if not (self.blank or value.strip()) or (self.pattern and not re.fullmatch(self.pattern, value)):
            raise UnfitError(f"must be {self.words}, not {shown(value)}", self.remedy)
        return value

    def schema(self) -> dict[str, Any]:
        if self.choices:
            return {"enum": list(self.choices)}
        if self.pattern:
            return {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        return {"type": "string"} if self.blank else {"type": "string", "minLength": 1, "pattern": r"\S"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``least`` to ``most``; true and false are none.

    >>> Whole(1).read(2.5)
    Traceback (most recent call last):
    ciip_irt.settings.kinds.UnfitError: must be a whole number of at least 1, not 2.5
    """

    least: int = 0
    most: int = LARGEST_WHOLE

    @property
    def words(self) -> str:
        if self.most < LARGEST_WHOLE:
            return f"a whole number from {self.least} to {self.most}"
        return f"a whole number of at least {self.least}"

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < self.least:
            raise UnfitError(f"must be {self.words}, not {shown(value)}")
        if value > self.most:
            raise UnfitError(f"must be a whole number from {self.least} to {self.most}, not {shown(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        most = {"maximum": self.most} if self.most < LARGEST_WHOLE else {}
        return {"type": "integer", "minimum": self.least, **most}


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from ``least`` to ``most``, both included, or strictly between ``above`` and ``below``.

    >>> Number(0, 1).read(30)
    Traceback (most recent call last):
    ciip_irt.settings.kinds.UnfitError: must be a number from 0 to 1, not 30
    >>> Number(above=0).read(0)
    Traceback (most recent call last):
    ciip_irt.settings.kinds.UnfitError: must be larger than 0, not 0
    """

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    @property
    def words(self) -> str:
        return " ".join(part for part in ("a number", self.bounds) if part)

    @property
    def bounds(self) -> str:
        """``from 0 to 1``, ``larger than 0``; empty without bounds."""
        if math.isfinite(self.above) and math.isfinite(self.below):
            return f"between {self.above:g} and {self.below:g}"
        low, open_end = (f"from {self.least:g}", "up") if math.isfinite(self.least) else ("", "")
        if math.isfinite(self.above):
            low, open_end = f"larger than {self.above:g}", ""
        bound = "and at most" if math.isfinite(self.above) else "to"
        high = f"{bound} {self.most:g}" if math.isfinite(self.most) else open_end
        return " ".join(part for part in (low, high) if part)

    def read(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError(f"must be {self.words}, not {shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise UnfitError(f"must be a finite number, not {shown(value)}")
        if not (self.least <= number <= self.most and self.above < number < self.below):
            between = math.isfinite(self.above)
            raise UnfitError(f"must be {self.bounds if between else self.words}, not {shown(value)}")
        return number

    def schema(self) -> dict[str, Any]:
        bounds = (
            ("minimum", self.least), ("maximum", self.most),
            ("exclusiveMinimum", self.above), ("exclusiveMaximum", self.below),
        )  # fmt: skip
        return {"type": "number", **{key: bound for key, bound in bounds if math.isfinite(bound)}}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    @property
    def words(self) -> str:
        return "true or false"

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise UnfitError(f"must be true or false, not {shown(value)}", "Without quotes.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Label:
    """A value as it is written in a table: text, or a number, true or false, a date, taken as text."""

    @property
    def words(self) -> str:
        return "text or a number"

    def read(self, value: Any) -> str:
        if isinstance(value, str):
            return Text(blank=True).read(value)
        if isinstance(value, list | dict) or (isinstance(value, int) and abs(value) > LARGEST_WHOLE):
            raise UnfitError(f"must be text or a number, not {shown(value)}")
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Date:
    """A year, a month or a day: ``2024``, ``2024-03``, ``2024-03-01``, with quotes or, a day, without.

    >>> Date().read(datetime.date(2024, 3, 1))
    '2024-03-01'
    """

    @property
    def words(self) -> str:
        return "a date: 2024, 2024-03 or 2024-03-01"

    def read(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | datetime.date):
            written = ""
        else:
            written = shown(value) if isinstance(value, int) else str(value)
        if not re.fullmatch(DATE, written, re.ASCII):
            raise UnfitError(f"is not a date: {shown(value)}", 'Write "2024", "2024-03" or "2024-03-01".')
        return written

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{DATE}$"}


@dataclass(frozen=True, slots=True)
class Range:
    """``[low, high]``: two whole numbers from ``least`` on, the first not above the second."""

    least: int = 0
    most: int = LARGEST_WHOLE

    @property
    def words(self) -> str:
        return "[low, high]"

    def read(self, value: Any) -> tuple[int, int]:
        fine = isinstance(value, list) and len(value) == 2
        try:
            low, high = (Whole(0, self.most).read(bound) for bound in value) if fine else (1, 0)
        except UnfitError:
            low, high = 1, 0
        if low > high:
            raise UnfitError(f"must be [low, high], not {shown(value)}")
        if low < self.least:
            raise UnfitError(f"low must be at least {self.least}, not {low}")
        return low, high

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "integer", "minimum": self.least},
            "minItems": 2,
            "maxItems": 2,
        }


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind, as a tuple; ``called`` is their name in the plural.

    ``least`` is how many there must be. ``distinct`` refuses what stands twice, ``once`` takes it once.
    """

    kind: Kind
    called: str
    least: int = 0
    distinct: bool = False
    once: bool = False
    remedy: str = ""

    @property
    def words(self) -> str:
        return f"a list of {self.called}"

    def read(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) < self.least:
            raise UnfitError(f"must be {self.words}, not {shown(value)}", self.remedy)
        try:
            found = tuple(self.kind.read(part) for part in value)
        except UnfitError:
            raise UnfitError(f"must be {self.words}, not {shown(value)}", self.remedy) from None
        if self.once:
            found = tuple(dict.fromkeys(part.strip() for part in found))
        if self.distinct and len(set(found)) < len(found):
            twice = next(part for part in found if found.count(part) > 1)
            raise UnfitError(f"names {shown(twice)} twice")
        return found

    def schema(self) -> dict[str, Any]:
        least = {"minItems": self.least} if self.least else {}
        distinct = {"uniqueItems": True} if self.distinct else {}
        return {"type": "array", "items": self.kind.schema(), **least, **distinct}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value of the first of ``kinds`` that takes it."""

    kinds: tuple[Kind, ...]
    called: str = ""

    @property
    def words(self) -> str:
        return self.called or " or ".join(kind.words for kind in self.kinds)

    def read(self, value: Any) -> Any:
        for kind in self.kinds:
            try:
                return kind.read(value)
            except UnfitError:
                continue
        raise UnfitError(f"must be {self.words}, not {shown(value)}")

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [kind.schema() for kind in self.kinds]}
