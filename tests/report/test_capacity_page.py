"""The page on what the bank supports, from the files of ``bank capacity``."""

from pathlib import Path

import polars as pl

from ciip_irt.cli import main
from ciip_irt.report.write import write_report

ITEM_BANK = Path(__file__).resolve().parents[2] / "docs" / "examples" / "item-bank"


def test_the_page_says_what_the_command_says(tmp_path: Path) -> None:
    items, blueprint = ITEM_BANK / "bank" / "items.csv", ITEM_BANK / "blueprint.toml"
    asked = ["--items", str(items), "--blueprint", str(blueprint), "--max-overlap", "0", "--no-build"]
    assert main(["bank", "capacity", *asked, "--out", str(tmp_path)]) == 0
    write_report(tmp_path)
    page = (tmp_path / "report" / "capacity.html").read_text("utf-8")
    assert "The bank supports 3 forms that share no scored item: no set of 4 exists." in page
    writing = pl.read_csv(tmp_path / "writing_assignment.csv")
    for (forms,), part in writing.group_by("forms"):
        assert f"For {forms} forms: {part['write'].sum()} items" in page
    for name in pl.read_csv(tmp_path / "capacity.csv").filter(what="domain")["name"]:
        assert name in page
