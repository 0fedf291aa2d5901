"""Forms whose candidates differ are populations of their own in a free calibration; slopes below zero."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import read_bank
from ciip_irt.calibration import calibrate
from ciip_irt.cli import main
from ciip_irt.responses import ScoredResponses, ingest, score
from ciip_irt.screening import Whole

CASES = Path(__file__).resolve().parents[1] / "cases"


def scored_case(folder: str, log: str) -> ScoredResponses:
    bank = read_bank(CASES / folder / "items.csv")
    read = ingest(CASES / folder / log, bank=bank)
    return score(read.responses, bank, candidates=read.candidates)


@pytest.fixture(scope="module")
def forms() -> ScoredResponses:
    return scored_case("free_groups", "log.csv.gz")


def gap(scored: ScoredResponses, b: np.ndarray) -> float:
    """How much harder the items of form B alone look than with a population for each form."""
    own = {form: set() for form in scored.form_ids}
    for block in scored.blocks:
        own[block.form_id] |= set(block.items.tolist())
    only = [sorted(own[form] - own[other]) for form, other in (("A", "B"), ("B", "A"))]
    return float(b[only[1]].mean() - b[only[0]].mean())


def test_forms_that_differ_are_populations_by_default(forms: ScoredResponses) -> None:
    found = calibrate(forms)
    (concern,) = found.concerns
    assert concern.whole == Whole.GROUPS
    assert "B is 1.0 logit weaker than A" in concern.seen
    assert "likelihood ratio 213.6 on 2 degrees" in concern.seen
    assert found.warnings[0] == str(concern)
    assert found.provenance.settings["groups"] == "form_id"
    told = calibrate(forms, groups="form_id")
    assert told.concerns == ()
    np.testing.assert_allclose(found.parameters_array, told.parameters_array)
    one = calibrate(forms, groups="none")
    assert one.concerns == ()
    assert one.provenance.settings["groups"] == "none"
    apart = gap(forms, one.parameters_array[:, 1]) - gap(forms, told.parameters_array[:, 1])
    assert apart == pytest.approx(0.43, abs=0.01)


def test_forms_of_like_candidates_stay_one_population() -> None:
    rng = np.random.default_rng(3)
    b, theta = np.linspace(-1.5, 1.5, 30), rng.normal(0, 1, 600)
    right = rng.random((600, 30)) < 1 / (1 + np.exp(b - theta[:, None]))
    rows = [
        (f"C{i}", "AB"[i % 2], f"Q{j:02}", "AB"[1 - right[i, j]])
        for i in range(600)
        for j in range(30)
        if (j >= 10) or (j % 2 == i % 2)
    ]
    columns = ["candidate_id", "form_id", "item_id", "response"]
    log = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        delivery_id="candidate_id", attempt=pl.lit("1"), status=pl.lit("answered")
    )  # fmt: skip
    items = pl.DataFrame(
        {"item_id": [f"Q{j:02}" for j in range(30)], "domain": "A", "status": "scored", "key": "A",
         "options": "AB"}
    )  # fmt: skip
    assert calibrate(score(log, items)).concerns == ()


def test_a_slope_below_zero_is_named_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CASES / "negative_slope"
    command = ["calibrate", str(folder / "log.csv"), "--items", str(folder / "items.csv"), "--model", "2pl"]
    assert main([*command, "--anchors", "none", "--fit-simulations", "0", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    (line,) = [line for line in said if "below zero" in line]
    assert "Q06 (a = -0.72, 95 % from -0.96 to -0.48)" in line
    assert said.index(line) == 2  # after the two lines of what was calibrated
    assert calibrate(scored_case("negative_slope", "log.csv"), "rasch").concerns == ()
