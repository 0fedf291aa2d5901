"""The bank: one scale, a life cycle without shortcuts, values that do not change under anybody."""

from dataclasses import FrozenInstanceError
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciip_irt.bank import (
    CREDIT_ALL,
    ItemBank,
    Scale,
    change_status,
    credited_options,
    read_bank,
    scale_of,
    with_parameters,
)
from ciip_irt.errors import InputError, ScaleError, TableError

STATUS = ("draft", "pilot", "scored", "retired")
STEPS = {("draft", "pilot"), ("draft", "retired"), ("pilot", "scored"), ("pilot", "draft"),
         ("pilot", "retired"), ("scored", "retired"), ("scored", "draft"), ("retired", "draft")}  # fmt: skip


def items(**columns: list[object]) -> pl.DataFrame:
    plain = {"item_id": ["I1", "I2", "I3"], "domain": ["A", "A", "B"], "status": ["scored", "pilot", "draft"],
             "key": ["A", "B|C", "*"], "options": ["ABCD"] * 3}  # fmt: skip
    return pl.DataFrame({**plain, **columns})


CALIBRATED = ItemBank.from_frame(items(b=[0.5, None, -1.0], a=[1.2, None, 0.8], c=[0.2, None, None]))


def test_parameters_in_the_order_asked_for() -> None:
    assert CALIBRATED.scale == Scale("bank", "2pl", 1.0)
    found = CALIBRATED.parameters(["I3", "I2", "I1", "I9"])
    np.testing.assert_array_equal(found, [[0.8, -1.0, 0.0], [np.nan] * 3, [1.2, 0.5, 0.2], [np.nan] * 3])
    np.testing.assert_array_equal(CALIBRATED.parameters(), found[[2, 1, 0]])
    assert CALIBRATED.parameters([]).shape == (0, 3)


def test_a_bank_without_parameters() -> None:
    bank = ItemBank.from_frame(items())
    assert bank.scale is None
    assert np.isnan(bank.parameters()).all()
    assert bank.summary() == "3 items in 2 domains: 1 draft, 1 pilot, 1 scored.\n0 calibrated."
    assert "Item bank" in bank._repr_html_()
    assert bank.item_ids == ("I1", "I2", "I3")


def test_a_missing_model_is_guessed_from_a() -> None:
    assert scale_of(ItemBank.from_frame(items(b=[0.5, 1.0, None])).items) == Scale("bank", "rasch", 1.0)


def test_slopes_that_are_all_one_are_rasch() -> None:
    columns = {"item_id": ["I1", "I2"], "domain": "A", "status": "scored", "key": "A", "options": "AB"}
    frame = pl.DataFrame({**columns, "a": [1.0, None], "b": [0.1, 0.2]})
    assert ItemBank.from_frame(frame).scale == Scale("bank", "rasch", 1.0)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"scale_id": ["x", "y", "x"]}, "several scales: x (2 items), y (1 items)"),
        ({"model": ["rasch", "3pl", "rasch"]}, "several models: rasch (2 items), 3pl (1 items)"),
        ({"D": [1.0, 1.7, 1.0]}, "several scaling constants D: 1.0 (2 items), 1.7 (1 items)"),
        ({"a": [1.2, None, 0.9]}, "several models: 2pl (2 items), rasch (1 items)"),
    ],
)
def test_one_bank_one_scale(columns: dict[str, list[object]], said: str) -> None:
    with pytest.raises(ScaleError) as caught:
        ItemBank.from_frame(items(b=[0.1, 0.2, 0.3], **columns), where="bank.csv")
    assert f"bank.csv: calibrated items are on {said}" in str(caught.value)
    assert "'I2'" in str(caught.value)


def test_scales_differ_in_two_ways_at_once() -> None:
    with pytest.raises(ScaleError) as caught:
        ItemBank.from_frame(items(b=[0.1, 0.2, 0.3], D=[1.0, 1.7, 1.0], scale_id=["x", "x", "y"]))
    assert len(caught.value.problems) == 2


def test_uncalibrated_items_have_no_scale() -> None:
    bank = ItemBank.from_frame(items(b=[0.1, None, 0.3], scale_id=["x", "other", "x"]))
    assert bank.scale == Scale("x", "rasch", 1.0)


@pytest.mark.parametrize(("old", "new"), list(product(STATUS, STATUS)))
def test_the_life_cycle_has_exactly_these_steps(old: str, new: str) -> None:
    bank = ItemBank.from_frame(items(status=[old, "scored", "pilot"]))
    if old == new or (old, new) in STEPS:
        changed = change_status(bank, {"I1": new})
        assert changed.items["status"].to_list() == [new, "scored", "pilot"]
        assert bank.items["status"].to_list() == [old, "scored", "pilot"]
        assert changed.items.drop("status").equals(bank.items.drop("status"))
    else:
        with pytest.raises(InputError, match=f"the life cycle has no such step.*I1 \\({old} -> {new}\\)"):
            change_status(bank, {"I1": new})


def test_changing_nothing() -> None:
    assert change_status(CALIBRATED, {}).items.equals(CALIBRATED.items)


def test_unknown_items_and_illegal_steps_at_once() -> None:
    with pytest.raises(InputError) as caught:
        change_status(CALIBRATED, {"I9": "scored", "I3": "scored"})
    assert [problem.what for problem in caught.value.problems] == [
        "items are not in the bank", "the life cycle has no such step",
    ]  # fmt: skip


def estimates(**columns: list[object]) -> pl.DataFrame:
    plain = {
        "item_id": ["I2"],
        "a": [1.5],
        "b": [0.7],
        "c": [0.0],
        "se_a": [0.1],
        "se_b": [0.2],
        "se_c": [None],
    }
    return pl.DataFrame({**plain, **columns})


def test_new_parameters_are_written_in() -> None:
    bank = with_parameters(CALIBRATED, estimates(), scale=Scale("bank", "2pl"))
    row = bank.items.row(1, named=True)
    assert (row["a"], row["b"], row["se_b"], row["model"], row["D"], row["scale_id"]) == (
        1.5,
        0.7,
        0.2,
        "2pl",
        1,
        "bank",
    )
    assert bank.items.filter(pl.col("item_id") != "I2").equals(
        CALIBRATED.items.filter(pl.col("item_id") != "I2")
    )
    assert np.isnan(CALIBRATED.parameters(["I2"])).all()


@pytest.mark.parametrize("scale", [Scale("other", "2pl"), Scale("bank", "rasch"), Scale("bank", "2pl", 1.7)])
def test_parameters_of_another_scale_are_refused(scale: Scale) -> None:
    with pytest.raises(ScaleError, match="the bank is on scale 'bank' \\(2pl, D = 1\\)"):
        with_parameters(CALIBRATED, estimates(), scale=scale)


def test_a_first_calibration_sets_the_scale() -> None:
    bank = with_parameters(ItemBank.from_frame(items()), estimates(), scale=Scale("ciip", "3pl", 1.7))
    assert bank.scale == Scale("ciip", "3pl", 1.7)


def test_a_bank_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        CALIBRATED.scale = None  # type: ignore[misc]


def test_a_bank_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    items(b=[0.5, None, -1.0]).write_csv(path)
    bank = read_bank(path)
    assert bank.where == str(path)
    assert bank.items.equals(ItemBank.from_frame(items(b=[0.5, None, -1.0])).items)
    path.write_text("item_id,domain,status,key,options\nI1,A,scored,E,ABCD\nI1,A,new,A,ABCD\n")
    with pytest.raises(TableError) as caught:
        read_bank(path)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("key", "credited"), [("B", "B"), ("B|D", "BD"), (" B | D ", "BD"), ("*", "ABCD"), (" * ", "ABCD")]
)
def test_credited_options(key: str, credited: str) -> None:
    assert credited_options(key, "ABCD") == frozenset(credited)


@given(st.sets(st.sampled_from("ABCDE"), min_size=1))
def test_credited_options_are_those_of_the_key(letters: set[str]) -> None:
    assert credited_options("|".join(sorted(letters)), "ABCDE") == letters
    assert credited_options(CREDIT_ALL, "".join(sorted(letters))) == letters


@pytest.mark.parametrize(
    ("key", "options", "offered"), [("3", "4", "1234"), ("3", "12345", "12345"), ("C", "4", "ABCD")]
)
def test_a_number_of_options_is_in_the_letters_or_digits_of_the_key(
    tmp_path: Path, key: str, options: str, offered: str
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"item_id,key,n_options\nQ1,{key},{options}\n")
    assert read_bank(path, complete=True).items["options"].to_list() == [offered]
