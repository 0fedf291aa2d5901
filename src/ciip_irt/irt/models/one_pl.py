"""The one-parameter logistic model: a common slope a is estimated, c = 0, in a population of given spread.

The same model as Rasch in other units: with a population N(0, 1) the common a is the Rasch model's spread.
"""

from dataclasses import replace

from ciip_irt.irt.models.two_pl import TWO_PL

__all__ = ["ONE_PL"]

ONE_PL = replace(TWO_PL, name="1pl", free=("b",), common=("a",))
