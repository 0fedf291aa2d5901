"""The contracts of the result files: complete, said, made by functions that exist, printed in the docs."""

from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.report.results import JSON_FILES, NEEDED
from ciip_irt.tables import ITEM_FLAGS, RECORD_FILES, RESULT_FILES, Column, Table, describe_result_files

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", RESULT_FILES)
def test_every_table_and_column_is_said(name: str) -> None:
    table = RESULT_FILES[name].table
    assert table.meaning
    assert all(column.meaning for column in table.columns)
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)


@pytest.mark.parametrize(
    "producer", sorted({f.producer for f in (*RESULT_FILES.values(), *RECORD_FILES.values())})
)
def test_every_producer_is_in_the_face_of_its_room(producer: str) -> None:
    room, function = producer.rsplit(".", 1)
    assert callable(getattr(import_module(f"ciip_irt.{room}"), function))


def test_the_report_reads_files_of_the_contract_only() -> None:
    assert set(NEEDED) <= set(RESULT_FILES)
    assert set(JSON_FILES) <= set(RECORD_FILES)
    for name, needed in NEEDED.items():
        assert set(needed) <= set(RESULT_FILES[name].table.names), name


def test_what_tells_candidates_apart_is_personal() -> None:
    for name, file in RESULT_FILES.items():
        personal = {column.name for column in file.table.columns if column.personal}
        assert personal == {"candidate_id", "delivery_id"}.intersection(file.table.names), name


def test_the_docs_print_the_contracts() -> None:
    page = (DOCS / "result-files.md").read_text(encoding="utf-8")
    assert page.endswith(describe_result_files()), "run python docs/result_files.py"


def test_a_departure_from_the_contract_is_told() -> None:
    good = ITEM_FLAGS.frame(
        [{"item_id": "Q1", "flag": "low_r", "severity": 2, "seen": "s", "may_mean": "m", "do": "d"}]
    )
    assert ITEM_FLAGS.differences(good) == []
    assert ITEM_FLAGS.differences(good.drop("seen")) == ["column 'seen' is missing"]
    assert ITEM_FLAGS.differences(good.with_columns(x=1)) == ["column 'x' is not in the contract"]
    assert ITEM_FLAGS.differences(good.with_columns(pl.col("severity").cast(pl.Int32))) == [
        "column 'severity' is Int32, not Int64"
    ]
    [problem] = ITEM_FLAGS.differences(good.with_columns(seen=pl.lit(None, dtype=pl.String)))
    assert "column 'seen' is empty" in problem


def test_what_may_follow_the_contract_is_no_departure() -> None:
    columns = (Column("name", pl.String),)
    frame = pl.DataFrame({"name": ["a"], "colour": ["red"]})
    assert Table("x", columns, more="attributes").differences(frame) == []
    assert Table("x", columns).differences(frame) != []
