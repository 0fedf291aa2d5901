"""Blueprints, assembly and the check of forms.

A blueprint holds decided counts (``load_blueprint``, ``apportioned_blueprint``); ``assemble`` builds forms
to it; ``check_forms`` says in which way forms do not conform, without a solver, however they were made. An
assembly constraint is one file in ``constraints`` and one line in its registry.
"""

from ciip_irt.forms.apportioned import apportioned_blueprint, practice_blueprint, weights_of
from ciip_irt.forms.apportionment import Apportionment, apportion, compare_rules, feasible_counts
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.assembly import Assembly
from ciip_irt.forms.blueprint import Blueprint, Domain, Target, resolve_domains
from ciip_irt.forms.blueprint_file import (
    blueprint_schema,
    load_blueprint,
    parse_blueprint,
    shipped_blueprints,
)
from ciip_irt.forms.blueprint_text import describe, describe_apportionment, describe_feasible
from ciip_irt.forms.blueprint_writer import blueprint_toml
from ciip_irt.forms.capacity import BankCapacity, bank_capacity
from ciip_irt.forms.check import CHECKED_RULES, RULE_MEANINGS, check_forms
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.finding_formats import FORMATS, report_findings
from ciip_irt.forms.findings import Finding, findings_frame
from ciip_irt.forms.form_files import FormFiles, read_form_files
from ciip_irt.forms.migration import OUTLINE_MAPPING, Migration, migrate

__all__ = [
    "CHECKED_RULES",
    "CONSTRAINTS",
    "FORMATS",
    "OUTLINE_MAPPING",
    "RULE_MEANINGS",
    "Apportionment",
    "Assembly",
    "BankCapacity",
    "Blueprint",
    "Domain",
    "Finding",
    "FormFiles",
    "Migration",
    "Target",
    "apportion",
    "apportioned_blueprint",
    "assemble",
    "bank_capacity",
    "blueprint_schema",
    "blueprint_toml",
    "check_forms",
    "compare_rules",
    "describe",
    "describe_apportionment",
    "describe_feasible",
    "feasible_counts",
    "findings_frame",
    "load_blueprint",
    "migrate",
    "parse_blueprint",
    "practice_blueprint",
    "read_form_files",
    "report_findings",
    "resolve_domains",
    "shipped_blueprints",
    "weights_of",
]
