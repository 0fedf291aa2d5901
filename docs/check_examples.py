"""Every example in the docs runs: Python blocks, and the commands of console blocks.

In a ``console`` block a line that starts with ``$`` is run in a copy of the sample data; a comment
``# exit 1`` at its end names another exit code than 0. Blocks of other kinds are prose.
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


def examples(kind: str) -> list[object]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if match["kind"] == kind:
                line = text[: match.start()].count("\n") + 1
                found.append(pytest.param(match["body"], id=f"{page.name}:{line}"))
    return found


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder as a reader would have it: the sample data and the example files of the docs."""
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    shutil.copytree(PROJECT / "docs" / "examples", tmp_path / "docs" / "examples")
    return tmp_path


@pytest.mark.parametrize("body", examples("python"))
def test_python_block(body: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    exec(compile(body, "example", "exec"), {"__name__": "__example__"})


@pytest.mark.parametrize("body", examples("console"))
def test_console_block(body: str, workplace: Path) -> None:
    shared = PROJECT / os.environ.get("CIIP_IRT_SHARED", "../shared")
    for line in body.splitlines():
        if not line.startswith("$ "):
            continue
        command, code = line[2:], 0
        if match := EXIT.search(command):
            command, code = command[: match.start()], int(match["code"])
        if command.startswith(PREPARATION):
            continue
        if "$CIIP_IRT_SHARED" in command:
            if not shared.is_dir():
                pytest.skip(f"real data are absent ({shared})")
            command = command.replace("$CIIP_IRT_SHARED", str(shared.resolve()))
        words = shlex.split(command)
        assert words[0] == "ciip-irt", f"only ciip-irt commands are run: {command}"
        done = subprocess.run(
            [sys.executable, "-m", "ciip_irt", *words[1:]],
            cwd=workplace,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
