"""Blueprint files, written: the same content gives the same bytes."""

import re
from math import isfinite

from ciip_irt.blueprint.blueprint import Blueprint, Target
from ciip_irt.blueprint.requirements import AnchorBlock, Between, Condition, FormRequirements
from ciip_irt.blueprint.targets import QUANTITIES

__all__ = ["blueprint_toml"]


def blueprint_toml(blueprint: Blueprint) -> str:
    """The blueprint as a TOML file; reading it gives an equal blueprint.

    >>> from ciip_irt.blueprint.reading import load_blueprint, parse_blueprint
    >>> ciip = load_blueprint("ciip-2024")
    >>> parse_blueprint(blueprint_toml(ciip)) == ciip
    True
    """
    b = blueprint
    lines = [f"name = {_quoted(b.name)}"]
    if b.title:
        lines.append(f"title = {_quoted(b.title)}")
    lines += [f"outline = {_quoted(b.outline)}", f"effective = {_quoted(b.effective)}",
              f"length = {b.length}", f"pilot_slots = {b.pilot_slots}"]  # fmt: skip
    if b.testing_time_minutes is not None:
        lines.append(f"testing_time_minutes = {b.testing_time_minutes}")
    lines.append(f"item_order = {_quoted(b.item_order)}")
    if b.attempts is not None:
        lines += ["", "[attempts]", f"limit = {b.attempts.limit}", f"months = {b.attempts.months}"]
    if b.apportionment is not None:
        record = b.apportionment
        lines += ["", "[apportionment]", f"rule = {_quoted(record.rule)}"]
        values = (("normaliser", record.normaliser), ("tie_break", record.tie_break), ("note", record.note))
        lines += [f"{key} = {_quoted(value)}" for key, value in values if value]
    for domain in b.domains:
        lines += ["", f"[domains.{_key(domain.letter)}]", f"name = {_quoted(domain.name)}"]
        if domain.percent is not None:
            lines.append(f"percent = {_quoted(domain.percent)}")
        lines.append(f"count = {domain.count}")
        if (domain.low, domain.high) != (domain.count, domain.count):
            lines.append(f"range = [{domain.low}, {domain.high}]")
    if b.theta_cut is not None or b.targets:
        lines += ["", "[difficulty]"]
        if b.theta_cut is not None:
            lines.append(f"theta_cut = {b.theta_cut!r}")
    for target in b.targets:
        lines += ["", f"[difficulty.{target.quantity}]", *_target(target)]
    lines += [*_anchors(b.requirements.anchors), "", "[constraints]"]
    if b.max_overlap is not None:
        lines.append(f"max_overlap = {b.max_overlap!r}")
    lines += [
        f"enemies_apart = {str(b.enemies_apart).lower()}",
        f"scored_status = [{', '.join(map(_quoted, b.scored_status))}]",
        f"pilot_status = [{', '.join(map(_quoted, b.pilot_status))}]",
    ]
    return "\n".join([*lines, *_requirements(b.requirements)]) + "\n"


def _requirements(requirements: FormRequirements) -> list[str]:
    """The rest of ``[constraints]``: plain keys first, then its sections."""
    lines = []
    if requirements.max_overlap_earlier is not None:
        lines.append(f"max_overlap_earlier = {requirements.max_overlap_earlier!r}")
    for key, items in (
        ("include", requirements.include),
        ("exclude", requirements.exclude),
        ("let_in", requirements.let_in),
    ):
        if items:
            lines.append(f"{key} = [{', '.join(map(_quoted, items))}]")
    sets = requirements.item_sets
    if sets is not None:
        lines.append(f"item_sets = {_quoted('whole') if sets.whole else f'[{sets.low}, {sets.high}]'}")
    if requirements.last_used_before is not None:
        lines.append(f"last_used_before = {_quoted(requirements.last_used_before)}")
    balance = requirements.key_balance
    if balance is not None:
        lines += ["", "[constraints.key_balance]", f"low = {balance.low!r}", f"high = {balance.high!r}",
                  f"letters = {_quoted(balance.letters)}"]  # fmt: skip
        if balance.longest_run is not None:
            lines.append(f"longest_run = {balance.longest_run}")
    for count in requirements.counts:
        lines += ["", "[[constraints.counts]]", f"name = {_quoted(count.name)}", _where(count.where)]
        lines.append(
            f"count = {count.low}" if count.low == count.high else f"range = [{count.low}, {count.high}]"
        )
        if count.role != "scored":
            lines.append(f"role = {_quoted(count.role)}")
    for limit in requirements.limits:
        lines += ["", "[[constraints.limits]]", f"name = {_quoted(limit.name)}",
                  f"column = {_quoted(limit.column)}"]  # fmt: skip
        if limit.where:
            lines.append(_where(limit.where))
        lines += _finite(limit.low, limit.high)
        dates = (("since", limit.since), ("before", limit.before))
        lines += [f"{key} = {_quoted(date)}" for key, date in dates if date is not None]
        if limit.role != "scored":
            lines.append(f"role = {_quoted(limit.role)}")
    for rule in requirements.sums:
        section = "means" if rule.mean else "sums"
        lines += ["", f"[[constraints.{section}]]", f"name = {_quoted(rule.name)}",
                  f"column = {_quoted(rule.column)}"]  # fmt: skip
        if rule.where:
            lines.append(_where(rule.where))
        lines += _finite(rule.low, rule.high)
    return lines


def _target(target: Target) -> list[str]:
    """The lines of its section, without the heading."""
    severity = f'severity = "{target.severity}"'
    if not QUANTITIES[target.quantity].at_thetas:
        value = [] if target.value is None else [f"value = {target.value!r}"]
        return [*value, f"tolerance = {target.tolerance!r}", severity]
    lines = [f"thetas = {_listed(target.thetas)}"]
    if target.goal == "maximise":
        lines += ['goal = "maximise"', f"equal_within_percent = {target.equal_within_percent!r}"]
        return [*lines, *([f"weights = {_listed(target.weights)}"] if target.weights else []), severity]
    if target.values:
        lines.append(f"values = {_listed(target.values)}")
    else:
        lines += [f'relative_to = "{target.relative_to}"', f"share = {target.share!r}"]
        if target.reference:
            lines.append(f"reference = {_quoted(target.reference)}")
    if target.tolerance_percent is None:
        lines.append(f"tolerance = {target.tolerance!r}")
    else:
        lines.append(f"tolerance_percent = {target.tolerance_percent!r}")
    return [*lines, severity]


def _listed(values: tuple[float, ...]) -> str:
    return f"[{', '.join(repr(value) for value in values)}]"


def _anchors(block: AnchorBlock | None) -> list[str]:
    if block is None:
        return []
    lines = ["", "[anchors]", f"count = {block.count}"]
    if block.items:
        lines.append(f"items = [{', '.join(map(_quoted, block.items))}]")
    if block.reference is not None:
        lines.append(f"reference = {_quoted(block.reference)}")
    return [
        *lines, f"counted = {_quoted(block.counted)}",
        f"same_positions = {str(block.same_positions).lower()}",
        f"mean_b = {block.mean_b!r}", f"sd_b = {block.sd_b!r}",
    ]  # fmt: skip


def _finite(low: float, high: float) -> list[str]:
    return [f"{key} = {bound!r}" for key, bound in (("low", low), ("high", high)) if isfinite(bound)]


def _where(where: Condition) -> str:
    conditions = (
        f"{_key(column)} = {{ {', '.join(_finite(values.low, values.high))} }}"
        if isinstance(values, Between)
        else f"{_key(column)} = [{', '.join(map(_quoted, values))}]"
        for column, values in where
    )
    return f"where = {{ {', '.join(conditions)} }}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _key(text: str) -> str:
    return text if re.fullmatch(r"[\w-]+", text, re.ASCII) else _quoted(text)
