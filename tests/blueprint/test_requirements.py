"""Demands beyond counts per domain: their file, their words, forms built to them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.apportioned import practice_blueprint
from ciip_irt.blueprint.blueprint import Target
from ciip_irt.blueprint.description import describe
from ciip_irt.blueprint.reading import parse_blueprint
from ciip_irt.blueprint.requirements import CountRule, FormRequirements, ItemSets, KeyBalance, SumRule
from ciip_irt.blueprint.writing import blueprint_toml
from ciip_irt.errors import BlueprintError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_forms

TEXT = """\
name = "small"
outline = "2"
effective = "2025"
length = 20
testing_time_minutes = 30

[domains.A]
name = "Procurement"
count = 8
[domains.B]
name = "Operations"
count = 12
range = [11, 13]

[constraints]
max_overlap = 0.5
max_overlap_earlier = 0.25
include = ["I001"]
exclude = ["I005", "I006"]
item_sets = "whole"
last_used_before = "2024-06"

[constraints.key_balance]
low = 0.15
high = 0.35
longest_run = 3

[[constraints.counts]]
name = "Recall"
where = { cognitive_level = "recall" }
range = [6, 9]

[[constraints.counts]]
where = { domain = "operations", cognitive_level = ["apply", "judge"] }
count = 5

[[constraints.sums]]
column = "words"
low = 900
high = 1000
"""
REQUIREMENTS = FormRequirements(
    counts=(
        CountRule("Recall", (("cognitive_level", ("recall",)),), 6, 9),
        CountRule(
            "domain B and cognitive_level apply or judge",
            (("domain", ("B",)), ("cognitive_level", ("apply", "judge"))), 5, 5,
        ),
    ),
    sums=(SumRule("sum of words", "words", 900.0, 1000.0),),
    include=("I001",),
    exclude=("I005", "I006"),
    item_sets=ItemSets(True),
    key_balance=KeyBalance(0.15, 0.35, "ABCD", 3),
    last_used_before="2024-06",
    max_overlap_earlier=0.25,
)  # fmt: skip


@pytest.fixture(scope="module")
def small():
    return parse_blueprint(TEXT, "small.toml")


@pytest.fixture(scope="module")
def items():
    """120 items of two domains; every tenth pair shares a stimulus."""
    rng = np.random.default_rng(11)
    n = 120
    return pl.DataFrame(
        {
            "item_id": [f"I{i:03d}" for i in range(n)],
            "domain": ["A", "B"] * (n // 2),
            "status": "scored",
            "key": rng.choice(list("ABCD"), n).tolist(),
            "options": "ABCD",
            "cognitive_level": rng.choice(["Recall", "Apply", "Judge"], n).tolist(),
            "words": rng.integers(25, 75, n),
            "set_id": [f"S{i // 20}" if i % 20 in (8, 9, 10) else None for i in range(n)],
            "last_used": [None, "2021", "2023-11", "2024-07-01"] * (n // 4),
            "expected_time_s": rng.integers(40, 90, n),
            "outline": "2",
        }
    )


@pytest.fixture(scope="module")
def built(small, items):
    return assemble(items, small, n_forms=3, seed=5)


def test_the_file_says_it(small):
    assert small.requirements == REQUIREMENTS
    assert (small.max_common_items, small.max_common_earlier) == (10, 5)
    assert parse_blueprint(blueprint_toml(small)) == small
    text = describe(small)
    for line in (
        "Recall: 6 to 9 scored items.",
        "sum of words: words of the scored items 900 to 1000.",
        "With an earlier form at most 5 scored items in common.",
        "Every form includes I001.",
        "An item set is taken whole or not at all, and its items stand together.",
        "Scored items were last used before 2024-06.",
        "Each of A, B, C, D is the key of 15 to 35 % of the scored items; none more than 3 times running.",
    ):
        assert line in text


def test_sums_with_one_bound_and_sets_with_bounds_survive_writing(small):
    more = replace(
        small.requirements, sums=(SumRule("w", "words", high=100.0),), item_sets=ItemSets(False, 2, 3),
        key_balance=None,
    )  # fmt: skip
    other = replace(small, requirements=more)
    assert parse_blueprint(blueprint_toml(other)) == other


def test_a_practice_form_keeps_what_does_not_depend_on_length(small):
    practice, _ = practice_blueprint(small, 10)
    assert practice.requirements == replace(REQUIREMENTS, counts=(), sums=(), include=())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"whole"', '"half"', r'small.toml:20: \[constraints\] item_sets: must be "whole" or \[low, high\]'),
        ('"whole"', "[0, 2]", "low must be at least 1"),
        ('"2024-06"', '"June"', r"small.toml:21: \[constraints\] last_used_before: is not a date: 'June'"),
        ("longest_run = 3", "longest_run = 2", r"key_balance\] longest_run: must be a whole number of at le"),
        ("low = 0.15", "low = 0.3", "4 letters with a share of at least 0.3 each. With 4 letters a share"),
        ("low = 0.15\nhigh = 0.35", "low = 0.21\nhigh = 0.24", "no whole number of 20 items is 21 to 24 %"),
        ("range = [6, 9]", "range = [9, 6]", r"small.toml:31: \[constraints.counts 1\] range: must be \[low"),
        ("count = 5", "", r"small.toml:33: \[constraints.counts 2\] range: give either count or range"),
        ('"operations"', '"opera"', r"small.toml:34: .* there is no domain 'opera'. It has A Procurement"),
        ('cognitive_level = "recall"', "cognitive_level = 3", "cognitive_level must be a text or a list"),
        ("low = 900\nhigh = 1000", "", r"\[constraints.sums 1\] high: is missing. Give low, high, or both"),
        ("low = 900", "low = 2000", r"\[constraints.sums 1\] low: 2000 is above high, 1000"),
        ('include = ["I001"]', 'include = ["I005"]', "include: I005 stands under exclude too"),
        ('include = ["I001"]', "include = [1]", "include: must be a list of texts"),
        ("max_overlap_earlier = 0.25", "max_overlap_erlier = 1", "Did you mean 'max_overlap_earlier'"),
        (
            'column = "words"',
            'colum = "words"',
            r"constraints.sums 1\] colum: unknown key. Did you mean 'col",
        ),
        ('name = "Recall"', 'name = "sum of words"', "'sum of words' names more than one row"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(old, new, message):
    assert old in TEXT
    with pytest.raises(BlueprintError, match=message):
        parse_blueprint(TEXT.replace(old, new), "small.toml")


def test_what_the_bank_lacks_is_said_at_once(small, items):
    poor = items.drop("cognitive_level").with_columns(
        words=pl.lit(None), last_used=pl.lit("June"), set_id=pl.lit(None), item_id="J" + pl.col("item_id")
    )
    with pytest.raises(BlueprintError) as caught:
        assemble(poor, small)
    text = str(caught.value)
    for part in (
        "needs the column 'cognitive_level'", "needs the column 'words'", "needs the column 'set_id'",
        "'last_used' holds values that are no dates (2024, 2024-03 or 2024-03-01) (120 rows, e.g. 'JI0",
        "items that the blueprint includes are not in the bank (1 row, e.g. 'I001')",
    ):  # fmt: skip
        assert part in text, text


def test_a_misspelt_column_is_named_with_its_row(items):
    misspelt = parse_blueprint(TEXT.replace("cognitive_level", "cognitve_level"), "small.toml")
    expected = (
        r"^small.toml: row 'Recall' and .* needs the column 'cognitve_level'.*Did you mean 'cognitive_l"
    )
    with pytest.raises(BlueprintError, match=expected):
        assemble(items, misspelt)


def test_a_value_that_no_item_has_is_told(items):
    """With only an upper bound it would hold in silence."""
    entry = '\n[[constraints.counts]]\nname = "few"\nwhere = {cognitive_level = "Recal"}\nrange = [0, 1]\n'
    misspelt = parse_blueprint(TEXT + entry, "small.toml")
    result = assemble(items, misspelt, n_forms=1)
    told = (
        "Row 'few': no item of the bank has 'Recal' in the column 'cognitive_level'. Did you mean 'Recall'?"
    )
    assert result.warnings.count(told) == 1
    found = [f for f in check_forms(result.forms, misspelt, items) if f.message == told]
    assert [f.severity for f in found] == ["warning"]


def test_forms_are_built_to_every_demand(built, items):
    """Counted here with polars, apart from rows and check."""
    assert built.conforms, built.summary()
    keys = dict(items.select("item_id", "key").iter_rows())
    for form in built.forms.partition_by("form_id"):
        full = form.sort("position").join(items.drop("domain"), on="item_id", maintain_order="left")
        assert 6 <= (full["cognitive_level"] == "Recall").sum() <= 9
        assert full.filter((pl.col("domain") == "B") & (pl.col("cognitive_level") != "Recall")).height == 5
        assert 900 <= full["words"].sum() <= 1000
        assert "I001" in full["item_id"]
        assert not {"I005", "I006"} & set(full["item_id"])
        assert "2024-07-01" not in full["last_used"].to_list()
        assert full["expected_time_s"].sum() <= 30 * 60
        assert full["key"].value_counts()["count"].is_between(3, 7).all()
        runs = "".join(keys[item_id] for item_id in full["item_id"])
        assert not any(letter * 4 in runs for letter in "ABCD")
        places = full.with_row_index().filter(pl.col("set_id").is_not_null())
        for _, part in places.group_by("set_id"):
            assert part.height == 3
            assert part["index"].max() - part["index"].min() == 2
    assert built.forms.filter(
        pl.col("item_id").is_in(items.filter(pl.col("set_id") == "S0")["item_id"])
    ).height in (0, 3, 6, 9)


def test_sets_are_kept_together_where_they_must_be_used(small, items):
    in_sets = items.filter(pl.col("set_id").is_not_null())["item_id"].to_list()[3:9]
    usable = items.with_columns(last_used=pl.lit("2020"))
    demanding = replace(small, requirements=replace(REQUIREMENTS, include=(in_sets[0], in_sets[3])))
    result = assemble(usable, demanding, n_forms=1)
    assert result.conforms, result.summary()
    assert set(in_sets) <= set(result.forms["item_id"])


def test_later_forms_keep_away_from_earlier_ones(built, small, items):
    lonely = replace(small, requirements=FormRequirements(max_overlap_earlier=0.1))
    later = assemble(items, lonely, n_forms=2, earlier=built.forms)
    assert later.conforms, later.summary()
    for old in built.forms.partition_by("form_id"):
        for new in later.forms.partition_by("form_id"):
            assert len(set(old["item_id"]) & set(new["item_id"])) <= 2
    renamed = built.forms.with_columns(form_id="old-" + pl.col("form_id"))
    found = [f for f in check_forms(built.forms, lonely, items, earlier=renamed) if f.form_id == "form-1"]
    assert found[0].rule == "earlier_overlap"
    assert found[0].message == ("20 scored items in common with earlier form old-form-1, blueprint allows 2")


def test_a_form_that_is_itself_among_the_earlier_ones_is_not_held_against_itself(form, small, items):
    assert check_forms(form, small, items, earlier=form) == []


def test_too_few_items_for_a_count_are_told_with_what_to_write(small, items):
    few = items.with_columns(
        cognitive_level=pl.when(pl.col("cognitive_level") == "Recall").then(pl.lit("Apply"))
        .otherwise("cognitive_level")
    ).with_columns(
        cognitive_level=pl.when(pl.int_range(pl.len()) < 4).then(pl.lit("Recall"))
        .otherwise("cognitive_level")
    )  # fmt: skip
    result = assemble(few, small, n_forms=1)
    assert result.status == "infeasible"
    assert result.shortages["message"][0] == (
        "Recall needs 6 scored items; the bank has 3 that qualify. Write 3, or lower the bound."
    )


def test_a_sum_out_of_reach_is_explained_in_its_unit(small, items):
    greedy = replace(small, requirements=FormRequirements(sums=(SumRule("words", "words", low=1600.0),)))
    result = assemble(items.drop("expected_time_s"), greedy, n_forms=1)
    assert result.status == "infeasible"
    first, message = result.shortages["message"][:2]
    assert first.endswith("words: at least 1600. Give up or loosen one of them.")
    words = {letter: sorted(part["words"], reverse=True) for (letter,), part in items.group_by("domain")}
    best = sum(words["A"][:8]) + sum(words["B"][:12])
    assert f"breaks 'words' by {1600 - best} words: {1600 - best} words too few" in message


@pytest.fixture(scope="module")
def form(built):
    return built.forms.filter(form_id="form-1").sort("position")


def messages(forms, small, items, rule):
    return [(f.severity, f.message) for f in check_forms(forms, small, items) if f.rule == rule]


def test_each_fault_in_its_words(form, small, items):
    worse = items.with_columns(
        cognitive_level=pl.lit("Apply"), words=pl.lit(10), last_used=pl.lit("2024-07"), key=pl.lit("A"),
        outline=pl.lit("1"), expected_time_s=pl.lit(100),
    )  # fmt: skip
    assert messages(form, small, worse, "attribute_counts")[0] == (
        "error", "Recall: 0 items, blueprint needs 6 to 9",
    )  # fmt: skip
    assert messages(form, small, worse, "attribute_sums") == [
        ("error", "sum of words: 200 words, blueprint needs 900 to 1000")
    ]
    assert messages(form, small, worse, "last_use")[0][1].endswith(
        "was last used 2024-07; blueprint wants use before 2024-06"
    )
    assert messages(form, small, worse, "key_balance")[0] == (
        "error", "key A: 20 scored items, blueprint needs 3 to 7",
    )  # fmt: skip
    assert messages(form, small, worse, "key_runs") == [
        ("error", "key A comes 20 times running, from position 1; blueprint allows 3")
    ]
    assert messages(form, small, worse, "time_budget") == [
        ("error", "expected time 33.3 minutes, testing time 30")
    ]
    assert messages(form, small, worse, "outline")[0][1].startswith(
        "20 items classified by outline 1, the blueprint's is 2 (e.g. "
    )


def test_unknown_is_not_failed(form, small, items):
    first = form["item_id"][0]
    here = pl.col("item_id") == first
    vague = items.with_columns(
        last_used=pl.when(here).then(pl.lit("2024")).otherwise("last_used"),
        expected_time_s=pl.when(here).then(None).otherwise("expected_time_s"),
    )
    assert messages(form, small, vague, "last_use") == [
        ("warning",
         f"1 scored item with a last use too coarse to compare with 2024-06 (e.g. {first})")
    ]  # fmt: skip
    assert messages(form, small, vague, "time_budget") == [], "it is predicted from the others"
    timed = pl.col("item_id").is_in(form["item_id"].implode())
    few = vague.with_columns(expected_time_s=pl.when(timed).then(pl.col("expected_time_s")))
    [(severity, message)] = messages(form, small, few, "time_budget")
    assert severity == "warning"
    assert message.startswith(f"1 item without an expected time (e.g. {first}); the others take ")
    assert messages(form, small, items.drop("expected_time_s"), "time_budget") == []


def test_sets_torn_apart_are_seen(small, items):
    rows = items.filter(pl.col("set_id") == "S1")["item_id"].to_list()
    others = items.filter(pl.col("set_id").is_null())["item_id"].to_list()[:17]
    order = [rows[0], *others[:5], rows[1], rows[2], *others[5:]]
    torn = pl.DataFrame(
        {"form_id": "X", "position": range(1, 21), "item_id": order, "role": "scored",
         "domain": ["A" if int(i[1:]) % 2 == 0 else "B" for i in order]}
    )  # fmt: skip
    assert messages(torn, small, items, "set_order") == [
        ("error", "the items of set S1 do not stand together")
    ]
    together = torn.with_columns(item_id=pl.Series([*rows, *others]))
    assert messages(together, small, items, "set_order") == []
    without = torn.filter(pl.col("item_id") != rows[1])
    assert messages(without, small, items, "item_sets") == [
        ("error", "item set S1: 2 scored items, blueprint needs all 3 or none")
    ]


def test_a_form_of_another_outline_is_seen(form, small, items):
    assert messages(form.with_columns(outline=pl.lit("2")), small, items, "form_outline") == []
    assert messages(form.with_columns(outline=pl.lit(1)), small, items, "form_outline") == [
        ("error", "the form is of outline 1, the blueprint of outline 2")
    ]


def test_the_average_of_the_bank_is_that_of_the_items_that_may_be_used(small, items):
    """Hand-made: items that rest are hard, all others have b = 0."""
    easy = items.with_columns(
        b=pl.when((pl.col("last_used") == "2024-07-01") | pl.col("item_id").is_in(["I005", "I006"]))
        .then(2.0).otherwise(0.0)
    )  # fmt: skip
    aimed = replace(small, targets=(Target("mean_b", 0.05),))
    result = assemble(easy, aimed, n_forms=1)
    assert result.conforms, result.summary()
    assert result.achieved.select("target", "achieved").rows() == [(0.0, 0.0)]
