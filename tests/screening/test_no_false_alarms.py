"""On sound data no guard speaks: the sample, data of other programs, real exams."""

from pathlib import Path

import pytest

from ciip_irt.bank import read_bank
from ciip_irt.responses import ingest, score, select_eligible
from ciip_irt.screening import screen

PROJECT = Path(__file__).parents[2]
SAMPLES = PROJECT / "data" / "samples"
OURS = ("LSAT6/data.csv", "LSAT7/data.csv", "Simulated/dich.csv")
OTHERS = (
    ("reference/VerbalAggression/data.csv", None),
    ("reference/SAT12/data.csv", None),
    ("reference/SAT12/raw.csv", "reference/SAT12/key.csv"),
    ("realdata/lsat67/LSAT6_scored.csv", None),
    ("realdata/kb36/formX_scored.csv", None),
    ("realdata/kb36/formY_scored.csv", None),
    ("realdata/sat12/responses_raw.csv", "realdata/sat12/key.csv"),
)


def said(log: Path, key: Path | None = None, candidates: Path | None = None) -> list[str]:
    """What reading, filters and screens say of a log that one must not overlook."""
    bank = None if key is None else read_bank(key, complete=True)
    read = ingest(log, bank=bank, candidates=candidates)
    eligible = select_eligible(read.responses, read.candidates)
    assert read.bank is not None
    scored = score(eligible.responses, read.bank, candidates=eligible.candidates)
    return [*read.cautions, *eligible.cautions, *map(str, screen(scored))]


@pytest.mark.parametrize("name", OURS)
def test_nothing_is_said_of_data_that_ship(name: str) -> None:
    assert said(PROJECT / "tests" / "golden" / name) == []


def test_nothing_is_said_of_the_sample() -> None:
    files = SAMPLES / "responses.parquet", SAMPLES / "items.csv", SAMPLES / "candidates.csv"
    assert said(*files) == []


@pytest.mark.parametrize(("log", "key"), OTHERS)
def test_nothing_is_said_of_real_exams(shared: Path, log: str, key: str | None) -> None:
    assert said(shared / log, None if key is None else shared / key) == []


def test_two_forms_read_as_one_are_told(shared: Path) -> None:
    folder = shared / "realdata" / "kb36"
    read = ingest([folder / "formX_scored.csv", folder / "formY_scored.csv"])
    assert read.bank is not None
    (concern,) = screen(score(read.responses, read.bank, candidates=read.candidates))
    assert "2 different sets of scored items" in str(concern)
