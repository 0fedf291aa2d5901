"""How candidates behave: who comes back, what is not reached, how time runs, what a dirty export holds."""

import polars as pl

from ciip_irt.simulate import simulate_programme
from ciip_irt.tables import RESPONSES

LIMIT_S = 170 * 60


def test_retakers_are_the_same_people_weaker_on_another_form(large):
    sittings = large.candidates.join(large.truth_persons.drop("candidate_id"), on="delivery_id")
    assert set(sittings["attempt"]) == {"1", "2", "3"}
    by_candidate = sittings.sort("delivered_at").group_by("candidate_id").agg("attempt", "form_id", "theta")
    assert all(list(labels) == ["1", "2", "3"][: len(labels)] for labels in by_candidate["attempt"])
    assert (by_candidate["form_id"].list.n_unique() == by_candidate["form_id"].list.len()).all()
    means = dict(sittings.group_by("attempt").agg(pl.col("theta").mean()).iter_rows())
    assert means["1"] > means["2"] + 0.4
    assert means["2"] > means["3"]
    assert (sittings["first_time"] == "yes").sum() == 3000
    assert 0.02 < (sittings["attempt"] == "2").mean() < 0.2


def test_not_reached_stands_at_the_end_only_and_time_is_kept(large):
    log = large.responses.with_columns(late=pl.col("status") == "not_reached")
    ends = log.group_by("delivery_id").agg(
        first=pl.col("position").filter("late").min(),
        count=pl.col("late").sum(),
        seconds=pl.col("time_s").sum(),
    )
    cut_short = ends.filter(pl.col("count") > 0)
    assert 0.01 < cut_short.height / ends.height < 0.08
    assert (cut_short["first"] + cut_short["count"] == 171).all()
    assert ends["seconds"].max() <= LIMIT_S
    assert log.filter("late")["time_s"].null_count() == log["late"].sum()
    assert log.filter(~pl.col("late"))["time_s"].null_count() == 0


def test_random_answers_are_fast_and_hardly_better_than_chance(large):
    log = large.responses.join(large.items.select("item_id", "key"), on="item_id").join(
        large.truth_persons.select("delivery_id", "random_from", "behaviour"), on="delivery_id"
    )
    rushed = log.filter((pl.col("position") >= pl.col("random_from")) & (pl.col("status") == "answered"))
    assert rushed.height > 500
    assert rushed["time_s"].max() < 6
    assert 0.2 < (rushed["response"] == rushed["key"]).mean() < 0.32
    assert set(log["behaviour"]) == {"engaged", "gave_up", "rushed_at_the_end"}


def test_omits_are_rare_and_invalid_answers_name_two_options(large):
    shares = dict(large.responses["status"].value_counts(normalize=True).iter_rows())
    assert 0.0005 < shares["omitted"] < 0.01
    assert 0 < shares["invalid"] < 0.002
    assert set(large.responses.filter(status="invalid")["response"].str.len_chars()) == {2}


def test_the_dirt_is_what_is_said_and_can_be_switched_off(programme):
    examined = RESPONSES.examine(programme.export)
    assert [str(problem).split(" (")[0] for problem in examined.problems] == [
        f"responses:{examined.failures['row'][0]}: the same delivery_id and item_id occurs more than once"
    ]
    assert examined.failures.height == 25
    items = set(programme.items["item_id"])
    assert programme.export.filter(~pl.col("item_id").is_in(items))["item_id"].to_list() == ["SURVEY1"] * 6
    assert (programme.export["response"] == "E").sum() == 4
    assert programme.export.height == programme.responses.height + 25 + 6
    clean = simulate_programme(dirt=False)
    assert clean.dirt == ()
    assert clean.export.equals(programme.responses)
