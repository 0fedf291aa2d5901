"""Two right options: one key model for the review of pilots and the item analysis."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.pilots import PilotReview, review_pilots
from ciip_irt.responses import score

N, SCORED, SOUND = 300, 40, 12
OTHERS = {"two right": 6, "three right": 2, "trap": 2, "wrong key": 2}


@pytest.fixture(scope="module")
def programme() -> tuple[Any, ItemBank]:
    """Sound pilots, and such whose key is not the only option that those who know choose."""
    rng = np.random.default_rng(12)
    theta = rng.normal(size=N)
    b = np.linspace(-2.5, 1.0, SCORED)
    chosen = {
        f"S{k:02d}": np.where(rng.random(N) < 1 / (1 + np.exp(-(theta - b[k]))), 0, rng.integers(1, 4, N))
        for k in range(SCORED)
    }
    kinds = ["sound"] * SOUND + [kind for kind, count in OTHERS.items() for _ in range(count)]
    for k, kind in enumerate(kinds):
        knows = rng.random(N) < 1 / (1 + np.exp(-1.2 * (theta - rng.uniform(-1.2, -0.2))))
        right = np.zeros(N, dtype=int)
        if kind == "two right":
            right = (rng.random(N) < rng.uniform(0.35, 0.6)).astype(int)
        elif kind == "three right":
            right = rng.integers(0, 3, N)
        elif kind == "trap":  # the ablest fall for option B
            right = (rng.random(N) < 1 / (1 + np.exp(-2.5 * (theta - 0.2)))).astype(int)
        elif kind == "wrong key":
            right = np.ones(N, dtype=int)
        chosen[f"P{k:02d}"] = np.where(knows, right, rng.integers(0, 4, N))
    log = pl.concat(
        pl.DataFrame({"candidate_id": [f"c{i}" for i in range(N)], "item_id": name,
                      "response": np.array(list("ABCD"))[options]})
        for name, options in chosen.items()
    ).with_columns(delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("F"),
                   status=pl.lit("answered"))  # fmt: skip
    pilots = [name for name in chosen if name.startswith("P")]
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": list(chosen), "domain": "A", "status": ["scored"] * SCORED + ["pilot"] * len(pilots),
             "key": "A", "options": "ABCD", "model": ["rasch"] * SCORED + [None] * len(pilots),
             "a": [1.0] * SCORED + [None] * len(pilots), "b": [*b.tolist(), *[None] * len(pilots)]}
        )
    )  # fmt: skip
    return score(log, bank), bank


@pytest.fixture(scope="module")
def analysis(programme: tuple[Any, ItemBank]) -> ItemAnalysis:
    return analyse_items(programme[0])


@pytest.fixture(scope="module")
def review(programme: tuple[Any, ItemBank], analysis: ItemAnalysis) -> PilotReview:
    return review_pilots(*programme, analysis=analysis)


def decisions(review: PilotReview, kind: str) -> list[str]:
    kinds = ["sound"] * SOUND + [name for name, count in OTHERS.items() for _ in range(count)]
    return [d for d, k in zip(review.decisions["decision"], kinds, strict=True) if k == kind]


def test_no_pilot_with_another_right_option_is_promoted(review: PilotReview) -> None:
    for kind in OTHERS:
        assert "promote" not in decisions(review, kind), kind
    assert decisions(review, "sound").count("promote") >= SOUND - 2
    two = review.decisions.filter(pl.col("item_id").is_in([f"P{k}" for k in range(12, 18)]))
    assert two.filter(decision="revise")["reasons"].str.contains("right, alone or besides the key").all()


def test_review_analysis_and_flags_state_the_same_number(
    programme: tuple[Any, ItemBank], analysis: ItemAnalysis, review: PilotReview
) -> None:
    both = review.evidence.join(analysis.key_validation, on="item_id")
    assert both.height == review.evidence.height
    assert (both["probability_key"] == both["p_key_right"]).all()
    assert (both["suspect_probability"] == both["p_key_wrong"] + both["p_two_right"]).all()
    assert (both["probability"] <= both["p_key_right"]).all()
    flagged = analysis.flags.filter(pl.col("flag").is_in(["two_options_right", "key_may_be_wrong"]))
    suspected = set(both.filter(pl.col("suspect_probability") >= 0.5)["item_id"])
    assert len(suspected) >= 8
    assert suspected <= set(flagged["item_id"])
    alone = review_pilots(*programme)  # without the analysis handed in
    assert alone.decisions.equals(review.decisions)
    assert alone.evidence.equals(review.evidence)
