"""What a form of this exam must be: conditions, targets, file, text, apportionment, migration."""

from ciip_irt.blueprint.apportioned import apportioned_blueprint, practice_blueprint, weights_of
from ciip_irt.blueprint.apportionment import Apportionment, apportion, compare_rules, feasible_counts
from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target, resolve_domains
from ciip_irt.blueprint.description import describe, describe_apportionment, describe_feasible
from ciip_irt.blueprint.migration import OUTLINE_MAPPING, Migration, migrate
from ciip_irt.blueprint.reading import (
    blueprint_schema,
    load_blueprint,
    parse_blueprint,
    shipped_blueprints,
)
from ciip_irt.blueprint.requirements import (
    DATE,
    AnchorBlock,
    Between,
    Condition,
    CountRule,
    FormRequirements,
    KeyBalance,
    LimitRule,
    SumRule,
    UseRule,
)
from ciip_irt.blueprint.targets import QUANTITIES, ResolvedTarget, Shrinkage, resolve_targets
from ciip_irt.blueprint.writing import blueprint_toml

__all__ = [
    "DATE",
    "OUTLINE_MAPPING",
    "QUANTITIES",
    "AnchorBlock",
    "Apportionment",
    "Between",
    "Blueprint",
    "Condition",
    "CountRule",
    "Domain",
    "FormRequirements",
    "KeyBalance",
    "LimitRule",
    "Migration",
    "ResolvedTarget",
    "Shrinkage",
    "SumRule",
    "Target",
    "UseRule",
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
