"""Every file of results: its table, or what its JSON object holds, and who writes it.

A producer builds its table to the contract (``Table.frame``), the report reads by it (``Table.lenient``), the
tests hold what is written against it (``Table.differences``), and :func:`describe_result_files` prints it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from ciip_irt.tables.contract import Column, Table
from ciip_irt.tables.contracts.analysis_tables import (
    DIF,
    DOMAIN_SCORES,
    FORM_SUMMARY,
    ITEM_FLAGS,
    ITEM_STATISTICS,
    KEY_VALIDATION,
    OPTION_QUANTILES,
    OPTION_STATISTICS,
    RESCORING,
)
from ciip_irt.tables.contracts.calibration_tables import (
    ANCHOR_ITEMS,
    DIMENSIONALITY,
    ITEM_FIT,
    ITEM_PARAMETERS,
    LINK,
    LINKS,
    LOCAL_DEPENDENCE,
    MODEL_FIT,
    OBSERVED_PROPORTIONS,
    PERSON_FIT,
    POPULATION,
    POPULATION_POINTS,
)
from ciip_irt.tables.contracts.form_tables import (
    ACHIEVED,
    CAPACITY,
    CAPACITY_OVERLAP,
    CURVES,
    FINDINGS,
    FORMS,
    MIGRATION,
    SHORTAGES,
    SUPPLY,
    WRITING_ASSIGNMENT,
)
from ciip_irt.tables.contracts.log_tables import CANDIDATES, EXCLUSIONS, ITEMS, QUARANTINE, RESPONSES
from ciip_irt.tables.contracts.pilot_tables import (
    BANK_NEEDS,
    LEDGER,
    OPERATING_CHARACTERISTICS,
    PILOT_DECISIONS,
    PILOT_EVIDENCE,
    PILOT_PARAMETERS,
    PILOT_PLAN,
)
from ciip_irt.tables.contracts.score_tables import (
    ABILITIES,
    ACCREDITATION,
    CONVERSION,
    PASS_DECISIONS,
    RAW_TO_THETA,
)
from ciip_irt.tables.contracts.time_tables import DELIVERY_TIMES, FORM_TIMES, ITEM_TIMES, PACE
from ciip_irt.tables.contracts.truth_tables import TRUTH, TRUTH_PERSONS

__all__ = ["RECORD_FILES", "RESULT_FILES", "RecordFile", "ResultFile", "describe_result_files"]


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file that holds a table: its contract, and the function that makes it (below ``ciip_irt``)."""

    table: Table
    producer: str


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One file that holds a JSON object: what is in it, and the function that makes it."""

    meaning: str
    producer: str


RESULT_FILES: Mapping[str, ResultFile] = MappingProxyType(
    {
        "responses.parquet": ResultFile(RESPONSES, "responses.ingest"),
        "candidates.csv": ResultFile(CANDIDATES, "responses.ingest"),
        "quarantine.csv": ResultFile(QUARANTINE, "responses.ingest"),
        "exclusions.csv": ResultFile(EXCLUSIONS, "responses.select_eligible"),
        "item_statistics.csv": ResultFile(ITEM_STATISTICS, "item_analysis.analyse_items"),
        "option_statistics.csv": ResultFile(OPTION_STATISTICS, "item_analysis.analyse_items"),
        "option_quantiles.csv": ResultFile(OPTION_QUANTILES, "item_analysis.analyse_items"),
        "key_validation.csv": ResultFile(KEY_VALIDATION, "item_analysis.analyse_items"),
        "rescoring.csv": ResultFile(RESCORING, "item_analysis.analyse_items"),
        "flags.csv": ResultFile(ITEM_FLAGS, "item_analysis.analyse_items"),
        "dif.csv": ResultFile(DIF, "item_analysis.analyse_items"),
        "form_summary.csv": ResultFile(FORM_SUMMARY, "item_analysis.analyse_items"),
        "domain_scores.csv": ResultFile(DOMAIN_SCORES, "item_analysis.analyse_items"),
        "item_times.csv": ResultFile(ITEM_TIMES, "item_analysis.examine_timing"),
        "form_times.csv": ResultFile(FORM_TIMES, "item_analysis.examine_timing"),
        "pace.csv": ResultFile(PACE, "item_analysis.examine_timing"),
        "delivery_times.csv": ResultFile(DELIVERY_TIMES, "item_analysis.examine_timing"),
        "parameters.csv": ResultFile(ITEM_PARAMETERS, "calibration.calibrate"),
        "population.csv": ResultFile(POPULATION, "calibration.calibrate"),
        "population_points.csv": ResultFile(POPULATION_POINTS, "calibration.calibrate"),
        "anchors.csv": ResultFile(ANCHOR_ITEMS, "calibration.calibrate"),
        "abilities.csv": ResultFile(ABILITIES, "calibration.calibrate"),
        "fit.csv": ResultFile(ITEM_FIT, "calibration.check_model"),
        "observed_proportions.csv": ResultFile(OBSERVED_PROPORTIONS, "calibration.calibrate"),
        "model_fit.csv": ResultFile(MODEL_FIT, "calibration.check_model"),
        "local_dependence.csv": ResultFile(LOCAL_DEPENDENCE, "calibration.check_model"),
        "person_fit.csv": ResultFile(PERSON_FIT, "calibration.check_model"),
        "dimensionality.csv": ResultFile(DIMENSIONALITY, "calibration.examine_dimensionality"),
        "link.csv": ResultFile(LINK, "calibration.link_calibrations"),
        "links.csv": ResultFile(LINKS, "calibration.link_chain"),
        "linked_parameters.csv": ResultFile(ITEM_PARAMETERS, "calibration.link_calibrations"),
        "score_tables.csv": ResultFile(RAW_TO_THETA, "scores.score_tables"),
        "conversion.csv": ResultFile(CONVERSION, "scores.score_tables"),
        "decisions.csv": ResultFile(PASS_DECISIONS, "scores.score_tables"),
        "accreditation.csv": ResultFile(ACCREDITATION, "scores.accreditation_table"),
        "pilot_decisions.csv": ResultFile(PILOT_DECISIONS, "pilots.review_pilots"),
        "pilot_evidence.csv": ResultFile(PILOT_EVIDENCE, "pilots.review_pilots"),
        "pilot_parameters.csv": ResultFile(PILOT_PARAMETERS, "pilots.review_pilots"),
        "bank_needs.csv": ResultFile(BANK_NEEDS, "pilots.bank_needs"),
        "pilot_plan.csv": ResultFile(PILOT_PLAN, "pilots.plan_pilots"),
        "operating_characteristics.csv": ResultFile(OPERATING_CHARACTERISTICS, "pilots.simulate_policy"),
        "items.csv": ResultFile(ITEMS, "pilots.promote"),
        "items_proposed.csv": ResultFile(ITEMS, "pilots.promote"),
        "ledger.csv": ResultFile(LEDGER, "pilots.promote"),
        "ledger_proposed.csv": ResultFile(LEDGER, "pilots.promote"),
        "forms.csv": ResultFile(FORMS, "forms.assemble"),
        "achieved.csv": ResultFile(ACHIEVED, "forms.assemble"),
        "curves.csv": ResultFile(CURVES, "forms.assemble"),
        "shortages.csv": ResultFile(SHORTAGES, "forms.assemble"),
        "findings.csv": ResultFile(FINDINGS, "forms.check_forms"),
        "capacity.csv": ResultFile(CAPACITY, "forms.bank_capacity"),
        "capacity_overlap.csv": ResultFile(CAPACITY_OVERLAP, "forms.bank_capacity"),
        "writing_assignment.csv": ResultFile(WRITING_ASSIGNMENT, "forms.bank_capacity"),
        "migration.csv": ResultFile(MIGRATION, "blueprint.migrate"),
        "supply.csv": ResultFile(SUPPLY, "blueprint.migrate"),
        "truth.csv": ResultFile(TRUTH, "simulate.simulate_programme"),
        "truth_persons.csv": ResultFile(TRUTH_PERSONS, "simulate.simulate_programme"),
    }
)

RECORD_FILES: Mapping[str, RecordFile] = MappingProxyType(
    {
        "run.json": RecordFile(
            "the whole job: sentences, warnings, blueprint, provenance", "job.run.run_job"
        ),
        "run_times.json": RecordFile("when it ran, and the seconds of each step", "job.run.run_job"),
        "ingest.json": RecordFile("what was read, and what of it counts", "responses.ingest"),
        "analysis.json": RecordFile("warnings and provenance", "item_analysis.analyse_items"),
        "calibration.json": RecordFile(
            "model, scale, convergence, population, warnings, provenance", "calibration.calibrate"
        ),
        "link.json": RecordFile(
            "constants of the link, and how they were found", "calibration.link_calibrations"
        ),
        "pilot_review.json": RecordFile("policy, scale, evidence, warnings", "pilots.review_pilots"),
        "assembly.json": RecordFile("status, deviation, bounds, findings, in words too", "forms.assemble"),
        "capacity.json": RecordFile("how many forms the bank supports, in words too", "forms.bank_capacity"),
    }
)
KINDS: Mapping[type[pl.DataType], str] = MappingProxyType(
    {pl.String: "text", pl.Float64: "number", pl.Int64: "whole number", pl.Boolean: "true or false"}
)


def describe_result_files() -> str:
    """The contract of every result file, as a page in Markdown."""
    lines = []
    for name, file in RESULT_FILES.items():
        lines += [f"## {name}", "", f"Each row is {file.table.meaning}. Made by `{file.producer}`.", ""]
        lines += ["| column | type | empty | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{column.name}` | {KINDS[column.dtype]} | {_may_lack(column)} | {_said(column)} |"
            for column in file.table.columns
        ]
        lines += ["", *([f"Further columns: {file.table.more}.", ""] if file.table.more else [])]
    lines += ["## JSON files", "", "| file | holds | made by |", "|---|---|---|"]
    lines += [f"| `{name}` | {file.meaning} | `{file.producer}` |" for name, file in RECORD_FILES.items()]
    return "\n".join(lines) + "\n"


def _may_lack(column: Column) -> str:
    if not column.required:
        return "or absent"
    return "may be" if column.nullable else ""


def _said(column: Column) -> str:
    words = f": {', '.join(column.allowed)}" if column.allowed else ""
    return (column.meaning + words).replace("|", "\\|")
