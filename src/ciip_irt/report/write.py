"""Results in, a folder of pages out."""

import contextlib
from pathlib import Path

from ciip_irt.report.edition import MARKER, edition_of
from ciip_irt.report.results import read_results
from ciip_irt.report.sections import SECTIONS
from ciip_irt.tables import write_outputs

__all__ = ["write_report"]

FOLDER = "report"


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
    edition = edition_of(read_results(folder), list(SECTIONS.values()), item_pages=item_pages)
    pages = {page.path: page.html for section in edition.sections for page in section.build(edition)}
    target = folder / FOLDER
    write_outputs(target, pages)
    _remove_stale(target, set(pages))
    return target / "index.html"


def _remove_stale(target: Path, wanted: set[str]) -> None:
    """Pages of ours that this report no longer has; anything else in the folder is left alone."""
    for path in (*target.glob("*.html"), *target.glob("items/*.html")):
        if path.relative_to(target).as_posix() in wanted:
            continue
        with contextlib.suppress(OSError):
            with path.open(encoding="utf-8", errors="replace") as file:
                ours = MARKER in file.read(200)
            if ours:
                path.unlink()
