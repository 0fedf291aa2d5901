"""Identifiers that would match but for how they are written: what a spreadsheet or an export made of them."""

import re
import unicodedata
from collections.abc import Callable, Iterable

__all__ = ["near_match"]

SHOWN = 3  # pairs in a message: enough to see what happened to all
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PART = rf"(\d{{1,2}}|{'|'.join(MONTHS)})"
DATE = re.compile(rf"(?:(?:19|20)\d\d-)?{PART}[-/. ]{PART}(?: 00:00(?::00)?)?")
LONGEST_EXPONENT = 3  # digits: no identifier has a thousand digits, and larger powers cannot be written out


def _composed(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def _any_case(name: str) -> str:
    return _composed(name).casefold()


def _closed(name: str) -> str:
    return re.sub(r"[\s_\u200b\ufeff-]+", "", _any_case(name))


def _plain_number(name: str) -> str:
    """``1E5``, ``100000.0`` and ``0100000`` as ``100000``; ``Q01`` as ``q1``."""
    closed = re.sub(r"[\s_\u200b\ufeff]+", "", _any_case(name))
    exponent = closed.partition("e")[2].lstrip("+-")
    if NUMBER.fullmatch(closed) and len(exponent) <= LONGEST_EXPONENT:
        value = float(closed.replace(",", "."))
        if value.is_integer() and abs(value) < 1e15:  # beyond, floats no longer tell neighbours apart
            return str(int(value))
    return re.sub(r"(?<!\d)0+(?=\d)", "", _closed(name))


def _as_date(name: str) -> str:
    """``2-Jan``, ``2026-01-02`` and ``1-2`` as one: spreadsheets make such dates of such names."""
    found = DATE.fullmatch(_any_case(name))
    if found is None:
        return name
    numbers = [MONTHS.index(part) + 1 if part in MONTHS else int(part) for part in found.groups()]
    return "date " + "-".join(map(str, sorted(numbers)))


SHAPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("how accents are stored (NFC or NFD)", _composed),
    ("capital and small letters", _any_case),
    ("blanks, underscores or hyphens", _closed),
    ("leading zeros, or numbers such as 1E5 or 12.0", _plain_number),
    ("being taken for a date by a spreadsheet", _as_date),
)


def near_match(unknown: Iterable[str], known: Iterable[str]) -> str:
    """A sentence on the unknown names that a known one equals but for how it is written; empty where none.

    >>> near_match(["q01", "Z9"], ["Q01", "Q02"])
    "1 of them would match but for capital and small letters: 'q01' is 'Q01'."
    >>> near_match(["7", "1E5"], ["007", "100000"])[:73]
    '2 of them would match but for leading zeros, or numbers such as 1E5 or 12'
    """
    left, known = list(dict.fromkeys(unknown)), list(dict.fromkeys(known))
    sentences = []
    for words, shaped in SHAPES:
        by_shape: dict[str, list[str]] = {}
        for name in known:
            by_shape.setdefault(shaped(name), []).append(name)
        pairs = [(name, by_shape[shape]) for name in left if (shape := shaped(name)) in by_shape]
        if not pairs:
            continue
        shown = ", ".join(
            f"{name!r} is {' or '.join(repr(hit) for hit in hits[:SHOWN])}" for name, hits in pairs[:SHOWN]
        )
        more = ", ..." if len(pairs) > SHOWN else ""
        sentences.append(f"{len(pairs):,} of them would match but for {words}: {shown}{more}.")
        gone = {name for name, _ in pairs}
        left = [name for name in left if name not in gone]
    return " ".join(sentences)
