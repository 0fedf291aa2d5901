"""What the bank lacks: counted by hand, and told apart from quality."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import load_blueprint
from ciip_irt.job.demand import demand_of
from ciip_irt.pilots import Demand, bank_needs
from ciip_irt.pilots.plan.needs import _tilt

LETTERS = {"a": "A", "alpha": "A", "b": "B", "beta beta": "B"}


def bank(**more: list[float | None]) -> pl.DataFrame:
    """Domain A: b = -3 ... 2.9; B: three items; pilots as given by name."""
    b = [k / 10 - 3 for k in range(60)]
    rows = [("A", "scored", value) for value in b] + [("Beta  beta", "scored", value) for value in (-2, 0, 2)]
    rows += [("b", "draft", 0.0), ("B", "retired", 0.0), ("Z", "scored", 0.0)]
    rows += [(domain, "pilot", None) for domain in more.get("pilots", [])]
    frame = pl.DataFrame(
        rows, schema={"domain": pl.String, "status": pl.String, "b": pl.Float64}, orient="row"
    )
    return frame.with_row_index("k").select(pl.format("I{}", "k").alias("item_id"), "domain", "status", "b")


def cell(needs, domain: str, band: str) -> tuple[int, int, int]:  # type: ignore[no-untyped-def]
    return needs.table.filter(domain=domain, band=band).select("wanted", "have", "lacking").row(0)


def test_counts_by_hand() -> None:
    needs = bank_needs(bank(), Demand({"A": 30, "B": 9}, LETTERS, n_forms=1))
    assert cell(needs, "A", "all") == (30, 60, 0)
    assert cell(needs, "B", "all") == (9, 3, 6)
    assert [cell(needs, "A", band) for band in ("easy", "middle", "hard")] == [(10, 20, 0)] * 3
    assert [cell(needs, "B", band) for band in ("easy", "middle", "hard")] == [(3, 1, 2)] * 3
    assert needs.sentence("B", 1.5) == "The bank lacks such items (B, hard): it has 1 of 3."
    assert needs.sentence("A", -2.0) == "Plenty of these in the bank (A, easy): it has 20, 10 are needed."
    assert needs.sentence("B") == "The bank lacks such items (B): it has 3 of 9."
    assert needs.sentence(None) == "Its domain is not in the blueprint."
    assert (needs.lacking("B", 0.1), needs.lacking("B"), needs.lacking("A")) == (2, 6, 0)
    assert needs.summary().splitlines()[0] == "For 1 form the bank lacks 6 scored items: B 6."


@pytest.mark.parametrize(
    ("forms", "overlap", "wanted"),
    [(1, 0.3, 10), (2, 0.3, 17), (3, 0.3, 21), (9, 0.3, 22), (3, 0.0, 30), (3, 1.0, 10)],
)
def test_items_that_forms_with_bounded_overlap_need(forms: int, overlap: float, wanted: int) -> None:
    assert Demand({"A": 10}, {}, forms, overlap).wanted() == {"A": wanted}


def test_pilots_are_promises() -> None:
    items = bank(pilots=["B", "B", "B", "A"])
    pilots = items.filter(status="pilot")["item_id"].to_list()
    evidence = pl.DataFrame(
        {"item_id": pilots, "b": [2.0, 2.5, None, 0.0], "probability": [0.9, 0.8, None, 0.5]}
    )
    needs = bank_needs(items, Demand({"A": 30, "B": 9}, LETTERS, n_forms=1), evidence)
    row = needs.table.filter(domain="B", band="hard").row(0, named=True)
    assert (row["pilots"], row["pilots_expected"], row["lacking_after"]) == (2, 1.7, pytest.approx(0.3))
    whole = needs.table.filter(domain="B", band="all").row(0, named=True)
    assert (whole["pilots"], whole["pilots_expected"]) == (3, 1.7)


def test_a_hard_target_wants_hard_items() -> None:
    plain = bank_needs(bank(), Demand({"A": 30}, LETTERS, n_forms=1))
    hard = bank_needs(bank(), Demand({"A": 30}, LETTERS, n_forms=1, mean_b=1.5))
    assert cell(hard, "A", "all") == cell(plain, "A", "all")
    assert [cell(hard, "A", band)[0] for band in ("easy", "middle", "hard")] == [2, 6, 22]


def test_tilting_meets_the_mean_and_stays_near() -> None:
    rng = np.random.default_rng(1)
    b, weight = rng.normal(size=200), np.full(200, 1 / 200)
    for mean in (-1.0, 0.0, 0.7):
        found = _tilt(b, weight, mean)
        assert found @ b == pytest.approx(mean, abs=1e-6)
        assert found.sum() == pytest.approx(1)
        other = found.copy()  # any other weights of the same mean are farther from the bank's
        shift = np.cross(np.array([b[0], b[1], b[2]]), np.ones(3)) * 1e-4
        other[:3] += shift
        assert (found * np.log(found)).sum() < (other * np.log(other)).sum()
    assert _tilt(b, weight, 99.0).argmax() == b.argmax()


def test_too_few_difficulties_make_no_bands() -> None:
    items = bank().with_columns(b=pl.lit(None, dtype=pl.Float64))
    needs = bank_needs(items, Demand({"A": 70, "B": 3}, LETTERS, n_forms=1))
    assert needs.edges == ()
    assert needs.table["band"].to_list() == ["all", "all"]
    assert needs.sentence("A", 1.0) == "The bank lacks such items (A): it has 60 of 70."


def test_the_demand_of_a_blueprint() -> None:
    demand = demand_of(load_blueprint("ciip-2024"), 2)
    assert sum(demand.counts.values()) == 130
    assert demand.letter_of["image management"] == "F"
    assert (demand.max_overlap, demand.mean_b, demand.statuses) == (0.3, None, ("scored",))


@pytest.mark.parametrize(("mean", "nearest"), [(0.5, 0), (1.0, 0), (2.0, 1), (2.5, 1)])
def test_a_mean_at_the_end_of_the_range_or_beyond_wants_the_items_there(mean: float, nearest: int) -> None:
    weights = _tilt(np.array([1.0, 2.0]), np.array([0.5, 0.5]), mean)
    assert weights[nearest] == pytest.approx(1.0)
