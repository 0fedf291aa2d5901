"""The commands that the README lists are those there are, with options that they have."""

import re
from pathlib import Path

import pytest

from ciip_irt.cli import COMMANDS, main

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
ROWS = re.findall(r"^\| `ciip-irt ([^`]+)` \|", README, flags=re.M)
IN_THE_TEXT = {"demo", "run", "simulate", "replay", "report", "bank migrate", "blueprint apportion"}
"""Commands that are no step of the job on one's own data; ``--help`` and the guide tell of them."""


def command_of(row: str) -> str:
    return max((name for name in COMMANDS if f"{row} ".startswith(f"{name} ")), key=len)


def test_every_step_has_a_row() -> None:
    assert {command_of(row) for row in ROWS} == set(COMMANDS) - IN_THE_TEXT


@pytest.mark.parametrize("row", ROWS)
def test_the_options_of_a_row_are_those_of_the_command(row: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command_of(row).split(), "--help"])
    said = capsys.readouterr().out
    for option in re.findall(r"--[a-z-]+", row):
        assert option in said
