"""Contracts: every failure at once, with row, count, examples and remedy; held against a plain loop."""

from dataclasses import FrozenInstanceError
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.errors import TableError
from ciip_irt.tables import ITEMS, RESPONSES, Column, RowRule, Table

PEOPLE = Table(
    "people",
    (
        Column("name", pl.String),
        Column("age", pl.Int64, nullable=True, minimum=0, maximum=120),
        Column("size", pl.Float64, required=False, nullable=True),
        Column("colour", pl.String, required=False, nullable=True, allowed=("red", "blue")),
        Column("adult", pl.Boolean, required=False, nullable=True),
    ),
    rules=(
        RowRule("old_is_red", (pl.col("age") > 100) & (pl.col("colour") != "red"), "over 100 and not red",
             "Paint.", ("age", "colour"), "name"),
    ),
    key=("name",),
)  # fmt: skip


def problems(table: Table, **columns: list[Any]) -> list[str]:
    with pytest.raises(TableError) as caught:
        table.validate(pl.DataFrame(columns), where="people.csv")
    return [str(problem) for problem in caught.value.problems]


def test_a_good_table_gets_its_types_and_its_optional_columns() -> None:
    frame = PEOPLE.validate(pl.DataFrame({"pet": ["cat"], "age": ["41"], "name": [" Ann "]}))
    assert frame.to_dicts() == [
        {"name": "Ann", "age": 41, "size": None, "colour": None, "adult": None, "pet": "cat"}
    ]
    assert frame.schema["size"] == pl.Float64
    assert PEOPLE.validate(frame).equals(frame)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("age", "old", "people.csv:3: column 'age' holds text where a whole number is expected (1 row"),
        ("age", "1.5", "holds text where a whole number is expected (1 row, e.g. '1.5')"),
        ("age", "-1", "people.csv:3: column 'age' is below 0 (1 row, e.g. '-1')"),
        ("age", "121", "column 'age' is above 120"),
        ("size", "1,5", "Decimals need a point, not a comma."),
        ("size", "inf", "column 'size' holds text where a number is expected"),
        ("colour", "green", "column 'colour' has a value outside red, blue (1 row, e.g. 'green')"),
        ("adult", "perhaps", "column 'adult' holds text where true or false is expected"),
        ("name", "", "people.csv:3: column 'name' is empty (1 row)"),
        ("name", "Ann", "people.csv:3: the same name occurs more than once (1 row, e.g. 'Ann')"),
    ],
)  # fmt: skip
def test_one_bad_cell(column: str, cell: str, said: str) -> None:
    columns = {"name": ["Ann", "Bob"], "age": ["1", "2"], "size": ["1", "2"], "colour": ["red", "red"],
               "adult": ["yes", "0"]}  # fmt: skip
    PEOPLE.validate(pl.DataFrame(columns))
    columns[column][1] = cell
    found = problems(PEOPLE, **columns)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("word", ["", " ", "NA", "NaN", "null", "#N/A"])
def test_words_for_nothing(word: str) -> None:
    frame = PEOPLE.validate(pl.DataFrame({"name": ["Ann"], "age": [word], "size": [word]}))
    assert frame.row(0)[:3] == ("Ann", None, None)


def test_everything_at_once_with_counts_and_five_examples() -> None:
    found = problems(
        PEOPLE, name=[*"abcdefg", "a"], age=["x", "y", "z", "u", "v", "w", "-1", "130"], colour=["pink"] * 8
    )
    assert [text.split(": ", 1)[1].split(" (")[0] for text in found] == [
        "column 'age' holds text where a whole number is expected",
        "column 'age' is below 0",
        "column 'age' is above 120",
        "column 'colour' has a value outside red, blue",
        "over 100 and not red",
        "the same name occurs more than once",
    ]
    assert "(6 rows, e.g. 'x', 'y', 'z', 'u', 'v')" in found[0]


def test_missing_columns_are_named_with_what_is_there() -> None:
    found = problems(PEOPLE, Name=["Ann"], years=[3])
    assert "people.csv:1: column 'name' is missing; the columns are Name, years. Is it 'Name'?" in found[0]
    assert "column 'age' is missing" in found[1]


def test_another_table_is_told_once() -> None:
    log = pl.DataFrame({"candidate_id": ["C1"], "A001": ["B"]})
    with pytest.raises(TableError) as caught:
        ITEMS.validate(log, where="log.csv")
    assert str(caught.value) == (
        "log.csv:1: not a table of items: it has no columns item_id, domain, status, key, options; "
        "its columns are candidate_id, A001. Is this the right file? Give the one that has these columns."
    )
    with pytest.raises(TableError, match="not a table of items"):
        ITEMS.validate(pl.DataFrame())


def test_rows_emptied_in_a_spreadsheet_are_not_rows() -> None:
    rows = [("Ann", "41", None), (None, " ", None), (None, None, None), ("Bob", "x", None)]
    examined = PEOPLE.examine(pl.DataFrame(rows, schema=["name", "age", "colour"], orient="row"))
    assert examined.rows["name"].to_list() == ["Ann"]
    assert examined.failures["row"].to_list() == [5]
    with pytest.raises(TableError, match="there is a header but not a single row"):
        PEOPLE.validate(pl.DataFrame({"name": [None], "age": [""], "colour": [""]}))


def test_no_rows() -> None:
    assert "not a single row" in problems(PEOPLE, name=[], age=[])[0]
    allowed = Table("t", PEOPLE.columns, allow_empty=True)
    assert allowed.validate(PEOPLE.empty()).height == 0


def test_examine_keeps_the_good_rows_and_lists_the_others() -> None:
    frame = pl.DataFrame({"name": ["a", "b", "c", "c"], "age": ["1", "x", "-2", "3"]})
    examined = PEOPLE.examine(frame)
    assert examined.rows["name"].to_list() == ["a"]
    assert examined.failures.rows() == [
        (3, "age", "type", "x"), (4, "age", "minimum", "-2"), (5, "name", "unique", "c"),
    ]  # fmt: skip
    assert PEOPLE.examine(frame.drop("age")).rows.is_empty()


def test_a_table_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        PEOPLE.name = "x"  # type: ignore[misc]


ROW = st.tuples(
    st.sampled_from(["a", "b", "c", "", "d"]), st.sampled_from(["5", "x", "-1", "130", "", "2.0", "110"]),
    st.sampled_from(["red", "blue", "green", ""]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_the_rows_kept_are_those_a_plain_loop_keeps(rows: list[tuple[str, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=["name", "age", "colour"], orient="row")
    good, seen = [], set()
    for name, age, colour in rows:
        fine = (
            bool(name)
            and name not in seen
            and colour in ("red", "blue", "")
            and age not in ("x", "-1", "130")
        )
        fine = fine and not (age == "110" and colour not in ("red", ""))
        seen.add(name)
        if fine:
            good.append((name, int(float(age)) if age else None, colour or None))
    examined = PEOPLE.examine(frame)
    assert examined.rows.select("name", "age", "colour").rows() == good
    written = {k + 2 for k, row in enumerate(rows) if any(row)}
    assert set(examined.failures["row"]) == written - _rows_of(examined.rows, rows)
    assert bool(examined.problems) == (len(good) < max(len(written), 1))  # a table of blank rows has none


def _rows_of(kept: pl.DataFrame, rows: list[tuple[str, str, str]]) -> set[int]:
    names = [name for name, *_ in rows]
    return {names.index(name) + 2 for name in kept["name"]}


RESPONSE = {"candidate_id": "c", "delivery_id": "d", "attempt": "1", "form_id": "F", "item_id": "I",
            "response": "A", "status": "answered"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"response": None}, "status is 'answered' but there is no response"),
        ({"status": "omitted"}, "status says that no answer was given, but there is a response"),
        ({"status": "not_reached"}, "status says that no answer was given, but there is a response"),
        ({"status": "skipped"}, "outside answered, omitted, not_reached, invalid"),
        ({"form_id": None}, "column 'form_id' is empty"),
        ({"position": 0}, "column 'position' is below 1"),
        ({"time_s": -0.5}, "column 'time_s' is below 0"),
        ({"role": "anchor"}, "outside scored, pilot"),
    ],
)
def test_the_responses_contract(change: dict[str, Any], said: str) -> None:
    RESPONSES.validate(pl.DataFrame([RESPONSE]))
    with pytest.raises(TableError, match=said):
        RESPONSES.validate(pl.DataFrame([RESPONSE | change]))


@pytest.mark.parametrize("status", ["invalid", "omitted", "not_reached"])
def test_the_kinds_of_missing_stay_apart(status: str) -> None:
    row = RESPONSE | {"status": status, "response": None}
    assert (
        RESPONSES.validate(pl.DataFrame([row], schema_overrides={"response": pl.String}))["status"][0]
        == status
    )


ITEM = {"item_id": "I1", "domain": "A", "status": "scored", "key": "B", "options": "ABCD"}


@pytest.mark.parametrize("key", ["B", "B|D", "A | C", "*"])
def test_keys_that_are_right(key: str) -> None:
    assert ITEMS.validate(pl.DataFrame([ITEM | {"key": key}])).height == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": "E"}, "the key is not among the options"),
        ({"key": "B|E"}, "the key is not among the options"),
        ({"key": "BD"}, "the key is not among the options"),
        ({"key": "B|"}, "the key is not among the options"),
        ({"key": None}, "column 'key' is empty"),
        ({"options": "ABCA"}, "the options name the same letter twice"),
        ({"status": "new"}, "outside draft, pilot, scored, retired"),
        ({"a": 0.0}, "the discrimination a is not positive"),
        ({"D": 0.0}, "the scaling constant D is not positive"),
        ({"c": 1.0}, "column 'c' is above 0.999"),
        ({"enemies": "I7|I1"}, "an item names itself as its enemy"),
        ({"model": "4pl"}, "outside rasch, 1pl, 2pl, 3pl"),
    ],
)
def test_the_items_contract(change: dict[str, Any], said: str) -> None:
    with pytest.raises(TableError, match=said):
        ITEMS.validate(pl.DataFrame([ITEM | change], schema_overrides={"key": pl.String}))
