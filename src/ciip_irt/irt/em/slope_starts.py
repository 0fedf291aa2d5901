"""Where slopes start: from how an item goes with the total score.

The correlation of an item with the total score, made up for the item's coarseness (biserial) and the score's
reliability, is the item's loading; ``D a = 1.7 loading / sqrt(1 - loading^2)``. From there EM needs nearly
as few steps as from the true values, about two thirds of those from equal slopes.

Source: Lord & Novick (1968), Statistical Theories of Mental Test Scores, section 16.10.
"""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.response_blocks import PERSONS_AT_ONCE, ResponseBlock

__all__ = ["loadings", "set_start_slopes"]

LOGISTIC = 1.7  # logistic units in a normal one
LEAST, MOST = 0.15, 0.9  # of a loading: beyond, it is rather noise
FEWEST = 30  # answers
LEAST_RELIABILITY = 0.3  # of a total score; below, making up for it would blow up noise


def loadings(blocks: Sequence[ResponseBlock], n_items: int, floor: float = 0.0) -> FloatArray:
    """Shape (J,): estimated correlation of each item with ability, NaN where answers are too few.

    ``floor`` is the share of right answers that are guesses.

    >>> rng = np.random.default_rng(1)
    >>> ability = rng.normal(size=(3000, 1))
    >>> scores = (rng.normal(size=(3000, 20)) < 0.6 * ability / 0.8).astype(np.int8)
    >>> bool(np.abs(loadings([ResponseBlock(np.arange(20), scores)], 20) - 0.6).max() < 0.06)
    True
    """
    n, right, of_score, both = (np.zeros(n_items) for _ in range(4))
    for block in blocks:
        if block.n_persons < 2 or block.items.size < 2:
            continue
        totals = _totals(block)
        spread = totals.std()
        if not spread > 0:
            continue
        z = (totals - totals.mean()) / spread
        items = block.items
        sums = np.zeros((4, items.size))
        for start in range(0, block.n_persons, PERSONS_AT_ONCE):
            x = block.scores[start : start + PERSONS_AT_ONCE].astype(np.float64)
            answered = x >= 0
            x *= answered
            m = answered.astype(np.float64)
            here = z[start : start + PERSONS_AT_ONCE]
            sums += (m.sum(axis=0), x.sum(axis=0), here @ m, here @ x)
        count = np.maximum(sums[0], 1.0)
        variance = sums[1] / count * (1.0 - sums[1] / count)
        length = sums[0].sum() / block.n_persons
        scale = length / max(length - 1.0, 1.0)
        reliability = max(LEAST_RELIABILITY, scale * (1.0 - variance.sum() / (spread * length) ** 2))
        n[items] += sums[0]
        right[items] += sums[1]
        of_score[items] += sums[2] / np.sqrt(reliability)
        # without the item's own part in the score
        both[items] += (sums[3] - sums[0] * variance / (length * spread)) / np.sqrt(reliability)
    count = np.maximum(n, 1.0)
    p = right / count
    covariance = both / count - p * of_score / count
    known = np.clip((p - floor) / (1.0 - floor), 0.01, 0.99)
    result: FloatArray = covariance / (_height(known) * (1.0 - floor))
    result[n < FEWEST] = np.nan
    return result


def set_start_slopes(
    model: ItemModel,
    start: FloatArray,
    held: FloatArray,
    blocks: Sequence[ResponseBlock],
    D: float,
) -> FloatArray:
    """The start values (J, P) with slopes from the answers, and difficulties that go with them.

    Where slopes are held, the others follow their unit. Models with a given or a common slope and those for
    scores above 1 start as they were.
    """
    if "a" not in model.free or model.for_categories is not None:
        return start
    floor = float(np.nanmedian(start[:, -1])) if "c" in model.free else 0.0
    loading = np.clip(loadings(blocks, start.shape[0], floor), LEAST, MOST)
    slope = LOGISTIC * loading / np.sqrt(1.0 - loading**2) / D
    known = ~np.isnan(held[:, 0]) & ~np.isnan(slope)
    if known.any():
        slope = slope * float(np.median(held[known, 0] / slope[known]))
    result = start.copy()
    use = ~np.isnan(slope) & np.isnan(held[:, 0]) & (slope > 0)
    steepness = np.sqrt(1.0 + (D * slope[use] / LOGISTIC) ** 2) / (D * slope[use])
    before = D * start[use, 0]
    result[use, 0] = slope[use]
    result[use, 1] *= steepness / (np.sqrt(1.0 + (before / LOGISTIC) ** 2) / before)
    return result


def _totals(block: ResponseBlock) -> FloatArray:
    """Shape (N_b,): mean score over what each person answered."""
    if not block.scores.size or block.scores.min() >= 0:
        return np.asarray(block.scores.sum(axis=1, dtype=np.int64) / block.items.size, dtype=np.float64)
    answered = block.answered
    total = (block.scores * answered).sum(axis=1, dtype=np.int64)
    return np.asarray(total / np.maximum(answered.sum(axis=1), 1), dtype=np.float64)


def _height(p: FloatArray) -> FloatArray:
    """Normal density at the point that a share p lies below; by Shore's approximation of the point.

    scipy.stats takes half a second to load, and starts need two digits.
    """
    tail = np.minimum(p, 1.0 - p)
    point = 5.5556 * (1.0 - (tail / (1.0 - tail)) ** 0.1186)
    result: FloatArray = np.exp(-0.5 * point**2) / np.sqrt(2.0 * np.pi)
    return result
