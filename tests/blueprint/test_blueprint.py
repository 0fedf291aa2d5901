"""Blueprint files: what ships, what is refused and in which words, and what they say of themselves."""

from dataclasses import FrozenInstanceError, replace

import polars as pl
import pytest

from ciip_irt.blueprint.apportioned import apportioned_blueprint, practice_blueprint, weights_of
from ciip_irt.blueprint.blueprint import resolve_domains
from ciip_irt.blueprint.description import describe, describe_apportionment, describe_feasible
from ciip_irt.blueprint.reading import load_blueprint, parse_blueprint, shipped_blueprints
from ciip_irt.blueprint.writing import blueprint_toml
from ciip_irt.errors import BlueprintError

WEBSTER = (5, 7, 16, 7, 5, 23, 16, 20, 13, 18)
NAMES = (
    "Procurement", "Project Management", "Operations", "Communications", "Training and Education",
    "Image Management", "Information Technology", "Systems Management", "Clinical Engineering",
    "Medical Imaging Informatics",
)  # fmt: skip

GOOD = """\
name = "small"
outline = "1"
effective = "2024"
length = 3

[domains.A]
name = "Procurement"
percent = 33
count = 1

[domains.B]
name = "Operations"
count = 2
range = [1, 3]

[difficulty.mean_b]
tolerance = 0.1
"""


def test_the_ciip_blueprint_of_2024(ciip):
    assert ciip.counts == WEBSTER
    assert sum(ciip.counts) == ciip.length == 130
    assert ciip.pilot_slots == 40
    assert ciip.testing_time_minutes == 170
    assert tuple(d.name for d in ciip.domains) == NAMES
    assert "".join(ciip.letters) == "ABCDEFGHIJ"
    assert [d.percent for d in ciip.domains] == ["4", "5", "12", "5", "4", "18", "12", "15", "10", "14"]
    assert (ciip.attempts.limit, ciip.attempts.months) == (3, 12)
    assert ciip.apportionment.rule == "webster"
    assert ciip.max_common_items == 39


def test_the_ciip_blueprint_of_2019():
    old = load_blueprint("ciip-2019")
    assert old.counts == (6, 7, 13, 10, 6, 24, 18, 15, 14, 17)
    assert (old.length, old.pilot_slots) == (130, 20)
    assert sum(int(100 * n / 130 + 0.5) for n in old.counts) == 101
    assert tuple(d.name for d in old.domains) == NAMES


@pytest.mark.parametrize("name", shipped_blueprints())
def test_shipped_blueprints_load_describe_themselves_and_survive_writing(name):
    blueprint = load_blueprint(name)
    again = parse_blueprint(blueprint_toml(blueprint))
    assert again == blueprint
    assert blueprint_toml(again) == blueprint_toml(blueprint)
    assert describe(blueprint).startswith(name)
    assert blueprint.to_frame()["count"].sum() == blueprint.length
    assert "Blueprint" in blueprint._repr_html_()


def test_a_blueprint_is_a_value(ciip):
    with pytest.raises(FrozenInstanceError):
        ciip.length = 131


def test_description_tells_where_the_counts_come_from(ciip):
    text = describe(ciip)
    counts = [int(line.split()[-1]) for line in text.splitlines() if line[:1].isupper() and line[1:3] == "  "]
    assert tuple(counts) == WEBSTER
    assert "The published weights sum to 99, not 100." in text
    assert "6 integer blueprints of 130 items round to them" in text
    assert "The counts came by Webster" in text
    assert (
        "largest remainder (Hamilton) with normaliser 99 would have tied: 5, 7, 16, 6, 5, 24, 16, 20, 13, 18"
        " or 5, 6, 16, 7, 5, 24, 16, 20, 13, 18"
        " (exact tie of Project Management and Communications for 1 item)"
    ) in text
    assert "D'Hondt (Jefferson): 5, 6, 16, 6, 5, 24, 16, 20, 13, 19 (not among the feasible ones)" in text


def test_description_of_counts_that_the_rule_does_not_give_says_so(ciip):
    domains = [replace(d, count=d.count, low=-1, high=-1) for d in ciip.domains]
    domains[5] = replace(domains[5], count=30, low=-1, high=-1)
    domains[9] = replace(domains[9], count=11, low=-1, high=-1)
    text = describe(replace(ciip, domains=tuple(domains)))
    assert "NOT among them" in text
    assert "does not give these counts" in text


def test_feasible_listing(ciip):
    text = describe_feasible(ciip)
    assert text.startswith("6 integer blueprints of 130 items have the published percentages")
    assert text.count(" 130") == 8
    assert "5  7  16  7  5  23  16  20  13  18  130  <- this blueprint" in text
    assert "nothing to choose from" in describe_feasible(load_blueprint("ciip-2019"))


def test_a_practice_form_of_50_items(ciip):
    practice, result = practice_blueprint(ciip, 50)
    assert practice.counts == (2, 3, 6, 3, 2, 9, 6, 7, 5, 7)
    assert practice.pilot_slots == 0
    assert practice.testing_time_minutes == 50
    assert "apportioned from the 130 counts of ciip-2024" in describe(practice)
    assert "No tie." in describe_apportionment(result)
    assert parse_blueprint(blueprint_toml(practice)) == practice
    with pytest.raises(BlueprintError, match="65 items ties: 3 items left"):
        practice_blueprint(ciip, 65)


def test_apportioning_a_blueprint_records_rule_normaliser_and_tie_break(ciip):
    with pytest.raises(BlueprintError, match="State a tie-break"):
        apportioned_blueprint(ciip, 130, "largest_remainder", normaliser=99)
    built, result = apportioned_blueprint(ciip, 130, "largest_remainder", normaliser=99, tie_break="D")
    assert built.counts == (5, 6, 16, 7, 5, 24, 16, 20, 13, 18)
    record = built.apportionment
    assert (record.rule, record.normaliser, record.tie_break) == (
        "largest_remainder", "99", "Communications first",
    )  # fmt: skip
    assert built.pilot_slots == 40
    text = describe_apportionment(result)
    assert "Exact tie of Project Management, Communications for 1 item:" in text
    assert "Broken by: Communications first." in text
    assert "5 7 16 6 5 24 16 20 13 18" in text


def test_apportioning_from_a_table_of_weights():
    table = pl.DataFrame({"domain": ["Reading", "Writing"], "percent": ["60", "40"]})
    built, _ = apportioned_blueprint(weights_of(table), 10, "largest_remainder", name="school")
    assert [(d.letter, d.name, d.percent, d.count) for d in built.domains] == [
        ("A", "Reading", "60", 6), ("B", "Writing", "40", 4),
    ]  # fmt: skip
    assert parse_blueprint(blueprint_toml(built)) == built
    with pytest.raises(BlueprintError, match="column 'percent' missing"):
        weights_of(table.drop("percent"))
    with pytest.raises(BlueprintError, match=r"w.csv:3: a cell is empty"):
        weights_of(table.with_columns(percent=pl.Series(["60", None])), "w.csv")


def test_everything_wrong_with_a_file_is_said_at_once_with_its_line():
    text = GOOD.replace('outline = "1"', 'outlin = "1"').replace("count = 1", "cuont = 1")
    text = text.replace("range = [1, 3]", "range = [3, 4]").replace("tolerance", "tolerence")
    with pytest.raises(BlueprintError) as caught:
        parse_blueprint(text, "small.toml")
    assert str(caught.value).splitlines() == [
        "small.toml:2: outlin: unknown key. Did you mean 'outline'?",
        "small.toml:6: [domains.A] count: is missing. A blueprint needs the number of items; percentages"
        " become counts only through 'ciip-irt blueprint apportion'.",
        "small.toml:9: [domains.A] cuont: unknown key. Did you mean 'count'?",
        "small.toml:14: [domains.B] range: [3, 4] does not contain the count 2",
        "small.toml:16: [difficulty.mean_b] tolerance: is missing. Unit: logits.",
        "small.toml:17: [difficulty.mean_b] tolerence: unknown key. Did you mean 'tolerance'?",
        "small.toml: outline: is missing",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count = 2", "count = 3", r"f.toml:4: length: is 3, but the counts of the 2 domains sum to 4"),
        ("percent = 33", "percent = -33", r"f.toml:8: \[domains.A\] percent: must not be below 0"),
        ("count = 2", "count = 2.5", r"f.toml:13: \[domains.B\] count: must be a whole number"),
        ("count = 2", "count = true", r"f.toml:13: \[domains.B\] count: must be a whole number"),
        ('"Operations"', '"procurement"', r"'procurement' also names domain A"),
        ('"2024"', '"spring"', r"f.toml:3: effective: is not a date: 'spring'"),
        ("length = 3", "length = 0", r"f.toml:4: length: must be a whole number from 1 to 10000, not 0"),
        ("percent = 33", 'percent = "some"', r"f.toml:8: \[domains.A\] percent: is not a number"),
        ("tolerance = 0.1", "tolerance = 0", "tolerance: must be larger than 0"),
        (
            "tolerance = 0.1",
            'tolerance = 1\nseverity = "fatal"',
            "must be one of error, warning, not 'fatal'",
        ),
        ("mean_b]", "mean]", r"\[difficulty\] mean: unknown key. Did you mean 'mean_b'"),
        ("length = 3", "length = ", r"f.toml:4: not valid TOML"),
        ("length = 3", 'length = 3\nitem_order = "random"', "must be one of interleaved, domain blocks"),
        ("length = 3", "length = 3\nconstraints = 1", r"constraints: must be a section"),
        ("length = 3", "length = 3\n[constraints]\nmax_overlap = 30", "must be a number from 0 to 1, not 30"),
        ("length = 3", '[constraints]\nscored_status = ["used"]', "must be a list of draft, pilot, scored"),
        ("length = 3", "length = 3\n[attempts]\nlimit = 3", r"f.toml:5: \[attempts\] months: is missing"),
        (
            "length = 3",
            'length = 3\n[apportionment]\nrule = "webber"',
            "rule: must be one of none, webster, .* not 'webber'. Did you mean 'webster'",
        ),
    ],
)
def test_what_is_wrong_is_named(old, new, message):
    assert old in GOOD
    with pytest.raises(BlueprintError, match=message):
        parse_blueprint(GOOD.replace(old, new), "f.toml")


def test_a_name_that_does_not_exist_gets_the_nearest():
    with pytest.raises(BlueprintError, match=r"ciip-2023: there is no such blueprint.*Did you mean ciip-202"):
        load_blueprint("ciip-2023")


def test_a_file_on_disk(tmp_path):
    path = tmp_path / "small.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    small = load_blueprint(path)
    assert [d.wanted for d in small.domains] == ["1", "1 to 3"]
    path.write_bytes(b'name = "\xe9"')
    with pytest.raises(BlueprintError, match="not UTF-8"):
        load_blueprint(path)


def test_domains_are_known_by_letter_or_name(ciip):
    given = ["F", "image management", " Image  Management ", "j"]
    assert resolve_domains(given, ciip) == ["F", "F", "F", "J"]
    with pytest.raises(BlueprintError) as caught:
        resolve_domains(["F", "Imaging Managment", "Imaging Managment", "Radiology", None], ciip, "items.csv")
    message = str(caught.value)
    assert "no domain 'Imaging Managment' (2 rows). Did you mean 'Image Management'?" in message
    assert "no domain 'Radiology' (1 row). It has A Procurement, B Project Management" in message
    assert "no domain ''" in message
