"""The options of calibrate, through the command: what is written, what is refused."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main
from ciip_irt.simulate import simulate_programme


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme")
    programme = simulate_programme(n_candidates=120, n_pilots=60, seed=8)
    programme.responses.write_parquet(folder / "log.parquet")
    programme.candidates.write_csv(folder / "candidates.csv")
    programme.items.write_csv(folder / "items.csv")
    return folder


def calibrate(files: Path, out: Path, *options: str) -> int:
    return main(
        [
            "calibrate",
            str(files / "log.parquet"),
            "--candidates",
            str(files / "candidates.csv"),
            "--items",
            str(files / "items.csv"),
            "--fit-simulations",
            "0",
            "--out",
            str(out),
            *options,
        ]
    )


def test_all_of_it_at_once(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = calibrate(
        files, tmp_path, "--groups", "delivery_mode", "--ability", "wle", "--theta-cut", "-0.65",
        "--displacement", "0.3", "--rounding", "nearest", "--priors", "bank",
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "Population means (SD): test_centre" in said
    assert "reported as 75" in said
    population = pl.read_csv(tmp_path / "population.csv")
    assert set(population["group"]) == {"test_centre", "online"}
    assert set(pl.read_csv(tmp_path / "abilities.csv")["method"]) == {"wle"}
    anchors = pl.read_csv(tmp_path / "anchors.csv")
    assert set(anchors["decision"]) <= {"kept", "dropped"}
    assert {"conversion.csv", "decisions.csv", "score_tables.csv"} <= {p.name for p in tmp_path.iterdir()}
    # without a standard, last time's cuts do not stay beside today's results
    assert calibrate(files, tmp_path, "--no-purify") == 0
    left = {path.name for path in tmp_path.iterdir()}
    assert "conversion.csv" not in left
    assert "decisions.csv" not in left
    assert set(pl.read_csv(tmp_path / "anchors.csv")["decision"]) == {"kept"}


def test_too_few_iterations_exit_1_and_say_what_to_do(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate(files, tmp_path, "--anchors", "none", "--max-iterations", "1") == 1
    assert "--max-iterations 1000" in capsys.readouterr().out
    assert not pl.read_json(tmp_path / "calibration.json")["converged"][0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--groups", "delivery_mod"), "Did you mean 'delivery_mode'?"),
        (("--D", "1.7"), "the calibration asked for has D = 1.7"),
        (("--scale-id", "mine"), "the one asked for is 'mine'"),
        (("--anchors", "none", "--priors", "bank"), "nothing holds it here"),
        (
            ("--score-scale", "art"),
            "there is no such score scale (No such file or directory). Did you mean arrt?",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert calibrate(files, tmp_path / "out", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_anchors_of_a_file_with_another_D_are_refused(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate(files, tmp_path / "first") == 0
    parameters = pl.read_csv(tmp_path / "first/parameters.csv")
    same = tmp_path / "same.csv"
    parameters.write_csv(same)
    assert calibrate(files, tmp_path / "again", "--anchors", str(same)) == 0
    other = tmp_path / "other.csv"
    parameters.with_columns(D=pl.lit(1.7)).write_csv(other)
    capsys.readouterr()
    assert calibrate(files, tmp_path / "no", "--anchors", str(other)) == 2
    said = capsys.readouterr().err
    assert "but the anchors are rasch with D = 1.7" in said
    assert "other.csv" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--theta-cut", "nan"), "nan is no number that anything could be compared with"),
        (("--theta-cut", "inf"), "inf is no number"),
        (("--theta-cut", "high"), "invalid number value: 'high'"),
        (("--displacement", "-1"), "--displacement: must be a number from 0 up, not -1"),
        (("--keep-anchors", "80"), "--keep-anchors: must be a number from 0 to 1, not 80"),
        (("--robust-z", "nan"), "--robust-z: must be a finite number, not nan"),
        (("--max-iterations", "0"), "--max-iterations: must be a whole number of at least 1, not 0"),
        (("--fit-simulations", "-1"), "must be a whole number of at least 0, not -1"),
        (("--fit-simulations", "few"), "must be a whole number of at least 0, not 'few'"),
        (("--anchors", "none", "--scale-id", " "), "--scale-id: must be text, not ' '"),
    ],
)
def test_values_that_mean_nothing(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    try:
        code = calibrate(files, tmp_path / "out", *options)
    except SystemExit as stopped:  # argparse's own way
        code = int(str(stopped.code))
    assert code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_too_few_for_dimensions_do_not_stop_a_calibration(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate(files, tmp_path, "--dimensionality") == 0
    assert "Dimensions were not examined: 40 deliveries" in capsys.readouterr().out
    assert (tmp_path / "parameters.csv").is_file()
    assert not (tmp_path / "dimensionality.csv").exists()
