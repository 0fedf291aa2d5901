"""Scored logs for the tests of this folder: simulated, and the real licensure exam."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

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
    folder = shared / "realdata" / "licensure170"
    key = pl.read_csv(folder / "form1_key.csv").select(
        "item_id", "status", pl.col("key").cast(pl.String), domain=pl.lit("all"), options=pl.lit("1234")
    )
    text = {"attempt": pl.String, "response": pl.String}
    given = pl.col("response").is_not_null()
    log = pl.read_csv(folder / "form1_log_long.csv.gz", schema_overrides=text).select(
        "candidate_id", "attempt", "form_id", "item_id", "position", "response", "time_s",
        delivery_id="candidate_id",
        status=pl.when(given).then(pl.lit("answered")).otherwise(pl.lit("omitted")),
    )  # fmt: skip
    candidates = pl.read_csv(folder / "form1_candidates.csv", schema_overrides={"attempt": pl.String})
    attributes = candidates.select(
        delivery_id="candidate_id", first_time=pl.col("attempt") == "1", region="country"
    )
    return score(log, ItemBank.from_frame(key), candidates=attributes)


@pytest.fixture(scope="session")
def sat12(shared: Path) -> ScoredResponses:
    """SAT12, whose item 32 is published with a wrong key."""
    folder = shared / "realdata" / "sat12"
    key = pl.read_csv(folder / "key.csv").select(
        "item_id", pl.col("key").cast(pl.String), domain=pl.lit("all"), status=pl.lit("scored"),
        options=pl.lit("12345"),
    )  # fmt: skip
    omitted = pl.col("response") == "8"
    log = (
        pl.read_csv(folder / "responses_raw.csv")
        .unpivot(index="candidate_id", variable_name="item_id", value_name="response")
        .with_columns(pl.col("response").cast(pl.String))
        .select(
            "candidate_id", "item_id", delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("SAT"),
            status=pl.when(omitted).then(pl.lit("omitted")).otherwise(pl.lit("answered")),
            response=pl.when(omitted).then(None).otherwise("response"),
        )
    )  # fmt: skip
    return score(log, ItemBank.from_frame(key))
