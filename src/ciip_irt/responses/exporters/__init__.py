"""Layouts that programs have of their own. Another one is a value here and one row in ``EXPORTERS``."""

from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.responses.exporters.analysis_programs import ITEMAN, LERTAP, WINSTEPS, numbered
from ciip_irt.responses.exporters.exporter import Exporter
from ciip_irt.responses.exporters.learning_systems import CANVAS, MOODLE
from ciip_irt.responses.exporters.plain_layouts import PAIRS, STRINGS
from ciip_irt.responses.exporters.qti_results import QTI
from ciip_irt.responses.exporters.scanners import ZIPGRADE
from ciip_irt.responses.exporters.turned_layouts import ACROSS, VERSIONS
from ciip_irt.tables import Grid

__all__ = ["EXPORTERS", "Exporter", "exporter_of", "numbered", "sheets_of"]

EXPORTERS: dict[str, Exporter] = {
    exporter.name: exporter
    for exporter in (
        CANVAS,
        MOODLE,
        QTI,
        WINSTEPS,
        ITEMAN,
        LERTAP,
        ZIPGRADE,
        PAIRS,
        STRINGS,
        VERSIONS,
        ACROSS,
    )
}


def exporter_of(text: str, grids: Sequence[Grid]) -> Exporter | None:
    """The program whose layout the file has; ``None``: a plain table."""
    return next((exporter for exporter in EXPORTERS.values() if exporter.fits(text, grids)), None)


def sheets_of(name: str, text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:
    """The file as sheets of answers and keys, by the layout of that name.

    Raises
    ------
    InputError
        No such exporter; the file does not have its layout.
    """
    if name not in EXPORTERS:
        raise InputError(
            Problem(f"unknown exporter {name!r}", remedy=did_you_mean(name, EXPORTERS, "Known are"))
        )
    return EXPORTERS[name].sheets(text, grids, path)
