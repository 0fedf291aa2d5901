"""The reporting scale of a programme: a preset by name, or a TOML file of its own."""

from pathlib import Path

from ciip_irt.scores.numbers.score_scale import SCALES, ScaleRule
from ciip_irt.settings import Number, Section, Setting, Whole, file_text, read_settings

__all__ = ["SCALE", "load_scale"]

MOST_DECIMALS = 3  # a thousandth of a reported point: finer than any score is dependable
SCALE = Section(
    (
        Setting("at_cut", Number(), "reported score at the raw cut, before rounding", required=True),
        Setting("at_maximum", Number(), "reported score at everything right, before rounding", required=True),
        Setting("lowest", Number(), "lowest score that is reported", required=True),
        Setting("highest", Number(), "highest score that is reported", required=True),
        Setting("decimals", Whole(0, MOST_DECIMALS), "decimals of a reported score", required=True),
        Setting("passing", Number(), "reported score that passes", required=True),
    ),
    record=ScaleRule,
)
"""What a score scale file says."""


def load_scale(name_or_path: str | Path = "arrt") -> ScaleRule:
    """A preset of ``SCALES``, or a file with the settings of a ``ScaleRule``.

    ``at_cut`` and ``at_maximum`` are the reported scores at the raw cut and at everything right, before
    rounding; ``lowest`` and ``highest`` bound what is reported, ``decimals`` rounds it, ``passing`` is the
    reported score that passes.

    Raises
    ------
    InputError
        No such preset or file; settings that are missing, unknown, no numbers, or contradict each other.

    >>> load_scale("arrt").at_cut
    74.5
    """
    if str(name_or_path) in SCALES:
        return SCALES[str(name_or_path)]
    text = file_text(name_or_path, kind="score scale", known=tuple(SCALES))
    scale = read_settings(text, str(name_or_path), SCALE)
    if scale.sound("at_cut", "at_maximum") and not scale["at_cut"] < scale["at_maximum"]:
        scale.wrong("at_cut", "must be below at_maximum", "More right must report higher.")
    if scale.sound("lowest", "passing", "highest") and not (
        scale["lowest"] <= scale["passing"] <= scale["highest"]
    ):
        scale.wrong("passing", "must lie between lowest and highest")
    scale.finish()
    rule: ScaleRule = scale.record()
    return rule
