"""Which deliveries and items are examined, what is said of them, and a real licensure exam."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ciip_irt.bank import ItemBank
from ciip_irt.calibration.checks.dimensionality import examine_dimensionality
from ciip_irt.errors import DesignError
from ciip_irt.irt.fit_statistics.dimensionality import parallel_analysis
from ciip_irt.responses import ScoredResponses, score
from ciip_irt.tables import read_csv

# form: deliveries, scored items, pilot items; F3 has the scored items of F1 and other pilots
FORMS = {
    "F1": (200, range(15), range(40, 43)),
    "F2": (250, range(10, 25), range(40, 43)),
    "F3": (150, range(15), range(43, 46)),
}


def scored_responses(
    second: float = 0.0, slope: float = 1.5, forms: dict[str, tuple[int, range, range]] = FORMS
) -> ScoredResponses:
    """``second``: how much odd items measure something else than even ones."""
    rng = np.random.default_rng(12)
    rows, person = [], 0
    for form_id, (n, scored, pilots) in forms.items():
        for _ in range(n):
            theta, other = rng.normal(size=2)
            for item in [*scored, *pilots]:
                ability = theta * (1 - second) + other * second if item % 2 else theta
                right = rng.random() < expit(slope * ability + 0.3)
                rows.append((f"C{person:04}", form_id, f"I{item:02}", "A" if right else "B"))
            person += 1
    log = pl.DataFrame(rows, schema=["candidate_id", "form_id", "item_id", "response"], orient="row")
    log = log.with_columns(delivery_id="candidate_id", attempt=pl.lit("1"), status=pl.lit("answered"))
    items = pl.DataFrame(
        {
            "item_id": [f"I{item:02}" for item in range(46)],
            "domain": "A",
            "status": ["scored"] * 40 + ["pilot"] * 6,
            "key": "A",
            "options": "AB",
        }
    )
    return score(log, ItemBank.from_frame(items))


def test_takes_the_scored_items_that_most_deliveries_have_in_common() -> None:
    scored = scored_responses()
    found = examine_dimensionality(scored)
    assert found.form_ids == ("F1", "F3")
    assert found.item_ids == tuple(f"I{item:02}" for item in range(15))
    expected = scored.deliveries.filter(pl.col("form_id").is_in(["F1", "F3"]))["delivery_id"]
    assert list(found.delivery_ids) == expected.to_list()
    assert (found.n_deliveries_in_all, found.n_scored_in_all) == (600, 25)
    assert found.summary().startswith(
        "Examined 15 scored items of forms F1, F3 (of 25 in all) with 350 deliveries (of 600)."
    )


def test_is_the_parallel_analysis_of_these_scores() -> None:
    scored = scored_responses()
    found = examine_dimensionality(scored, seed=3, replications=10)
    blocks = [block for block in scored.blocks if block.form_id != "F2"]
    scores = np.concatenate([block.scores[:, block.is_scored] for block in blocks])
    by_delivery = np.argsort(np.concatenate([block.persons for block in blocks]))
    expected = parallel_analysis(scores[by_delivery], seed=3, replications=10)
    np.testing.assert_array_equal(found.analysis.eigenvalues, expected.eigenvalues)
    np.testing.assert_array_equal(found.analysis.reference, expected.reference)
    assert found.provenance.settings["dimensionality_seed"] == 3


def test_the_order_of_blocks_does_not_matter() -> None:
    scored = scored_responses()
    one = examine_dimensionality(scored)
    other = examine_dimensionality(replace(scored, blocks=scored.blocks[::-1]))
    assert one.delivery_ids == other.delivery_ids
    assert one.analysis.reference.tobytes() == other.analysis.reference.tobytes()


def test_frame_is_one_row_per_component() -> None:
    frame = examine_dimensionality(scored_responses()).to_frame()
    assert frame.columns == ["component", "eigenvalue", "reference"]
    assert frame["component"].to_list() == list(range(1, 16))
    assert frame["eigenvalue"].is_sorted(descending=True)


def test_says_what_it_means_for_one_ability() -> None:
    one = examine_dimensionality(scored_responses())
    assert one.n_dimensions_suggested == 1
    assert "One ability per candidate, and one score, describe these items." in one.summary()

    two = examine_dimensionality(scored_responses(second=0.8))
    assert two.n_dimensions_suggested == 2
    assert two.first_to_second_ratio < 3
    assert "One ability per candidate may not be enough" in two.summary()

    between = examine_dimensionality(scored_responses(second=0.5, slope=3.0))
    assert between.n_dimensions_suggested == 2
    assert between.first_to_second_ratio > 3
    assert "One score remains a fair summary" in between.summary()


def test_answers_by_luck_are_called_so() -> None:
    found = examine_dimensionality(scored_responses(slope=0.0, forms={"F1": (400, range(12), range(0))}))
    assert found.n_dimensions_suggested == 0
    assert "no more than by luck" in found.summary()


def test_items_left_out_are_named() -> None:
    scored = scored_responses(forms={"F1": (300, range(12), range(0))})
    [block] = scored.blocks
    alike = block.scores.copy()
    alike[:, 4] = 1
    scored = replace(scored, blocks=type(scored.blocks)([replace(block, scores=alike)]))
    found = examine_dimensionality(scored)
    assert found.left_out == ("I04",)
    assert len(found.item_ids) == 11
    assert "Left out: I04." in found.summary()


def test_few_deliveries_are_refused() -> None:
    scored = scored_responses(forms={"F1": (99, range(12), range(0))})
    with pytest.raises(DesignError, match="99 deliveries have the same scored items"):
        examine_dimensionality(scored)
    pilots = scored_responses(forms={"F1": (120, range(0), range(40, 46))})
    with pytest.raises(DesignError, match="no scored items"):
        examine_dimensionality(pilots)


def test_shows_itself_and_cannot_be_changed() -> None:
    found = examine_dimensionality(scored_responses(), replications=5)
    assert "Dimensionality" in found._repr_html_()
    with pytest.raises(FrozenInstanceError):
        found.form_ids = ()  # type: ignore[attr-defined]


def test_a_real_licensure_exam_has_a_dominant_dimension_and_more(shared: Path) -> None:
    folder = shared / "realdata" / "licensure170"
    key = read_csv(folder / "form1_key.csv")
    bank = ItemBank.from_frame(
        key.select("item_id", domain=pl.lit("A"), status="status", key="key", options=pl.lit("1234"))
    )
    log = read_csv(folder / "form1_log_long.csv.gz").select(
        "candidate_id",
        "attempt",
        "form_id",
        "item_id",
        "response",
        delivery_id="candidate_id",
        status=pl.when(pl.col("response").is_null()).then(pl.lit("omitted")).otherwise(pl.lit("answered")),
    )
    found = examine_dimensionality(score(log, bank))
    assert len(found.delivery_ids) == 1636
    assert len(found.item_ids) == 170
    assert found.left_out == ()
    assert found.first_to_second_ratio == pytest.approx(3.52, abs=0.01)
    first, second = found.analysis.eigenvalues[:2]
    assert (first, second) == pytest.approx((21.36, 6.07), abs=0.01)
    # the third and fourth lie .04 to .3 above chance: how many there are depends on the shuffles
    assert 3 <= found.n_dimensions_suggested <= 5
