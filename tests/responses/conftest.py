"""A small bank, a small good log, and a way to ingest any text."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.responses import Ingested, ingest

HEADER = "candidate_id,delivery_id,attempt,form_id,item_id,position,response,status,time_s,delivered_at"
LINES = (
    "c1,d1,1,F,I01,1,A,answered,30,2025-03-01",
    "c1,d1,1,F,I02,2,B,answered,40,2025-03-01",
    "c2,d2,1,F,I01,1,C,answered,20.5,2025-03-02",
    "c2,d2,1,F,I02,2,,omitted,3,2025-03-02",
)


@pytest.fixture(scope="session")
def bank() -> ItemBank:
    return ItemBank.from_frame(
        pl.DataFrame(
            {
                "item_id": ["I01", "I02", "P01"],
                "domain": ["A", "A", "B"],
                "status": ["scored", "scored", "pilot"],
                "key": ["A", "B|C", "D"],
                "options": ["ABCD"] * 3,
            }
        )
    )


@pytest.fixture
def log_text() -> Callable[..., str]:
    """The good log with further lines."""
    return lambda *more: "\n".join([HEADER, *LINES, *more]) + "\n"


@pytest.fixture
def ingest_text(tmp_path: Path, bank: ItemBank) -> Callable[..., Ingested]:
    """Ingest text, or bytes, as a file of the name given."""

    def read(content: str | bytes, name: str = "log.csv", **settings: Any) -> Ingested:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") and isinstance(content, str) else data)
        return ingest(path, **{"bank": bank, **settings})

    return read
