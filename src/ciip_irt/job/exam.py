"""The exam file: which files make up an administration, and the choices in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ciip_irt.errors import InputError, Problem
from ciip_irt.job.exam_settings import EXAM
from ciip_irt.settings import Table, file_text, read_settings

__all__ = ["Exam", "load_exam"]

TABLES = (".csv", ".csv.gz", ".tsv", ".txt", ".xlsx", ".xlsm", ".ods", ".xls", ".parquet", ".ndjson", ".xml")
"""Endings of files that are given to ``run`` by mistake."""


@dataclass(frozen=True, slots=True)
class Exam:
    """What an exam file says; ``folder`` is where its relative paths start."""

    folder: Path
    where: str
    settings: Table

    @property
    def name(self) -> str:
        return str(self.settings["exam"]["name"])

    def get(self, section: str, key: str) -> Any:
        """A setting, or its default."""
        return self.settings[section][key]

    def has(self, section: str) -> bool:
        """Whether the file has the section."""
        return self.settings[section] is not None and bool(self.written(section))

    def written(self, section: str) -> Mapping[str, Any]:
        """The settings of a section that the file states."""
        table: Table = self.settings[section]
        return table.written()

    def path(self, section: str, key: str) -> Path | None:
        """A file named by the exam file, relative to its folder."""
        value = self.get(section, key)
        return None if value is None else self.folder / str(value)

    def named_or_path(self, section: str, key: str) -> str:
        """A name that ships with the package (``ciip-2024``), or a path relative to the exam file."""
        value = str(self.get(section, key))
        return str(self.folder / value) if value.endswith(".toml") else value


def load_exam(path: Path | str) -> Exam:
    """Read an exam file.

    Raises
    ------
    InputError
        Not there, not TOML, unknown or missing settings, values of the wrong kind, files that do not
        exist: everything at once, each with its line.

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
    if path.name.lower().endswith(TABLES):
        remedy = f"For a log: ciip-irt analyse {path.name}. 'run' needs a TOML file that names the log under"
        remedy += " [responses] and the items under [items]; 'ciip-irt simulate' writes one to begin with."
        raise InputError(Problem("a table of answers or items, not an exam file", str(path), remedy=remedy))
    settings = read_settings(file_text(path, kind="exam file"), str(path), EXAM)
    exam = Exam(path.resolve().parent, str(path), settings)
    _check_files(exam)
    settings.finish()
    return exam


def _check_files(exam: Exam) -> None:
    """Note which files that the exam file names do not exist."""
    remedy = f"Paths start at the folder of the exam file ({exam.folder})."
    for section, key in (
        ("responses", "files"),
        ("responses", "mapping"),
        ("responses", "candidates"),
        ("responses", "key"),
        ("items", "file"),
    ):
        table = exam.settings[section]
        if table[key] is None or not table.sound(key):
            continue
        names = table[key] if isinstance(table[key], tuple) else (table[key],)
        for name in names:
            if not _is_file(exam.folder / name):
                table.wrong(key, f"names a file that does not exist: {name!r}", remedy)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with characters that no file name has
        return False
