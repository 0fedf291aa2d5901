"""The JSON schema for editors against the parser: same keys, nothing good refused, shapes refused alike."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from ciip_irt.blueprint.reading import (
    blueprint_schema,
    generate_schema,
    parse_blueprint,
    shipped_blueprints,
)
from ciip_irt.errors import BlueprintError

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(blueprint_schema())
FULL = """\
name = "full"
title = "Everything"
outline = "2"
effective = 2025-03-01
length = 20
pilot_slots = 2
testing_time_minutes = 30
item_order = "domain blocks"

[attempts]
limit = 3
months = 12

[apportionment]
rule = "webster"
normaliser = "none"
tie_break = "none"
note = "decided"

[domains.A]
name = "Procurement"
percent = 40.5
count = 8
[domains.B]
name = "Operations"
percent = "59.5"
count = 12
range = [11, 13]

[difficulty]
theta_cut = -1
[difficulty.mean_b]
value = 0
tolerance = 0.1
severity = "warning"
[difficulty.expected_score_at_cut]
tolerance = 1
[difficulty.characteristic_curve]
thetas = [-1, 0.5]
values = [8, 11.5]
tolerance = 0.5
[difficulty.information]
thetas = [-1, 0]
goal = "maximise"
equal_within_percent = 3
weights = [1, 2]

[anchors]
count = 2
items = ["I003", "I004"]
reference = "2024-a"
counted = "within"
same_positions = false
mean_b = 0.2
sd_b = 0.5

[constraints]
max_overlap = 0.5
max_overlap_earlier = 0
enemies_apart = false
scored_status = ["scored", "pilot"]
pilot_status = ["pilot"]
include = ["I001"]
exclude = ["I005", "I006"]
item_sets = [1, 3]
last_used_before = "2024-06"
key_balance = { low = 0.15, high = 0.35, letters = "ABCD", longest_run = 3 }
sums = [{ name = "words", column = "words", where = { domain = "A" }, low = 1, high = 5.5 }]

[[constraints.counts]]
name = "Recall"
where = { cognitive_level = "recall" }
range = [6, 9]
[[constraints.counts]]
where = { domain = "operations", cognitive_level = ["apply", "judge"] }
count = 5
[[constraints.counts]]
where = { b = { low = -1, high = 1 } }
range = [0, 1]
role = "pilot"
[[constraints.means]]
column = "words"
low = 40
[[constraints.limits]]
column = "uses"
high = 5
[[constraints.limits]]
name = "written lately"
column = "written"
since = "2019"
before = "2025-01"
role = "pilot"
where = { domain = "A" }
"""


def test_the_schema_that_ships_is_the_one_that_the_declaration_makes():
    assert blueprint_schema() == generate_schema(), "run: make schema"


def accepted(text: str) -> bool:
    content = json.loads(json.dumps(tomllib.loads(text), default=str))
    return jsonschema.Draft7Validator(SCHEMA).is_valid(content)


def test_the_schema_is_one():
    assert jsonschema.Draft7Validator(jsonschema.Draft7Validator.META_SCHEMA).is_valid(SCHEMA)


def test_what_the_parser_takes_the_schema_takes():
    shipped = [
        (files("ciip_irt.blueprint") / "blueprints" / f"{name}.toml").read_text("utf-8")
        for name in shipped_blueprints()
    ]
    example = (PROJECT / "docs" / "examples" / "item-bank" / "blueprint.toml").read_text("utf-8")
    for text in (*shipped, example, FULL, FULL.replace("[1, 3]", '"whole"')):
        parse_blueprint(text)
        assert accepted(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "full"', 'name = " "'),
        ('items = ["I003", "I004"]', 'items = "I003"'),
        ('counted = "within"', 'counted = "beside"'),
        ("same_positions = false", "same_positions = 0"),
        ('since = "2019"', "low = 3"),
        ('since = "2019"\nbefore = "2025-01"', ""),
        ('since = "2019"', 'since = "last year"'),
        ("b = { low = -1, high = 1 }", "b = { from = -1 }"),
        ("b = { low = -1, high = 1 }", "b = {}"),
        ('outline = "2"', ""),
        ("2025-03-01", '"spring"'),
        ("length = 20", "length = 0"),
        ("length = 20", "length = 20.5"),
        ("pilot_slots = 2", "pilot_slots = -1"),
        ("testing_time_minutes = 30", "testing_time = 30"),
        ('"domain blocks"', '"random"'),
        ("months = 12", ""),
        ('"webster"', '"webber"'),
        ("count = 8", ""),
        ("count = 8", 'count = "8"'),
        ("range = [11, 13]", "range = [11]"),
        ("range = [11, 13]", "range = [11.5, 13]"),
        ("theta_cut = -1", 'theta_cut = "-1"'),
        ("tolerance = 0.1", ""),
        ("tolerance = 0.1", "tolerance = 0"),
        ('"warning"', '"fatal"'),
        ("mean_b]", "mean_a]"),
        ("max_overlap = 0.5", "max_overlap = 50"),
        ("enemies_apart = false", 'enemies_apart = "no"'),
        ('["scored", "pilot"]', '["used"]'),
        ('["scored", "pilot"]', "[]"),
        ('include = ["I001"]', 'include = "I001"'),
        ('exclude = ["I005", "I006"]', "exclude = [5]"),
        ("[1, 3]", "[0, 3]"),
        ("[1, 3]", '"some"'),
        ('"2024-06"', '"2024-13"'),
        ("low = 0.15", "low = 15"),
        ('letters = "ABCD"', 'letters = ""'),
        ("longest_run = 3", "longest_run = 2"),
        (', low = 1, high = 5.5 }]', " }]"),
        ('column = "words", ', ""),
        ('where = { domain = "A" }', "where = {}"),
        ('where = { cognitive_level = "recall" }', ""),
        ('where = { cognitive_level = "recall" }', "where = { cognitive_level = [] }"),
        ("count = 5", ""),
        ("count = 5", "count = 5\nrange = [5, 5]"),
        ("[[constraints.counts]]", "[[constraints.count]]"),
    ],
)  # fmt: skip
def test_what_has_the_wrong_shape_both_refuse(old, new):
    assert old in FULL
    spoilt = FULL.replace(old, new)
    with pytest.raises(BlueprintError):
        parse_blueprint(spoilt)
    assert not accepted(spoilt)


def test_what_is_written_is_read_back_the_same():
    from ciip_irt.blueprint.description import describe
    from ciip_irt.blueprint.writing import blueprint_toml

    full = parse_blueprint(FULL)
    assert parse_blueprint(blueprint_toml(full)) == full
    assert accepted(blueprint_toml(full))
    text = describe(full)
    for line in (
        "All forms have 2 anchors in common (listed; counted in the overlap allowed).",
        "The anchors are items of form 2024-a.",
        "b between -1 and 1: 0 to 1 pilot items.",
        "mean words: mean words of the scored items at least 40.",
        "uses at most 5: uses of each scored item at most 5.",
        "written lately: written of each pilot item 2019 or later and before 2025-01.",
    ):
        assert line in text, text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count = 2\nitems", "count = 3\nitems", "count: is 3, but 2 anchors are listed"),
        ("count = 2\nitems", "count = 25\nitems", "count: is 25, but a form has 20 scored items"),
        ('items = ["I003", "I004"]', 'items = ["I005", "I004"]', "items: I005 stands under exclude too"),
        ("max_overlap = 0.5", "max_overlap = 0.05", "2 anchors do not fit within an overlap of 1 items"),
        ('counted = "within"', 'counted = "beside"', "counted: must be one of apart, within, not 'beside'"),
        ("same_positions", "same_position", "Did you mean 'same_positions'"),
        ('since = "2019"', "low = 3", "give bounds of a number or of a date"),
        ('since = "2019"', 'since = "May"', "since: is not a date: 'May'"),
        ("b = { low = -1, high = 1 }", "b = { low = 2, high = 1 }", "b: 2 is above high, 1"),
        ("b = { low = -1, high = 1 }", 'b = { low = "x" }', "b must be { low = a number, high = a number }"),
        (
            'range = [0, 1]\nrole = "pilot"',
            'range = [1, 1]\nrole = "pilot"',
            "pilot items have no least number",
        ),
        ("low = 40", "", r"\[constraints.means 1\] high: is missing"),
    ],
)
def test_what_is_wrong_with_anchors_limits_and_ranges_is_named(old, new, message):
    import re

    assert old in FULL
    with pytest.raises(BlueprintError, match=message if message.startswith("\\") else re.escape(message)):
        parse_blueprint(FULL.replace(old, new))
