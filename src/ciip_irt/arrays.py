"""Names for the array types that the mathematics takes and returns.

Everywhere: persons x items, quadrature points first where there are any. Scores are small integers;
``MISSING`` (-1) marks a cell that does not count, whatever the reason (the reason lives in the status).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ScoreArray = NDArray[np.int8]
BoolArray = NDArray[np.bool_]

MISSING: Final = -1  # no score is negative
