"""Every public function takes a bank or a frame, of polars or of pandas, and makes the same of them."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pytest

import ciip_irt as ci
from ciip_irt.blueprint import Domain
from ciip_irt.forms import assemble
from ciip_irt.tables import polars_frame

TWO = ci.Blueprint("two", "1", "2024", 2, (Domain("A", "Procurement", 1), Domain("B", "Operations", 1)))


def in_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.to_dict(as_series=False))


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    made = ci.simulate_programme(n_candidates=30, n_forms=1, n_pilots=40, seed=1, dirt=False)
    some = made.responses["item_id"].unique().sort().gather_every(6).implode()
    return {
        "items": made.items.filter(pl.col("item_id").is_in(some)),
        "responses": made.responses.filter(pl.col("item_id").is_in(some)),
        "candidates": made.candidates,
    }


MAKES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "bank": ci.ItemBank.from_frame,
    "lazy": pl.DataFrame.lazy,
    "pandas": in_pandas,
}


@pytest.mark.parametrize("make", MAKES)
def test_the_bank_of_any_make(make: str, tables: dict[str, pl.DataFrame]) -> None:
    items, other = tables["items"], MAKES[make](tables["items"])
    scored, again = (ci.score(tables["responses"], bank) for bank in (items, other))
    assert again.totals.tolist() == scored.totals.tolist()
    one, two = (ci.calibrate(scored, "rasch", anchors=bank) for bank in (items, other))
    assert two.parameters.equals(one.parameters)
    reviews = [ci.review_pilots(scored, bank, calibration=one) for bank in (items, other)]
    assert reviews[1].decisions.equals(reviews[0].decisions)
    promoted = [ci.promote(bank, reviews[0].decisions, by="somebody") for bank in (items, other)]
    assert promoted[1].bank.items.equals(promoted[0].bank.items)
    known = items.filter(pl.col("domain").is_in(["A", "B"]))
    of_two = known.with_columns(domain=pl.col("domain").replace({"A": "A", "B": "B"}))
    built = [assemble(bank, TWO, n_forms=1) for bank in (of_two, MAKES[make](of_two))]
    assert built[1].forms.equals(built[0].forms)
    assert ci.check_forms(built[0].forms, TWO, MAKES[make](of_two)) == []
    assert ci.bank_capacity(MAKES[make](of_two), TWO).supported == ci.bank_capacity(of_two, TWO).supported


@pytest.mark.parametrize("make", ["lazy", "pandas"])
def test_other_tables_of_any_make(make: str, tables: dict[str, pl.DataFrame]) -> None:
    log, candidates = (MAKES[make](tables[name]) for name in ("responses", "candidates"))
    eligible = ci.select_eligible(tables["responses"], tables["candidates"])
    again = ci.select_eligible(log, candidates)
    assert again.exclusions.equals(eligible.exclusions)
    bank = ci.ItemBank.from_frame(tables["items"])
    totals = ci.score(tables["responses"], bank, candidates=tables["candidates"]).totals
    assert ci.score(log, bank, candidates=candidates).totals.tolist() == totals.tolist()


def test_missing_cells_of_pandas_are_missing() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None, pd.NA],
            "number": [1.5, float("nan"), 2.0],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "day": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
        }
    )
    read = polars_frame(frame)
    assert {name: read[name].null_count() for name in read.columns} == {
        "text": 2,
        "number": 1,
        "whole": 1,
        "day": 1,
    }


@pytest.mark.parametrize("given", [[1, 2], "items.csv", None])
def test_what_is_no_table(given: Any) -> None:
    with pytest.raises(ci.TableError, match=r"not a table but .*Give a polars or pandas frame"):
        assemble(given, TWO)


def test_repeated_names_of_pandas() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["item_id", "item_id"])
    with pytest.raises(ci.TableError, match=r"occur more than once.*'item_id'"):
        assemble(frame, TWO)
