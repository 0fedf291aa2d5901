"""What the whole job found: the results of all steps, in words, and as the files of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ciip_irt.bank import ItemBank, left_out_for_lack
from ciip_irt.blueprint import QUANTITIES, Blueprint
from ciip_irt.calibration import Calibration, ModelChecks
from ciip_irt.errors import plural
from ciip_irt.forms import ERROR, Assembly, Findings
from ciip_irt.item_analysis import ItemAnalysis, flagged_in_words
from ciip_irt.job.calibrating import DimensionsLook
from ciip_irt.job.curves import form_curves
from ciip_irt.job.exam import Exam
from ciip_irt.job.outputs import (
    Outputs,
    analysis_outputs,
    assembly_outputs,
    calibration_outputs,
    check_outputs,
    dimensionality_outputs,
    exclusion_outputs,
    findings_outputs,
    ingest_outputs,
    pilot_outputs,
    score_outputs,
)
from ciip_irt.job.setting_words import as_settings
from ciip_irt.pilots import PilotReview
from ciip_irt.pilots.plan import Needs
from ciip_irt.records import result
from ciip_irt.responses import Eligible, Ingested, ScoredResponses
from ciip_irt.scores import Accreditation, ScoreTables
from ciip_irt.tables import FORMS, show_html

__all__ = ["JobResult"]

MEAN_B, EXPECTED_SCORE = QUANTITIES["mean_b"].label, QUANTITIES["expected_score_at_cut"].label


@result
@dataclass(frozen=True, slots=True)
class JobResult:
    """Everything the job found, step by step."""

    exam: Exam
    bank: ItemBank
    read: Ingested
    eligible: Eligible
    scored: ScoredResponses
    analysis: ItemAnalysis
    calibration: Calibration
    checks: ModelChecks
    dimensions: DimensionsLook
    accreditation: Accreditation
    scores: ScoreTables
    review: PilotReview
    needs: Needs | None
    proposed_bank: ItemBank
    ledger: pl.DataFrame
    blueprint: Blueprint | None
    assembly: Assembly | None
    findings: Findings
    seconds: Mapping[str, float]

    @property
    def is_yes(self) -> bool:
        """Whether every step gave what was asked for: converged, forms found, no finding that is an error."""
        return (
            not self.review.concerns
            and self.calibration.converged is not False
            and (self.assembly is None or self.assembly.conforms)
            and self.findings.conforms
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, from all steps."""
        said = (
            *self.read.sentences,
            *(f"CAUTION: {caution}" for caution in self.eligible.cautions),
            *self.eligible.notes,
            *self.scored.warnings,
            *self.analysis.warnings,
            *self.calibration.warnings,
            *self.scores.notes,
            *self.review.warnings,
            *self._scale_warning(),
            *(() if self.assembly is None else self.assembly.warnings),
            *self._doubtful_in_forms(),
        )
        return tuple(map(as_settings, said))

    @property
    def forms(self) -> pl.DataFrame:
        """The forms assembled; no row where none were asked for or possible."""
        return FORMS.empty() if self.assembly is None else self.assembly.forms

    def _doubtful_in_forms(self) -> tuple[str, ...]:
        flags, forms = self.analysis.flags, self.forms
        if forms.is_empty():
            return ()
        first = flags.filter(pl.col("severity") == 1).unique("item_id", maintain_order=True)
        scored = forms.filter(pl.col("role") == "scored").join(first, on="item_id", how="semi")
        if scored.is_empty():
            return ()
        named = ", ".join(
            f"{row['item_id']} ({row['form_id']})" for row in scored.head(5).iter_rows(named=True)
        )
        more = ", ..." if scored.height > 5 else ""
        return (
            f"{plural(scored.height, 'scored item')} of the new forms to be looked at first: {named}{more}."
            " The blueprint lets them in by name: settle the flags, or take them out of it.",
        )

    def _scale_warning(self) -> tuple[str, ...]:
        if self.proposed_bank.scale == self.calibration.scale:
            return ()
        return (
            "The calibration is on a scale of its own, so none of its values went into the bank and promoted"
            " items have no difficulty yet. Calibrate with the bank's items as anchors to give them one.",
        )

    def sentences(self) -> list[str]:
        """The run in a few plain sentences."""
        scored, flags, decisions = self.scored, self.analysis.flags, self.review.decisions["decision"]
        candidates = plural(scored.deliveries["candidate_id"].n_unique(), "candidate")
        sittings = plural(scored.deliveries.height, "delivery counts", "deliveries count")
        left_out = plural(scored.exclusions.height, "delivery is", "deliveries are")
        counts = {name: int((decisions == name).sum()) for name in ("promote", "hold", "revise", "retire")}
        waiting = int((self.review.decisions["n"] == 0).sum())
        unseen = f"; {waiting} not yet piloted" if waiting else ""
        lines = [
            f"{self.exam.name}: {candidates}; {sittings}, {left_out} left out (exclusions.csv says why).",
            f"{plural(scored.items.height, 'item')} analysed. {flagged_in_words(flags)}.",
            f"Pilot items: {counts['promote']} promoted, {counts['hold'] - waiting} held for more answers,"
            f" {counts['revise']} to revise, {counts['retire']} to retire{unseen}. These are proposals of the"
            " policy: a person reviews pilot_decisions.xlsx.",
        ]
        looked = [self.dimensions.said] if self.dimensions.said else []
        return [*self._stop_sentences(), *lines, *looked, *self._form_sentences()]

    def _stop_sentences(self) -> list[str]:
        """What looks wrong as a whole and was not accepted, and how to accept it."""
        concerns = self.review.concerns
        if not concerns:
            return []
        named = ", ".join(f'"{name}"' for name in sorted({str(concern.whole) for concern in concerns}))
        return [
            *(f"STOPPED: {concern}" for concern in concerns),
            f"Where it is right all the same, write accept = [{named}] in [exam] and run again.",
        ]

    def _form_sentences(self) -> list[str]:
        assembly = self.assembly
        lacking = left_out_for_lack(self.bank.assumed, self.bank.items.height)
        if assembly is None or self.blueprint is None:
            if self.blueprint is None:
                lacking.append("No blueprint: no forms. file under [blueprint] names one.")
            elif not self.exam.get("assembly", "n_forms"):
                lacking.append("No forms are asked for: n_forms = 0 under [assembly].")
            return lacking
        if not assembly.forms.height:
            return [*lacking, assembly.summary()]
        errors = sum(finding.severity == ERROR for finding in self.findings)
        checked = "all of them pass the check" if not errors else f"the check finds {plural(errors, 'error')}"
        forms = assembly.forms["form_id"].n_unique()
        lines = [
            *lacking,
            f"{plural(forms, 'form')} assembled to {self.blueprint.name} ({assembly.status}); {checked}.",
        ]
        for form_id, rows in assembly.achieved.group_by("form_id", maintain_order=True):
            values = dict(rows.select("quantity", "achieved").iter_rows())
            parts = [f"mean difficulty {values[MEAN_B]:+.2f}"] if MEAN_B in values else []
            if EXPECTED_SCORE in values:
                parts.append(f"{EXPECTED_SCORE} {values[EXPECTED_SCORE]:.1f}")
            lines.append(f"  {form_id[0]}: {', '.join(parts)}.")
        return lines

    def outputs(self) -> Outputs:
        """All files of the contract, and ``run.json`` with the run in words and its provenance."""
        return {
            **ingest_outputs(self.read),
            **exclusion_outputs(self.scored),
            **analysis_outputs(self.analysis),
            **calibration_outputs(self.calibration),
            **check_outputs(self.checks),
            **dimensionality_outputs(self.dimensions.found),
            "accreditation.csv": self.accreditation.table,
            **score_outputs(self.scores),
            **pilot_outputs(self.review, self.bank, self.calibration, self.needs),
            "items_proposed.csv": self.proposed_bank.items,
            "ledger_proposed.csv": self.ledger,
            **({} if self.assembly is None else assembly_outputs(self.assembly)),
            **findings_outputs(self.findings),
            "curves.csv": form_curves(self.forms, self.proposed_bank),
            "run.json": {
                "exam": self.exam.name,
                "sentences": self.sentences(),
                "warnings": list(self.warnings),
                "blueprint": self._blueprint_told(),
                "provenance": self.provenance(),
            },
        }

    def _blueprint_told(self) -> dict[str, Any]:
        if self.blueprint is None:
            return {}
        return {
            "name": self.blueprint.name,
            "theta_cut": self.blueprint.theta_cut,
            "testing_time_minutes": self.blueprint.testing_time_minutes,
            "domains": [
                {"letter": d.letter, "name": d.name, "count": d.count, "low": d.low, "high": d.high}
                for d in self.blueprint.domains
            ],
        }

    def provenance(self) -> dict[str, Any]:
        """Data, exclusions, settings and versions of the whole run."""
        settings = {
            "policy": self.review.policy.name,
            "blueprint": None if self.blueprint is None else self.blueprint.name,
            "forms": self.exam.get("assembly", "n_forms"),
            "seed": self.exam.get("assembly", "seed"),
        }
        return self.calibration.provenance.with_settings(**settings).to_dict()

    def to_frame(self) -> pl.DataFrame:
        """The assembled forms."""
        return self.forms

    def summary(self) -> str:
        return "\n".join(self.sentences())

    def _repr_html_(self) -> str:
        return show_html(self.exam.name, self.summary(), self.forms)
