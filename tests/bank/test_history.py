"""Reworded items lose the answers to their old wording; a changed bank differs only where it changed."""

import polars as pl
import pytest

from ciip_irt.bank import (
    ItemBank,
    appended,
    change_status,
    current_wording,
    edited,
    item_hashes,
    read_ledger,
    roles_then,
)
from ciip_irt.errors import InputError, TableError
from ciip_irt.responses import score
from ciip_irt.tables import LEDGER, read_frame, write_outputs

ITEMS = pl.DataFrame(
    {
        "item_id": ["S1", "P1", "P2", "S2"],
        "domain": "A",
        "status": ["scored", "pilot", "pilot", "scored"],
        "key": "A",
        "options": "ABCD",
        "revised_on": [None, "2026-03-01", None, "2026-03-01"],
    }
)


def log(*days: str | None, role: str | None = None) -> pl.DataFrame:
    """Each delivery, on one of the days, met all four items."""
    items = ITEMS["item_id"].to_list()
    return pl.DataFrame(
        {
            "candidate_id": [f"c{k}" for k in range(len(days)) for _ in items],
            "delivery_id": [f"d{k}" for k in range(len(days)) for _ in items],
            "attempt": "1",
            "form_id": "F",
            "item_id": items * len(days),
            "response": "A",
            "status": "answered",
            "delivered_at": [day for day in days for _ in items],
            "role": role,
        },
        schema_overrides={"delivered_at": pl.String, "role": pl.String},
    )


DAYS = ("2026-02-28T23:59:59", "2026-03-01", "2026-03-01T08:00:00+01:00", "2027-01-01")


def test_answers_before_the_wording_do_not_count() -> None:
    scored = score(log(*DAYS), ItemBank.from_frame(ITEMS))
    assert scored.deliveries["n_pilot"].to_list() == [1, 2, 2, 2]
    assert scored.deliveries["n_scored"].to_list() == [2, 2, 2, 2]  # a total stays what it was
    (said,) = scored.warnings
    assert said == "1 answer to 1 reworded item was given before its new wording and does not count (P1)."


def test_answers_without_a_date_are_left_out_and_told() -> None:
    bank = ItemBank.from_frame(ITEMS)
    kept, said = current_wording(log(None, "2026", "2026-03"), bank)
    assert kept.group_by("item_id").len().sort("item_id")["len"].to_list() == [3, 3, 3]
    assert said == (
        "3 answers to 1 reworded item have no date, so they do not count: nobody knows which wording they"
        " were given to (P1).",
    )


def test_what_counted_then_stays() -> None:
    kept, said = current_wording(log(*DAYS, role="scored"), ItemBank.from_frame(ITEMS))
    assert (kept.height, said) == (16, ())


def test_the_data_hash_is_that_of_the_whole_log() -> None:
    plain = ItemBank.from_frame(ITEMS.with_columns(revised_on=pl.lit(None, dtype=pl.String)))
    hashes = {score(log(*DAYS), bank).provenance.data_hash for bank in (plain, ItemBank.from_frame(ITEMS))}
    assert len(hashes) == 1


def test_a_log_of_old_wordings_alone() -> None:
    only = log("2026-02-01").filter(pl.col("item_id") == "P1")
    with pytest.raises(InputError, match="no answer counts"):
        score(only, ItemBank.from_frame(ITEMS))


@pytest.mark.parametrize("written", ["2026-3-1", "March", "2026", "01.03.2026", "2026-02-30"])
def test_the_date_of_a_wording_is_a_day(written: str) -> None:
    with pytest.raises(TableError, match="'revised_on' is not a day"):
        ItemBank.from_frame(ITEMS.with_columns(revised_on=pl.lit(written)))


def test_hashes_tell_other_items() -> None:
    bank = ItemBank.from_frame(ITEMS).items
    first = dict(item_hashes(bank).iter_rows())
    assert len(set(first.values())) == 4
    for name, value in (("key", "B"), ("options", "ABC"), ("domain", "B"), ("revised_on", "2026-04-01")):
        other = dict(item_hashes(bank.with_columns(pl.lit(value).alias(name))).iter_rows())
        assert not set(first.values()) & set(other.values()), name
    assert dict(item_hashes(bank.with_columns(status=pl.lit("draft"), b=pl.lit(0.3))).iter_rows()) == first


def test_an_edited_bank_differs_where_it_changed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = (
        "notes,status,item_id,domain,key,options,b,enemies\n"
        '"first, with a comma",scored,S1,A,A,ABCD,0.500,\n,pilot, P1 ,A,A,ABCD,,\n,pilot,P2,A,A,ABCD,,P1\n'
    )
    (tmp_path / "items.csv").write_text(text)
    table = read_frame(tmp_path / "items.csv")
    bank = ItemBank.from_frame(table)
    after = change_status(bank, {"P2": "retired"})
    write_outputs(tmp_path, {"items.csv": edited(table, bank, after)})
    assert (tmp_path / "items.csv").read_text() == text.replace("pilot,P2", "retired,P2")


LINE = {"item_id": "P1", "status_before": "pilot", "status_after": "scored", "decision": "promote", "n": 100,
        "by": "C. Hair", "evidence": "abc", "date": "2026-03-01"}  # fmt: skip


def lines(**changes: str) -> pl.DataFrame:
    return pl.DataFrame([LINE | changes], schema=LEDGER.empty().schema)


def test_the_ledger_grows_at_its_end(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "ledger.csv"
    assert read_ledger(path).is_empty()
    write_outputs(tmp_path, {"ledger.csv": appended(read_ledger(path), lines())})
    first = path.read_text()
    write_outputs(tmp_path, {"ledger.csv": appended(read_ledger(path), lines(evidence="def"))})
    assert path.read_text().startswith(first)
    assert read_ledger(path).height == 2
    with pytest.raises(InputError, match=r"ledger\.csv:2: 1 decision of this sheet was brought in before on"):
        appended(read_ledger(path), lines())


LATER = pl.DataFrame(
    {
        "item_id": ["P1", "P1", "P2", "S1"],
        "status_after": ["pilot", "scored", "draft", "scored"],
        "date": ["2025-01-01", "2026-03-01", "2026-03-01", None],
    }
)


def test_an_item_has_the_role_it_had_when_its_form_came_out() -> None:
    before, after = log("2026-02-28", "2026-03-05"), log("2026-03-01", "2026-03-05")
    both = pl.concat([before.with_columns(form_id=pl.lit("old")), after.with_columns(form_id=pl.lit("new"))])
    marked, (said,) = roles_then(both, LATER)
    pilots = marked.filter(role="pilot")
    assert pilots.select("form_id", "item_id").unique().rows() == [("old", "P1")]
    assert pilots.height == 2  # the form keeps its pilots after the promotion, too
    assert marked.drop("role").equals(both.drop("role"))
    assert said == (
        "1 item scored today was a pilot on 1 form that came out before its promotion (ledger): 2 answers"
        " there count as such."
    )


def test_roles_that_are_stated_and_forms_without_dates_stay() -> None:
    for given in (log("2026-02-28", role="scored"), log(None), log("2026-03-02")):
        assert roles_then(given, LATER)[0].equals(given)
        assert roles_then(given, LATER)[1] == ()


def test_a_retired_pilot_was_a_pilot_and_nothing_is_said_of_it() -> None:
    retired = pl.DataFrame({"item_id": ["P1"], "status_after": ["retired"], "date": ["2026-03-01"]})
    marked, said = roles_then(log("2026-02-28"), retired)
    assert set(marked.filter(item_id="P1")["role"]) == {"pilot"}
    assert marked.filter(pl.col("item_id") != "P1")["role"].null_count() == marked.height - 1
    assert said == ()
