"""From a log to the scored matrix: read, examine, decide who counts, score."""

from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.responses.scoring import ScoringRules, score

__all__ = ["AdministeredBlock", "CellStatus", "ScoredResponses", "ScoringRules", "score"]
