"""The hostile files through the front door: 0, 1 or 2, a message, no traceback, no infinity."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ciip_irt.cli import main

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile_files"
LOG, ITEMS, CANDIDATES = (str(HOSTILE / name) for name in ("log.csv", "items.csv", "candidates.csv"))

Ran = Callable[..., tuple[int, str]]


@pytest.fixture
def ran(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Ran:
    """Runs a command into a folder; its exit code and what it said. What it wrote holds finite numbers."""

    def run(*given: str) -> tuple[int, str]:
        code = main([*given, "--out", str(tmp_path / "out")])
        said = capfd.readouterr()
        assert code in (0, 1, 2), said.err
        if code != 0:
            assert said.err
        for word in ("Traceback", "Warning", "panicked", "a defect of"):
            assert word not in said.err
        for path in (tmp_path / "out").rglob("*.csv"):
            for cell in path.read_text("utf-8").replace("\n", ",").split(","):
                assert cell.lower().lstrip("+-") not in ("inf", "infinity", "nan"), path.name
        for path in (tmp_path / "out").rglob("*.json"):
            json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
        return code, said.out + said.err

    return run


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("inf", "inf.xlsx, sheet 'Sheet':402: "),
        ("abc", "abc.xlsx, sheet 'Sheet':402: "),
        ("baddate", "baddate.xlsx, sheet 'Sheet':402: "),
        ("badshared", "badshared.xlsx, sheet 'Sheet':402: "),
        ("cutxml", "cutxml.xlsx, sheet 'Sheet':202: "),
        ("lol", "lol.xlsx: "),
    ],
)
def test_spreadsheets(ran: Ran, name: str, said: str) -> None:
    code, told = ran("ingest", str(HOSTILE / f"{name}.xlsx"), "--items", ITEMS)
    assert (code, said in told) == (2, True), told


def test_a_column_called_star(ran: Ran) -> None:
    assert ran("ingest", LOG, "--items", str(HOSTILE / "items_star.csv"))[0] == 0


def test_an_attribute_called_index(ran: Ran) -> None:
    read = ("--items", ITEMS, "--candidates", str(HOSTILE / "candidates_index.csv"), "--dif", "first_time")
    assert ran("analyse", LOG, *read)[0] == 0


@pytest.mark.parametrize("name", ["__line__", "^.*$", "*", "index", "person", "item", "line", "row", "score"])
def test_columns_called_as_ours(ran: Ran, tmp_path: Path, name: str) -> None:
    log = tmp_path / "named.csv"
    first, *rest = Path(LOG).read_text("utf-8").splitlines()
    log.write_text("\n".join([f"{first},{name}", *(f"{line},7" for line in rest)]) + "\n")
    code, said = ran("ingest", str(log), "--items", ITEMS)
    if code != 0:
        assert "named.csv" in said
    assert code in (0, 2)


@pytest.mark.parametrize("factor", ["0", "nan", "inf", "many", "-1"])
def test_a_factor_that_is_none(ran: Ran, factor: str) -> None:
    code, said = ran("ingest", LOG, "--items", ITEMS, "--larger-files", factor)
    assert (code, f"CIIP_IRT_LARGER_FILES is {factor!r}" in said) == (2, True)


def test_times_without_end(ran: Ran, tmp_path: Path) -> None:
    log = tmp_path / "endless.csv"
    first, *rest = Path(LOG).read_text("utf-8").splitlines()
    assert first.split(",")[8] == "time_s"
    cells = [line.split(",") for line in rest]
    log.write_text("\n".join([first, *(",".join([*c[:8], "1e308", *c[9:]]) for c in cells)]) + "\n")
    assert ran("ingest", str(log), "--items", ITEMS)[0] == 0
    assert "time_beyond_a_year" in (tmp_path / "out" / "quarantine.csv").read_text("utf-8")


def test_no_socket_is_opened(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        pytest.fail("a socket")

    monkeypatch.setattr(socket, "socket", opened)
    monkeypatch.setattr(socket, "create_connection", opened)
    monkeypatch.setattr(socket, "getaddrinfo", opened)
    assert ran("ingest", LOG, "--items", ITEMS)[0] == 0
    assert main(["report", str(tmp_path / "out")]) == 0


def test_any_test_that_reaches_for_the_network_fails() -> None:
    with socket.socket() as reaching, pytest.raises(RuntimeError, match="ever uses the network"):
        reaching.connect(("127.0.0.1", 9))


def test_no_forms_where_none_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("exam.toml", "policy.toml", "blueprint.toml", "items.csv", "log.csv", "candidates.csv"):
        text = (HOSTILE / name).read_text("utf-8").replace("n_forms = 2", "n_forms = 0")
        (tmp_path / name).write_text(text, "utf-8")
    assert main(["run", str(tmp_path / "exam.toml"), "--out", str(tmp_path / "out")]) == 0
    assert "No forms are asked for: n_forms = 0 under [assembly]." in capsys.readouterr().out
    assert not (tmp_path / "out" / "forms.csv").exists()
