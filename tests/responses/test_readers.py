"""What each reader does with its layout; and that every registered reader is told from the others."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.responses import ColumnMapping, Ingested, ingest
from ciip_irt.responses.readers import READERS

Read = Callable[..., Ingested]
VENDOR = "ID,Form,r.1,r.2,r.3,t.1,t.2,t.3,s.1,s.2,s.3\nc1,F,A,,D,5,6,7,1,0,1\nc2,F,B,C,,8,9,,0,1,\n"
VENDOR_PLAN = {
    "format": "vendor-wide",
    "columns": {"candidate_id": "ID", "form_id": "Form"},
    "questions": [
        {"numbers": [1, 2], "response": "r.{n}", "time_s": "t.{n}", "score": "s.{n}", "item_id": "I{n:02}",
         "role": "scored", "position": "{n}"},
        {"numbers": [3, 3], "response": "r.{n}", "time_s": "t.{n}", "score": "s.{n}", "item_id": "P01",
         "role": "pilot", "position": "{n}"},
    ],
}  # fmt: skip


def cells(result: Ingested) -> list[tuple[str, str, str | None, str]]:
    return result.responses.select("delivery_id", "item_id", "response", "status").rows()


def test_the_registry_names_every_reader() -> None:
    assert set(READERS) == {"long", "wide", "vendor-wide"}
    assert all(name == reader.name and reader.looks for name, reader in READERS.items())


def test_columns_tell_the_format() -> None:
    long, wide = ["candidate_id", "item_id", "response"], ["candidate_id", "I01", "I02"]
    assert [name for name, reader in READERS.items() if reader.fits(long, ("I01", "I02"))] == ["long"]
    assert [name for name, reader in READERS.items() if reader.fits(wide, ("I01", "I02"))] == ["wide"]
    assert [name for name, reader in READERS.items() if reader.fits(wide, ())] == []


def test_wide(ingest_text: Read) -> None:
    result = ingest_text("candidate_id,form_id,age,I01,P01,I02\nc1,F,30,A,D,\nc2,G,40,,A,B\n")
    assert cells(result) == [
        ("c1", "I01", "A", "answered"), ("c1", "P01", "D", "answered"),
        ("c2", "P01", "A", "answered"), ("c2", "I02", "B", "answered"),
    ]  # fmt: skip
    assert result.candidates.select("form_id", "age").rows() == [("F", "30"), ("G", "40")]
    assert result.counts["files"][0]["not_administered"] == 2
    assert any("2 empty cells: items not given" in line for line in result.readings[0].said)


def test_wide_with_codes(ingest_text: Read) -> None:
    plan = ColumnMapping.from_dict(
        {
            "format": "wide",
            "columns": {"candidate_id": "who"},
            "constants": {"form_id": "F7"},
            "candidates": {},
            "missing": {"omitted": ["9"], "not_reached": ["6"], "invalid": ["*"], "not_administered": ["-"],
                        "blank": "omitted"},
            "recode": {"response": {"1": "A", "2": "B", "4": "D"}},
        }
    )  # fmt: skip
    result = ingest_text("who,x,I01,I02,P01\nc1,u,1,9,6\nc2,v,2,-,*\nc3,w,,4,NA\n", mapping=plan)
    assert cells(result) == [
        ("c1", "I01", "A", "answered"), ("c1", "I02", None, "omitted"), ("c1", "P01", None, "not_reached"),
        ("c2", "I01", "B", "answered"), ("c2", "P01", "*", "invalid"),
        ("c3", "I01", None, "omitted"), ("c3", "I02", "D", "answered"), ("c3", "P01", None, "omitted"),
    ]  # fmt: skip
    assert result.candidates.columns == ["delivery_id", "candidate_id", "form_id", "attempt", "delivered_at"]
    assert set(result.candidates["form_id"]) == {"F7"}


def test_wide_without_a_bank_by_a_pattern(ingest_text: Read) -> None:
    plan = ColumnMapping.from_dict({"format": "wide", "item_columns": "Q?"})
    result = ingest_text("candidate_id,Q1,Q2,QUIZ\nc1,A,B,x\n", bank=None, mapping=plan)
    assert result.responses["item_id"].to_list() == ["Q1", "Q2"]
    plan = ColumnMapping.from_dict({"format": "wide", "item_columns": "Z*"})
    with pytest.raises(InputError, match=r"no column is named like 'Z\*'"):
        ingest_text("candidate_id,Q1\nc1,A\n", mapping=plan)


def test_wide_columns_that_look_like_items_of_no_bank(ingest_text: Read) -> None:
    result = ingest_text("candidate_id,I01,I02,I77,age\nc1,A,B,C,30\n")
    assert result.quarantine.select("row", "item_id", "rule").rows() == [(2, "I77", "unknown_item")]
    assert result.candidates["age"].to_list() == ["30"]


def test_wide_lines_without_answers_and_twice(ingest_text: Read) -> None:
    result = ingest_text("candidate_id,I01,I02\nc1,A,B\nc2,,\nc1,A,C\n")
    assert result.exclusions.select("delivery_id", "rule", "rows").rows() == [("c2", "no_answer", 2)]
    assert result.quarantine.select("row", "item_id", "rule").rows() == [
        (4, "I01", "duplicate"), (4, "I02", "conflicting_duplicate"),
    ]  # fmt: skip


def test_vendor_wide(ingest_text: Read) -> None:
    result = ingest_text(VENDOR, mapping=ColumnMapping.from_dict(VENDOR_PLAN))
    shown = result.responses.select(
        "delivery_id", "item_id", "position", "response", "status", "time_s", "role"
    )
    assert shown.rows() == [
        ("c1", "I01", 1, "A", "answered", 5.0, "scored"),
        ("c1", "I02", 2, None, "omitted", 6.0, "scored"),
        ("c1", "P01", 3, "D", "answered", 7.0, "pilot"),
        ("c2", "I01", 1, "B", "answered", 8.0, "scored"),
        ("c2", "I02", 2, "C", "answered", 9.0, "scored"),
    ]
    assert result.counts["score_check"] == {"compared": 5, "different": 0, "items": {}}
    assert result.counts["files"][0]["not_administered"] == 1


def test_vendor_wide_counts_the_positions_of_those_administered(ingest_text: Read) -> None:
    blocks = [{**block, "position": "counted"} for block in VENDOR_PLAN["questions"]]  # type: ignore[dict-item]
    content = VENDOR.replace("c2,F,B,C,,8,9,,0,1,", "c2,F,,C,D,,9,3,,1,1")
    result = ingest_text(content, mapping=ColumnMapping.from_dict({**VENDOR_PLAN, "questions": blocks}))
    assert result.responses["position"].to_list() == [1, 2, 3, 1, 2]


def test_vendor_wide_columns_that_are_not_there(ingest_text: Read) -> None:
    plan = ColumnMapping.from_dict({**VENDOR_PLAN, "columns": {"candidate_id": "Id", "form_id": "Form"}})
    with pytest.raises(InputError, match=r"'Id' is missing, which mapping names for candidate_id.*'ID'"):
        ingest_text(VENDOR, mapping=plan)
    block = {"numbers": [1, 5], "response": "r.{n}", "time_s": "time.{n}", "item_id": "I{n:02}"}
    plan = ColumnMapping.from_dict({**VENDOR_PLAN, "questions": [block]})
    with pytest.raises(InputError) as caught:
        ingest_text(VENDOR, mapping=plan)
    assert "2 of the columns 'r.{n}' are missing ('r.4', 'r.5')" in str(caught.value)
    assert "column 'time.1' is missing" in str(caught.value)


KEY = "no,item,use,form\n1,I01,Y,F\n2,I02,Y,F\n3,P01,P,F\n1,I02,Y,G\n2,I01,Y,G\n3,P01,P,G\n"
KEY_PLAN = {
    "format": "vendor-wide",
    "columns": {"candidate_id": "ID", "form_id": "Form"},
    "questions": [{"numbers": [1, 3], "response": "r.{n}", "time_s": "t.{n}"}],
    "key_file": {"path": "key.csv", "number": "no", "item_id": "item", "role": "use", "form_id": "form"},
    "recode": {"role": {"Y": "scored", "P": "pilot"}},
}


def test_a_key_file_says_which_item_a_question_is_form_by_form(ingest_text: Read, tmp_path: Path) -> None:
    (tmp_path / "key.csv").write_text(KEY)
    content = VENDOR.replace("c2,F", "c2,G")
    result = ingest_text(content, mapping=ColumnMapping.from_dict(KEY_PLAN))
    assert result.responses.select("item_id", "response", "role").rows() == [
        ("I01", "A", "scored"), ("I02", None, "scored"), ("P01", "D", "pilot"),
        ("I02", "B", "scored"), ("I01", "C", "scored"),
    ]  # fmt: skip


def test_a_key_file_beside_the_mapping_goes_first(tmp_path: Path, bank: ItemBank) -> None:
    for folder in ("logs", "maps"):
        (tmp_path / folder).mkdir()
    (tmp_path / "logs" / "log.csv").write_text(VENDOR)
    (tmp_path / "logs" / "key.csv").write_text("no,item\n")
    (tmp_path / "maps" / "key.csv").write_text("no,item\n1,I02\n2,I01\n3,P01\n")
    (tmp_path / "maps" / "map.toml").write_text(
        'format = "vendor-wide"\n[columns]\ncandidate_id = "ID"\nform_id = "Form"\n'
        '[[questions]]\nnumbers = [1, 3]\nresponse = "r.{n}"\n'
        '[key_file]\npath = "key.csv"\nnumber = "no"\nitem_id = "item"\n'
    )
    result = ingest(tmp_path / "logs" / "log.csv", bank=bank, mapping=tmp_path / "maps" / "map.toml")
    assert result.responses["item_id"].to_list() == ["I02", "P01", "I02", "I01"]
    assert any("2 empty cells taken as not administered" in note for note in result.notes)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "neither beside the mapping nor beside the log"),
        ("no,itm,use,form\n1,I01,Y,F\n", "column 'item' is missing"),
        (KEY + "1,I02,Y,F\n", "has more than one item"),
        (KEY.replace("2,I02,Y,F\n", ""), "no item for questions that were answered (form_id and n) ('F 2')"),
    ],
)
def test_key_files_that_do_not_fit(ingest_text: Read, tmp_path: Path, key: str | None, said: str) -> None:
    if key is not None:
        (tmp_path / "key.csv").write_text(key)
    with pytest.raises(InputError) as caught:
        ingest_text(VENDOR, mapping=ColumnMapping.from_dict(KEY_PLAN))
    assert said in str(caught.value)


def test_long_with_renamed_columns_and_constants(ingest_text: Read) -> None:
    plan = ColumnMapping.from_dict(
        {
            "format": "long", "delimiter": ";",
            "columns": {"candidate_id": "Kandidat", "item_id": "Frage", "response": "Antwort"},
            "constants": {"form_id": "F", "attempt": "1"},
            "missing": {"blank": "not_reached", "omitted": ["-"]},
        }
    )  # fmt: skip
    result = ingest_text("Kandidat;Frage;Antwort\nc1;I01;A\nc1;I02;\nc1;P01;-\n", mapping=plan)
    assert cells(result) == [
        ("c1/1", "I01", "A", "answered"),
        ("c1/1", "I02", None, "not_reached"),
        ("c1/1", "P01", None, "omitted"),
    ]


def test_long_rows_that_say_not_administered(ingest_text: Read, log_text: Callable[..., str]) -> None:
    result = ingest_text(log_text("c2,d2,1,F,P01,3,,not administered,,"))
    assert result.counts["files"][0]["not_administered"] == 1
    assert result.responses.height == 4


def test_a_code_for_missing_goes_before_the_word_answered(
    ingest_text: Read, log_text: Callable[..., str]
) -> None:
    plan = ColumnMapping.from_dict({"format": "long", "missing": {"omitted": ["B"]}})
    assert ingest_text(log_text(), mapping=plan).responses["status"][1] == "omitted"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(
        st.tuples(*[st.sampled_from(["A", "B", "C", "D", ""])] * 3), min_size=1, max_size=8
    ).filter(lambda table: any(any(line) for line in table))
)  # fmt: skip
def test_long_and_wide_and_vendor_wide_agree(
    table: list[tuple[str, str, str]], tmp_path: Path, bank: ItemBank
) -> None:
    items = list(bank.item_ids)
    wide = pl.DataFrame({"candidate_id": [f"c{k}" for k in range(len(table))], "form_id": "F"}).with_columns(
        pl.Series(item, [line[j] for line in table]) for j, item in enumerate(items)
    )
    wide.write_csv(tmp_path / "wide.csv")
    wide.rename({item: f"q{n}" for n, item in enumerate(items, 1)}).write_csv(tmp_path / "vendor.csv")
    long = pl.DataFrame(
        [
            (f"c{k}", f"c{k}", "F", item, cell)
            for k, line in enumerate(table)
            for item, cell in zip(items, line, strict=True)
            if cell
        ],
        schema=["candidate_id", "delivery_id", "form_id", "item_id", "response"], orient="row",
    )  # fmt: skip
    long.write_parquet(tmp_path / "long.parquet")
    plan = ColumnMapping.from_dict(
        {
            "format": "vendor-wide",
            "questions": [{"numbers": [n, n], "response": "q{n}", "item_id": "I0{n}"} for n in (1, 2)]
            + [{"numbers": [3, 3], "response": "q{n}"}],
            "key_file": {"path": "key.csv", "number": "n", "item_id": "item"},
        }
    )
    (tmp_path / "key.csv").write_text("n,item\n3,P01\n")
    first = ingest(tmp_path / "long.parquet", bank=bank).responses
    assert ingest(tmp_path / "wide.csv", bank=bank, format="wide").responses.equals(first)
    assert ingest(tmp_path / "vendor.csv", bank=bank, mapping=plan).responses.equals(first)
