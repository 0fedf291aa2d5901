"""What is written as TOML is what is read back, whatever stands in it."""

import datetime
import math
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.blueprint import blueprint_toml, load_blueprint, parse_blueprint
from ciip_irt.responses import mapping_text
from ciip_irt.responses.mapping import ColumnMapping
from ciip_irt.responses.recognition import Reading
from ciip_irt.settings.writing import in_one_line, toml_text, toml_with
from ciip_irt.simulate.exam_file import exam_toml

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)  # surrogates alone are no Unicode text
PLAIN = st.one_of(
    TEXT, st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.dates(datetime.date(1, 1, 1)),
    st.lists(TEXT, max_size=3), st.lists(st.floats(), max_size=3),
)  # fmt: skip
SECTIONS = st.dictionaries(TEXT, st.one_of(PLAIN, st.dictionaries(TEXT, PLAIN, max_size=3)), max_size=4)
NASTY = "a \"b\" \\ c # d 'e' [f] = {g}"


def same(one: Any, other: Any) -> bool:
    """Equal, and of one type; nan is nan."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and bool(one == other)


def sections_last(written: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(written.items(), key=lambda pair: isinstance(pair[1], dict)))


@settings(max_examples=150, deadline=None)
@given(SECTIONS, st.lists(TEXT, max_size=2))
def test_what_is_written_is_read_back(written: dict[str, Any], comments: list[str]) -> None:
    written = sections_last(written)
    assert same(tomllib.loads(toml_text(written, comments)), written)


@pytest.mark.parametrize("line", ["x\n[key]\nrow = 1", "x\r\nname = 2", "x\x00\x1f\x7f", "x\u2028y = 1"])
def test_no_comment_sets_anything(line: str) -> None:
    text = toml_text({"format": "wide"}, [line])
    assert tomllib.loads(text) == {"format": "wide"}
    assert len(text.splitlines()) == 2


def test_the_name_of_a_file_sets_nothing_in_its_mapping() -> None:
    reading = Reading(
        'log\n[key]\nrow = "X".csv', ColumnMapping(format="wide"), None, ("said\nencoding = 1",)
    )
    assert tomllib.loads(mapping_text(reading)) == {"format": "wide"}


def test_a_section_in_one_line() -> None:
    text = toml_text({"counts": [{"where": in_one_line({"domain": [NASTY], "b": {"low": -1.5}})}]})
    assert "where = {" in text
    assert tomllib.loads(text) == {"counts": [{"where": {"domain": [NASTY], "b": {"low": -1.5}}}]}


def test_a_blueprint_with_names_of_every_kind() -> None:
    ciip = load_blueprint("ciip-2024")
    domains = tuple(replace(one, name=f"{NASTY} {one.letter}") for one in ciip.domains)
    named = replace(ciip, title=NASTY, domains=domains)
    assert parse_blueprint(blueprint_toml(named)) == named


def test_an_exam_file_keeps_its_explanations_whatever_its_name() -> None:
    text = exam_toml(name=NASTY, responses=f"{NASTY}.csv", n_forms=2, seed=7, theta_cut=-0.25)
    read = tomllib.loads(text)
    assert read["exam"]["name"] == NASTY
    assert read["responses"]["files"] == [f"{NASTY}.csv"]
    assert read["assembly"] == {"n_forms": 2, "seed": 7, "theta_cut": -0.25}
    assert "# How many new forms to build.\n" in text
    assert toml_with(text, {}) == text
