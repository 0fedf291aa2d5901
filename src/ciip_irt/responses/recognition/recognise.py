"""A file nobody described: how it is to be read, with what was seen; or the two ways it could be."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

import polars as pl

from ciip_irt.bank import ItemBank, items_of_grids, names_matched, plain_keys
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses.exporters import EXPORTERS
from ciip_irt.responses.mapping import ColumnMapping, KeyPlace, MissingCodes, TablePlace
from ciip_irt.responses.readers.source import attribute_name
from ciip_irt.responses.recognition.amiss import (
    AGAIN,
    check_nameless,
    doubled,
    moved_up,
    named_again,
)
from ciip_irt.responses.recognition.answers import Answers, answers_of
from ciip_irt.responses.recognition.blanks import meaning_of_blanks
from ciip_irt.responses.recognition.choices import NO_CHOICES, Choices
from ciip_irt.responses.recognition.columns import WideColumns, wide_columns
from ciip_irt.responses.recognition.key_rows import (
    check_points_row,
    check_several,
    check_symbols,
    differences,
    key_of_rows,
    nameless_keys,
    once,
    possible_keys,
    two_readings,
    with_key_row,
)
from ciip_irt.responses.recognition.lettered import check_letters
from ciip_irt.responses.recognition.long import is_long, read_long
from ciip_irt.responses.recognition.moments import moment_format
from ciip_irt.responses.recognition.reading import Reading
from ciip_irt.responses.recognition.rows import RowApart, label_place, rows_apart
from ciip_irt.responses.recognition.several_sheets import alike, holds_answers
from ciip_irt.tables import Grid, Headed, delimiter_in_words, folded, headed

__all__ = ["recognise"]

FIRST_WORDS = 60  # characters of a reason that are shown: it may quote a sentence from the file


def recognise(
    grids: Sequence[Grid],
    path: Path,
    bank: ItemBank | None = None,
    choices: Choices = NO_CHOICES,
    exporter: str | None = None,
) -> Reading:
    """The reading of a file with one row per candidate.

    Raises
    ------
    InputError
        It can be read in two ways, or in none; with both, and the option that chooses.
    """
    grid = _log_sheet(grids, path, choices)
    table = headed(grid)
    said = (
        (EXPORTERS[exporter].said or f"written by: {exporter}",)
        if exporter
        else _said_of_file(grids, grid, table)
    )
    items, key_said, place = _key_elsewhere(grids, grid, path)
    if choices.key_file is not None:
        place = KeyPlace(file=beside(choices.key_file, path.parent))
    if is_long(table):
        reading = read_long(table, grid, path, (*said, *key_said), bank, items, place, choices)
        return _told(reading, exporter)
    source = bank.items if bank is not None else items
    known = [] if source is None else [str(name) for name in source["item_id"]]
    reading = _wide(table, grids, grid, path, bank, items, place, known, (*said, *key_said), choices)
    return _told(reading, exporter)


def beside(file: Path, folder: Path) -> str:
    """The file's name as seen from the folder, with slashes on every machine."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # on another drive
        return file.resolve().as_posix()


def _told(reading: Reading, exporter: str | None) -> Reading:
    """The reading with the exporter in its mapping."""
    if exporter is None or reading.mapping.table is None:
        return reading
    told = replace(reading.mapping.table, exporter=exporter)
    return replace(reading, mapping=replace(reading.mapping, table=told))


def _log_sheet(grids: Sequence[Grid], path: Path, choices: Choices) -> Grid:
    """The sheet of answers: the one asked for, or of those that hold answers the one with the most cells."""
    if choices.sheet is not None:
        named = [grid for grid in grids if grid.name == choices.sheet]
        if not named:
            listing = ", ".join(repr(grid.name) for grid in grids)
            raise InputError(
                Problem(f"there is no sheet {choices.sheet!r}", str(path), remedy=f"It has: {listing}.")
            )
        return named[0]
    answered = [grid for grid in grids if holds_answers(grid)] if len(grids) > 1 else []
    largest = max(answered or grids, key=lambda grid: len(grid.rows) * grid.width)
    others = [grid for grid in grids if grid is not largest and alike(largest, grid)]
    if others:
        names = " and ".join(repr(grid.name) for grid in (largest, *others))
        what = f"sheets {names} hold answers to the same questions"
        remedy = (
            f"Say which is read: --sheet {largest.name!r}. To read all, put their rows into one sheet, with a"
            " column that tells them apart (site, form)."
        )
        raise InputError(Problem(what, str(path), remedy=remedy))
    return largest


def _said_of_file(grids: Sequence[Grid], grid: Grid, table: Headed) -> tuple[str, ...]:
    said = []
    if grid.name and len(grids) > 1:
        others = ", ".join(repr(other.name) for other in grids if other is not grid)
        said.append(f"answers: sheet {grid.name!r} (the file has {others} as well)")
    if grid.delimiter and (grid.delimiter != "," or grid.encoding != "utf-8"):
        said.append(
            f"text: cells separated by {delimiter_in_words(grid.delimiter)}, encoding {grid.encoding}"
        )
    if table.row > 1:
        said.append(f"header: row {table.row}; {plural(table.row - 1, 'row')} above it not read")
    if table.row == 0:
        said.append("header: none; columns are called after their place")
    return tuple(said)


def _key_elsewhere(
    grids: Sequence[Grid], log: Grid, path: Path
) -> tuple[pl.DataFrame | None, tuple[str, ...], KeyPlace | None]:
    """The key on another sheet of the file."""
    for grid in grids:
        if grid is log:
            continue
        found = items_of_grids([grid], str(path))
        if found is not None:
            frame = found[0].filter(pl.col("item_id").is_not_null() & pl.col("key").is_not_null())
            said = f"key: sheet {grid.name!r}, {plural(frame.height, 'item')}"
            return frame, (said,), KeyPlace(sheet=grid.name)
    return None, (), None


def _wide(
    table: Headed,
    grids: Sequence[Grid],
    grid: Grid,
    path: Path,
    bank: ItemBank | None,
    items: pl.DataFrame | None,
    place: KeyPlace | None,
    known: Sequence[str],
    said: tuple[str, ...],
    choices: Choices,
) -> Reading:
    names_of: Mapping[str, str] = names_matched(
        [name for name in table.names if folded(name) not in map(folded, choices.attributes)], known
    ) if known else {}  # fmt: skip
    columns = _settled(wide_columns(table, [*known, *names_of], choices.keep_names), table, choices, path)
    source = bank.items if bank is not None else items
    known_key = {} if source is None else {
        folded(name): str(key) for name, key in source.select("item_id", "key").iter_rows() if key is not None
    }  # fmt: skip
    for name, known_name in names_of.items():
        if folded(known_name) in known_key:
            known_key[folded(name)] = known_key[folded(known_name)]
    candidate = columns.identity.get("candidate_id", columns.identity.get("delivery_id"))
    apart = rows_apart(table, columns.items, candidate, known_key)
    apart = with_key_row(apart, table, choices, bool(known_key), path)
    check_points_row(apart, table, columns.items, str(path))
    gone = {row.place for row in apart}
    rows = [row for number, row in enumerate(table.rows) if number not in gone]
    numbers = [number for place, number in enumerate(table.numbers) if place not in gone]
    if not rows:
        remedy = "Export it again with its candidates."
        raise InputError(Problem("no row is a candidate", where=str(path), remedy=remedy))
    keys_found = [row for row in apart if row.kind == "key"]
    keys, cautions = key_of_rows(keys_found, table, columns, path)
    if moved := moved_up(rows, numbers, table, columns.items):
        cautions.append(f"{path.name}: {moved}")
    said_key: tuple[str, ...] = ()
    if keys_found:
        first = keys_found[0]
        use = "the items' own keys are used" if known_key else "it is the key"
        said_key = (f"row {first.number} is no candidate: {first.reason}; {use}",)
        if known_key:
            cautions += differences(keys, known_key, path)
        else:
            items = pl.DataFrame({"item_id": list(keys), "key": list(keys.values())})
            place = KeyPlace(row=first.label) if once(first, apart) else KeyPlace(row_at=first.number)
    given = known_key.values() if bank is not None or not keys else keys.values()
    cells_of = {table.names[item]: [row[item] for row in rows] for item in columns.items}
    answers = _answers(cells_of, given, path)
    check_several(cells_of, {} if bank is not None else keys, str(path))
    check_symbols(cells_of, known_key if bank is not None or not keys else keys, str(path))
    blank, said_blank = _blank(rows, columns, choices, path)
    mapping = _wide_mapping(table, grid, columns, apart, answers, blank, place, names_of)
    described = _described(table, columns, rows, candidate, said_key, apart, answers, said_blank, names_of)
    hint = ""
    if not (known_key or keys or answers.marks):
        hint = possible_keys(table, columns.items, candidate) or nameless_keys(grids, grid)
    return Reading(path.name, mapping, items, (*said, *described), apart, tuple(cautions), hint)


def _settled(columns: WideColumns, table: Headed, choices: Choices, path: Path) -> WideColumns:
    """Unclear columns settled by what the user said, else refused; so are tables without items."""
    if not columns.items and len(columns.unclear) < 2:
        raise InputError(_no_items(table, path))
    named = {folded(name) for name in choices.attributes}
    wanted = [place for place in (*columns.unclear, *columns.items) if folded(table.names[place]) in named]
    unclear = [place for place in columns.unclear if place not in wanted]
    twice = doubled(table, columns.items)
    columns = replace(
        columns,
        items=tuple(place for place in columns.items if place not in {*wanted, *twice}),
        unused=(*columns.unused, *twice),
        attributes=tuple(sorted({*columns.attributes, *wanted})),
        unclear=tuple(unclear),
    )
    check_nameless(table, unclear, path)
    if unclear:
        names = ", ".join(repr(table.names[place]) for place in unclear[:5])
        cells = sorted({cell for cell in table.column(unclear[0]) if cell})[:5]
        remedy = (
            f"An attribute: --attributes {table.names[unclear[0]]!r}. A question: name it in the items file"
            " (--items) or the key (--key)."
        )
        what = f"columns {names} could be questions or attributes of the candidates"
        raise InputError(Problem(what, str(path), table.row or None, examples=tuple(cells), remedy=remedy))
    if len(columns.items) < 2:
        raise InputError(_no_items(table, path))
    return columns


def _answers(cells_of: Mapping[str, Sequence[str]], keys: Iterable[str], path: Path) -> Answers:
    """How the cells of all items are written; refused where that can be read in two ways."""
    counts = Counter(cell for cells in cells_of.values() for cell in cells if cell)
    answers = answers_of(counts, list(plain_keys(pl.Series(list(keys), dtype=pl.String))))
    if answers.readings:
        raise InputError(two_readings(answers.unclear, answers.readings, path, answers.option))
    check_letters(cells_of, str(path))
    return answers


def _no_items(table: Headed, path: Path) -> Problem:
    shown = ", ".join(table.names[:12]) + (", ..." if len(table.names) > 12 else "")
    return Problem(
        f"the format cannot be told from the columns {shown}: none is recognised as a column of answers",
        where=str(path),
        row=table.row or None,
        remedy="Name the item columns like the items (--items), or describe the file in a mapping file"
        " (--mapping, docs/reading-logs.md).",
    )


def _blank(
    rows: Sequence[tuple[str, ...]], columns: WideColumns, choices: Choices, path: Path
) -> tuple[str, str]:
    empty = [[not row[item] for item in columns.items] for row in rows]
    count = sum(map(sum, empty))
    if choices.blank is not None:
        return choices.blank, f"{plural(count, 'empty cell')}: {choices.blank.replace('_', ' ')}, as you say"
    form = columns.identity.get("form_id")
    forms = [row[form] if form is not None else "" for row in rows]
    meaning, why = meaning_of_blanks(empty, forms)
    if meaning is None:
        readings = (
            "answers left out, which count as wrong (--blank omitted)",
            "items not given, which do not count (--blank not_administered)",
        )
        raise InputError(two_readings(f"{count:,} empty cells", readings, path, f"Say which; {why}."))
    if not count:
        return meaning, ""
    words = "answers left out (wrong)" if meaning == "omitted" else "items not given (do not count)"
    other = "not_administered" if meaning == "omitted" else "omitted"
    return meaning, f"{plural(count, 'empty cell')}: {words}, because {why}; else say --blank {other}"


def _wide_mapping(
    table: Headed,
    grid: Grid,
    columns: WideColumns,
    apart: Sequence[RowApart],
    answers: Answers,
    blank: str,
    key: KeyPlace | None,
    names_of: Mapping[str, str],
) -> ColumnMapping:
    names = table.names
    gone = {row.place for row in apart}
    layout = _moments(table, columns, gone)[0]
    recode = {}
    if answers.recode:
        recode["response"] = dict(answers.recode)
    renamed = {name: other for name, other in names_of.items() if names.index(name) in columns.items}
    if renamed:
        recode["item_id"] = renamed
    stay = [row for place, row in enumerate(table.rows) if place not in gone]
    label_of = label_place(columns.identity, columns.items, len(names))
    kept = {label_of(row) for row in stay}
    labels = dict.fromkeys(row.label for row in apart if row.label and row.label not in kept)
    return ColumnMapping(
        format="wide",
        time_stamp_format=layout,
        delimiter=grid.delimiter or None,
        encoding=grid.encoding or None,
        item_columns=tuple(names[place] for place in columns.items),
        columns={name: names[place] for name, place in columns.identity.items()},
        candidates={attribute_name(names[place]): names[place] for place in columns.attributes},
        table=TablePlace(
            sheet=grid.name or None,
            header_row=table.row,
            rows_apart=tuple(labels),
            rows_apart_at=tuple(row.number for row in apart if row.label not in labels),
            answers="marks" if answers.marks else None,
        ),
        key=key,
        missing=_codes(blank, answers),
        recode=recode,
    )


def _codes(blank: str, answers: Answers) -> MissingCodes:
    words = answers.missing
    return MissingCodes(
        omitted=words.get("omitted", ()),
        not_reached=words.get("not_reached", ()),
        invalid=words.get("invalid", ()),
        not_administered=words.get("not_administered", ()),
        blank=blank,
    )


def _described(
    table: Headed,
    columns: WideColumns,
    rows: Sequence[tuple[str, ...]],
    candidate: int | None,
    said_key: tuple[str, ...],
    apart: Sequence[RowApart],
    answers: Answers,
    said_blank: str,
    names_of: Mapping[str, str],
) -> list[str]:
    names = table.names
    first, last = names[columns.items[0]], names[columns.items[-1]]
    cells = "marks (0 and 1)" if answers.marks else "answers"
    lines = [
        f"layout: one row per candidate, {plural(len(rows), 'candidate')};"
        f" {plural(len(columns.items), 'item')} with {cells}, {first} to {last}"
    ]
    lines.append(
        "candidates: called by their row, no column tells them apart"
        if candidate is None
        else f"candidates: column {names[candidate]!r}"
    )
    lines += said_key
    others = [row for row in apart if row.kind not in ("key", "header")]
    if others:
        listing = "; ".join(f"row {row.number} ({row.reason[:FIRST_WORDS]})" for row in others[:4])
        more = f"; and {len(others) - 4} more" if len(others) > 4 else ""
        lines.append(f"not candidates: {listing}{more}")
    if columns.attributes:
        listing = ", ".join(names[place] for place in columns.attributes[:8])
        lines.append(f"attributes of candidates: {listing}")
    if columns.personal:
        listing = ", ".join(names[place] for place in columns.personal)
        lines.append(f"left out, because they tell who a person is: {listing} (--keep-names keeps them)")
    if columns.unused:
        twice = " (it stands twice)" if any(AGAIN.fullmatch(names[place]) for place in columns.unused) else ""
        lines.append(f"not used: {', '.join(names[place] for place in columns.unused)}{twice}")
    if again := named_again(table, columns.items):
        lines.append(again)
    if names_of:
        name, other = next(iter(names_of.items()))
        lines.append(f"items are called as in the items file: {name!r} is {other!r}, ...")
    lines += answers.said
    lines += _moments(table, columns, {row.place for row in apart})[1]
    if said_blank:
        lines.append(said_blank)
    return lines


def _moments(table: Headed, columns: WideColumns, gone: Set[int]) -> tuple[str | None, tuple[str, ...]]:
    """The layout of the candidates' time stamps and what to say, as ``moment_format``."""
    stamps = table.column(columns.identity["delivered_at"]) if "delivered_at" in columns.identity else []
    return moment_format([stamp for place, stamp in enumerate(stamps) if place not in gone])
