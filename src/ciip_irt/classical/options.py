"""Who chooses which option.

For every option: how many chose it, their share of those who saw the item, the mean criterion of those who
chose it, and R, the point-biserial of choosing it against the criterion. For an item that is part of the
criterion its own points are taken out first (rest score), for the key and the distractors alike, so the R of
a single key is the R of the item. The table by fifths is what the quantile plot draws: the key's line rises,
the distractors fall.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray, ScoreArray
from ciip_irt.classical.item_statistics import correlation_interval, unequal_spread, wilson_interval
from ciip_irt.classical.moments import CategoryMoments
from ciip_irt.records import result

__all__ = ["OptionStatistics", "fifths", "option_counts_by_group", "option_statistics", "shares_by_group"]


@result
@dataclass(frozen=True, slots=True)
class OptionStatistics:
    """Statistics (J, K) per item and option; NaN where nobody answered or nothing varies.

    Attributes
    ----------
    n
        Persons who chose the option.
    share
        Their share of everyone whose answer to the item counts, blank answers included.
    mean_criterion, se_mean
        Mean criterion of those who chose it and its standard error (spread within the item's options pooled,
        because an option that five persons chose has no spread of its own worth the name).
    r, r_low, r_high
        Point-biserial of choosing the option, with interval.
    """

    n: IntArray
    share: FloatArray
    mean_criterion: FloatArray
    se_mean: FloatArray
    r: FloatArray
    r_low: FloatArray
    r_high: FloatArray


def option_statistics(moments: CategoryMoments, *, confidence: float = 0.95) -> OptionStatistics:
    """Option statistics from moments by option chosen.

    Parameters
    ----------
    moments
        ``category_moments`` of option codes 0, 1, ...; give blank answers that count a code of their own (the
        last), so that they are part of the whole.

    >>> from ciip_irt.classical.moments import category_moments
    >>> chosen = np.array([[0], [0], [1], [0], [2]], dtype=np.int8)
    >>> moments = category_moments(chosen, np.array([9.0, 8.0, 4.0, 7.0, 2.0]), n_categories=3)
    >>> statistics = option_statistics(moments)
    >>> statistics.share.tolist(), [round(float(r), 3) for r in statistics.r[0]]
    ([[0.6, 0.2, 0.2]], [0.939, -0.383, -0.767])
    """
    n, mean_y, ss_y = moments.over_categories()
    total = n[:, None].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = moments.n / total
        ss_chosen = total * share * (1 - share)
        products = moments.n * (moments.mean - mean_y[:, None])
        spread = ss_chosen * ss_y[:, None]
        varies = (ss_chosen > 0) & (ss_y[:, None] > 1e-9)
        r = np.clip(np.where(varies, products / np.sqrt(np.where(varies, spread, 1.0)), np.nan), -1.0, 1.0)
        others = n[:, None] - moments.n
        apart = moments.n * total / others * (moments.mean - mean_y[:, None]) ** 2
        ss_others = np.maximum(ss_y[:, None] - moments.ss - np.where(others > 0, apart, 0.0), 0.0)
        r_low, r_high = correlation_interval(
            r,
            share,
            n[:, None],
            spread=unequal_spread(moments.n, moments.ss, others, ss_others),
            confidence=confidence,
        )
        chosen = moments.n > 0
        freedom = n - chosen.sum(axis=1)
        within = np.where(freedom > 0, moments.ss.sum(axis=1) / freedom, np.nan)
        se = np.sqrt(within[:, None] / np.where(chosen, moments.n, np.nan))
        mean = np.where(chosen, moments.mean, np.nan)
    return OptionStatistics(moments.n, share, mean, se, r, r_low, r_high)


def fifths(criterion: FloatArray, groups: int = 5) -> IntArray:
    """The group 0 .. ``groups`` - 1 of each person by rank, lowest first; equal scores stay together.

    >>> fifths(np.array([10.0, 20.0, 30.0, 40.0, 50.0, 50.0])).tolist()
    [0, 1, 2, 2, 4, 4]
    """
    if not criterion.size:
        return np.zeros(0, np.int64)
    _, place, count = np.unique(criterion, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - 0.5 * (count - 1))[place]  # the mean rank of equal scores
    middle = (rank - 0.5) / criterion.size
    return np.asarray(np.minimum(middle * groups, groups - 1), dtype=np.int64)


def option_counts_by_group(
    codes: ScoreArray, group: IntArray, *, n_categories: int, n_groups: int = 5
) -> IntArray:
    """How many persons of each group chose each option: (J, K, G). Negative codes do not count.

    >>> option_counts_by_group(np.array([[0], [1], [1]], dtype=np.int8), np.array([0, 0, 1]),
    ...                        n_categories=2, n_groups=2).tolist()
    [[[1, 0], [1, 1]]]
    """
    n_items = codes.shape[1]
    counted = codes >= 0
    index = (np.arange(n_items) * n_categories + codes) * n_groups + group[:, None]
    size = n_items * n_categories * n_groups
    counts = np.bincount(index[counted], minlength=size).astype(np.int64)
    return counts.reshape(n_items, n_categories, n_groups)


def shares_by_group(
    counts: IntArray, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Share of each group that chose each option, with Wilson band, and the group's size (J, 1, G)."""
    size = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / size
    low, high = wilson_interval(share, np.broadcast_to(size, counts.shape), confidence)
    return share, low, high, size
