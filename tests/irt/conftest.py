"""What the reference folder holds, read once: data, parameters, model and tables."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.irt.models import MODELS, ItemModel


@dataclass(frozen=True)
class Golden:
    """Results of other programs, by data and model."""

    results_of: Callable[[str], Path]

    def scores(self, data: str) -> np.ndarray:
        """Persons x items, scores from 0."""
        table = np.genfromtxt(self.results_of(data) / "data.csv", delimiter=",", skip_header=1)
        return (table - table.min()).astype(np.int8)

    def fitted(self, data: str, model: str) -> tuple[np.ndarray, float, ItemModel]:
        """Parameters (J, P), the population's spread, and the model."""
        with (self.results_of(data) / model / "pars_irt.csv").open() as lines:
            rows = list(csv.DictReader(lines))
        shape, names = MODELS[model.split("_")[0]], ["a", "b", "g"]
        if shape.for_categories is not None:
            shape = shape.for_categories(int(self.scores(data).max()) + 1)
            names = list(shape.parameters)
        columns = [[float(row["est"]) for row in rows if row["par"] == name] for name in names]
        variance = next(float(row["est"]) for row in rows if row["par"] == "COV_11")
        return np.array(columns).T, variance**0.5, shape

    def table(self, data: str, model: str, file: str) -> np.ndarray:
        """A CSV file with its header as names; dots in names are dropped."""
        return np.genfromtxt(self.results_of(data) / model / file, delimiter=",", names=True)

    def matrix(self, data: str, model: str, file: str) -> np.ndarray:
        """A CSV file without its header and first column."""
        return np.genfromtxt(self.results_of(data) / model / file, delimiter=",", skip_header=1)[:, 1:]


@pytest.fixture(scope="session")
def golden(results_of: Callable[[str], Path]) -> Golden:
    return Golden(results_of)
