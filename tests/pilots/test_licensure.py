"""The 30 pilots of a real licensure exam, on the scale of its 170 scored items."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.pilots import PilotReview, load_policy, review_pilots
from ciip_irt.responses import ScoredResponses, score
from ciip_irt.tables import read_csv


@pytest.fixture(scope="module")
def log(shared: Path) -> pl.DataFrame:
    return read_csv(shared / "realdata" / "licensure170" / "form1_log_long.csv.gz").select(
        "candidate_id",
        "attempt",
        "form_id",
        "item_id",
        "response",
        delivery_id="candidate_id",
        status=pl.when(pl.col("response").is_null()).then(pl.lit("omitted")).otherwise(pl.lit("answered")),
    )


@pytest.fixture(scope="module")
def licensure(shared: Path, log: pl.DataFrame) -> tuple[ScoredResponses, ItemBank]:
    folder = shared / "realdata" / "licensure170"
    difficulties = read_csv(folder / "reference_rasch_cml_eRm_form1.csv")
    items = (
        read_csv(folder / "form1_key.csv")
        .join(difficulties, on="item_id", how="left", maintain_order="left")
        .select("item_id", "status", "key", domain=pl.lit("A"), options=pl.lit("1234"), b="beta")
    )
    bank = ItemBank.from_frame(items)
    return score(log, bank), bank


@pytest.fixture(scope="module")
def review(licensure: tuple[ScoredResponses, ItemBank]) -> PilotReview:
    return review_pilots(*licensure)


def test_nearly_all_of_these_pilots_deserve_to_be_scored(review: PilotReview) -> None:
    assert sorted(set(review.evidence["n"])) == [302, 611, 723]
    counts = dict(review.decisions["decision"].value_counts().iter_rows())
    assert counts.get("promote", 0) >= 26
    assert counts.get("hold", 0) == 0  # every block is beyond the policy's maximum
    # the keys are verified: no option may be suspected
    assert review.evidence["suspect_probability"].max() < 0.1
    # the lowest point-biserial (.03 in 611 answers) is the most doubtful item
    weakest = review.evidence.sort("r").row(0, named=True)
    assert weakest["r"] < 0.05
    assert weakest["probability"] == review.evidence["probability"].min()
    assert weakest["probability"] < 0.85


def test_observed_statistics_are_those_of_the_reference(review: PilotReview, shared: Path) -> None:
    reference = read_csv(shared / "realdata" / "licensure170" / "reference_classical_form1.csv")
    both = review.evidence.join(
        reference.select("item_id", "n", "p", "pbis_total").cast(
            {"n": pl.Int64, "p": pl.Float64, "pbis_total": pl.Float64}
        ),
        on="item_id",
        suffix="_reference",
    )
    # the reference leaves the five omitted answers out, we count them as wrong
    assert (both["n"] - both["n_reference"]).sum() == 5
    same = both.filter(pl.col("n") == pl.col("n_reference"))
    assert same.height == 26
    np.testing.assert_allclose(same["p"], same["p_reference"], atol=1e-5)
    np.testing.assert_allclose(same["r"], same["pbis_total"], atol=1e-5)


def test_the_strict_preset_promotes_about_half(licensure: tuple[ScoredResponses, ItemBank]) -> None:
    strict = review_pilots(*licensure, load_policy("arrt-like"))
    promoted = (strict.decisions["decision"] == "promote").sum()
    # one less than with a log-normal of the slopes: P_171 went from .803 to .792, and the limit is .80
    assert 5 <= promoted <= 16


def test_stated_probabilities_hold_for_items_of_a_real_exam(
    licensure: tuple[ScoredResponses, ItemBank], log: pl.DataFrame
) -> None:
    """40 of the 170 scored items as pilots, 100 candidates; the truth is p and R of all 1,636."""
    scored, bank = licensure
    ids = np.array(scored.item_ids)
    matrix = np.zeros((scored.deliveries.height, ids.size))
    for block in scored.blocks:
        matrix[np.ix_(block.persons, block.items)] = block.scores == 1
    operational = np.flatnonzero(scored.items["status"].to_numpy() == "scored")
    answers = log.filter(pl.col("item_id").is_in(ids[operational]))
    candidates = answers["candidate_id"].unique(maintain_order=True)
    stated, true = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        order = rng.permutation(operational)
        pilots, rest = order[:40], order[40:]
        items = bank.items.filter(pl.col("item_id").is_in(ids[operational])).with_columns(
            status=pl.when(pl.col("item_id").is_in(ids[pilots]))
            .then(pl.lit("pilot"))
            .otherwise(pl.lit("scored"))
        )
        few = candidates.gather(rng.permutation(candidates.len())[:100])
        split = ItemBank.from_frame(items)
        found = review_pilots(
            score(answers.filter(pl.col("candidate_id").is_in(few.implode())), split), split
        )
        known = dict(found.evidence.select("item_id", "probability").iter_rows())
        total = matrix[:, rest].sum(axis=1)
        for j in pilots:
            r, p = np.corrcoef(matrix[:, j], total)[0, 1], matrix[:, j].mean()
            stated.append(known[str(ids[j])])
            true.append(bool(r > 0.10 and 0.25 <= p <= 0.97))
    x, good = np.array(stated), np.array(true)
    for low, high, room in ((0.0, 0.75, 0.25), (0.75, 0.95, 0.12), (0.95, 1.01, 0.07)):
        part = (x >= low) & (x < high)
        assert part.sum() > 15
        assert abs(good[part].mean() - x[part].mean()) < room
