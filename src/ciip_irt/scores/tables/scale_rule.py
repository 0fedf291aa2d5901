"""The reporting scale of a programme: a preset by name, or a TOML file of its own."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.scores.numbers.score_scale import SCALES, ScaleRule
from ciip_irt.tables.shipped import parsed_toml

__all__ = ["load_scale"]

KEYS = tuple(field.name for field in fields(ScaleRule))


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
    where = str(name_or_path)
    try:
        text = Path(name_or_path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        remedy = did_you_mean(where, SCALES, "Give a TOML file, or one of")
        raise InputError(Problem("there is no such score scale", where=where, remedy=remedy)) from None
    given = parsed_toml(text, where)
    problems = _problems(given, where)
    if problems:
        raise InputError(problems)
    at_cut, at_maximum, lowest, highest, passing = (float(given[key]) for key in KEYS if key != "decimals")
    return ScaleRule(at_cut, at_maximum, lowest, highest, int(given["decimals"]), passing)


def _problems(given: dict[str, Any], where: str) -> list[Problem]:
    problems = [
        Problem(f"unknown setting {key!r}", where=where, remedy=did_you_mean(key, KEYS, "Known are"))
        for key in given
        if key not in KEYS
    ]
    lacking = [key for key in KEYS if key not in given]
    if lacking:
        problems.append(
            Problem(f"missing: {', '.join(lacking)}", where=where, remedy="All settings are required.")
        )
    wrong = [
        key
        for key in KEYS
        if key in given and (isinstance(given[key], bool) or not isinstance(given[key], int | float))
    ]
    if wrong:
        problems.append(Problem(f"not a number: {', '.join(wrong)}", where=where))
    if problems:
        return problems
    if not given["at_cut"] < given["at_maximum"]:
        problems.append(
            Problem("at_cut is not below at_maximum", where=where, remedy="More right must report higher.")
        )
    if not given["lowest"] <= given["passing"] <= given["highest"]:
        problems.append(Problem("passing is not between lowest and highest", where=where))
    if given["decimals"] not in (0, 1, 2, 3):
        problems.append(Problem(f"decimals is {given['decimals']}", where=where, remedy="Use 0 to 3."))
    return problems
