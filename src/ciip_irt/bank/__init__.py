"""Items, keys, parameters with their scale, and the life cycle of an item."""

from ciip_irt.bank.anchors import read_anchors
from ciip_irt.bank.item_bank import ItemBank, change_status, read_bank, with_parameters
from ciip_irt.bank.keys import CREDIT_ALL, credited_options
from ciip_irt.bank.scale import Scale, scale_of

__all__ = [
    "CREDIT_ALL",
    "ItemBank",
    "Scale",
    "change_status",
    "credited_options",
    "read_anchors",
    "read_bank",
    "scale_of",
    "with_parameters",
]
