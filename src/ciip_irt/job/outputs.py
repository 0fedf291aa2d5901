"""Results as the files of the contract: file name -> table, JSON object or text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from ciip_irt.bank import ItemBank
    from ciip_irt.calibration import Calibration, Dimensionality, ModelChecks
    from ciip_irt.forms import Assembly, BankCapacity, Finding
    from ciip_irt.item_analysis import ItemAnalysis
    from ciip_irt.pilots import PilotReview
    from ciip_irt.pilots.plan import Needs
    from ciip_irt.responses import Ingested, ScoredResponses
    from ciip_irt.scores import ScoreTables

__all__ = [
    "ASSEMBLY_FILES",
    "CALIBRATION_EXTRAS",
    "CAPACITY_FILES",
    "PILOT_EXTRAS",
    "analysis_outputs",
    "assembly_outputs",
    "calibration_outputs",
    "capacity_outputs",
    "check_outputs",
    "dimensionality_outputs",
    "exclusion_outputs",
    "findings_outputs",
    "ingest_outputs",
    "pilot_outputs",
    "reading_outputs",
    "score_outputs",
]

Outputs = dict[str, pl.DataFrame | Mapping[str, Any] | str | bytes]

ASSEMBLY_FILES = (
    "forms.csv", "achieved.csv", "exposure.csv", "curves.csv", "findings.csv", "shortages.csv",
)  # fmt: skip
CAPACITY_FILES = ("capacity.csv", "capacity_overlap.csv", "writing_assignment.csv", "shortages.csv")
CALIBRATION_EXTRAS = (
    "dimensionality.csv",
    "anchors.csv",
    "population_points.csv",
    "score_tables.csv",
    "conversion.csv",
    "decisions.csv",
)
PILOT_EXTRAS = ("bank_needs.csv",)


def ingest_outputs(read: "Ingested") -> Outputs:
    return {
        "responses.parquet": read.responses,
        "candidates.csv": read.candidates,
        "quarantine.csv": read.quarantine,
        "exclusions.csv": read.exclusions,
        "ingest.json": read.counts,
    }


def reading_outputs(read: "Ingested") -> Outputs:
    """The mapping of each file that was recognised, and the items where the key was found in the log."""
    from ciip_irt.responses import mapping_text

    one = len(read.readings) == 1
    outputs: Outputs = {}
    for reading in read.readings:
        name = "mapping.toml" if one else f"mapping-{reading.file}.toml"
        outputs[name] = mapping_text(reading)
        if reading.items is not None and read.bank is not None:
            outputs["items_read.csv"] = read.bank.items
    return outputs


def exclusion_outputs(scored: "ScoredResponses") -> Outputs:
    return {"exclusions.csv": scored.exclusions}


def analysis_outputs(analysis: "ItemAnalysis") -> Outputs:
    return {
        "item_statistics.csv": analysis.item_statistics,
        "option_statistics.csv": analysis.option_statistics,
        "option_quantiles.csv": analysis.option_quantiles,
        "key_validation.csv": analysis.key_validation,
        "rescoring.csv": analysis.rescoring,
        "flags.csv": analysis.flags,
        "dif.csv": analysis.dif,
        "form_summary.csv": analysis.form_summary,
        "group_summary.csv": analysis.group_summary,
        "domain_scores.csv": analysis.domain_scores,
        "item_times.csv": analysis.timing.items,
        "form_times.csv": analysis.timing.forms,
        "pace.csv": analysis.timing.pace,
        "delivery_times.csv": analysis.timing.deliveries,
        "analysis.json": {
            "concerns": [concern.to_dict() for concern in analysis.concerns],
            "warnings": list(analysis.warnings),
            "provenance": analysis.provenance.to_dict(),
        },
    }


def calibration_outputs(calibration: "Calibration") -> Outputs:
    outputs: Outputs = {
        "parameters.csv": calibration.parameters,
        "population.csv": calibration.population,
        "fit.csv": calibration.fit,
        "abilities.csv": calibration.abilities,
        "observed_proportions.csv": calibration.observed_proportions,
        "calibration.json": calibration.to_dict(),
    }
    if calibration.anchors.height:
        outputs["anchors.csv"] = calibration.anchors
    if calibration.population_points.height:
        outputs["population_points.csv"] = calibration.population_points
    return outputs


def check_outputs(checks: "ModelChecks") -> Outputs:
    """``fit.csv`` with cut-offs, in place of the calibration's, and the other checks of the model."""
    return {
        "fit.csv": checks.fit,
        "model_fit.csv": checks.model_fit,
        "local_dependence.csv": checks.local_dependence,
        "person_fit.csv": checks.person_fit,
    }


def dimensionality_outputs(found: "Dimensionality | None") -> Outputs:
    """``dimensionality.csv``, where it was asked for and could be looked at."""
    return {} if found is None else {"dimensionality.csv": found.to_frame()}


def score_outputs(scores: "ScoreTables") -> Outputs:
    outputs: Outputs = {"score_tables.csv": scores.raw_to_theta}
    if scores.decisions.height:
        outputs |= {"conversion.csv": scores.conversion, "decisions.csv": scores.decisions}
    return outputs


def pilot_outputs(
    review: "PilotReview", bank: "ItemBank", calibration: "Calibration", needs: "Needs | None" = None
) -> Outputs:
    from ciip_irt.pilots import decision_files

    outputs = decision_files(review, bank, calibration)
    return outputs if needs is None else {**outputs, "bank_needs.csv": needs.table}


def assembly_outputs(assembly: "Assembly") -> Outputs:
    outputs: Outputs = {"assembly.json": assembly.to_dict()}
    if assembly.forms.height:
        outputs |= {"forms.csv": assembly.forms, "achieved.csv": assembly.achieved}
    if assembly.forms.height and assembly.n_forms > 1:
        outputs["exposure.csv"] = assembly.exposure()
    if assembly.shortages.height:
        outputs["shortages.csv"] = assembly.shortages
    return outputs


def capacity_outputs(capacity: "BankCapacity") -> Outputs:
    outputs: Outputs = {"capacity.json": capacity.to_dict(), "capacity.csv": capacity.cells}
    for name, table in (
        ("capacity_overlap.csv", capacity.overlap),
        ("writing_assignment.csv", capacity.writing),
        ("shortages.csv", capacity.shortages),
    ):
        if table.height:
            outputs[name] = table
    return outputs


def findings_outputs(findings: "Sequence[Finding]") -> Outputs:
    from ciip_irt.forms import findings_frame

    return {"findings.csv": findings_frame(findings)}
