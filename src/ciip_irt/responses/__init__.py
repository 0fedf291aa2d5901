"""From a log to the scored matrix: read, examine, decide who counts, score."""

from ciip_irt.responses.eligibility import EligibilityRules, Eligible, select_eligible
from ciip_irt.responses.exclude import exclude_deliveries
from ciip_irt.responses.ingest import Ingested, ingest
from ciip_irt.responses.mapping import ColumnMapping, read_mapping
from ciip_irt.responses.matrices import Responses, response_matrix, scored_responses
from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.responses.recognition import Choices, Reading, mapping_text
from ciip_irt.responses.scoring import ScoringRules, score
from ciip_irt.responses.telling_answers import Untelling, keep_telling_answers, untelling_answers

__all__ = [
    "AdministeredBlock",
    "CellStatus",
    "Choices",
    "ColumnMapping",
    "EligibilityRules",
    "Eligible",
    "Ingested",
    "Reading",
    "Responses",
    "ScoredResponses",
    "ScoringRules",
    "Untelling",
    "exclude_deliveries",
    "ingest",
    "keep_telling_answers",
    "mapping_text",
    "read_mapping",
    "response_matrix",
    "score",
    "scored_responses",
    "select_eligible",
    "untelling_answers",
]
