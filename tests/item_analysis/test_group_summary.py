"""Groups on a form: rates with intervals, and what DIF adds up to at the cut, against known truth."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ciip_irt.bank import ItemBank
from ciip_irt.classical import reliability
from ciip_irt.item_analysis import ItemAnalysis, analyse_items, dif_between_groups
from ciip_irt.item_analysis.groups import group_table
from ciip_irt.responses import ScoredResponses, score

ITEMS, CUT = 80, 48
B = np.linspace(-2.0, 1.0, ITEMS)


def exam(
    seed: int, n: tuple[int, int], hard: int, shift: float, gap: float = 0.0
) -> tuple[ScoredResponses, float]:
    """Two delivery modes; the first ``hard`` items are harder online. Also the points that this costs."""
    rng = np.random.default_rng(seed)
    online = np.repeat([0, 1], n)
    theta = rng.normal(size=online.size) - gap * online
    moved = np.where(np.isin(np.arange(ITEMS), rng.choice(ITEMS, hard, replace=False)), shift, 0.0)
    p = expit(theta[:, None] - B - moved * online[:, None])
    right = rng.random(p.shape) < p
    at = np.linspace(-4, 4, 4001)
    cut = at[np.argmin(np.abs(expit(at[:, None] - B).sum(axis=1) - CUT))]
    cost = float((expit(cut - B - moved) - expit(cut - B)).sum())
    names = [f"I{j:02}" for j in range(ITEMS)]
    bank = pl.DataFrame({"item_id": names, "domain": "A", "status": "scored", "key": "A", "options": "AB"})
    ids = [f"c{i:04}" for i in range(online.size)]
    log = pl.DataFrame(
        {
            "candidate_id": np.repeat(ids, ITEMS),
            "delivery_id": np.repeat(ids, ITEMS),
            "attempt": "1",
            "form_id": "F",
            "item_id": np.tile(names, online.size),
            "response": np.where(right.ravel(), "A", "B"),
            "status": "answered",
        }
    )
    people = pl.DataFrame({"delivery_id": ids, "delivery_mode": np.where(online, "online", "centre")})
    return score(log, ItemBank.from_frame(bank), candidates=people), cost


@pytest.fixture(scope="module")
def biased() -> tuple[ScoredResponses, float, ItemAnalysis]:
    scored, cost = exam(3, (900, 700), 12, 0.9, gap=0.3)
    return scored, cost, analyse_items(scored, raw_cut=CUT)


def test_rates_and_reliability_are_those_of_the_group_alone(
    biased: tuple[ScoredResponses, float, ItemAnalysis],
) -> None:
    scored, _, analysis = biased
    table = analysis.group_summary
    assert table.select("form_id", "grouping", "group").rows() == [
        ("F", "delivery_mode", "centre"),
        ("F", "delivery_mode", "online"),
    ]
    row = table.filter(group="online").row(0, named=True)
    members = (scored.deliveries["delivery_mode"] == "online").to_numpy()
    totals = scored.totals[members]
    assert row["n_candidates"] == 700
    assert row["pass_rate"] == pytest.approx((totals >= CUT).mean())
    assert row["pass_rate_low"] < row["pass_rate"] < row["pass_rate_high"]
    assert row["mean_high"] - row["mean_low"] == pytest.approx(2 * 1.96 * totals.std(ddof=1) / np.sqrt(700))
    answers = np.concatenate([block.scores for block in scored.blocks])
    persons = np.concatenate([block.persons for block in scored.blocks])
    alone = reliability(answers[members[persons]])
    assert (row["reliability"], row["sem"]) == pytest.approx((alone.alpha, alone.sem))
    assert table.filter(group="centre")["dif_points"][0] is None


def test_what_dif_adds_up_to_is_told(biased: tuple[ScoredResponses, float, ItemAnalysis]) -> None:
    _, cost, analysis = biased
    row = analysis.group_summary.filter(group="online").row(0, named=True)
    assert cost < -1.5
    assert row["dif_low"] < cost < row["dif_high"] < 0
    assert row["dif_points"] == pytest.approx(cost, abs=0.8)
    assert row["dif_pass_rate"] < -0.02
    (said,) = [one for one in analysis.warnings if "work differently" in one]
    assert said.startswith("delivery_mode online on form F loses")


@pytest.mark.parametrize(("hard", "shift", "gap"), [(0, 0.0, 0.5), (10, 0.9, 0.0), (16, -0.7, 0.5)])
def test_the_interval_holds_the_truth(hard: int, shift: float, gap: float) -> None:
    inside, off, certain = 0, [], 0
    for seed in range(12):
        scored, cost = exam(50 + seed, (250, 150), hard, shift, gap)
        dif, _ = dif_between_groups(scored)
        row = group_table(scored, dif, {"F": CUT}).filter(group="online").row(0, named=True)
        inside += row["dif_low"] <= cost <= row["dif_high"]
        off.append(row["dif_points"] - cost)
        certain += row["dif_low"] > 0 or row["dif_high"] < 0
    assert inside >= 10  # of 12, where 11.4 are expected
    assert abs(np.mean(off)) < 0.8
    if not hard:
        assert certain <= 1


def test_without_groups_or_a_cut_little_is_said() -> None:
    scored, _ = exam(9, (80, 20), 0, 0.0)
    table = analyse_items(scored).group_summary
    assert table["pass_rate"].null_count() == table.height == 2
    small = table.filter(group="online").row(0, named=True)
    assert small["reliability"] is None
    assert small["dif_points"] is None
    assert analyse_items(scored, dif=[]).group_summary.is_empty()
