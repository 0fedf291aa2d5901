"""``ciip-irt bank capacity``, from the command line."""

import json
from pathlib import Path

import polars as pl

from ciip_irt.cli import main

ITEMS = Path(__file__).resolve().parents[2] / "docs" / "examples" / "item-bank"


def test_capacity_of_the_example_bank(tmp_path: Path, capsys) -> None:
    where = ["--items", str(ITEMS / "bank" / "items.csv"), "--blueprint", str(ITEMS / "blueprint.toml")]
    assert main(["bank", "capacity", *where, "--max-overlap", "0", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("The bank supports ")
    assert "built and checked." in told
    cells = pl.read_csv(tmp_path / "capacity.csv")
    assert cells["runs_out"].to_list() == list(range(1, cells.height + 1))
    assert pl.read_csv(tmp_path / "writing_assignment.csv")["write"].min() >= 1
    answer = json.loads((tmp_path / "capacity.json").read_text())
    assert answer["summary"] == told.splitlines()
    assert answer["disjoint_forms"] == answer["supported_forms"] == answer["built_forms"]


def test_a_bank_without_a_form(tmp_path: Path, capsys) -> None:
    few = pl.read_csv(ITEMS / "bank" / "items.csv").filter(pl.col("domain") != "Procurement")
    few.write_csv(tmp_path / "few.csv")
    where = ["--items", str(tmp_path / "few.csv"), "--blueprint", str(ITEMS / "blueprint.toml")]
    assert main(["bank", "capacity", *where, "--out", str(tmp_path / "out")]) == 1
    assert "does not support one form" in capsys.readouterr().out
    assert (tmp_path / "out" / "shortages.csv").exists()
