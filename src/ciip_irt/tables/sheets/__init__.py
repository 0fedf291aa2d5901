"""Tables as people have them: sheets of cells, names of columns, where the header stands."""

from ciip_irt.tables.sheets.cells import (
    KEY_WORDS,
    MARK_WORDS,
    MISSING_WORDS,
    SCORE_WORDS,
    SUMMARY_WORDS,
    is_answer,
    is_key_label,
    is_lettered,
    is_number,
    missing_kind,
    plain_letter,
    share_of_answers,
)

__all__ = [
    "KEY_WORDS",
    "MARK_WORDS",
    "MISSING_WORDS",
    "SCORE_WORDS",
    "SUMMARY_WORDS",
    "is_answer",
    "is_key_label",
    "is_lettered",
    "is_number",
    "missing_kind",
    "plain_letter",
    "share_of_answers",
]
