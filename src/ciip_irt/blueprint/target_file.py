"""``[difficulty]`` of a blueprint file: targets read, written back, and said in a sentence."""

from collections.abc import Mapping
from typing import Any

from ciip_irt.blueprint.blueprint import SEVERITIES, Target
from ciip_irt.blueprint.blueprint_reading import Reading
from ciip_irt.blueprint.targets import QUANTITIES

__all__ = ["CURVE_KEYS", "GOAL_KEYS", "TARGET_KEYS", "read_targets", "target_lines", "target_sentence"]

TARGET_KEYS = ("value", "tolerance", "severity")
CURVE_KEYS = (
    "thetas", "values", "tolerance", "tolerance_percent", "severity", "relative_to", "share", "reference",
)  # fmt: skip
GOAL_KEYS = ("goal", "equal_within_percent", "weights")
RELATIVE_TO = ("bank average", "bank best", "reference")
GOALS = ("reach", "maximise")


def read_targets(reading: Reading, difficulty: Mapping[str, Any]) -> tuple[Target, ...]:
    """The targets in the order of ``QUANTITIES``; what is wrong is noted in the reading."""
    targets = []
    for name, quantity in QUANTITIES.items():
        if name not in difficulty:
            continue
        section = f"difficulty.{name}"
        table = reading.table(section, difficulty, name)
        if quantity.at_thetas:
            targets.append(_curve(reading, section, table, name))
            continue
        reading.keys(section, table, TARGET_KEYS)
        targets.append(
            Target(
                name, _tolerance(reading, section, table, name, "tolerance") or 1.0,
                reading.number(section, table, "value"),
                reading.choice(section, table, "severity", SEVERITIES),
            )
        )  # fmt: skip
    return tuple(targets)


def _tolerance(reading: Reading, section: str, table: Mapping[str, Any], name: str, key: str) -> float | None:
    value = reading.number(section, table, key, 0)
    if value is None and key not in table:
        reading.wrong(section, key, "is missing", f"Unit: {QUANTITIES[name].unit}.")
    elif value == 0:
        reading.wrong(section, key, "must be larger than 0")
    return value


def _curve(reading: Reading, section: str, table: Mapping[str, Any], name: str) -> Target:
    can_rise = QUANTITIES[name].can_be_goal
    reading.keys(section, table, (*CURVE_KEYS, *GOAL_KEYS) if can_rise else CURVE_KEYS)
    thetas = _numbers(reading, section, table, "thetas", None)
    if not thetas and "thetas" not in table:
        reading.wrong(section, "thetas", "is missing", "Write the abilities at which it is compared.")
    elif len(set(thetas)) < len(thetas):
        reading.wrong(section, "thetas", "names an ability twice")
    goal = reading.choice(section, table, "goal", GOALS) if can_rise else "reach"
    severity = reading.choice(section, table, "severity", SEVERITIES)
    if goal == "maximise":
        for key in table:
            if key in CURVE_KEYS and key not in ("thetas", "severity"):
                reading.wrong(section, key, 'has no meaning with goal = "maximise"')
        within = reading.number(section, table, "equal_within_percent", 0, 100)
        if within == 0:
            reading.wrong(section, "equal_within_percent", "must be larger than 0")
        return Target(
            name, 1.0, severity=severity, thetas=thetas, goal=goal,
            equal_within_percent=2.0 if within is None else within,
            weights=_numbers(reading, section, table, "weights", len(thetas)),
        )  # fmt: skip
    for key in GOAL_KEYS[1:]:
        if can_rise and key in table:
            reading.wrong(section, key, 'needs goal = "maximise"')
    values = _numbers(reading, section, table, "values", len(thetas))
    for key in ("relative_to", "share", "reference"):
        if values and key in table:
            reading.wrong(section, key, "has no meaning where values are given")
    percent, tolerance = None, 1.0
    if "tolerance_percent" in table:
        percent = _tolerance(reading, section, table, name, "tolerance_percent") or 1.0
        if "tolerance" in table:
            reading.wrong(section, "tolerance_percent", "is given beside tolerance", "Write one of them.")
    else:
        tolerance = _tolerance(reading, section, table, name, "tolerance") or 1.0
    relative_to = reading.choice(section, table, "relative_to", RELATIVE_TO)
    reference = reading.text(section, table, "reference", "")
    if (relative_to == "reference") != bool(reference):
        reading.wrong(
            section, "reference", 'belongs to relative_to = "reference"',
            "Write both, with the form_id of an earlier form, or neither.",
        )  # fmt: skip
    share = reading.number(section, table, "share", 0)
    if share == 0:
        reading.wrong(section, "share", "must be larger than 0")
    return Target(
        name, tolerance, severity=severity, thetas=thetas, values=values, tolerance_percent=percent,
        relative_to=relative_to, share=1.0 if share is None else share, reference=reference,
    )  # fmt: skip


def _numbers(
    reading: Reading, section: str, table: Mapping[str, Any], key: str, length: int | None
) -> tuple[float, ...]:
    """A list of numbers, positive but for thetas; none where it is left out."""
    value = table.get(key)
    if value is None:
        return ()
    fine = isinstance(value, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and (length is None or v > 0) for v in value
    )
    if not fine or not value:
        kind = "numbers" if length is None else "numbers larger than 0"
        reading.wrong(section, key, f"must be a list of {kind}, not {value!r}")
        return ()
    if length is not None and len(value) != length:
        reading.wrong(section, key, f"has {len(value)} numbers for {length} thetas")
        return ()
    return tuple(float(v) for v in value)


def target_lines(target: Target) -> list[str]:
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
            escaped = target.reference.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'reference = "{escaped}"')
    if target.tolerance_percent is None:
        lines.append(f"tolerance = {target.tolerance!r}")
    else:
        lines.append(f"tolerance_percent = {target.tolerance_percent!r}")
    return [*lines, severity]


def _listed(values: tuple[float, ...]) -> str:
    return f"[{', '.join(repr(value) for value in values)}]"


def target_sentence(target: Target, theta_cut: float | None) -> str:
    """What the target asks for.

    >>> target_sentence(Target("information", 1.0, thetas=(-1.0, 0.0), goal="maximise"), None)
    'Goal: information at theta -1, 0 as high as possible, forms within 2 % of each other \
(error where missed).'
    """
    quantity = QUANTITIES[target.quantity]
    where = f"({target.severity} where missed)."
    if not quantity.at_thetas:
        value = "the average of the bank" if target.value is None else f"{target.value:g}"
        at = f" (theta = {theta_cut:g})" if quantity.needs_cut and theta_cut is not None else ""
        return f"Target: {quantity.label}{at} within {target.tolerance:g} {quantity.unit} of {value} {where}"
    at = f"{quantity.label} at theta {', '.join(f'{theta:g}' for theta in target.thetas)}"
    if target.goal == "maximise":
        return (
            f"Goal: {at} as high as possible, forms within {target.equal_within_percent:g} % of each other"
            f" {where}"
        )
    share = "" if target.share == 1 else f"{100 * target.share:g} % of "
    value = ", ".join(f"{value:g}" for value in target.values) or (
        f"{share}earlier form {target.reference}" if target.reference
        else f"{share}the bank's {target.relative_to.removeprefix('bank ')}"
    )  # fmt: skip
    width = (
        f"{target.tolerance:g} {quantity.unit}"
        if target.tolerance_percent is None
        else f"{target.tolerance_percent:g} %"
    )
    return f"Target: {at} within {width} of {value} {where}"
