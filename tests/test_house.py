"""The house as a whole: what opens when, what is public, what is registered, what stays frozen."""

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import ciip_irt
from ciip_irt.cli import COMMANDS, main

PROJECT = Path(__file__).resolve().parents[1]
HEAVY = ("numpy", "scipy", "polars", "matplotlib", "highspy", "girth", "jinja2")


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    return set(done.stderr.split())


def test_help_starts_without_the_heavy_packages() -> None:
    assert not loaded_after("from ciip_irt.cli import main; main(['--help'])").intersection(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_starts_without_the_heavy_packages(command: str) -> None:
    asked = [*command.split(), "--help"]
    code = f"from ciip_irt.cli import main\ntry:\n    main({asked!r})\nexcept SystemExit:\n    pass"
    assert not loaded_after(code).intersection(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert f"ciip-irt {command}" in said
    assert len(said.splitlines()) > 5


def test_check_needs_neither_solver_nor_figures(tmp_path: Path) -> None:
    (tmp_path / "forms.csv").write_text("form_id,position,item_id,role,domain\nF,1,A001,scored,A\n")
    items = PROJECT / "data" / "samples" / "items.csv"
    arguments = ["check", str(tmp_path / "forms.csv"), "--blueprint", "ciip-2024", "--items", str(items)]
    loaded = loaded_after(f"from ciip_irt.cli import main\nassert main({arguments!r}) == 1")
    assert "ciip_irt.forms.check" in loaded
    assert not loaded.intersection(
        {"highspy", "matplotlib", "girth", "jinja2", "scipy.optimize", "scipy.stats"}
    )


def test_everything_public_is_there_and_documented() -> None:
    assert sorted(ciip_irt.__all__) == ciip_irt.__all__
    assert set(ciip_irt.__all__) == {name for names in ciip_irt._ROOMS.values() for name in names}
    for name in ciip_irt.__all__:
        thing = getattr(ciip_irt, name)
        assert inspect.getdoc(thing), name
    with pytest.raises(AttributeError, match="no attribute 'calibrat'"):
        _ = ciip_irt.calibrat  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", [name for name in ciip_irt.__all__ if name[0].isupper() and name != "CiipError"]
)
def test_public_records_are_frozen_and_slotted(name: str) -> None:
    record = getattr(ciip_irt, name)
    assert dataclasses.is_dataclass(record), name
    assert record.__dataclass_params__.frozen, name
    assert "__slots__" in vars(record), name


RESULTS = (
    "Assembly",
    "Calibration",
    "Ingested",
    "ItemAnalysis",
    "ItemBank",
    "JobResult",
    "PilotReview",
    "ScoredResponses",
)


@pytest.mark.parametrize("name", RESULTS)
def test_results_show_themselves(name: str) -> None:
    for method in ("to_frame", "summary", "_repr_html_"):
        assert callable(getattr(getattr(ciip_irt, name), method)), method


def test_no_room_calls_itself_after_nothing() -> None:
    forbidden = {"utils", "util", "helpers", "core", "base", "manager", "engine", "context", "misc", "common"}
    names = {path.stem for path in (PROJECT / "src").rglob("*.py")} | {
        p.name for p in (PROJECT / "src").rglob("*") if p.is_dir()
    }
    assert not names.intersection(forbidden)
