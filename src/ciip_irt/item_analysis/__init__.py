"""Item analysis: ids, frames and plain sentences around the classical statistics."""

from ciip_irt.item_analysis.alone import GroupDif, ScoreReliability, dif, reliability
from ciip_irt.item_analysis.analysis import FEW_CANDIDATES, ItemAnalysis, analyse_items
from ciip_irt.item_analysis.evidence import AnalysedItem, AnalysedOption, DifEvidence, KeyDoubt
from ciip_irt.item_analysis.flags import FLAGS, Flag, FlagThresholds, flagged_in_words
from ciip_irt.item_analysis.groups import dif_between_groups
from ciip_irt.item_analysis.key_check import KeyCheck, check_keys, judge_keys
from ciip_irt.item_analysis.rescoring import RescoringEffects, rescoring_effects
from ciip_irt.item_analysis.timing import Timing, examine_timing

__all__ = [
    "FEW_CANDIDATES",
    "FLAGS",
    "AnalysedItem",
    "AnalysedOption",
    "DifEvidence",
    "Flag",
    "FlagThresholds",
    "GroupDif",
    "ItemAnalysis",
    "KeyCheck",
    "KeyDoubt",
    "RescoringEffects",
    "ScoreReliability",
    "Timing",
    "analyse_items",
    "check_keys",
    "dif",
    "dif_between_groups",
    "examine_timing",
    "flagged_in_words",
    "judge_keys",
    "reliability",
    "rescoring_effects",
]
