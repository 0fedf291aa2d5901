"""Score tables of forms and the table that accreditation asks for."""

from ciip_irt.scores.tables.accreditation import Accreditation, accreditation_table
from ciip_irt.scores.tables.scale_rule import load_scale
from ciip_irt.scores.tables.score_tables import ScoreTables, score_tables

__all__ = [
    "Accreditation",
    "ScoreTables",
    "accreditation_table",
    "load_scale",
    "score_tables",
]
