"""The table for accreditation, on the sample programme with known truth and on a real exam."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ciip_irt as ci
from ciip_irt.classical.internal_consistency import reliability
from ciip_irt.errors import InputError
from ciip_irt.scores.numbers.total_decisions import livingston_lewis
from ciip_irt.tables import read_csv

SAMPLES = Path(__file__).resolve().parents[2] / "data/samples"
STANDARD = -0.65
OTHER = "CIIP-1"
Parts = tuple[ci.ScoredResponses, ci.ItemAnalysis, ci.Calibration]


@pytest.fixture(scope="module")
def sample() -> Parts:
    bank = ci.read_bank(SAMPLES / "items.csv")
    log = ci.ingest([SAMPLES / "responses.parquet"], bank=bank, candidates=SAMPLES / "candidates.csv")
    eligible = ci.select_eligible(log.responses, log.candidates)
    scored = ci.score(eligible.responses, bank, candidates=eligible.candidates)
    return scored, ci.analyse_items(scored), ci.calibrate(scored, "rasch", anchors=bank)


@pytest.fixture(scope="module")
def table(sample: Parts) -> pl.DataFrame:
    return ci.accreditation_table(*sample, theta_cut=STANDARD).to_frame()


def test_the_cut_is_the_expected_score_of_the_bank(table: pl.DataFrame, sample: Parts) -> None:
    b = dict(read_csv(SAMPLES / "items.csv").select("item_id", pl.col("b").cast(pl.Float64)).iter_rows())
    seen = (
        pl.read_parquet(SAMPLES / "responses.parquet")
        .select("form_id", "item_id")
        .unique()
        .join(sample[0].items.filter(pl.col("status") == "scored").select("item_id"), on="item_id")
    )
    for row in table.iter_rows(named=True):
        difficulty = np.array(
            [b[item] for item in seen.filter(pl.col("form_id") == row["form_id"])["item_id"]]
        )
        p = 1 / (1 + np.exp(-(STANDARD - difficulty)))
        assert row["n_scored_items"] == len(difficulty) == 130
        assert row["expected_at_cut"] == pytest.approx(p.sum())
        assert row["cut"] == np.ceil(p.sum())
        assert row["csem_at_cut"] == pytest.approx(np.sqrt((p * (1 - p)).sum()))
        assert row["csem_theta"] == pytest.approx(1 / np.sqrt((p * (1 - p)).sum()))


def test_what_the_item_analysis_says_is_repeated(table: pl.DataFrame, sample: Parts) -> None:
    shared_columns = [
        "form_id", "n_candidates", "mean", "sd", "reliability", "reliability_type", "sem", "n_scored_items",
        "mean_p", "mean_r",
    ]  # fmt: skip
    assert table.select(shared_columns).equals(sample[1].form_summary.select(shared_columns))


def test_passing_and_dependability_against_the_truth(table: pl.DataFrame, sample: Parts) -> None:
    truth = pl.read_csv(SAMPLES / "truth_persons.csv").select("delivery_id", "theta")
    known = sample[0].deliveries.join(truth, on="delivery_id", how="left", maintain_order="left")
    right = n = 0
    for row in table.iter_rows(named=True):
        own = known.filter(pl.col("form_id") == row["form_id"])
        passed = (own["total"] >= row["cut"]).to_numpy()
        assert row["pass_rate"] == pytest.approx(passed.mean())
        right += int((passed == (own["theta"] >= STANDARD).to_numpy()).sum())
        n += own.height
        assert 0.8 < row["decision_consistency"] < row["decision_accuracy"] < 1
        assert 0.3 < row["kappa"] < 0.9
    assert n == 600
    accuracy = float(
        np.average(table["decision_accuracy"].to_numpy(), weights=table["n_candidates"].to_numpy())
    )
    # three standard errors of a share of 600, and leaked items, guessing and rushing that no model knows
    assert accuracy == pytest.approx(right / n, abs=0.04)


@pytest.fixture(scope="module")
def by_raw_cut(sample: Parts, table: pl.DataFrame) -> ci.ItemAnalysis:
    """The analysis with the forms' cuts as raw scores, but for CIIP-1, which gets another one."""
    return ci.analyse_items(
        sample[0], raw_cut=dict(table.select("form_id", "cut").iter_rows()) | {OTHER: 60.0}
    )


def test_the_same_cut_given_as_a_raw_score(
    table: pl.DataFrame, sample: Parts, by_raw_cut: ci.ItemAnalysis
) -> None:
    scored, _, calibration = sample
    same = pl.col("form_id") != OTHER
    table = table.filter(same)
    by_raw = ci.accreditation_table(scored, by_raw_cut, calibration).table.filter(same)
    assert by_raw.height == table.height > 1
    assert by_raw["pass_rate"].to_list() == table["pass_rate"].to_list()
    assert by_raw["pass_rate"].to_list() == by_raw_cut.form_summary.filter(same)["pass_rate"].to_list()
    assert by_raw["expected_at_cut"].null_count() == by_raw.height
    assert by_raw["theta_cut"].to_list() == pytest.approx([STANDARD] * by_raw.height, abs=0.06)
    by_totals = ci.accreditation_table(scored, by_raw_cut).table.filter(same)
    assert set(by_totals["decision_method"]) == {"livingston_lewis"}
    assert by_totals["csem_at_cut"].null_count() == by_totals.height
    for name in ("decision_accuracy", "decision_consistency"):
        np.testing.assert_allclose(by_totals[name].to_numpy(), by_raw[name].to_numpy(), atol=0.02)


def test_another_cut_of_the_item_analysis_is_told(sample: Parts, by_raw_cut: ci.ItemAnalysis) -> None:
    scored, _, calibration = sample
    found = ci.accreditation_table(scored, by_raw_cut, calibration, theta_cut=STANDARD).table
    remark = found.row(by_predicate=pl.col("form_id") == OTHER, named=True)
    assert "The item analysis was given a cut of 60." in remark["remarks"]


def test_an_item_without_parameters_is_counted_as_seen(table: pl.DataFrame, sample: Parts) -> None:
    scored, analysis, calibration = sample
    lost = scored.items.filter(pl.col("status") == "scored")["item_id"][0]
    parameters = calibration.parameters_array.copy()
    place = calibration.item_ids.index(lost)
    modelled = 1 / (1 + np.exp(-(STANDARD - parameters[place, 1])))
    parameters[place] = np.nan
    partial = ci.accreditation_table(
        scored, analysis, replace(calibration, parameters_array=parameters), theta_cut=STANDARD
    ).table
    for row, whole in zip(partial.iter_rows(named=True), table.iter_rows(named=True), strict=True):
        p = analysis.item_statistics.filter(
            (pl.col("item_id") == lost) & (pl.col("form_id") == row["form_id"])
        )
        if p.height:
            assert f"1 item without parameters ({lost})" in row["remarks"]
            assert row["expected_at_cut"] == pytest.approx(whole["expected_at_cut"] - modelled + p["p"][0])
            assert row["decision_accuracy"] == pytest.approx(whole["decision_accuracy"], abs=0.02)
        else:
            assert row == whole


def small_programme(answers: np.ndarray, *, status: str = "scored") -> tuple[pl.DataFrame, ci.ItemBank]:
    n, n_items = answers.shape
    ids = [f"I{j}" for j in range(n_items)]
    items = pl.DataFrame({"item_id": ids, "status": status, "domain": "A", "key": "A", "options": "AB"})
    rows = [
        (f"d{i}", f"d{i}", "1", "F", ids[j], "A" if answers[i, j] else "B", "answered")
        for i in range(n)
        for j in range(n_items)
    ]
    names = ["candidate_id", "delivery_id", "attempt", "form_id", "item_id", "response", "status"]
    return pl.DataFrame(rows, schema=names, orient="row"), ci.ItemBank.from_frame(items)


def test_deliveries_with_other_items_and_few_candidates_are_said() -> None:
    rng = np.random.default_rng(0)
    p = 1 / (1 + np.exp(-(rng.normal(size=(60, 1)) - rng.normal(size=20))))
    log, bank = small_programme(rng.random(p.shape) < p)
    short = pl.col("delivery_id").is_in([f"d{i}" for i in range(8)]) & (pl.col("item_id") == "I3")
    scored = ci.score(log.filter(~short), bank)
    (row,) = ci.accreditation_table(
        scored, ci.analyse_items(scored), ci.calibrate(scored, "rasch"), theta_cut=0.0
    ).table.to_dicts()
    assert "8 deliveries had other scored items; the cut is that of the usual 20." in row["remarks"]
    assert "Only 60 candidates" in row["remarks"]
    assert 0.5 < row["decision_consistency"] < row["decision_accuracy"] < 1


def test_a_form_of_pilots_has_no_decisions() -> None:
    log, bank = small_programme(np.random.default_rng(1).random((30, 6)) < 0.6, status="pilot")
    scored = ci.score(log, bank)
    (row,) = ci.accreditation_table(scored, ci.analyse_items(scored, raw_cut={"F": 3})).table.to_dicts()
    assert row["decision_method"] is None
    assert "Without a reliability" in row["remarks"]


def test_what_does_not_belong_together(sample: Parts) -> None:
    scored, analysis, calibration = sample
    few = replace(analysis, form_summary=analysis.form_summary.head(1))
    strange = replace(calibration, item_ids=tuple(f"x{item}" for item in calibration.item_ids))
    with pytest.raises(InputError, match=r"other deliveries(.|\n)*lacks items"):
        ci.accreditation_table(scored, few, strange, theta_cut=STANDARD)
    with pytest.raises(InputError, match="needs a calibration"):
        ci.accreditation_table(scored, analysis, theta_cut=STANDARD)


def test_no_cut_at_all(sample: Parts) -> None:
    bare = ci.accreditation_table(*sample[:2]).table
    assert bare["pass_rate"].null_count() == bare.height
    assert all("No cut is known" in remark for remark in bare["remarks"])


def test_a_calibration_that_did_not_converge_is_said(sample: Parts) -> None:
    scored, analysis, calibration = sample
    table = ci.accreditation_table(
        scored, analysis, replace(calibration, converged=False), theta_cut=STANDARD
    ).table
    assert all("did not converge" in remark for remark in table["remarks"])


@pytest.fixture(scope="module")
def licensure(shared: Path) -> ci.ScoredResponses:
    folder = shared / "realdata/licensure170"
    items = read_csv(folder / "form1_key.csv").select(
        "item_id", "status", "key", domain=pl.lit("A"), options=pl.lit("1234")
    )
    log = read_csv(folder / "form1_log_long.csv.gz").select(
        "candidate_id", "attempt", "form_id", "item_id", "response",
        delivery_id="candidate_id",
        status=pl.when(pl.col("response").is_null()).then(pl.lit("omitted")).otherwise(pl.lit("answered")),
    )  # fmt: skip
    return ci.score(log, ci.ItemBank.from_frame(items))


def test_the_licensure_exam(licensure: ci.ScoredResponses) -> None:
    analysis = ci.analyse_items(licensure, raw_cut={"form1": 110})
    (row,) = ci.accreditation_table(licensure, analysis, ci.calibrate(licensure, "rasch")).table.to_dicts()
    assert (row["n_candidates"], row["n_scored_items"], row["cut"]) == (1636, 170, 110)
    assert row["mean"] == pytest.approx(123.3123, abs=1e-4)
    assert row["sem"] == pytest.approx(5.337845, abs=1e-6)
    assert row["pass_rate"] == pytest.approx(float((licensure.totals >= 110).mean()))
    assert 5.0 < row["csem_at_cut"] < 6.0
    classical = livingston_lewis(licensure.totals, row["reliability"], 110, maximum=170)
    assert row["decision_consistency"] == pytest.approx(classical.consistency, abs=0.02)
    assert row["decision_accuracy"] == pytest.approx(classical.accuracy, abs=0.02)
    # more of them are far below the others than a normal population has
    assert row["remarks"].startswith("The totals are not those of a normal population")
    assert row["population"] == "histogram"
    assert row["expected_pass_rate"] == pytest.approx(row["pass_rate"], abs=0.02)


def test_half_against_half(licensure: ci.ScoredResponses) -> None:
    """Two halves of the real exam decide alike as often as either half's own figures predict."""
    scores = np.concatenate([block.scores[:, block.is_scored] for block in licensure.blocks])
    first, second = scores[:, ::2].sum(axis=1), scores[:, 1::2].sum(axis=1)
    cut = 60
    shift = round(float(first.mean() - second.mean()))
    observed = ((first >= cut) == (second >= cut - shift)).mean()
    alpha = reliability(np.ascontiguousarray(scores[:, ::2])).alpha
    predicted = livingston_lewis(first, alpha, cut, maximum=85).consistency
    assert predicted == pytest.approx(observed, abs=0.02)
