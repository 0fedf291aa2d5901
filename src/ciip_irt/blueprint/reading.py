"""Blueprint files: TOML read by its declaration, with everything wrong reported at once.

The blueprints that ship with the package are named without path or ending: ``ciip-2024``, ``ciip-2019``.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from ciip_irt.blueprint.blueprint import ApportionmentRecord, Blueprint, Domain
from ciip_irt.blueprint.declaration import BLUEPRINT
from ciip_irt.blueprint.requirements import AnchorBlock
from ciip_irt.blueprint.requirements_reading import read_requirements
from ciip_irt.blueprint.target_reading import read_targets
from ciip_irt.errors import BlueprintError
from ciip_irt.settings import Table, json_schema, read_settings, shipped_names, shipped_or_own

__all__ = ["blueprint_schema", "generate_schema", "load_blueprint", "parse_blueprint", "shipped_blueprints"]


def shipped_blueprints() -> tuple[str, ...]:
    """Names of the blueprints that ship with the package.

    >>> shipped_blueprints()
    ('ciip-2019', 'ciip-2024')
    """
    return shipped_names("ciip_irt.blueprint", "blueprints")


def blueprint_schema() -> str:
    """The JSON schema of blueprint files, for editors that complete and check TOML.

    >>> import json
    >>> json.loads(blueprint_schema())["title"]
    'ciip-irt blueprint'
    """
    return (files("ciip_irt.blueprint") / "blueprints" / "blueprint.schema.json").read_text("utf-8")


def generate_schema() -> str:
    """The same, made anew from the declaration."""
    return json_schema(
        BLUEPRINT, "ciip-irt blueprint",
        "What a form of an exam must be. docs/checking-forms.md explains every key.",
    )  # fmt: skip


def load_blueprint(name_or_path: str | Path) -> Blueprint:
    """The blueprint of that name, or in that file.

    Raises
    ------
    BlueprintError
        No such blueprint; or everything that is wrong in the file, each with its line.

    >>> load_blueprint("ciip-2024").counts
    (5, 7, 16, 7, 5, 23, 16, 20, 13, 18)
    """
    text, where = shipped_or_own(
        name_or_path,
        shipped_blueprints(),
        room="ciip_irt.blueprint",
        folder="blueprints",
        kind="blueprint",
        error=BlueprintError,
    )
    return parse_blueprint(text, where)


def parse_blueprint(text: str, where: str = "blueprint") -> Blueprint:
    """The blueprint that a TOML text describes; see ``load_blueprint``."""
    told = read_settings(text, where, BLUEPRINT, BlueprintError)
    domains = _domains(told)
    difficulty, constraints = told["difficulty"], told["constraints"]
    blueprint = Blueprint(
        name=told["name"] or "",
        outline=told["outline"] or "",
        effective=told["effective"] or "",
        length=told["length"] or 0,
        domains=domains,
        title=told["title"],
        pilot_slots=told["pilot_slots"],
        testing_time_minutes=told["testing_time_minutes"],
        slow_pace=told["slow_pace"],
        attempts=_record_of(told["attempts"]),
        apportionment=_apportionment(told["apportionment"]),
        theta_cut=difficulty["theta_cut"],
        targets=read_targets(difficulty),
        shrink=difficulty["shrink"],
        max_overlap=constraints["max_overlap"],
        enemies_apart=constraints["enemies_apart"],
        scored_status=constraints["scored_status"],
        pilot_status=constraints["pilot_status"],
        item_order=told["item_order"],
        requirements=read_requirements(told, domains),
        where=where,
    )
    _check_anchors_fit(told["anchors"], blueprint.requirements.anchors, blueprint)
    told.finish()
    return blueprint


def _record_of(table: Table):  # type: ignore[no-untyped-def]
    """Its record, where the section is there and sound."""
    return table.record() if table.given and table.sound() else None


def _apportionment(table: Table) -> ApportionmentRecord | None:
    if not table.given:
        return None
    return ApportionmentRecord(table["rule"] or "", table["normaliser"], table["tie_break"], table["note"])


def _domains(told: Table) -> tuple[Domain, ...]:
    entries: Mapping[str, Table] = told["domains"]
    spellings: dict[str, str] = {}
    for letter, entry in entries.items():
        for spelling in {(entry["name"] or letter).casefold(), letter.casefold()}:
            if spelling in spellings:
                entry.wrong("name", f"{spelling!r} also names domain {spellings[spelling]}")
            spellings[spelling] = letter
    domains = tuple(_domain(letter, entry) for letter, entry in entries.items())
    total = sum(domain.count for domain in domains)
    sound = told.sound("length", "domains") and all(entry.sound() for entry in entries.values())
    if sound and total != told["length"]:
        told.wrong(
            "length", f"is {told['length']}, but the counts of the {len(domains)} domains sum to {total}",
            "Correct the counts or the length; 'ciip-irt blueprint apportion' shows what rules give.",
        )  # fmt: skip
    return domains


def _domain(letter: str, entry: Table) -> Domain:
    count, bounds = entry["count"], entry["range"]
    if bounds is not None and count is not None and not bounds[0] <= count <= bounds[1]:
        entry.wrong("range", f"[{bounds[0]}, {bounds[1]}] does not contain the count {count}")
    low, high = bounds or (-1, -1)
    return Domain(letter, entry["name"] or "", count or 0, entry["percent"], low, high)


def _check_anchors_fit(table: Table, block: AnchorBlock | None, blueprint: Blueprint) -> None:
    if block is None or block.counted != "within":
        return
    if block.count > (blueprint.overlap_bound or blueprint.length):
        table.wrong(
            "counted",
            f"{block.count} anchors do not fit within an overlap of {blueprint.overlap_bound} items",
            'Allow more overlap, take fewer anchors, or write counted = "apart".',
        )
