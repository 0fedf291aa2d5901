"""Many tests at once: how many of those that stand out are wrong."""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["benjamini_hochberg"]


def benjamini_hochberg(p_value: FloatArray) -> FloatArray:
    """Adjusted p of the same shape; NaN stays NaN and does not count.

    Of the items with an adjusted p below .05, at most 5 % are expected to be there by chance.

    Source: Benjamini & Hochberg (1995), J. Royal Statistical Society B 57:289-300.

    >>> benjamini_hochberg(np.array([0.01, np.nan, 0.04, 0.03])).round(3)
    array([0.03,  nan, 0.04, 0.04])
    """
    result = np.full(p_value.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_value))
    if known.size:
        order = known[np.argsort(p_value.ravel()[known], kind="stable")]
        ranked = p_value.ravel()[order] * known.size / np.arange(1, known.size + 1)
        result.ravel()[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result
