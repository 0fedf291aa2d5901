"""QTI results: one ``assessmentResult`` per candidate, one ``itemResult`` per item (QTI 2.x and 3).

The XML is read with document types and entities refused and its size bounded. Names are compared without
their namespace, so that 2.0, 2.1, 2.2 and 3 are one.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet, marks_of
from ciip_irt.tables import Grid

__all__ = ["QTI"]

LARGEST = 200_000_000  # characters of one file
DEEPEST = 100  # elements inside each other: a result has about ten
CHOICE = re.compile(r"(?:choice|option|answer|opt|ans|c|i)?[_\-. ]?([A-Za-z0-9])", re.I)


def _fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    return "assessmentResult" in text[:20_000] and text.lstrip().startswith("<")


def _sheets(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    results = _Results(path)
    results.parse(text)
    if not results.candidates:
        remedy = "Export the results (assessmentResult), not the items."
        raise InputError(Problem("no candidate's results are in the file", str(path), remedy=remedy))
    items = list(dict.fromkeys(item for answers in results.candidates.values() for item in answers))
    keys = results.keys
    given = [answer for answers in results.candidates.values() for answer in answers.values() if answer]
    letters = all(CHOICE.fullmatch(text) for text in (*given, *keys.values()))
    if letters and keys:
        rows = [[who, *(_letter(answers.get(item)) for item in items)]
                for who, answers in results.candidates.items()]  # fmt: skip
        sheet = answers_sheet(["candidate_id", *items], rows)
        return sheet, key_sheet({item: _letter(keys[item]) for item in items if item in keys})
    rows = [
        [who, *(_mark(answers.get(item), keys.get(item), results.scores.get((who, item))) for item in items)]
        for who, answers in results.candidates.items()
    ]
    return (answers_sheet(["candidate_id", *items], rows),)


def _letter(answer: str | None) -> str:
    if answer is None:
        return "np"  # the item is not among this candidate's results
    found = CHOICE.fullmatch(answer)
    return "-" if found is None else found[1].upper()


def _mark(answer: str | None, key: str | None, score: str | None) -> str:
    if answer is None:
        return "np"
    if key is not None:
        return marks_of(answer, key) or "-"
    return {"0": "0", "0.0": "0", "1": "1", "1.0": "1"}.get(score or "", "-")


class _Results:
    """Collects answers, keys and scores while the XML goes by."""

    def __init__(self, path: Path) -> None:
        self.candidates: dict[str, dict[str, str]] = {}
        self.keys: dict[str, str] = {}
        self.scores: dict[tuple[str, str], str] = {}
        self._path, self._stack, self._text = path, list[str](), ""
        self._who = self._item = self._variable = ""
        self._values: list[str] = []

    def parse(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse
        remedy = "Export the results again as XML without a document type."
        if len(text) > LARGEST:
            raise InputError(
                Problem("more than 200 MB of results in one file", str(self._path), remedy=remedy)
            )
        # the text is decoded already: what the declaration says of its encoding no longer holds
        plain = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
        try:
            parser.Parse(plain.encode(), True)
        except expat.ExpatError as error:
            what = f"not readable XML ({expat.errors.messages[error.code]})"
            raise InputError(Problem(what, str(self._path), error.lineno, remedy=remedy)) from None

    def _refuse(self, *_: object) -> None:
        remedy = "Remove the document type (<!DOCTYPE ...>) and what it declares."
        raise InputError(Problem("the XML declares a document type", str(self._path), remedy=remedy))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._stack.append(name)
        if len(self._stack) > DEEPEST:
            self._refuse()
        self._text = ""
        if name == "assessmentResult":
            self._who = f"result {len(self.candidates) + 1}"
        elif name == "context":
            self._who = attributes.get("sourcedId", attributes.get("sourcedID", self._who))
        elif name == "itemResult":
            self._item = attributes.get("identifier", "")
            self._own().setdefault(self._item, "")
        elif name in ("responseVariable", "outcomeVariable"):
            self._variable = attributes.get("identifier", "")
        elif name in ("candidateResponse", "correctResponse"):
            self._values = []

    def _own(self) -> dict[str, str]:
        return self.candidates.setdefault(self._who, {})

    def _characters(self, text: str) -> None:
        self._text += text

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        inside = self._stack[-2] if len(self._stack) > 1 else ""
        if name == "value" and inside in ("candidateResponse", "correctResponse"):
            self._values.append(self._text.strip())
        elif name == "value" and self._variable == "SCORE" and "itemResult" in self._stack:
            self.scores[self._who, self._item] = self._text.strip()
        elif name == "candidateResponse" and self._item:
            self._own()[self._item] = " ".join(self._values)
        elif name == "correctResponse" and self._item:
            key = " ".join(self._values)
            if self.keys.setdefault(self._item, key) != key:
                remedy = "Give the right keys with --key."
                what = f"item {self._item!r} has two correct responses in different results"
                raise InputError(Problem(what, str(self._path), remedy=remedy))
        elif name == "itemResult":
            self._item = ""
        self._stack.pop()


QTI = Exporter(
    "qti",
    "1EdTech, QTI 2.1/2.2 Results Reporting and QTI 3.0 Results Reporting:"
    " www.imsglobal.org/question/qtiv2p1/imsqti_resultv2p1.html",
    _fits,
    _sheets,
)
