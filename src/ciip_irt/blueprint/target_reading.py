"""``[difficulty]`` of a blueprint file becomes targets; settings that contradict each other are noted."""

from ciip_irt.blueprint.blueprint import Target
from ciip_irt.blueprint.targets import QUANTITIES
from ciip_irt.settings import Table

__all__ = ["read_targets"]

ONLY_WITH_VALUES_ABSENT = ("relative_to", "share", "reference")
ONLY_WITH_GOAL = ("equal_within_percent", "weights", "certainty")
ALSO_WITH_GOAL = ("thetas", "goal", "severity", *ONLY_WITH_GOAL)


def read_targets(difficulty: Table) -> tuple[Target, ...]:
    """The targets in the order of ``QUANTITIES``."""
    targets = []
    for name, quantity in QUANTITIES.items():
        table = difficulty[name]
        if name not in difficulty.given:
            continue
        if quantity.at_thetas:
            _check_curve(table, name)
        tolerance = table["tolerance"] or 1.0
        targets.append(table.record(quantity=name, tolerance=tolerance))
    return tuple(targets)


def _check_curve(table: Table, name: str) -> None:
    for key in ("values", "weights"):
        if key in table.given and table.sound(key, "thetas") and table["thetas"]:
            there, wanted = len(table[key]), len(table["thetas"])
            if there != wanted:
                table.wrong(key, f"has {there} numbers for {wanted} thetas")
    if table.get("goal") == "maximise":
        for key in sorted(table.given - set(ALSO_WITH_GOAL), key=list(table).index):
            table.wrong(key, 'has no meaning with goal = "maximise"')
        return
    for key in ONLY_WITH_GOAL:
        if key in table.given:
            table.wrong(key, 'needs goal = "maximise"')
    for key in ONLY_WITH_VALUES_ABSENT:
        if "values" in table.given and key in table.given:
            table.wrong(key, "has no meaning where values are given")
    widths = {"tolerance", "tolerance_percent"} & table.given
    if not widths:
        table.wrong("tolerance", "is missing", f"Unit: {QUANTITIES[name].unit}.")
    elif len(widths) > 1:
        table.wrong("tolerance_percent", "is given beside tolerance", "Write one of them.")
    if (table["relative_to"] == "reference") != bool(table["reference"]):
        table.wrong(
            "reference", 'belongs to relative_to = "reference"',
            "Write both, with the form_id of an earlier form, or neither.",
        )  # fmt: skip
