"""The search for parallel forms: relaxation, rounding, swaps, a shadow test, and their order."""

from ciip_irt.forms.search.strategy import all_rows

__all__ = [
    "all_rows",
]
