"""Moving a bank to a new outline: what moves, what waits, what is refused, and that forms wait too."""

from dataclasses import replace

import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain
from ciip_irt.blueprint.migration import migrate
from ciip_irt.blueprint.reading import load_blueprint
from ciip_irt.errors import BlueprintError, TableError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_forms

OLD = Blueprint("old", "1", "2018", 4, (Domain("A", "Storage", 3), Domain("B", "Networks", 1)))
NEW = Blueprint(
    "new", "2", "2024", 4, (Domain("A", "Archives", 2), Domain("B", "Cloud", 1), Domain("C", "Networks", 1))
)


@pytest.fixture
def items():
    return pl.DataFrame(
        {"item_id": [f"I{i}" for i in range(8)], "domain": ["Storage"] * 5 + ["Networks"] * 3,
         "status": ["scored"] * 4 + ["pilot", "scored", "draft", "retired"], "key": "A", "options": "ABCD",
         "b": [0.5] * 8, "own_column": range(8)}
    )  # fmt: skip


def mapping(*rows):
    return pl.DataFrame(
        list(rows), schema={"old": pl.String, "new": pl.String, "item_id": pl.String}, orient="row"
    )


WHOLE = (("Storage", "Archives", None), ("B", "C", None))
DIVIDED = (
    ("Storage", "Archives", "I0"),
    ("A", "cloud", "I1"),
    ("A", "Cloud", "I4"),
    ("Networks", "Networks", None),
)


def test_a_renamed_domain_moves_whole(items):
    result = migrate(items, mapping(*WHOLE), old=OLD, new=NEW)
    assert result.items["domain"].to_list() == ["Archives"] * 5 + ["Networks"] * 3
    assert set(result.items["outline"]) == {"2"}
    assert result.undecided == ()
    assert result.moves.rows() == [
        ("Storage", "Archives", 0, 1, 4, 0, 5), ("Networks", "Networks", 1, 0, 1, 1, 3),
    ]  # fmt: skip
    assert result.supply.rows() == [
        ("A", "Archives", 0, 4, 2), ("B", "Cloud", 0, 0, 1), ("C", "Networks", 1, 1, 1),
    ]  # fmt: skip
    assert result.summary().splitlines() == [
        "Outline 1 to 2: 5 items to a domain of another name, 3 items under the same name.",
        "Storage -> Archives: 5 items.",
        "B Cloud: 0 scored items, one form needs 1.",
    ]
    kept = result.items.select(items.columns).drop("domain")
    assert kept.equals(items.drop("domain"))


def test_letters_stay_letters(items):
    lettered = items.with_columns(domain=pl.col("domain").replace({"Storage": "A", "Networks": "B"}))
    result = migrate(lettered, mapping(*WHOLE), old=OLD, new=NEW)
    assert result.items["domain"].to_list() == ["A"] * 5 + ["C"] * 3


def test_a_divided_domain_moves_by_item_and_the_rest_waits(items):
    result = migrate(items, mapping(*DIVIDED), old=OLD, new=NEW)
    assert result.undecided == ("I2", "I3")
    assert dict(result.items.select("item_id", "domain").iter_rows()) == {
        "I0": "Archives", "I1": "Cloud", "I2": "Storage", "I3": "Storage", "I4": "Cloud",
        "I5": "Networks", "I6": "Networks", "I7": "Networks",
    }  # fmt: skip
    assert result.items["outline"].to_list() == ["2", "2", "1", "1", "2", "2", "2", "2"]
    assert result.moves.filter(pl.col("new").is_null()).rows() == [("Storage", None, 0, 0, 2, 0, 2)]
    assert "2 items of divided domains wait for a decision (e.g. I2, I3)" in result.summary()
    later = migrate(
        result.items, mapping(*DIVIDED, ("A", "A", "I2"), ("A", "A", "I3")), old=OLD, new=NEW
    )  # fmt: skip
    assert later.undecided == ()
    assert (
        later.items["domain"].to_list()
        == ["Archives", "Cloud", "Archives", "Archives", "Cloud"] + ["Networks"] * 3
    )
    assert later.moves["items"].sum() == 2


def test_no_form_of_the_new_outline_takes_an_item_that_waits(items):
    """An outline that keeps the name of a divided domain: the item's domain alone would not show it."""
    keeps = replace(NEW, domains=(Domain("A", "Storage", 3), *NEW.domains[1:2], Domain("C", "Networks", 0)))
    result = migrate(
        items, mapping(("A", "Storage", "I0"), ("A", "Cloud", "I1"), ("B", "C", None)), old=OLD, new=keeps
    )
    form = pl.DataFrame(
        {"form_id": "X", "position": [1, 2, 3, 4], "item_id": ["I0", "I1", "I2", "I3"], "role": "scored",
         "domain": ["Storage", "Cloud", "Storage", "Storage"]}
    )  # fmt: skip
    assert [f.message for f in check_forms(form, keeps, result.items)] == [
        "2 items classified by outline 1, the blueprint's is 2 (e.g. I2, I3)"
    ]


def test_items_that_wait_in_a_domain_that_is_gone_do_not_stop_the_others(items):
    result = migrate(items, mapping(*DIVIDED), old=OLD, new=NEW)
    form = pl.DataFrame(
        {"form_id": "X", "position": [1, 2, 3, 4], "item_id": ["I0", "I2", "I1", "I5"], "role": "scored",
         "domain": ["A", "A", "B", "C"]}
    )  # fmt: skip
    assert [f.message for f in check_forms(form, NEW, result.items)] == [
        "A Archives: 1 item, blueprint needs 2",
        "1 item classified by outline 1, the blueprint's is 2 (e.g. I2)",
    ]
    smaller = replace(NEW, length=3, domains=(Domain("A", "Archives", 1), *NEW.domains[1:]))
    built = assemble(result.items, smaller, n_forms=1)
    assert built.conforms, built.summary()
    assert set(built.forms["item_id"]) == {"I0", "I1", "I5"}
    unnamed = result.items.with_columns(outline=pl.lit(None, dtype=pl.String))
    with pytest.raises(BlueprintError, match=r"no domain 'Storage' \(2 rows\)"):
        check_forms(form, NEW, unnamed)


def test_everything_wrong_with_the_mapping_is_said_at_once(items):
    with pytest.raises(BlueprintError) as caught:
        migrate(items, mapping(("Storag", "Archives", None), ("Networks", "Sky", None)), old=OLD, new=NEW)
    assert str(caught.value).splitlines() == [
        "mapping, column old: blueprint old has no domain 'Storag' (1 row). Did you mean 'Storage'?",
        "mapping, column new: blueprint new has no domain 'Sky' (1 row)."
        " It has A Archives, B Cloud, C Networks.",
    ]
    rows = [("A", "B", "I1"), ("A", "A", "I1"), ("A", "A", "I9"), ("A", "A", "I5")]
    with pytest.raises(BlueprintError) as caught:
        migrate(items, mapping(*rows), old=OLD, new=NEW, where="map.csv")
    assert str(caught.value).splitlines() == [
        "map.csv: items have more than one row (1 row, e.g. 'I1'). Keep one row for each.",
        "map.csv: items are not in the bank (1 row, e.g. 'I9'). Correct the item_id, or remove the row.",
        "map.csv: items stand under another old domain in the bank (1 row, e.g. 'I5')."
        " Correct 'old' in their rows.",
        "map.csv: domains of the bank have no row (1 row, e.g. 'B Networks')."
        " Say where they go, also where they keep their name.",
    ]
    with pytest.raises(TableError, match="column 'new' is missing"):
        migrate(items, mapping(*WHOLE).drop("new"), old=OLD, new=NEW)
    with pytest.raises(BlueprintError, match="both blueprints are of outline 1"):
        migrate(items, mapping(*WHOLE), old=OLD, new=OLD)


def test_from_the_ciip_outline_of_2019_to_that_of_2024(make_bank):
    """The ten domains kept their names: nothing moves, and the counts of a form change."""
    old, new = load_blueprint("ciip-2019"), load_blueprint("ciip-2024")
    table = pl.DataFrame({"old": old.letters, "new": [d.name for d in new.domains]})
    bank = make_bank(300, 40)
    result = migrate(bank, table, old=old, new=new)
    assert result.items["domain"].to_list() == bank["domain"].to_list()
    assert result.moves["items"].sum() == 340
    assert result.supply["before"].to_list() == result.supply["after"].to_list()
    assert "340 items under the same name" in result.summary()
    assert "Outline" in result._repr_html_()
