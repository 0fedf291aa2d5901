"""The search for parallel forms: relaxation, rounding, swaps, a shadow test, and their order."""

from ciip_irt.forms.search.parallel import SearchEffort
from ciip_irt.forms.search.strategy import Candidate, solve_forms

__all__ = [
    "Candidate",
    "SearchEffort",
    "solve_forms",
]
