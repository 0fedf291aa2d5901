"""The calibration and the scores that an exam file asks for."""

from typing import cast

from ciip_irt.bank import ItemBank, read_anchors
from ciip_irt.calibration import Calibration, DriftLimits, calibrate
from ciip_irt.job.exam import Exam
from ciip_irt.responses import ScoredResponses
from ciip_irt.scores import ScoreTables, load_scale, score_tables
from ciip_irt.scores.numbers import Rounding

__all__ = ["calibration_of", "rounding_of", "scores_of"]

LIMITS = {
    "displacement": "displaced",
    "robust_z": "critical_z",
    "certainty": "certainty",
    "keep_anchors": "kept_share",
}
PASSED_ON = ("purify", "priors", "groups", "population", "ability", "max_iterations", "scale_id")


def calibration_of(exam: Exam, scored: ScoredResponses, bank: ItemBank) -> Calibration:
    """Calibrate as the section ``[calibration]`` says; the bank's scored items hold the scale by default.

    Raises
    ------
    CiipError
        As ``calibrate`` and ``read_anchors``.
    """
    given = exam.sections.get("calibration", {})
    named = str(given.get("anchors", "bank"))
    if named == "bank":
        anchors: ItemBank | None = bank
    else:
        anchors = None if named == "none" else read_anchors(exam.folder / named, bank)
    return calibrate(
        scored,
        str(given.get("model", "rasch")),
        anchors=anchors,
        drift=DriftLimits(**{field: float(given[key]) for key, field in LIMITS.items() if key in given}),
        **{key: given[key] for key in PASSED_ON if key in given},
    )


def rounding_of(exam: Exam) -> Rounding:
    """How the expected score at the standard becomes the raw cut."""
    return cast(Rounding, str(exam.get("scores", "rounding", "up")))


def scores_of(
    exam: Exam, scored: ScoredResponses, bank: ItemBank, calibration: Calibration, theta_cut: float | None
) -> ScoreTables:
    """Raw scores as theta and as reported scores; the standard counts on the bank's scale only."""
    here = bank.scale is None or bank.scale == calibration.scale
    return score_tables(
        scored,
        calibration,
        theta_cut=theta_cut if here else None,
        rule=load_scale(exam.named_or_path("scores", "scale", "arrt")),
        rounding=rounding_of(exam),
    )
