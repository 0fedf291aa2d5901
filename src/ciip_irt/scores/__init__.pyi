from .numbers import Rounding as Rounding
from .numbers import lowest_passing as lowest_passing
from .numbers import passes as passes
from .numbers import raw_cut as raw_cut
from .tables import ScoreTables as ScoreTables
from .tables import accreditation_table as accreditation_table
from .tables import load_scale as load_scale
from .tables import score_tables as score_tables
