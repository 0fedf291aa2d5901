"""What a form of this exam must be: conditions, targets, file, text, apportionment, migration."""

from ciip_irt.blueprint.apportioned import apportioned_blueprint, practice_blueprint, weights_of
from ciip_irt.blueprint.apportionment import Apportionment, apportion, compare_rules, feasible_counts
from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target, resolve_domains
from ciip_irt.blueprint.blueprint_file import (
    blueprint_schema,
    load_blueprint,
    parse_blueprint,
    shipped_blueprints,
)
from ciip_irt.blueprint.blueprint_text import describe, describe_apportionment, describe_feasible
from ciip_irt.blueprint.blueprint_writer import blueprint_toml
from ciip_irt.blueprint.migration import OUTLINE_MAPPING, Migration, migrate
from ciip_irt.blueprint.requirements import (
    DATE,
    AnchorBlock,
    Between,
    CountRule,
    Demands,
    KeyBalance,
    LimitRule,
    SumRule,
    Where,
)
from ciip_irt.blueprint.targets import ResolvedTarget, resolve_targets

__all__ = [
    "DATE",
    "OUTLINE_MAPPING",
    "AnchorBlock",
    "Apportionment",
    "Between",
    "Blueprint",
    "CountRule",
    "Demands",
    "Domain",
    "KeyBalance",
    "LimitRule",
    "Migration",
    "ResolvedTarget",
    "SumRule",
    "Target",
    "Where",
    "apportion",
    "apportioned_blueprint",
    "blueprint_schema",
    "blueprint_toml",
    "compare_rules",
    "describe",
    "describe_apportionment",
    "describe_feasible",
    "feasible_counts",
    "load_blueprint",
    "migrate",
    "parse_blueprint",
    "practice_blueprint",
    "resolve_domains",
    "resolve_targets",
    "shipped_blueprints",
    "weights_of",
]
