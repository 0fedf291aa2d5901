"""Mapping files: what they may say, and everything wrong in one error."""

# ruff: noqa: E501 - one case to a line reads better

from pathlib import Path
from typing import Any

import pytest

from ciip_irt.bank import read_bank
from ciip_irt.errors import InputError
from ciip_irt.responses import Choices, ColumnMapping, ingest, mapping_text, read_mapping
from ciip_irt.responses.mapping import KeyFile, KeyPlace, MissingCodes, Questions

QUESTIONS = {"numbers": [1, 3], "response": "q{n}", "item_id": "I{n:02}"}
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "licensure170.toml"


def wrong(**data: Any) -> str:
    with pytest.raises(InputError) as caught:
        ColumnMapping.from_dict(data, where="map.toml")
    assert all(problem.where == "map.toml" for problem in caught.value.problems)
    return str(caught.value)


def test_the_documented_example_reads() -> None:
    mapping = read_mapping(EXAMPLE)
    assert mapping.format == "vendor-wide"
    assert mapping.questions[0].named(mapping.questions[0].response)[:2] == ["iraw.1", "iraw.2"]
    assert [len(block.numbers) for block in mapping.questions] == [170, 30]
    assert mapping.missing == MissingCodes(blank="omitted", blank_without_time="not_administered")


def test_everything_a_mapping_can_say() -> None:
    mapping = ColumnMapping.from_dict(
        {
            "format": "vendor-wide", "delimiter": ";", "encoding": "cp1252", "time_unit": "minutes",
            "time_stamp_format": "%d.%m.%Y", "conflicting_duplicates": "last",
            "columns": {"candidate_id": "ID"}, "constants": {"form_id": "F1"}, "candidates": {"land": "Country"},
            "questions": [{"numbers": [1, 2], "response": "r{n}"}],
            "key_file": {"path": "key.csv", "number": "n", "item_id": "id", "role": "role", "form_id": "form"},
            "missing": {"omitted": ["9"], "not_reached": ["6"], "invalid": ["*"], "not_administered": ["-"]},
            "recode": {"response": {"1": "A"}, "role": {"P": "pilot"}, "status": {"seen": "omitted"}},
        }
    )  # fmt: skip
    assert mapping.seconds_per_unit == 60
    assert mapping.key_file == KeyFile("key.csv", "n", "id", "role", "form")
    assert mapping.missing.not_reached == ("6",)
    assert mapping.recode["response"]["1"] == "A"
    with pytest.raises(TypeError):
        mapping.columns["x"] = "y"  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "format: is missing. Say one of: long, wide, vendor-wide"),
        ({"format": "tall"}, "format: must be one of long, wide, vendor-wide, not 'tall'"),
        ({"format": "long", "delimeter": ";"}, "delimeter: unknown key. Did you mean 'delimiter'?"),
        ({"format": "long", "delimiter": ";;"}, "delimiter: must be one character, not ';;'"),
        ({"format": "long", "delimiter": 5}, "delimiter: must be one character, not 5"),
        ({"format": "long", "columns": "ID"}, "columns: must be a section, not 'ID'. Write [columns]"),
        ({"format": "long", "columns": {"candidat": "ID"}}, "[columns] candidat: unknown key. Did you mean 'candidate_id'?"),
        ({"format": "long", "columns": {"form_id": "F"}, "constants": {"form_id": "F"}}, "in [columns] and in [constants]"),
        ({"format": "long", "candidates": {"total": "Total"}}, "reserved names: total"),
        ({"format": "long", "missing": {"omitted": "9"}}, "[missing] omitted: must be a list of texts, not '9'. Write [\"9\"], with"),
        ({"format": "long", "missing": {"omitted": [9]}}, "[missing] omitted: must be a list of texts, not [9]"),
        ({"format": "long", "missing": {"omitted": ["9"], "not_reached": ["9"]}}, "codes have two meanings: '9'"),
        ({"format": "long", "missing": {"omitted": [""]}}, "'' is not a code"),
        ({"format": "long", "missing": {"blank": "nothing"}}, "[missing] blank: must be one of omitted, not_reached, invalid, not_administered, not 'nothing'"),
        ({"format": "long", "recode": {"respond": {}}}, "[recode] respond: unknown key. Did you mean 'response'?"),
        ({"format": "long", "recode": {"response": {"1": 5}}}, "[recode.response] 1: must be text, not 5. Put it in double quotes"),
        ({"format": "long", "questions": [QUESTIONS]}, "[[questions]] belongs to format = 'vendor-wide'"),
        ({"format": "long", "item_columns": "I*"}, "item_columns: belongs to format = 'wide'"),
        ({"format": "wide", "columns": {"response": "r"}}, "which a wide file has once per item"),
        ({"format": "vendor-wide"}, "a vendor-wide mapping needs [[questions]]"),
        ({"format": "vendor-wide", "questions": QUESTIONS}, "for each, with two brackets"),
        ({"format": "vendor-wide", "questions": [{"numbers": [1, 3], "response": "q{n}"}]}, "do not say which items"),
        ({"format": "vendor-wide", "questions": [QUESTIONS, QUESTIONS]}, "numbers of two [[questions]] overlap"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "numbers": [3, 1]}]}, "[questions 1] numbers: must be [low, high], not [3, 1]"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "numbers": "1-3"}]}, "[questions 1] numbers: must be [low, high], not '1-3'"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "response": "q"}]}, "is not a pattern in {n}"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "response": "q{m}"}]}, "is not a pattern in {n}"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "response": "q{n.x}"}]}, "is not a pattern in {n}"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "numbers": [0, 99999999]}]}, "must be [low, high]"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "response": "q{n:500000000}"}]}, "is not a pattern in {n}"),
        ({"format": "vendor-wide", "questions": [{**QUESTIONS, "role": "trial"}]}, "[questions 1] role: must be one of scored, pilot, not 'trial'"),
        ({"format": "vendor-wide", "questions": [QUESTIONS], "key_file": {"path": "k"}}, "[key_file] item_id: is missing"),
    ],
)  # fmt: skip
def test_what_a_mapping_cannot_say(data: dict[str, Any], said: str) -> None:
    assert said in wrong(**data)


def test_everything_wrong_is_said_at_once() -> None:
    said = wrong(fromat="long", columns={"item": "Q"}, missing={"omited": ["9"]})
    assert "fromat: unknown key" in said
    assert "[columns] item: unknown key" in said
    assert "[missing] omited: unknown key. Did you mean 'omitted'?" in said


def test_numbers_fill_patterns() -> None:
    assert Questions(2, 4, "q{n}").named("Q{n:03}_r") == ["Q002_r", "Q003_r", "Q004_r"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"format = long", "map.toml:1: not valid TOML"),
        (b'format = "\xff"', "map.toml:1: the file is not UTF-8 text"),
        (None, "there is no such mapping"),
    ],
)
def test_files_that_are_no_mapping(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "map.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_mapping(path)


def test_the_guide_shows_the_example_as_it_is() -> None:
    """Every line of the worked example in the guide stands in the example file."""
    guide = (EXAMPLE.parents[1] / "reading-logs.md").read_text(encoding="utf-8")
    worked = guide.split("## A mapping file, line by line")[1].split("## Everything a mapping can say")[0]
    shown = [line for part in worked.split("```toml\n")[1:] for line in part.split("```")[0].splitlines()]
    stands = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert len(shown) > 20
    assert [line for line in shown if line not in (*stands, "...")] == []


def test_the_mapping_names_the_file_of_the_key(tmp_path: Path) -> None:
    logs, keys = tmp_path / "logs", tmp_path / "keys"
    logs.mkdir()
    keys.mkdir()
    answers = ["candidate,Q1,Q2,Q3", "c1,A,B,C", "c2,A,C,C", "c3,B,B,A"]
    (logs / "may.csv").write_text("\n".join(answers) + "\n")
    (logs / "june.csv").write_text("\n".join([answers[0], "d1,A,B,C", "d2,C,B,C"]) + "\n")
    (keys / "key.csv").write_text("item,key\nQ1,A\nQ2,B\nQ3,C\n")
    bank = read_bank(keys / "key.csv", complete=True)
    first = ingest(logs / "may.csv", bank=bank, choices=Choices(key_file=keys / "key.csv"))
    (tmp_path / "mapping.toml").write_text(mapping_text(first.readings[0]))
    plan = read_mapping(tmp_path / "mapping.toml")
    assert plan.key == KeyPlace(file="../keys/key.csv")
    again = ingest(logs / "june.csv", mapping=plan)
    assert again.bank is not None
    assert again.bank.items["key"].to_list() == ["A", "B", "C"]
    (keys / "key.csv").unlink()
    with pytest.raises(InputError, match="neither beside the mapping nor beside the log"):
        ingest(logs / "june.csv", mapping=plan)
    assert ingest(logs / "june.csv", mapping=plan, bank=bank).responses.height == 6
