"""Item analysis: ids, frames and plain sentences around the classical statistics."""

from ciip_irt.item_analysis.analysis import ItemAnalysis, analyse_items
from ciip_irt.item_analysis.evidence import DifEvidence, ItemEvidence, OptionEvidence
from ciip_irt.item_analysis.flags import FLAGS, Flag, FlagThresholds

__all__ = [
    "FLAGS",
    "DifEvidence",
    "Flag",
    "FlagThresholds",
    "ItemAnalysis",
    "ItemEvidence",
    "OptionEvidence",
    "analyse_items",
]
