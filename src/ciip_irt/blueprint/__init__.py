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
    IfThen,
    KeyBalance,
    LimitRule,
    NotIn,
    SumRule,
    UseRule,
    Wanted,
    conditions_in_words,
    in_words,
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
    "IfThen",
    "KeyBalance",
    "LimitRule",
    "Migration",
    "NotIn",
    "ResolvedTarget",
    "Shrinkage",
    "SumRule",
    "Target",
    "UseRule",
    "Wanted",
    "apportion",
    "apportioned_blueprint",
    "blueprint_schema",
    "blueprint_toml",
    "compare_rules",
    "conditions_in_words",
    "describe",
    "describe_apportionment",
    "describe_feasible",
    "feasible_counts",
    "in_words",
    "load_blueprint",
    "migrate",
    "parse_blueprint",
    "practice_blueprint",
    "resolve_domains",
    "resolve_targets",
    "shipped_blueprints",
    "weights_of",
]
