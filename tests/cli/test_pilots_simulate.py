"""``pilots simulate`` at the front door."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main

ITEMS = str(Path(__file__).resolve().parents[2] / "data" / "samples" / "items.csv")


def test_it_writes_rates_and_says_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["pilots", "simulate", "--items", ITEMS, "--n", "40,80", "--pilots", "40", "--seed", "5"]
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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--n", "fifty"], "--n wants whole numbers, not 'fifty'"),
        (["--n", "5"], "between 10 and 5000"),
        (["--pilots", "3"], "not 3"),
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
