"""Identifiers that match but for how they are written are named, whichever of the two files has them."""

import unicodedata
from pathlib import Path

import pytest

from ciip_irt.bank import near_match, read_bank
from ciip_irt.errors import InputError
from ciip_irt.responses import ingest

ITEMS = "item_id,domain,status,key,options\nQ01,A,scored,A,ABCD\nQ02,A,scored,B,ABCD\nQ03,A,scored,C,ABCD\n"


@pytest.mark.parametrize(
    ("unknown", "known", "words"),
    [
        ("q01", "Q01", "capital"),
        ("Q 01", "Q01", "blanks"),
        ("Q1", "Q01", "leading zeros"),
        ("1E5", "100000", "1E5"),
        ("1,00E+05", "100000", "1E5"),
        ("12.0", "12", "12.0"),
        (unicodedata.normalize("NFD", "Élan"), unicodedata.normalize("NFC", "Élan"), "accents"),
    ],
)
def test_what_differs_is_named(unknown: str, known: str, words: str) -> None:
    said = near_match([unknown], [known, "something else"])
    assert words in said
    assert f"{unknown!r} is {known!r}" in said


@pytest.mark.parametrize(
    ("unknown", "known"), [("Q10", "Q1"), ("Q01", "Q010"), ("A", "B"), ("1E999999", "1")]
)
def test_other_names_are_no_match(unknown: str, known: str) -> None:
    assert near_match([unknown], [known]) == ""


def test_all_readings_are_shown() -> None:
    assert "'1' is '01' or '001'" in near_match(["1"], ["01", "001"])


def files(folder: Path, log: str, candidates: str = "") -> tuple[Path, Path, Path]:
    paths = folder / "log.csv", folder / "items.csv", folder / "people.csv"
    for path, text in zip(paths, (log, ITEMS, candidates), strict=True):
        path.write_text(text)
    return paths


def test_a_long_log_of_small_letters_says_so(tmp_path: Path) -> None:
    rows = "".join(f"c{n},F,q0{i},A\n" for n in range(3) for i in (1, 2, 3))
    log, items, _ = files(tmp_path, f"candidate_id,form_id,item_id,response\n{rows}")
    with pytest.raises(InputError, match="'q01' is 'Q01'"):
        ingest(log, bank=read_bank(items))


@pytest.mark.parametrize(
    ("ids", "said", "not_said"),
    [
        (("1", "2"), "'1' is '001'", "nothing at all"),
        (("x", "y"), "none of its 2 rows has a candidate_id of the log", "would match"),
    ],
)
def test_candidates_that_match_nobody(tmp_path: Path, ids: tuple[str, ...], said: str, not_said: str) -> None:
    rows = "".join(f"00{n},F,Q0{i},A\n" for n in (1, 2) for i in (1, 2, 3))
    people = "candidate_id,sex\n" + "".join(f"{name},F\n" for name in ids)
    log, _, candidates = files(tmp_path, f"candidate_id,form_id,item_id,response\n{rows}", people)
    found = " ".join(ingest(log, candidates=candidates).cautions)
    assert said in found
    assert not_said not in found


def test_candidates_that_match_are_not_spoken_of(tmp_path: Path) -> None:
    rows = "".join(f"00{n},F,Q0{i},A\n" for n in (1, 2) for i in (1, 2, 3))
    log, _, candidates = files(
        tmp_path, f"candidate_id,form_id,item_id,response\n{rows}", "candidate_id,sex\n001,F\n002,M\n"
    )
    assert ingest(log, candidates=candidates).cautions == ()


@pytest.mark.parametrize(("stamp", "said"), [("23/04/2026", "dates are written"), ("03/04/2026", "could be")])
def test_how_dates_of_a_wide_file_are_read_is_said(tmp_path: Path, stamp: str, said: str) -> None:
    rows = "".join(f"c{n},{stamp},A,B,C\n" for n in range(6))
    log, items, _ = files(tmp_path, f"candidate_id,delivered_at,Q01,Q02,Q03\n{rows}")
    (reading,) = ingest(log, bank=read_bank(items)).readings
    assert any(said in line for line in reading.said)


@pytest.mark.parametrize("unknown", ["2-Jan", "jan-02", "2026-01-02", "2026-01-02 00:00:00", "02.01"])
def test_a_name_that_became_a_date_is_named(unknown: str) -> None:
    assert f"by a spreadsheet: {unknown!r} is '1-2'" in near_match([unknown], ["1-2", "Q1"])


@pytest.mark.parametrize("unknown", ["abc-02", "2-Foo", "13-May"])
def test_other_names_are_no_dates(unknown: str) -> None:
    assert near_match([unknown], ["1-2"]) == ""
