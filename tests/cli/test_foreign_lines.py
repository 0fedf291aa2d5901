"""Standard output and standard error hold our own lines only, whatever the libraries below would like to say.

One process runs every command on tiny files. What a command prints goes through ``print`` in ``cli``; what
reaches a stream by another way (a banner, a warning, C code that writes to the descriptor) is foreign.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ciip_irt.cli import COMMANDS

HARNESS = """
import io, json, os, sys, tempfile
from pathlib import Path

class Stream(io.TextIOBase):
    def __init__(self):
        self.ours, self.foreign = [], []
    def write(self, text):
        here = Path(sys._getframe(1).f_code.co_filename)
        (self.ours if here.parent.name == "cli" else self.foreign).append(text)
        return len(text)

def ran(arguments):
    from ciip_irt.cli import main
    found = {}
    with tempfile.TemporaryFile() as one, tempfile.TemporaryFile() as two:
        kept = os.dup(1), os.dup(2)
        os.dup2(one.fileno(), 1), os.dup2(two.fileno(), 2)
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream(), Stream()
        try:
            found["code"] = main(arguments)
        except BaseException as error:
            found["code"] = repr(error)
        found["out"], found["err"] = "".join(sys.stdout.ours), "".join(sys.stderr.ours)
        found["foreign"] = "".join(sys.stdout.foreign + sys.stderr.foreign)
        sys.stdout, sys.stderr = streams
        os.dup2(kept[0], 1), os.dup2(kept[1], 2)
        for file in (one, two):
            file.seek(0)
            found["foreign"] += file.read().decode()
    return found

calls = json.loads(Path(sys.argv[1]).read_text())
Path(sys.argv[2]).write_text(json.dumps({name: ran(arguments) for name, arguments in calls}))
"""

BLUEPRINT = """
name = "tiny"
outline = "1"
effective = "2024"
length = 6
pilot_slots = 1

[domains.A]
name = "Procurement"
count = 3

[domains.B]
name = "Operations"
count = 3
"""

EXAM = """
[exam]
name = "Tiny"
[responses]
files = ["log.csv"]
[items]
file = "items.csv"
[calibration]
fit_simulations = 2
[blueprint]
file = "tiny.toml"
[assembly]
n_forms = 1
"""


def tiny(folder: Path) -> None:
    """A log of 60 candidates and 20 items, a blueprint of six, and what else is asked for."""
    rng = np.random.default_rng(7)
    ids = [f"I{number:02d}" for number in range(1, 21)]
    b = np.round(rng.normal(0, 0.7, 20), 2)
    status = ["scored"] * 16 + ["pilot"] * 4
    items = pl.DataFrame(
        {
            "item_id": ids,
            "domain": ["A", "B"] * 10,
            "status": status,
            "key": "A",
            "options": "ABC",
            "b": [value if now == "scored" else None for value, now in zip(b, status, strict=True)],
        }
    )
    items.write_csv(folder / "items.csv")
    right = rng.random((60, 20)) < 1 / (1 + np.exp(b - rng.normal(0, 1, 60)[:, None]))
    rows = [
        (f"c{person}", "1", "F", item, "A" if right[person, number] else "BC"[person % 2])
        for person in range(60)
        for number, item in enumerate(ids)
    ]
    names = ["candidate_id", "attempt", "form_id", "item_id", "response"]
    pl.DataFrame(rows, schema=names, orient="row").write_csv(folder / "log.csv")
    (folder / "tiny.toml").write_text(BLUEPRINT)
    (folder / "next.toml").write_text(BLUEPRINT.replace('outline = "1"', 'outline = "2"'))
    (folder / "exam.toml").write_text(EXAM)
    pl.DataFrame({"old": ["A", "B"], "new": ["A", "B"]}).write_csv(folder / "moves.csv")


LOG = ["log.csv", "--items", "items.csv"]
FORMS = ["--items", "items.csv", "--blueprint", "tiny.toml"]
CALLS = {
    "run": ["exam.toml", "--out", "results"],
    "simulate": ["--candidates", "20", "--forms", "1", "--pilots", "40", "--out", "made"],
    "ingest": [*LOG, "--out", "ingested"],
    "analyse": [*LOG, "--out", "analysed"],
    "calibrate": [*LOG, "--fit-simulations", "2", "--out", "calibrated"],
    "link": ["calibrated/parameters.csv", "results/parameters.csv", "--out", "linked"],
    "pilots review": [*LOG, "--out", "reviewed"],
    "pilots simulate": ["--items", "items.csv", "--pilots", "20", "--n", "20", "--out", "rates"],
    "pilots plan": [*FORMS, "--forms", "1", "--arrivals", "80", "--until", "2027-01-01",
                    "--from", "2026-01-01", "--out", "planned"],
    "promote": ["reviewed/pilot_decisions.csv", "--items", "items.csv", "--by", "C. Hair",
                "--date", "2026-03-01", "--out", "bank"],
    "assemble": [*FORMS, "--forms", "1", "--out", "assembled"],
    "check": ["assembled/forms.csv", *FORMS],
    "bank capacity": [*FORMS, "--out", "capacity"],
    "bank migrate": ["--items", "items.csv", "--from", "tiny.toml", "--to", "next.toml",
                     "--mapping", "moves.csv", "--out", "migrated"],
    "blueprint": ["ciip-2024"],
    "blueprint apportion": ["ciip-2024", "--items", "50", "--rule", "hill"],
    "replay": ["results"],
    "report": ["results"],
    "schema": ["exam"],
}  # fmt: skip
MADE_OF = {"demo"}
"""``demo`` is ``simulate`` and then ``run``, at a size that cannot be chosen."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("tiny")
    tiny(folder)
    calls = [(name, [*name.split(), *arguments]) for name, arguments in CALLS.items()]
    (folder / "calls.json").write_text(json.dumps(calls))
    done = subprocess.run(
        [sys.executable, "-c", HARNESS, "calls.json", "said.json"],
        cwd=folder,
        env={**os.environ, "MPLCONFIGDIR": str(folder / "mpl")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found: dict[str, dict[str, Any]] = json.loads((folder / "said.json").read_text())
    return found


def test_every_command_is_called() -> None:
    assert {*CALLS, *MADE_OF} == set(COMMANDS)


@pytest.mark.parametrize("command", CALLS)
def test_streams_hold_our_own_lines_only(command: str, said: dict[str, dict[str, Any]]) -> None:
    found = said[command]
    assert found["foreign"] == ""
    assert found["code"] == 0, found["err"]
    assert found["out"].strip()
    assert all(line.startswith(("note: ", "warning: ")) for line in found["err"].splitlines())


def test_what_a_library_says_would_be_seen(tmp_path: Path) -> None:
    program = HARNESS.replace(
        "from ciip_irt.cli import main",
        "main = lambda _: (print('a library'), os.write(1, b'a banner'), os.write(2, b'C code'), 0)[-1]",
    )
    (tmp_path / "calls.json").write_text(json.dumps([("x", [])]))
    subprocess.run([sys.executable, "-c", program, "calls.json", "said.json"], cwd=tmp_path, check=True)
    found = json.loads((tmp_path / "said.json").read_text())["x"]
    assert (found["foreign"], found["out"]) == ("a library\na bannerC code", "")
