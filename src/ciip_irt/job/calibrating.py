"""The calibration and the scores that an exam file or a command asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ciip_irt.bank import ItemBank, read_anchors
from ciip_irt.calibration import (
    Calibration,
    Dimensionality,
    DriftLimits,
    ModelChecks,
    calibrate,
    calibrated_and_checked,
    examine_dimensionality,
)
from ciip_irt.errors import DesignError
from ciip_irt.job.exam import Exam
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.scores import ScoreTables, load_scale, score_tables
from ciip_irt.scores.numbers import Rounding
from ciip_irt.tables import told_format

__all__ = ["DimensionsLook", "calibrate_as_told", "look_at_dimensions", "rounding_of", "scores_of"]

LIMITS = ("displacement", "robust_z", "certainty", "keep_anchors", "keep_anchors_within")
ABOUT_CHECKS = ("fit_simulations", "exclude_person_misfit")
LOOKED_AT = ("dimensionality",)  # by what has the calibration, not by calibrate


def calibrate_as_told(
    scored: ScoredResponses, bank: ItemBank, told: Mapping[str, Any], *, folder: Path | None = None
) -> tuple[ScoredResponses, Calibration, ModelChecks]:
    """Calibrate and check the model by the settings of ``CALIBRATION``, from wherever they come.

    Parameters
    ----------
    told
        Every setting of ``exam_settings.CALIBRATION`` with its value.
    folder
        Where a path to anchors starts.

    Raises
    ------
    CiipError
        As ``calibrate`` and ``read_anchors``.
    """
    anchors: ItemBank | None = None if bank.scale is None else bank
    if told["anchors"] != "bank":
        file = Path(folder or "") / told["anchors"]
        anchors = None
        if told["anchors"] != "none":
            delimiter, encoding = told_format(file)
            anchors = read_anchors(file, bank, delimiter=delimiter, encoding=encoding)
    limits = DriftLimits(**{name: told[name] for name in LIMITS})
    passed_on = {
        name: told[name]
        for name in told
        if name not in (*LIMITS, *ABOUT_CHECKS, *LOOKED_AT, "model", "anchors")
    }

    def estimate(those: ScoredResponses) -> Calibration:
        return calibrate(those, told["model"], anchors=anchors, drift=limits, **passed_on)

    scored, calibration, checks = calibrated_and_checked(
        scored, estimate, **{name: told[name] for name in ABOUT_CHECKS}
    )
    if told["anchors"] == "bank" and bank.scale is None:
        said = (
            "no item of the bank has parameters, so this calibration starts a scale of its own,"
            f" {calibration.scale.scale_id!r}. Later calibrations can hold on to its parameters.csv."
        )
        calibration = replace(calibration, warnings=(said, *calibration.warnings))
    return scored, calibration, checks


@result
@dataclass(frozen=True, slots=True)
class DimensionsLook:
    """What was found about dimensions, and that, or why nothing, in words; empty where nobody asked."""

    found: Dimensionality | None = None
    said: str = ""


def look_at_dimensions(scored: ScoredResponses, told: Mapping[str, Any]) -> DimensionsLook:
    """Whether one ability is enough, where ``CALIBRATION`` asks for it."""
    if not told["dimensionality"]:
        return DimensionsLook()
    try:
        found = examine_dimensionality(scored)
    except DesignError as error:  # too few for this look; the calibration stands without it
        return DimensionsLook(said=f"Dimensions were not examined: {error}")
    return DimensionsLook(found, found.summary())


def rounding_of(exam: Exam) -> Rounding:
    """How the expected score at the standard becomes the raw cut."""
    rounding: Rounding = exam.get("scores", "rounding")
    return rounding


def scores_of(
    exam: Exam, scored: ScoredResponses, bank: ItemBank, calibration: Calibration, theta_cut: float | None
) -> ScoreTables:
    """Raw scores as theta and as reported scores; the standard counts on the bank's scale only."""
    here = bank.scale is None or bank.scale == calibration.scale
    return score_tables(
        scored,
        calibration,
        theta_cut=theta_cut if here else None,
        score_scale=load_scale(exam.named_or_path("scores", "score_scale")),
        rounding=rounding_of(exam),
    )
