"""Scored logs for the tests of this folder: simulated, and the real licensure exam."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import real_exams
from ciip_irt.bank import ItemBank
from ciip_irt.responses import ScoredResponses, ScoringRules, score

LETTERS = "ABCD"
Maker = Callable[..., ScoredResponses]


def scored_from(
    chosen: np.ndarray,
    *,
    key: str,
    n_pilots: int = 0,
    form: list[str] | None = None,
    seconds: np.ndarray | None = None,
    candidates: dict[str, list[object]] | None = None,
    rules: ScoringRules | None = None,
) -> ScoredResponses:
    """Score option codes (N, J): 0-3 an option, -1 omitted, -2 not reached, -9 not administered.

    The last ``n_pilots`` items are pilots.
    """
    n, n_items = chosen.shape
    ids = [f"I{j:03d}" for j in range(n_items)]
    status = ["scored"] * (n_items - n_pilots) + ["pilot"] * n_pilots
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": ids, "domain": ["A"] * n_items, "status": status, "key": list(key)}
        ).with_columns(options=pl.lit(LETTERS))
    )
    persons, items = np.nonzero(chosen != -9)
    code = chosen[persons, items]
    deliveries = np.array([f"d{i:05d}" for i in range(n)])
    forms = np.array(form or ["F"] * n)
    log = pl.DataFrame(
        {
            "candidate_id": deliveries[persons],
            "delivery_id": deliveries[persons],
            "attempt": np.full(len(persons), "1"),
            "form_id": forms[persons],
            "item_id": np.array(ids)[items],
            "response": [LETTERS[c] if c >= 0 else None for c in code],
            "status": ["answered" if c >= 0 else "omitted" if c == -1 else "not_reached" for c in code],
        }
    )
    if seconds is not None:
        log = log.with_columns(time_s=pl.Series(seconds[persons, items]))
    table = None
    if candidates:
        table = pl.DataFrame({"delivery_id": deliveries, **candidates})
    return score(log, bank, candidates=table, rules=rules or ScoringRules())


def simulated(seed: int = 1, n: int = 400, items: int = 30, shift: float = 0.0) -> np.ndarray:
    """Option codes of n persons; option A is right everywhere."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    b = rng.uniform(-2.0, 0.5, items) + shift
    right = rng.random((n, items)) < 1 / (1 + np.exp(-1.3 * (theta[:, None] - b)))
    return np.where(right, 0, rng.integers(1, 4, right.shape))


@pytest.fixture
def make() -> Maker:
    return scored_from


@pytest.fixture
def simulate() -> Callable[..., np.ndarray]:
    return simulated


@pytest.fixture(scope="session")
def licensure(shared: Path) -> ScoredResponses:
    """All 1,636 deliveries of the real licensure exam, omitted scored wrong."""
    return real_exams.licensure(shared / "realdata")


@pytest.fixture(scope="session")
def sat12(shared: Path) -> ScoredResponses:
    """SAT12, whose item 32 is published with a wrong key."""
    return real_exams.sat12(shared / "realdata")
