"""Answer sheets read by ZipGrade: four columns per question, with the key beside every answer."""

import re
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet
from ciip_irt.responses.exporters.turned_layouts import by_version
from ciip_irt.tables import Grid, folded, headed

__all__ = ["ZIPGRADE"]

GIVEN, KEY = re.compile(r"stu(\d+)"), re.compile(r"prikey(\d+)")
PER_QUESTION = re.compile(r"(stu|prikey|points|mark)\d+")


def _fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    names = {folded(cell) for cell in grids[0].rows[0]} if grids and grids[0].rows else set()
    return {"stu1", "prikey1"} <= names


def _sheets(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0], 1)
    places = {folded(name): place for place, name in enumerate(table.names)}
    numbers = [
        found[1] for name in places if (found := GIVEN.fullmatch(name)) and f"prikey{found[1]}" in places
    ]
    width = len(max(numbers, key=len))
    about = [name for name in table.names if not PER_QUESTION.fullmatch(folded(name))]
    items = [f"Q{int(number):0{width}d}" for number in numbers]
    version = places.get("keyversion")
    by_version_keys: dict[str, dict[str, str]] = {}
    for row in table.rows:
        own = by_version_keys.setdefault("" if version is None else row[version], {})
        for number, item in zip(numbers, items, strict=True):
            key = row[places[f"prikey{number}"]]
            if key and own.setdefault(item, key) != key:
                remedy = "Export the versions one by one: their questions stand in different orders."
                what = f"question {number} has several keys"
                if version is not None:
                    what += f" in one 'Key Version' ({row[version]!r})"
                raise InputError(Problem(what, str(path), 1, examples=(own[item], key), remedy=remedy))
    keys: dict[str, str] = {}
    for own in by_version_keys.values():
        keys = {**own, **keys}
    if any(keys[item] != key for own in by_version_keys.values() for item, key in own.items()):
        people = [
            (
                [row[places[folded(name)]] for name in about],
                "" if version is None else row[version],
                {item: row[places[f"stu{n}"]] for n, item in zip(numbers, items, strict=True)},
            )
            for row in table.rows
        ]
        return (by_version(about, people, by_version_keys),)
    rows = [
        [*(row[places[folded(name)]] for name in about), *(row[places[f"stu{number}"]] for number in numbers)]
        for row in table.rows
    ]
    return answers_sheet([*about, *items], rows), key_sheet(keys)


ZIPGRADE = Exporter(
    "zipgrade",
    "ZipGrade support, full data CSV (Stu, PriKey, Points, Mark per question): support.zipgrade.com",
    _fits,
    _sheets,
)
