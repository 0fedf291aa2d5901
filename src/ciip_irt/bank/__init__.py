"""Items, keys, parameters with their scale, and the life cycle of an item."""

from ciip_irt.bank.anchors import read_anchors
from ciip_irt.bank.edits import edited
from ciip_irt.bank.history import current_wording, item_hashes, roles_then
from ciip_irt.bank.item_bank import (
    ItemBank,
    Items,
    as_bank,
    as_items,
    bank_of,
    change_status,
    read_bank,
    with_parameters,
)
from ciip_irt.bank.item_times import with_expected_times
from ciip_irt.bank.items_file import (
    ASSUMED_DOMAIN,
    items_of_grids,
    left_out_for_lack,
    names_matched,
    offered,
    plain_keys,
    read_items_file,
)
from ciip_irt.bank.key_file import require_keys, with_keys
from ciip_irt.bank.keys import CREDIT_ALL, MARK_KEY, MARKS, credited_options, marks_only
from ciip_irt.bank.ledger import appended, read_ledger
from ciip_irt.bank.listed_items import enemies_of, listed_items
from ciip_irt.bank.near_match import near_match
from ciip_irt.bank.plausible import implausible_scale, implausible_values
from ciip_irt.bank.scale import Scale, scale_of

__all__ = [
    "ASSUMED_DOMAIN",
    "CREDIT_ALL",
    "MARKS",
    "MARK_KEY",
    "ItemBank",
    "Items",
    "Scale",
    "appended",
    "as_bank",
    "as_items",
    "bank_of",
    "change_status",
    "credited_options",
    "current_wording",
    "edited",
    "enemies_of",
    "implausible_scale",
    "implausible_values",
    "item_hashes",
    "items_of_grids",
    "left_out_for_lack",
    "listed_items",
    "marks_only",
    "names_matched",
    "near_match",
    "offered",
    "plain_keys",
    "read_anchors",
    "read_bank",
    "read_items_file",
    "read_ledger",
    "require_keys",
    "roles_then",
    "scale_of",
    "with_expected_times",
    "with_keys",
    "with_parameters",
]
