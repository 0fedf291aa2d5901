"""From a log to the scored matrix: read, examine, decide who counts, score."""

from ciip_irt.responses.ingest import Ingested, ingest
from ciip_irt.responses.mapping import ColumnMapping, read_mapping
from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.responses.scoring import ScoringRules, score

__all__ = [
    "AdministeredBlock",
    "CellStatus",
    "ColumnMapping",
    "Ingested",
    "ScoredResponses",
    "ScoringRules",
    "ingest",
    "read_mapping",
    "score",
]
