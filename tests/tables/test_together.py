"""Files change together or not at all: the program is killed, or refused, at every operation on files."""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ciip_irt.errors import InputError
from ciip_irt.tables import recover, write_outputs

OLD = {"items.csv": b"old bank", "ledger.csv": b"old ledger", "stale.csv": b"stale"}
NEW = {"items.csv": b"new bank", "ledger.csv": b"new ledger", "more.csv": b"more"}
AFTER = NEW
OPERATIONS = ((os, "replace"), (os, "link"), (os, "fsync"), (Path, "write_bytes"), (Path, "unlink"))


def old_folder(folder: Path) -> Path:
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    return folder


def write(folder: Path) -> None:
    write_outputs(folder, NEW, replaces=["stale.csv"])


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def counted(at: int, act: Callable[[], Any], patch: pytest.MonkeyPatch) -> list[int]:
    """``act`` takes the place of the operation number ``at``; the list grows with the operations."""
    seen: list[int] = []
    for owner, name in OPERATIONS:
        original = getattr(owner, name)

        def operation(*given: Any, original: Callable[..., Any] = original, **named: Any) -> Any:
            seen.append(1)
            if len(seen) == at:
                act()
            return original(*given, **named)

        patch.setattr(owner, name, operation)
    return seen


def number_of_operations(tmp_path: Path) -> int:
    folder = old_folder(tmp_path / "counted")
    with pytest.MonkeyPatch.context() as patch:
        seen = counted(0, lambda: None, patch)
        write(folder)
    return len(seen)


def killed(folder: Path, at: int) -> int:
    """The exit code of a process that is gone, with nothing tidied up, at operation ``at``."""
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            counted(at, lambda: os._exit(9), patch)
            try:
                write(folder)
            finally:
                os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")
def test_killed_at_every_operation(tmp_path: Path) -> None:
    outcomes = set()
    total = number_of_operations(tmp_path)
    assert total > 15
    for at in range(1, total + 1):
        folder = old_folder(tmp_path / f"killed-{at}")
        assert killed(folder, at) == 9
        said = recover(folder)
        now = content(folder)
        whole = {name: now[name] for name in ("items.csv", "ledger.csv")}
        assert whole in ({n: OLD[n] for n in whole}, {n: NEW[n] for n in whole}), at
        outcomes.add((whole["items.csv"], bool(said)))
        assert recover(folder) == ""
        write(folder)  # and the rerun is as if nothing had happened
        assert content(folder) == AFTER, at
    assert {(b"old bank", False), (b"new bank", True)} <= outcomes


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")
def test_killed_while_recovering(tmp_path: Path) -> None:
    total = number_of_operations(tmp_path)
    for at in range(1, 12):
        folder = old_folder(tmp_path / f"twice-{at}")
        assert killed(folder, total // 2) == 9
        with pytest.MonkeyPatch.context() as patch:
            counted(at, lambda: (_ for _ in ()).throw(OSError(5, "gone")), patch)
            with contextlib.suppress(OSError):
                recover(folder)
        recover(folder)
        now = content(folder)
        assert now["items.csv"][:3] == now["ledger.csv"][:3], at


@pytest.mark.parametrize("refused", ["items.csv", "ledger.csv", "more.csv"])
def test_a_file_that_cannot_be_replaced_changes_nothing(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the ledger is open in a spreadsheet program."""
    folder = old_folder(tmp_path / "open")
    replace = os.replace

    def replaced(source: Path, target: Path) -> None:
        if Path(target).name == refused and ".ciip-irt-staging" in str(source):
            raise PermissionError(13, "Permission denied", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    with pytest.raises(InputError, match=rf"{refused}: cannot write here: Permission denied"):
        write(folder)
    assert content(folder) == OLD
    monkeypatch.undo()
    write(folder)
    assert content(folder) == AFTER
