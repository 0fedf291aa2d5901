"""Tables as people have them: sheets of cells, names of columns, where the header stands."""

from ciip_irt.tables.sheets.cells import (
    KEY_WORDS,
    MISSING_WORDS,
    SUMMARY_WORDS,
    is_answer,
    is_number,
    missing_kind,
    plain_letter,
    share_of_answers,
)

__all__ = [
    "KEY_WORDS",
    "MISSING_WORDS",
    "SUMMARY_WORDS",
    "is_answer",
    "is_number",
    "missing_kind",
    "plain_letter",
    "share_of_answers",
]
