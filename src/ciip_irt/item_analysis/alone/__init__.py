"""One question of an item analysis on its own: is the score reliable, do items treat groups alike?"""

from ciip_irt.item_analysis.alone.group_dif import GroupDif, dif
from ciip_irt.item_analysis.alone.score_reliability import ScoreReliability, reliability

__all__ = ["GroupDif", "ScoreReliability", "dif", "reliability"]
