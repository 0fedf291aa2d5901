"""Answers that no item offers are told as a whole where they stand in few deliveries, items, files, sites."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.responses import ingest

PEOPLE, ITEMS = 40, 20
Cell = Callable[[int, int], str]


def bank() -> ItemBank:
    rows = "".join(f"Q{j},A,scored,A,ABCD\n" for j in range(ITEMS))
    return ItemBank.from_frame(pl.read_csv(io.StringIO(f"item_id,domain,status,key,options\n{rows}")))


def log(path: Path, cell: Cell, first: int = 0) -> Path:
    lines = [",".join(["candidate_id", "site", *(f"Q{j}" for j in range(ITEMS))])]
    for i in range(first, first + PEOPLE):
        site = "Oslo" if i % 8 == 0 else f"S{i % 5}"
        lines.append(",".join([f"c{i}", site, *(cell(i, j) for j in range(ITEMS))]))
    path.write_text("\n".join(lines) + "\n")
    return path


def told(*paths: Path) -> str:
    return "\n".join(c for c in ingest(list(paths), bank=bank()).cautions if "nearly all" in c)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (lambda i, j: "a" if i in (3, 17) and j < 15 else "AB"[j % 2], "2 deliveries ('c"),
        (lambda i, j: "Z" if j == 7 else "AB"[i % 2], "stand in item 'Q7'"),
        (lambda i, j: "b" if i % 8 == 0 and (i + j) % 3 == 0 else "A", "site 'Oslo'"),
    ],
)
def test_in_few_wholes(cell: Cell, words: str, tmp_path: Path) -> None:
    said = told(log(tmp_path / "log.csv", cell))
    assert words in said
    assert "look at the source" in said


def test_in_one_file_of_several(tmp_path: Path) -> None:
    good = [log(tmp_path / f"good{k}.csv", lambda *_: "A", 100 * k) for k in range(1, 5)]
    bad = log(tmp_path / "bad.csv", lambda i, j: "9" if (i + j) % 2 else "A")
    assert "file 'bad.csv'" in told(bad, *good)


@pytest.mark.parametrize(
    "cell",
    [
        lambda i, j: "Z" if (i * ITEMS + j) % 17 == 0 else "A",  # spread over everybody and everything
        lambda i, j: "Z" if (i, j) in ((3, 1), (5, 2), (9, 9)) else "A",  # slips
    ],
)
def test_spread_answers_are_not_told_as_a_whole(cell: Cell, tmp_path: Path) -> None:
    assert told(log(tmp_path / "log.csv", cell)) == ""


def test_a_letter_of_another_script_is_called_by_its_name(tmp_path: Path) -> None:
    said = told(log(tmp_path / "log.csv", lambda i, j: "\u0410" if i == 3 and j else "A"))
    assert "a cyrillic capital letter a" in said
