"""Form files: paths and patterns in, one table out, with the file and line of every form and item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

import polars as pl

from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import InputError, Problem
from ciip_irt.forms.checking.loose_tables import Known, NoItemsError, completed, known_items, named_after
from ciip_irt.forms.pool.anchor_items import ANCHOR
from ciip_irt.tables import (
    FIRST_ROW,
    FORMS,
    delimiter_beside,
    read_frame,
    read_spreadsheet,
    sheet_names,
)

__all__ = ["FormFiles", "read_form_files"]

OUTLINE = "outline"
FIRST = ("form_id", "position", "item_id", "role", "domain")


@dataclass(frozen=True, slots=True)
class FormFiles:
    """The forms of several files in one table.

    ``file_of[form_id]`` and ``line_of[form_id, item_id]`` say where they came from; the line of the form
    itself stands under an empty ``item_id``. Lines are known for text files without emptied rows.
    """

    forms: pl.DataFrame
    file_of: Mapping[str, str]
    line_of: Mapping[tuple[str, str], int]


def read_form_files(
    names: Sequence[str | Path],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    items: pl.DataFrame | None = None,
    blueprint: Blueprint | None = None,
) -> FormFiles:
    """Forms from CSV, XLSX, Parquet or NDJSON files; a name may be a pattern such as ``forms/*.csv``.

    With ``items`` (the bank) and ``blueprint``, forms made by hand are completed: a column ``item_id`` is
    enough, the form then has the name of the sheet or file; or one column for each form, headed by its name.
    All sheets of a spreadsheet that hold forms are read.

    Raises
    ------
    InputError
        Patterns without a file, files that are no forms, a form in two files; all of them at once.
    """
    problems: list[Problem] = []
    tables: list[pl.DataFrame] = []
    file_of: dict[str, str] = {}
    line_of: dict[tuple[str, str], int] = {}
    known = known_items(items, blueprint) if items is not None and blueprint is not None else None
    for path in _paths(names, problems):
        try:
            found = _tables(path, known, delimiter=delimiter, encoding=encoding)
        except InputError as error:
            problems += error.problems
            continue
        for table, lines in found:
            more = [pl.col(name).cast(pl.String) for name in (OUTLINE, ANCHOR) if name in table.columns]
            kept = table.select(*FIRST, *more)
            for form_id in kept["form_id"].unique(maintain_order=True):
                if form_id in file_of:
                    what = f"form {form_id} is in {file_of[form_id]} already"
                    remedy = "Give each file once, and each form a form_id of its own."
                    problems.append(Problem(what, where=path, remedy=remedy))
                file_of.setdefault(form_id, path)
            tables.append(kept)
            pairs = kept.select("form_id", "item_id").iter_rows()
            for line, (form_id, item_id) in zip(lines, pairs, strict=False):
                line_of.setdefault((form_id, item_id), line)
                line_of.setdefault((form_id, ""), line)
    if problems:
        raise InputError(problems)
    return FormFiles(pl.concat(tables, how="diagonal"), file_of, line_of)


def _tables(
    path: str, known: Known | None, *, delimiter: str, encoding: str
) -> list[tuple[pl.DataFrame, list[int]]]:
    """The tables of forms in a file, each with the line of every row where lines are known."""
    spreadsheet = path.lower().endswith((".xlsx", ".xlsm"))
    sheets: tuple[str | None, ...] = sheet_names(path) if spreadsheet else (None,)
    found: list[tuple[pl.DataFrame, list[int]]] = []
    wrong: list[InputError] = []
    for sheet in sheets:
        where = path if sheet is None else f"{path}, sheet {sheet!r}"
        try:
            if sheet is None:
                frame = read_frame(path, delimiter=delimiter_beside(path, delimiter), encoding=encoding)
            else:
                frame = read_spreadsheet(path, sheet)
            lines: list[int] = []
            height = frame.height
            if known is not None and not set(FIRST) <= set(frame.columns):
                frame = completed(frame, named_after(path, sheet), known, where)
                lines = frame["line"].to_list()
            elif sheet is not None and len(sheets) > 1 and "item_id" not in frame.columns:
                raise NoItemsError(Problem("no column item_id", where=where))
            table = FORMS.validate(frame, where)
        except InputError as error:
            wrong.append(error)
            continue
        if not lines:
            height = table.height
            lines = list(range(FIRST_ROW, FIRST_ROW + height))
        exact = path.lower().endswith(".csv") and _lines(path) == FIRST_ROW - 1 + height
        found.append((table, lines if exact else []))
    # A sheet of notes beside sheets of forms is none of our business; a sheet of items that is wrong is.
    serious = [error for error in wrong if not found or not isinstance(error, NoItemsError)]
    if serious:
        raise InputError([problem for error in serious for problem in error.problems])
    return found


def _paths(names: Sequence[str | Path], problems: list[Problem]) -> list[str]:
    """Every file once, in the order given; those of a pattern by name."""
    found: dict[Path, str] = {}
    for name in map(str, names):
        matching = [name]
        if has_magic(name) and not Path(name).exists():
            # As a shell reads it, hidden files stay out.
            found_here = glob(name, recursive=True)  # noqa: PTH207
            matching = sorted(path for path in found_here if Path(path).is_file())
            if not matching:
                remedy = "Check the pattern, and the folder that it starts from."
                problems.append(Problem("no file matches this pattern", where=name, remedy=remedy))
        for path in matching:
            found.setdefault(Path(path).resolve(), path)
    return list(found.values())


def _lines(path: str) -> int:
    """Lines as an editor numbers them, without the end of the last."""
    return len(Path(path).read_bytes().replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n"))
