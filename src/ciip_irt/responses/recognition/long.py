"""A log with one row per answer, its columns under whatever names."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ciip_irt.bank import ItemBank, names_matched, plain_keys
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses.mapping import ColumnMapping, KeyPlace, MissingCodes, TablePlace
from ciip_irt.responses.readers.source import attribute_name
from ciip_irt.responses.recognition.answers import Answers, answers_of
from ciip_irt.responses.recognition.choices import NO_CHOICES, Choices
from ciip_irt.responses.recognition.columns import is_email_column
from ciip_irt.responses.recognition.key_rows import check_several, two_readings
from ciip_irt.responses.recognition.lettered import check_letters
from ciip_irt.responses.recognition.moments import moment_format, time_unit
from ciip_irt.responses.recognition.reading import Reading
from ciip_irt.tables import (
    PERSONAL,
    SUMMARY_WORDS,
    Grid,
    Headed,
    folded,
    is_key_label,
    is_personal,
    meaning_of,
)

__all__ = ["is_long", "read_long"]

ITEM_COLUMNS = ("domain", "options", "key")
NEEDED = ("item_id", "response")
TAKEN = (
    "candidate_id", "delivery_id", "attempt", "form_id", "item_id", "position", "response", "status",
    "time_s", "delivered_at", "role", "score",
)  # fmt: skip
OTHERS = (*PERSONAL, "total", "points", "responses", *ITEM_COLUMNS)


def long_columns(table: Headed) -> dict[str, int]:
    """Canonical name -> place. A column called ``Answer`` is the candidate's where there is another column of
    keys, or where it changes within an item.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(table.names):
        meaning = meaning_of(name)
        if meaning is not None and any(table.column(place)):
            places[meaning].append(place)
    found = {name: _best(table, name, own) for name, own in places.items() if name in (*TAKEN, *OTHERS)}
    if "response" not in found and "item_id" in found:
        items = table.column(found["item_id"])
        changing = [place for place in places["key"] if not _constant(items, table.column(place))]
        if len(changing) == 1:
            found["response"] = changing[0]
            keys = [place for place in places["key"] if place != changing[0]]
            found.pop("key")
            if keys:
                found["key"] = keys[0]
        elif not changing and "score" in found:
            found["response"] = found.pop("score")  # nothing but marks
    return found


def is_long(table: Headed) -> bool:
    """Whether the table has one row per answer: a column of items that repeat, and one of answers."""
    found = long_columns(table)
    if not set(NEEDED).issubset(found) or not {"candidate_id", "delivery_id"}.intersection(found):
        return False
    items = [item for item in table.column(found["item_id"]) if item]
    return len(set(items)) < len(items) or len(items) < 3


@dataclass(frozen=True, slots=True)
class _Key:
    """The key of a long log: its items and place, the labels of its rows, and what to say."""

    items: pl.DataFrame | None
    place: KeyPlace | None
    labels: tuple[str, ...]
    said: tuple[str, ...]


def read_long(
    table: Headed,
    grid: Grid,
    path: Path,
    said: Sequence[str],
    bank: ItemBank | None = None,
    items: pl.DataFrame | None = None,
    place: KeyPlace | None = None,
    choices: Choices = NO_CHOICES,
) -> Reading:
    """The reading of a table for which ``is_long`` holds; ``items`` is the key of another sheet.

    Raises
    ------
    InputError
        Digits for letters that could be read in two ways; candidates known by their e-mail address alone.
    """
    found = long_columns(table)
    who = _candidates(table, found, choices, path)
    found = {**found, **({"candidate_id": who} if "candidate_id" in found else {})}
    key = _key_in(table, found, who, bank.items if bank is not None else None, items, place, path)
    labels = dict.fromkeys(row[who] for row in table.rows)
    sums = [
        label for label in labels if folded(label) in SUMMARY_WORDS and not _answers(table, found, who, label)
    ]
    apart = {*key.labels, *sums}
    rows = [row for row in table.rows if row[who] not in apart]
    source = bank.items if bank is not None else key.items
    called = list(dict.fromkeys(row[found["item_id"]] for row in rows if row[found["item_id"]]))
    known = [] if source is None else [str(name) for name in source["item_id"]]
    names_of = names_matched(called, known) if known and not set(called) <= set(known) else {}
    cells = Counter(row[found["response"]] for row in rows if row[found["response"]])
    keys = [] if source is None else list(plain_keys(source["key"].cast(pl.String)))
    of_marks = meaning_of(table.names[found["response"]]) in ("key", "score")
    answers = answers_of(cells, keys, of_marks=of_marks and not keys)
    if answers.readings:
        raise InputError(two_readings(answers.unclear, answers.readings, path, answers.option))
    cells_of: dict[str, list[str]] = {}
    for row in rows:
        cells_of.setdefault(row[found["item_id"]], []).append(row[found["response"]])
    check_letters(cells_of, str(path))
    if bank is None and key.items is not None:
        check_several(cells_of, dict(key.items.select("item_id", "key").iter_rows()), str(path))
    used = {name: found[name] for name in TAKEN if name in found}
    stamps = [row[used["delivered_at"]] for row in rows] if "delivered_at" in used else []
    layout, said_stamp = moment_format(stamps)
    attributes, personal = _attributes(table, found, used, choices)
    mapping = _mapping(table, grid, used, attributes, (*key.labels, *sums), answers, key.place, names_of)
    mapping = replace(mapping, time_stamp_format=layout)
    people = len({row[who] for row in rows if row[who]})
    renamed = ", ".join(f"{name} is {table.names[p]!r}" for name, p in used.items() if table.names[p] != name)
    lines = [f"layout: one row per answer, {plural(people, 'candidate')}, {plural(len(called), 'item')}"]
    lines += [f"columns: {renamed}"] if renamed else []
    lines += key.said
    lines += [f"not candidates: {', '.join(map(repr, sums))}"] if sums else []
    if personal and not choices.keep_names:
        listing = ", ".join(table.names[p] for p in personal)
        lines.append(f"left out, because they tell who a person is: {listing} (--keep-names keeps them)")
    if names_of:
        name, other = next(iter(names_of.items()))
        lines.append(f"items are called as in the items file: {name!r} is {other!r}, ...")
    lines += [*answers.said, *said_stamp]
    lines += [f"times are in {mapping.time_unit}"] if mapping.time_unit != "seconds" else []
    return Reading(path.name, mapping, key.items, (*said, *lines))


def _candidates(table: Headed, found: dict[str, int], choices: Choices, path: Path) -> int:
    """The column that tells candidates apart, and does not tell who they are unless that is asked for."""
    first = found.get("candidate_id", found.get("delivery_id", 0))
    if choices.keep_names or not is_email_column(table.column(first)):
        return first
    for place, name in enumerate(table.names):
        if meaning_of(name) == "candidate_id" and not is_email_column(table.column(place)):
            return place
    remedy = "--keep-names keeps the addresses; with --pseudonyms KEYFILE they are replaced in all results."
    what = f"column {table.names[first]!r} tells candidates by their e-mail address, and no other does"
    raise InputError(Problem(what, str(path), table.row, remedy=remedy))


def _key_in(
    table: Headed,
    found: dict[str, int],
    who: int,
    given: pl.DataFrame | None,
    items: pl.DataFrame | None,
    place: KeyPlace | None,
    path: Path,
) -> _Key:
    """The key in the log: a column of keys, or a candidate called KEY; another source goes before both."""
    labels = tuple(label for label in dict.fromkeys(row[who] for row in table.rows) if is_key_label(label))
    if given is not None or items is not None:
        said = (f"rows of {labels[0]!r} are no candidate; the items' own keys are used",) if labels else ()
        return _Key(items, place, labels, said)
    if "key" in found:
        rows = [row for row in table.rows if row[who] not in labels]
        items = _items_of_rows(table, found, rows, path)
        name = table.names[found["key"]]
        line = f"key: column {name!r}, {plural(items.height, 'item')}"
        return _Key(items, KeyPlace(columns=name), labels, (line,))
    if labels:
        keyed = [row for row in table.rows if row[who] in labels]
        pairs = {row[found["item_id"]]: row[found["response"]] for row in keyed}
        items = pl.DataFrame({"item_id": list(pairs), "key": list(pairs.values())})
        line = f"rows of {labels[0]!r} are no candidate: they are the key, {plural(len(pairs), 'item')}"
        return _Key(items, KeyPlace(row=labels[0]), labels, (line,))
    return _Key(None, None, (), ())


def _attributes(
    table: Headed, found: dict[str, int], used: dict[str, int], choices: Choices
) -> tuple[list[int], list[int]]:
    """Places of the columns that are about candidates, and of those that tell who they are."""
    personal = [
        place
        for place, name in enumerate(table.names)
        if place not in used.values() and (is_personal(name) or is_email_column(table.column(place)))
    ]
    taken = {*used.values(), *(found[name] for name in OTHERS if name in found)}
    taken |= set() if choices.keep_names else set(personal)
    free = [place for place in range(len(table.names)) if place not in taken and any(table.column(place))]
    return free, personal


def _mapping(
    table: Headed,
    grid: Grid,
    used: dict[str, int],
    attributes: Sequence[int],
    apart: tuple[str, ...],
    answers: Answers,
    key: KeyPlace | None,
    names_of: Mapping[str, str],
) -> ColumnMapping:
    recode: dict[str, Mapping[str, str]] = {"response": dict(answers.recode)} if answers.recode else {}
    if names_of:
        recode["item_id"] = dict(names_of)
    unit = time_unit(table.names[used["time_s"]]) if "time_s" in used else None
    return ColumnMapping(
        format="long",
        delimiter=grid.delimiter or None,
        encoding=grid.encoding or None,
        time_unit=unit or "seconds",
        columns={name: table.names[p] for name, p in used.items()},
        candidates={attribute_name(table.names[p]): table.names[p] for p in attributes},
        table=TablePlace(
            sheet=grid.name or None,
            header_row=table.row,
            rows_apart=apart,
            decimal="," if grid.delimiter not in ("", ",") else None,
            answers="marks" if answers.marks else None,
        ),
        key=key,
        missing=MissingCodes(
            omitted=answers.missing.get("omitted", ()),
            not_reached=answers.missing.get("not_reached", ()),
            invalid=answers.missing.get("invalid", ()),
            not_administered=answers.missing.get("not_administered", ()),
        ),
        recode=recode,
    )


def _best(table: Headed, canonical: str, places: Sequence[int]) -> int:
    exact = [place for place in places if folded(table.names[place]) == folded(canonical)]
    return (exact or list(places))[0]


def _constant(items: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the cells are the same wherever the item is."""
    seen: dict[str, str] = {}
    return all(
        not cell or seen.setdefault(item, cell) == cell for item, cell in zip(items, cells, strict=True)
    )


def _answers(table: Headed, found: dict[str, int], who: int, label: str) -> bool:
    """Whether rows of this label answer items, so that it is somebody's name after all."""
    from ciip_irt.tables import is_answer

    cells = [row[found["response"]] for row in table.rows if row[who] == label and row[found["item_id"]]]
    return bool(cells) and all(is_answer(cell) for cell in cells if cell) and any(cells)


def _items_of_rows(
    table: Headed, found: dict[str, int], rows: Sequence[tuple[str, ...]], path: Path
) -> pl.DataFrame:
    """One row per item with the key and what else its rows say in the same words throughout."""
    items = [row[found["item_id"]] for row in rows]
    columns = [name for name in ITEM_COLUMNS if name in found]
    columns = [
        name for name in columns if name == "key" or _constant(items, [row[found[name]] for row in rows])
    ]
    if not _constant(items, [row[found["key"]] for row in rows]):
        remedy = "Give the right keys with --key."
        what = f"column {table.names[found['key']]!r} has different keys for the same item"
        raise InputError(Problem(what, where=str(path), remedy=remedy))
    first: dict[str, dict[str, str]] = {}
    for item, row in zip(items, rows, strict=True):
        if item:
            own = first.setdefault(item, {})
            for name in columns:
                if row[found[name]]:
                    own.setdefault(name, row[found[name]])
    known = {item: own for item, own in first.items() if "key" in own}
    return pl.DataFrame(
        {"item_id": list(known), **{name: [own.get(name) for own in known.values()] for name in columns}},
        schema={"item_id": pl.String, **dict.fromkeys(columns, pl.String)},
    )
