"""Pilot review: the evidence on every pilot item and what a policy makes of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import Items, Scale, as_bank
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.item_analysis import dif_between_groups, judge_keys
from ciip_irt.pilots.decision.evidence_table import EVIDENCE_SCHEMA, evidence_row
from ciip_irt.pilots.decision.verdict import verdict
from ciip_irt.pilots.evidence import PilotEvidence, PilotPrior, estimate_population, gather_evidence
from ciip_irt.pilots.policy import Policy, load_policy
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.screening import Concern, check_accepted, look_wrong, screen, stopping
from ciip_irt.tables import PILOT_DECISIONS, show_html
from ciip_irt.threads import one_blas_thread

if TYPE_CHECKING:
    from ciip_irt.item_analysis import ItemAnalysis

__all__ = ["OnScale", "PilotReview", "review", "review_pilots"]

DECISIONS = (("promote", "promoted"), ("hold", "held"), ("revise", "to be revised"), ("retire", "retired"))


class OnScale(Protocol):
    """What is needed of a calibration: parameters in the order of the items, and the population."""

    @property
    def scale(self) -> Scale: ...
    @property
    def item_ids(self) -> tuple[str, ...]: ...
    @property
    def parameters_array(self) -> FloatArray: ...
    @property
    def mean(self) -> float: ...
    @property
    def sd(self) -> float: ...
    @property
    def concerns(self) -> tuple[Concern, ...]: ...


@result
@dataclass(frozen=True, slots=True)
class PilotReview:
    """Decisions about pilot items, and what they rest on.

    Attributes
    ----------
    decisions
        The ``pilot_decisions`` contract; the last three columns are for people.
    evidence
        One row per item with all numbers: observed p and R with intervals, their posterior in the reference
        population, a and b, the probability of each criterion, the most suspicious distractor.
    policy
        The limits in force.
    prior
        What the block of pilots is like.
    mean, sd
        The reference population on the scale.
    warnings
        What a reader should know.
    provenance
        Data, counts, settings, versions.
    concerns
        What looks wrong as a whole and was not accepted, so that every pilot is on hold.
    """

    decisions: pl.DataFrame
    evidence: pl.DataFrame
    policy: Policy
    prior: PilotPrior
    mean: float
    sd: float
    warnings: tuple[str, ...]
    provenance: Provenance
    concerns: tuple[Concern, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """The decision sheet, one row per pilot."""
        return self.decisions

    def summary(self) -> str:
        if not self.decisions.height:
            return "The bank has no item with status 'pilot': there is nothing to review."
        counts = dict(self.decisions["decision"].value_counts().iter_rows())
        unseen = int((self.decisions["n"] == 0).sum())
        counts["hold"] = counts.get("hold", 0) - unseen
        told = ", ".join(f"{counts.get(name, 0)} {words}" for name, words in DECISIONS)
        if unseen:
            told += f", {unseen} without an answer that counts"
        lines = [f"{plural(self.decisions.height, 'pilot item')}: {told} (policy '{self.policy.name}')."]
        lines += list(self.warnings)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        shown = ["item_id", "domain", "decision", "probability", "n", "more_needed", "reasons"]
        return show_html("Pilot review", self.summary(), self.decisions.select(shown))


def review_pilots(
    scored: ScoredResponses,
    bank: Items,
    policy: Policy | None = None,
    *,
    calibration: OnScale | None = None,
    analysis: "ItemAnalysis | None" = None,
    dif_table: pl.DataFrame | None = None,
    accept: Collection[str] = (),
) -> PilotReview:
    """Judge every pilot item of the bank, answered or not yet.

    Parameters
    ----------
    scored
        Scored responses of all administrations that count as evidence.
    bank
        The bank, or the table of its items; those with status ``pilot`` are judged.
    policy
        Limits; the default policy when absent.
    calibration
        Parameters of ``scored.items`` and the population on the same scale. Without it the bank's parameters
        are used, and the population is estimated from them.
    analysis
        Item analysis of the same responses, for what it found about keys and about differences between
        groups of candidates.
    dif_table
        These differences alone (``item_analysis.dif_between_groups``). Without either they are looked for
        here, in the same way as the item analysis does. So are the probabilities about the keys.
    accept
        Wholes (``anchors``, ``key``) that are right though they look wrong. A concern that stops the work and
        is not accepted leaves every pilot on hold.

    Raises
    ------
    InputError
        Nothing that can be accepted by that name.
        Neither a calibration nor a calibrated scored item in the bank; a calibration of other responses.

    Examples
    --------
    >>> from ciip_irt.responses import score
    >>> from ciip_irt.simulate import simulate_programme
    >>> programme = simulate_programme(n_candidates=150, n_forms=1, n_pilots=40, seed=1)
    >>> bank = programme.items
    >>> review = review_pilots(score(programme.responses, bank), bank)
    >>> review.decisions["decision"].is_in(["promote", "hold", "revise", "retire"]).all()
    True
    """
    policy = load_policy() if policy is None else policy
    accepted = check_accepted(accept)
    bank = as_bank(bank)
    if calibration is not None:
        if calibration.item_ids != scored.item_ids:
            raise InputError(
                Problem(
                    "the calibration is of other items than the responses",
                    remedy="Calibrate the same scored responses that are reviewed.",
                )
            )
        parameters, D = calibration.parameters_array, calibration.scale.D
        mean, sd = calibration.mean, calibration.sd
    else:
        parameters = bank.parameters(scored.item_ids)
        if bank.scale is None:
            raise InputError(
                Problem(
                    "no item of the bank is calibrated, so nothing tells the candidates' ability",
                    where=bank.where,
                    remedy="Give review_pilots a calibration of the same responses.",
                )
            )
        D = bank.scale.D
        mean, sd = estimate_population(scored, parameters, D)
    pilots = bank.items.filter(pl.col("status") == "pilot")
    if dif_table is None:
        dif_table = dif_between_groups(scored)[0] if analysis is None else analysis.dif
    keys = judge_keys(scored).table if analysis is None else analysis.key_validation
    block = pl.concat([pilots, _find_decided(scored, pilots)], how="diagonal_relaxed")
    with one_blas_thread():
        evidence = gather_evidence(
            scored,
            parameters,
            mean=mean,
            sd=sd,
            D=D,
            policy=policy,
            pilots=block,
            dif=dif_table,
            keys=keys,
            judged=pilots.height,
        )
    found = review(evidence, policy, scored.provenance, judged=pilots.height)
    concerns = screen(scored) if analysis is None else analysis.concerns
    concerns = (*(() if calibration is None else calibration.concerns), *concerns)
    return _held(found, stopping(concerns, accepted))


def _held(review: PilotReview, concerns: Collection[Concern]) -> PilotReview:
    """The review with every pilot on hold where something stops the work: what would be decided is told."""
    if not concerns:
        return review
    names = " and ".join(sorted({str(concern.whole) for concern in concerns}))
    in_words = look_wrong({concern.whole for concern in concerns})
    why = f"Nothing is decided, because {in_words} as a whole. It would be '"
    decided = pl.col("decision") != "hold"
    reasons = pl.when(decided).then(pl.lit(why) + pl.col("decision") + "': " + pl.col("reasons"))
    hold = pl.when(decided).then(pl.lit("hold")).otherwise(pl.col("decision")).alias("decision")
    said = (
        f"No pilot is promoted, sent back or retired, because {in_words} as a whole (the warnings"
        f" say how). Where it is right all the same, accept it by name: {names}."
    )
    return replace(
        review,
        decisions=review.decisions.with_columns(reasons.otherwise(pl.col("reasons")).alias("reasons"), hold),
        evidence=review.evidence.with_columns(hold),
        concerns=tuple(concerns),
        warnings=(said, *review.warnings),
    )


def _find_decided(scored: ScoredResponses, pilots: pl.DataFrame) -> pl.DataFrame:
    """Items that stood unscored in the log and are no pilots any more.

    Those promoted since were the good half of their block: a prior learnt from the rest alone would take the
    whole block for worse than it was, and the same answers would be judged more harshly the second time.
    """
    unscored = np.zeros(len(scored.item_ids), dtype=bool)
    for block in scored.blocks:
        unscored[block.items[~block.is_scored]] = True
    return scored.items.filter(unscored).join(pilots, on="item_id", how="anti", maintain_order="left")


def review(
    evidence: PilotEvidence, policy: Policy, provenance: Provenance, judged: int | None = None
) -> PilotReview:
    """Decisions from evidence that has been gathered already, about the first ``judged`` pilots, or all."""
    sheet: list[dict[str, Any]] = []
    numbers: list[dict[str, Any]] = []
    for item in islice(evidence, judged):
        found = verdict(item, policy)
        numbers.append(evidence_row(item, found, policy))
        sheet.append(
            {
                "item_id": item.item_id,
                "domain": item.domain,
                "decision": found.decision,
                "probability": found.probability,
                "n": item.n,
                "more_needed": found.more_needed,
                "reasons": found.reasons,
            }
        )
    limits = {f"{section}.{limit}": value for section, limit, value, _ in policy.to_frame().iter_rows()}
    return PilotReview(
        decisions=pl.DataFrame(sheet, schema=PILOT_DECISIONS.empty().schema),
        evidence=pl.DataFrame(numbers, schema=EVIDENCE_SCHEMA),
        policy=policy,
        prior=evidence.prior,
        mean=evidence.reference.mean,
        sd=evidence.reference.sd,
        warnings=evidence.warnings,
        provenance=provenance.with_settings(policy=policy.name, policy_limits=limits),
    )
