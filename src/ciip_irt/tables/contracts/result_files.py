"""Every file of results: its table, or what its JSON object holds, and who writes it.

A producer builds its table to the contract (``Table.frame``), the report reads by it (``Table.lenient``), the
tests hold what is written against it (``Table.differences``), and :func:`describe_result_files` prints it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from ciip_irt.tables.contract import Column, Table
from ciip_irt.tables.contracts import (
    analysis_tables,
    calibration_tables,
    form_tables,
    log_tables,
    pilot_tables,
    score_tables,
    time_tables,
    truth_tables,
)

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
        "responses.parquet": ResultFile(log_tables.RESPONSES, "responses.ingest"),
        "candidates.csv": ResultFile(log_tables.CANDIDATES, "responses.ingest"),
        "quarantine.csv": ResultFile(log_tables.QUARANTINE, "responses.ingest"),
        "exclusions.csv": ResultFile(log_tables.EXCLUSIONS, "responses.select_eligible"),
        "item_statistics.csv": ResultFile(analysis_tables.ITEM_STATISTICS, "item_analysis.analyse_items"),
        "option_statistics.csv": ResultFile(analysis_tables.OPTION_STATISTICS, "item_analysis.analyse_items"),
        "option_quantiles.csv": ResultFile(analysis_tables.OPTION_QUANTILES, "item_analysis.analyse_items"),
        "key_validation.csv": ResultFile(analysis_tables.KEY_VALIDATION, "item_analysis.analyse_items"),
        "rescoring.csv": ResultFile(analysis_tables.RESCORING, "item_analysis.analyse_items"),
        "flags.csv": ResultFile(analysis_tables.ITEM_FLAGS, "item_analysis.analyse_items"),
        "dif.csv": ResultFile(analysis_tables.DIF, "item_analysis.analyse_items"),
        "form_summary.csv": ResultFile(analysis_tables.FORM_SUMMARY, "item_analysis.analyse_items"),
        "group_summary.csv": ResultFile(analysis_tables.GROUP_SUMMARY, "item_analysis.analyse_items"),
        "domain_scores.csv": ResultFile(analysis_tables.DOMAIN_SCORES, "item_analysis.analyse_items"),
        "item_times.csv": ResultFile(time_tables.ITEM_TIMES, "item_analysis.examine_timing"),
        "form_times.csv": ResultFile(time_tables.FORM_TIMES, "item_analysis.examine_timing"),
        "pace.csv": ResultFile(time_tables.PACE, "item_analysis.examine_timing"),
        "delivery_times.csv": ResultFile(time_tables.DELIVERY_TIMES, "item_analysis.examine_timing"),
        "parameters.csv": ResultFile(calibration_tables.ITEM_PARAMETERS, "calibration.calibrate"),
        "population.csv": ResultFile(calibration_tables.POPULATION, "calibration.calibrate"),
        "population_points.csv": ResultFile(calibration_tables.POPULATION_POINTS, "calibration.calibrate"),
        "anchors.csv": ResultFile(calibration_tables.ANCHOR_ITEMS, "calibration.calibrate"),
        "abilities.csv": ResultFile(score_tables.ABILITIES, "calibration.calibrate"),
        "fit.csv": ResultFile(calibration_tables.ITEM_FIT, "calibration.check_model"),
        "observed_proportions.csv": ResultFile(
            calibration_tables.OBSERVED_PROPORTIONS, "calibration.calibrate"
        ),
        "model_fit.csv": ResultFile(calibration_tables.MODEL_FIT, "calibration.check_model"),
        "local_dependence.csv": ResultFile(calibration_tables.LOCAL_DEPENDENCE, "calibration.check_model"),
        "person_fit.csv": ResultFile(calibration_tables.PERSON_FIT, "calibration.check_model"),
        "dimensionality.csv": ResultFile(
            calibration_tables.DIMENSIONALITY, "calibration.examine_dimensionality"
        ),
        "link.csv": ResultFile(calibration_tables.LINK, "calibration.link_calibrations"),
        "links.csv": ResultFile(calibration_tables.LINKS, "calibration.link_chain"),
        "linked_parameters.csv": ResultFile(
            calibration_tables.ITEM_PARAMETERS, "calibration.link_calibrations"
        ),
        "score_tables.csv": ResultFile(score_tables.RAW_TO_THETA, "scores.score_tables"),
        "conversion.csv": ResultFile(score_tables.CONVERSION, "scores.score_tables"),
        "decisions.csv": ResultFile(score_tables.PASS_DECISIONS, "scores.score_tables"),
        "accreditation.csv": ResultFile(score_tables.ACCREDITATION, "scores.accreditation_table"),
        "pilot_decisions.csv": ResultFile(pilot_tables.PILOT_DECISIONS, "pilots.review_pilots"),
        "pilot_evidence.csv": ResultFile(pilot_tables.PILOT_EVIDENCE, "pilots.review_pilots"),
        "pilot_parameters.csv": ResultFile(pilot_tables.PILOT_PARAMETERS, "pilots.review_pilots"),
        "bank_needs.csv": ResultFile(pilot_tables.BANK_NEEDS, "pilots.bank_needs"),
        "pilot_plan.csv": ResultFile(pilot_tables.PILOT_PLAN, "pilots.plan_pilots"),
        "operating_characteristics.csv": ResultFile(
            pilot_tables.OPERATING_CHARACTERISTICS, "pilots.simulate_policy"
        ),
        "items.csv": ResultFile(log_tables.ITEMS, "pilots.promote"),
        "items_proposed.csv": ResultFile(log_tables.ITEMS, "pilots.promote"),
        "ledger.csv": ResultFile(pilot_tables.LEDGER, "pilots.promote"),
        "ledger_proposed.csv": ResultFile(pilot_tables.LEDGER, "pilots.promote"),
        "forms.csv": ResultFile(form_tables.FORMS, "forms.assemble"),
        "achieved.csv": ResultFile(form_tables.ACHIEVED, "forms.assemble"),
        "exposure.csv": ResultFile(form_tables.EXPOSURE, "forms.assemble"),
        "curves.csv": ResultFile(form_tables.CURVES, "forms.assemble"),
        "shortages.csv": ResultFile(form_tables.SHORTAGES, "forms.assemble"),
        "findings.csv": ResultFile(form_tables.FINDINGS, "forms.check_forms"),
        "capacity.csv": ResultFile(form_tables.CAPACITY, "forms.bank_capacity"),
        "capacity_overlap.csv": ResultFile(form_tables.CAPACITY_OVERLAP, "forms.bank_capacity"),
        "writing_assignment.csv": ResultFile(form_tables.WRITING_ASSIGNMENT, "forms.bank_capacity"),
        "migration.csv": ResultFile(form_tables.MIGRATION, "blueprint.migrate"),
        "supply.csv": ResultFile(form_tables.SUPPLY, "blueprint.migrate"),
        "truth.csv": ResultFile(truth_tables.TRUTH, "simulate.simulate_programme"),
        "truth_persons.csv": ResultFile(truth_tables.TRUTH_PERSONS, "simulate.simulate_programme"),
    }
)

RECORD_FILES: Mapping[str, RecordFile] = MappingProxyType(
    {
        "run.json": RecordFile(
            "the whole job: sentences, warnings, blueprint, provenance", "job.run.run_job"
        ),
        "record.json": RecordFile(
            "what `replay` needs: every file that was read with its SHA-256, and the versions",
            "job.replay.write_run",
        ),
        "run_times.json": RecordFile(
            "where the exam file lies, when it ran, and the seconds of each step", "job.replay.write_run"
        ),
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
