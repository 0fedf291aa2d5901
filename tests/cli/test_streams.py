"""Standard output of a command holds our lines only: no solver's banner, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

ITEMS = Path(__file__).resolve().parents[2] / "docs" / "examples" / "item-bank"
WHERE = ("--items", str(ITEMS / "bank" / "items.csv"), "--blueprint", str(ITEMS / "blueprint.toml"))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ciip_irt", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip


def test_assemble_prints_its_summary_and_nothing_else(tmp_path: Path) -> None:
    done = _run("assemble", *WHERE, "--forms", "1", "--out", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads((tmp_path / "assembly.json").read_text())["summary"]
    assert done.stdout.splitlines() == summary
