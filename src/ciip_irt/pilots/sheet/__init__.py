"""The decision sheet, out to people and back in, and the bank it leads to."""

from ciip_irt.pilots.sheet.apply_sheet import Evidence, Promotion, apply_sheet, read_evidence
from ciip_irt.pilots.sheet.promote import Promoted, promote
from ciip_irt.pilots.sheet.sheet import EVIDENCE_FILE, decision_files, read_decisions

__all__ = [
    "EVIDENCE_FILE",
    "Evidence",
    "Promoted",
    "Promotion",
    "apply_sheet",
    "decision_files",
    "promote",
    "read_decisions",
    "read_evidence",
]
