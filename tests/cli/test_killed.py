"""Commands killed at every operation on files: the folder is as before or as after, a rerun undisturbed.

A command runs once; before every operation the folder is copied as it is then, which is what a killed program
leaves.
"""

import ast
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ciip_irt.cli
from ciip_irt.cli import main
from ciip_irt.tables import recover

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile_files"
LOG, ITEMS = str(HOSTILE / "log.csv"), str(HOSTILE / "items.csv")
OPERATIONS = (
    (os, "replace"),
    (os, "link"),
    (os, "fsync"),
    (os, "open"),
    (Path, "write_bytes"),
    (Path, "unlink"),
)
OF_OLD = {"responses.parquet": b"old", "forms.csv": b"old", "report/index.html": b"old", "mine.txt": b"mine"}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".ciip-irt-lock"  # a killed program's; nobody's
    }


def old_folder(folder: Path) -> Path:
    for name, old in OF_OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(old)
    return folder


def copied_at_every_operation(folder: Path, act: Callable[[], Any], into: Path) -> list[Path]:
    copies: list[Path] = []
    busy = False
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in OPERATIONS:
            original = getattr(owner, name)

            def operation(*given: Any, original: Callable[..., Any] = original, **named: Any) -> Any:
                nonlocal busy
                if not busy and folder.exists():
                    busy = True
                    copies.append(into / f"{len(copies)}")
                    shutil.copytree(folder, copies[-1])
                    busy = False
                return original(*given, **named)

            patch.setattr(owner, name, operation)
        act()
    return copies


BLUEPRINT = str(HOSTILE / "blueprint.toml")
COMMANDS = {
    "ingest": lambda out: ["ingest", LOG, "--items", ITEMS, "--out", str(out)],
    "assemble": lambda out: [
        *("assemble", "--items", ITEMS, "--blueprint", BLUEPRINT, "--forms", "1", "--out", str(out))
    ],
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_whole_or_as_before(command: str, tmp_path: Path) -> None:
    out = old_folder(tmp_path / "out")
    copies = copied_at_every_operation(out, lambda: main(COMMANDS[command](out)), tmp_path / "copies")
    after = content(out)
    assert after != OF_OLD
    assert after["mine.txt"] == b"mine"
    assert len(copies) > 12
    seen = []
    for number, copy in enumerate(copies):
        recover(copy)
        seen.append(content(copy))
        assert seen[-1] in (OF_OLD, after), number
        assert len(list(copy.rglob(".ciip*"))) <= 1
    assert seen == sorted(seen, key=lambda state: state == after)  # once changed it stays so
    again = copies[len(copies) // 2]
    main(COMMANDS[command](again))
    assert content(again) == after


def test_a_report_is_whole_or_as_before(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(COMMANDS["ingest"](out)) == 0
    results = content(out)
    assert main(["report", str(out)]) == 0
    first = content(out)
    page = out / "report" / "index.html"
    page.write_bytes(page.read_bytes() + b"<!-- of an earlier version -->")
    stale = out / "report" / "stale.html"
    stale.write_bytes(page.read_bytes())
    before = content(out)
    copies = copied_at_every_operation(out, lambda: main(["report", str(out)]), tmp_path / "copies")
    assert content(out) == first
    assert results.items() <= first.items()
    for number, copy in enumerate(copies):
        recover(copy)
        assert content(copy) in (before, first), number


WRITE_TWICE = {"demo", "blueprint", "link"}
"""``demo`` writes the programme and then runs it; ``blueprint`` writes one of two files, ``link`` the files
of a link or those of a chain."""


def test_every_command_writes_in_one_switch() -> None:
    """What holds for one write holds for a command as long as it writes once, and by that door alone."""
    for path in Path(ciip_irt.cli.__file__).parent.glob("*.py"):
        called = [
            node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
        ]
        assert not {"write_text", "write_bytes", "write_csv", "open"} & set(called), path.name
        writes = sum(name in ("write_outputs", "write_results", "write_report") for name in called)
        assert writes <= 1 + (path.stem in WRITE_TWICE), path.name
