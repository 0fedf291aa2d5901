"""How near counts as equal, in every room of forms: the only home of these values."""

__all__ = ["ROUNDING", "SMALLEST", "SOLVED", "TARGET_ROUNDING", "TOLD"]

# Sums of a few hundred floats, taken in another order, differ by less than this share of themselves.
ROUNDING = 1e-9
# HiGHS keeps rows within 1e-7 and stops within a gap of 1e-6: what it solved is known so far.
SOLVED = 1e-6
# The same for a deviation from a target, as a share of its tolerance: what is met for the solver is met for
# the check.
TARGET_ROUNDING = 1e-6
# What a person is told of a solver's answer is rounded to whole units; less than this is none.
TOLD = 1e-4
# In the place of a quantity that is zero where one divides by it; contributions are a millionfold larger.
SMALLEST = 1e-9
