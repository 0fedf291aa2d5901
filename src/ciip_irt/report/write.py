"""Results in, a folder of pages out."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ciip_irt.errors import InputError, printable
from ciip_irt.report.edition import MARKER, edition_of
from ciip_irt.report.results import read_results
from ciip_irt.report.sections import SECTIONS
from ciip_irt.tables import write_outputs

__all__ = ["write_report", "write_results"]

FOLDER, INDEX = "report", "index.html"


def write_report(folder: Path | str, *, item_pages: bool = True) -> Path:
    """Write ``report/index.html`` and its companions from the result files in ``folder``.

    Files that are absent leave their section out, and the first page says so. The same results give the same
    bytes. Pages of an earlier report that are no longer wanted are removed.

    Parameters
    ----------
    folder
        Where ``run``, ``analyse``, ``calibrate``, ... wrote their results.
    item_pages
        Whether every item gets a page of its own.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    InputError
        No such folder, nothing in it, or result files that cannot be read.

    >>> import tempfile, polars as pl
    >>> folder = Path(tempfile.mkdtemp())
    >>> statistics = pl.DataFrame({"item_id": ["Q1"], "form_id": ["all"], "p": [0.9], "r": [0.2]})
    >>> statistics.write_csv(folder / "item_statistics.csv")
    >>> page = write_report(folder)
    >>> page.relative_to(folder).as_posix(), "1 item analysed" in page.read_text(encoding="utf-8")
    ('report/index.html', True)
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - false, too, for a name that no folder can have
        read_results(folder)
    write_outputs(folder, {}, made_of=lambda whole: _pages(whole, folder, item_pages))
    return folder / FOLDER / INDEX


def write_results(
    folder: Path | str, outputs: Mapping[str, Any], *, replaces: Iterable[str] = (), item_pages: bool = True
) -> Path:
    """Write result files and the report on them in one switch: ``tables.write_outputs`` and ``write_report``.

    Whatever goes wrong (the disk is full while the report is written), results and report both stay as they
    were.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    InputError
        The folder cannot be written, or other files in it cannot be read.
    """
    folder = Path(folder)
    write_outputs(folder, outputs, replaces=replaces, made_of=lambda whole: _pages(whole, folder, item_pages))
    return folder / FOLDER / INDEX


def _pages(whole: Path, folder: Path, item_pages: bool) -> tuple[dict[str, str], list[str]]:
    """The pages on the results in ``whole``, and those of an earlier report in ``folder`` that go."""
    try:
        results = read_results(whole)
    except InputError as error:  # the reader knows the folder under its own name
        names = [(problem, problem.where.replace(str(whole), str(folder))) for problem in error.problems]
        raise InputError([replace(problem, where=name) for problem, name in names]) from None
    edition = edition_of(results, list(SECTIONS.values()), item_pages=item_pages)
    pages = {
        f"{FOLDER}/{page.path}": printable(page.html)
        for section in edition.sections
        for page in section.build(edition)
    }
    return pages, [name for name in _pages_of_ours(folder) if name not in pages]


def _pages_of_ours(folder: Path) -> list[str]:
    """Pages that a report of ours wrote; anything else in its folder is left alone."""
    found = []
    target = folder / FOLDER
    for path in (*target.glob("*.html"), *target.glob("items/*.html")):
        with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
            if MARKER in file.read(200):
                found.append(path.relative_to(folder).as_posix())
    return found
