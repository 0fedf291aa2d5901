"""Several files of a folder changed together or not at all, whatever stops the program in between.

A file system renames one file at a time. So what is to be renamed is written down first, in a journal: from
then on the change is decided. A program that is killed before leaves everything as it was; one that is killed
after leaves a journal, and ``recover`` finishes what it says. Where a file cannot be replaced (it is open in
a spreadsheet program), the journal is turned round first and the files changed so far are put back.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ciip_irt.tables.holding import STAGING, holding, remove_staging

__all__ = ["recover", "replace_together"]

JOURNAL = ".ciip-irt-journal.json"


def replace_together(folder: Path, pending: Iterable[tuple[Path, Path]], gone: Iterable[Path] = ()) -> None:
    """Rename every ``(partial, target)`` and delete ``gone``, all of it or nothing.

    Raises
    ------
    OSError
        A file cannot be replaced; everything is as it was before.
    """
    plan: dict[str, Any] = {
        "files": [
            {
                "partial": _within(partial, folder),
                "target": _within(target, folder),
                "new": not target.exists(),
            }
            for partial, target in pending
        ],
        "gone": [_within(path, folder) for path in gone],
    }
    _write_journal(folder, plan)
    try:
        for step in plan["files"]:
            _keep_old(folder / step["target"])
            os.replace(folder / step["partial"], folder / step["target"])  # noqa: PTH105 - one name to watch
    except BaseException:
        _write_journal(folder, {**plan, "undo": True})
        _undo(folder, plan)
        raise
    _finish(folder, plan)


def recover(folder: Path | str) -> str:
    """Finish what a stopped program left half done in ``folder``; what was done, in words ("": nothing).

    Raises
    ------
    InputError
        Another run holds the folder.
    OSError
        The folder cannot be changed now.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     recover(folder)
    ''
    """
    folder = Path(folder)
    half = folder / f"{JOURNAL}.partial"
    if not any(path.exists() for path in (folder / JOURNAL, half, folder / STAGING)):
        return ""
    with holding(folder):
        said = _recovered(folder)
        half.unlink(missing_ok=True)
        remove_staging(folder)
    return said


def _recovered(folder: Path) -> str:
    try:
        plan = json.loads((folder / JOURNAL).read_text("utf-8"))
    except FileNotFoundError:
        return ""
    if plan.get("undo"):
        _undo(folder, plan)
        return f"An earlier run was stopped while it put files in {folder} back; they are as before it."
    for step in plan["files"]:
        if (folder / step["partial"]).exists():
            _keep_old(folder / step["target"])
            os.replace(folder / step["partial"], folder / step["target"])  # noqa: PTH105
    _finish(folder, plan)
    names = ", ".join(step["target"] for step in plan["files"][:5])
    return f"An earlier run was stopped while it changed files in {folder}; they were completed now: {names}."


def _within(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _write_journal(folder: Path, plan: Mapping[str, Any]) -> None:
    partial = folder / f"{JOURNAL}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(plan, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / JOURNAL)  # noqa: PTH105


def _before(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")


def _keep_old(target: Path) -> None:
    if not target.exists() or _before(target).exists():
        return
    try:
        os.link(target, _before(target))
    except OSError:  # a file system without links
        half = target.with_name(f".{target.name}.half")
        shutil.copy2(target, half)
        os.replace(half, _before(target))  # noqa: PTH105


def _undo(folder: Path, plan: Mapping[str, Any]) -> None:
    for step in plan["files"]:
        target = folder / step["target"]
        if _before(target).exists():
            os.replace(_before(target), target)  # noqa: PTH105
            _before(target).unlink(missing_ok=True)  # two links to one file: renaming does nothing
        elif step["new"]:
            target.unlink(missing_ok=True)
    for step in plan["files"]:
        (folder / step["partial"]).unlink(missing_ok=True)
    (folder / JOURNAL).unlink(missing_ok=True)


def _finish(folder: Path, plan: Mapping[str, Any]) -> None:
    for name in plan["gone"]:
        (folder / name).unlink(missing_ok=True)
    for step in plan["files"]:
        with contextlib.suppress(OSError):
            _before(folder / step["target"]).unlink(missing_ok=True)
    (folder / JOURNAL).unlink(missing_ok=True)
