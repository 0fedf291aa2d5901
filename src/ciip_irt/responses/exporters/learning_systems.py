"""Quizzes of learning management systems: Canvas (student analysis) and Moodle (responses and grades).

Their answers are texts. Which letter a text had on the screen is not in the file, and letters of our own
would change with the texts that were chosen; so what is read are marks: 1 where the answer earned its points,
0 where not. Answers that are single letters stay answers.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet, marks_of
from ciip_irt.tables import Grid, folded, headed

__all__ = ["CANVAS", "MOODLE"]

QUESTION = re.compile(r"(\d+):\s*(.*)", re.DOTALL)
POINTS = re.compile(r"\d+(\.\d+)?( \(\d+\))?")
RESPONSE, RIGHT = re.compile(r"response\s*(\d+)", re.I), re.compile(r"right answer\s*(\d+)", re.I)
GRADED = re.compile(r"q\.?\s*(\d+)\s*/\s*(\d+[.,]?\d*)", re.I)
ABOUT_CANVAS = ("name", "id", "sis_id", "section", "section_id", "section_sis_id", "submitted", "attempt")


def _canvas_fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    names = {folded(cell) for cell in grids[0].rows[0]} if grids and grids[0].rows else set()
    return {"ncorrect", "nincorrect", "submitted"} <= names and any(
        QUESTION.fullmatch(cell) for cell in grids[0].rows[0]
    )


def _canvas(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0], 1)
    names = grids[0].rows[0]
    questions = [
        (place, found[1])
        for place, name in enumerate(names[:-1])
        if (found := QUESTION.fullmatch(name)) and POINTS.fullmatch(names[place + 1])
    ]
    if not questions:
        remedy = "Export 'Student Analysis' again, with the points of every question."
        raise InputError(Problem("no question is followed by its points", str(path), 1, remedy=remedy))
    rows, partial = [], set()
    kept = [(place, name) for place, name in enumerate(names) if folded(name) in map(folded, ABOUT_CANVAS)]
    for row in table.rows:
        marks = []
        for place, question in questions:
            earned, possible = row[place + 1], POINTS.fullmatch(names[place + 1])
            worth = float(names[place + 1].split()[0]) if possible else 1.0
            value = float(earned) if POINTS.fullmatch(earned) else None
            if value is not None and value not in (0.0, worth):
                partial.add(question)
            marks.append("" if value is None else str(int(value == worth)))
        rows.append([*(row[place] for place, _ in kept), *marks])
    if partial:
        remedy = "Only questions that are right or wrong can be analysed: leave these out."
        what = "questions have partial credit"
        raise InputError(Problem(what, str(path), examples=tuple(sorted(partial)[:5]), remedy=remedy))
    about = ["candidate_id" if folded(name) == "id" else name for _, name in kept]
    return (answers_sheet([*about, *(f"Q{number}" for _, number in questions)], rows),)


def _moodle_fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001
    if not grids or not grids[0].rows:
        return False
    names = grids[0].rows[0]
    told = any(folded(name).startswith("grade/") or folded(name).startswith("grade") for name in names)
    pairs = any(RESPONSE.fullmatch(name) for name in names) and any(RIGHT.fullmatch(name) for name in names)
    graded = sum(GRADED.fullmatch(name) is not None for name in names) >= 2
    return told and (pairs or graded)


def _moodle(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0], 1)
    given = {m[1]: p for p, name in enumerate(table.names) if (m := RESPONSE.fullmatch(name))}
    right = {m[1]: p for p, name in enumerate(table.names) if (m := RIGHT.fullmatch(name))}
    graded = {m[1]: (p, m[2]) for p, name in enumerate(table.names) if (m := GRADED.fullmatch(name))}
    used = {*given.values(), *right.values(), *(place for place, _ in graded.values())}
    about = [
        (place, name) for place, name in enumerate(table.names)
        if place not in used and folded(name) not in ("state", "status", "timetaken", "completed")
        and not folded(name).startswith("grade") and not folded(name).startswith("question")
    ]  # fmt: skip
    rows = [row for row in table.rows if not folded(row[0]).startswith("overallaverage")]
    numbers = [number for number in given if number in right] or list(graded)
    header = [*(name for _, name in about), *(f"Q{number}" for number in numbers)]
    if given:
        keys = {number: _one_key([row[right[number]] for row in rows], number, path) for number in numbers}
        if all(re.fullmatch(r"[A-Za-z]", key) for key in keys.values()):
            cells = [[row[given[number]] for number in numbers] for row in rows]
            letters = {f"Q{number}": key for number, key in keys.items()}
            sheet = answers_sheet(header, _beside(about, rows, cells))
            return sheet, key_sheet(letters)
        cells = [[marks_of(row[given[n]], row[right[n]]) for n in numbers] for row in rows]
        return (answers_sheet(header, _beside(about, rows, cells)),)
    cells = [[_grade(row[place], worth, path) for place, worth in graded.values()] for row in rows]
    return (answers_sheet(header, _beside(about, rows, cells)),)


def _beside(
    about: Sequence[tuple[int, str]], rows: Sequence[Sequence[str]], cells: Sequence[Sequence[str]]
) -> list[list[str]]:
    return [[*(row[place] for place, _ in about), *own] for row, own in zip(rows, cells, strict=True)]


def _one_key(cells: Sequence[str], number: str, path: Path) -> str:
    keys = {cell for cell in cells if cell}
    if len(keys) > 1:
        remedy = "Random questions differ between candidates: export each question's own results."
        what = f"'Right answer {number}' is not the same for all candidates"
        raise InputError(Problem(what, str(path), 1, examples=tuple(sorted(keys)[:5]), remedy=remedy))
    return next(iter(keys), "")


def _grade(cell: str, worth: str, path: Path) -> str:
    if cell in ("", "-"):
        return ""
    earned, most = float(cell.replace(",", ".")), float(worth.replace(",", "."))
    if earned not in (0.0, most):
        remedy = "Only questions that are right or wrong can be analysed: leave these out."
        raise InputError(Problem("questions have partial credit", str(path), examples=(cell,), remedy=remedy))
    return str(int(earned == most))


CANVAS = Exporter(
    "canvas",
    "Canvas, Quiz Reports, report type student_analysis:"
    " developerdocs.instructure.com/services/canvas/file.all_resources/quiz_reports",
    _canvas_fits,
    _canvas,
)
MOODLE = Exporter("moodle", "Moodle, Quiz reports: docs.moodle.org/en/Quiz_reports", _moodle_fits, _moodle)
