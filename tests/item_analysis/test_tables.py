"""The tables: contracts, identities, pooling, missing answers, few candidates."""

from dataclasses import FrozenInstanceError

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ciip_irt.classical.dif import dif_sums, dif_tables, mantel_haenszel
from ciip_irt.errors import InputError
from ciip_irt.item_analysis import analyse_items
from ciip_irt.responses import ScoringRules
from ciip_irt.tables import DIF, ITEM_FLAGS, ITEM_STATISTICS, OPTION_STATISTICS


@pytest.fixture
def analysis(make, simulate):
    chosen = simulate()
    chosen[:7, 3] = -1
    chosen[:5, 28:] = -2
    mode = ["online" if i % 3 else "centre" for i in range(400)]
    return analyse_items(make(chosen, key="A" * 30, n_pilots=4, candidates={"delivery_mode": mode}))


def test_the_contracts_hold(analysis):
    ITEM_STATISTICS.validate(analysis.item_statistics)
    OPTION_STATISTICS.validate(analysis.option_statistics)
    ITEM_FLAGS.validate(analysis.flags)
    DIF.validate(analysis.dif)
    expected = "item_id form_id status n p p_low p_high r r_low r_high r_biserial omit_rate not_reached_rate"
    assert set(expected.split()) < set(analysis.item_statistics.columns)


def test_no_nan_reaches_a_table(analysis):
    for name in ("item_statistics", "option_statistics", "option_quantiles", "dif", "form_summary"):
        frame = getattr(analysis, name)
        assert frame.select(pl.col(pl.Float64).is_nan().any()).transpose().to_series().sum() == 0, name


def test_identities(analysis):
    items, options = analysis.pooled(), analysis.option_statistics
    keys = options.filter("is_key")
    assert keys["item_id"].to_list() == items["item_id"].to_list()
    assert keys["share"].to_list() == pytest.approx(items["p"].to_list())
    assert keys["r"].to_list() == pytest.approx(items["r"].to_list())
    answered = options.group_by("item_id", maintain_order=True).agg(pl.col("n").sum())["n"]
    blank = (items["omit_rate"] + items["not_reached_rate"]) * items["n"].cast(pl.Float64)
    assert (answered + blank).to_list() == pytest.approx(items["n"].to_list())
    fifths = analysis.option_quantiles.group_by("item_id", "option", maintain_order=True).agg(
        pl.col("n").sum()
    )
    assert fifths["n"].to_list() == options["n"].to_list()
    assert items["omit_rate"][3] == pytest.approx(7 / 400)
    assert items["not_reached_rate"][28] == pytest.approx(5 / 400)
    assert (items["p_low"] <= items["p"]).all()
    assert (items["r"] <= items["r_high"]).all()


def test_pilots_never_change_the_scored_items(make, simulate):
    chosen = simulate()
    with_pilots = analyse_items(make(chosen, key="A" * 30, n_pilots=5)).pooled()
    without = analyse_items(make(chosen[:, :25], key="A" * 25)).pooled()
    columns = ["item_id", "p", "r", "r_low", "r_high"]
    assert_frame_equal(with_pilots.head(25).select(columns), without.select(columns))


def test_a_pilot_is_held_against_the_scored_total(make, simulate):
    chosen = simulate()
    total = (chosen[:, :25] == 0).sum(axis=1)
    statistics = analyse_items(make(chosen, key="A" * 30, n_pilots=5)).pooled()
    for j in range(25, 30):
        assert statistics["r"][j] == pytest.approx(np.corrcoef(chosen[:, j] == 0, total)[0, 1])


def test_pooling_is_within_forms(make, simulate):
    """An item with no relation to ability, seen on a hard and on an easy form, must keep R = 0."""
    rng = np.random.default_rng(9)
    hard, easy = simulate(2, 300, 20, shift=1.5), simulate(3, 500, 20, shift=-1.0)
    common = np.concatenate([rng.random(300) < 0.3, rng.random(500) < 0.8])
    chosen = np.full((800, 41), -9)
    chosen[:300, :20], chosen[300:, 20:40] = hard, easy
    chosen[:, 40] = np.where(common, 0, 1)
    form = ["H"] * 300 + ["E"] * 500
    analysis = analyse_items(make(chosen, key="A" * 41, n_pilots=1, form=form))
    rows = {row["form_id"]: row for row in analysis.item_statistics.filter(item_id="I040").to_dicts()}
    total = np.concatenate([(hard == 0).sum(axis=1), (easy == 0).sum(axis=1)]).astype(float)
    x = common.astype(float)
    assert rows["H"]["r"] == pytest.approx(np.corrcoef(x[:300], total[:300])[0, 1])
    assert rows["E"]["r"] == pytest.approx(np.corrcoef(x[300:], total[300:])[0, 1])
    assert np.corrcoef(x, total)[0, 1] > 0.3  # what ignoring the forms would report
    assert abs(rows["all"]["r"]) < 0.08
    within = np.concatenate([total[:300] - total[:300].mean(), total[300:] - total[300:].mean()])
    assert rows["all"]["r"] == pytest.approx(np.corrcoef(x, within)[0, 1])
    assert rows["all"]["n"] == 800
    assert rows["all"]["p"] == pytest.approx(x.mean())
    by_form = analysis.option_statistics_by_form.filter(item_id="I040", option="A")
    assert by_form["form_id"].to_list() == ["E", "H", "all"]
    assert analysis.form_summary["n_scored_items"].to_list() == [20, 20]


def test_rotating_pilot_blocks_lose_nobody(make, simulate):
    chosen = simulate(4, 300, 26)
    chosen[:150, 23:], chosen[150:, 20:23] = -9, -9
    statistics = analyse_items(make(chosen, key="A" * 26, n_pilots=6)).pooled()
    total = (chosen[:, :20] == 0).sum(axis=1)
    assert statistics["n"].to_list() == [300] * 20 + [150] * 6
    analysis = analyse_items(
        make(chosen, key="A" * 26, n_pilots=6, candidates={"region": ["n", "s", "n"] * 100})
    )
    fifths = analysis.option_quantiles.filter(item_id="I004")
    assert fifths["n"].sum() == 300
    # Persons of both blocks with the same total are compared with each other.
    scores = np.where(chosen == -9, -1, chosen == 0).astype(np.int8)
    south = np.tile([0, 1, 0], 100)
    direct = mantel_haenszel(dif_sums(dif_tables(scores, total, south, n_levels=21)))
    assert analysis.dif["d_dif"].to_list() == pytest.approx(direct.d_dif.tolist(), nan_ok=True)
    rest = total - (chosen[:, 4] == 0)
    assert statistics["r"][4] == pytest.approx(np.corrcoef(chosen[:, 4] == 0, rest)[0, 1])
    assert statistics["r"][24] == pytest.approx(np.corrcoef(chosen[150:, 24] == 0, total[150:])[0, 1])


def test_cells_that_do_not_count_are_nowhere(make, simulate):
    """Two deliveries lost the row of an item; not reached does not count here."""
    chosen = simulate(15, 200, 12)
    chosen[:2, 5] = -9
    chosen[10:30, 11] = -2
    chosen[40:50, 5] = -1
    analysis = analyse_items(make(chosen, key="A" * 12, rules=ScoringRules(not_reached="missing")))
    items = {row["item_id"]: row for row in analysis.pooled().to_dicts()}
    assert items["I005"]["n"] == 198
    assert items["I005"]["omit_rate"] == pytest.approx(10 / 198)
    assert items["I011"]["n"] == 180
    assert items["I011"]["not_reached_rate"] == pytest.approx(20 / 200)
    share = analysis.option_statistics.group_by("item_id").agg(pl.col("share").sum())
    shares = dict(share.iter_rows())
    assert shares["I005"] == pytest.approx(188 / 198)
    assert shares["I011"] == pytest.approx(1.0)


def test_times_and_forms(make, simulate):
    chosen = simulate(5, 60, 6)
    seconds = np.random.default_rng(5).integers(10, 100, chosen.shape).astype(float)
    seconds[:10, 2] = 0.0
    analysis = analyse_items(make(chosen, key="A" * 6, seconds=seconds), raw_cut={"F": 4})
    assert analysis.pooled()["median_time_s"][1] == np.median(seconds[:, 1])
    assert analysis.pooled()["median_time_s"][2] == np.median(seconds[10:, 2])
    (row,) = analysis.form_summary.to_dicts()
    total = (chosen == 0).sum(axis=1)
    assert row["median_total_time_s"] == np.median(seconds.sum(axis=1))
    assert row["n_passed"] == (total >= 4).sum()
    assert row["mean_p"] == pytest.approx((chosen == 0).mean())


def test_dif_between_delivery_modes_is_found(make, simulate):
    rng = np.random.default_rng(6)
    chosen = simulate(6, 1500, 30)
    online = rng.random(1500) < 0.5
    spoiled = online & (rng.random(1500) < 0.5)
    chosen[spoiled, 2] = 3
    mode = ["online" if x else "centre" for x in online]
    analysis = analyse_items(make(chosen, key="A" * 30, candidates={"delivery_mode": mode}))
    (row,) = analysis.dif.filter(item_id="I002").to_dicts()
    assert row["ets_class"] == "C"
    assert row["prob_c"] > 0.95
    larger = "online" if online.sum() > 750 else "centre"
    assert row["reference"] == larger
    assert (row["d_dif"] < 0) == (row["focal"] == "online")
    flagged = analysis.flags.filter(flag="dif_class_c").row(0, named=True)
    assert flagged["item_id"] == "I002"
    assert flagged["seen"].startswith("Harder for delivery_mode = online than for centre")


def test_groupings_by_name_and_by_default(make, simulate):
    chosen = simulate(7, 200, 10)
    columns = {"school": ["x", "y"] * 100, "region": ["n"] * 200, "first_time": [True] * 150 + [False] * 50}
    scored = make(chosen, key="A" * 10, candidates=columns)
    assert analyse_items(scored).dif["grouping"].unique().to_list() == ["first_time"]
    assert set(analyse_items(scored, dif=["school"]).dif["grouping"]) == {"school"}
    assert any("region" in note for note in analyse_items(scored, dif=["region"]).warnings)
    with pytest.raises(InputError, match=r"not columns of the candidates.*'colour'"):
        analyse_items(scored, dif=["colour"])


def test_small_groups_get_no_class(make, simulate):
    mode = ["online"] * 20 + ["centre"] * 180
    analysis = analyse_items(make(simulate(8, 200, 10), key="A" * 10, candidates={"delivery_mode": mode}))
    assert set(analysis.dif["ets_class"]) == {"insufficient"}
    assert any("fewer than 50 deliveries in online" in note for note in analysis.warnings)
    assert "dif_class_c" not in analysis.flags["flag"]


def test_no_groups_gives_an_empty_table_with_its_columns(make, simulate):
    dif = analyse_items(make(simulate(8, 50, 5), key="A" * 5)).dif
    assert dif.is_empty()
    assert "prob_c" in dif.columns
    DIF.validate(dif)


def test_ten_candidates_and_an_item_everybody_got_right(make, simulate):
    chosen = simulate(9, 10, 6)
    chosen[:, 0], chosen[0, 1:], chosen[1, 1:] = 0, 1, 0
    analysis = analyse_items(make(chosen, key="A" * 6))
    row = analysis.pooled().row(0, named=True)
    assert (row["p"], row["r"]) == (1.0, None)
    assert row["p_low"] < 0.75
    text = analysis.summary()
    assert "Fewer than 100 deliveries on 1 form: F (10)." in text
    assert "1 item that everybody got right, or nobody (I000)" in text


def test_one_candidate_is_no_crash(make, simulate):
    analysis = analyse_items(make(simulate(10, 1, 5), key="A" * 5, n_pilots=1))
    assert analysis.form_summary["reliability"][0] is None
    assert analysis.pooled()["r"].null_count() == 5


def test_pilots_only_says_why_there_is_no_r(make, simulate):
    analysis = analyse_items(make(simulate(11, 120, 5), key="A" * 5, n_pilots=5))
    assert analysis.pooled()["r"].null_count() == 5
    assert any("No scored items on F" in note for note in analysis.warnings)


def test_not_reached_is_told(make, simulate):
    chosen = simulate(12, 200, 8)
    chosen[:30, 6:] = -2
    assert any("2 items not reached" in note for note in analyse_items(make(chosen, key="A" * 8)).warnings)


def test_everything_wrong_with_the_arguments_at_once(make, simulate):
    scored = make(simulate(13, 20, 4), key="AAAA")
    with pytest.raises(InputError) as caught:
        analyse_items(scored, raw_cut={"G": 3}, confidence=95)
    assert len(caught.value.problems) == 2
    assert "'G'" in str(caught.value)


def test_a_result_is_frozen_and_shows_itself(analysis):
    with pytest.raises(FrozenInstanceError):
        analysis.flags = pl.DataFrame()
    assert analysis._repr_html_().startswith("<div><strong>Item analysis</strong>")
    assert analysis.to_frame() is analysis.item_statistics
    assert "30 items (4 pilots) on 1 form, 400 deliveries." in analysis.summary()
    assert analysis.provenance.settings["item_analysis"]["thresholds"]["low_r"] == 0.20


def test_the_same_input_gives_the_same_tables(make, simulate):
    first, second = (analyse_items(make(simulate(14), key="A" * 30, n_pilots=3)) for _ in range(2))
    assert first.item_statistics.write_csv() == second.item_statistics.write_csv()
    assert first.flags.write_csv() == second.flags.write_csv()


def test_reliability_follows_the_total_where_missing_does_not_count(make, simulate):
    """Omitted answers that do not count add nothing to the total; the reliability is that total's."""
    chosen = simulate(7, 300, 15)
    blank = np.random.default_rng(1).random(chosen.shape) < 0.1
    scored = make(np.where(blank, -1, chosen), key="A" * 15, rules=ScoringRules(omitted="missing"))
    assert any((block.scores == -1).any() for block in scored.blocks)
    right = np.concatenate([(block.scores == 1).astype(float) for block in scored.blocks])
    k, total = right.shape[1], right.sum(axis=1)
    kr20 = k / (k - 1) * (1 - right.var(axis=0).sum() / total.var())
    assert analyse_items(scored).form_summary["reliability"][0] == pytest.approx(kr20)


def test_an_item_on_which_everyone_is_credited_measures_nothing(make, simulate):
    chosen = simulate(8, 300, 12)
    with_credit = analyse_items(make(chosen, key=["A"] * 10 + ["*"] * 2)).form_summary.row(0, named=True)
    without = analyse_items(make(chosen[:, :10], key="A" * 10)).form_summary.row(0, named=True)
    assert with_credit["reliability"] == pytest.approx(without["reliability"])
    assert with_credit["sem"] == pytest.approx(without["sem"])
    assert with_credit["mean"] == pytest.approx(without["mean"] + 2)
