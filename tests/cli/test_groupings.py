"""Any column of the candidates table may be compared for DIF."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("groups")
    candidates = pl.read_csv(SAMPLES / "candidates.csv", infer_schema=False)
    halves = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("yes")).otherwise(pl.lit("no"))
    candidates.with_columns(native_speaker=halves).write_csv(folder / "candidates.csv")
    log = pl.read_parquet(SAMPLES / "responses.parquet").filter(pl.col("form_id") == "CIIP-1")
    log.write_parquet(folder / "log.parquet")
    return [
        str(folder / "log.parquet"), "--candidates", str(folder / "candidates.csv"),
        "--items", str(SAMPLES / "items.csv"),
    ]  # fmt: skip


def test_a_named_column_is_compared_and_no_other(
    common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyse", *common, "--dif", "native_speaker", "--out", str(tmp_path)]) == 0
    gone = pl.read_csv(tmp_path / "exclusions.csv").height
    assert f" deliveries. {gone} deliveries are left out (exclusions.csv)." in capsys.readouterr().out
    assert set(pl.read_csv(tmp_path / "dif.csv")["grouping"]) == {"native_speaker"}


def test_a_column_that_is_not_there_is_refused(
    common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pilots", "review", *common, "--dif", "shoe_size", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "'shoe_size'" in said
    assert "native_speaker" in said
    assert not (tmp_path / "out").exists()
