"""What is declared is what the program does: defaults, choices, schemas, the page of the documentation."""

import inspect
import json
import tomllib
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from ciip_irt import irt
from ciip_irt.calibration import DriftLimits, calibrate, calibrated_and_checked
from ciip_irt.cli import main
from ciip_irt.cli.declared import told
from ciip_irt.job.exam_settings import CALIBRATION, EXAM, SCORES
from ciip_irt.job.settings_files import KINDS, describe_settings
from ciip_irt.responses import EligibilityRules, ScoringRules
from ciip_irt.scores import score_tables
from ciip_irt.scores.numbers import Rounding
from ciip_irt.settings import Section, Setting, Text

PROJECT = Path(__file__).resolve().parents[2]


def choices(setting: Setting) -> set[str]:
    assert isinstance(setting.kind, Text)
    return set(setting.kind.choices)


def test_calibrate_has_every_setting_with_the_same_default() -> None:
    parameters = {
        **inspect.signature(calibrated_and_checked).parameters,
        **inspect.signature(calibrate).parameters,
        **inspect.signature(DriftLimits).parameters,
    }
    for setting in CALIBRATION.settings:
        # Anchors are a bank in Python, "bank" or a file elsewhere; dimensionality is a function of its own.
        if setting.name not in ("anchors", "dimensionality"):
            assert parameters[setting.name].default == setting.default, setting.name
    missing = set(parameters) - set(CALIBRATION.names) - {"scored", "estimate", "seed", "drift"}
    assert missing == set()
    assert {field.name for field in fields(DriftLimits)} <= set(CALIBRATION.names)


def test_the_choices_are_those_that_there_are() -> None:
    assert choices(CALIBRATION["population"]) == set(irt.KINDS)
    assert choices(CALIBRATION["ability"]) == set(irt.METHODS)
    assert choices(SCORES["rounding"]) == set(get_args(Rounding))
    assert SCORES["rounding"].default == inspect.signature(score_tables).parameters["rounding"].default


@pytest.mark.parametrize(
    ("section", "rules"), [("eligibility", EligibilityRules()), ("scoring", ScoringRules())]
)
def test_who_counts_and_what_has_the_same_defaults(section: str, rules: object) -> None:
    declared = EXAM[section].kind
    assert isinstance(declared, Section)
    assert set(declared.names) == {field.name for field in fields(rules)}  # type: ignore[arg-type]
    for setting in declared.settings:
        default = getattr(rules, setting.name)
        # what is left out in the file is empty, false or nothing in the record
        assert (setting.default or None) == (default or None), setting.name


def test_every_setting_of_calibrate_is_an_option_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    said = capsys.readouterr().out
    for name in CALIBRATION.names:
        assert f"--{name.replace('_', '-')}" in said


def test_what_no_option_says_is_the_default() -> None:
    import argparse

    found = told(argparse.Namespace(model="2pl"), CALIBRATION)
    assert found["model"] == "2pl"
    assert found["robust_z"] == 1.645


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_takes_what_the_program_takes(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator.check_schema(schema)
    sound = {
        "blueprint": [files("ciip_irt.blueprint") / "blueprints/ciip-2024.toml"],
        "exam": [PROJECT / "data/samples/exam.toml"],
        "mapping": sorted((PROJECT / "docs/examples").rglob("*mapping*.toml")),
        "policy": sorted((PROJECT / "src/ciip_irt/pilots/policies").glob("*.toml")),
        "scale": [],
    }[kind]
    for path in sound:
        content = tomllib.loads(path.read_text("utf-8"))
        assert jsonschema.Draft7Validator(schema).is_valid(content), path
        assert not jsonschema.Draft7Validator(schema).is_valid({**content, "unknown": 1})


def test_the_page_of_settings_is_the_declarations() -> None:
    page = (PROJECT / "docs/settings.md").read_text("utf-8")
    assert page.endswith(describe_settings()), "run python docs/settings.py"
