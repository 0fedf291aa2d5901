"""Passing, decisions and score scales: arrays in, numbers out."""

from ciip_irt.scores.numbers.passing import lowest_passing, passes
from ciip_irt.scores.numbers.score_scale import Rounding, raw_cut

__all__ = [
    "Rounding",
    "lowest_passing",
    "passes",
    "raw_cut",
]
