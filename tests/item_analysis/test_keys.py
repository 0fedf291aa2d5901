"""Keys: real exams with known keys, planted flaws, and whether a stated probability holds."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.item_analysis import analyse_items, check_keys
from ciip_irt.item_analysis.choice_counts import choice_counts, rasch_abilities
from ciip_irt.item_analysis.statistics_tables import key_mask


@pytest.fixture(scope="module")
def licensure_keys(licensure):
    return check_keys(licensure)


def test_the_published_wrong_key_comes_out_first(sat12):
    first = check_keys(sat12).ranked().row(0, named=True)
    assert (first["item_id"], first["likely_key"], first["second_option"]) == ("Item.32", "3", "3")
    second = check_keys(sat12).ranked().row(1, named=True)
    assert 1 - first["p_key_right"] > 2 * (1 - second["p_key_right"])


def test_verified_keys_raise_hardly_an_alarm(licensure_keys):
    other = licensure_keys.table["p_key_wrong"] + licensure_keys.table["p_two_right"]
    assert (other > 0.5).sum() == 0
    assert (other > 0.2).sum() <= 1
    assert licensure_keys.table["p_key_wrong"].max() < 0.005
    assert (licensure_keys.table["p_guessed"] > 0.5).sum() == 0


def test_the_probabilities_of_an_item_sum_to_one(licensure_keys):
    parts = licensure_keys.table.select(
        total=pl.sum_horizontal("p_key_right", "p_key_wrong", "p_two_right", "p_guessed")
    )
    assert parts["total"].to_numpy() == pytest.approx(np.ones(200), abs=1e-9)


def test_wrongly_keyed_items_of_the_licensure_exam_are_found(licensure):
    """Every twentieth item keyed to its most popular distractor: the true key must be pointed out."""
    credited, _ = key_mask(licensure.items)
    keys, changed = licensure.items["key"].to_list(), []
    choices = choice_counts(licensure, rasch_abilities(licensure), 4)
    for j in range(0, 200, 20):
        counts = np.where(credited[j], -1, choices.counts[j].sum(axis=0))
        keys[j] = "1234"[int(counts.argmax())]
        changed.append((j, "1234"[int(credited[j].argmax())]))
    wrong = replace(
        licensure,
        items=licensure.items.with_columns(key=pl.Series(keys)),
        blocks=tuple(_rescored(block, keys) for block in licensure.blocks),
    )
    table = check_keys(wrong).table
    likely = {licensure.item_ids[j]: right for j, right in changed}
    found = table.filter(pl.col("p_key_wrong") + pl.col("p_two_right") > 0.5)
    assert set(found["item_id"]) <= set(likely)  # no alarm elsewhere
    assert found.height >= 8
    assert all(likely[row["item_id"]] == row["likely_key"] for row in found.iter_rows(named=True))


def _rescored(block, keys):
    right = np.array(["1234".index(keys[j]) for j in block.items])
    return replace(block, scores=(block.choices == right).astype(np.int8))


KINDS = ("sound", "wrong", "two", "flat")


def _world(rng, n_items, n, guessing=0.0, spread=0.0):
    """Option codes (n, n_items), the planted kinds and the option that is right; option 0 is keyed."""
    theta = rng.normal(size=n)
    kind = rng.choice(KINDS, size=n_items, p=(0.85, 0.05, 0.05, 0.05))
    slope, b = np.exp(rng.normal(-0.2, 0.3, n_items)), rng.normal(-1.2, 0.9, n_items)
    knows = 1 / (1 + np.exp(-slope * (theta[:, None] - b)))
    knows = guessing + (1 - guessing) * knows
    popularity = np.log(rng.dirichlet((3.0, 2.0, 1.0), n_items))[None]
    tilt = rng.normal(0, spread, (n_items, 3))[None] * theta[:, None, None]
    wrong = (popularity + tilt + rng.gumbel(size=(n, n_items, 3))).argmax(axis=2) + 1
    chosen = np.where(rng.random(knows.shape) < knows, 0, wrong)
    split = rng.uniform(0.25, 0.75, n_items)
    for j in range(n_items):
        if kind[j] == "wrong":  # options 0 and 1 change places: the keyed one is a distractor
            chosen[:, j] = np.array([1, 0, 2, 3])[chosen[:, j]]
        elif kind[j] == "two":
            chosen[:, j] = np.where((chosen[:, j] == 0) & (rng.random(n) < split[j]), 1, chosen[:, j])
        elif kind[j] == "flat":
            chosen[:, j] = rng.permutation(chosen[:, j])
    return chosen, kind


@pytest.mark.parametrize(("n", "guessing", "spread"), [(60, 0.0, 0.0), (200, 0.2, 0.0), (1000, 0.0, 0.2)])
def test_a_stated_probability_holds(make, n, guessing, spread):
    """Planted flaws at twice the stated rate, worlds with guessing and with sloping distractors."""
    rng = np.random.default_rng(n + int(10 * guessing))
    tables = []
    for _ in range(3):
        chosen, kind = _world(rng, 160, n, guessing, spread)
        table = check_keys(make(chosen, key="A" * 160)).table
        tables.append(table.with_columns(kind=pl.Series(kind)))
    table = pl.concat(tables)
    for name, flaw, short in (("p_key_wrong", "wrong", 0.0), ("p_two_right", "two", 0.25)):
        p, truth = table[name].to_numpy(), (table["kind"] == flaw).to_numpy()
        for low, high in ((0.0, 0.02), (0.02, 0.2), (0.2, 0.6), (0.6, 1.01)):
            within = (p >= low) & (p < high)
            if within.sum() < 10:
                continue
            expected, seen, size = p[within].mean(), truth[within].mean(), within.sum()
            error = 3 * np.sqrt(expected * (1 - expected) / size) + 1 / size
            assert seen >= expected - error, (name, low, expected, seen)
            # two right options and a tempting distractor look alike; these worlds have none that tempts
            assert seen <= expected + error + short, (name, low, expected, seen)
    wrong = table.filter(kind="wrong")["p_key_wrong"].to_numpy()
    assert np.median(wrong) > (0.5 if n < 100 else 0.95)


def test_what_cannot_be_judged_says_so(make, simulate):
    chosen = simulate(3, 120, 12)
    table = analyse_items(make(chosen, key="A" * 11 + "*")).key_validation
    last = table.row(-1, named=True)
    assert (last["item_id"], last["p_key_right"], last["seen"]) == ("I011", None, "Every option is credited.")
    assert table["p_key_right"].is_sorted(nulls_last=True)
    for column in ("seen", "do"):
        assert all(text.endswith(".") for text in table[column])


def test_an_item_with_two_keys_is_judged_as_a_whole(make, simulate):
    rng = np.random.default_rng(8)
    chosen = simulate(8, 600, 20)
    chosen[:, 4] = np.where((chosen[:, 4] == 0) & (rng.random(600) < 0.5), 3, chosen[:, 4])
    scored = make(chosen, key="A" * 20)
    one = check_keys(scored).table.row(4, named=True)
    assert one["p_two_right"] > 5 * 0.02 / 3
    assert one["second_option"] == "D"
    both = replace(
        scored, items=scored.items.with_columns(
            key=pl.when(pl.col("item_id") == "I004").then(pl.lit("A|D")).otherwise("key")
        ),
        blocks=tuple(
            replace(b, scores=np.where(b.items == 4, np.isin(b.choices, (0, 3)), b.scores).astype(np.int8))
            for b in scored.blocks
        ),
    )  # fmt: skip
    assert check_keys(both).table.row(4, named=True)["p_key_right"] > 0.9


def test_blanks_and_unequal_forms_do_not_matter(make, simulate):
    chosen = simulate(9, 500, 24)
    chosen[:40, 3] = -1
    chosen[:30, 20:] = -2
    chosen[:250, 10:14] = -9
    chosen[250:, 14:18] = -9
    form = ["F"] * 250 + ["G"] * 250
    check = check_keys(make(chosen, key="A" * 24, form=form))
    assert check.table["n"].to_list()[3] == 460
    assert check.table["n"].to_list()[10] == 250
    assert (check.table["p_key_right"] > 0.8).all()


def test_a_log_that_tells_no_abilities(make):
    check = check_keys(make(np.zeros((6, 3), dtype=int), key="AAA"))
    assert check.table["p_key_right"].null_count() == 3
    assert check.table["n"].to_list() == [0, 0, 0]
    assert "not judged" in check.summary()
