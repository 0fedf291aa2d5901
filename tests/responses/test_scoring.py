"""Scoring held against a reading of the rules cell by cell, and blocks that lose nothing."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.arrays import MISSING
from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError, TableError
from ciip_irt.responses import CellStatus, ScoredResponses, ScoringRules, score

BANK = ItemBank.from_frame(
    pl.DataFrame(
        {
            "item_id": ["I1", "I2", "I3", "P1", "R1"],
            "domain": ["A"] * 5,
            "status": ["scored", "scored", "scored", "pilot", "retired"],
            "key": ["A", "B|D", "*", "C", "A"],
            "options": ["ABCD", "ABCD", "ABC", "ABCD", "ABCD"],
        }
    )
)
NAMES = ("candidate_id", "delivery_id", "attempt", "form_id", "item_id", "response", "status")
STATUSES = ("answered", "omitted", "not_reached", "invalid")


def log(cells: list[tuple[str, str, str, str | None, str]]) -> pl.DataFrame:
    """(delivery, form, item, response, status)."""
    rows = [
        (delivery, delivery, "1", form, item, response, status)
        for delivery, form, item, response, status in cells
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(NAMES, pl.String), orient="row")


def cell_of(scored: ScoredResponses, delivery: str, item: str) -> dict[str, Any] | None:
    person = scored.deliveries["delivery_id"].to_list().index(delivery)
    row = scored.item_ids.index(item)
    found = []
    for block in scored.blocks:
        at, column = np.flatnonzero(block.persons == person), np.flatnonzero(block.items == row)
        if at.size and column.size and block.statuses[at[0], column[0]] != CellStatus.NOT_ADMINISTERED:
            where = at[0], column[0]
            found.append(
                {
                    "score": int(block.scores[where]), "choice": int(block.choices[where]),
                    "status": CellStatus(int(block.statuses[where])).name.lower(),
                    "counts": bool(block.is_scored[column[0]]), "form": block.form_id,
                    "time": float(block.times[where]), "position": int(block.positions[where]),
                }
            )  # fmt: skip
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("item", "response", "status", "points"),
    [
        ("I1", "A", "answered", 1), ("I1", "B", "answered", 0), ("I1", None, "omitted", 0),
        ("I1", None, "not_reached", 0), ("I1", "AB", "invalid", 0), ("I1", "A", "invalid", 0),
        ("I2", "B", "answered", 1), ("I2", "D", "answered", 1), ("I2", "A", "answered", 0),
        ("I3", "C", "answered", 1), ("I3", None, "omitted", 1), ("P1", "C", "answered", 1),
    ],
)  # fmt: skip
def test_points(item: str, response: str | None, status: str, points: int) -> None:
    cell = cell_of(score(log([("d1", "F", item, response, status)]), BANK), "d1", item)
    assert cell is not None
    assert cell["score"] == points
    assert cell["status"] == status
    assert cell["counts"] == (item != "P1")


@pytest.mark.parametrize("status", ["omitted", "not_reached", "invalid"])
def test_what_an_answer_not_given_counts_can_be_chosen(status: str) -> None:
    rows = log([("d1", "F", "I1", None, status), ("d1", "F", "I2", "B", "answered")])
    cell = cell_of(score(rows, BANK, rules=ScoringRules(**{status: "missing"})), "d1", "I1")
    assert cell is not None
    assert cell["score"] == MISSING


def test_unknown_scoring_rules() -> None:
    with pytest.raises(InputError, match="omitted = 'half'"):
        ScoringRules(omitted="half")  # type: ignore[arg-type]


def test_pilots_and_retired_items_are_not_in_the_total() -> None:
    rows = log([("d1", "F", item, letter, "answered") for item, letter in
                (("I1", "A"), ("P1", "C"), ("R1", "A"))])  # fmt: skip
    scored = score(rows, BANK)
    assert scored.totals.tolist() == [1]
    assert "1 administered item is retired" in scored.warnings[0]
    again = score(rows.with_columns(role=pl.Series([None, "scored", "scored"])), BANK)
    assert again.totals.tolist() == [3]
    assert again.warnings == ()


def test_an_option_not_offered_counts_as_invalid() -> None:
    scored = score(log([("d1", "F", "I1", "E", "answered")]), BANK)
    cell = cell_of(scored, "d1", "I1")
    assert cell is not None
    assert (cell["status"], cell["score"], cell["choice"]) == ("invalid", 0, -1)
    assert "1 answers name an option" in scored.warnings[0]


def test_items_that_the_bank_lacks() -> None:
    with pytest.raises(InputError, match=r"items in the log are not in the bank .*'X9'"):
        score(log([("d1", "F", "X9", "A", "answered")]), BANK)


def test_a_log_that_breaks_its_contract() -> None:
    with pytest.raises(TableError, match="occurs more than once"):
        score(log([("d1", "F", "I1", "A", "answered")] * 2), BANK)
    with pytest.raises(InputError, match="more than one form"):
        score(log([("d1", "F", "I1", "A", "answered"), ("d1", "G", "I2", "A", "answered")]), BANK)


def test_times_and_positions_stay_with_their_cells() -> None:
    rows = log([("d1", "F", "I1", "A", "answered"), ("d1", "F", "I2", "B", "answered")])
    rows = rows.with_columns(time_s=pl.Series([3.5, None]), position=pl.Series([2, None]))
    scored = score(rows, BANK)
    first, second = cell_of(scored, "d1", "I1"), cell_of(scored, "d1", "I2")
    assert first is not None
    assert second is not None
    assert (first["time"], first["position"]) == (3.5, 2)
    assert (np.isnan(second["time"]), second["position"]) == (True, 0)


def test_a_position_beyond_any_form_is_unknown() -> None:
    rows = log([("d1", "F", "I1", "A", "answered")]).with_columns(position=pl.Series([10**6]))
    cell = cell_of(score(rows, BANK), "d1", "I1")
    assert cell is not None
    assert cell["position"] == 0


def test_summary_and_provenance() -> None:
    rows = log([("d1", "F", "I1", "A", "answered"), ("d2", "G", "P1", "A", "answered")])
    exclusions = pl.DataFrame(
        {"delivery_id": ["d3"], "candidate_id": ["c"], "rule": ["attempt"], "reason": ["x"], "rows": [3]}
    )
    scored = score(rows, BANK, exclusions=exclusions)
    assert "2 deliveries on 2 forms, 2 responses to 1 scored and 1 pilot items." in scored.summary()
    assert "1 delivery left out." in scored.summary()
    assert scored.provenance.exclusions == {"attempt": 1}
    assert scored.form_ids == ("F", "G")
    assert score(rows, BANK).provenance.data_hash == scored.provenance.data_hash
    assert "Scored responses" in scored._repr_html_()


CELL = st.tuples(st.sampled_from(STATUSES), st.sampled_from(["A", "B", "C", "D", "E"]))
DELIVERIES = st.lists(
    st.tuples(st.sampled_from(["F", "G"]), st.dictionaries(st.sampled_from(BANK.item_ids), CELL, min_size=1)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=80, deadline=None)
@given(DELIVERIES, st.sampled_from(["wrong", "missing"]), st.sampled_from(["wrong", "missing"]))
def test_every_cell_is_scored_as_the_rules_say(
    deliveries: list[tuple[str, dict[str, tuple[str, str]]]], omitted: Any, not_reached: Any
) -> None:
    cells = [
        (f"d{k}", form, item, letter if status in ("answered", "invalid") else None, status)
        for k, (form, items) in enumerate(deliveries)
        for item, (status, letter) in items.items()
    ]
    rules = ScoringRules(omitted=omitted, not_reached=not_reached)
    scored = score(log(cells), BANK, rules=rules)
    keys = {item: (key, options, status) for item, key, options, status in
            BANK.items.select("item_id", "key", "options", "status").iter_rows()}  # fmt: skip
    totals = dict.fromkeys(scored.deliveries["delivery_id"], 0)
    for delivery, form, item, response, status in cells:
        key, options, role = keys[item]
        seen = "invalid" if status == "answered" and response not in options else status
        if key == "*":
            points = 1
        elif {"omitted": omitted, "not_reached": not_reached}.get(seen) == "missing":
            points = MISSING
        else:
            points = int(seen == "answered" and response in key.split("|"))
        cell = cell_of(scored, delivery, item)
        assert cell is not None
        assert (cell["score"], cell["status"], cell["form"]) == (points, seen, form)
        assert cell["counts"] == (role == "scored")
        assert cell["choice"] == (options.index(response) if seen == "answered" and response else -1)
        totals[delivery] += int(points == 1 and role == "scored")
    assert scored.totals.tolist() == list(totals.values())
    administered = sum(int((b.statuses != CellStatus.NOT_ADMINISTERED).sum()) for b in scored.blocks)
    assert administered == len(cells)
    persons = np.concatenate([block.persons for block in scored.blocks])
    assert sorted(persons.tolist()) == list(range(len(deliveries)))
    blocks = scored.response_blocks()
    assert sum(int((block.scores == 1).sum()) for block in blocks) == sum(
        int((block.scores == 1).sum()) for block in scored.blocks
    )
