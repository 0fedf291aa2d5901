"""The whole job for one administration: from the files an exam file names to checked forms."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ciip_irt.bank import (
    ItemBank,
    bank_of,
    read_items_file,
    read_ledger,
    roles_then,
    with_keys,
    with_parameters,
)
from ciip_irt.blueprint import Blueprint, load_blueprint
from ciip_irt.calibration import Calibration
from ciip_irt.errors import InputError, Problem
from ciip_irt.forms import Assembly, Findings, assemble, check_forms, not_built, open_flags
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.job.calibrating import calibrate_as_told, look_at_dimensions, rounding_of, scores_of
from ciip_irt.job.demand import demand_of
from ciip_irt.job.exam import Exam
from ciip_irt.job.result import JobResult
from ciip_irt.pilots import PilotReview, Policy, Promoted, load_policy, promote, review_pilots
from ciip_irt.pilots.plan import Needs, bank_needs, with_needs
from ciip_irt.responses import (
    Choices,
    EligibilityRules,
    Eligible,
    Ingested,
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
    steps = _Steps(progress)
    steps.begin("settings", "reading settings")
    told = _read_settings(exam)
    steps.begin("ingest", "reading the log")
    read = _read_log(exam, told)
    bank = _with_keys(read, exam)
    none_wanted = "domain" in bank.assumed or exam.get("assembly", "n_forms") == 0
    buildable = None if none_wanted else told.blueprint
    steps.begin("score", "scoring")
    eligible = _eligible(exam, read, told.eligibility)
    scored = score(
        eligible.responses,
        bank,
        candidates=eligible.candidates,
        exclusions=pl.concat([read.exclusions, eligible.exclusions]),
        rules=told.scoring,
    )
    steps.begin("calibrate", "calibrating")
    # First, because it may leave out deliveries: every table counts the same ones.
    scored, calibration, checks = calibrate_as_told(
        scored, bank, exam.settings["calibration"], folder=exam.folder
    )
    steps.begin("analyse", "analysing items")
    analysis = _analyse(exam, scored, bank, told)
    steps.begin("pilots", "reviewing pilot items")
    review = _review(exam, scored, bank, told, calibration, analysis)
    review, needs = _with_needs(exam, review, bank, buildable)
    proposed, ledger = _proposal(bank, review, calibration)
    steps.begin("assemble", "assembling forms")
    flags = open_flags([(analysis.flags, "flags"), (calibration.anchors, "anchors")])
    assembly = None if buildable is None else _assemble(exam, review, proposed, buildable, flags, progress)
    steps.begin("check", "checking forms")
    findings = _check(assembly, proposed, buildable, flags)
    seconds = steps.end()
    return JobResult(
        exam=exam,
        bank=bank,
        read=read,
        eligible=eligible,
        scored=scored,
        analysis=analysis,
        calibration=calibration,
        checks=checks,
        dimensions=look_at_dimensions(scored, exam.settings["calibration"]),
        accreditation=accreditation_table(
            scored, analysis, calibration, theta_cut=told.theta_cut, rounding=rounding_of(exam)
        ),
        scores=scores_of(exam, scored, bank, calibration, told.theta_cut),
        review=review,
        needs=needs,
        proposed_bank=proposed,
        ledger=ledger,
        blueprint=told.blueprint,
        assembly=assembly,
        findings=findings,
        seconds=seconds,
    )


class _Steps:
    """Says what is being done, and how many seconds each step took."""

    __slots__ = ("_progress", "_seconds", "_started")

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self._progress = progress
        self._seconds: dict[str, float] = {}
        self._started = 0.0

    def begin(self, name: str, doing: str) -> None:
        """The step before is over, if there was one; this one begins."""
        self._stop(doing)
        self._seconds[name] = 0.0

    def end(self) -> dict[str, float]:
        """Step -> seconds."""
        self._stop("done")
        return self._seconds

    def _stop(self, doing: str) -> None:
        now = time.perf_counter()
        if self._seconds:
            self._seconds[next(reversed(self._seconds))] = round(now - self._started, 3)
        self._started = now
        if self._progress is not None:
            self._progress(doing)


@dataclass(frozen=True, slots=True)
class _Settings:
    """What an exam file says, and the files it names beside the log.

    ``about`` is what the items file says where it has no keys: the log may have them.
    """

    blueprint: Blueprint | None
    theta_cut: float | None
    policy: Policy
    bank: ItemBank | None
    about: pl.DataFrame | None
    scoring: ScoringRules
    eligibility: EligibilityRules


def _read_settings(exam: Exam) -> _Settings:
    blueprint = load_blueprint(exam.named_or_path("blueprint", "file")) if exam.has("blueprint") else None
    theta_cut: float | None = exam.get("assembly", "theta_cut")
    if blueprint is not None and theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=theta_cut)
    return _Settings(
        blueprint,
        theta_cut if blueprint is None else blueprint.theta_cut,
        load_policy(exam.named_or_path("pilots", "policy")),
        *_items(exam),
        ScoringRules(**exam.written("scoring")),
        EligibilityRules(**exam.written("eligibility")),
    )


def _items(exam: Exam) -> tuple[ItemBank | None, pl.DataFrame | None]:
    """The items with their keys; what the file says about them where it has no keys: the log may."""
    file = exam.folder / str(exam.get("items", "file"))
    how = {name: exam.get("items", name) for name in ("delimiter", "encoding")}
    items, said = read_items_file(file, **how)
    if (key := exam.path("responses", "key")) is not None:
        keys, more = read_items_file(key, key_only=True)
        items, different = with_keys(items, str(file), keys, str(key))
        said = (*said, *more, *different)
    return (bank_of(items, str(file), said), None) if "key" in items.columns else (None, items)


def _read_log(exam: Exam, told: _Settings) -> Ingested:
    return ingest(
        [exam.folder / name for name in exam.get("responses", "files")],
        bank=told.bank,
        format=exam.get("responses", "format"),
        mapping=exam.path("responses", "mapping"),
        candidates=exam.path("responses", "candidates"),
        delimiter=exam.get("responses", "delimiter"),
        encoding=exam.get("responses", "encoding"),
        choices=Choices(
            sheet=exam.get("responses", "sheet"),
            key_row=exam.get("responses", "key_row"),
            blank=exam.get("responses", "blank"),
            attributes=tuple(exam.get("responses", "attributes") or ()),
            keep_names=exam.get("responses", "keep_names"),
            key_file=exam.path("responses", "key"),
        ),
        about=told.about,
        pseudonyms=exam.path("responses", "pseudonyms"),
    )


def _with_keys(read: Ingested, exam: Exam) -> ItemBank:
    if read.bank is None:
        remedy = "Name the file of keys: key under [responses]; or give the items file a column key."
        raise InputError(Problem("neither the items nor the log have keys", exam.where, remedy=remedy))
    return read.bank


def _eligible(exam: Exam, read: Ingested, rules: EligibilityRules) -> Eligible:
    """The deliveries that count, with the roles that items had when they were given."""
    eligible = select_eligible(read.responses, read.candidates, rules)
    ledger_so_far = read_ledger((exam.folder / str(exam.get("items", "file"))).parent / "ledger.csv")
    then, history = roles_then(eligible.responses, ledger_so_far)
    return replace(eligible, responses=then, notes=(*eligible.notes, *history))


def _analyse(exam: Exam, scored: ScoredResponses, bank: ItemBank, told: _Settings) -> ItemAnalysis:
    limits = None if told.blueprint is None else told.blueprint.attempts
    return analyse_items(
        scored,
        dif=exam.get("analysis", "dif"),
        raw_cut=_raw_cuts(scored, bank, told.theta_cut, rounding_of(exam)),
        testing_time_minutes=None if told.blueprint is None else told.blueprint.testing_time_minutes,
        theta_cut=told.theta_cut,
        attempt_limit=(limits.limit, limits.months) if limits else None,
    )


def _review(
    exam: Exam,
    scored: ScoredResponses,
    bank: ItemBank,
    told: _Settings,
    calibration: Calibration,
    analysis: ItemAnalysis,
) -> PilotReview:
    accept = exam.get("exam", "accept")
    return review_pilots(scored, bank, told.policy, calibration=calibration, analysis=analysis, accept=accept)


def _with_needs(
    exam: Exam, review: PilotReview, bank: ItemBank, blueprint: Blueprint | None
) -> tuple[PilotReview, Needs | None]:
    """The review with what the bank lacks, where a blueprint says what it needs."""
    if blueprint is None:
        return review, None
    demand = demand_of(blueprint, exam.get("assembly", "n_forms"))
    needs = bank_needs(bank.items, demand, review.evidence)
    return with_needs(review, needs, demand), needs


def _assemble(
    exam: Exam,
    review: PilotReview,
    proposed: ItemBank,
    blueprint: Blueprint,
    flags: pl.DataFrame,
    progress: Callable[[str], None] | None,
) -> Assembly:
    """The forms; none while something is wrong with the log that the proposed bank rests on."""
    wanted, seed = exam.get("assembly", "n_forms"), exam.get("assembly", "seed")
    if review.concerns:
        return not_built(blueprint.name, wanted, seed, STOPPED)
    return assemble(proposed, blueprint, n_forms=wanted, seed=seed, flags=flags, progress=progress)


def _check(
    assembly: Assembly | None, proposed: ItemBank, blueprint: Blueprint | None, flags: pl.DataFrame
) -> Findings:
    """What the check finds in the forms; nothing where there are none."""
    if assembly is None or blueprint is None or assembly.forms.is_empty():
        return Findings()
    return check_forms(assembly.forms, blueprint, proposed, flags=flags)


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
