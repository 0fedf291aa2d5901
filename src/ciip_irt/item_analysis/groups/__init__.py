"""Groups of candidates: items that work differently for them, and what that adds up to."""

from ciip_irt.item_analysis.groups.comparison import (
    DEFAULT_GROUPINGS,
    MINIMUM_GROUP,
    Comparison,
    compare_groups,
    dif_between_groups,
    dif_table,
    is_widespread,
    widespread_notes,
)
from ciip_irt.item_analysis.groups.summary import group_notes, group_table

__all__ = [
    "DEFAULT_GROUPINGS",
    "MINIMUM_GROUP",
    "Comparison",
    "compare_groups",
    "dif_between_groups",
    "dif_table",
    "group_notes",
    "group_table",
    "is_widespread",
    "widespread_notes",
]
