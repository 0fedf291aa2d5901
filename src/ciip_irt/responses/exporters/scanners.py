"""Answer sheets read by ZipGrade: four columns per question, with the key beside every answer."""

import re
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet
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
    keys: dict[str, str] = {}
    for number in numbers:
        own = {row[places[f"prikey{number}"]] for row in table.rows} - {""}
        if len(own) > 1:
            version = " by 'Key Version'" if "keyversion" in places else ""
            remedy = f"Export the versions{version} one by one: their questions stand in different orders."
            what = f"question {number} has several keys"
            raise InputError(Problem(what, str(path), 1, examples=tuple(sorted(own)[:5]), remedy=remedy))
        if own:
            keys[f"Q{int(number):0{width}d}"] = own.pop()
    items = [f"Q{int(number):0{width}d}" for number in numbers]
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
