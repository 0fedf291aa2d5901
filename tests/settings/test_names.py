"""One name for a setting: in the exam file, as an option of every command, and in Python."""

import argparse
import inspect
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ciip_irt as ci
from ciip_irt.blueprint import apportioned_blueprint, migrate, practice_blueprint
from ciip_irt.calibration import calibrated_and_checked, link_chain
from ciip_irt.cli import COMMANDS
from ciip_irt.cli.declared import option_of, told
from ciip_irt.errors import InputError
from ciip_irt.forms.checking import report_findings, verbose_report
from ciip_irt.item_analysis import dif_between_groups
from ciip_irt.job.exam_settings import ANALYSIS, CALIBRATION, ELIGIBILITY, EXAM, RESPONSES
from ciip_irt.job.replay import replay
from ciip_irt.job.settings_files import KINDS
from ciip_irt.pilots.policy import POLICY
from ciip_irt.pilots.simulate import programme_of_bank, simulate_policy
from ciip_irt.responses import Choices, EligibilityRules, ScoringRules
from ciip_irt.settings import Named, Repeated, Section, Setting, read_settings

IN_PYTHON: dict[str, tuple[Callable[..., Any], ...]] = {
    "responses": (ci.ingest, Choices),
    "eligibility": (EligibilityRules,),
    "scoring": (ScoringRules,),
    "analysis": (ci.analyse_items, dif_between_groups),
    "calibration": (ci.calibrate, ci.DriftLimits, calibrated_and_checked, ci.check_model),
    "scores": (ci.score_tables,),
    "pilots": (ci.review_pilots,),
    "assembly": (ci.assemble,),
}
"""What takes the settings of a section of the exam file as parameters of their names."""

OBJECT_IN_PYTHON = {"anchors", "score_scale", "policy"}
"""Files or presets by name in an exam file; in Python, by the same name, what was loaded from them."""
IN_THE_BANK = {"key"}
"""Files that join what Python is given as one bank."""
FUNCTION_IN_PYTHON = {"dimensionality": "examine_dimensionality"}
"""Steps that an exam file switches on, and Python calls."""

RECORDS = (EligibilityRules(), ScoringRules(), Choices(), ci.DriftLimits())
"""Records whose fields have defaults."""

PARAMETERS: dict[str, tuple[Callable[..., Any], ...]] = {
    "simulate": (ci.simulate_programme,),
    "demo": (ci.simulate_programme,),
    "ingest": (),
    "analyse": (ci.analyse_items,),
    "calibrate": (ci.score_tables,),
    "link": (ci.link_calibrations, link_chain),
    "pilots review": (ci.review_pilots,),
    "pilots simulate": (simulate_policy, programme_of_bank),
    "pilots plan": (ci.plan_pilots,),
    "promote": (ci.promote,),
    "assemble": (ci.assemble,),
    "check": (ci.check_forms, report_findings, verbose_report),
    "bank capacity": (ci.bank_capacity,),
    "bank migrate": (migrate,),
    "blueprint": (practice_blueprint,),
    "blueprint apportion": (apportioned_blueprint,),
    "replay": (replay,),
}
"""What a command calls: its options are the parameters of these, or settings of the exam file."""

OF_THE_COMMAND = {
    "out": "where results go; Python returns them",
    "items": "the file of the bank that Python is given",
    "blueprint": "read by load_blueprint",
    "pilot_slots": "of FormRoom, as of the blueprint",
    "shares": "of the candidates by form; Python gives FormRoom.expected",
    "arrivals": "the same, a month",
    "item_times": "file of expected times, which join the bank",
    "calibration": "folder with the population that programme_of_bank is given as mean and sd",
    "pilot_plan": "of the forms that are checked; assemble takes it as a table",
    "via": "files of the calibrations in between, which link_chain is given in one list",
    "csv": "which files are written",
    "explain": "shows, and writes nothing",
    "verbose": "how much is printed",
    "list_feasible": "what is printed",
    "flags": "files that Python is given as a table",
    "forms": "files of forms, or how many there will be",
    "evidence": "folder of a review, which read_evidence reads",
}
"""Options without a parameter, each with the reason."""

FORMER: dict[str, dict[str, str]] = {
    "analyse": {"--exclude": "--exclude-attributes", "--testing-time": "--testing-time-minutes"},
    "calibrate": {"--exclude": "--exclude-attributes"},
    "pilots review": {"--exclude": "--exclude-attributes", "--forms": "--n-forms"},
    "pilots simulate": {"--n": "--answers", "--pilots": "--n-pilots"},
    "pilots plan": {"--from": "--start", "--slots": "--pilot-slots", "--n": "--new-pilot-n"},
    "assemble": {"--forms": "--n-forms"},
    "simulate": {"--candidates": "--n-candidates", "--forms": "--n-forms", "--pilots": "--n-pilots"},
    "bank migrate": {"--from": "--old", "--to": "--new"},
    "blueprint": {"--items": "--length"},
    "blueprint apportion": {"--items": "--length"},
}
"""Options of 0.1.0 by another name, which go on working."""


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    import_module(f"ciip_irt.cli.{COMMANDS[command][0]}").configure(parser)
    return parser


def section_of(name: str) -> Section:
    kind = EXAM[name].kind
    assert isinstance(kind, Section)
    return kind


def parameters_of(functions: tuple[Callable[..., Any], ...]) -> dict[str, inspect.Parameter]:
    return {
        name: one for function in functions for name, one in inspect.signature(function).parameters.items()
    }


SETTINGS = {
    setting.name: (section, setting) for section in IN_PYTHON for setting in section_of(section).settings
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_the_exam_file_has_its_name_and_default_in_python(name: str) -> None:
    section, setting = SETTINGS[name]
    if name in FUNCTION_IN_PYTHON:
        assert FUNCTION_IN_PYTHON[name] in ci.__all__
        return
    if name in IN_THE_BANK:
        assert "bank" in parameters_of(IN_PYTHON[section])
        return
    parameter = parameters_of(IN_PYTHON[section])[name]
    if name not in OBJECT_IN_PYTHON and not setting.required:
        default = next((getattr(r, name) for r in RECORDS if hasattr(r, name)), parameter.default)
        nothing = (None, (), {}) if setting.default is None else ()
        assert default in (*nothing, setting.default)


@pytest.mark.parametrize("command", PARAMETERS)
def test_an_option_is_a_setting_or_a_parameter_by_its_name(command: str) -> None:
    known = {*SETTINGS, "accept", *OF_THE_COMMAND, *parameters_of(PARAMETERS[command])}
    for action in parser_of(command)._actions:
        if action.option_strings and action.dest != "help":
            assert action.dest in known, f"{command}: {action.option_strings[0]}"
            assert action.option_strings[0] in (option_of(action.dest), f"--no-{action.dest}")


def test_every_command_with_options_is_looked_at() -> None:
    without = {"run", "schema", "report"}
    assert set(COMMANDS) == set(PARAMETERS) | without


def test_an_option_with_a_name_of_its_own_has_a_reason_that_is_needed() -> None:
    used = {action.dest for command in PARAMETERS for action in parser_of(command)._actions}
    assert set(OF_THE_COMMAND) <= used


@pytest.mark.parametrize("command", ["analyse", "calibrate", "pilots review", "pilots simulate"])
def test_whoever_reads_a_log_has_every_setting_of_reading_and_counting(command: str) -> None:
    options = {action.dest for action in parser_of(command)._actions}
    sections = ("responses", "eligibility", "scoring")
    wanted = {name for section in sections for name in section_of(section).names} - {"files"}  # LOG itself
    assert wanted <= options


def test_calibrate_has_every_setting_of_calibration_and_scores() -> None:
    options = {action.dest for action in parser_of("calibrate")._actions}
    assert {*CALIBRATION.names, *section_of("scores").names} <= options


@pytest.mark.parametrize(
    ("command", "former", "now"), [(c, old, new) for c, names in FORMER.items() for old, new in names.items()]
)
def test_a_former_option_is_taken_and_not_shown(command: str, former: str, now: str) -> None:
    parser = parser_of(command)
    assert parser._option_string_actions[former] is parser._option_string_actions[now]
    assert f"{former} " not in parser.format_help()
    assert now in parser.format_help()


def test_an_option_in_parts_is_read_by_its_setting() -> None:
    parser = parser_of("calibrate")
    given = ["log.csv", "--out", "x", "--exclude", "flagged=1", "--exclude-attributes", "flagged=Y",
             "--attempts", "1,2", "--attribute", "Shoe size", "--exclude-deliveries", "d7",
             "--no-require-answer"]  # fmt: skip
    read = parser.parse_args(given)
    counted = told(read, ELIGIBILITY)
    assert counted["exclude_attributes"] == {"flagged": ("1", "Y")}
    assert counted["attempts"] == ("1", "2")
    assert counted["exclude_deliveries"] == ("d7",)
    assert counted["require_answer"] is False
    assert told(read, RESPONSES)["attributes"] == ("Shoe size",)
    with pytest.raises(InputError, match="--exclude-attributes wants ATTRIBUTE=VALUE"):
        told(parser.parse_args([*given, "--exclude", "flagged"]), ELIGIBILITY)
    assert told(parser_of("analyse").parse_args(["log.csv"]), ANALYSIS) == {"dif": None}


# Files


def sections_within(section: Section, place: str = "") -> list[tuple[str, Section]]:
    found = [(place, section)]
    for setting in section.settings:
        kind = setting.kind
        inner = kind.section if isinstance(kind, Repeated) else kind.of if isinstance(kind, Named) else kind
        if isinstance(inner, Section):
            found += sections_within(inner, f"{place}{setting.name}.")
    return found


def test_a_limit_of_the_policy_is_called_in_python_as_in_its_file() -> None:
    for place, section in sections_within(POLICY):
        for setting in section.settings:
            if setting.attribute:
                assert setting.attribute == f"{place.removesuffix('.')}_{setting.name}"


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "policy"])
def test_a_setting_is_called_in_its_record_as_in_its_file(kind: str) -> None:
    assert [
        setting.name for _, section in sections_within(KINDS[kind].section)
        for setting in section.settings if setting.attribute
    ] == []  # fmt: skip


def former_names() -> list[tuple[str, str, Setting]]:
    return [
        (kind, place, setting) for kind in KINDS for place, section in sections_within(KINDS[kind].section)
        for setting in section.settings if setting.formerly
    ]  # fmt: skip


def test_the_former_names_of_settings() -> None:
    named = {(kind, f"{place}{one.formerly}", f"{place}{one.name}") for kind, place, one in former_names()}
    assert named == {
        ("exam", "scores.scale", "scores.score_scale"),
        ("exam", "assembly.forms", "assembly.n_forms"),
        ("policy", "n.minimum", "n.minimum_n"),
        ("policy", "n.maximum", "n.maximum_n"),
    }


FEW = Section((Setting("n_forms", section_of("assembly")["n_forms"].kind, formerly="forms", default=3),))


def test_a_former_name_is_read_and_told_by_its_own_line() -> None:
    read = read_settings("forms = 2", "x.toml", FEW)
    read.finish()
    assert read["n_forms"] == 2
    with pytest.raises(InputError, match=r"x.toml:1: forms: must be a whole number"):
        read_settings('forms = "2"', "x.toml", FEW).finish()
    with pytest.raises(InputError, match=r"x.toml:2: forms: is the former name of n_forms, which is"):
        read_settings("n_forms = 2\nforms = 3", "x.toml", FEW).finish()


def test_an_editor_is_told_that_a_name_is_former() -> None:
    properties = json.loads(KINDS["exam"].schema("exam"))["properties"]["assembly"]["properties"]
    assert properties["forms"]["deprecated"] is True
    assert "deprecated" not in properties["n_forms"]


def test_the_samples_have_no_former_name() -> None:
    sample = Path(__file__).resolve().parents[2] / "data" / "samples" / "exam.toml"
    exam = ci.load_exam(sample)
    for section in IN_PYTHON:
        table = exam.settings[section]
        assert all(name == written for name, written in table.written_as.items())
