"""Matching on a score that contains the biased items hides bias in them and invents it elsewhere."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ciip_irt.bank import ItemBank
from ciip_irt.item_analysis.groups import compare_groups, dif_table
from ciip_irt.responses import ScoredResponses, score

N, J, BIASED = 3000, 40, 6


@pytest.fixture(scope="module")
def biased() -> ScoredResponses:
    """Forty scored items, two pilots; six scored items and a pilot are a logit harder online."""
    rng = np.random.default_rng(8)
    theta, online = rng.normal(size=N), rng.random(N) < 0.4
    b = np.append(rng.normal(0, 0.7, J), [0.0, 0.0])
    shift = np.zeros(J + 2)
    shift[:BIASED], shift[-1] = 1.0, 1.0
    right = rng.random((N, J + 2)) < expit(theta[:, None] - b - shift * online[:, None])
    ids = [f"I{j:02d}" for j in range(J)] + ["P0", "P1"]
    status = ["scored"] * J + ["pilot"] * 2
    bank = ItemBank.from_frame(
        pl.DataFrame({"item_id": ids, "domain": "A", "status": status, "key": "A", "options": "AB"})
    )
    names = np.array([f"d{i}" for i in range(N)])
    rows, columns = (index.ravel() for index in np.indices(right.shape))
    log = pl.DataFrame(
        {
            "candidate_id": names[rows], "delivery_id": names[rows], "attempt": "1", "form_id": "F",
            "item_id": np.array(ids)[columns], "response": np.where(right, "A", "B").ravel(),
            "status": "answered",
        }
    )  # fmt: skip
    mode = np.where(online, "online", "centre")
    return score(log, bank, candidates=pl.DataFrame({"delivery_id": names, "delivery_mode": mode}))


def table(scored: ScoredResponses, purify: bool) -> pl.DataFrame:
    comparisons, _ = compare_groups(scored, None, minimum_n=50, purify=purify)
    return dif_table(comparisons, scored.item_ids)


def test_biased_items_leave_the_score_and_the_others_are_cleared(biased: ScoredResponses) -> None:
    plain, pure = table(biased, False), table(biased, True)
    fair = slice(BIASED, J)
    assert plain["in_matching"].to_list() == [True] * J + [False] * 2
    assert pure["in_matching"].to_list() == [False] * BIASED + [True] * (J - BIASED) + [False] * 2
    # A logit is 2.35 delta; the biased sixth of the score makes the fair items look easier online.
    assert plain["d_dif"][fair].mean() == pytest.approx(0.33, abs=0.12)
    assert pure["d_dif"][fair].mean() == pytest.approx(0.0, abs=0.08)
    assert pure["d_dif"][:BIASED].mean() < plain["d_dif"][:BIASED].mean() - 0.15
    assert pure["d_dif"][:BIASED].mean() == pytest.approx(-2.35, abs=0.2)
    assert pure["d_dif"].to_list()[-2:] == pytest.approx([0.0, -2.35], abs=0.45)
    assert pure["ets_class"].to_list()[-2:] == ["A", "C"]


def test_the_score_of_a_biased_item_contains_the_item(biased: ScoredResponses) -> None:
    """By hand: matched on the fair items and itself."""
    from ciip_irt.classical.dif import dif_sums, dif_tables, mantel_haenszel

    pure = table(biased, True)
    (block,) = biased.blocks
    online = (biased.deliveries["delivery_mode"] == "online").to_numpy()[block.persons]
    level = (block.scores[:, BIASED:J] == 1).sum(axis=1) + (block.scores[:, 2] == 1)
    alone = dif_tables(block.scores[:, [2]], level, online.astype(np.int64), n_levels=J + 1)
    assert mantel_haenszel(dif_sums(alone)).d_dif[0] == pytest.approx(pure["d_dif"][2])


def test_without_dif_nothing_is_taken_out(biased: ScoredResponses) -> None:
    comparisons, _ = compare_groups(biased, ["delivery_mode"], minimum_n=N)
    # Too few for any class: the score stays whole.
    assert comparisons[0].in_matching.sum() == J
