"""Anchors from a calibration's own parameters file."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank, Scale, read_anchors
from ciip_irt.errors import ScaleError, TableError

BANK = ItemBank.from_frame(
    pl.DataFrame(
        {"item_id": ["I1", "I2", "I3"], "domain": "A", "status": "scored", "key": "A", "options": "AB",
         "b": [9.0, 9.0, None], "scale_id": "old"}
    )
)  # fmt: skip
ROW = {"model": "2pl", "se": 0.1, "fixed": False, "n": 50, "scale_id": "base", "D": 1.7}


def parameters(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{**ROW, **row} for row in rows])


def test_parameters_of_a_calibration_are_anchors(tmp_path: Path) -> None:
    table = parameters(
        {"item_id": "I1", "parameter": "a", "estimate": 1.2},
        {"item_id": "I1", "parameter": "b", "estimate": -0.5},
        {"item_id": "I3", "parameter": "a", "estimate": 0.8},
        {"item_id": "I3", "parameter": "b", "estimate": 0.5},
        {"item_id": "Z9", "parameter": "b", "estimate": 0.0},
    )
    table.write_csv(tmp_path / "parameters.csv")
    anchors = read_anchors(tmp_path / "parameters.csv", BANK)
    assert anchors.scale == Scale("base", "2pl", 1.7)
    np.testing.assert_array_equal(
        anchors.parameters(), [[1.2, -0.5, 0.0], [np.nan, np.nan, np.nan], [0.8, 0.5, 0.0]]
    )
    assert anchors.items["key"].to_list() == ["A", "A", "A"]
    assert BANK.scale == Scale("old", "rasch", 1.0)


def test_an_items_file_is_taken_as_it_is(tmp_path: Path) -> None:
    BANK.items.write_csv(tmp_path / "items.csv")
    assert read_anchors(tmp_path / "items.csv", BANK).scale == BANK.scale


def test_anchors_without_a_scale_are_not_taken_for_those_of_the_bank(tmp_path: Path) -> None:
    BANK.items.drop("scale_id").write_csv(tmp_path / "items.csv")
    with pytest.raises(ScaleError, match="do not say which scale they are on; the bank is on 'old'"):
        read_anchors(tmp_path / "items.csv", BANK)
    nameless = ItemBank.from_frame(BANK.items.drop("scale_id"))
    assert read_anchors(tmp_path / "items.csv", nameless).scale == Scale("bank", "rasch", 1.0)


def test_mixed_scales_and_broken_tables_are_refused(tmp_path: Path) -> None:
    mixed = parameters(
        {"item_id": "I1", "parameter": "b", "estimate": 0.0},
        {"item_id": "I2", "parameter": "b", "estimate": 0.0, "D": 1.0},
    )
    mixed.write_csv(tmp_path / "mixed.csv")
    with pytest.raises(ScaleError, match="several scales"):
        read_anchors(tmp_path / "mixed.csv", BANK)
    mixed.drop("n").write_csv(tmp_path / "broken.csv")
    with pytest.raises(TableError, match="column 'n' is missing"):
        read_anchors(tmp_path / "broken.csv", BANK)
