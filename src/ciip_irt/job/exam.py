"""The exam file: which files make up an administration, and the choices in force."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ciip_irt.errors import InputError, Problem, did_you_mean

__all__ = ["Exam", "load_exam"]

STRING, NUMBER, WHOLE, STRINGS, FLAG = (
    "text",
    "a number",
    "a whole number",
    "a list of texts",
    "true or false",
)
Schema = Mapping[str, Mapping[str, tuple[str, bool]]]

SCHEMA: Schema = {
    "exam": {"name": (STRING, True)},
    "responses": {
        "files": (STRINGS, True),
        "format": (STRING, False),
        "mapping": (STRING, False),
        "candidates": (STRING, False),
        "delimiter": (STRING, False),
        "encoding": (STRING, False),
    },
    "items": {"file": (STRING, True), "delimiter": (STRING, False), "encoding": (STRING, False)},
    "eligibility": {
        "attempts": ("'first', 'all' or a list of attempt labels", False),
        "exclude_attributes": ("a table of attribute = [values]", False),
        "minimum_answered": (NUMBER, False),
        "exclude_deliveries": (STRINGS, False),
        "require_answer": (FLAG, False),
        "maximum_rapid": (NUMBER, False),
    },
    "analysis": {"dif": (STRINGS, False)},
    "scoring": {"omitted": (STRING, False), "not_reached": (STRING, False), "invalid": (STRING, False)},
    "calibration": {
        "model": (STRING, False),
        "anchors": (STRING, False),
        "scale_id": (STRING, False),
        "purify": (FLAG, False),
        "displacement": (NUMBER, False),
        "robust_z": (NUMBER, False),
        "certainty": (NUMBER, False),
        "keep_anchors": (NUMBER, False),
        "priors": (STRING, False),
        "groups": (STRING, False),
        "population": (STRING, False),
        "ability": (STRING, False),
        "max_iterations": (WHOLE, False),
        "fit_simulations": (WHOLE, False),
        "exclude_person_misfit": (NUMBER, False),
    },
    "scores": {"scale": (STRING, False), "rounding": (STRING, False)},
    "pilots": {"policy": (STRING, False)},
    "blueprint": {"file": (STRING, True)},
    "assembly": {"forms": (WHOLE, False), "seed": (WHOLE, False), "theta_cut": (NUMBER, False)},
}


@dataclass(frozen=True, slots=True)
class Exam:
    """What an exam file says; ``folder`` is where its relative paths start."""

    folder: Path
    where: str
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.sections["exam"]["name"])

    def get(self, section: str, key: str, default: Any = None) -> Any:
        """A setting, or the default."""
        return self.sections.get(section, {}).get(key, default)

    def path(self, section: str, key: str) -> Path | None:
        """A file named by the exam file, relative to its folder."""
        value = self.get(section, key)
        return None if value is None else self.folder / str(value)

    def named_or_path(self, section: str, key: str, default: str) -> str:
        """A name that ships with the package (``ciip-2024``), or a path relative to the exam file."""
        value = str(self.get(section, key, default))
        return str(self.folder / value) if value.endswith(".toml") else value


def load_exam(path: Path | str) -> Exam:
    """Read an exam file.

    Raises
    ------
    InputError
        Not there, not TOML, unknown or missing settings, values of the wrong kind, files that do not
        exist: everything at once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     files = {"log.csv": "", "items.csv": "", "exam.toml": '[exam]\\nname = "CIIP"\\n'
    ...              '[responses]\\nfiles = ["log.csv"]\\n[items]\\nfile = "items.csv"\\n'
    ...              '[blueprint]\\nfile = "ciip-2024"\\n'}
    ...     for name, text in files.items():
    ...         _ = Path(folder, name).write_text(text)
    ...     load_exam(Path(folder, "exam.toml")).name
    'CIIP'
    """
    path = Path(path)
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(reason, where=str(path), remedy="Check the path.")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(f"not valid TOML: {error}", where=str(path), remedy="Correct the line named.")
        ) from None
    exam = Exam(path.resolve().parent, str(path), sections)
    problems = [*_wrong_settings(sections, str(path))]
    if not problems:
        problems = [*_missing_files(exam)]
    if problems:
        raise InputError(problems)
    return exam


def _wrong_settings(sections: Mapping[str, Any], where: str) -> list[Problem]:
    problems = []
    for section, values in sections.items():
        if section not in SCHEMA or not isinstance(values, dict):
            problems.append(
                Problem(
                    f"unknown section [{section}]",
                    where=where,
                    remedy=did_you_mean(section, SCHEMA, "Known are"),
                )
            )
            continue
        for key, value in values.items():
            if key not in SCHEMA[section]:
                remedy = did_you_mean(key, SCHEMA[section], "Known are")
                problems.append(
                    Problem(f"unknown setting {key!r} in [{section}]", where=where, remedy=remedy)
                )
            elif not _of_kind(value, kind := SCHEMA[section][key][0]):
                what = f"[{section}] {key} must be {kind}"
                problems.append(
                    Problem(what, where=where, examples=(str(value),), remedy="Correct the value.")
                )
    for section, settings in SCHEMA.items():
        for key, (_, required) in settings.items():
            if required and key not in (sections.get(section) or {}):
                remedy = f"Add it under [{section}]."
                problems.append(Problem(f"[{section}] {key} is missing", where=where, remedy=remedy))
    return problems


def _of_kind(value: Any, kind: str) -> bool:
    if kind == STRING:
        return isinstance(value, str)
    if kind == STRINGS:
        return isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value)
    if kind == WHOLE:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == FLAG:
        return isinstance(value, bool)
    if kind.startswith("a table"):
        return isinstance(value, dict)
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(part, str) for part in value)
    )


def _missing_files(exam: Exam) -> list[Problem]:
    named = [("responses", name) for name in exam.get("responses", "files")]
    named += [
        (section, str(exam.get(section, key)))
        for section, key in (("responses", "mapping"), ("responses", "candidates"), ("items", "file"))
        if exam.get(section, key) is not None
    ]
    return [
        Problem(
            f"[{section}] names a file that does not exist",
            where=exam.where,
            examples=(name,),
            remedy=f"Paths start at the folder of the exam file ({exam.folder}).",
        )
        for section, name in named
        if not (exam.folder / name).is_file()
    ]
