"""The check alone: each rule in its words, on forms spoilt by hand; its formats; what it does not import."""

import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from ciip_irt.errors import BlueprintError, TableError
from ciip_irt.forms.checking.check import CHECKED_RULES, check_forms
from ciip_irt.forms.checking.finding_formats import FORMATS, report_findings
from ciip_irt.forms.findings import Finding, findings_frame


@pytest.fixture(scope="module")
def blueprint(ciip):
    """Without difficulty targets, which a form drawn at random would miss."""
    return replace(ciip, targets=())


@pytest.fixture(scope="module")
def form(bank, ciip):
    """A form drawn without the assembler: scored items by domain, then 40 pilots; no enemies among them."""
    free = bank.filter(pl.col("enemies").is_null())
    named = {other for text in bank["enemies"].drop_nulls() for other in text.split("|")}
    free = free.filter(~pl.col("item_id").is_in(list(named)))
    scored = free.filter(pl.col("status") == "scored")
    parts = [scored.filter(pl.col("domain") == d.letter).head(d.count) for d in ciip.domains]
    chosen = pl.concat([*parts, free.filter(pl.col("status") == "pilot").head(40)])
    return chosen.select(
        form_id=pl.lit("X"),
        position=pl.int_range(1, pl.len() + 1),
        item_id="item_id",
        role=pl.when(pl.col("status") == "pilot").then(pl.lit("pilot")).otherwise(pl.lit("scored")),
        domain="domain",
    )


def changed(form, row: int, **cells):
    """The form with cells of one row (counted from 0) replaced."""
    number = pl.int_range(pl.len())
    return form.with_columns(
        **{name: pl.when(number == row).then(pl.lit(value)).otherwise(name) for name, value in cells.items()}
    )


def messages(forms, blueprint, bank):
    return [(f.rule, f.severity, f.message) for f in check_forms(forms, blueprint, bank)]


def test_a_form_made_by_hand_conforms(form, blueprint, bank):
    assert check_forms(form, blueprint, bank) == []


def test_domain_names_and_letters_are_both_read(form, blueprint, bank, ciip):
    names = {d.letter: d.name for d in ciip.domains}
    assert check_forms(form.with_columns(pl.col("domain").replace(names)), blueprint, bank) == []


def test_a_missing_item_is_told_in_the_words_of_the_contract(form, blueprint, bank):
    image = form.with_row_index().filter(pl.col("domain") == "F")["index"][0]
    short = form.filter(pl.int_range(pl.len()) != image)
    assert messages(short, blueprint, bank) == [
        ("positions", "error", "1 position missing between 1 and 170 (41)"),
        ("length", "error", "129 scored items, blueprint needs 130"),
        ("domain_counts", "error", "F Image Management: 22 items, blueprint needs 23"),
    ]


def test_a_range_is_respected(form, blueprint, bank):
    domains = [replace(d, low=d.count - 1, high=d.count + 1) for d in blueprint.domains]
    ranged = replace(blueprint, domains=tuple(domains))
    other = bank.filter((pl.col("domain") == "B") & (pl.col("status") == "scored"))["item_id"].to_list()
    spare = next(item for item in reversed(other) if item not in set(form["item_id"]))
    swapped = changed(form, 0, item_id=spare, domain="B")
    assert check_forms(swapped, ranged, bank) == []
    assert [m for _, _, m in messages(swapped, blueprint, bank)] == [
        "A Procurement: 4 items, blueprint needs 5",
        "B Project Management: 8 items, blueprint needs 7",
    ]


@pytest.mark.parametrize(
    ("row", "cells", "expected"),
    [
        (0, {"item_id": "NEW1"}, [("unknown_item", "error", "NEW1 at position 1 is not in the bank")]),
        (0, {"position": 2}, [
            ("positions", "error", "1 position used more than once (2)"),
            ("positions", "error", "1 position missing between 1 and 170 (1)"),
        ]),
        (0, {"domain": "B"}, [
            ("domain", "error", "{0} stands under B Project Management,"
             " but the bank has it under A Procurement"),
        ]),
        (0, {"item_id": "{1}"}, [
            ("duplicates", "error", "{1} stands 2 times in the form (positions 1, 2)"),
        ]),
        (0, {"role": "pilot"}, [
            ("length", "error", "129 scored items, blueprint needs 130"),
            ("domain_counts", "error", "A Procurement: 4 items, blueprint needs 5"),
            ("status", "error", "{0} is in a pilot slot, but its status is scored (needs pilot)"),
            ("pilot_slots", "error", "41 pilot items, blueprint has 40 slots"),
        ]),
        (169, {"role": "scored"}, [
            ("length", "error", "131 scored items, blueprint needs 130"),
            ("domain_counts", "error", None),
            ("status", "error", "{169} is in a scored slot, but its status is pilot (needs scored)"),
            ("pilot_slots", "warning", "39 pilot items, 1 of 40 pilot slots are empty"),
        ]),
    ],
)  # fmt: skip
def test_each_fault_in_its_words(form, blueprint, bank, row, cells, expected):
    ids = form["item_id"].to_list()

    def filled(text):
        for number in (0, 1, 169):
            text = text.replace(f"{{{number}}}", ids[number])
        return text

    spoilt = changed(form, row, **{k: filled(v) if isinstance(v, str) else v for k, v in cells.items()})
    found = messages(spoilt, blueprint, bank)
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    for (*_, message), (*_, wanted) in zip(found, expected, strict=True):
        if wanted is not None:
            assert message == filled(wanted)


def test_enemies_are_told_once_whoever_names_whom(form, blueprint, bank):
    scored, pilot = form["item_id"][0], form["item_id"][169]
    for first, second in ((scored, pilot), (pilot, scored)):
        hostile = bank.with_columns(
            enemies=pl.when(pl.col("item_id") == first).then(pl.lit(second)).otherwise("enemies")
        )
        assert messages(form, blueprint, hostile) == [
            ("enemies", "error", f"{scored} and {pilot} are enemies and stand in the same form")
        ]
    assert check_forms(form, replace(blueprint, enemies_apart=False), hostile) == []


def test_overlap_between_forms(form, blueprint, bank):
    both = pl.concat([form, form.with_columns(form_id=pl.lit("Y"))])
    assert messages(both, blueprint, bank) == [
        ("overlap", "error", "130 scored items in common with form X, blueprint allows 39 (30 % of 130)")
    ]
    assert check_forms(both, blueprint, bank)[0].form_id == "Y"
    assert check_forms(both, replace(blueprint, max_overlap=1.0), bank) == []


def test_difficulty_is_recomputed_and_judged_by_its_severity(form, ciip, bank):
    chosen = form.filter(pl.col("role") == "scored").join(bank, on="item_id", how="left")
    mean_b = chosen["b"].mean()
    a, b, c = (chosen[name].to_numpy() for name in "abc")
    score = float((c + (1 - c) / (1 + np.exp(-a * (-1.1 - b)))).sum())
    exact = tuple(
        replace(target, value=value) for target, value in zip(ciip.targets, (mean_b, score), strict=True)
    )
    assert check_forms(form, replace(ciip, targets=exact), bank) == []
    off = (replace(exact[0], value=mean_b + 0.05), replace(exact[1], value=score - 3, severity="warning"))
    found = messages(form, replace(ciip, targets=off), bank)
    assert [f[:2] for f in found] == [("difficulty", "error"), ("difficulty", "warning")]
    assert found[0][2] == (
        f"mean b is {mean_b:.3f} logits, target {mean_b + 0.05:.3f} +- 0.02: 0.050 too low"
    )
    assert "expected score at the cut is" in found[1][2]
    assert found[1][2].endswith("+- 0.1: 3.00 too high")


def test_an_item_without_parameters_leaves_the_difficulty_unknown(form, ciip, bank):
    first = form["item_id"][0]
    partly = bank.with_columns(b=pl.when(pl.col("item_id") == first).then(None).otherwise("b"))
    assert messages(form, ciip, partly) == [
        ("calibrated", "error",
         f"1 scored item without parameters (e.g. {first}): the difficulty of the form cannot be told")
    ]  # fmt: skip


def test_unusable_tables_are_refused(form, blueprint, bank):
    with pytest.raises(TableError, match="role"):
        check_forms(form.drop("role"), blueprint, bank)
    with pytest.raises(BlueprintError, match=r"mine\.csv: blueprint ciip-2024 has no domain 'Imaging'"):
        check_forms(changed(form, 3, domain="Imaging"), blueprint, bank, where="mine.csv")


FOUND = [
    Finding("domain_counts", "error", "A", "", "F Image Management: 22 items, blueprint needs 23"),
    Finding("enemies", "error", "A", "I1", 'I1 <&> "I2", 100 %\nare enemies'),
    Finding("pilot_slots", "warning", "B", "", "39 pilot items"),
]


def test_findings_as_text():
    text = report_findings(FOUND, form_ids=("A", "B", "C"))
    assert text.splitlines()[0] == "A: F Image Management: 22 items, blueprint needs 23 [domain_counts]"
    assert "B: warning: 39 pilot items [pilot_slots]" in text
    assert text.endswith("3 forms checked: 2 errors, 1 warning; 2 forms conform.\n")
    assert report_findings([], form_ids=("A",)) == "1 form checked: nothing found; 1 form conforms.\n"


def test_findings_as_json():
    content = json.loads(
        report_findings(FOUND, "json", form_ids=("A", "B"), rules=CHECKED_RULES, file="f.csv")
    )
    assert content["conform"] is False
    assert content["findings"][0]["message"] == "F Image Management: 22 items, blueprint needs 23"
    assert content["rules"] == list(CHECKED_RULES)
    assert json.loads(report_findings(FOUND[2:], "json"))["conform"] is True


def test_findings_as_junit():
    text = report_findings(FOUND, "junit", form_ids=("A", "B"), rules=CHECKED_RULES, file="f.csv")
    root = ElementTree.fromstring(text.encode())
    suites = root.findall("testsuite")
    assert [(s.get("name"), s.get("failures")) for s in suites] == [("A", "2"), ("B", "0")]
    assert {int(s.get("tests")) for s in suites} == {len(CHECKED_RULES)}
    failures = suites[0].findall("testcase/failure")
    assert failures[1].text == FOUND[1].message
    assert suites[1].find("testcase/system-out").text == "39 pilot items"
    control = [Finding("r", "error", "A\x01", "", "bad \x00 byte")]
    assert "bad  byte" in report_findings(control, "junit")


def test_findings_as_github_annotations():
    lines = report_findings(FOUND, "github", file="forms,1.csv").splitlines()
    assert lines[0] == (
        "::error file=forms%2C1.csv,title=A domain_counts::"
        "A: F Image Management: 22 items, blueprint needs 23"
    )
    assert lines[1].endswith('I1 <&> "I2", 100 %25%0Aare enemies')
    assert lines[2].startswith("::warning ")
    assert report_findings([], "github") == ""


def test_an_unknown_format_is_refused():
    assert set(FORMATS) == {"text", "json", "junit", "github", "sarif"}
    with pytest.raises(BlueprintError, match=r"unknown format 'xml'. Choose one of text, json"):
        report_findings([], "xml")


def test_findings_as_a_table():
    frame = findings_frame(FOUND)
    assert frame.columns == ["rule", "severity", "form_id", "item_id", "message"]
    assert frame.height == 3
    assert findings_frame([]).columns == frame.columns


def test_checking_loads_neither_solver_nor_plots():
    code = (
        "import sys; from ciip_irt.forms.checking.check import check_forms; import ciip_irt.irt.curves;"
        " heavy = {'highspy', 'matplotlib', 'jinja2', 'girth', 'scipy.optimize', 'scipy.stats'};"
        " sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
