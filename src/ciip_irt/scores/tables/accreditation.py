"""The statistics that accreditation asks for, one row per active form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.calibration import Calibration
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt import theta_at_expected_score
from ciip_irt.item_analysis import FEW_CANDIDATES, ItemAnalysis
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.scores.numbers.model_decisions import csem, lee
from ciip_irt.scores.numbers.passing import DecisionQuality, passes
from ciip_irt.scores.numbers.score_scale import Rounding, raw_cut
from ciip_irt.scores.numbers.total_decisions import livingston_lewis
from ciip_irt.scores.numbers.total_population import TotalPopulation, population_of_totals
from ciip_irt.scores.tables.form_items import form_parameters, form_population, usual_scored_items
from ciip_irt.tables import ACCREDITATION, show_html

__all__ = ["Accreditation", "accreditation_table"]

BEYOND_CHANCE = 2.58  # standard errors: one form in a hundred


@result
@dataclass(frozen=True, slots=True)
class Accreditation:
    """The statistics of the active forms that accreditation asks for: ``table``, one row per form."""

    table: pl.DataFrame

    def to_frame(self) -> pl.DataFrame:
        """One row per form."""
        return self.table

    def summary(self) -> str:
        """A sentence per form: candidates, pass rate, reliability, consistency of the decisions."""
        return "\n".join(_sentence(row) for row in self.table.iter_rows(named=True)) or "No form."

    def _repr_html_(self) -> str:
        shown = ["form_id", "n_candidates", "pass_rate", "cut", "reliability", "decision_consistency"]
        return show_html("Statistics for accreditation", self.summary(), self.table.select(shown))


def _sentence(row: Mapping[str, Any]) -> str:
    facts = [
        f"{words} {row[name]:{form}}"
        for name, words, form in (
            ("pass_rate", "pass rate", ".1%"),
            ("reliability", "reliability", ".2f"),
            ("decision_consistency", "decisions consistent", ".1%"),
        )
        if row[name] is not None
    ]
    return f"{row['form_id']}: {', '.join([plural(row['n_candidates'], 'candidate'), *facts])}."


def accreditation_table(
    scored: ScoredResponses,
    analysis: ItemAnalysis,
    calibration: Calibration | None = None,
    *,
    theta_cut: float | None = None,
    rounding: Rounding = "up",
) -> Accreditation:
    """Per form: N, passing, mean, spread, reliability, item statistics, and how dependable pass and fail are.

    With a calibration and ``theta_cut`` the raw cut of each form is the expected score at the standard,
    rounded to a whole score; without ``theta_cut`` it is the raw cut that the analysis was given. Anchors
    that the calibration dropped count at the bank's values: a cut does not move because an item drifted.
    Consistency and accuracy are Lee's (2010), in a normal population with the moments of the form's own
    candidates, or in their own distribution where their totals contradict the normal one; where the pass rate
    that follows differs from the observed one beyond chance, the remarks say so. The CSEM is that of the raw
    score of a candidate at the standard. Without a calibration, consistency and accuracy are Livingston's and
    Lewis's (1995), and there is no CSEM.

    Parameters
    ----------
    scored
        The deliveries that count; N and the pass rate are of these (see their exclusions).
    analysis
        ``analyse_items(scored)``.
    calibration
        ``calibrate(scored, ...)``, whose scale ``theta_cut`` is on.
    theta_cut
        The passing standard.
    rounding
        Of the expected score at the cut: "up", "nearest" or "down".

    Returns
    -------
    A table (``to_frame()``), one row per form:
    ``form_id, n_candidates, pass_rate, expected_pass_rate, cut, mean, sd, reliability, reliability_type, sem,
    n_scored_items, mean_p, mean_r, decision_consistency, decision_accuracy, kappa, decision_method,
    population, csem_at_cut`` (raw points), ``theta_cut, expected_at_cut, csem_theta`` (logits), ``remarks``.

    Raises
    ------
    InputError
        A ``theta_cut`` without a calibration; an analysis or a calibration of other data.

    Examples
    --------
    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.calibration import calibrate
    >>> from ciip_irt.item_analysis import analyse_items
    >>> from ciip_irt.responses import score
    >>> from ciip_irt.simulate import simulate_programme
    >>> programme = simulate_programme(n_candidates=150, n_forms=1, n_pilots=40, seed=1)
    >>> bank = ItemBank.from_frame(programme.items)
    >>> scored = score(programme.responses, bank)
    >>> table = accreditation_table(
    ...     scored, analyse_items(scored), calibrate(scored, "rasch", anchors=bank), theta_cut=-0.65)
    >>> table.to_frame().select("form_id", "n_scored_items", "decision_method").row(0)
    ('CIIP-1', 130, 'lee')
    """
    _check(scored, analysis, calibration, theta_cut)
    rows = []
    for row in analysis.form_summary.iter_rows(named=True):
        record: dict[str, Any] = {name: row.get(name) for name in ACCREDITATION.names}
        remarks = [*_about_candidates(row), *_about_calibration(calibration)]
        items, notes = usual_scored_items(scored, row["form_id"])
        remarks += notes
        totals = scored.totals[(scored.deliveries["form_id"] == row["form_id"]).to_numpy()]
        if calibration is not None:
            parameters, notes = form_parameters(scored, calibration, row["form_id"], items, of_record=True)
            remarks += notes + _by_model(record, parameters, calibration, theta_cut, rounding, totals)
        elif record["cut"] is not None:
            remarks += _by_totals(record, totals)
        if record["cut"] is None:
            remarks.append("No cut is known: give theta_cut, or raw cuts to the item analysis.")
        else:
            record["pass_rate"] = float(passes(totals, record["cut"]).mean())
        if None not in (row["cut"], record["cut"]) and row["cut"] != record["cut"]:
            remarks.append(f"The item analysis was given a cut of {row['cut']:g}.")
        record["remarks"] = " ".join(remarks)
        rows.append(record)
    return Accreditation(ACCREDITATION.frame(rows))


def _check(
    scored: ScoredResponses,
    analysis: ItemAnalysis,
    calibration: Calibration | None,
    theta_cut: float | None,
) -> None:
    problems = []
    if theta_cut is not None and calibration is None:
        problems.append(
            Problem(
                "a standard on theta needs a calibration",
                remedy="Pass the calibration, or give raw cuts to the item analysis.",
            )
        )
    counted = dict(scored.deliveries["form_id"].value_counts().iter_rows())
    analysed = dict(analysis.form_summary.select("form_id", "n_candidates").iter_rows())
    if counted != analysed:
        problems.append(
            Problem(
                "the item analysis is of other deliveries",
                examples=sorted(
                    form for form in {*counted, *analysed} if counted.get(form) != analysed.get(form)
                ),
                remedy="Analyse the same scored responses.",
            )
        )
    if calibration is not None and not set(scored.item_ids) <= set(calibration.item_ids):
        problems.append(
            Problem(
                "the calibration lacks items of this log",
                examples=sorted(set(scored.item_ids) - set(calibration.item_ids)),
                remedy="Calibrate the same scored responses.",
            )
        )
    if problems:
        raise InputError(problems)


def _about_candidates(row: Mapping[str, Any]) -> list[str]:
    n = row["n_candidates"]
    return [f"Only {plural(n, 'candidate')}: read every figure with care."] if n < FEW_CANDIDATES else []


def _about_calibration(calibration: Calibration | None) -> list[str]:
    if calibration is None or calibration.converged is not False:
        return []
    return ["The calibration did not converge, so the figures at the cut are provisional."]


def _by_model(
    record: dict[str, Any],
    parameters: FloatArray,
    calibration: Calibration,
    theta_cut: float | None,
    rounding: Rounding,
    totals: FloatArray,
) -> list[str]:
    """Fills in what the response model tells."""
    D = calibration.scale.D
    if not len(parameters):
        return ["The form has no scored items."]
    if theta_cut is not None:
        found = raw_cut(parameters, theta_cut, rounding=rounding, D=D)
        record["cut"], record["expected_at_cut"] = float(found.lowest_passing), found.expected
    if record["cut"] is None:
        return []
    standard = theta_cut
    if standard is None:
        standard = float(theta_at_expected_score(parameters, record["cut"], D))
    mean, sd = form_population(calibration, record["form_id"])
    split = standard if np.isfinite(standard) else None
    people = population_of_totals(parameters, totals, mean=mean, sd=sd, split=split, D=D)
    quality = lee(
        parameters, record["cut"], theta_cut=standard, theta=people.theta, weights=people.weights, D=D
    )
    _fill(record, quality)
    record["population"], record["expected_pass_rate"] = people.shape, quality.pass_rate
    remarks = _about_population(
        people, quality.pass_rate, float(passes(totals, record["cut"]).mean()), totals.size
    )
    if not np.isfinite(standard):
        return [*remarks, "No ability is expected to score exactly the cut, so there is no error at the cut."]
    raw, ability = csem(parameters, np.array([standard]), D)
    record["theta_cut"], record["csem_at_cut"] = standard, float(raw[0])
    record["csem_theta"] = float(ability[0]) if np.isfinite(ability[0]) else None
    return remarks


def _about_population(people: TotalPopulation, expected: float, observed: float, n: int) -> list[str]:
    """What the totals say of the population, and of the pass rate it leads to."""
    remarks = []
    if people.shape == "histogram":
        remarks.append(
            "The totals are not those of a normal population: consistency and accuracy are of the"
            " candidates' own distribution."
        )
    error = float(np.sqrt(expected * (1.0 - expected) / max(n, 1)))
    if abs(observed - expected) > BEYOND_CHANCE * error:
        remarks.append(
            f"By the model {expected:.1%} would pass, and {observed:.1%} did, which is more than chance: the"
            " model, the parameters or the time given do not describe these candidates. Take consistency"
            " and accuracy with care."
        )
    return remarks


def _by_totals(record: dict[str, Any], totals: FloatArray) -> list[str]:
    """Fills in what the totals alone tell."""
    reliability = record["reliability"]
    if reliability is None or not 0 < reliability < 1:
        return ["Without a reliability between 0 and 1 the decisions cannot be judged."]
    quality = livingston_lewis(totals, reliability, record["cut"], maximum=record["n_scored_items"])
    _fill(record, quality)
    return [quality.note] if quality.note else []


def _fill(record: dict[str, Any], quality: DecisionQuality) -> None:
    record["decision_consistency"] = quality.consistency
    record["decision_accuracy"] = quality.accuracy
    record["kappa"] = quality.kappa
    record["decision_method"] = quality.method
