"""The result files of a folder, as far as they are there.

Every file is optional; a file that is there but cannot be read is an error. Files that name candidates
(``exclusions.csv``, ``abilities.csv``) are cut down to columns without identifiers as they are read, so that
no page can show one. What the columns are, and which of them tell candidates apart, is the contract's to say
(``tables.RESULT_FILES``).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.errors import InputError, Problem
from ciip_irt.tables import RESULT_FILES, foreign_errors, packed_bytes, read_frame

__all__ = ["JSON_FILES", "NEEDED", "Results", "read_results"]

NEEDED: Mapping[str, tuple[str, ...]] = {
    "items.csv": ("item_id",),
    "items_proposed.csv": ("item_id",),
    "item_statistics.csv": ("item_id", "form_id"),
    "option_statistics.csv": ("item_id", "option"),
    "option_quantiles.csv": ("item_id", "fifth", "option"),
    "key_validation.csv": ("item_id",),
    "rescoring.csv": ("item_id", "form_id", "outcome"),
    "flags.csv": ("item_id", "flag"),
    "dif.csv": ("item_id",),
    "form_summary.csv": ("form_id",),
    "group_summary.csv": ("form_id", "grouping", "group"),
    "domain_scores.csv": ("form_id", "domain"),
    "item_times.csv": ("item_id", "form_id"),
    "form_times.csv": ("form_id",),
    "pace.csv": ("form_id", "tenth"),
    "accreditation.csv": ("form_id",),
    "parameters.csv": ("item_id", "parameter"),
    "population.csv": (),
    "anchors.csv": ("item_id",),
    "score_tables.csv": ("form_id", "raw", "method"),
    "conversion.csv": ("form_id", "raw"),
    "decisions.csv": ("form_id", "method"),
    "fit.csv": ("item_id", "statistic"),
    "model_fit.csv": ("form_id",),
    "person_fit.csv": (),
    "local_dependence.csv": ("item_1", "item_2"),
    "observed_proportions.csv": ("item_id", "group"),
    "pilot_decisions.csv": ("item_id", "decision"),
    "pilot_evidence.csv": ("item_id",),
    "bank_needs.csv": ("domain", "band"),
    "forms.csv": ("form_id", "item_id"),
    "achieved.csv": (),
    "exposure.csv": ("item_id", "forms"),
    "findings.csv": ("message",),
    "shortages.csv": (),
    "capacity.csv": ("name", "runs_out"),
    "capacity_overlap.csv": ("forms",),
    "writing_assignment.csv": ("forms", "name"),
    "curves.csv": ("form_id", "theta"),
    "exclusions.csv": ("rule",),
    "abilities.csv": (),
}
"""The files of tables that pages show, and the columns without which none can. All else is the contract's."""

JSON_FILES = (
    "run.json",
    "ingest.json",
    "analysis.json",
    "calibration.json",
    "pilot_review.json",
    "assembly.json",
    "capacity.json",
)


@dataclass(frozen=True, slots=True)
class Results:
    """What a results folder holds: tables and JSON objects by file name."""

    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return name in self.tables or name in self.records

    def table(self, name: str) -> pl.DataFrame:
        """The table, or its columns without rows where the file is absent."""
        if name in self.tables:
            return self.tables[name]
        contract = RESULT_FILES[name].table
        return contract.without_persons(contract.empty())

    def record(self, name: str) -> Mapping[str, Any]:
        """The JSON object, or an empty one where the file is absent."""
        return self.records.get(name, {})

    def of_other_data(self) -> list[str]:
        """Files whose results come from other data than those of the first file that names its data."""
        hashes = {
            name: origin["data_hash"]
            for name, record in self.records.items()
            if isinstance(origin := record.get("provenance"), Mapping) and origin.get("data_hash")
        }
        first = next(iter(hashes.values()), None)
        return [name for name, found in hashes.items() if found != first]

    def bank(self) -> pl.DataFrame:
        """The bank as it stands: ``items.csv``, or the bank that the run proposes."""
        return self.table("items.csv" if self.has("items.csv") else "items_proposed.csv")

    def rows_of(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of a table by item, in file order."""
        grouped: dict[str, list[dict[str, Any]]] = {}
        for row in self.table(name).iter_rows(named=True):
            grouped.setdefault(row["item_id"], []).append(row)
        return grouped


def read_results(folder: Path | str) -> Results:
    """Read every result file of ``folder`` that is there.

    Raises
    ------
    InputError
        No such folder, no result file in it, or files that cannot be read: all of them at once.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - false, too, for a name that no folder can have
        what = "not a folder" if os.path.exists(folder) else "no such folder"  # noqa: PTH110
        raise InputError(
            Problem(what, where=str(folder), remedy="Give the folder that `ciip-irt run --out` wrote.")
        )
    problems: list[Problem] = []
    tables: dict[str, pl.DataFrame] = {}
    records: dict[str, Mapping[str, Any]] = {}
    for name, needed in NEEDED.items():
        path = folder / name
        if path.exists():
            contract = RESULT_FILES[name].table
            try:
                read = contract.lenient(needed).validate(read_frame(path), where=str(path))
                tables[name] = contract.without_persons(read)
            except InputError as error:
                problems += error.problems
    for name in JSON_FILES:
        path = folder / name
        if path.exists():
            try:
                records[name] = _read_json(path)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    if not tables and not records:
        raise InputError(
            Problem(
                "no result files here",
                where=str(folder),
                remedy="Run `ciip-irt run EXAM.toml --out DIR` first, then `ciip-irt report DIR`.",
            )
        )
    return Results(tables, records)


def _read_json(path: Path) -> Mapping[str, Any]:
    remedy = "Run the step again that wrote it."
    with foreign_errors(path, "valid JSON", remedy):
        content = json.loads(packed_bytes(path).decode("utf-8"))
    if not isinstance(content, dict):
        raise InputError(Problem("not a JSON object", where=str(path), remedy=remedy))
    return content
