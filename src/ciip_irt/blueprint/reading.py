"""Blueprint files: TOML read with everything wrong reported at once, and written back the same.

The blueprints that ship with the package are named without path or ending: ``ciip-2024``, ``ciip-2019``.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ciip_irt.blueprint.apportionment_rules import RULES, exact
from ciip_irt.blueprint.blueprint import (
    ITEM_ORDERS,
    ApportionmentRecord,
    AttemptRules,
    Blueprint,
    Domain,
)
from ciip_irt.blueprint.blueprint_reading import Reading
from ciip_irt.blueprint.requirements_file import REQUIREMENT_KEYS, read_requirements
from ciip_irt.blueprint.target_file import read_targets
from ciip_irt.blueprint.targets import QUANTITIES
from ciip_irt.errors import BlueprintError
from ciip_irt.tables.shipped import parsed_toml, shipped_or_own

__all__ = ["blueprint_schema", "load_blueprint", "parse_blueprint", "shipped_blueprints"]

TOP_KEYS = (
    "name", "title", "outline", "effective", "length", "pilot_slots", "testing_time_minutes", "item_order",
    "attempts", "apportionment", "domains", "difficulty", "anchors", "constraints",
)  # fmt: skip
DOMAIN_KEYS = ("name", "percent", "count", "range")
CONSTRAINT_KEYS = ("max_overlap", "enemies_apart", "scored_status", "pilot_status", *REQUIREMENT_KEYS)
ATTEMPT_KEYS = ("limit", "months")
APPORTIONMENT_KEYS = ("rule", "normaliser", "tie_break", "note")
NO_RULE = "none"


def shipped_blueprints() -> tuple[str, ...]:
    """Names of the blueprints that ship with the package.

    >>> shipped_blueprints()
    ('ciip-2019', 'ciip-2024')
    """
    folder = files("ciip_irt.blueprint") / "blueprints"
    return tuple(
        sorted(entry.name[: -len(".toml")] for entry in folder.iterdir() if entry.name.endswith(".toml"))
    )


def blueprint_schema() -> str:
    """The JSON schema of blueprint files, for editors that complete and check TOML.

    >>> import json
    >>> json.loads(blueprint_schema())["title"]
    'ciip-irt blueprint'
    """
    return (files("ciip_irt.blueprint") / "blueprints" / "blueprint.schema.json").read_text("utf-8")


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
    content = parsed_toml(text, where, BlueprintError)
    return _BlueprintReading(text, where).blueprint(content)


class _BlueprintReading(Reading):
    """One pass over a file: takes values out, notes everything that is wrong, raises it together."""

    def blueprint(self, content: Mapping[str, Any]) -> Blueprint:
        self.keys("", content, TOP_KEYS)
        name, outline = self.text("", content, "name"), self.text("", content, "outline")
        effective = self.effective(content)
        length = self.whole("", content, "length", least=1)
        if "length" not in content:
            self.wrong("", "length", "is missing", "Give the number of scored items.")
        domains = self.domains(self.table("domains", content, "domains"), length)
        difficulty = self.table("difficulty", content, "difficulty")
        constraints = self.table("constraints", content, "constraints")
        self.keys("difficulty", difficulty, ("theta_cut", *QUANTITIES))
        self.keys("constraints", constraints, CONSTRAINT_KEYS)
        enemies_apart = constraints.get("enemies_apart", True)
        if not isinstance(enemies_apart, bool):
            self.wrong("constraints", "enemies_apart", f"must be true or false, not {enemies_apart!r}")
        scored_status = self.statuses(constraints, "scored_status", ("scored",))
        pilot_status = self.statuses(constraints, "pilot_status", ("pilot",))
        result = Blueprint(
            name=name,
            outline=outline,
            effective=effective,
            length=length or 0,
            domains=domains,
            title=self.text("", content, "title", ""),
            pilot_slots=self.whole("", content, "pilot_slots", 0) or 0,
            testing_time_minutes=self.whole("", content, "testing_time_minutes", least=1),
            attempts=self.attempts(content),
            apportionment=self.apportionment(content),
            theta_cut=self.number("difficulty", difficulty, "theta_cut"),
            targets=read_targets(self, difficulty),
            max_overlap=self.number("constraints", constraints, "max_overlap", 0, 1),
            enemies_apart=bool(enemies_apart),
            scored_status=scored_status,
            pilot_status=pilot_status,
            item_order=self.choice("", content, "item_order", ITEM_ORDERS),
            requirements=read_requirements(
                self, constraints, domains, length or 0, self.table("anchors", content, "anchors")
            ),
            where=self.where,
        )
        block = result.requirements.anchors
        if (
            block is not None
            and block.counted == "within"
            and block.count > (result.overlap_bound or length or 0)
        ):
            self.wrong(
                "anchors", "counted",
                f"{block.count} anchors do not fit within an overlap of {result.overlap_bound} items",
                'Allow more overlap, take fewer anchors, or write counted = "apart".',
            )  # fmt: skip
        if self.problems:
            raise BlueprintError(self.problems)
        return result

    def effective(self, content: Mapping[str, Any]) -> str:
        value = content.get("effective")
        written = str(value) if value is not None else ""
        if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", written):
            what = "is missing" if value is None else f"is not a date: {value!r}"
            self.wrong("", "effective", what, 'Write "2024", "2024-03" or "2024-03-01".')
        return written

    def domains(self, table: Mapping[str, Any], length: int | None) -> tuple[Domain, ...]:
        domains: list[Domain] = []
        before = len(self.problems)
        spellings: dict[str, str] = {}
        for letter, entry in table.items():
            section = f"domains.{letter}"
            if not isinstance(entry, dict):
                self.wrong("domains", letter, "must be a section", f"Write [{section}] with name and count.")
                continue
            self.keys(section, entry, DOMAIN_KEYS)
            name = self.text(section, entry, "name")
            count = self.whole(section, entry, "count")
            if "count" not in entry:
                self.wrong(
                    section, "count", "is missing",
                    "A blueprint needs the number of items; percentages become counts only through"
                    " 'ciip-irt blueprint apportion'.",
                )  # fmt: skip
            low, high = self.range(section, entry, count)
            for spelling in {name.casefold(), letter.casefold()} - {""}:
                if spelling in spellings:
                    self.wrong(section, "name", f"{spelling!r} also names domain {spellings[spelling]}")
                spellings[spelling] = letter
            percent = entry.get("percent")
            if percent is not None:
                percent = str(percent)
                try:
                    exact(percent)
                except BlueprintError:
                    self.wrong(section, "percent", f"is not a number: {percent!r}")
            domains.append(Domain(letter, name, count or 0, percent, low, high))
        if not table:
            self.wrong("", "domains", "there is no domain", "Write [domains.A] with name and count.")
        total = sum(domain.count for domain in domains)
        if len(self.problems) == before and length is not None and total != length:
            self.wrong(
                "", "length", f"is {length}, but the counts of the {len(domains)} domains sum to {total}",
                "Correct the counts or the length; 'ciip-irt blueprint apportion' shows what rules give.",
            )  # fmt: skip
        return tuple(domains)

    def range(self, section: str, entry: Mapping[str, Any], count: int | None) -> tuple[int, int]:
        bounds = self.bounds(section, entry, "range")
        if bounds is None:
            return -1, -1
        if count is not None and not bounds[0] <= count <= bounds[1]:
            self.wrong(section, "range", f"[{bounds[0]}, {bounds[1]}] does not contain the count {count}")
            return -1, -1
        return bounds

    def attempts(self, content: Mapping[str, Any]) -> AttemptRules | None:
        table = self.table("attempts", content, "attempts")
        if not table:
            return None
        self.keys("attempts", table, ATTEMPT_KEYS)
        limit = self.whole("attempts", table, "limit", least=1)
        months = self.whole("attempts", table, "months", least=1)
        for key in ATTEMPT_KEYS:
            if key not in table:
                self.wrong("attempts", key, "is missing")
        return AttemptRules(limit or 1, months or 1)

    def apportionment(self, content: Mapping[str, Any]) -> ApportionmentRecord | None:
        table = self.table("apportionment", content, "apportionment")
        if not table:
            return None
        section = "apportionment"
        self.keys(section, table, APPORTIONMENT_KEYS)
        rule = self.text(section, table, "rule")
        if rule and rule != NO_RULE and rule not in RULES:
            self.wrong(section, "rule", f"unknown rule {rule!r}", f"Choose {NO_RULE} or {', '.join(RULES)}.")
        normaliser = table.get("normaliser", "")
        return ApportionmentRecord(
            rule, str(normaliser), self.text(section, table, "tie_break", ""),
            self.text(section, table, "note", ""),
        )  # fmt: skip
