"""The design and the population are as promised, the tables keep their contracts, the seed decides."""

from dataclasses import FrozenInstanceError
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ciip_irt.bank import ItemBank, Scale
from ciip_irt.blueprint.reading import load_blueprint
from ciip_irt.errors import InputError
from ciip_irt.simulate import SimulatedProgramme, simulate_programme
from ciip_irt.tables import CANDIDATES, ITEMS, RESPONSES, write_outputs

FRAMES = ("responses", "export", "candidates", "items", "truth", "truth_persons")


def first_attempts(programme: SimulatedProgramme) -> pl.DataFrame:
    return programme.responses.filter(pl.col("attempt") == "1").join(
        programme.items.select("item_id", "domain", "key", bank_status="status", bank_b="b"), on="item_id"
    )


def test_the_same_seed_gives_the_same_frames_and_another_seed_others(programme):
    again, other = simulate_programme(), simulate_programme(seed=2027)
    for name in FRAMES:
        assert_frame_equal(getattr(programme, name), getattr(again, name), check_exact=True)
        assert not getattr(programme, name).equals(getattr(other, name))


def test_written_files_are_the_same_bytes(tmp_path, programme):
    for csv in (False, True):
        one = write_outputs(tmp_path / "one", programme.files(csv=csv))
        two = write_outputs(tmp_path / "two", simulate_programme().files(csv=csv))
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
        assert {path.name for path in one} >= {"items.csv", "truth.csv", "candidates.csv", "exam.toml"}
    assert (tmp_path / "one" / "responses.csv").exists()


def test_the_tables_keep_their_contracts(programme):
    assert RESPONSES.validate(programme.responses).height == programme.responses.height
    CANDIDATES.validate(programme.candidates)
    ITEMS.validate(programme.items)
    assert ItemBank.from_frame(programme.items).scale == Scale("ciip-2024", "rasch", 1.0)
    assert set(programme.responses["status"].unique()) == {"answered", "omitted", "not_reached", "invalid"}
    moments = [datetime.fromisoformat(moment) for moment in programme.candidates["delivered_at"]]
    assert {moment.year for moment in moments} == {2025}
    assert moments == sorted(moments)


def test_forms_hold_the_counts_of_the_blueprint_and_forty_pilots(programme):
    blueprint = load_blueprint("ciip-2024")
    log = programme.responses.join(
        programme.items.select("item_id", "domain", bank_status="status"), "item_id"
    )
    scored = log.filter(pl.col("bank_status") == "scored")
    for (form,), rows in scored.select("form_id", "item_id", "domain").unique().group_by("form_id"):
        counts = dict(rows["domain"].value_counts().iter_rows())
        assert [counts[d.letter] for d in blueprint.domains] == list(blueprint.counts), form
    per_delivery = log.group_by("delivery_id").agg(
        scored=(pl.col("bank_status") == "scored").sum(),
        pilots=(pl.col("bank_status") == "pilot").sum(),
        positions=pl.col("position").sort().diff().fill_null(1).eq(1).all(),
    )
    assert per_delivery["scored"].unique().to_list() == [130]
    assert per_delivery["pilots"].unique().to_list() == [40]
    assert per_delivery["positions"].all()


def test_anchors_connect_the_forms_and_every_pilot_meets_every_form(programme):
    log = first_attempts(programme)
    scored = log.filter(pl.col("bank_status") == "scored").group_by("form_id").agg(pl.col("item_id").unique())
    sets = [set(items) for items in scored["item_id"]]
    assert len(sets) == 3
    assert all(len(one & other) == 30 for one in sets for other in sets if one is not other)
    pilots = log.filter(pl.col("bank_status") == "pilot").group_by("item_id").agg(
        n=pl.len(), forms=pl.col("form_id").n_unique()
    )  # fmt: skip
    assert pilots.height == 160
    assert pilots["n"].is_between(100, 200).all()
    assert pilots["forms"].unique().to_list() == [3]


@pytest.mark.parametrize("seed", [2026, 3])
def test_the_population_is_easy_homogeneous_and_mostly_passes(seed):
    programme = simulate_programme(seed=seed)
    log = first_attempts(programme).filter(pl.col("bank_status") == "scored")
    log = log.with_columns(right=(pl.col("response").fill_null("") == pl.col("key")).cast(pl.Float64))
    passed, mean_p, kr20 = [], [], []
    for _, rows in log.group_by("form_id", maintain_order=True):
        matrix = rows.pivot("item_id", index="delivery_id", values="right").drop("delivery_id").to_numpy()
        p, total = matrix.mean(axis=0), matrix.sum(axis=1)
        mean_p.append(p.mean())
        kr20.append(130 / 129 * (1 - (p * (1 - p)).sum() / total.var()))
        b = rows.select("item_id", "bank_b").unique()["bank_b"].to_numpy()
        passed.append(total >= (1 / (1 + np.exp(b - programme.theta_cut))).sum())
    assert 0.70 < np.mean(mean_p) < 0.76
    assert all(0.86 < value < 0.91 for value in kr20)
    assert 0.79 < np.concatenate(passed).mean() < 0.90


def test_the_bank_can_feed_three_new_forms(programme):
    counts = dict(programme.items["status"].value_counts().iter_rows())
    assert counts == {"scored": 480, "pilot": 280, "draft": 40, "retired": 40}
    calibrated = programme.items.filter(pl.col("b").is_not_null())
    assert set(calibrated["status"]) == {"scored", "retired"}
    assert calibrated["a"].unique().to_list() == [1.0]
    assert calibrated["se_b"].max() < 0.6


def test_enemies_are_mutual_and_never_met_in_a_form(programme):
    items = programme.items.filter(pl.col("enemies").is_not_null())
    foes = {item: set(text.split("|")) for item, text in items.select("item_id", "enemies").iter_rows()}
    assert sum(len(others) for others in foes.values()) / 2 >= 18
    assert all(item in foes[other] for item, others in foes.items() for other in others)
    forms = programme.responses.group_by("form_id").agg(pl.col("item_id").unique())["item_id"]
    scored = set(programme.items.filter(pl.col("status") == "scored")["item_id"])
    for form in forms:
        met = set(form) & scored
        assert not any(others & met for item, others in foes.items() if item in met)


def test_items_of_a_set_stand_next_to_each_other(programme):
    sets = programme.items.filter(pl.col("set_id").is_not_null()).select("item_id", "set_id")
    places = programme.responses.join(sets, on="item_id").group_by("delivery_id", "set_id").agg(
        size=pl.len(), span=pl.col("position").max() - pl.col("position").min() + 1
    )  # fmt: skip
    assert places.height
    assert (places["size"] == places["span"]).all()
    assert sets["set_id"].n_unique() == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_candidates": 0}, "0 candidates"),
        ({"seed": -1}, "seed -1"),
        ({"n_forms": 0}, "0 forms"),
        ({"n_pilots": 39}, "39 pilots do not fill the 40 pilot slots"),
        ({"n_bank_items": 200}, "a bank of 200 scored items is too small for 3 forms"),
        ({"n_bank_items": 0}, "a bank of 0 scored items"),
    ],
)
def test_numbers_that_make_no_programme_are_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        simulate_programme(**arguments)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(InputError) as caught:
        simulate_programme(n_forms=0, n_pilots=3, n_candidates=0, seed=-4)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_candidates": 1},
        {"n_candidates": 30, "n_forms": 1, "n_pilots": 40},
        {"n_candidates": 60, "n_forms": 5, "n_pilots": 101},
        {"n_candidates": 40, "n_bank_items": 345},
    ],
)
def test_small_and_odd_programmes_stand(arguments):
    programme = simulate_programme(**arguments, seed=4)
    RESPONSES.validate(programme.responses)
    assert programme.candidates.filter(pl.col("attempt") == "1").height == arguments["n_candidates"]


def test_a_programme_shows_itself_and_cannot_be_changed(programme):
    assert programme.to_frame() is programme.responses
    assert "600 candidates" in programme.summary()
    assert "wrong_key" in programme._repr_html_()
    with pytest.raises(FrozenInstanceError):
        programme.seed = 1
