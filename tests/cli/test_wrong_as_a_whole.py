"""What looks wrong as a whole stops the commands: exit 1, no pilot promoted, no form, until accepted."""

import json
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main
from ciip_irt.job.exam_settings import STOPPING
from ciip_irt.screening import Whole, check_accepted

CASES = Path(__file__).resolve().parents[1] / "cases"
REVERSED = CASES / "anchors_reversed"
BANKS = ["right", "reversed", "times_1.7"]
WORDS = {"reversed": "With the signs turned", "times_1.7": "Divided by 1.7"}


def run(command: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main([*command, "--out", str(out)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize("bank", BANKS)
def test_calibrate_stops_on_anchors_that_do_not_belong(
    bank: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["calibrate", str(REVERSED / "log.csv"), "--items", str(REVERSED / f"bank_{bank}.csv")]
    code, said = run(command, tmp_path, capsys)
    record = json.loads((tmp_path / "calibration.json").read_text("utf-8"))
    why = pl.read_csv(tmp_path / "anchors.csv")["why"].fill_null("")
    if bank == "right":
        assert code == 0
        assert record["concerns"] == []
        return
    assert code == 1
    assert "--accept anchors" in said
    assert WORDS[bank] in record["warnings"][0]
    assert record["concerns"][0]["stops"]
    assert not why.str.contains("usual among these anchors").any()
    assert why.str.contains("as a whole do not belong").any()
    assert run([*command, "--accept", "anchors"], tmp_path, capsys)[0] == 0


@pytest.mark.parametrize("bank", BANKS)
def test_no_pilot_is_decided_on_them(bank: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["pilots", "review", str(REVERSED / "log.csv"), "--items", str(REVERSED / f"bank_{bank}.csv")]
    code, said = run(command, tmp_path, capsys)
    decisions = pl.read_csv(tmp_path / "pilot_decisions.csv")
    promoted = decisions.filter(pl.col("decision") == "promote").height
    if bank == "right":
        assert (code, promoted > 0) == (0, True)
        return
    assert (code, promoted) == (1, 0)
    assert set(decisions["decision"]) == {"hold"}
    assert decisions["reasons"].str.contains("Nothing is decided, because the anchors look wrong").any()
    assert "--accept anchors" in said
    assert run([*command, "--accept", "anchors"], tmp_path, capsys)[0] == 0


@pytest.mark.parametrize("bank", ["reversed", "right"])
def test_run_builds_no_form_on_them(bank: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exam = tmp_path / "exam.toml"
    text = (
        f'[exam]\nname = "E"\n[responses]\nfiles = ["{REVERSED / "log.csv"}"]\n'
        f'[items]\nfile = "{REVERSED / f"bank_{bank}.csv"}"\n[blueprint]\nfile = "b.toml"\n'
        "[calibration]\nfit_simulations = 0\n[assembly]\nforms = 1\n"
    )
    (tmp_path / "b.toml").write_text(
        'name = "b"\noutline = "1"\neffective = "2026"\nlength = 8\n[apportionment]\nrule = "none"\n'
        '[domains.A]\nname = "A"\ncount = 8\n',
        encoding="utf-8",
    )
    exam.write_text(text, encoding="utf-8")
    code, said = run(["run", str(exam)], tmp_path / "out", capsys)
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    built = (tmp_path / "out/forms.csv").exists()
    if bank == "right":
        assert (code, built) == (0, True), said
        return
    assert (code, built) == (1, False)
    assert record["sentences"][0].startswith("STOPPED: The bank's difficulties of the 30 anchors")
    assert 'accept = ["anchors"] in [exam]' in said
    before = pl.read_csv(REVERSED / "bank_reversed.csv")["status"].to_list()
    assert pl.read_csv(tmp_path / "out/items_proposed.csv")["status"].to_list() == before
    exam.write_text(text.replace('"E"\n', '"E"\naccept = ["anchors"]\n'), encoding="utf-8")
    assert run(["run", str(exam)], tmp_path / "out", capsys)[0] == 0
    assert (tmp_path / "out/forms.csv").exists()


def test_a_shifted_key_stops_analysis_and_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "keys_shifted"
    command = ["analyse", str(folder / "log.csv"), "--items", str(folder / "items.csv")]
    code, said = run(command, tmp_path, capsys)
    assert code == 1
    assert "the key looks as if it belonged to other questions" in said
    assert "--accept key" in said
    assert run([*command, "--accept", "key"], tmp_path, capsys)[0] == 0


def test_a_lost_decimal_point_does_not_hold_the_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CASES / "hostile_files"
    command = ["calibrate", str(folder / "log.csv"), "--items", str(folder / "items_decimal_lost.csv")]
    code, said = run([*command, "--fit-simulations", "0"], tmp_path, capsys)
    assert code == 0
    anchors = pl.read_csv(tmp_path / "anchors.csv")
    (lost,) = anchors.filter(pl.col("b").abs() > 50).rows(named=True)
    assert lost["decision"] == "dropped"
    assert "no drift explains" in lost["why"]
    assert f"{lost['item_id']} (b = {lost['b']:g} in the bank" in said
    assert "Has a decimal point been lost" in said


def test_the_exam_file_knows_what_can_be_accepted() -> None:
    assert check_accepted(STOPPING) == {Whole.ANCHORS, Whole.KEY}


def test_only_wholes_can_be_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "keys_shifted"
    command = ["analyse", str(folder / "log.csv"), "--items", str(folder / "items.csv"), "--accept", "keys"]
    code, said = run(command, tmp_path, capsys)
    assert code == 2
    assert "Did you mean 'key'" in said
