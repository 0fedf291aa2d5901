"""The whole job on a real licensure exam: 1,636 candidates, 170 scored items, three rotating pilot blocks."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.job.exam import load_exam
from ciip_irt.job.result import JobResult
from ciip_irt.job.run import run_job

PROJECT = Path(__file__).resolve().parents[2]

EXAM = """
[exam]
name = "licensure170"
[responses]
files = [{log}]
mapping = {mapping}
[items]
file = "items.csv"
[eligibility]
attempts = "all"
[calibration]
model = "rasch"
anchors = "none"
[blueprint]
file = "practice.toml"
[assembly]
n_forms = 2
theta_cut = -0.5
"""

BLUEPRINT = """
name = "practice"
outline = "1"
effective = "2015"
length = 80
pilot_slots = 10

[domains.A]
name = "All content"
count = 80

[difficulty]
theta_cut = -0.5

[difficulty.mean_b]
tolerance = 0.05

[difficulty.expected_score_at_cut]
tolerance = 0.2
"""


@pytest.fixture(scope="module")
def result(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> JobResult:
    data = shared.resolve() / "realdata" / "licensure170"
    folder = tmp_path_factory.mktemp("licensure")
    key = pl.read_csv(data / "form1_key.csv", infer_schema=False)
    key.select("item_id", "status", "key", domain=pl.lit("A"), options=pl.lit("1234")).write_csv(
        folder / "items.csv"
    )
    (folder / "practice.toml").write_text(BLUEPRINT)
    log, mapping = data / "form1_vendor_wide.csv.gz", PROJECT / "docs" / "examples" / "licensure170.toml"
    exam = EXAM.format(log=json.dumps(str(log)), mapping=json.dumps(str(mapping)))
    (folder / "exam.toml").write_text(exam)
    return run_job(load_exam(folder / "exam.toml"))


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "realdata" / "licensure170"


def test_every_row_is_accounted_for(result: JobResult) -> None:
    total = result.read.counts["total"]
    assert total["rows_read"] == 294_480
    assert total["rows_kept"] + total["rows_quarantined"] + total["rows_excluded"] == 294_480
    assert total["rows_kept"] == 294_480
    assert result.read.counts["by_status"]["omitted"] == 140
    assert result.scored.provenance.n_responses == 294_480


def test_totals(result: JobResult) -> None:
    totals = result.scored.totals
    assert len(totals) == 1636
    assert totals.mean() == pytest.approx(123.3123, abs=5e-5)
    assert totals.std(ddof=1) == pytest.approx(16.46914, abs=5e-6)
    form = result.analysis.form_summary.row(0, named=True)
    assert form["reliability_type"] == "KR-20"
    assert form["reliability"] == pytest.approx(0.8949515, abs=5e-8)
    assert form["sem"] == pytest.approx(5.337845, abs=5e-7)


def test_attempts_stay_as_they_came(result: JobResult) -> None:
    counts = dict(result.scored.deliveries["attempt"].value_counts().iter_rows())
    assert counts == {"0": 1, "1": 1167, "2": 207, "3": 106, "4": 48, "4+": 107}


def test_p_and_r_of_all_scored_items(result: JobResult, data: Path) -> None:
    reference = pl.read_csv(data / "reference_classical_form1.csv")
    ours = (
        result.analysis.pooled()
        .filter(pl.col("status") == "scored")
        .join(reference, on="item_id", suffix="_reference")
    )
    assert ours.height == 170
    assert (ours["p"] - ours["p_reference"]).abs().max() < 1e-4  # type: ignore[operator]
    assert (ours["r"] - ours["pbis_rest"]).abs().max() < 1e-4  # type: ignore[operator]


def test_rasch_difficulties_agree_with_conditional_likelihood(result: JobResult, data: Path) -> None:
    reference = pl.read_csv(data / "reference_rasch_cml_eRm_form1.csv")
    both = result.calibration.wide().join(reference, on="item_id")
    assert both.height == 170
    ours, theirs = both["b"].to_numpy(), both["beta"].to_numpy()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999
    apart = np.abs((ours - ours.mean()) - (theirs - theirs.mean()))
    assert (apart < 0.02).mean() >= 0.95
    assert result.calibration.converged


def test_pilots_are_reviewed_and_never_counted(result: JobResult) -> None:
    assert (result.scored.deliveries["n_scored"] == 170).all()
    assert (result.scored.deliveries["n_pilot"] == 10).all()
    decisions = result.review.decisions
    assert decisions.height == 30
    counted = {302, 611, 723}  # by block of pilots; an answer too fast to have been read does not count
    assert all(min(n_block - n for n_block in counted if n_block >= n) <= 1 for n in decisions["n"])


def test_forms_conform_and_say_what_is_missing(result: JobResult) -> None:
    assert result.is_yes
    assert not [finding for finding in result.findings if finding.severity == "error"]
    scored = result.assembly.forms.filter(pl.col("role") == "scored")
    assert scored.group_by("form_id").len()["len"].to_list() == [80, 80]
    waiting = result.proposed_bank.items["status"].to_list().count("pilot")
    assert waiting < 10
    assert any("Pilot slots stay empty" in warning for warning in result.warnings)
