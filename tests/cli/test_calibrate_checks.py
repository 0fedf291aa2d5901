"""``calibrate``: whether the model holds, and a second calibration without those who hardly fit."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 candidates, 30 items; the last ten candidates guess."""
    rng = np.random.default_rng(7)
    right = rng.random((300, 30)) < 1 / (1 + np.exp(rng.normal(-1, 1, 30) - rng.normal(size=(300, 1))))
    right[-10:] = rng.random((10, 30)) < 0.5
    ids = [f"I{j:02}" for j in range(30)]
    made = tmp_path_factory.mktemp("log")
    people = np.repeat([f"C{i:03}" for i in range(300)], 30)
    pl.DataFrame(
        {
            "candidate_id": people,
            "delivery_id": people,
            "form_id": "F1",
            "item_id": ids * 300,
            "response": np.where(right.ravel(), "A", "B"),
            "status": "answered",
            "attempt": "1",
        }
    ).write_csv(made / "log.csv")
    pl.DataFrame({"item_id": ids}).with_columns(
        domain=pl.lit("A"), status=pl.lit("scored"), key=pl.lit("A"), options=pl.lit("AB")
    ).write_csv(made / "items.csv")
    return made


def calibrated(folder: Path, out: Path, *options: str) -> int:
    return main(
        [
            *("calibrate", str(folder / "log.csv"), "--items", str(folder / "items.csv")),
            *("--anchors", "none", "--out", str(out), *options),
        ]
    )


def test_the_checks_are_written_and_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrated(folder, tmp_path) == 0
    said = capsys.readouterr().out
    for words in ("Overall fit (M2", "Item fit:", "Person fit:"):
        assert words in said
    statistics = set(pl.read_csv(tmp_path / "fit.csv")["statistic"])
    assert {
        "infit",
        "infit_low",
        "infit_high",
        "infit_p_adjusted",
        "outfit_high",
        "s_x2_p_adjusted",
    } <= statistics
    assert pl.read_csv(tmp_path / "model_fit.csv")["n"].to_list() == [300]
    assert pl.read_csv(tmp_path / "person_fit.csv").height == 300
    assert pl.read_csv(tmp_path / "local_dependence.csv").height >= 20


def test_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        calibrated(folder, tmp_path / name, "--fit-simulations", "5")
    for name in ("fit.csv", "local_dependence.csv", "person_fit.csv", "model_fit.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_who_hardly_fits_is_left_out_and_listed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrated(folder, tmp_path / "all", "--fit-simulations", "0") == 0
    assert "left out of this calibration" not in capsys.readouterr().out
    assert calibrated(folder, tmp_path / "fewer", "--exclude-person-misfit", "0.01") == 0
    said = capsys.readouterr().out
    persons = pl.read_csv(tmp_path / "all" / "person_fit.csv")
    gone = set(persons.filter(pl.col("p") < 0.01)["delivery_id"])
    assert len(gone & {f"C{i}" for i in range(290, 300)}) >= 3
    assert f"{len(gone)} deliveries were left out of this calibration" in said
    left = pl.read_csv(tmp_path / "fewer" / "exclusions.csv")
    assert set(left.filter(pl.col("rule") == "person_misfit")["delivery_id"]) == gone
    assert left["reason"].str.contains("lz").all()
    assert set(pl.read_csv(tmp_path / "fewer" / "abilities.csv")["delivery_id"]).isdisjoint(gone)
    record = json.loads((tmp_path / "fewer" / "calibration.json").read_text())
    assert record["provenance"]["n_deliveries"] == 300 - len(gone)


def test_a_limit_that_would_take_half_of_all_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        calibrated(folder, tmp_path, "--exclude-person-misfit", "0.5")
    assert stopped.value.code == 2
    assert "at most 0.2" in capsys.readouterr().err


def test_pilots_review_has_the_same_switch(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = pl.read_csv(folder / "items.csv").with_columns(
        status=pl.when(pl.col("item_id") == "I29").then(pl.lit("pilot")).otherwise(pl.lit("scored"))
    )
    items.write_csv(tmp_path / "items.csv")
    given = ["pilots", "review", str(folder / "log.csv"), "--items", str(tmp_path / "items.csv")]
    assert main([*given, "--exclude-person-misfit", "0.02", "--out", str(tmp_path / "out")]) == 0
    gone = pl.read_csv(tmp_path / "out" / "exclusions.csv")
    assert set(gone["rule"]) == {"person_misfit"}
    assert f"{gone.height} deliveries were left out of this calibration" in capsys.readouterr().err
    decision = pl.read_csv(tmp_path / "out" / "pilot_decisions.csv").row(0, named=True)
    assert decision["n"] == 300 - gone.height
