"""What is known to be bad stays out of forms, unless the blueprint lets it in by name."""

from dataclasses import replace

import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain
from ciip_irt.blueprint.requirements import AnchorBlock, FormRequirements
from ciip_irt.cli import main
from ciip_irt.forms import assemble, check_forms, open_flags

SIX = Blueprint(
    "six", "1", "2024", 6, (Domain("A", "Alpha", 3), Domain("B", "Beta", 3)), pilot_slots=2, max_overlap=1.0
)


def bank(extra: int = 1) -> pl.DataFrame:
    """Three of each domain and ``extra`` more; four pilots."""
    scored = [(f"{d}{n}", d, "scored") for d in "AB" for n in range(3 + extra)]
    pilots = [(f"P{n}", "AB"[n % 2], "pilot") for n in range(4)]
    return pl.DataFrame(
        [(*row, "A", "ABCD") for row in scored + pilots],
        schema=["item_id", "domain", "status", "key", "options"], orient="row",
    )  # fmt: skip


def flags(**severities: int) -> pl.DataFrame:
    return pl.DataFrame(
        [(item, "key_may_be_wrong", severity) for item, severity in severities.items()],
        schema={"item_id": pl.String, "flag": pl.String, "severity": pl.Int64}, orient="row",
    )  # fmt: skip


def letting(**more: object) -> Blueprint:
    return replace(SIX, requirements=FormRequirements(**more))


def used(assembly) -> set[str]:
    return set(assembly.forms["item_id"])


def test_scored_items_and_pilots_with_grave_flags_stand_in_no_form_and_are_told():
    found = assemble(bank(), SIX, n_forms=2, flags=flags(A0=1, B1=2, B2=3, P0=2, elsewhere=1))
    assert found.conforms
    assert used(found) == {"A1", "A2", "A3", "B0", "B2", "B3", "P1", "P2", "P3"}
    assert list(found.held_out) == ["A0", "B1", "P0"]
    assert found.warnings[0] == (
        "3 items were held out of the forms for open flags of severity 1 or 2: A0 (key_may_be_wrong),"
        " B1 (key_may_be_wrong), P0 (key_may_be_wrong). Settle the flags, or name the items under let_in in"
        " the blueprint's [constraints]."
    )


def test_without_flags_nothing_is_said_of_them():
    assert not any("flag" in words for words in assemble(bank(), SIX, n_forms=1).warnings)


@pytest.mark.parametrize(
    "blueprint",
    [
        letting(let_in=("A0",)),
        letting(include=("A0",)),
        letting(anchors=AnchorBlock(1, ("A0",), same_positions=False)),
    ],
    ids=["let_in", "include", "anchors"],
)
def test_the_blueprint_lets_an_item_in_by_name(blueprint):
    # Without A0 domain A has two items only.
    items = bank(extra=0)
    assert not assemble(items, SIX, n_forms=1, flags=flags(A0=1)).conforms
    found = assemble(items, blueprint, n_forms=1, flags=flags(A0=1))
    assert found.conforms
    assert "A0" in used(found)
    assert not found.held_out
    assert not [
        f for f in check_forms(found.forms, blueprint, items, flags=flags(A0=1)) if f.rule == "flagged"
    ]


def test_where_no_forms_exist_without_them_that_is_the_cause_named():
    found = assemble(bank(extra=0), SIX, n_forms=1, flags=flags(A0=1))
    assert found.status == "infeasible"
    assert found.shortages["message"].to_list() == [
        "A Alpha needs 3 scored items; the bank has 2 that qualify. Write 1, or admit the 1 scored item held"
        " out for open flags, or promote from its 2 pilot items."
    ]
    assert found.warnings[-1] == ("The cause: 1 item held out for open flags; with it, there are forms.")


def test_where_there_are_none_with_them_either_they_are_not_blamed():
    items = bank(extra=0).filter(pl.col("item_id") != "B2")
    found = assemble(items, SIX, n_forms=1, flags=flags(A0=1))
    assert found.status == "infeasible"
    assert found.warnings[-1] == (
        "The 1 item held out for open flags is not the cause: with it, no forms were found either."
    )


def test_the_check_warns_of_flagged_items_and_forms_still_conform():
    form = assemble(bank(), SIX, n_forms=1).forms
    flagged = form["item_id"][0]
    findings = check_forms(form, SIX, bank(), flags=flags(**{flagged: 1}))
    assert [(f.rule, f.severity, f.item_id) for f in findings] == [("flagged", "warning", flagged)]
    assert findings.conforms


def test_anchors_that_drifted_count_as_flagged():
    anchors = pl.DataFrame(
        {"item_id": ["A0", "A1", "A2"], "displacement": [2.0, 1.0, 0.0],
         "decision": ["dropped", "kept", "kept"],
         "why": ["Dropped: harder", "Drifted: kept because too few would stay", ""]}
    )  # fmt: skip
    found = open_flags([(anchors, "anchors.csv"), (flags(B0=2), "flags.csv")])
    assert found.rows() == [
        ("A0", "anchor_drifted", 1), ("A1", "anchor_drifted", 1), ("B0", "key_may_be_wrong", 2)
    ]  # fmt: skip


def test_anchors_are_told_by_a_value_and_not_by_words():
    anchors = pl.DataFrame(
        {"item_id": ["A0", "A1", "A2"], "displacement": [2.0, 1.0, 0.0],
         "decision": ["dropped", "kept", "kept"], "why": ["", "in other words", "Drifted: not so"],
         "drifted": [False, True, False]}
    )  # fmt: skip
    assert open_flags([(anchors, "anchors.csv")])["item_id"].to_list() == ["A0", "A1"]


def test_the_commands_take_the_flags(tmp_path, capsys):
    items, blueprint, flagged = tmp_path / "items.csv", tmp_path / "bp.toml", tmp_path / "flags.csv"
    bank().write_csv(items)
    flags(A0=1).with_columns(seen=pl.lit("")).write_csv(flagged)
    blueprint.write_text(
        'name = "six"\ntitle = "t"\noutline = "2024"\neffective = "2024-01"\nlength = 6\n[domains.A]\n'
        'name = "Alpha"\ncount = 3\n[domains.B]\nname = "Beta"\ncount = 3\n[constraints]\nmax_overlap = 1.0\n'
    )
    common = ["--items", str(items), "--blueprint", str(blueprint)]
    out = tmp_path / "out"
    assert main(["assemble", *common, "--forms", "1", "--flags", str(flagged), "--out", str(out)]) == 0
    assert "A0" not in pl.read_csv(out / "forms.csv")["item_id"].to_list()
    assert "1 item was held out of the forms" in capsys.readouterr().err
    form = tmp_path / "form.csv"
    form.write_text("item_id\n" + "\n".join(["A0", "A1", "A2", "B0", "B1", "B2"]) + "\n")
    assert main(["check", str(form), *common]) == 0
    assert "flag" not in capsys.readouterr().out
    assert main(["check", str(form), *common, "--flags", str(flagged)]) == 0
    assert (
        "form: warning: A0 has open flags of severity 1 or 2: key_may_be_wrong [flagged]"
        in capsys.readouterr().out
    )
