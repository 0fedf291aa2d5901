"""The result files of a folder, as far as they are there.

Every file is optional; a file that is there but cannot be read is an error. Files that name candidates
(``exclusions.csv``, ``abilities.csv``) are cut down to columns without identifiers as they are read, so that
no page can show one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.errors import InputError, Problem
from ciip_irt.tables import (
    ANCHORS,
    CONVERSION,
    DIF,
    EXCLUSIONS,
    FLAGS,
    FORMS,
    ITEM_PARAMETERS,
    ITEM_STATISTICS,
    ITEMS,
    OPTION_STATISTICS,
    PASS_DECISIONS,
    PILOT_DECISIONS,
    RAW_TO_THETA,
    Column,
    Table,
    read_frame,
)

__all__ = ["JSON_FILES", "TABLE_FILES", "Results", "read_results"]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741


def _lenient(table: Table, *needed: str, **more: type[pl.DataType]) -> Table:
    """The contract with only ``needed`` columns required: a page shows what there is."""
    columns = [
        replace(column, required=column.name in needed, nullable=column.name not in needed, allowed=())
        for column in table.columns
    ]
    columns += [Column(name, dtype, required=False, nullable=True) for name, dtype in more.items()]
    return Table(table.name, tuple(columns), allow_empty=True)


def _table(name: str, needed: Mapping[str, type[pl.DataType]], **optional: type[pl.DataType]) -> Table:
    columns = [Column(key, dtype) for key, dtype in needed.items()]
    columns += [Column(key, dtype, required=False, nullable=True) for key, dtype in optional.items()]
    return Table(name, tuple(columns), allow_empty=True)


TABLE_FILES: dict[str, Table] = {
    "items.csv": _lenient(ITEMS, "item_id"),
    "items_proposed.csv": _lenient(ITEMS, "item_id"),
    "item_statistics.csv": _lenient(ITEM_STATISTICS, "item_id", "form_id", domain=S, invalid_rate=F),
    "option_statistics.csv": _lenient(
        OPTION_STATISTICS, "item_id", "option", form_id=S, r_low=F, r_high=F
    ),
    "option_quantiles.csv": _table(
        "option_quantiles", {"item_id": S, "fifth": I, "option": S}, n=I, share=F, low=F, high=F
    ),
    "key_validation.csv": _table(
        "key_validation", {"item_id": S},
        key=S, n=I, p_key_right=F, p_key_wrong=F, likely_key=S, p_two_right=F, second_option=S, p_guessed=F,
        seen=S, do=S,
    ),
    "rescoring.csv": _table(
        "rescoring", {"item_id": S, "form_id": S, "outcome": S},
        key=S, n_candidates=I, n_scored_items=I, p=F, mean=F, sd=F, reliability=F, cut=F, n_passed=I,
        n_score_changed=I, n_newly_pass=I, n_newly_fail=I, cut_from=S,
    ),
    "flags.csv": _lenient(FLAGS, "item_id", "flag"),
    "dif.csv": _lenient(DIF, "item_id"),
    "form_summary.csv": _table(
        "form_summary", {"form_id": S},
        n_candidates=I, n_scored_items=I, n_pilot_items=I, mean=F, sd=F, min=F, max=F,
        reliability=F, reliability_low=F, reliability_high=F, reliability_type=S, sem=F,
        mean_p=F, mean_r=F, median_total_time_s=F, cut=F, n_passed=I, pass_rate=F,
    ),
    "domain_scores.csv": _table(
        "domain_scores", {"form_id": S, "domain": S},
        n_items=I, mean_p=F, reliability=F, reliability_low=F, reliability_high=F, says=S,
    ),
    "item_times.csv": _table(
        "item_times", {"item_id": S, "form_id": S},
        expected_time_s=F, q25_s=F, median_time_s=F, q75_s=F, rapid_rate=F,
    ),
    "form_times.csv": _table(
        "form_times", {"form_id": S},
        n_timed=I, testing_time_min=F, expected_min=F, q05_min=F, median_min=F, q95_min=F, ran_out_rate=F,
        mean_not_reached=F, rapid_rate=F, rapid_rate_last_tenth=F, n_low_effort=I, n_rushed_end=I,
    ),
    "pace.csv": _table(
        "pace", {"form_id": S, "tenth": I}, median_time_s=F, pace=F, p=F, rapid_rate=F, not_reached_rate=F
    ),
    "accreditation.csv": _table(
        "accreditation", {"form_id": S},
        n_candidates=I, pass_rate=F, cut=F, mean=F, sd=F, reliability=F, reliability_type=S, sem=F,
        n_scored_items=I, mean_p=F, mean_r=F, decision_consistency=F, decision_accuracy=F,
        decision_method=S, csem_at_cut=F, remarks=S,
    ),
    "parameters.csv": _lenient(ITEM_PARAMETERS, "item_id", "parameter"),
    "population.csv": _table("population", {}, group=S, n=I, mean=F, se_mean=F, sd=F, se_sd=F),
    "anchors.csv": _lenient(ANCHORS, "item_id"),
    "score_tables.csv": _lenient(RAW_TO_THETA, "form_id", "raw", "method"),
    "conversion.csv": _lenient(CONVERSION, "form_id", "raw"),
    "decisions.csv": _lenient(PASS_DECISIONS, "form_id", "method"),
    "fit.csv": _table("fit", {"item_id": S, "statistic": S}, value=F),
    "model_fit.csv": _table(
        "model_fit", {"form_id": S},
        group=S, n=I, n_items=I, m2=F, df=I, p=F, rmsea=F, rmsea_low=F, rmsea_high=F, srmsr=F, remarks=S,
    ),
    "person_fit.csv": _table("person_fit", {}, form_id=S, p=F, flagged=pl.Boolean),
    "local_dependence.csv": _table(
        "local_dependence", {"item_1": S, "item_2": S},
        n=I, q3=F, q3_adjusted=F, reference=F, p=F, suggestion=S,
    ),
    "observed_proportions.csv": _table(
        "observed_proportions",
        {"item_id": S, "group": I},
        theta=F, n=I, observed=F, low=F, high=F, expected=F,
    ),
    "pilot_decisions.csv": _lenient(PILOT_DECISIONS, "item_id", "decision"),
    "pilot_evidence.csv": _table("pilot_evidence", {"item_id": S}),
    "bank_needs.csv": _table(
        "bank_needs", {"domain": S, "band": S},
        b_from=F, b_to=F, wanted=I, have=I, lacking=I, pilots=I, pilots_expected=F, lacking_after=F,
    ),
    "forms.csv": _lenient(FORMS, "form_id", "item_id"),
    "achieved.csv": _table(
        "achieved", {},
        form_id=S, quantity=S, target=F, tolerance=F, achieved=F, deviation=F, met=pl.Boolean, se=F,
    ),
    "findings.csv": _table("findings", {"message": S}, rule=S, severity=S, form_id=S, item_id=S),
    "shortages.csv": _table("shortages", {}),
    "capacity.csv": _table(
        "capacity", {"name": S, "runs_out": I},
        what=S, domain=S, available=I, per_form=F, forms_alone=F,
    ),
    "capacity_overlap.csv": _table("capacity_overlap", {"forms": I}, least_overlap=I, share=F),
    "writing_assignment.csv": _table(
        "writing_assignment", {"forms": I, "name": S}, asks_for=S, available=I, write=I, worth=F
    ),
    "curves.csv": _table(
        "curves", {"form_id": S, "theta": F}, information=F, expected_score=F
    ),
    "exclusions.csv": _lenient(EXCLUSIONS, "rule"),
    "abilities.csv": _table("abilities", {}, form_id=S, total=F),
}  # fmt: skip
JSON_FILES = (
    "run.json",
    "ingest.json",
    "analysis.json",
    "calibration.json",
    "pilot_review.json",
    "assembly.json",
    "capacity.json",
)
WITHOUT_CANDIDATES = {
    "exclusions.csv": ("rule", "reason", "rows"),
    "abilities.csv": ("form_id", "total"),
    "person_fit.csv": ("form_id", "p", "flagged"),
}


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
        return self.tables[name] if name in self.tables else _shown(name, TABLE_FILES[name].empty())

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
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise InputError(
            Problem(what, where=str(folder), remedy="Give the folder that `ciip-irt run --out` wrote.")
        )
    problems: list[Problem] = []
    tables: dict[str, pl.DataFrame] = {}
    records: dict[str, Mapping[str, Any]] = {}
    for name, table in TABLE_FILES.items():
        path = folder / name
        if path.exists():
            try:
                tables[name] = _shown(name, table.validate(read_frame(path), where=str(path)))
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


def _shown(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    kept = WITHOUT_CANDIDATES.get(name)
    return frame if kept is None else frame.select(column for column in kept if column in frame.columns)


def _read_json(path: Path) -> Mapping[str, Any]:
    remedy = "Run the step again that wrote it."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(reason, where=str(path), remedy="Check the path and its rights.")) from None
    except ValueError as error:
        raise InputError(Problem(f"not valid JSON: {error}", where=str(path), remedy=remedy)) from None
    if not isinstance(content, dict):
        raise InputError(Problem("not a JSON object", where=str(path), remedy=remedy))
    return content
