"""Form files: paths and patterns in, one table out, with the file and line of every form and item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

import polars as pl

from ciip_irt.errors import InputError, Problem
from ciip_irt.forms.anchors import ANCHOR
from ciip_irt.tables import FORMS, read_table

__all__ = ["FormFiles", "read_form_files"]

OUTLINE = "outline"
HEADER = 1


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
    names: Sequence[str | Path], *, delimiter: str = ",", encoding: str = "utf-8"
) -> FormFiles:
    """Forms from CSV, Parquet or NDJSON files; a name may be a pattern such as ``forms/*.csv``.

    Raises
    ------
    InputError
        Patterns without a file, files that are no forms, a form in two files; all of them at once.
    """
    problems: list[Problem] = []
    tables: list[pl.DataFrame] = []
    file_of: dict[str, str] = {}
    line_of: dict[tuple[str, str], int] = {}
    for path in _paths(names, problems):
        try:
            table = read_table(path, FORMS, delimiter=delimiter, encoding=encoding)
        except InputError as error:
            problems += error.problems
            continue
        more = [pl.col(name).cast(pl.String) for name in (OUTLINE, ANCHOR) if name in table.columns]
        table = table.select(*FORMS.names, *more)
        tables.append(table)
        for form_id in table["form_id"].unique(maintain_order=True):
            if form_id in file_of:
                what = f"form {form_id} is in {file_of[form_id]} already"
                remedy = "Give each file once, and each form a form_id of its own."
                problems.append(Problem(what, where=path, remedy=remedy))
            file_of.setdefault(form_id, path)
        if path.lower().endswith(".csv") and _lines(path) == table.height + HEADER:
            pairs = table.select("form_id", "item_id").iter_rows()
            for line, (form_id, item_id) in enumerate(pairs, start=HEADER + 1):
                line_of.setdefault((form_id, item_id), line)
                line_of.setdefault((form_id, ""), line)
    if problems:
        raise InputError(problems)
    return FormFiles(pl.concat(tables, how="diagonal"), file_of, line_of)


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
