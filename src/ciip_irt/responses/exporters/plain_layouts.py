"""Two layouts of plain tables that no column per item has: several columns per question, and all answers of a
candidate in one text with fixed positions.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.analysis_programs import numbered
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet
from ciip_irt.responses.exporters.turned_layouts import by_version, versions_place
from ciip_irt.tables import KEY_WORDS, SCORE_WORDS, Grid, Headed, folded, grid_of, headed, meaning_of

__all__ = ["PAIRS", "STRINGS"]

FEWEST = 3  # questions that several columns must have, before they are taken for a layout
SHORTEST = 5  # answers in a string: shorter texts are codes and words
NUMBERED = re.compile(r"(?P<before>[^\d]*?)[ _.\-]*(?P<number>\d+)[ _.\-:]*(?P<after>[^\d]*)")
STRING = re.compile(r"[A-Za-z0-9.*\-]+")
LINE = re.compile(r"(?P<who>\S.*?)\s+(?P<answers>[A-Za-z0-9.*\-]{5,})\s*")
ROLES = ("response", "key", "score", "time_s", "points")


def _families(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Role -> number of the question -> place of the column."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for place, name in enumerate(names):
        parts = NUMBERED.fullmatch(name.strip())
        if parts is None:
            continue
        role = meaning_of(parts["after"]) or meaning_of(parts["before"]) if parts["after"] else None
        role = role or meaning_of(parts["before"])
        if parts["after"] == "" and role in (None, "item_id"):
            role = "response"  # 'Q7' beside 'Q7 time'
        if role in ROLES:
            found[role].setdefault(parts["number"], place)
    return found


def _earned(table: Headed, families: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The families with columns called points taken as the points earned, where they hold 0 and 1 and no
    other column says them."""
    places = families.get("points", {}).values()
    cells = {SCORE_WORDS.get(row[place].lower(), row[place]) for row in table.rows for place in places}
    if "score" in families or not {"0", "1"} <= cells <= {"0", "1", ""}:
        return families
    return {**families, "score": families["points"]}


def _pairs_fit(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    if not grids:
        return False
    families = _families(headed(grids[0]).names)
    answered = families.get("response", families.get("score", {}))
    return any(
        len(answered.keys() & families[role].keys()) >= FEWEST
        for role in ("key", "score", "time_s", "points")
        if role in families and families[role] is not answered
    )


def _pairs(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    table = headed(grids[0])
    families = _earned(table, _families(table.names))
    places = {place for family in families.values() for place in family.values()}
    about = [place for place in range(len(table.names)) if place not in places]
    given = families.get("response") or families["score"]
    versions = _keys_of_versions(table, families, path)
    if versions is not None:
        form = versions_place(table)
        people = [
            (
                [row[p] for p in about],
                "" if form is None else row[form],
                {f"Q{number}": row[place] for number, place in given.items()},
            )
            for row in table.rows
        ]
        return (by_version([table.names[p] for p in about], people, versions),)
    keys = _keys(table, families)
    unit = next((table.names[place] for place in families.get("time_s", {}).values()), "")
    minutes = (
        "ms" if re.search(r"\bms|milli", unit, re.I) else "minutes" if re.search("min", unit, re.I) else "s"
    )
    header = [*(table.names[place] for place in about), "item_id", "response", "key", f"time ({minutes})"]
    rows = []
    for row in table.rows:
        for number, place in given.items():
            answer = row[place] if keys is not None else _mark(row, families, number)
            time = families.get("time_s", {}).get(number)
            key = "" if keys is None else keys.get(number, "")
            rows.append(
                [*(row[p] for p in about), f"Q{number}", answer, key, row[time] if time is not None else ""]
            )
    if keys is None or not keys:
        header[-2] = "unused"
    return (grid_of([header, *rows], "answers"),)


def _keys_of_versions(
    table: Headed, families: dict[str, dict[str, int]], path: Path
) -> dict[str, dict[str, str]] | None:
    """Version -> question -> key where versions have keys of their own; ``None`` where all have one key.

    Raises
    ------
    InputError
        A question has several keys within a version, or nothing tells versions apart.
    """
    if "key" not in families or "response" not in families:
        return None
    form, found = versions_place(table), dict[str, dict[str, str]]()
    for row, number_of_row in zip(table.rows, table.numbers, strict=True):
        own = found.setdefault("" if form is None else row[form], {})
        for number, place in families["key"].items():
            key = row[place]
            if key and own.setdefault(f"Q{number}", key) != key:
                what = f"question {number} has several keys"
                remedy = (
                    "Add a column 'version' that says who had which version, or give the right keys (--key)."
                )
                if form is not None:
                    what += f" in version {row[form]!r}"
                    remedy = "Give the versions one by one, or the right keys with --key."
                shown = (own[f"Q{number}"], key)
                raise InputError(Problem(what, str(path), number_of_row, examples=shown, remedy=remedy))
    several = {number for own in found.values() for number in own if len(
        {other[number] for other in found.values() if number in other}) > 1}  # fmt: skip
    return found if several else None


def _keys(table: Headed, families: dict[str, dict[str, int]]) -> dict[str, str] | None:
    """Question -> key: said by columns of keys, or told by the answers that earned their point; ``None``
    where only the marks are left to read.
    """
    if "key" in families and "response" in families:
        keys = {}
        for number, place in families["key"].items():
            own = {row[place] for row in table.rows} - {""}  # one at most: _keys_of_versions
            if own:
                keys[number] = own.pop()
        return keys
    if "response" not in families:
        return None
    if "score" not in families:
        return {}
    told = {}
    for number, place in families["response"].items():
        score = families["score"].get(number)
        right = set()
        for row in table.rows:
            if score is not None and SCORE_WORDS.get(row[score].strip().lower()) == "1":
                right.add(row[place])
        if len(right) != 1:
            return None
        told[number] = right.pop()
    return told


def _mark(row: Sequence[str], families: dict[str, dict[str, int]], number: str) -> str:
    cell = row[families["score"][number]] if number in families["score"] else ""
    return SCORE_WORDS.get(cell.strip().lower(), cell)


def _string_column(table: Headed) -> int | None:
    for place, name in enumerate(table.names):
        cells = [cell for cell in table.column(place) if cell]
        strings = [cell for cell in cells if STRING.fullmatch(cell) and len(cell) >= SHORTEST]
        lengths = {len(cell) for cell in strings}
        letters = sum(character.isalpha() for cell in strings for character in cell)
        called = meaning_of(name) == "responses"
        if strings and len(strings) == len(cells) and len(lengths) == 1 and called and letters + called:
            return place
    return None


def _strings_fit(text: str, grids: Sequence[Grid]) -> bool:
    return bool(grids and _string_column(headed(grids[0])) is not None) or bool(_fixed_lines(text))


def _fixed_lines(text: str) -> list[tuple[str, str]]:
    """Candidate and answers of a text without columns, where every line is both and all are equally long."""
    lines = [line for line in text[:2_000_000].splitlines() if line.strip()]
    if len(lines) < FEWEST or any(mark in lines[0] for mark in ",;\t|"):
        return []
    found = [LINE.fullmatch(line) for line in lines]
    pairs = [(one["who"], one["answers"]) for one in found if one is not None]
    same = len({len(answers) for _, answers in pairs}) == 1
    few = len({character for _, answers in pairs for character in answers}) <= len("ABCDEFGHIJ.*-")
    return pairs if len(pairs) == len(lines) and same and few else []


def _strings(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:
    table = headed(grids[0]) if grids else None
    place = None if table is None else _string_column(table)
    if table is not None and place is not None:
        about = [p for p in range(len(table.names)) if p != place]
        header = [table.names[p] for p in about]
        people = [([row[p] for p in about], row[place]) for row in table.rows if row[place]]
    else:
        header = ["candidate_id"]
        people = [([who], answers) for who, answers in _fixed_lines(text)]
    items = numbered(len(people[0][1]))
    keys = [answers for about_row, answers in people if any(folded(cell) in KEY_WORDS for cell in about_row)]
    rows = [[*own, *answers] for own, answers in people if not any(folded(cell) in KEY_WORDS for cell in own)]
    sheet = answers_sheet([*header, *items], rows)
    if len(set(keys)) > 1:
        remedy = "Keep the right one, or give it with --key."
        raise InputError(
            Problem("several keys that differ", str(path), examples=tuple(keys[:5]), remedy=remedy)
        )
    return (sheet, key_sheet(dict(zip(items, keys[0], strict=True)))) if keys else (sheet,)


PAIRS = Exporter(
    "pairs", "a plain table", _pairs_fit, _pairs, said="layout: several columns per question"
)  # fmt: skip
STRINGS = Exporter(
    "strings", "a plain table", _strings_fit, _strings, said="layout: one string of answers per candidate"
)  # fmt: skip
