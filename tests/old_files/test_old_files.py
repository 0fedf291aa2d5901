"""Whoever has files of an earlier version goes on with them: today's code reads every one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ciip_irt import tables
from ciip_irt.bank import read_bank
from ciip_irt.blueprint import load_blueprint
from ciip_irt.cli import main
from ciip_irt.job.exam import load_exam
from ciip_irt.pilots import load_policy, read_decisions
from ciip_irt.scores.tables import load_scale
from ciip_irt.tables import Table, read_table

FOLDER = Path(__file__).parent / "0.1.0"

FILES: dict[str, Table] = {
    "bank/ledger.csv": tables.LEDGER,
    "calibration-1/parameters.csv": tables.ITEM_PARAMETERS,
    "ingested/candidates.csv": tables.CANDIDATES,
    "ingested/exclusions.csv": tables.EXCLUSIONS,
    "ingested/quarantine.csv": tables.QUARANTINE,
    "ingested/responses.parquet": tables.RESPONSES,
    "items.csv": tables.ITEMS,
    "results/dif.csv": tables.DIF,
    "results/exclusions.csv": tables.EXCLUSIONS,
    "results/flags.csv": tables.ITEM_FLAGS,
    "results/forms.csv": tables.FORMS,
    "results/item_statistics.csv": tables.ITEM_STATISTICS,
    "results/items_proposed.csv": tables.ITEMS,
    "results/option_statistics.csv": tables.OPTION_STATISTICS,
    "results/parameters.csv": tables.ITEM_PARAMETERS,
    "results/pilot_decisions.csv": tables.PILOT_DECISIONS,
    "results/quarantine.csv": tables.QUARANTINE,
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy that commands may write into."""
    return Path(shutil.copytree(FOLDER, tmp_path / "old"))


@pytest.fixture
def said(
    old: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """``said(*arguments, code=0)``: what a command that runs in the old folder prints."""
    monkeypatch.chdir(old)

    def call(*arguments: str, code: int = 0) -> str:
        done = main(list(arguments))
        captured = capsys.readouterr()
        assert done == code, captured.err
        return captured.err if code == 2 else captured.out

    return call


@pytest.mark.parametrize("name", FILES)
def test_a_table_keeps_its_contract(name: str) -> None:
    frame = read_table(FOLDER / name, FILES[name])
    assert (
        frame.height
        == (pl.read_parquet(FOLDER / name) if name.endswith("parquet") else pl.read_csv(FOLDER / name)).height
    )
    assert {column.name for column in FILES[name].columns if column.required} <= set(frame.columns)


def test_the_report_of_an_old_folder(old: Path, said: Callable[..., str]) -> None:
    said("report", "results")
    pages = {page.name: page.read_text("utf-8") for page in (old / "results" / "report").rglob("*.html")}
    every = "".join(pages.values())
    for sentence in json.loads((FOLDER / "results" / "run.json").read_text("utf-8"))["sentences"][:2]:
        assert sentence in pages["index.html"]
    for item in read_bank(FOLDER / "items.csv").items.filter(pl.col("status") == "pilot")["item_id"]:
        assert item in every, item
    assert "Key looked up" not in every, "the sheet that was proposed is shown, not the one that was signed"


@pytest.mark.parametrize("sheet", ["signed.xlsx", "signed.csv"])
def test_a_signed_sheet_enters_the_bank(old: Path, said: Callable[..., str], sheet: str) -> None:
    given = ["--items", "items.csv", "--evidence", "results", "--by", "C. Hair", "--date", "2026-03-01"]
    said("promote", sheet, *given, "--out", "new")
    new, then = (read_bank(old / name / "items.csv").items for name in ("new", "bank"))
    kept = ["item_id", "status", "model", "a", "b", "se_b", "scale_id", "key"]
    assert new.select(kept).equals(then.select(kept))
    ledger = [read_table(old / name / "ledger.csv", tables.LEDGER) for name in ("new", "bank")]
    kept = ["date", "item_id", "status_before", "status_after", "decision", "override", "n", "by", "evidence"]
    assert ledger[0].select(kept).equals(ledger[1].select(kept))


def test_an_old_ledger_still_refuses_the_same_sheet(said: Callable[..., str]) -> None:
    given = ["--items", "bank/items.csv", "--evidence", "results", "--by", "C. Hair", "--date", "2026-04-01"]
    assert "bank/ledger.csv:2" in said("promote", "signed.xlsx", *given, "--out", "bank", code=2)


def test_a_sheet_says_who_decided_what() -> None:
    signed = read_decisions(FOLDER / "signed.xlsx")
    assert signed.equals(read_decisions(FOLDER / "signed.csv"))
    overrides = signed.filter(pl.col("override").is_not_null())
    assert dict(overrides.select("item_id", "override").iter_rows()) == {"C068": "retire", "F093": "promote"}


def test_two_old_calibrations_are_linked(old: Path, said: Callable[..., str]) -> None:
    # 0.1.0 dropped what was displaced whatever its error
    both = ("calibration-2/parameters.csv", "calibration-1/parameters.csv")
    said("link", *both, "--certainty", "0", "--out", "new")
    new, then = (json.loads((old / name / "link.json").read_text("utf-8")) for name in ("new", "linked"))
    assert new["A"] == pytest.approx(then["A"], abs=1e-6)
    assert new["B"] == pytest.approx(then["B"], abs=1e-6)
    assert new["dropped"] == then["dropped"]
    moved = [read_table(old / n / "linked_parameters.csv", tables.ITEM_PARAMETERS) for n in ("new", "linked")]
    assert moved[0]["estimate"].to_numpy() == pytest.approx(moved[1]["estimate"].to_numpy(), abs=1e-6)


def test_old_forms_are_checked(said: Callable[..., str]) -> None:
    given = ["--items", "items.csv", "--blueprint", "blueprint.toml", "--theta-cut", "-0.65"]
    assert "2 forms conform" in said("check", "results/forms.csv", *given)
    # The plan is for the next sitting, so the forms of this one lack a pilot that it names.
    assert "(F095)" in said(
        "check", "results/forms.csv", *given, "--pilot-plan", "plan/pilot_plan.csv", code=1
    )


def test_an_old_plan_fills_new_forms(old: Path, said: Callable[..., str]) -> None:
    given = ["--items", "bank/items.csv", "--blueprint", "blueprint.toml", "--theta-cut", "-0.65"]
    plan = ["--pilot-plan", "plan/pilot_plan.csv", "--item-times", "results/item_times.csv"]
    said("assemble", *given, *plan, "--forms", "2", "--earlier", "results/forms.csv", "--out", "new")
    forms = pl.read_csv(old / "new" / "forms.csv").filter(pl.col("role") == "pilot")
    planned = pl.read_csv(old / "plan" / "pilot_plan.csv")
    assert set(forms["item_id"]) == set(planned["item_id"])
    assert forms["item_id"].n_unique() == planned["item_id"].n_unique()


def test_an_old_ingested_log_is_analysed(old: Path, said: Callable[..., str]) -> None:
    log = ["ingested/responses.parquet", "--candidates", "ingested/candidates.csv", "--items", "items.csv"]
    said("analyse", *log, "--out", "new")
    new, then = (
        pl.read_csv(old / n / "item_statistics.csv").sort("item_id", "form_id") for n in ("new", "results")
    )
    for column in ("n", "p"):
        assert new[column].to_numpy() == pytest.approx(then[column].to_numpy(), abs=1e-6, nan_ok=True)


EXAMS = {"exam.toml": "Two domains 2025 (simulated)", "settings/exam.toml": "CIIP 2025 (simulated)"}


@pytest.mark.parametrize("name", EXAMS)
def test_an_old_exam_file_is_read(old: Path, name: str) -> None:
    for file in ("responses.parquet", "candidates.csv"):
        shutil.copy(old / "ingested" / file, old / "settings" / file)
    assert load_exam(old / name).name == EXAMS[name]


def test_old_settings_files_are_read(said: Callable[..., str]) -> None:
    settings = FOLDER / "settings"
    scale = load_scale(settings / "scale.toml")
    assert (scale.at_cut, scale.at_maximum, scale.decimals, scale.passing) == (74.5, 99.0, 0, 75.0)
    assert load_policy(settings / "policy.toml").name == "of-our-own"
    blueprint = load_blueprint(settings / "blueprint.toml")
    assert blueprint.counts == (3, 5, 4)
    said(
        "check",
        "settings/form.csv",
        "--items",
        "settings/items.csv",
        "--blueprint",
        "settings/blueprint.toml",
    )


def test_an_old_mapping_reads_a_spreadsheet(old: Path, said: Callable[..., str]) -> None:
    sheet = ["spreadsheet/answers.csv", "--mapping", "spreadsheet/mapping.toml"]
    said("ingest", *sheet, "--items", "spreadsheet/items.csv", "--out", "new")
    counts = json.loads((old / "new" / "ingest.json").read_text("utf-8"))["total"]
    assert counts["rows_kept"] == counts["rows_read"] - counts["rows_quarantined"] - counts["rows_excluded"]
    assert pl.read_parquet(old / "new" / "responses.parquet")["candidate_id"].n_unique() == 12
