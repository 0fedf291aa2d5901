"""The tables other programs rely on: their columns, their rules, and files that hold them."""

from ciip_irt.tables.catalogue import (
    CANDIDATES,
    CAPACITY,
    DIF,
    EXCLUSIONS,
    FLAGS,
    FORMS,
    ITEM_PARAMETERS,
    ITEM_STATISTICS,
    ITEMS,
    LEDGER,
    OPTION_STATISTICS,
    PILOT_DECISIONS,
    QUARANTINE,
    RESPONSE_STATUS,
    RESPONSES,
    STATUS,
    WRITING_ASSIGNMENT,
)
from ciip_irt.tables.contract import Column, Examined, Rule, Table
from ciip_irt.tables.files import csv_bytes, read_csv, read_frame, read_table, write_outputs
from ciip_irt.tables.show import show_html
from ciip_irt.tables.spreadsheet import Sheet, read_spreadsheet, sheet_names, workbook

__all__ = [
    "CANDIDATES",
    "CAPACITY",
    "DIF",
    "EXCLUSIONS",
    "FLAGS",
    "FORMS",
    "ITEMS",
    "ITEM_PARAMETERS",
    "ITEM_STATISTICS",
    "LEDGER",
    "OPTION_STATISTICS",
    "PILOT_DECISIONS",
    "QUARANTINE",
    "RESPONSES",
    "RESPONSE_STATUS",
    "STATUS",
    "WRITING_ASSIGNMENT",
    "Column",
    "Examined",
    "Rule",
    "Sheet",
    "Table",
    "csv_bytes",
    "read_csv",
    "read_frame",
    "read_spreadsheet",
    "read_table",
    "sheet_names",
    "show_html",
    "workbook",
    "write_outputs",
]
