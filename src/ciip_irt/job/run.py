"""The whole job for one administration: from the files an exam file names to checked forms."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ciip_irt.bank import ItemBank, read_bank, with_parameters
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.errors import plural
from ciip_irt.forms import Assembly, Blueprint, Finding, assemble, check_forms, load_blueprint
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.job.curves import form_curves
from ciip_irt.job.exam import Exam
from ciip_irt.job.outputs import (
    Outputs,
    analysis_outputs,
    assembly_outputs,
    calibration_outputs,
    exclusion_outputs,
    findings_outputs,
    ingest_outputs,
    pilot_outputs,
)
from ciip_irt.pilots import PilotReview, load_policy, promote, review_pilots
from ciip_irt.responses import (
    EligibilityRules,
    Eligible,
    Ingested,
    ScoredResponses,
    ScoringRules,
    ingest,
    score,
    select_eligible,
)
from ciip_irt.tables import show_html

__all__ = ["JobResult", "run_job"]

NOBODY = "proposed by policy, not yet reviewed"
LOOK_AT = (1, 2)


@dataclass(frozen=True, slots=True)
class JobResult:
    """Everything the job found, step by step."""

    exam: Exam
    read: Ingested
    eligible: Eligible
    scored: ScoredResponses
    analysis: ItemAnalysis
    calibration: Calibration
    review: PilotReview
    proposed_bank: ItemBank
    ledger: pl.DataFrame
    blueprint: Blueprint
    assembly: Assembly
    findings: tuple[Finding, ...]
    seconds: Mapping[str, float]

    @property
    def is_yes(self) -> bool:
        """Whether every step gave what was asked for: converged, forms found, no finding that is an error."""
        return (
            self.calibration.converged is not False
            and self.assembly.conforms
            and not any(finding.severity == "error" for finding in self.findings)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, from all steps."""
        return (
            *self.read.notes,
            *self.eligible.notes,
            *self.scored.warnings,
            *self.analysis.warnings,
            *self.calibration.warnings,
            *self.review.warnings,
            *self._scale_warning(),
            *self.assembly.warnings,
            *self._doubtful_in_forms(),
        )

    def _doubtful_in_forms(self) -> tuple[str, ...]:
        flags, forms = self.analysis.flags, self.assembly.forms
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
            " Settle the flags, or set the status to draft and assemble again.",
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
        urgent = flags.filter(pl.col("severity").is_in(LOOK_AT))["item_id"].n_unique()
        counts = {name: int((decisions == name).sum()) for name in ("promote", "hold", "revise", "retire")}
        lines = [
            f"{self.exam.name}: {candidates}; {sittings}, {left_out} left out (exclusions.csv says why).",
            f"{plural(scored.items.height, 'item')} analysed: {urgent} flagged for attention first"
            f" (severity 1 or 2), {flags['item_id'].n_unique()} with any remark.",
            f"Pilot items: {counts['promote']} promoted, {counts['hold']} held for more answers,"
            f" {counts['revise']} to revise, {counts['retire']} to retire. These are proposals of the policy:"
            " a person signs pilot_decisions.csv.",
        ]
        return [*lines, *self._form_sentences()]

    def _form_sentences(self) -> list[str]:
        assembly = self.assembly
        if not assembly.forms.height:
            return [assembly.summary()]
        errors = sum(finding.severity == "error" for finding in self.findings)
        checked = "all of them pass the check" if not errors else f"the check finds {plural(errors, 'error')}"
        forms = assembly.forms["form_id"].n_unique()
        lines = [
            f"{plural(forms, 'form')} assembled to {self.blueprint.name} ({assembly.status}); {checked}."
        ]
        for form_id, rows in assembly.achieved.group_by("form_id", maintain_order=True):
            values = dict(rows.select("quantity", "achieved").iter_rows())
            parts = [f"mean difficulty {values['mean b']:+.2f}"] if "mean b" in values else []
            if "expected score at the cut" in values:
                parts.append(f"expected score at the cut {values['expected score at the cut']:.1f}")
            lines.append(f"  {form_id[0]}: {', '.join(parts)}.")
        return lines

    def outputs(self) -> Outputs:
        """All files of the contract, and ``run.json`` with the run in words and its provenance."""
        return {
            **ingest_outputs(self.read),
            **exclusion_outputs(self.scored),
            **analysis_outputs(self.analysis),
            **calibration_outputs(self.calibration),
            **pilot_outputs(self.review),
            "items_proposed.csv": self.proposed_bank.items,
            "ledger.csv": self.ledger,
            **assembly_outputs(self.assembly),
            **findings_outputs(self.findings),
            "curves.csv": form_curves(self.assembly.forms, self.proposed_bank),
            "run.json": {
                "exam": self.exam.name,
                "sentences": self.sentences(),
                "warnings": list(self.warnings),
                "blueprint": {
                    "name": self.blueprint.name,
                    "theta_cut": self.blueprint.theta_cut,
                    "domains": [
                        {"letter": d.letter, "name": d.name, "count": d.count, "low": d.low, "high": d.high}
                        for d in self.blueprint.domains
                    ],
                },
                "provenance": self.provenance(),
            },
        }

    def provenance(self) -> dict[str, Any]:
        """Data, exclusions, settings and versions of the whole run."""
        settings = {
            "policy": self.review.policy.name,
            "blueprint": self.blueprint.name,
            "forms": self.exam.get("assembly", "forms", 3),
            "seed": self.exam.get("assembly", "seed", 2026),
        }
        return self.calibration.provenance.with_settings(**settings).to_dict()

    def to_frame(self) -> pl.DataFrame:
        """The assembled forms."""
        forms: pl.DataFrame = self.assembly.forms
        return forms

    def summary(self) -> str:
        return "\n".join(self.sentences())

    def _repr_html_(self) -> str:
        return show_html(self.exam.name, self.summary(), self.assembly.achieved)


def run_job(exam: Exam, *, progress: Callable[[str], None] | None = None) -> JobResult:
    """Run every step on the files of an exam file; nothing is written.

    Raises
    ------
    CiipError
        The first step that cannot go on, with everything wrong in it.
    """
    seconds: dict[str, float] = {}
    started = time.perf_counter()

    def step(name: str, doing: str) -> None:
        nonlocal started
        now = time.perf_counter()
        if seconds:
            seconds[next(reversed(seconds))] = round(now - started, 3)
        seconds[name] = 0.0
        started = now
        if progress is not None:
            progress(doing)

    step("settings", "reading settings")
    blueprint = load_blueprint(exam.named_or_path("blueprint", "file", "ciip-2024"))
    if (theta_cut := exam.get("assembly", "theta_cut")) is not None:
        blueprint = replace(blueprint, theta_cut=float(theta_cut))
    policy = load_policy(exam.named_or_path("pilots", "policy", "default"))
    bank = read_bank(
        exam.folder / str(exam.get("items", "file")),
        delimiter=exam.get("items", "delimiter", ","),
        encoding=exam.get("items", "encoding", "utf-8"),
    )
    rules = ScoringRules(**exam.sections.get("scoring", {}))
    eligibility = EligibilityRules(**_eligibility(exam))
    step("ingest", "reading the log")
    read = ingest(
        [exam.folder / name for name in exam.get("responses", "files")],
        bank=bank,
        format=exam.get("responses", "format"),
        mapping=exam.path("responses", "mapping"),
        candidates=exam.path("responses", "candidates"),
        delimiter=exam.get("responses", "delimiter", ","),
        encoding=exam.get("responses", "encoding", "utf-8"),
    )
    step("score", "scoring")
    eligible = select_eligible(read.responses, read.candidates, eligibility)
    scored = score(
        eligible.responses,
        bank,
        candidates=eligible.candidates,
        exclusions=pl.concat([read.exclusions, eligible.exclusions]),
        rules=rules,
    )
    step("analyse", "analysing items")
    analysis = analyse_items(scored)
    step("calibrate", "calibrating")
    anchors = str(exam.get("calibration", "anchors", "bank"))
    held = bank if anchors == "bank" else None if anchors == "none" else read_bank(exam.folder / anchors)
    calibration = calibrate(
        scored,
        str(exam.get("calibration", "model", "rasch")),
        anchors=held,
        scale_id=str(exam.get("calibration", "scale_id", "free")),
    )
    step("pilots", "reviewing pilot items")
    review = review_pilots(scored, bank, policy, calibration=calibration, analysis=analysis)
    proposed, ledger = _proposal(bank, review, calibration)
    step("assemble", "assembling forms")
    assembly = assemble(
        proposed.items,
        blueprint,
        n_forms=int(exam.get("assembly", "forms", 3)),
        seed=int(exam.get("assembly", "seed", 2026)),
        progress=progress,
    )
    step("check", "checking forms")
    findings = tuple(check_forms(assembly.forms, blueprint, proposed.items)) if assembly.forms.height else ()
    step("end", "done")
    del seconds["end"]
    return JobResult(
        exam=exam,
        read=read,
        eligible=eligible,
        scored=scored,
        analysis=analysis,
        calibration=calibration,
        review=review,
        proposed_bank=proposed,
        ledger=ledger,
        blueprint=blueprint,
        assembly=assembly,
        findings=findings,
        seconds=seconds,
    )


def _proposal(bank: ItemBank, review: PilotReview, calibration: Calibration) -> tuple[ItemBank, pl.DataFrame]:
    """The bank as the policy would have it. A bank without parameters takes all of a free calibration's."""
    parameters = calibration.wide()
    if bank.scale is None:
        bank = with_parameters(bank, parameters, scale=calibration.scale)
    same_scale = bank.scale == calibration.scale
    return promote(
        bank,
        review.decisions,
        parameters if same_scale else None,
        by=NOBODY,
        evidence=calibration.provenance.data_hash,
    )


def _eligibility(exam: Exam) -> dict[str, Any]:
    settings = dict(exam.sections.get("eligibility", {}))
    for name in ("attempts", "exclude_deliveries"):
        if isinstance(settings.get(name), list):
            settings[name] = tuple(settings[name])
    if "exclude_attributes" in settings:
        settings["exclude_attributes"] = {
            name: tuple(map(str, values if isinstance(values, list) else [values]))
            for name, values in settings["exclude_attributes"].items()
        }
    return settings
