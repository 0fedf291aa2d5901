"""Rapid guessing: answers given faster than anybody could have read the question.

Below the threshold of its item an answer is a rapid guess, above it solution behaviour. The threshold is the
normative one: a tenth of the item's mean time, at most ten seconds (Wise & Ma 2012, NT10). A candidate's
response-time effort is the share of solution behaviour among the answers given (Wise & Kong 2005, Applied
Measurement in Education 18:163-183); below .90 the score says little about what the candidate knows. Whether
the threshold is right for an exam is seen from the rapid answers themselves: they should be right about as
often as chance has it.
"""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["LOW_EFFORT", "RAPID_LIMIT_S", "RAPID_SHARE", "rapid_thresholds"]

RAPID_SHARE = 0.10  # of an item's mean time: below, nobody can have read it (Wise & Ma 2012, NT10)
RAPID_LIMIT_S = 10.0  # the threshold of slow items at the most (Wise & Ma 2012)
LOW_EFFORT = 0.90  # share of answers that are not rapid, below which a score is in doubt (Wise & Kong 2005)


def rapid_thresholds(mean_s: FloatArray) -> FloatArray:
    """Seconds (J,) below which an answer is a rapid guess: ``min(10, mean / 10)``; NaN stays NaN.

    >>> rapid_thresholds(np.array([62.0, 240.0]))
    array([ 6.2, 10. ])
    """
    return np.minimum(RAPID_LIMIT_S, RAPID_SHARE * np.asarray(mean_s, dtype=np.float64))
