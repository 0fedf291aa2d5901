"""Files: what is written reads back, all files or none, the same bytes for the same table."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciip_irt.errors import InputError
from ciip_irt.tables import FORMS, read_csv, read_frame, read_table, write_outputs

FRAME = pl.DataFrame({"item_id": ["I1", "I2"], "p": [0.123456789012, None], "n": [3, 4]})


def test_every_kind_of_output(tmp_path: Path) -> None:
    written = write_outputs(
        tmp_path / "new" / "folder",
        {"a.csv": FRAME, "b.parquet": FRAME, "c.json": {"n": 1}, "d/e.txt": "ä", "f.bin": b"\x00"},
    )
    assert [path.name for path in written] == ["a.csv", "b.parquet", "c.json", "e.txt", "f.bin"]
    folder = tmp_path / "new" / "folder"
    assert (folder / "a.csv").read_text() == "item_id,p,n\nI1,0.12345679,3\nI2,,4\n"
    assert pl.read_parquet(folder / "b.parquet").equals(FRAME)
    assert json.loads((folder / "c.json").read_text()) == {"n": 1}
    assert (folder / "d" / "e.txt").read_text(encoding="utf-8") == "ä"
    assert not list(folder.rglob("*.partial"))


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    names = ("a.csv", "b.parquet", "c.json")
    for folder in ("x", "y"):
        write_outputs(tmp_path / folder, {"a.csv": FRAME, "b.parquet": FRAME, "c.json": {"z": 1, "a": [2]}})
    assert all((tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes() for name in names)


@pytest.mark.parametrize("position", [0, 1])
def test_all_or_none(tmp_path: Path, position: int) -> None:
    (tmp_path / "in_the_way.csv").mkdir()
    (tmp_path / "old.csv").write_text("kept")
    outputs = {"old.csv": FRAME, "in_the_way.csv": FRAME}
    order = list(outputs)[:: 1 if position else -1]
    with pytest.raises(InputError, match="cannot write here"):
        write_outputs(tmp_path, {name: outputs[name] for name in order})
    assert (tmp_path / "old.csv").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in_the_way.csv", "old.csv"]


def test_a_failure_while_encoding_leaves_nothing(tmp_path: Path) -> None:
    bad = pl.DataFrame({"nested": [[1, 2]]})
    with pytest.raises(pl.exceptions.PolarsError):
        write_outputs(tmp_path, {"a.csv": FRAME, "b.csv": bad})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Choose another folder"):
        write_outputs(tmp_path / "file", {"a.csv": FRAME})


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1-x", "@x", "\tx", "'=x", "''=x", "'x", "a=b", "-"])
def test_cells_that_a_spreadsheet_would_run(tmp_path: Path, cell: str) -> None:
    write_outputs(tmp_path, {"a.csv": pl.DataFrame({"x": [cell], "y": ["z"]})})
    line = (tmp_path / "a.csv").read_text().splitlines()[1]
    assert line.lstrip('"')[0] not in "=+-@\t"
    assert read_csv(tmp_path / "a.csv")["x"].to_list() == [cell]


TEXT = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6))
def test_any_text_reads_back(rows: list[tuple[str | None, ...]], tmp_path: Path) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("a", "b", "c"), pl.String), orient="row")
    write_outputs(tmp_path, {"a.csv": frame})
    assert read_csv(tmp_path / "a.csv").rows() == rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=False, width=64), min_size=1, max_size=8))
def test_numbers_keep_eight_digits(values: list[float], tmp_path: Path) -> None:
    write_outputs(tmp_path, {"a.csv": pl.DataFrame({"x": values, "y": [1] * len(values)})})
    read = read_csv(tmp_path / "a.csv")["x"].str.strip_prefix("'").cast(pl.Float64).to_list()
    for value, back in zip(values, read, strict=True):
        assert (back is None) == (value != value)
        if back is not None:
            assert back == pytest.approx(value, rel=1e-7, abs=1e-300)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.ndjson", "t.jsonl"])
def test_every_kind_of_input(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame(
        {"form_id": ["F"], "position": [1], "item_id": ["I"], "role": ["pilot"], "domain": ["A"]}
    )
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.write_parquet(path)
    elif name.endswith(("ndjson", "jsonl")):
        frame.write_ndjson(path)
    else:
        content = frame.write_csv().encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read_table(path, FORMS).equals(frame)


def test_a_single_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    assert read_csv(tmp_path / "a.csv")["x"].to_list() == ["1", "2"]


def test_quoted_cells_hold_delimiters_and_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('x,"y\nz"\n"a,b","c\nd"\n"say ""so""",\n')
    frame = read_csv(tmp_path / "a.csv")
    assert frame.columns == ["x", "y\nz"]
    assert frame.rows() == [("a,b", "c\nd"), ('say "so"', None)]


def test_an_empty_last_column_is_not_a_short_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,\n2,\n\n")
    assert read_frame(tmp_path / "a.csv")["x"].to_list() == ["1", "2", None]


def test_empty_columns_behind_the_last_name_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y,,\n1,2,,\n3,,\n")
    frame = read_csv(tmp_path / "a.csv")
    assert frame.columns == ["x", "y"]
    assert frame.rows() == [("1", "2"), ("3", None)]


def test_values_without_a_column_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,,,\n1,2,,3\n")
    with pytest.raises(InputError, match=r"columns hold values but have no name \('column 2', 'column 4'"):
        read_csv(tmp_path / "a.csv")


def test_a_line_above_the_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Export\nx,y\n1,2\n3,4\n")
    with pytest.raises(InputError, match="nothing may stand above it"):
        read_csv(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x,y,z\n1,2,3\n4,5" + "a" * 200_000 + "\n", "a.csv:3: a cell of more than 131,072 characters"),
        ('x,y,z\n1,"2,3\n' + "4,5,6\n" * 40_000, "a.csv:2: a quotation mark is opened and not closed"),
        ("x,y,z\n1,\r2,3\n4,5\n", "a.csv:2: a line break within a cell"),
        ("x,y,z\n1,\r2,3\n4,5,6,7\n", "a.csv:2: a line break within a cell"),
    ],
)
def test_text_that_cannot_be_split_into_rows(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(content.encode())
    with pytest.raises(InputError, match=said):
        read_csv(tmp_path / "a.csv")


def test_files_of_an_earlier_result_go_with_it(tmp_path: Path) -> None:
    write_outputs(tmp_path, {"forms.csv": FRAME, "notes.csv": FRAME})
    write_outputs(tmp_path, {"shortages.csv": FRAME}, replaces=("forms.csv", "shortages.csv", "absent.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.csv", "shortages.csv"]


def test_numbers_kept_as_text_are_no_formulas(tmp_path: Path) -> None:
    frame = pl.DataFrame({"b": ["-0.50", "+1", "-.5", "-1e-3", "-1+1", "'-0.50", "-"]})
    write_outputs(tmp_path, {"a.csv": frame})
    written = ["b", "-0.50", "+1", "-.5", "-1e-3", "'-1+1", "''-0.50", "'-"]
    assert (tmp_path / "a.csv").read_text().splitlines() == written
    assert read_csv(tmp_path / "a.csv").equals(frame)
