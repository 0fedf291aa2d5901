"""The whole job into a folder with a record of what went in, and that run again from its record."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from ciip_irt.errors import CiipError, InputError, Problem, plural
from ciip_irt.job.exam import load_exam
from ciip_irt.job.outputs import ASSEMBLY_FILES, CALIBRATION_EXTRAS
from ciip_irt.job.result import JobResult
from ciip_irt.job.run import run_job
from ciip_irt.job.setting_words import error_as_settings
from ciip_irt.provenance import versions
from ciip_irt.records import result
from ciip_irt.report import write_results
from ciip_irt.tables import RECORD_FILES, RESULT_FILES, files_read, holding, packed_bytes

__all__ = ["Replay", "replay", "write_run"]

RECORD, TIMES = "record.json", "run_times.json"
OURS = frozenset({*RESULT_FILES, *RECORD_FILES, "pilot_decisions.xlsx"})
SHEETS = ("pilot_decisions.csv", "pilot_decisions.xlsx")
TITLES = {"input": "Inputs that are not what they were", "result": "Results that differ"}
Difference = tuple[str, str, str]


def write_run(
    exam_file: Path, out: Path, *, progress: Callable[[str], None] | None = None
) -> tuple[JobResult, Path]:
    """Run the whole job and write its results, its report and its record into ``out``.

    Returns
    -------
    JobResult, Path
        The result, and the first page of the report.

    Raises
    ------
    CiipError
        The first step that cannot go on, with everything wrong in it; nothing is written then.
    """
    say = progress or (lambda _: None)
    started = datetime.now(UTC)
    with holding(out), files_read() as inputs:
        exam = load_exam(exam_file)
        try:
            job = run_job(exam, progress=progress)
        except CiipError as error:  # what helps is said in settings, for there are no options here
            raise error_as_settings(error) from None
        say("writing results and report")
        outputs = {
            **job.outputs(),
            RECORD: {
                "exam_file": exam_file.name,
                "inputs": {_relative(path, exam.folder): digest for path, digest in sorted(inputs.items())},
                "versions": versions(),
            },
            TIMES: {
                "exam_file": _relative(exam_file.resolve(), out.resolve()),
                "started": started.isoformat(timespec="seconds"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": dict(job.seconds),
            },
        }
        page = write_results(out, outputs, replaces=(*ASSEMBLY_FILES, *CALIBRATION_EXTRAS))
    return job, page


@result
@dataclass(frozen=True, slots=True)
class Replay:
    """What is as it was, and what is not: each difference with its kind and its file."""

    n_inputs: int
    n_files: int
    """Result files and pages that were compared; 0 where the inputs are others already."""
    differences: tuple[tuple[str, str, str], ...]
    """(``input`` or ``result``, file, what is different)."""
    other_versions: Mapping[str, tuple[str | None, str | None]]
    """Versions then and now, where they differ."""

    @property
    def is_yes(self) -> bool:
        """Whether the same files gave the same results."""
        return not self.differences

    def to_frame(self) -> pl.DataFrame:
        """One row per difference: columns ``kind``, ``file``, ``difference``."""
        names = ("kind", "file", "difference")
        return pl.DataFrame(list(self.differences), schema=dict.fromkeys(names, pl.String), orient="row")

    def summary(self) -> str:
        """What was compared and what differs, a line each."""
        lines = []
        if self.n_files and self.is_yes:
            lines.append(
                f"The same: {plural(self.n_inputs, 'input')} and {plural(self.n_files, 'result file')},"
                " byte for byte."
            )
        for kind, title in (
            ("input", "Inputs that are not what they were"),
            ("result", "Results that differ"),
        ):
            found = [f"  {file}: {what}" for group, file, what in self.differences if group == kind]
            if found:
                lines += [f"{title} ({len(found)}):", *found]
        if any(kind == "input" for kind, _, _ in self.differences):
            lines.append("Nothing was run: other inputs give other results. Bring the files back first.")
        if self.other_versions:
            told = [f"{name} {then or 'absent'} then, {now or 'absent'} now"
                    for name, (then, now) in self.other_versions.items()]  # fmt: skip
            lines.append(f"Other versions: {'; '.join(told)}.")
        return "\n".join(lines)


def replay(
    folder: Path | str, exam_file: Path | str | None = None, *, progress: Callable[[str], None] | None = None
) -> Replay:
    """Run again what made the results in ``folder``, elsewhere, and compare every byte.

    First every file that the run had read is held against its SHA-256 of then; where one is another, nothing
    is run. ``run_times.json`` is not compared: times differ.

    Parameters
    ----------
    folder
        Results of ``run``; nothing in it is changed.
    exam_file
        Where the exam file lies now; by default where it lay, as seen from ``folder``.

    Raises
    ------
    InputError
        No record of a run in the folder, or no exam file.
    CiipError
        As ``run_job``.
    """
    folder = Path(folder)
    record, times = _record(folder / RECORD), _record(folder / TIMES)
    exam_file = folder / times["exam_file"] if exam_file is None else Path(exam_file)
    if not exam_file.is_file():
        remedy = "Name the exam file as it lies now: ciip-irt replay DIR --exam-file EXAM.toml."
        raise InputError(Problem("the exam file is not there", where=str(exam_file), remedy=remedy))
    inputs = record["inputs"]
    others = _other_versions(record["versions"])
    home = exam_file.resolve().parent
    places = {name: home / name for name in inputs} | {record["exam_file"]: exam_file}
    differences = _changed_inputs(inputs, places)
    if differences:
        return Replay(len(inputs), 0, tuple(differences), others)
    with TemporaryDirectory(prefix="ciip-irt-") as scratch:
        write_run(exam_file, Path(scratch), progress=progress)
        differences, compared = _compared(folder, Path(scratch))
    return Replay(len(inputs), compared, tuple(differences), others)


def _record(path: Path) -> dict[str, Any]:
    remedy = "Name a folder that 'ciip-irt run' of this version or a later one wrote."
    if not path.is_file():
        raise InputError(Problem(f"there is no {path.name}", where=str(path.parent), remedy=remedy))
    try:
        found = json.loads(packed_bytes(path))
    except (ValueError, RecursionError):
        raise InputError(Problem("the file is damaged", where=str(path), remedy=remedy)) from None
    wanted: Mapping[str, type] = {"exam_file": str}
    if path.name == RECORD:
        wanted = {**wanted, "inputs": dict, "versions": dict}
    if not isinstance(found, dict) or any(
        not isinstance(found.get(key), kind) for key, kind in wanted.items()
    ):
        raise InputError(Problem("the file is no record of a run", where=str(path), remedy=remedy))
    return found


def _changed_inputs(inputs: Mapping[str, Any], places: Mapping[str, Path]) -> list[Difference]:
    differences = []
    for name, digest in inputs.items():
        path = places[name]
        if not path.is_file():
            differences.append(("input", name, "it is not there"))
        elif sha256(packed_bytes(path)).hexdigest() != digest:
            differences.append(("input", name, "its content is another"))
    return differences


def _compared(then: Path, now: Path) -> tuple[list[Difference], int]:
    """What differs between two folders of results, and how many files were compared."""
    of_then = {name for name in _files(then) if name in OURS or name.startswith("report/")}
    of_now = _files(now)
    differences = []
    for name in sorted(of_then | of_now):
        if name not in of_now:
            differences.append(("result", name, "it is not written any more"))
        elif name not in of_then:
            differences.append(("result", name, "it is not in the folder"))
        elif (then / name).read_bytes() != (now / name).read_bytes():
            filled_in = " (a sheet that people fill in)" if name in SHEETS else ""
            differences.append(("result", name, f"other bytes{filled_in}"))
    return differences, len(of_then | of_now)


def _files(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if name not in (TIMES, RECORD) and not name.startswith(".")}


def _other_versions(then: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    now = versions()
    return {
        name: (then.get(name), now.get(name))
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    }


def _relative(path: Path, folder: Path) -> str:
    """The way from ``folder`` to ``path``; the whole path where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()
