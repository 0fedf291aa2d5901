"""The hash that names the data of a result."""

import hashlib

import polars as pl
import pytest

from ciip_irt import provenance
from ciip_irt.provenance import data_hash


def test_reading_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"a": range(11), "b": ["x, y\n"] * 10 + [None]})
    monkeypatch.setattr(provenance, "ROWS_AT_ONCE", 4)
    assert data_hash(frame) == hashlib.sha256(frame.write_csv().encode()).hexdigest()


def test_names_order_and_values_matter() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    others = [frame.rename({"a": "c"}), frame.reverse(), frame.with_columns(b=pl.lit("x")), frame.clear()]
    assert len({data_hash(other) for other in [frame, *others]}) == 5
