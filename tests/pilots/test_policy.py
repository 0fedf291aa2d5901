"""Policies: what ships, what a file may say, and everything wrong in it at once."""

import re
from dataclasses import FrozenInstanceError
from importlib.resources import files
from pathlib import Path

import pytest

from ciip_irt.errors import InputError
from ciip_irt.pilots.policy import SECTIONS, load_policy, parse_policy, shipped_policies

GOOD = (files("ciip_irt.pilots") / "policies" / "default.toml").read_text("utf-8")


@pytest.mark.parametrize("name", shipped_policies())
def test_shipped_policies_say_where_their_limits_come_from(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    rows = policy.to_frame().filter(policy.to_frame()["value"].is_not_null())
    assert (rows["source"].str.len_chars() > 10).all()
    assert set(rows["section"]) <= set(SECTIONS)
    assert policy.name in policy.summary()
    assert "<table" in policy._repr_html_()


def test_presets_hold_the_limits_in_use() -> None:
    arrt, default = load_policy("arrt-like"), load_policy()
    assert (arrt.r_low, arrt.p_low, arrt.p_high) == (0.20, 0.30, 0.95)
    assert default.r_low == 0.10
    assert default.promote_at_maximum == pytest.approx(4 / 5)


def test_a_policy_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load_policy().r_low = 0.0  # type: ignore[misc]


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(
        GOOD.replace('name = "default"', 'name = "ours"')
        + '\n[b]\nlow = -3\nhigh = 1.5\nsource = "x"\n'
        + '[information]\ntheta_cut = -0.6\nlow = 0.05\nsource = "y"\n'
    )
    policy = load_policy(path)
    assert (policy.name, policy.b_low, policy.theta_cut, policy.information_low) == ("ours", -3.0, -0.6, 0.05)


def test_everything_wrong_is_reported_at_once_with_its_line() -> None:
    text = (
        GOOD.replace("low = 0.10", 'low = "much"')
        .replace("high = 0.97", "hihg = 0.97")
        .replace("minimum_n = 50", "minimum_n = 400")
        .replace("promote = 0.85", "promote = 1.8")
        .replace("[key]", "[kee]")
    )
    with pytest.raises(InputError) as caught:
        parse_policy(text, "ours.toml")
    said = str(caught.value)
    assert "[p] hihg: unknown key. Did you mean 'high'?" in said
    assert "[p] high: is missing" in said
    assert "[r] low: must be a number between -1 and 1, not 'much'" in said
    assert "[n] minimum_n: must be below maximum_n" in said
    assert "[decision] promote: must be a number from 0 to 1, not 1.8" in said
    assert "kee: unknown key. Did you mean 'key'?" in said
    assert len(caught.value.problems) == 6
    line = text.splitlines().index("hihg = 0.97") + 1
    assert f"ours.toml:{line}: [p] hihg" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "default"', "", "name: is missing"),
        ("low = 0.25", "low = 0.99", "[p] low: must be below high"),
        ("loss_wrong_promotion = 4.0", "loss_wrong_promotion = 0", "must be larger than 0"),
        ("maximum_n = 300", "maximum_n = 300.5", "must be a whole number"),
        ('source = "Key', 'sauce = "Key', "[key] source: is missing"),
        ("[p]", "[p", "not valid TOML"),
        ("[n]", "[information]\nlow = 0.1\nsource = 'x'\n[n]", "[information] theta_cut: is missing"),
        ("give_up = 0.05", "give_up = true", "must be a number"),
    ],
)
def test_each_fault_has_its_sentence(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=re.escape(said)):
        parse_policy(GOOD.replace(old, new), "ours.toml")


def test_unknown_names_and_files() -> None:
    with pytest.raises(InputError, match="Did you mean arrt-like"):
        load_policy("arrt-lik")
    with pytest.raises(InputError, match=r"one of arrt-like, default"):
        load_policy("nothing/here.toml")


@pytest.mark.parametrize("section", ["p", "r", "n", "decision"])
def test_sections_without_which_nothing_can_be_decided(section: str) -> None:
    without = re.sub(rf"(?ms)^\[{section}\]\n.*?(?=^\[|\Z)", "", GOOD)
    assert f"[{section}]" not in without
    with pytest.raises(InputError, match=rf"\[{section}\]"):
        parse_policy(without, "ours.toml")
