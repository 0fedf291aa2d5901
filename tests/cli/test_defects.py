"""An exception nobody foresaw is one line and an exit code of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import DEFECT, main, report


def failing(error: BaseException) -> Callable[..., int]:
    def run(*_: object) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    "error",
    [
        KeyError("form_id"),
        RuntimeError("one\nline\nonly"),
        RecursionError(),
        MemoryError(),
        pl.exceptions.PanicException("index out of bounds"),  # no Exception: polars' panics go past that net
        OSError(28, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_defect_is_one_line(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "run", failing(error))
    assert main(["report", "here"]) == DEFECT == 70
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ciip-irt report: a defect of ciip-irt 0.")
    assert type(error).__name__ in said.err
    assert said.err.count("\n") == 1


def test_the_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "run", failing(KeyError("form_id")))
    with pytest.raises(KeyError, match="form_id"):
        main(["report", "here", "--traceback"])


@pytest.mark.parametrize(("flags", "code"), [([], DEFECT), (["--traceback"], 1)])
def test_a_defect_as_a_process(tmp_path: Path, flags: list[str], code: int) -> None:
    program = (
        "import sys, ciip_irt.cli.report as r\nfrom ciip_irt.cli import main\n"
        f"def run(_): raise KeyError('x')\nr.run = run\nsys.exit(main(['report', 'here', *{flags!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr, done.stdout) == (code, bool(flags), "")


def test_arguments_still_end_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["report"])
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
