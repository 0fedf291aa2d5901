"""The door of files: nothing small grows without bound, and a damaged file is told by its name."""

import datetime as dt
import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.errors import InputError
from ciip_irt.tables import Sheet, opening, read_frame, read_grids, workbook

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile_files"
CELLS = pl.DataFrame({"item_id": ["I1", "I2", "I3"], "b": [0.5, -1.0, None], "n": [1, 2, 3]})


def edited(change: Callable[[bytes], bytes], part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook with one of its parts changed."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(Sheet(CELLS)))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return buffer.getvalue()


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_frame(path)
    return str(caught.value)


def said_of(path: Path) -> str:
    """What is wrong with the file; nothing where it is read."""
    try:
        read_frame(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", ["inf", "abc", "baddate", "badshared", "cutxml"])
def test_a_damaged_sheet_is_told_with_its_row(name: str) -> None:
    assert re.match(
        rf".*{name}\.xlsx, sheet 'Sheet':\d{{3}}: not a readable part", refused(HOSTILE / f"{name}.xlsx")
    )


def test_entities_are_refused_whoever_is_installed() -> None:
    assert "document types and entities are not read" in refused(HOSTILE / "lol.xlsx")


@pytest.mark.parametrize(
    "value", [b"1e999", b"-1e400", b"abc", b"0x1p3", b"", b"1,5", b"99999999999999999999"]
)
def test_number_cells(value: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(edited(lambda xml: xml.replace(b"<v>0.5</v>", b"<v>" + value + b"</v>")))
    if said := said_of(path):
        assert "t.xlsx, sheet 'Table':2: not a readable part of an XLSX file" in said
    else:
        assert "inf" not in str(read_frame(path)["b"][0])


def test_a_stray_cell_far_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "far.xlsx"
    far = b'<row r="9000"><c r="XFD9000" t="n"><v>1</v></c></row></sheetData>'
    path.write_bytes(edited(lambda xml: xml.replace(b"</sheetData>", far)))
    said = refused(path)
    assert "9,000 rows of 16,384 columns are more cells than are read (20,000,000)" in said
    assert "--larger-files 4" in said
    monkeypatch.setattr(opening, "MOST_CELLS", 100)
    path.write_bytes(edited(lambda xml: xml.replace(b"</sheetData>", far.replace(b"XFD9000", b"D9000"))))
    assert "9,000 rows of 4 columns" in refused(path)
    monkeypatch.setenv(opening.FACTOR_VARIABLE, "400")
    assert read_grids(path)[0].width == 4


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "UNREMARKABLE", 10_000)
    blanks = b"item_id\n" + b"\n" * 5_000_000
    (tmp_path / "log.csv").write_bytes(gzip.compress(blanks))
    assert re.search(
        r"log.csv: [\d,]+ bytes unpack to more than [\d,]+\. If that is right", refused(tmp_path / "log.csv")
    )
    (tmp_path / "t.xlsx").write_bytes(
        edited(lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 5_000_000))
    )
    assert "bytes unpack to 5," in refused(tmp_path / "t.xlsx")
    monkeypatch.setattr(opening, "LARGEST", 10)
    (tmp_path / "plain.csv").write_bytes(b"item_id,b\nI1,0.5\n")
    assert "the file has 17 bytes, more than 10" in refused(tmp_path / "plain.csv")
    monkeypatch.setenv(opening.FACTOR_VARIABLE, "2")
    assert read_frame(tmp_path / "plain.csv").height == 1
    monkeypatch.setenv(opening.FACTOR_VARIABLE, "many")
    assert "CIIP_IRT_LARGER_FILES is 'many'" in refused(tmp_path / "plain.csv")


def test_a_parquet_file_of_one_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "UNREMARKABLE_CELLS", 1_000)
    path = tmp_path / "log.parquet"
    pl.DataFrame({"a": pl.repeat("x", 1_000_000, eager=True)}).write_parquet(path)
    assert "hold 1,000,000 rows of 1 column, more than" in refused(path)


def test_columns_of_odd_types(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    odd = {"time_s": [dt.timedelta(seconds=90)], "text": [b"A"], "blob": [b"\xff\x00"], "none": [None]}
    pl.DataFrame(odd).with_columns(kind=pl.Series(["x"], dtype=pl.Categorical)).write_parquet(path)
    assert read_frame(path).rows() == [(90.0, "A", "ff00", None, "x")]


def test_columns_that_are_patterns(tmp_path: Path) -> None:
    for name in ("*", "^.*$", "^item$"):
        frame = pl.DataFrame({"item_id": ["I1"], name: ["x"]})
        frame.write_csv(tmp_path / "t.csv")
        frame.write_parquet(tmp_path / "t.parquet")
        for ending in ("csv", "parquet"):
            assert f"column names that stand for other columns ('{name}')" in refused(
                tmp_path / f"t.{ending}"
            )


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(["xlsx", "parquet", "ndjson", "csv.gz"]), seed=st.integers(0, 10**6))
def test_damaged_files(kind: str, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bytes changed, cut, doubled: a table or a message of ours with the name of the file."""
    path = tmp_path_factory.mktemp("damaged") / f"t.{kind}"
    whole = {
        "xlsx": lambda: workbook(Sheet(CELLS)),
        "parquet": lambda: parquet(CELLS),
        "ndjson": lambda: CELLS.write_ndjson().encode(),
        "csv.gz": lambda: gzip.compress(CELLS.write_csv().encode()),
    }[kind]()
    chance = random.Random(seed)
    damaged = bytearray(whole)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                del damaged[at : at + chance.randrange(1, 40)]
            case 2:
                damaged[at:at] = damaged[at : at + 30]
            case _:
                del damaged[max(at, 1) :]
        damaged = damaged or bytearray(b"x")
    path.write_bytes(bytes(damaged))
    assert path.name in (said_of(path) or path.name)


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def test_panics_are_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = parquet(CELLS)
    for at in range(4, len(whole) - 8, 7):
        path = tmp_path / "t.parquet"
        path.write_bytes(whole[:at] + b"\xff\xff\xff" + whole[at + 3 :])
        told = "t.parquet: not a Parquet file, or a damaged one"
        assert told in (said_of(path) or told)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "encoding", ["punycode", "undefined", "utf-8\x00", "idna", "unicode_escape", "rot13", "no"]
)
def test_words_that_are_no_encodings(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("item_id\nä\\ud800\n".encode())
    with pytest.raises(InputError, match="encoding"):
        read_frame(tmp_path / "t.csv", encoding=encoding)


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet", ".ndjson"])
def test_names_that_no_file_can_have(name: str, ending: str) -> None:
    with pytest.raises(InputError, match=r"file name too long|no file can have this name"):
        read_frame(f"{name}{ending}")
