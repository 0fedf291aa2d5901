"""What stands in files cannot command a terminal or a page."""

from pathlib import Path

import pytest

from ciip_irt.cli import main
from ciip_irt.errors import InputError, Problem
from ciip_irt.report import write_report

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile_files"
COMMANDS = "\x1b[31m\x1b]0;mine\x07\x9b2J\x7f\u202e"


def test_neither_messages_nor_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text((HOSTILE / "log.csv").read_text("utf-8").replace("C000", f"C{COMMANDS}"), "utf-8")
    out = str(tmp_path / f"out{COMMANDS[0]}")
    assert main(["ingest", str(log), "--items", str(HOSTILE / "items.csv"), "--out", out]) == 0
    assert main(["ingest", f"{COMMANDS}.csv", "--items", COMMANDS, "--out", out]) == 2
    assert main([f"ingest{COMMANDS}"]) == 2
    with pytest.raises(SystemExit):
        main(["ingest", "x", f"--{COMMANDS}"])
    said = "".join(capsys.readouterr())
    assert "\ufffd" in said
    assert not set(COMMANDS) & set(said) - set("[31m]0;mine2J")
    assert "\x1b" not in str(InputError(Problem("columns", examples=(COMMANDS,), where=COMMANDS)))


def test_nor_pages(tmp_path: Path) -> None:
    text = f"item_id,form_id,p,r\nQ{COMMANDS},all,0.5,0.2\n"
    (tmp_path / "item_statistics.csv").write_text(text, "utf-8")
    write_report(tmp_path)
    pages = list((tmp_path / "report").rglob("*.html"))
    assert pages
    for page in pages:
        assert not set("\x1b\x07\x9b\x7f\u202e") & set(page.read_text("utf-8")), page.name
