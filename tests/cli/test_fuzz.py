"""Files made wrong in the ways that files go wrong, through the front door.

Every example ends in 0, 1 or 2 with a message, and every row read is kept, set apart or left out. A few
examples in each run of the suite; ``CIIP_IRT_FUZZ=2000 pytest tests/cli/test_fuzz.py`` for more.
What was found once stands as an example of its own.
"""

import csv
import io
import json
import os
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ciip_irt.cli import main

HOSTILE = Path(__file__).parents[1] / "cases" / "hostile_files"
EXAMPLES = int(os.environ.get("CIIP_IRT_FUZZ", "15"))
ROWS = 61  # lines of the log that an example keeps: two deliveries
CELLS = (
    *("", "nan", "inf", "1e999", "-1", "1e308", "*", "^.*$", "=1+1", "\x1b]0;x\x07", "\x00", '"', "\ufeff"),
    *("ü", "KEY", "NA", "A,B", "\u202e", "9" * 400, "2025-13-45T99:00:00", " ", "'", "\r", "True"),
)
NAMES = ("*", "^.*$", "index", "__line__", "item", "person", "", "item_id", "key", "total", "row", "\x1b[31m")
ROW_EDITS = ("drop", "twice", "short", "long")
FILES = ("log.csv", "items.csv", "candidates.csv")
Edit = tuple[str, int, int, str]
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("cell"), st.integers(1, 200), st.integers(0, 20), st.sampled_from(CELLS)),
        st.tuples(st.just("name"), st.just(0), st.integers(0, 20), st.sampled_from(NAMES)),
        st.tuples(st.sampled_from(ROW_EDITS), st.integers(0, 200), st.just(0), st.just("")),
        st.tuples(st.just("column"), st.just(0), st.integers(0, 20), st.sampled_from(NAMES)),
    ),
    min_size=1,
    max_size=4,
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])


def changed(name: str, edits: list[Edit], delimiter: str, end: str) -> str:
    rows = list(csv.reader(io.StringIO((HOSTILE / name).read_text("utf-8"))))[:ROWS]
    for kind, row, place, text in edits:
        if not rows:
            break
        at = row % len(rows)
        match kind:
            case "cell" | "name" if rows[at]:
                rows[at][place % len(rows[at])] = text
            case "column":
                rows = [[*cells, text if n == 0 else "7"] for n, cells in enumerate(rows)]
            case "drop":
                del rows[at]
            case "twice":
                rows.insert(at, list(rows[at]))
            case "short":
                rows[at] = rows[at][:-1]
            case "long":
                rows[at] = [*rows[at], "x"]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("log.csv", [("column", 0, 0, "__line__")], ",", "\n", "utf-8")
@example("items.csv", [("name", 0, 16, "*")], ",", "\n", "utf-8")
@example("items.csv", [("cell", 1, 7, "1e999")], ",", "\n", "utf-8")
@example("candidates.csv", [("column", 0, 0, "index")], ";", "\r", "utf-16")
@given(st.sampled_from(FILES), EDITS, DELIMITERS, ENDS, ENCODINGS)
def test_every_row_is_accounted_for(
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    edits: list[Edit],
    delimiter: str,
    end: str,
    encoding: str,
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    files = {file: str(HOSTILE / file) for file in FILES}
    files[name] = str(folder / name)
    text = changed(name, edits, delimiter, end)
    Path(files[name]).write_bytes(text.encode(encoding, errors="replace"))
    out = folder / "out"
    given = [
        "ingest",
        files["log.csv"],
        "--items",
        files["items.csv"],
        "--candidates",
        files["candidates.csv"],
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code = main([*given, "--out", str(out)])
    said = capsys.readouterr()
    assert code in (0, 1, 2), said.err
    assert "\x1b" not in said.out + said.err
    if code:
        assert said.err.strip()
        assert not out.exists()
        return
    total = json.loads((out / "ingest.json").read_text("utf-8"))["total"]
    parts = ("rows_kept", "rows_quarantined", "rows_excluded")
    assert total["rows_read"] == sum(total[part] for part in parts), total
    assert total["lines"] == total["rows_read"] + total["blank_lines"] + total["not_administered"], total
