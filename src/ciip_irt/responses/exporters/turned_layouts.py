"""Two more layouts of plain tables: a row per question with the candidates across, and several versions of an
exam with a key of their own each.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet
from ciip_irt.tables import (
    SUMMARY_WORDS,
    Grid,
    Headed,
    folded,
    grid_of,
    headed,
    is_answer,
    is_key_label,
    meaning_of,
    version_of_key,
)

__all__ = ["ACROSS", "VERSIONS", "by_version", "versions_place"]

FEWEST = 5  # questions, and candidates, that a table turned round must have
MOSTLY = 0.6  # of a column's filled cells are answers, as in a wide log
ABOUT_ITEMS = ("domain", "options", "points", "status")


def by_version(
    about: Sequence[str],
    people: Sequence[tuple[Sequence[str], str, Mapping[str, str]]],
    keys: Mapping[str, Mapping[str, str]],
) -> Grid:
    """A long sheet whose questions are named after version and question: ``A-Q1`` and ``B-Q1`` are two, since
    nothing says that they ask the same.

    Parameters
    ----------
    about
        Names of the columns about candidates.
    people
        Their cells, version, and question -> answer.
    keys
        Version -> question -> key.
    """
    header = [*about, "item_id", "response", "key"]
    rows = [
        [*cells, f"{version}-{question}", answer, keys[version].get(question, "")]
        for cells, version, answers in people
        for question, answer in answers.items()
        if question in keys[version]
    ]
    return grid_of([header, *rows], "answers")


def _holds_answers(table: Headed, place: int) -> bool:
    cells = [cell for cell in table.column(place) if cell]
    return bool(cells) and sum(map(is_answer, cells)) >= MOSTLY * len(cells)


def _place_of(table: Headed, meaning: str) -> int | None:
    return next((place for place, name in enumerate(table.names) if meaning_of(name) == meaning), None)


def versions_place(table: Headed) -> int | None:
    """The column that says which version a candidate had."""
    return _place_of(table, "form_id")


def _version_keys(table: Headed) -> dict[int, str]:
    """Rows that are the key of a version: place -> version, as the column of versions writes it."""
    form = _place_of(table, "form_id")
    if form is None:
        return {}
    known = {folded(cell): cell for cell in table.column(form) if cell}
    found = {}
    for place, row in enumerate(table.rows):
        label = next((cell for p, cell in enumerate(row) if cell and is_key_label(cell) and p != form), None)
        if label is None:
            continue
        version = known.get(folded(row[form] or version_of_key(label)))
        if version is not None:
            found[place] = version
    return found


def _versions_fit(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    if not grids or not grids[0].rows:
        return False
    table = headed(grids[0])
    found = _version_keys(table)
    keys = {tuple(table.rows[place][p] for p in _questions(table)) for place in found}
    return len(set(found.values())) > 1 and len(keys) > 1


def _questions(table: Headed) -> list[int]:
    return [
        place
        for place, name in enumerate(table.names)
        if meaning_of(name) is None and _holds_answers(table, place)
    ]


def _versions(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0])
    keyed, form, items = _version_keys(table), _place_of(table, "form_id"), _questions(table)
    keys = {
        version: {table.names[p]: table.rows[place][p] for p in items if table.rows[place][p]}
        for place, version in keyed.items()
    }
    about = [place for place in range(len(table.names)) if place not in items]
    people = []
    for place, row in enumerate(table.rows):
        if place in keyed or not any(row[p] for p in items):
            continue
        version = "" if form is None else row[form]
        if version not in keys:
            remedy = "Write the version beside every candidate, and a row with its key."
            what = f"no key for version {version!r}"
            raise InputError(Problem(what, str(path), table.numbers[place], remedy=remedy))
        people.append(([row[p] for p in about], version, {table.names[p]: row[p] for p in items}))
    return (by_version([table.names[p] for p in about], people, keys),)


def _across_fit(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001
    if not grids or not grids[0].rows:
        return False
    table = headed(grids[0])
    meanings = {meaning_of(name) for name in table.names}
    item = _place_of(table, "item_id")
    if item is None or meanings & {"candidate_id", "delivery_id", "response", "responses", "score", "a", "b"}:
        return False
    names = [cell for cell in table.column(item) if cell]
    return len(names) == len(set(names)) >= FEWEST and len(_questions(table)) >= FEWEST


def _across(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0])
    item, key, people = _place_of(table, "item_id"), _place_of(table, "key"), _questions(table)
    assert item is not None  # _across_fit
    rows = [row for row in table.rows if row[item] and folded(row[item]) not in SUMMARY_WORDS]
    items = [row[item] for row in rows]
    sheet = answers_sheet(
        ["candidate_id", *items], [[table.names[place], *(row[place] for row in rows)] for place in people]
    )
    if key is None:
        return (sheet,)
    more = {
        name: {row[item]: row[place] for row in rows}
        for name in ABOUT_ITEMS
        if (place := _place_of(table, name)) is not None
    }
    return sheet, key_sheet({row[item]: row[key] for row in rows}, **more)


VERSIONS = Exporter(
    "versions",
    "a plain table",
    _versions_fit,
    _versions,
    said="layout: several versions with a key each; their questions are kept apart (A-Q1, B-Q1)",
)
ACROSS = Exporter(
    "across", "a plain table", _across_fit, _across, said="layout: one row per question, candidates across"
)
