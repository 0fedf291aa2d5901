"""Raw score to theta, to reported score, to a decision: the tables of every complete form."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray, ScoreArray
from ciip_irt.calibration import Calibration
from ciip_irt.errors import plural
from ciip_irt.irt import (
    ResponseBlock,
    estimate_abilities,
    score_distribution,
    score_table,
    theta_at_expected_score,
)
from ciip_irt.irt import test_information as form_information
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.scores.numbers.model_decisions import csem, lee, rudner
from ciip_irt.scores.numbers.passing import DecisionQuality, passes
from ciip_irt.scores.numbers.score_scale import SCALES, Rounding, ScaleRule, raw_cut
from ciip_irt.scores.numbers.total_population import population_of_totals
from ciip_irt.scores.tables.form_items import form_parameters, form_population, usual_scored_items
from ciip_irt.tables import CONVERSION, PASS_DECISIONS, RAW_TO_THETA, show_html

__all__ = ["ScoreTables", "score_tables"]

REACH = 8.0  # standard deviations
LESS_EXTREME = 0.3  # nothing and everything right count as .3 and the maximum less .3, as in Winsteps


@result
@dataclass(frozen=True, slots=True)
class ScoreTables:
    """What scores mean, by form.

    Attributes
    ----------
    raw_to_theta
        ``form_id, raw, method, theta, se``: every raw score of a form answered completely. ``eap``: mean and
        spread of those of the population with this raw score; ``ml`` and ``wle``: where all slopes are equal;
        ``tcc``: the theta at which the score is expected, elsewhere.
    conversion
        ``form_id, raw, scaled, reported, passed, n``: every raw score with its reported one and how many
        candidates had it; no rows without a standard.
    decisions
        One row per form and method (``lee``: the raw cut decides; ``rudner``: theta does): the cut, errors of
        measurement at it, and how dependable pass and fail are. No rows without a standard.
    notes
        What a reader should know.
    """

    raw_to_theta: pl.DataFrame
    conversion: pl.DataFrame
    decisions: pl.DataFrame
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """``decisions`` where there is a standard, else ``raw_to_theta``."""
        return self.decisions if self.decisions.height else self.raw_to_theta

    def summary(self) -> str:
        """A few plain sentences."""
        lines = [
            f"{row['form_id']}: {row['raw_cut']} of {row['n_scored_items']} pass"
            f" ({row['expected_at_cut']:.2f} expected at the standard {row['theta_cut']:g}), reported as"
            f" {row['reported_at_cut']:g}; {row['accuracy']:.1%} decided rightly,"
            f" {row['consistency']:.1%} alike by a second form; error at the cut"
            f" {row['csem_raw']:.1f} raw points."
            for row in self.decisions.filter(pl.col("method") == "lee").iter_rows(named=True)
        ]
        if not lines:
            forms = self.raw_to_theta["form_id"].n_unique()
            lines = [f"Raw score to theta for {plural(forms, 'form')}; no standard was given."]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return show_html("Scores", self.summary(), self.to_frame())


def score_tables(
    scored: ScoredResponses,
    calibration: Calibration,
    *,
    theta_cut: float | None = None,
    score_scale: ScaleRule = SCALES["arrt"],
    rounding: Rounding = "up",
) -> ScoreTables:
    """Tables of all forms of a log.

    Theta of a raw score is by the estimates of the calibration. Cuts and reported scores are by the values
    of record: anchors that were dropped keep the bank's, so that no cut moves after the fact.

    Parameters
    ----------
    theta_cut
        The passing standard; without it there is no conversion and there are no decisions.
    score_scale
        The reporting scale.
    rounding
        Of the expected score at the standard to the raw cut: ``up``, ``nearest`` or ``down``.

    Raises
    ------
    InputError
        A standard at which everything is right, or an unknown rounding.

    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.calibration import calibrate
    >>> from ciip_irt.responses import score
    >>> from ciip_irt.simulate import simulate_programme
    >>> programme = simulate_programme(n_candidates=150, seed=1)
    >>> bank = ItemBank.from_frame(programme.items)
    >>> scored = score(programme.responses, bank)
    >>> tables = score_tables(scored, calibrate(scored, "rasch", anchors=bank), theta_cut=-0.65)
    >>> tables.decisions.select("form_id", "method", "reported_at_cut").row(0)
    ('CIIP-1', 'lee', 75.0)
    """
    theta_rows, conversion_rows, decision_rows, notes = [], [], [], []
    for form_id in scored.form_ids:
        items, said = usual_scored_items(scored, form_id)
        if not items.size:
            notes.append(f"{form_id} has no scored items.")
            continue
        parameters, more = form_parameters(scored, calibration, form_id, items, of_record=False)
        notes += [f"{form_id}: {sentence}" for sentence in (*said, *more)]
        theta_rows += _raw_to_theta(form_id, parameters, calibration)
        if theta_cut is None:
            continue
        of_record, _ = form_parameters(scored, calibration, form_id, items, of_record=True)
        moved = [scored.item_ids[j] for j in items if scored.item_ids[j] in calibration.dropped]
        if moved:
            now = raw_cut(parameters, theta_cut, rounding=rounding, D=calibration.scale.D)
            notes.append(
                f"{form_id}: the cut is by the bank's values of {', '.join(moved)}, dropped as"
                f" {'anchor' if len(moved) == 1 else 'anchors'}; at their difficulty now {now.expected:.2f}"
                f" would be expected at the standard ({now.lowest_passing} to pass)."
            )
        totals = scored.totals[(scored.deliveries["form_id"] == form_id).to_numpy()]
        conversion, decisions = _at_cut(
            form_id, of_record, calibration, totals, theta_cut, score_scale, rounding
        )
        conversion_rows += conversion
        decision_rows += decisions
    return ScoreTables(
        RAW_TO_THETA.frame(theta_rows),
        CONVERSION.frame(conversion_rows),
        PASS_DECISIONS.frame(decision_rows),
        tuple(notes),
    )


def _raw_to_theta(form_id: str, parameters: FloatArray, calibration: Calibration) -> list[dict[str, Any]]:
    D = calibration.scale.D
    tables = {"eap": _eap(parameters, calibration)}
    theta, se = score_table(parameters, method="ml", D=D)
    ends = np.array([0, len(parameters)])
    theta[ends] = theta_at_expected_score(
        parameters, np.array([LESS_EXTREME, len(parameters) - LESS_EXTREME]), D
    )
    finite = ends[np.isfinite(theta[ends])]
    se[finite] = 1.0 / np.sqrt(form_information(parameters, theta[finite], D))
    equal = np.ptp(parameters[:, 0]) < 1e-9 and not parameters[:, 2].any()
    tables["ml" if equal else "tcc"] = theta, se
    if equal:
        # the raw score is all that counts: one person for each of them
        one_each: ScoreArray = np.tri(len(parameters) + 1, len(parameters), -1, dtype=np.int8)
        found = estimate_abilities(
            [ResponseBlock(np.arange(len(parameters)), one_each)], parameters, method="wle", D=D
        )
        tables["wle"] = found.theta, found.se
    return [
        {
            "form_id": form_id,
            "raw": raw,
            "method": method,
            "theta": float(at) if np.isfinite(at) else None,
            "se": float(error) if np.isfinite(error) else None,
        }
        for method, (thetas, errors) in tables.items()
        for raw, (at, error) in enumerate(zip(thetas, errors, strict=True))
    ]


def _eap(parameters: FloatArray, calibration: Calibration) -> tuple[FloatArray, FloatArray]:
    """Of the candidates as a whole: a normal population, or a histogram; NaN where nobody can score that."""
    histogram = calibration.population_points
    if histogram.height:
        whole = (
            histogram.join(calibration.population.select("group", "n"), on="group")
            .group_by("theta")
            .agg((pl.col("weight") * pl.col("n")).sum())
            .sort("theta")
        )
        points, weights = whole["theta"].to_numpy(), whole["weight"].to_numpy()
    else:
        steps = np.linspace(-REACH, REACH, 161)  # a tenth of a standard deviation apart
        points, weights = calibration.mean + calibration.sd * steps, np.exp(-0.5 * steps**2)
    joint = score_distribution(parameters, points, calibration.scale.D) * weights[:, None]
    total = joint.sum(axis=0)
    joint /= np.where(total > 0, total, np.nan)
    theta: FloatArray = points @ joint
    return theta, np.sqrt(np.maximum((joint * (points[:, None] - theta) ** 2).sum(axis=0), 0.0))


def _at_cut(
    form_id: str,
    parameters: FloatArray,
    calibration: Calibration,
    totals: FloatArray,
    theta_cut: float,
    rule: ScaleRule,
    rounding: Rounding,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of one form in the conversion table and among the decisions."""
    D = calibration.scale.D
    cut = raw_cut(parameters, theta_cut, rounding=rounding, D=D)
    scale = rule.fitted(cut.lowest_passing, len(parameters))
    raw = np.arange(len(parameters) + 1)
    scores = raw.astype(np.float64)
    had = np.bincount(totals.astype(np.int64), minlength=raw.size)
    conversion = [
        {"form_id": form_id, "raw": x, "scaled": scaled, "reported": reported, "passed": passed, "n": n}
        for x, scaled, reported, passed, n in zip(
            raw.tolist(),
            scale.scaled(scores).tolist(),
            scale.reported(scores).tolist(),
            passes(scores, float(cut.lowest_passing)).tolist(),
            had.tolist(),
            strict=False,
        )
    ]
    mean, sd = form_population(calibration, form_id)
    people = population_of_totals(parameters, totals, mean=mean, sd=sd, split=theta_cut, D=D)
    points, weights = people.theta, people.weights
    with np.errstate(divide="ignore"):
        error = 1.0 / np.sqrt(form_information(parameters, points, D))
    by_raw = lee(parameters, cut.lowest_passing, theta_cut=theta_cut, theta=points, weights=weights, D=D)
    by_theta = rudner(points, error, theta_cut, weights)
    csem_raw, csem_theta = csem(parameters, np.array([theta_cut]), D)
    common = {
        "form_id": form_id,
        "n_scored_items": len(parameters),
        "theta_cut": theta_cut,
        "expected_at_cut": cut.expected,
        "raw_cut": cut.lowest_passing,
        "reported_at_cut": float(scale.reported(np.array([float(cut.lowest_passing)]))[0]),
        "slope": scale.A,
        "intercept": scale.B,
        "csem_raw": float(csem_raw[0]),
        "csem_theta": float(csem_theta[0]) if np.isfinite(csem_theta[0]) else None,
        "csem_reported": float(scale.A * csem_raw[0]),
    }
    return conversion, [{**common, **_quality(quality)} for quality in (by_raw, by_theta)]


def _quality(quality: DecisionQuality) -> dict[str, Any]:
    names = ("method", "accuracy", "consistency", "kappa", "false_positive", "false_negative", "pass_rate")
    return {name: getattr(quality, name) for name in names}
