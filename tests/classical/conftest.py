"""Real data and golden results as arrays, for the tests of this folder."""

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.arrays import MISSING, ScoreArray
from tests.conftest import SHARED


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, plain or gzipped."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def column(path: Path, name: str) -> np.ndarray:
    """One numeric column; NA becomes NaN."""
    return np.array([float(row[name]) if row[name] not in {"", "NA"} else np.nan for row in rows_of(path)])


def scores_of(path: Path) -> ScoreArray:
    """A CSV of nothing but integer scores."""
    return np.array([[int(value) for value in row.values()] for row in rows_of(path)], dtype=np.int8)


@dataclass(frozen=True)
class Golden:
    """The results of other programs, read as arrays; paths start with the name of a data set."""

    results_of: Callable[[str], Path]
    shared: Path

    def path(self, path: str) -> Path:
        data, _, rest = path.partition("/")
        return self.shared / path if data == "realdata" else self.results_of(data) / rest

    def column(self, path: str, name: str) -> np.ndarray:
        return column(self.path(path), name)

    def rows(self, path: str) -> list[dict[str, str]]:
        return rows_of(self.path(path))

    def scores(self, path: str) -> ScoreArray:
        return scores_of(self.path(path))

    def licensure(self) -> tuple[list[dict[str, str]], ScoreArray, ScoreArray]:
        """Key rows, scores and option codes (1636, 200); omitted (code 4) is wrong, not seen is missing."""
        return licensure(self.shared)

    def sat12(self) -> tuple[ScoreArray, ScoreArray, np.ndarray]:
        """Scores, option codes 0-4 with 5 = omitted (600, 32), and the key 0-4."""
        return sat12(self.shared)


@cache
def licensure(shared: Path) -> tuple[list[dict[str, str]], ScoreArray, ScoreArray]:
    folder = shared / "realdata" / "licensure170"
    key = rows_of(folder / "form1_key.csv")
    rows = rows_of(folder / "form1_vendor_wide.csv.gz")
    raw = np.array([[row[f"iraw.{n}"] for n in range(1, 201)] for row in rows])
    seen = np.array([[row[f"idur.{n}"] != "" for n in range(1, 201)] for row in rows])
    right = raw == np.array([row["key"] for row in key])
    scores = np.where(seen, right, MISSING).astype(np.int8)
    chosen = np.where(seen, np.where(raw == "", "5", raw).astype(int) - 1, MISSING).astype(np.int8)
    return key, scores, chosen


@cache
def sat12(shared: Path) -> tuple[ScoreArray, ScoreArray, np.ndarray]:
    folder = shared / "realdata" / "sat12"
    key = column(folder / "key.csv", "key").astype(int) - 1
    names = [f"Item.{n}" for n in range(1, 33)]
    raw = np.array([[int(row[name]) for name in names] for row in rows_of(folder / "responses_raw.csv")])
    chosen = np.where(raw == 8, 6, raw) - 1
    return (chosen == key).astype(np.int8), chosen.astype(np.int8), key


@pytest.fixture(scope="session")
def golden(results_of: Callable[[str], Path]) -> Golden:
    return Golden(results_of, SHARED)
