"""Every table that a command reads may have another delimiter, given as a character or by its name."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main
from ciip_irt.simulate import simulate_programme
from ciip_irt.tables import delimiter_beside


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log, its candidates, its bank and anchors, each with commas and with tabs."""
    folder = tmp_path_factory.mktemp("programme")
    made = simulate_programme(n_candidates=24, n_forms=1, n_pilots=40, seed=3, dirt=False)
    met = made.items.filter(pl.col("item_id").is_in(made.responses["item_id"].unique().implode()))
    for name, frame in (("log", made.responses), ("candidates", made.candidates), ("items", met)):
        frame.write_csv(folder / f"{name}.csv")
        frame.write_csv(folder / f"{name}.tsv", separator="\t")
    return folder


def calibrated(folder: Path, ending: str, out: str, *how: str) -> dict[str, bytes]:
    names = {name: str(folder / f"{name}.{ending}") for name in ("log", "candidates", "items")}
    given = [names["log"], "--candidates", names["candidates"], "--items", names["items"]]
    given += ["--anchors", names["items"], "--fit-simulations", "0"]
    assert main(["calibrate", *given, *how, "--out", str(folder / out)]) == 0
    return {
        path.name: path.read_bytes() for path in (folder / out).iterdir() if path.name != "calibration.json"
    }


def test_tabs_give_what_commas_give(programme: Path) -> None:
    tabs = calibrated(programme, "tsv", "tabs", "--delimiter", "tab")
    assert tabs == calibrated(programme, "csv", "commas")


@pytest.mark.parametrize("name", ["tab", "\\t", "\t"])
def test_a_bank_with_commas_beside_a_log_with_tabs(
    name: str, programme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(programme / "log.tsv"), "--items", str(programme / "items.csv"), "--delimiter", name]
    assert main(["ingest", *given, "--out", str(programme / "mixed")]) == 0
    assert "deliveries of 24 candidates" in capsys.readouterr().out


def test_forms_and_plan_with_tabs(programme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def checked(ending: str, separator: str, *how: str) -> str:
        forms = pl.DataFrame(
            {"form_id": ["F"], "position": [1], "item_id": ["A001"], "role": ["scored"], "domain": ["A"]}
        )
        for name in ("forms", "earlier"):
            forms.write_csv(programme / f"{name}.{ending}", separator=separator)
        forms.select("form_id", "item_id").write_csv(programme / f"plan.{ending}", separator=separator)
        times = pl.DataFrame({"item_id": ["A001"], "expected_time_s": [30.0]})
        times.write_csv(programme / f"times.{ending}", separator=separator)
        given = ["check", str(programme / f"forms.{ending}"), "--blueprint", "ciip-2024"]
        for option in ("earlier", "items", "item-times", "pilot-plan"):
            name = {"item-times": "times", "pilot-plan": "plan"}.get(option, option)
            given += [f"--{option}", str(programme / f"{name}.{ending}")]
        assert main([*given, *how]) == 1
        return capsys.readouterr().out

    assert checked("tsv", "\t", "--delimiter", "tab") == checked("csv", ",").replace(".csv", ".tsv")


def test_what_is_no_delimiter(programme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(programme / "log.tsv"), "--delimiter", "tabulator", "--out", str(programme / "none")]
    with pytest.raises(SystemExit, match="2"):
        main(["ingest", *given])
    said = capsys.readouterr().err
    assert "--delimiter: must be one character, or tab, comma, semicolon, bar, not 'tabulator'" in said


def test_the_first_line_of_a_packed_file_decides(tmp_path: Path) -> None:
    path = tmp_path / "items.csv.gz"
    path.write_bytes(gzip.compress(b"item_id;domain\nI1;A\n"))
    assert delimiter_beside(path, ";") == ";"
    assert delimiter_beside(path, "\t") == ","
