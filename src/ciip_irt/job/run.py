"""The whole job for one administration: from the files an exam file names to checked forms."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from ciip_irt.bank import ItemBank, read_bank, read_ledger, roles_then, with_parameters
from ciip_irt.blueprint import load_blueprint
from ciip_irt.calibration import Calibration
from ciip_irt.forms import Findings, assemble, check_forms, not_built
from ciip_irt.item_analysis import analyse_items
from ciip_irt.job.calibrating import calibrate_as_told, rounding_of, scores_of
from ciip_irt.job.demand import demand_of
from ciip_irt.job.exam import Exam
from ciip_irt.job.result import JobResult
from ciip_irt.pilots import PilotReview, Promoted, load_policy, promote, review_pilots
from ciip_irt.pilots.plan import bank_needs, with_needs
from ciip_irt.responses import (
    EligibilityRules,
    ScoredResponses,
    ScoringRules,
    ingest,
    score,
    select_eligible,
)
from ciip_irt.scores.numbers import Rounding, raw_cut
from ciip_irt.scores.tables import accreditation_table

__all__ = ["run_job"]

NOBODY = "proposed by policy, not yet reviewed"
STOPPED = "No forms are built on what looks wrong as a whole."


def run_job(exam: Exam, *, progress: Callable[[str], None] | None = None) -> JobResult:
    """Run every step on the files of an exam file; nothing is written.

    Raises
    ------
    CiipError
        The first step that cannot go on, with everything wrong in it.

    Examples
    --------
    >>> from ciip_irt import load_exam
    >>> job = run_job(load_exam("data/samples/exam.toml"))  # doctest: +SKIP
    >>> job.is_yes  # doctest: +SKIP
    True
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
    blueprint = load_blueprint(exam.named_or_path("blueprint", "file"))
    if (theta_cut := exam.get("assembly", "theta_cut")) is not None:
        blueprint = replace(blueprint, theta_cut=theta_cut)
    policy = load_policy(exam.named_or_path("pilots", "policy"))
    bank = read_bank(
        exam.folder / str(exam.get("items", "file")),
        delimiter=exam.get("items", "delimiter"),
        encoding=exam.get("items", "encoding"),
    )
    rules = ScoringRules(**exam.written("scoring"))
    eligibility = EligibilityRules(**exam.written("eligibility"))
    step("ingest", "reading the log")
    read = ingest(
        [exam.folder / name for name in exam.get("responses", "files")],
        bank=bank,
        format=exam.get("responses", "format"),
        mapping=exam.path("responses", "mapping"),
        candidates=exam.path("responses", "candidates"),
        delimiter=exam.get("responses", "delimiter"),
        encoding=exam.get("responses", "encoding"),
    )
    step("score", "scoring")
    eligible = select_eligible(read.responses, read.candidates, eligibility)
    ledger_so_far = read_ledger((exam.folder / str(exam.get("items", "file"))).parent / "ledger.csv")
    then, history = roles_then(eligible.responses, ledger_so_far)
    eligible = replace(eligible, responses=then, notes=(*eligible.notes, *history))
    scored = score(
        eligible.responses,
        bank,
        candidates=eligible.candidates,
        exclusions=pl.concat([read.exclusions, eligible.exclusions]),
        rules=rules,
    )
    step("calibrate", "calibrating")
    # First, because it may leave out deliveries: every table counts the same ones.
    scored, calibration, checks = calibrate_as_told(
        scored, bank, exam.settings["calibration"], folder=exam.folder
    )
    step("analyse", "analysing items")
    analysis = analyse_items(
        scored,
        groupings=exam.get("analysis", "dif"),
        cuts=_raw_cuts(scored, bank, blueprint.theta_cut, rounding_of(exam)),
        testing_time_min=blueprint.testing_time_minutes,
        theta_cut=blueprint.theta_cut,
        attempt_limit=(limits.limit, limits.months) if (limits := blueprint.attempts) else None,
    )
    step("pilots", "reviewing pilot items")
    review = review_pilots(
        scored,
        bank,
        policy,
        calibration=calibration,
        analysis=analysis,
        accept=exam.get("exam", "accept"),
    )
    demand = demand_of(blueprint, exam.get("assembly", "forms"))
    needs = bank_needs(bank.items, demand, review.evidence)
    review = with_needs(review, needs, demand)
    proposed, ledger = _proposal(bank, review, calibration)
    step("assemble", "assembling forms")
    wanted, seed = exam.get("assembly", "forms"), exam.get("assembly", "seed")
    if review.concerns:
        assembly = not_built(blueprint.name, wanted, seed, STOPPED)
    else:
        assembly = assemble(proposed, blueprint, n_forms=wanted, seed=seed, progress=progress)
    step("check", "checking forms")
    findings = check_forms(assembly.forms, blueprint, proposed) if assembly.forms.height else Findings()
    step("end", "done")
    del seconds["end"]
    return JobResult(
        exam=exam,
        bank=bank,
        read=read,
        eligible=eligible,
        scored=scored,
        analysis=analysis,
        calibration=calibration,
        checks=checks,
        accreditation=accreditation_table(
            scored, analysis, calibration, theta_cut=blueprint.theta_cut, rounding=rounding_of(exam)
        ),
        scores=scores_of(exam, scored, bank, calibration, blueprint.theta_cut),
        review=review,
        needs=needs,
        proposed_bank=proposed,
        ledger=ledger,
        blueprint=blueprint,
        assembly=assembly,
        findings=findings,
        seconds=seconds,
    )


def _raw_cuts(
    scored: ScoredResponses, bank: ItemBank, theta_cut: float | None, rounding: Rounding
) -> dict[str, float]:
    """The lowest passing score of each form whose scored items are all calibrated in the bank."""
    if theta_cut is None or bank.scale is None:
        return {}
    cuts = {}
    for form_id in scored.form_ids:
        rows = {int(j) for b in scored.blocks if b.form_id == form_id for j in b.items[b.is_scored]}
        parameters = bank.parameters([scored.item_ids[j] for j in sorted(rows)])
        if len(parameters) and not np.isnan(parameters).any():
            cut = raw_cut(parameters, theta_cut, rounding=rounding, D=bank.scale.D)
            cuts[form_id] = float(cut.lowest_passing)
    return cuts


def _proposal(bank: ItemBank, review: PilotReview, calibration: Calibration) -> Promoted:
    """The bank as the policy would have it. A bank without parameters takes all of a free calibration's."""
    parameters = calibration.wide()
    if bank.scale is None and not review.concerns:
        bank = with_parameters(bank, parameters, scale=calibration.scale)
    same_scale = bank.scale == calibration.scale
    return promote(
        bank,
        review.decisions,
        parameters if same_scale else None,
        by=NOBODY,
        evidence=calibration.provenance.data_hash,
    )
