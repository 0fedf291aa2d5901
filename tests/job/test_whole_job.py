"""The whole job on the sample programme, through the front door."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ciip_irt import tables
from ciip_irt.cli import main
from ciip_irt.job.exam import load_exam
from ciip_irt.job.run import run_job
from ciip_irt.tables import Table, read_table

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "data" / "samples"
SMALL = PROJECT / "tests" / "old_files" / "0.1.0"
"""A small programme with its exam file, for what must run again."""

CONTRACT: dict[str, Table] = {
    "exclusions.csv": tables.EXCLUSIONS,
    "quarantine.csv": tables.QUARANTINE,
    "item_statistics.csv": tables.ITEM_STATISTICS,
    "option_statistics.csv": tables.OPTION_STATISTICS,
    "flags.csv": tables.ITEM_FLAGS,
    "dif.csv": tables.DIF,
    "parameters.csv": tables.ITEM_PARAMETERS,
    "pilot_decisions.csv": tables.PILOT_DECISIONS,
    "forms.csv": tables.FORMS,
    "items_proposed.csv": tables.ITEMS,
    "responses.parquet": tables.RESPONSES,
    "candidates.csv": tables.CANDIDATES,
}
OTHERS = (
    "ingest.json", "form_summary.csv", "option_quantiles.csv", "population.csv", "fit.csv", "abilities.csv",
    "model_fit.csv", "local_dependence.csv", "person_fit.csv",
    "calibration.json", "observed_proportions.csv", "pilot_evidence.csv", "achieved.csv", "assembly.json",
    "exposure.csv", "findings.csv", "curves.csv", "accreditation.csv", "analysis.json",
    "pilot_review.json", "record.json", "run.json", "run_times.json", "ledger_proposed.csv",
    "bank_needs.csv", "pilot_decisions.xlsx", "pilot_parameters.csv",
    "report/index.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder of results, and what was said on standard output and on standard error."""
    folder = tmp_path_factory.mktemp("job") / "out"
    said, warned = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(warned):
        assert main(["run", str(SAMPLES / "exam.toml"), "--out", str(folder)]) == 0
    return folder, said.getvalue(), warned.getvalue()


@pytest.fixture(scope="module")
def out(done: tuple[Path, str, str]) -> Path:
    return done[0]


@pytest.mark.parametrize("name", CONTRACT)
def test_files_keep_their_contract(out: Path, name: str) -> None:
    frame = read_table(out / name, CONTRACT[name])
    required = [column.name for column in CONTRACT[name].columns if column.required]
    assert set(required) <= set(frame.columns)


@pytest.mark.parametrize("name", OTHERS)
def test_every_file_is_there(out: Path, name: str) -> None:
    assert (out / name).stat().st_size > 0


def test_nothing_half_written_is_left(out: Path) -> None:
    assert not list(out.rglob("*.partial"))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run_times.json"
    }


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """In two processes whose sets and dictionaries are in different orders, with one thread and with two."""
    for seed, name in enumerate(("once", "again"), start=1):
        subprocess.run(
            [sys.executable, "-m", "ciip_irt", "run", SMALL / "exam.toml", "--out", tmp_path / name],
            env=os.environ | {"PYTHONHASHSEED": str(seed), "OPENBLAS_NUM_THREADS": str(seed)},
            cwd=PROJECT,
            capture_output=True,
            check=True,
        )
    once = digests(tmp_path / "once")
    assert len(once) > len(CONTRACT) + len(OTHERS)
    assert once == digests(tmp_path / "again")


def test_counts_add_up_from_log_to_matrix(out: Path) -> None:
    counts = json.loads((out / "ingest.json").read_text(encoding="utf-8"))
    total = counts["total"]
    assert total["rows_read"] == total["rows_kept"] + total["rows_quarantined"] + total["rows_excluded"]
    excluded = pl.read_csv(out / "exclusions.csv")
    responses = pl.read_parquet(out / "responses.parquet")
    assert responses.height == total["rows_kept"]
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    left_out = responses.filter(pl.col("delivery_id").is_in(excluded["delivery_id"].implode())).height
    assert run["provenance"]["n_responses"] == total["rows_kept"] - left_out


def test_forms_have_the_blueprint_counts(out: Path) -> None:
    forms = pl.read_csv(out / "forms.csv")
    scored = (
        forms.filter(pl.col("role") == "scored").group_by("form_id", "domain").len().sort("form_id", "domain")
    )
    counts = [5, 7, 16, 7, 5, 23, 16, 20, 13, 18]
    assert scored["len"].to_list() == counts * 3
    assert forms.filter(pl.col("role") == "pilot").group_by("form_id").len()["len"].to_list() == [40] * 3
    assert pl.read_csv(out / "findings.csv").filter(pl.col("severity") == "error").is_empty()


def test_no_item_with_a_grave_flag_stands_in_a_form(out: Path) -> None:
    forms = pl.read_csv(out / "forms.csv")
    grave = pl.read_csv(out / "flags.csv").filter(pl.col("severity") <= 2)
    drifted = pl.read_csv(out / "anchors.csv").filter(pl.col("decision") == "dropped")
    assert {"F058", "J052"} <= set(grave["item_id"])
    assert not set(forms["item_id"]) & {*grave["item_id"], *drifted["item_id"]}
    warnings = json.loads((out / "assembly.json").read_text(encoding="utf-8"))["warnings"]
    assert any("held out of the forms for open flags" in words for words in warnings)


def test_pass_rates_agree_between_tables(out: Path) -> None:
    summary = pl.read_csv(out / "form_summary.csv").sort("form_id")
    accreditation = pl.read_csv(out / "accreditation.csv").sort("form_id")
    assert summary["cut"].to_list() == accreditation["cut"].to_list()
    assert summary["pass_rate"].to_list() == accreditation["pass_rate"].to_list()
    assert summary["pass_rate"].is_between(0.7, 0.95).all()


def test_no_candidate_is_named_in_the_report(out: Path) -> None:
    candidates = set(pl.read_csv(out / "candidates.csv")["candidate_id"])
    for page in (out / "report").rglob("*.html"):
        words = set(
            page.read_text(encoding="utf-8").replace("<", " ").replace(">", " ").replace('"', " ").split()
        )
        assert not words & candidates, page.name


def test_progress_is_silent_in_a_pipe(done: tuple[Path, str, str]) -> None:
    _, said, warned = done
    assert warned == ""
    assert said.splitlines()[-1].startswith("Report: ")


def test_planted_wrong_keys_are_never_promoted(out: Path) -> None:
    truth = pl.read_csv(SAMPLES / "truth.csv", infer_schema_length=None)
    wrong = truth.filter((pl.col("flaw") == "wrong_key") & (pl.col("status") == "pilot"))
    decided = pl.read_csv(out / "pilot_decisions.csv", infer_schema_length=None).join(wrong, on="item_id")
    assert decided.height >= 4
    assert "promote" not in decided["decision"].to_list()


def test_need_is_information_beside_the_decision(out: Path) -> None:
    sheet = read_table(out / "pilot_decisions.csv", tables.PILOT_DECISIONS)
    assert sheet["need"].str.contains("The bank lacks such items|Plenty of these in the bank").all()
    assert all(reasons.endswith(need) for reasons, need in sheet.select("reasons", "need").iter_rows())
    needs = pl.read_csv(out / "bank_needs.csv")
    assert needs.filter(band="all")["wanted"].sum() >= 130
    xlsx = read_table(out / "pilot_decisions.xlsx", tables.PILOT_DECISIONS)
    assert xlsx.equals(sheet)


class TestExamFiles:
    def written(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "exam.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_everything_wrong_at_once(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = '[exam]\nname = 5\n[respones]\nfiles = ["a.csv"]\n[items]\nfile = "items.csv"\nformt = "x"\n'
        assert main(["run", str(self.written(tmp_path, text)), "--out", str(tmp_path / "out")]) == 2
        said = capsys.readouterr().err
        for expected in (
            "Did you mean 'responses'?",
            ":2: [exam] name: must be text, not 5",
            ":7: [items] formt: unknown key",
            "[responses] files: is missing",
        ):
            assert expected in said
        assert "[blueprint]" not in said, "without one no forms are assembled"
        assert not (tmp_path / "out").exists()

    def test_files_that_are_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = (SAMPLES / "exam.toml").read_text(encoding="utf-8")
        assert main(["run", str(self.written(tmp_path, text)), "--out", str(tmp_path / "out")]) == 2
        said = capsys.readouterr().err
        for name in ("responses.parquet", "candidates.csv", "items.csv"):
            assert f"'{name}'" in said

    def test_not_toml(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run", str(self.written(tmp_path, "name = = 3"))]) == 2
        assert "not valid TOML" in capsys.readouterr().err


def test_an_uncalibrated_bank_takes_the_free_calibration(tmp_path: Path) -> None:
    items = pl.read_csv(SMALL / "items.csv", infer_schema=False)
    for name in ("a", "b", "c", "D", "se_b", "scale_id", "model"):
        items = items.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    items.write_csv(tmp_path / "items.csv")
    exam = (SMALL / "exam.toml").read_text(encoding="utf-8").replace('anchors = "bank"', 'anchors = "none"')
    for name in ("ingested/responses.parquet", "ingested/candidates.csv", "blueprint.toml"):
        assert f'"{name}"' in exam
        exam = exam.replace(f'"{name}"', json.dumps(str(SMALL / name)))
    exam = exam.replace("forms = 2", "forms = 1").replace("theta_cut = -0.65", "theta_cut = -0.7")
    (tmp_path / "exam.toml").write_text(exam, encoding="utf-8")
    result = run_job(load_exam(tmp_path / "exam.toml"))
    assert result.proposed_bank.scale == result.calibration.scale
    assert result.calibration.fixed.sum() == 0
    assert result.assembly.forms["form_id"].n_unique() == 1
