"""The scale and what holds it, the populations on it, and what raw scores mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.formats import sentence_case
from ciip_irt.report.results import Results

__all__ = ["CALIBRATION_SECTION"]

PREFERRED = ("wle", "ml", "eap", "tcc")  # which theta stands beside a reported score


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    record = results.record("calibration.json")
    settings = _mapping(_mapping(record.get("provenance")).get("settings"))
    anchors = results.table("anchors.csv")
    remarked = anchors.filter(pl.col("why").fill_null("") != "").sort(
        pl.col("decision") != "dropped", -pl.col("displacement").abs(), maintain_order=True
    )
    decisions = results.table("decisions.csv").sort("form_id", "method", maintain_order=True)
    return [
        edition.render(
            "calibration.html",
            "calibration.html",
            title="Scale and scores",
            sentences=_sentences(record, settings, anchors),
            warnings=[str(said) for said in record.get("warnings") or ()],
            population=list(results.table("population.csv").iter_rows(named=True)),
            anchors=[
                {
                    **row,
                    "domain": edition.domain_title(row["domain"] or ""),
                    "short": sentence_case(row["why"].rpartition("; ")[2]),
                }
                for row in remarked.iter_rows(named=True)
            ],
            drift=settings.get("drift"),
            forms=_forms(decisions),
            conversions=_conversions(results),
        )
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sentences(record: Mapping[str, Any], settings: Mapping[str, Any], anchors: pl.DataFrame) -> list[str]:
    """How the scale was made."""
    if not record:
        return []
    said = [
        f"Model {record.get('model')} on the scale “{record.get('scale_id')}” (D = {record.get('D'):g})."
        if isinstance(record.get("D"), int | float)
        else f"Model {record.get('model')} on the scale “{record.get('scale_id')}”."
    ]
    dropped = anchors.filter(pl.col("decision") == "dropped").height
    if anchors.height:
        kept = anchors.height - dropped
        said.append(
            f"{plural(kept, 'scored item')} of the bank {'holds' if kept == 1 else 'hold'} the scale"
            + (
                f"; {plural(dropped, 'anchor')} had drifted and {'was' if dropped == 1 else 'were'} estimated"
                " anew."
                if dropped
                else "."
            )
        )
    else:
        said.append("No anchors: the scale starts at the mean of these candidates.")
    ended = record.get("converged")
    if ended is not None:
        steps = record.get("iterations") or 0
        said.append(
            f"The estimation {'converged' if ended else 'did NOT converge'} after"
            f" {plural(int(steps), 'iteration')}."
        )
    priors = settings.get("priors")
    if priors and priors != "none":
        said.append(f"Priors: {priors}.")
    if settings.get("standard_errors"):
        said.append(f"Standard errors: {str(settings['standard_errors']).replace('_', ' ')}.")
    return said


def _forms(decisions: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per form: the cut, and accuracy and consistency by both methods."""
    forms: dict[str, dict[str, Any]] = {}
    for row in decisions.iter_rows(named=True):
        line = forms.setdefault(row["form_id"], dict(row))
        line |= {f"{row['method']}_{name}": row[name] for name in ("accuracy", "consistency")}
    return [
        {"rudner_accuracy": None, "rudner_consistency": None, "lee_accuracy": None, "lee_consistency": None}
        | line
        for line in forms.values()
    ]


def _conversions(results: Results) -> list[dict[str, Any]]:
    """For each form the rows of its conversion table, highest score first, with the theta they stand for."""
    thetas = results.table("score_tables.csv")
    methods = set(thetas["method"].unique())
    method = next((name for name in PREFERRED if name in methods), "")
    theta = thetas.filter(pl.col("method") == method).select("form_id", "raw", "theta", "se")
    table = results.table("conversion.csv").join(theta, on=["form_id", "raw"], how="left")
    return [
        {
            "form_id": form_id,
            "method": method.upper(),
            "rows": list(rows.sort("raw", descending=True).iter_rows(named=True)),
        }
        for (form_id,), rows in table.sort("form_id").group_by("form_id", maintain_order=True)
    ]


CALIBRATION_SECTION = Section(
    name="calibration",
    title="Scale and scores",
    page="calibration.html",
    needs=("calibration.json", "anchors.csv", "decisions.csv"),
    build=_build,
)
