"""Keys of a file of their own: which items both files have, and keys in other shapes than two columns."""

import polars as pl
import pytest

from ciip_irt.bank import names_matched, require_keys, with_keys
from ciip_irt.bank.key_sheets import keys_of_sheet
from ciip_irt.errors import InputError
from ciip_irt.tables import Grid

ITEMS = pl.DataFrame({"item_id": ["Q1", "Q2", "Q3"], "domain": ["A", "B", "A"]})


def keys(*names: str) -> pl.DataFrame:
    return pl.DataFrame({"item_id": names, "key": ["A"] * len(names)})


def test_items_of_only_one_file_are_told_and_left_out() -> None:
    table, said = with_keys(ITEMS, "items.csv", keys("Q1", "Q3", "q2"), "dir/key.csv")
    assert table.rows() == [("Q1", "A", "A"), ("Q3", "A", "A")]
    assert said[0].startswith("1 item of key.csv are not in items.csv and are left out, e.g. 'q2'")
    assert "'q2' is 'Q2'" in said[0]
    assert "'Q2'" in said[1]


def test_a_key_of_other_items_is_refused_with_both_sides() -> None:
    with pytest.raises(InputError, match=r"none of its items is in items.csv: it has 'Z1'.*has 'Q1'"):
        with_keys(ITEMS, "items.csv", keys("Z1", "Z2"), "key.csv")


def test_a_table_without_keys_is_refused() -> None:
    with pytest.raises(InputError, match="no columns of items and keys are among item_id, domain"):
        require_keys(ITEMS, "key.csv")


def test_the_same_number_under_another_letter_is_another_question() -> None:
    log, bank = [f"Q{j}" for j in range(1, 6)], [f"Z{j}" for j in range(1, 6)]
    assert names_matched(log, bank) == {}
    assert names_matched([str(j) for j in range(1, 6)], bank) == {str(j): f"Z{j}" for j in range(1, 6)}
    assert names_matched(["ID", *log], [str(j) for j in range(1, 6)]) == {
        f"Q{j}": str(j) for j in range(1, 6)
    }


@pytest.mark.parametrize(
    "rows",
    [
        (("", "Q1", "Q2", "Q3", "Q4"), ("KEY", "A", "B", "C", "D")),
        (("Q1", "Q2", "Q3", "Q4"), ("A", "B", "C", "D")),
        (("Q1", "A"), ("Q2", "B"), ("Q3", "C"), ("Q4", "D")),
        (("#", "Antwort"), ("Q1", "A"), ("Q2", "B"), ("Q3", "C"), ("Q4", "D")),
    ],
)
def test_other_shapes_of_a_key(rows: tuple[tuple[str, ...], ...]) -> None:
    found = keys_of_sheet(Grid(rows))
    assert found is not None
    assert found.rows() == [("Q1", "A"), ("Q2", "B"), ("Q3", "C"), ("Q4", "D")]


@pytest.mark.parametrize(
    "rows",
    [
        (("", "Q1", "Q2", "Q3"), ("c1", "A", "B", "C"), ("c2", "A", "B", "D")),  # answers
        (("How to read", "this book"), ("sheet", "answers")),
        (("Q1", "A"), ("Q1", "B"), ("Q2", "C"), ("Q3", "C")),  # one item twice
        (("Topic", "Number"), ("Physics", "4"), ("IT", "5"), ("Clinical", "6")),
    ],
)
def test_what_is_no_key(rows: tuple[tuple[str, ...], ...]) -> None:
    assert keys_of_sheet(Grid(rows)) is None
