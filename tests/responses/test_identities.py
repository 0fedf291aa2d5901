"""One number for two people, two numbers for one person, and numbers that a spreadsheet has changed."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.responses import ingest
from ciip_irt.responses.account import changed_numbers, twins

ANSWERS = "A,B,C,D,A,B"
HEAD = "candidate_id,Sex,Age,Q1,Q2,Q3,Q4,Q5,Q6"


def wide(path: Path, people: list[str], items: str = "Q1,Q2,Q3,Q4,Q5,Q6") -> Path:
    lines = [f"candidate_id,Sex,Age,{items}", f"KEY,,,{ANSWERS}", *(f"{one},{ANSWERS}" for one in people)]
    path.write_text("\n".join(lines) + "\n")
    return path


def cautions(*paths: Path) -> str:
    return "\n".join(ingest(list(paths)).cautions)


def test_people_of_two_files_under_one_number_are_told_by_file_and_attribute(tmp_path: Path) -> None:
    one = wide(tmp_path / "may.csv", ["1,F,30", "2,M,40", "3,F,35"])
    other = wide(tmp_path / "june.csv", ["1,M,30", "2,M,40", "9,F,20"], "R1,R2,R3,R4,R5,R6")
    said = cautions(one, other)
    assert "2 candidates of 4 may be two people" in said
    assert "2 with answers in several files (e.g. '1': may.csv and june.csv)" in said
    assert "1 with several values of 'sex' (e.g. '1': 'F' and 'M')" in said.replace("'Sex'", "'sex'")
    assert "Age" not in said


def test_files_of_different_people_say_nothing(tmp_path: Path) -> None:
    one = wide(tmp_path / "may.csv", ["1,F,30", "2,M,40", "3,F,35"])
    other = wide(tmp_path / "june.csv", ["4,M,30", "5,M,40", "6,F,20"])
    assert cautions(one, other) == ""


def long(path: Path, sexes: dict[str, tuple[str, str]]) -> Path:
    rows = [
        f"{who},{sex},Q{j},A"
        for who, both in sexes.items()
        for sex, items in zip(both, ((1, 2, 3), (4, 5, 6)), strict=True)
        for j in items
    ]
    key = [f"KEY,,Q{j},A" for j in range(1, 7)]
    path.write_text("\n".join(["candidate,sex,item,response", *key, *rows]) + "\n")
    return path


def test_two_people_in_one_long_file_are_told_and_the_attribute_stays(tmp_path: Path) -> None:
    sexes = {f"p{n}": ("F", "F") for n in range(30)} | {"p30": ("F", "M")}
    read = ingest(long(tmp_path / "log.csv", sexes))
    assert "1 with several values of 'sex' (e.g. 'p30': 'F' and 'M')" in "\n".join(read.cautions)
    assert read.candidates["sex"].to_list() == ["F"] * 31
    assert read.candidates.height == 31


def test_a_column_about_answers_is_no_attribute(tmp_path: Path) -> None:
    sexes = {f"p{n}": ("F", "M") for n in range(30)}
    read = ingest(long(tmp_path / "log.csv", sexes))
    assert "sex" not in read.candidates.columns
    assert not read.cautions


def test_the_sex_belongs_to_the_person_also_between_sittings(tmp_path: Path) -> None:
    rows = "".join(
        f"{who},{attempt},{sex},{site},{ANSWERS}\n"
        for who, attempt, sex, site in (
            ("1", 1, "F", "Oslo"), ("1", 2, "M", "Oslo"), ("2", 1, "F", "Oslo"), ("2", 2, "F", "Rome")
        )
    )  # fmt: skip
    log = tmp_path / "log.csv"
    log.write_text(f"candidate_id,attempt,sex,site,Q1,Q2,Q3,Q4,Q5,Q6\nKEY,,,,{ANSWERS}\n{rows}")
    said = cautions(log)
    assert "1 with several values of 'sex' (e.g. '1': 'F' and 'M')" in said
    assert "site" not in said


@pytest.mark.parametrize(
    "pair", [("0017", "17"), ("ab1", "AB1"), ("AB 1", "AB1"), ("A007", "A7"), ("17.0", "17")]
)
def test_one_person_under_two_spellings_is_told(pair: tuple[str, str]) -> None:
    (said,) = twins(pl.Series([*pair, "18", "xy"]))
    assert f"{pair[0]!r} and {pair[1]!r}" in said


def test_different_numbers_are_no_twins() -> None:
    assert twins(pl.Series(["1-11", "11-1", "10", "100", "A1", "B1", "0", "00x"])) == []


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["1.23457E+11", "123456789012"], "rounded"),
        (["12-Mar", *map(str, range(100, 130))], "for a date"),
        (["2026-03-12", *map(str, range(100, 130))], "for a date"),
    ],
)
def test_what_a_spreadsheet_has_changed_is_told(names: list[str], words: str) -> None:
    (said,) = changed_numbers(pl.Series(names))
    assert words in said
    assert repr(names[0]) in said


@pytest.mark.parametrize("names", [["1E5A", "E10", "12"], [f"2026-03-{d:02}" for d in range(1, 20)]])
def test_numbers_as_the_programme_writes_them_say_nothing(names: list[str]) -> None:
    assert changed_numbers(pl.Series(names)) == []
