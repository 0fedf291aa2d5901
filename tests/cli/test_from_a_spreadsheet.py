"""From a file as people have it to results, in one command; the right values are known from elsewhere."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main
from ciip_irt.responses import read_mapping


def copied(shared: Path, tmp_path: Path, *names: str) -> list[Path]:
    """Files of the cases, where results may be written beside them."""
    made = []
    for name in names:
        source = shared / "cases" / name
        target = tmp_path / source.name
        target.write_bytes(source.read_bytes())
        made.append(target)
    return made


def form(folder: Path) -> dict[str, float]:
    return pl.read_csv(folder / "form_summary.csv").row(0, named=True)


@pytest.mark.parametrize("name", ["export-c.csv", "lower-c.csv", "nokeyrow-c.csv"])
@pytest.mark.parametrize("items", [True, False])
def test_the_key_row_is_no_candidate(
    name: str, items: bool, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, bank = copied(shared, tmp_path, f"spreadsheet_key_row/{name}", "spreadsheet_key_row/items5.csv")
    given = ["analyse", str(log), *(["--items", str(bank)] if items else [])]
    if name.startswith("nokeyrow") and not items:
        assert main(given) == 2
        assert "no key is found in the log" in capsys.readouterr().err
        return
    assert main(given) == 0
    said = capsys.readouterr()
    results = tmp_path / f"{log.stem}-results"
    assert f"Report: {results / 'report' / 'index.html'}" in said.out
    assert (results / "report" / "index.html").is_file()
    row = form(results)
    assert row["n_candidates"] == 60
    assert row["mean"] == pytest.approx(31.90, abs=0.005)
    assert row["reliability"] == pytest.approx(0.867, abs=0.0005)
    read = said.out.split("50 items (0 pilots)")[0]
    assert len(read.splitlines()) <= 12
    assert ("row 2 is no candidate" in read) == (not name.startswith("nokeyrow"))
    assert ("all answers are small letters" in read) == name.startswith("lower")
    written = "".join(
        path.read_text("utf-8") for path in results.rglob("*") if path.suffix in (".csv", ".html", ".json")
    )
    assert "p1001@example.org" not in written
    assert "Person 1001" not in written


@pytest.mark.parametrize("items", [True, False])
def test_rows_of_totals_are_no_candidates(items: bool, shared: Path, tmp_path: Path) -> None:
    log, bank = copied(shared, tmp_path, "key_row/k15.csv", "key_row/items15.csv")
    given = ["analyse", str(log), *(["--items", str(bank)] if items else []), "--out", str(tmp_path / "out")]
    assert main(given) == 0
    row = form(tmp_path / "out")
    assert row["n_candidates"] == 15
    assert row["reliability"] == pytest.approx(0.555, abs=0.0005)
    assert row["sd"] == pytest.approx(2.83, abs=0.005)


def test_the_mapping_reads_the_same_without_recognition(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (log,) = copied(shared, tmp_path, "spreadsheet_key_row/lower-c.csv")
    assert main(["analyse", str(log)]) == 0
    first = tmp_path / "lower-c-results"
    assert read_mapping(first / "mapping.toml").format == "wide"
    capsys.readouterr()
    again = ["analyse", str(log), "--mapping", str(first / "mapping.toml"), "--out", str(tmp_path / "again")]
    assert main(again) == 0
    assert "How lower-c.csv was read" not in capsys.readouterr().out
    for name in ("item_statistics.csv", "form_summary.csv", "flags.csv", "option_statistics.csv"):
        assert (first / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_explain_shows_the_reading_and_writes_nothing(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (log,) = copied(shared, tmp_path, "spreadsheet_key_row/export-c.csv")
    before = sorted(tmp_path.rglob("*"))
    assert main(["ingest", str(log), "--explain"]) == 0
    said = capsys.readouterr().out
    assert "row 2 is no candidate" in said
    assert "candidate_id" in said
    assert "1001" in said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("how", [[], ["--delimiter", "tab"]])
def test_tabs(how: list[str], shared: Path, tmp_path: Path) -> None:
    log, bank = copied(shared, tmp_path, "tab_items/log_tab.tsv", "tab_items/items_tab.tsv")
    assert main(["analyse", str(log), "--items", str(bank), *how, "--out", str(tmp_path / "out")]) == 0
    assert form(tmp_path / "out")["n_candidates"] == 300


def test_a_calibration_of_a_spreadsheet_starts_a_scale_of_its_own(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (log,) = copied(shared, tmp_path, "spreadsheet_key_row/export-c.csv")
    assert main(["calibrate", str(log), "--fit-simulations", "0", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "starts a scale of its own" in said.out
    assert "row 2 is no candidate" in said.err
    assert pl.read_csv(tmp_path / "out" / "parameters.csv")["item_id"].n_unique() == 50
