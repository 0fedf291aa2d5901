from .accreditation import Accreditation as Accreditation
from .accreditation import accreditation_table as accreditation_table
from .form_score_tables import ScoreTables as ScoreTables
from .form_score_tables import score_tables as score_tables
from .scale_rule import load_scale as load_scale
