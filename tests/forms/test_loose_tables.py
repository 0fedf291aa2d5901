"""Forms made by hand in a spreadsheet: read as meant, and refused with a hint where nobody can know."""

import polars as pl
import pytest

from ciip_irt.blueprint.reading import parse_blueprint
from ciip_irt.cli import main
from ciip_irt.errors import InputError
from ciip_irt.forms.checking.form_files import read_form_files
from ciip_irt.forms.testing import assert_form_conforms
from ciip_irt.tables import Sheet, workbook

BLUEPRINT = """\
name = "four"
outline = "1"
effective = "2025"
length = 4
pilot_slots = 1
[domains.A]
name = "Alpha"
count = 2
[domains.B]
name = "Beta"
count = 2
[constraints]
max_overlap = 0
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "four.toml").write_text(BLUEPRINT)
    bank().write_csv("items.csv")
    (tmp_path / "items.xlsx").write_bytes(workbook(Sheet(bank(), "Items")))
    return tmp_path


def bank():
    return pl.DataFrame(
        {"item_id": [f"I{i:02d}" for i in range(12)], "domain": ["A", "B"] * 6,
         "status": ["scored"] * 10 + ["pilot"] * 2, "key": "A", "options": "ABCD"}
    )  # fmt: skip


ITEMS = [f"I0{i}" for i in range(4)] + ["I10"]
OTHERS = [f"I0{i}" for i in range(4, 8)] + ["I11"]


def read(*names):
    return read_form_files(list(names), items=bank(), blueprint=parse_blueprint(BLUEPRINT, "four.toml"))


def check(capsys, *arguments, items="items.csv"):
    code = main(["check", *arguments, "--items", items, "--blueprint", "four.toml"])
    out, err = capsys.readouterr()
    return code, out, err


def book(path, **sheets):
    path.write_bytes(workbook(*[Sheet(frame, name) for name, frame in sheets.items()]))


def test_a_column_of_items_is_a_form_named_after_its_file(folder, capsys):
    (folder / "autumn.csv").write_text("Item\n" + "\n".join(ITEMS) + "\n")
    found = read("autumn.csv").forms
    assert found.select("form_id", "position", "item_id", "role").rows() == [
        ("autumn", n, item, "pilot" if item == "I10" else "scored") for n, item in enumerate(ITEMS, start=1)
    ]
    assert check(capsys, "autumn.csv") == (0, "1 form checked: nothing found; 1 form conforms.\n", "")
    assert_form_conforms("autumn.csv", blueprint="four.toml", items="items.csv")


def test_a_sheet_for_each_form_and_one_of_notes(folder, capsys):
    notes = pl.DataFrame({"who": ["Ann"], "said": ["fine"]})
    book(
        folder / "forms.xlsx",
        A=pl.DataFrame({"item_id": ITEMS}),
        B=pl.DataFrame({"item_id": OTHERS}),
        Notes=notes,
    )
    read_forms = read("forms.xlsx")
    assert read_forms.forms["form_id"].unique(maintain_order=True).to_list() == ["A", "B"]
    assert dict(read_forms.file_of) == {"A": "forms.xlsx", "B": "forms.xlsx"}
    code, _, err = check(capsys, "*.xlsx", items="items.xlsx")
    assert (code, err) == (
        2,
        "items.xlsx, sheet 'Items': an item bank (it has status and key), not a form."
        " Give the bank with --items.\n",
    )
    assert check(capsys, "forms.xlsx", items="items.xlsx")[0] == 0
    book(folder / "one.xlsx", Sheet1=pl.DataFrame({"Item ID": ITEMS}))
    assert set(read("one.xlsx").forms["form_id"]) == {"one"}


def test_a_column_for_each_form(folder, capsys):
    wide = pl.DataFrame(
        {"#": range(1, 6), "2025-A": ITEMS, "2025-B": [*OTHERS[:3], "I99", None], "seen": ["yes"] * 5}
    )
    book(folder / "wide.xlsx", Forms=wide)
    wide.write_csv(folder / "wide.csv")
    for name in ("wide.xlsx", "wide.csv"):
        code, out, _ = check(capsys, name)
        assert code == 1
        assert out.splitlines() == [
            "2025-B: I99 at position 4 is not in the bank [unknown_item]",
            "2025-B: B Beta: 1 item, blueprint needs 2 [domain_counts]",
            "2025-B: warning: 0 pilot items, 1 of 1 pilot slots are empty [pilot_slots]",
            "2 forms checked: 2 errors, 1 warning; 1 form conforms.",
        ]
    _, out, _ = check(capsys, "wide.csv", "--format", "github")
    assert "file=wide.csv,line=5,title=2025-B unknown_item" in out


def test_what_the_sheet_says_goes_before_what_the_bank_says(folder):
    table = pl.DataFrame(
        {"Form": "X", "Item_ID": ITEMS, "Position": [5, 4, 3, 2, 1],
         "Role": ["Operational", "scored", None, "S", "Pretest"], "Domain": ["Alpha", None, "A", "beta", "A"]}
    )  # fmt: skip
    book(folder / "x.xlsx", Table=table)
    found = read("x.xlsx").forms
    assert found["position"].to_list() == [5, 4, 3, 2, 1]
    assert found["role"].to_list() == ["scored"] * 4 + ["pilot"]
    assert found["domain"].to_list() == ["Alpha", None, "A", "beta", "A"]


def test_where_nobody_can_know_the_message_helps(folder):
    (folder / "talk.csv").write_text("who,what\nAnn,B1\nBob,B2\n")
    with pytest.raises(InputError) as caught:
        read("talk.csv")
    assert str(caught.value) == (
        "talk.csv:1: no column item_id, and no column whose cells are items of the bank ('who', 'what')."
        " Name the column of items item_id, or give each form a column with its name on top."
    )
    book(folder / "bad.xlsx", A=pl.DataFrame({"item_id": ITEMS, "role": ["maybe"] * 5}))
    with pytest.raises(InputError, match=r"bad\.xlsx, sheet 'A':2: .*'maybe'"):
        read("bad.xlsx")
    with pytest.raises(InputError, match=r"talk\.csv"):
        read_form_files(["talk.csv"])


def test_a_whole_table_is_not_completed(folder):
    """All columns of the contract are there: an empty role is an error, not a gap to be filled."""
    rows = [f"X,{n},{item_id},{'' if n == 2 else 'scored'},A" for n, item_id in enumerate(ITEMS, start=1)]
    (folder / "whole.csv").write_text("\n".join(["form_id,position,item_id,role,domain", *rows]))
    with pytest.raises(InputError, match=r"whole\.csv:3: .*role"):
        read("whole.csv")


def test_an_empty_column_is_no_form(folder):
    (folder / "empty.csv").write_text("who,remarks\nAnn,\nBob,\n")
    with pytest.raises(InputError, match="no column whose cells are items of the bank"):
        read("empty.csv")
