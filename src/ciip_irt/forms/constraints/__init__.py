"""Assembly constraints, one file each. A new one is a new file and one line in ``CONSTRAINTS``."""

from ciip_irt.forms.constraints.calibrated import CALIBRATED
from ciip_irt.forms.constraints.difficulty import DIFFICULTY
from ciip_irt.forms.constraints.domain_counts import DOMAIN_COUNTS
from ciip_irt.forms.constraints.enemies import ENEMIES
from ciip_irt.forms.constraints.length import LENGTH
from ciip_irt.forms.constraints.once import ONCE
from ciip_irt.forms.constraints.overlap import OVERLAP
from ciip_irt.forms.constraints.pilot_slots import PILOT_SLOTS
from ciip_irt.forms.constraints.status import STATUS
from ciip_irt.forms.pool import Constraint

__all__ = ["CONSTRAINTS"]

CONSTRAINTS: dict[str, Constraint] = {
    constraint.name: constraint
    for constraint in (
        LENGTH, DOMAIN_COUNTS, STATUS, ONCE, ENEMIES, OVERLAP, PILOT_SLOTS, CALIBRATED, DIFFICULTY,
    )
}  # fmt: skip
