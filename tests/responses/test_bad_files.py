"""Files that cannot be used: one clear error each, everything wrong at once."""

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.responses import Ingested, ingest

Read = Callable[..., Ingested]
Text = Callable[..., str]


def refused(read: Read, content: str | bytes, name: str = "log.csv", **settings: object) -> str:
    with pytest.raises(InputError) as caught:
        read(content, name, **settings)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file(ingest_text: Read, content: bytes) -> None:
    assert "log.csv: the file is empty" in refused(ingest_text, content)


def test_a_header_only(ingest_text: Read, log_text: Text) -> None:
    header = log_text().splitlines()[0] + "\n"
    assert "there is a header but not a single row" in refused(ingest_text, header)


def test_only_blank_lines_below_the_header(ingest_text: Read, log_text: Text) -> None:
    header = log_text().splitlines()[0]
    said = refused(ingest_text, header + "\n" + "," * 9 + "\n\n")
    assert "there is a header but not a single row" in said


@pytest.mark.parametrize(("delimiter", "option"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_another_delimiter_is_told_from_the_file(
    ingest_text: Read, log_text: Text, delimiter: str, option: str
) -> None:
    content = log_text().replace(",", delimiter)
    told, said = ingest_text(content), ingest_text(content, delimiter=option)
    assert told.responses.equals(said.responses)
    assert told.responses.equals(ingest_text(log_text()).responses)


def test_the_wrong_delimiter_is_not_overruled(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text().replace(",", ";"), delimiter=",", format="long")
    assert "names separated by semicolons" in said
    assert "--delimiter ';'" in said


def test_an_impossible_delimiter(ingest_text: Read, log_text: Text) -> None:
    assert "not one plain character" in refused(ingest_text, log_text(), delimiter=";;")


def test_cp1252_is_told_from_the_file(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace("c2,", "José,").encode("cp1252")
    for settings in ({}, {"encoding": "cp1252"}):
        read = ingest_text(content, **settings)
        assert read.responses["candidate_id"].to_list() == ["c1", "c1", "José", "José"]
    said = refused(ingest_text, content, encoding="utf-8")
    assert "log.csv:4: the file is not utf-8 text (2 rows" in said
    assert "José" in said
    assert "--encoding cp1252" in said


def test_utf16_is_told_from_the_file(ingest_text: Read, log_text: Text) -> None:
    content = log_text().encode("utf-16")
    assert ingest_text(content).responses.equals(ingest_text(content, encoding="utf-16").responses)
    assert ingest_text(content).responses.height == 4
    assert "--encoding utf-16" in refused(ingest_text, content, encoding="utf-8")


def test_an_unknown_encoding(ingest_text: Read, log_text: Text) -> None:
    assert "unknown encoding 'klingon'" in refused(ingest_text, log_text(), encoding="klingon")


@pytest.mark.parametrize("column", ["candidate_id", "item_id", "response"])
def test_a_missing_column(ingest_text: Read, log_text: Text, column: str) -> None:
    said = refused(ingest_text, log_text().replace(column, "something_else", 1))
    assert f"log.csv:1: column '{column}' is missing" in said
    assert "something_else" in said


@pytest.mark.parametrize("name", ["Item_ID", "ITEM ID", "Question"])
def test_a_column_under_another_name_is_read(ingest_text: Read, log_text: Text, name: str) -> None:
    read = ingest_text(log_text().replace("item_id", name, 1))
    assert read.responses.equals(ingest_text(log_text()).responses)
    assert any(f"item_id is '{name}'" in line for line in read.readings[0].said)


def test_a_misspelt_column_is_named(ingest_text: Read, log_text: Text) -> None:
    assert "Is it 'itm_id'?" in refused(ingest_text, log_text().replace("item_id", "itm_id", 1))


def test_without_a_column_of_forms_there_is_one_form(ingest_text: Read, log_text: Text) -> None:
    read = ingest_text(log_text().replace("form_id", "booklet colour", 1))
    assert set(read.responses["form_id"]) == {"form"}
    assert any("no column 'form_id'" in note for note in read.notes)


def test_all_missing_columns_at_once(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text().replace("item_id", "x", 1).replace("response", "y", 1))
    assert "'item_id' is missing" in said
    assert "'response' is missing" in said


def test_repeated_column_names(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text().replace("delivered_at", "time_s", 1))
    assert "column names occur more than once ('time_s')" in said


def test_rows_too_long_and_too_short(ingest_text: Read, log_text: Text) -> None:
    assert "log.csv:6: rows have more cells" in refused(
        ingest_text, log_text("c3,d3,1,F,I01,1,A,answered,3,,x")
    )
    assert "log.csv:6: rows have fewer cells" in refused(ingest_text, log_text("c3,d3,1"))


def test_short_rows_are_found_behind_quoted_cells(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text('"c3, junior",d3,1,F,I01,1,A,answered,3'))
    assert "log.csv:6: rows have fewer cells" in said


def test_an_open_quotation_mark(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text('c3,"d3,1,F,I01,1,A,answered,30,2025-03-01'))
    assert "log.csv:6: a quotation mark is opened and not closed" in said


def test_something_above_the_header(ingest_text: Read, log_text: Text) -> None:
    assert "the header cannot be read" in refused(ingest_text, "\n" + log_text(), format="long")


@pytest.mark.parametrize("cut", [5, 40, 200])
def test_a_truncated_gzip_file(ingest_text: Read, log_text: Text, cut: int) -> None:
    whole = gzip.compress((log_text() * 50).encode(), mtime=0)
    assert len(whole) > cut
    assert "the gzip file is damaged" in refused(ingest_text, whole[:-cut], "log.csv.gz")


def test_a_damaged_gzip_file(ingest_text: Read, log_text: Text) -> None:
    whole = bytearray(gzip.compress(log_text().encode(), mtime=0))
    whole[20:40] = b"x" * 20
    assert "the gzip file is damaged" in refused(ingest_text, bytes(whole), "log.csv.gz")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.parquet", b"PAR1 and no more", "not a Parquet file"),
        ("log.ndjson", b'{"a": 1}\n{"a":\n', "not one JSON object per line"),
        ("log.csv", b"PK\x03\x04", "not a text file"),
        ("log.xlsx", b"PK\x03\x04", "not an XLSX file"),
        ("log.ods", b"PK\x03\x04", "not an ODS file"),
    ],
)
def test_files_of_another_kind(ingest_text: Read, name: str, content: bytes, said: str) -> None:
    assert said in refused(ingest_text, content, name)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        ingest(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="is a directory"):
        ingest(tmp_path)
    with pytest.raises(InputError, match="No log file"):
        ingest([])


def test_every_file_that_is_wrong_is_named(tmp_path: Path, log_text: Text, bank: ItemBank) -> None:
    good, bad, empty = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "empty.csv"
    good.write_text(log_text())
    bad.write_text(log_text().replace("item_id", "x", 1))
    empty.write_text("")
    with pytest.raises(InputError) as caught:
        ingest([good, bad, empty], bank=bank)
    assert [Path(problem.where).name for problem in caught.value.problems] == ["bad.csv", "empty.csv"]


def test_a_layout_that_cannot_be_told(ingest_text: Read) -> None:
    said = refused(ingest_text, "who,what\nc1,A\n")
    assert "cannot be told from the columns who, what" in said
    assert "docs/reading-logs.md" in said


def test_formats_that_contradict_each_other_or_are_unknown(ingest_text: Read, log_text: Text) -> None:
    assert "unknown format 'tall'" in refused(ingest_text, log_text(), format="tall")
    assert "needs a mapping" in refused(ingest_text, log_text(), format="vendor-wide")
    assert "no column is named like an item" in refused(ingest_text, log_text(), format="wide")


def test_when_nothing_is_left_the_rules_say_why(ingest_text: Read, log_text: Text) -> None:
    content = log_text()
    for letter, digit in zip("ABC", "123", strict=True):
        content = content.replace(f",{letter},answered", f",{digit},answered")
    said = refused(ingest_text, content)
    assert "no usable answer is left: 4 rows read" in said
    assert "the item does not offer this option (3 rows, e.g. '1', '2', '3')" in said
    assert "[recode.response]" in said


def test_every_item_unknown(ingest_text: Read, log_text: Text) -> None:
    said = refused(ingest_text, log_text().replace(",I0", ",X0"))
    assert "4 quarantined" in said
    assert "the item is not in the items file (4 rows, e.g. 'X01', 'X02')" in said


def test_ids_that_lost_their_zeros_are_recognised(tmp_path: Path) -> None:
    items = {"item_id": ["007", "008", "009"], "domain": "A", "status": "scored", "key": "A", "options": "AB"}
    (tmp_path / "wide.csv").write_text("candidate_id,7,8,9\nc1,A,B,A\n", encoding="utf-8")
    read = ingest([tmp_path / "wide.csv"], bank=ItemBank.from_frame(pl.DataFrame(items)))
    assert read.responses["item_id"].to_list() == ["007", "008", "009"]
    assert any("'7' is '007'" in line for line in read.readings[0].said)
