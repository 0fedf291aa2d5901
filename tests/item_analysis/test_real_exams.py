"""The whole item analysis on real exams, against their reference figures."""

import polars as pl
import pytest

from ciip_irt.item_analysis import analyse_items


@pytest.fixture(scope="module")
def analysis(licensure):
    return analyse_items(licensure, raw_cut={"form1": 110})


def test_the_licensure_form(analysis):
    (row,) = analysis.form_summary.to_dicts()
    assert row["n_candidates"] == 1636
    assert (row["n_scored_items"], row["n_pilot_items"]) == (170, 30)
    assert row["mean"] == pytest.approx(123.3123, abs=1e-4)
    assert row["sd"] == pytest.approx(16.46914, abs=1e-5)
    assert (row["min"], row["max"]) == (54, 156)
    assert row["reliability"] == pytest.approx(0.8949515, abs=1e-7)
    assert row["reliability_type"] == "KR-20"
    assert row["sem"] == pytest.approx(5.337845, abs=1e-6)
    assert row["pass_rate"] == row["n_passed"] / 1636


def test_every_item_of_the_licensure_exam(analysis, shared):
    reference = pl.read_csv(shared / "realdata/licensure170/reference_classical_form1.csv")
    joined = analysis.pooled().join(reference, on="item_id", suffix="_reference")
    assert joined.height == 200
    scored = joined.filter(pl.col("status") == "scored")
    assert scored["p"].to_list() == pytest.approx(scored["p_reference"].to_list(), abs=1e-5)
    assert scored["r"].to_list() == pytest.approx(scored["pbis_rest"].to_list(), abs=1e-5)
    # The reference leaves five omitted pilot answers out; here an omitted pilot answer is wrong as well.
    pilots = joined.filter((pl.col("status") == "pilot") & (pl.col("omit_rate") == 0))
    assert pilots.height == 26
    assert pilots["r"].to_list() == pytest.approx(pilots["pbis_rest"].to_list(), abs=1e-5)
    seconds = joined["median_time_s"] - joined["median_time"]
    assert seconds.abs().max() <= 0.5  # zero seconds are no time here
    assert joined["omit_rate"].dot(joined["n"].cast(pl.Float64)) == pytest.approx(140)


def test_at_most_one_item_in_five_is_urgent(analysis):
    urgent = analysis.flags.filter(pl.col("severity") <= 2)["item_id"].n_unique()
    assert 0 < urgent <= 40
    assert analysis.flags["severity"].is_sorted()


def test_a_group_that_differs_on_a_third_of_the_items_is_told_as_such(analysis):
    assert any("55 of 180 items" in note and "India" in note for note in analysis.warnings)
    regional = analysis.flags.filter(
        (pl.col("flag") == "dif_class_c") & pl.col("seen").str.contains("region")
    )
    assert regional["severity"].min() == 4


def test_at_most_one_item_in_ten_is_above_housekeeping(analysis):
    above = analysis.flags.filter(pl.col("severity") <= 3)["item_id"].n_unique()
    assert 0 < above <= 20


def test_sat12_item_32_is_the_first_flag(sat12):
    analysis = analyse_items(sat12)
    first = analysis.flags.row(0, named=True)
    assert (first["item_id"], first["flag"], first["severity"]) == ("Item.32", "key_may_be_wrong", 1)
    assert first["seen"].startswith("44 % chose 3 and they scored higher (mean")
    assert "who chose the key 5" in first["seen"]
    assert analysis.form_summary["reliability"][0] == pytest.approx(0.79789, abs=1e-5)
