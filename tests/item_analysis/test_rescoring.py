"""What-if rescoring against the log really scored again with the changed bank."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.item_analysis import analyse_items
from ciip_irt.item_analysis.rescoring import rescored, rescoring_effects
from ciip_irt.responses import ScoringRules, score
from ciip_irt.tables import RESCORINGS

N, J = 300, 14
IDS = [f"I{j:02d}" for j in range(J)]
KEYS = ["A"] * (J - 1) + ["B"]


def bank(keys=KEYS, statuses=("scored",) * J):
    return ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": IDS, "domain": ["A"] * J, "status": list(statuses), "key": keys,
             "options": ["ABCD"] * J,
             "model": ["rasch"] * J, "a": [1.0] * J, "b": np.linspace(-2, 0.5, J).tolist(), "c": [0.0] * J,
             "D": [1.0] * J, "scale_id": ["S"] * J}
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def log():
    rng = np.random.default_rng(4)
    right = rng.random((N, J)) < 1 / (1 + np.exp(np.linspace(-2, 0.5, J) - rng.normal(size=(N, 1))))
    letters = np.where(right, "A", rng.choice(list("BCD"), size=right.shape))
    status = np.where(rng.random(right.shape) < 0.03, "omitted", "answered").astype(object)
    status[:9, -1] = "not_reached"
    form = np.where(np.arange(N) < 180, "F", "G")
    person = np.array([f"c{i:03d}" for i in range(N)])
    table = pl.DataFrame(
        {
            "candidate_id": np.repeat(person, J), "delivery_id": np.repeat(person, J),
            "attempt": ["1"] * N * J, "form_id": np.repeat(form, J), "item_id": IDS * N,
            "status": status.ravel(), "response": letters.ravel(),
        }
    ).with_columns(response=pl.when(pl.col("status") == "answered").then("response"))  # fmt: skip
    return table.filter(~((pl.col("form_id") == "G") & (pl.col("item_id") == "I03")))


@pytest.mark.parametrize("rules", [ScoringRules(), ScoringRules(omitted="missing", not_reached="missing")])
@pytest.mark.parametrize("key", ["B", "B|A", "A", "*", ""])
def test_rescoring_is_scoring_again(log, rules, key):
    scored = score(log, bank(), rules=rules)
    mine = rescored(scored, "I13", key)
    statuses = ["scored"] * (J - 1) + ["pilot" if key == "" else "scored"]
    again = score(log, bank([*KEYS[:-1], key or "B"], statuses), rules=rules)
    assert mine.totals.tolist() == again.totals.tolist()
    assert mine.deliveries["n_scored"].to_list() == again.deliveries["n_scored"].to_list()
    for one, other in zip(mine.blocks, again.blocks, strict=True):
        assert one.is_scored.tolist() == other.is_scored.tolist()
        assert one.scores.tolist() == other.scores.tolist()


def test_the_table_is_that_of_the_forms_analysed_again(log):
    cuts = {"F": 9.0, "G": 8.0}
    scored = score(log, bank())
    table = rescoring_effects(scored, "I13", "A", raw_cut=cuts).table
    assert table["outcome"].unique(maintain_order=True).to_list() == list(RESCORINGS)
    kept = analyse_items(scored, raw_cut=cuts).form_summary
    for outcome, key in (("keep", "B"), ("accept_two", "B|A"), ("change_key", "A"), ("credit_all", "*")):
        again = score(log, bank([*KEYS[:-1], key]))
        forms = analyse_items(again, raw_cut=cuts).form_summary
        mine = table.filter(pl.col("outcome") == outcome)
        for name in ("mean", "sd", "reliability", "n_passed"):
            assert mine[name].to_list() == pytest.approx(forms[name].to_list())
        now, before = again.totals, scored.totals
        in_f = (scored.deliveries["form_id"] == "F").to_numpy()
        row = mine.filter(pl.col("form_id") == "F").row(0, named=True)
        assert row["n_score_changed"] == ((now != before) & in_f).sum()
        assert row["n_newly_pass"] == ((now >= 9) & (before < 9) & in_f).sum()
        assert row["n_newly_fail"] == ((now < 9) & (before >= 9) & in_f).sum()
    assert kept["n_passed"].to_list() == table.filter(pl.col("outcome") == "keep")["n_passed"].to_list()


def test_the_cut_follows_the_standard(log):
    scored = score(log, bank())
    table = rescoring_effects(scored, "I13", "A", theta_cut=0.3).table.filter(pl.col("form_id") == "F")
    cut = dict(table.select("outcome", "cut").iter_rows())
    p = 1 / (1 + np.exp(np.linspace(-2, 0.5, J) - 0.3))
    assert cut["keep"] == np.ceil(p.sum())
    assert cut["eliminate"] == np.ceil(p[:-1].sum())
    assert cut["credit_all"] == cut["eliminate"] + 1
    assert cut["eliminate"] <= cut["change_key"] <= cut["credit_all"]
    assert set(table["cut_from"]) == {"standard"}


def test_an_item_of_one_form_changes_that_form_only(log):
    table = rescoring_effects(score(log, bank()), "I03", "B").table
    assert set(table["form_id"]) == {"F"}
    assert table["cut"].null_count() == table.height


def test_who_is_concerned(log):
    effects = rescoring_effects(score(log, bank()), "I13", "A", raw_cut={"F": 9.0, "G": 8.0})
    moved = effects.deliveries.filter(pl.col("outcome") == "change_key")
    totals = effects.table.filter(pl.col("outcome") == "change_key")
    assert moved.filter(pl.col("before") != pl.col("after")).height == totals["n_score_changed"].sum()
    assert (
        moved.filter(pl.col("passed_after") & ~pl.col("passed_before")).height == totals["n_newly_pass"].sum()
    )
    assert "newly pass" in effects.summary()


def test_what_cannot_be_rescored_is_refused(log):
    scored = score(log, bank(statuses=["pilot", *["scored"] * (J - 1)]))
    for item, other, words in (
        ("I00", None, "nowhere scored"),
        ("X", None, "no item"),
        ("I01", "A", "no option"),
    ):
        with pytest.raises(InputError, match=words):
            rescoring_effects(scored, item, other)


def test_the_most_doubtful_key_is_rescored_unasked(log):
    analysis = analyse_items(score(log, bank()))
    assert analysis.rescoring["item_id"].unique().to_list() == ["I13"]
    asked = analyse_items(score(log, bank()), what_if={"I05": None})
    assert asked.rescoring["item_id"].unique(maintain_order=True).to_list() == ["I05", "I13"]
