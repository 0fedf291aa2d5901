"""Advice in the words of the interface in use: an option of a command as the setting of the exam file."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from ciip_irt.errors import CiipError, InputError, Problem
from ciip_irt.job.exam_settings import EXAM
from ciip_irt.settings import Section

__all__ = ["as_settings", "error_as_settings"]

OPTION = re.compile(r"--(?P<name>[a-z][a-z-]*[a-z])(?:[ =](?P<value>'[^']*'|[\w.\-]*\w))?")
VALUES = frozenset(
    {
        *("none", "bank", "default", "rasch", "1pl", "2pl", "3pl", "wle", "eap", "mle", "map", "cml", "mml"),
        *("omitted", "not_reached", "invalid", "not_administered", "cp1252", "utf-16", "utf-8"),
        *("parameters.csv", "anchors.csv"),
    }
)
"""Words after an option that are its value, and not the rest of the sentence."""
OTHER_NAMES = {
    "items": ("items", "file"),
    "blueprint": ("blueprint", "file"),
    "attribute": ("responses", "attributes"),
}
SECTIONS = ("responses", "eligibility", "scoring", "analysis", "calibration", "scores", "pilots", "assembly")
"""Where an option's setting is looked for, the first that has it."""


def _inner(section: str) -> Section:
    kind = EXAM[section].kind
    assert isinstance(kind, Section)
    return kind


def _settings() -> Mapping[str, tuple[str, str]]:
    found = dict(OTHER_NAMES)
    for section in SECTIONS:
        for name in _inner(section).names:
            found.setdefault(name.replace("_", "-"), (section, name))
    return MappingProxyType(found)


def as_settings(text: str) -> str:
    """The text with every option that an exam file knows as its setting, in TOML.

    >>> as_settings("Use --model 2pl, or calibrate freely with --anchors none.")
    'Use model = "2pl" under [calibration], or calibrate freely with anchors = "none" under [calibration].'
    >>> as_settings("Give the file with --key.")
    'Give the file with key under [responses].'
    """
    known = _settings()

    def setting(found: re.Match[str]) -> str:
        if found["name"] not in known:
            return found[0]
        section, name = known[found["name"]]
        value = (found["value"] or "").strip("'")
        numeric = re.fullmatch(r"\d+(\.\d+)?", value) is not None
        if not (numeric or value in VALUES or (found["value"] or "").startswith("'")):
            rest = found[0][len(found["name"]) + 2 :]
            return f"{name} under [{section}]{rest}"
        shown = value if numeric else f'["{value}"]' if name == "attributes" else f'"{value}"'
        return f"{name} = {shown} under [{section}]"

    return OPTION.sub(setting, text)


def error_as_settings(error: CiipError) -> CiipError:
    """The same error with its advice in settings."""
    if not isinstance(error, InputError):
        return type(error)(as_settings(str(error)))
    said = [
        Problem(p.what, p.where, p.row, p.count, p.examples, as_settings(p.remedy)) for p in error.problems
    ]
    said = [Problem(as_settings(p.what), p.where, p.row, p.count, p.examples, p.remedy) for p in said]
    return type(error)(said)
