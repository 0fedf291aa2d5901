"""Every example in the docs runs: Python blocks, and the commands of console blocks.

In a ``console`` block a line that starts with ``$`` is run in a copy of the sample data; a comment
``# exit 1`` at its end names another exit code than 0. The blocks of a page run one after another in one
folder, as its reader goes through them. Blocks of other kinds are prose.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?P<kind>python|console)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"\s+# exit (?P<code>\d)$")
PREPARATION = ("git ", "make ", "python3 -m venv", "pip ", ".venv/", "source ")


def blocks(page: Path, kind: str) -> list[tuple[str, str]]:
    """Place and content of every block of a kind."""
    text = page.read_text(encoding="utf-8")
    return [
        (f"{page.name}:{text[: match.start()].count(chr(10)) + 1}", match["body"])
        for match in BLOCK.finditer(text)
        if match["kind"] == kind
    ]


def commands(page: Path) -> list[tuple[str, str]]:
    """Place of the block and command, in the order of the page."""
    return [
        (where, line[2:])
        for where, body in blocks(page, "console")
        for line in body.splitlines()
        if line.startswith("$ ")
    ]


def python_blocks() -> list[object]:
    return [pytest.param(body, id=where) for page in PAGES for where, body in blocks(page, "python")]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder as a reader would have it: the sample data and the example files of the docs."""
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    shutil.copytree(PROJECT / "docs" / "examples", tmp_path / "docs" / "examples")
    return tmp_path


@pytest.mark.parametrize("body", python_blocks())
def test_python_block(body: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    exec(compile(body, "example", "exec"), {"__name__": "__example__"})


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_commands(page: Path, workplace: Path) -> None:
    shared = PROJECT / os.environ.get("CIIP_IRT_SHARED", "../shared")
    left_out: list[str] = []
    for where, told in commands(page):
        command, code = told, 0
        if match := EXIT.search(command):
            command, code = command[: match.start()], int(match["code"])
        if command.startswith(PREPARATION):
            continue
        if "$CIIP_IRT_SHARED" in command:
            if not shared.is_dir():
                left_out.append(command)
                continue
            command = command.replace("$CIIP_IRT_SHARED", str(shared.resolve()))
        words = shlex.split(command)
        assert words[0] == "ciip-irt", f"{where}: only ciip-irt commands are run: {command}"
        done = subprocess.run(
            [sys.executable, "-m", "ciip_irt", *words[1:]],
            cwd=workplace,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"{where}: {command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == code, said
    if left_out:
        pytest.skip(f"real data are absent ({shared}): {len(left_out)} commands of the page were not run")
