"""``pilots simulate`` at the front door."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main

ITEMS = str(Path(__file__).resolve().parents[2] / "data" / "samples" / "items.csv")


def test_it_writes_rates_and_says_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["pilots", "simulate", "--items", ITEMS, "--answers", "40,80", "--n-pilots", "40", "--seed", "5"]
    written = []
    for name in ("one", "two"):
        assert main([*asked, "--out", str(tmp_path / name)]) == 0
        written.append((tmp_path / name / "operating_characteristics.csv").read_bytes())
    assert written[0] == written[1]
    said = capsys.readouterr().out
    assert "With 40 answers policy 'default' promotes" in said
    rates = pl.read_csv(tmp_path / "one" / "operating_characteristics.csv")
    assert rates.columns == ["rule", "n", "kind", "measure", "value", "se", "items"]
    assert set(rates["rule"]) == {"policy", "fixed rule", "in sequence"}
    assert rates["n"].unique().sort().to_list() == [40, 80]


POPULATION = (
    "group,n,mean,se_mean,sd,se_sd,shape\nA,300,-0.5,0.02,0.6,0.01,normal\nB,100,0.5,0.02,0.6,,normal\n"
)
SIMULATE = ["pilots", "simulate", "--items", ITEMS, "--answers", "40", "--n-pilots", "20"]


def test_the_candidates_are_those_of_a_calibration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "population.csv").write_text(POPULATION)
    said = []
    for more in ([], ["--calibration", str(tmp_path)], ["--calibration", str(tmp_path), "--sd", "0.9"]):
        assert main([*SIMULATE, *more, "--out", str(tmp_path / f"out{len(said)}")]) == 0
        said.append(capsys.readouterr().out.splitlines()[0])
    assert said[0].startswith("Candidates: mean 0.000, SD 1.000 on the scale of the bank (an assumption:")
    # mean .75 x -.5 + .25 x .5; variance .36 + .75 x .25 x 1
    assert said[1].startswith("Candidates: mean -0.250, SD 0.740 on the scale of the bank (from ")
    assert said[1].endswith("population.csv, 2 groups together).")
    assert said[2].startswith("Candidates: mean -0.250, SD 0.900 on the scale of the bank (the SD as given; ")


def test_the_candidates_are_those_of_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = [str(Path(ITEMS).with_name("responses.parquet"))]
    attributes = ["--candidates", str(Path(ITEMS).with_name("candidates.csv"))]
    assert main(["pilots", "simulate", *log, *attributes, *SIMULATE[2:], "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert said.endswith("deliveries of the log).")
    mean, sd = (float(part.split()[-1]) for part in said.split(" on ")[0].split(",")[:2])
    assert (mean, sd) == (pytest.approx(-0.04, abs=0.05), pytest.approx(0.59, abs=0.05))  # as 'run' has it


def test_what_tells_no_population_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more, reason in (
        (["--calibration", str(tmp_path)], "there is no population.csv here"),
        (["--calibration", str(tmp_path), str(tmp_path / "log.csv")], "both --calibration and a log"),
    ):
        assert main([*SIMULATE, *more, "--out", str(tmp_path / "out")]) == 2
        assert reason in capsys.readouterr().err
    (tmp_path / "population.csv").write_text(POPULATION)
    (tmp_path / "parameters.csv").write_text("item_id,model,scale_id\nX,rasch,elsewhere\n")
    assert main([*SIMULATE, "--calibration", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "the calibration is on scale 'elsewhere'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--answers", "fifty"], "--answers wants whole numbers, not 'fifty'"),
        (["--answers", "5"], "between 10 and 5000"),
        (["--n-pilots", "3"], "not 3"),
        (["--sd", "0"], "standard deviation 0.0"),
        (["--policy", "defualt"], "Did you mean default?"),
        (["--items", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_bad_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    out = tmp_path / "out"
    code = main(["pilots", "simulate", "--items", ITEMS, "--out", str(out), *more])
    assert code == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
