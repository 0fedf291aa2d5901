"""One question, one answer: decisions and what they rest on, through Python, command and exam file."""

from pathlib import Path

import polars as pl
import pytest

import ciip_irt as ci
from ciip_irt.cli import main
from ciip_irt.tables import read_csv

EXACT = ("item_id", "decision", "n", "more_needed")
WRITTEN = 1e-7  # eight digits are written


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme")
    asked = ["simulate", "--candidates", "150", "--forms", "1", "--pilots", "40", "--seed", "4", "--csv"]
    assert main([*asked, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def by_exam_file(programme: Path) -> Path:
    out = programme / "by_exam_file"
    main(["run", str(programme / "exam.toml"), "--out", str(out)])
    return out


@pytest.fixture(scope="module")
def by_command(programme: Path) -> Path:
    out = programme / "by_command"
    log = ["--items", str(programme / "items.csv"), "--candidates", str(programme / "candidates.csv")]
    assert main(["pilots", "review", str(programme / "responses.csv"), *log, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def in_python(programme: Path) -> ci.PilotReview:
    """The eight lines of the package's docstring."""
    bank = ci.read_bank(programme / "items.csv")
    log = ci.ingest([programme / "responses.csv"], bank=bank, candidates=programme / "candidates.csv")
    eligible = ci.select_eligible(log.responses, log.candidates)
    scored = ci.score(eligible.responses, bank, candidates=eligible.candidates)
    calibration = ci.calibrate(scored, "rasch", anchors=bank)
    return ci.review_pilots(scored, bank, ci.load_policy("default"), calibration=calibration)


def test_the_number_about_the_key_is_the_same_in_review_and_analysis(by_exam_file: Path) -> None:
    keys = read_csv(by_exam_file / "key_validation.csv").select("item_id", "p_key_right")
    both = (
        read_csv(by_exam_file / "pilot_evidence.csv").join(keys, on="item_id").drop_nulls("probability_key")
    )
    assert both.height > 20
    assert (both["probability_key"] == both["p_key_right"]).all()


def test_the_decisions_are_the_same(by_exam_file: Path, by_command: Path, in_python: ci.PilotReview) -> None:
    run, command = (read_csv(folder / "pilot_decisions.csv") for folder in (by_exam_file, by_command))
    mine = in_python.decisions
    for sheet in (run, command):
        theirs = sheet.cast({"probability": pl.Float64, "n": pl.Int64, "more_needed": pl.Int64})
        assert theirs.select(EXACT).equals(mine.select(EXACT))
        off = (theirs["probability"] - mine["probability"]).abs()
        assert off.null_count() == (mine["n"] == 0).sum()
        assert off.max() < WRITTEN
    assert (mine["decision"] == "promote").sum() > 20
    reasons = dict(command.select("item_id", "reasons").iter_rows())
    for item_id, words in run.select("item_id", "reasons").iter_rows():
        assert words.startswith(reasons[item_id])  # 'run' adds whether the bank needs such items


def test_the_evidence_is_the_same(by_exam_file: Path, by_command: Path, in_python: ci.PilotReview) -> None:
    assert (by_exam_file / "pilot_evidence.csv").read_bytes() == (
        by_command / "pilot_evidence.csv"
    ).read_bytes()
    written = read_csv(by_command / "pilot_evidence.csv")
    for name in ("probability_key", "probability_dif", "probability_r", "r", "b", "d_dif"):
        mine, theirs = in_python.evidence[name], written[name].cast(pl.Float64)
        assert (mine.is_null() == theirs.is_null()).all(), name
        assert ((mine - theirs).fill_null(0.0).abs() < WRITTEN).all(), name
