"""The account of a log: what became of its rows, who may be two people, where unusable answers stand."""

from ciip_irt.responses.account.identities import (
    changed_numbers,
    odd_identities,
    people_under_one_id,
    twins,
)
from ciip_irt.responses.account.row_counts import count_rows, nothing_left, row_notes
from ciip_irt.responses.account.score_check import score_check, score_notes
from ciip_irt.responses.account.whole_deliveries import NOTHING_OFFERED_RULE, where_invalid, whole_invalid

__all__ = [
    "NOTHING_OFFERED_RULE",
    "changed_numbers",
    "count_rows",
    "nothing_left",
    "odd_identities",
    "people_under_one_id",
    "row_notes",
    "score_check",
    "score_notes",
    "twins",
    "where_invalid",
    "whole_invalid",
]
