"""Exams made for the tests: a form, its key, its candidates."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank, read_bank
from ciip_irt.responses import ScoredResponses, ingest, score, select_eligible

CASES = Path(__file__).resolve().parents[1] / "cases"


@pytest.fixture(scope="session")
def scored_case() -> Callable[..., ScoredResponses]:
    """``scored_case(log, items)``: files of ``tests/cases``, scored."""

    def scored(log: str, items: str) -> ScoredResponses:
        bank = read_bank(CASES / items)
        read = ingest(CASES / log, bank=bank)
        eligible = select_eligible(read.responses, read.candidates)
        return score(eligible.responses, bank, candidates=eligible.candidates)

    return scored


@pytest.fixture(scope="session")
def make_exam() -> Callable[..., ScoredResponses]:
    """``make_exam(n, J, seed=, key=, mean=)``: a Rasch exam of J items with four options.

    ``key`` maps the true key (a list of letters) to the one in the bank.
    """

    def make(
        n: int,
        J: int,
        *,
        seed: int = 1,
        mean: float = 0.8,
        key: Callable[[list[str]], list[str]] = lambda true: true,
        form_id: str = "F",
        times: float | None = None,
    ) -> ScoredResponses:
        rng = np.random.default_rng(seed)
        letters = np.array(list("ABCD"))
        true = rng.integers(0, 4, J)
        right = rng.random((n, J)) < 1 / (1 + np.exp(rng.normal(0, 1, J) - rng.normal(mean, 1, (n, 1))))
        chosen = np.where(right, true, (true + rng.integers(1, 4, (n, J))) % 4)
        ids = [f"Q{j:02d}" for j in range(J)]
        bank = ItemBank.from_frame(
            pl.DataFrame(
                {"item_id": ids, "domain": "A", "status": "scored", "key": key(letters[true].tolist()),
                 "options": "ABCD"}
            )
        )  # fmt: skip
        log = pl.DataFrame(
            {
                "candidate_id": np.repeat([f"c{i:04d}" for i in range(n)], J),
                "delivery_id": np.repeat([f"d{i:04d}" for i in range(n)], J),
                "attempt": "1",
                "form_id": form_id,
                "item_id": ids * n,
                "response": letters[chosen].ravel(),
                "status": "answered",
                "time_s": None if times is None else rng.lognormal(np.log(times), 0.5, n * J),
            },
            schema_overrides={"time_s": pl.Float64},
        )
        return score(log, bank)

    return make
