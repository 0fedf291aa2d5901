"""Assembly constraints, one file each. A new one is a new file and one line in ``CONSTRAINTS``."""

from collections.abc import Iterator

from ciip_irt.forms.constraints.anchors import ANCHORS
from ciip_irt.forms.constraints.attribute_counts import ATTRIBUTE_COUNTS
from ciip_irt.forms.constraints.attribute_sums import ATTRIBUTE_SUMS
from ciip_irt.forms.constraints.calibrated import CALIBRATED
from ciip_irt.forms.constraints.difficulty import DIFFICULTY, LEAST, highest_least
from ciip_irt.forms.constraints.domain_counts import DOMAIN_COUNTS
from ciip_irt.forms.constraints.earlier_overlap import EARLIER_OVERLAP
from ciip_irt.forms.constraints.enemies import ENEMIES
from ciip_irt.forms.constraints.held_out import HELD_OUT
from ciip_irt.forms.constraints.if_then import IF_THEN
from ciip_irt.forms.constraints.include_exclude import INCLUDE_EXCLUDE
from ciip_irt.forms.constraints.item_limits import ITEM_LIMITS
from ciip_irt.forms.constraints.item_sets import ITEM_SETS
from ciip_irt.forms.constraints.item_uses import ITEM_USES, limited_items
from ciip_irt.forms.constraints.key_balance import KEY_BALANCE
from ciip_irt.forms.constraints.last_use import LAST_USE
from ciip_irt.forms.constraints.length import LENGTH
from ciip_irt.forms.constraints.no_duplicates import NO_DUPLICATES
from ciip_irt.forms.constraints.outline import OUTLINE
from ciip_irt.forms.constraints.overlap import OVERLAP
from ciip_irt.forms.constraints.pilot_slots import PILOT_SLOTS
from ciip_irt.forms.constraints.status import STATUS
from ciip_irt.forms.constraints.time_budget import TIME_BUDGET
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = [
    "CONSTRAINTS",
    "LEAST",
    "highest_least",
    "limited_items",
    "rows_beside_overlap",
    "rows_of",
    "rows_within_forms",
]

CONSTRAINTS: dict[str, Constraint] = {
    constraint.name: constraint
    for constraint in (
        LENGTH, DOMAIN_COUNTS, ATTRIBUTE_COUNTS, ATTRIBUTE_SUMS, INCLUDE_EXCLUDE, IF_THEN, ANCHORS, ITEM_SETS,
        KEY_BALANCE, STATUS, OUTLINE, LAST_USE, ITEM_LIMITS, NO_DUPLICATES, ENEMIES, OVERLAP,
        ITEM_USES, EARLIER_OVERLAP, PILOT_SLOTS, TIME_BUDGET, CALIBRATED, HELD_OUT, DIFFICULTY,
    )
}  # fmt: skip


def rows_of(pool: Pool) -> tuple[Row, ...]:
    """The rows of every constraint."""
    return tuple(row for constraint in CONSTRAINTS.values() for row in constraint.rows(pool))


def rows_beside_overlap(pool: Pool) -> tuple[Row, ...]:
    """The same but for the overlap, whose rows grow with the square of the forms and concern scored items
    only.
    """
    return tuple(row for c in CONSTRAINTS.values() if c is not OVERLAP for row in c.rows(pool))


def rows_within_forms(pool: Pool) -> Iterator[tuple[Constraint, Row]]:
    """Rows that concern one form each, with the constraint that asks for them."""
    for constraint in CONSTRAINTS.values():
        if not constraint.between_forms:
            for row in constraint.rows(pool):
                yield constraint, row
