"""How strongly the answers speak against the key.

Where the key is right, those who choose it know more than those who choose anything else. For every
distractor k of item j the difference

    d_jk = mean criterion of those who chose k  -  mean criterion of those who chose the key

has a standard error s_jk. Over all distractors of the test d varies around a clearly negative mean, which is
known well; with that as prior, N(mu, tau^2) by the method of moments, the posterior is
N(W d + (1 - W) mu, W s^2), W = tau^2 / (tau^2 + s^2). ``suspicion`` is the posterior probability that d > 0:
that the choosers of a distractor are the better candidates. Few choosers give little evidence, and the prior
then keeps the suspicion low.

This looks at one distractor at a time and compares means only. It is the first, simple version: a model of
option choice (nominal categories, Bock 1972, given ability from the other items) compares "the key is A",
"is B", "A and B are both right" as whole hypotheses and also uses the persons who chose neither.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.classical.moments import CategoryMoments
from ciip_irt.classical.options import option_statistics

__all__ = ["KeyEvidence", "key_evidence"]


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """Per item (J,) the distractor that speaks loudest against the key.

    Attributes
    ----------
    option
        Index of that distractor; -1 where no distractor can be compared with the key.
    difference, se
        Mean criterion of its choosers minus that of the key's choosers, with standard error.
    suspicion
        Posterior probability that its choosers are the better candidates; NaN where ``option`` is -1.
    rank
        1 = look here first; items that cannot be judged come last.
    key_mean
        Mean criterion of those who chose a keyed option.
    prior_mean, prior_sd
        How the difference varies over all distractors.
    """

    option: IntArray
    difference: FloatArray
    se: FloatArray
    suspicion: FloatArray
    rank: IntArray
    key_mean: FloatArray
    prior_mean: float
    prior_sd: float


def key_evidence(moments: CategoryMoments, is_key: BoolArray, *, minimum_choosers: int = 5) -> KeyEvidence:
    """Rank the items by the evidence that their key is wrong, or that another option is right as well.

    Parameters
    ----------
    moments
        Criterion by option chosen (``category_moments`` of option codes); leave blanks out or give them a
        code that ``is_key`` marks neither as key nor is of interest: use at most ``is_key.shape[1]`` options.
    is_key
        (J, K) which options are credited. An item with no key or only keys is not judged.
    minimum_choosers
        Fewest persons on the key and on a distractor for a comparison.

    >>> from ciip_irt.classical.moments import category_moments
    >>> rng = np.random.default_rng(1)
    >>> ability = rng.normal(size=400)
    >>> right = rng.random((400, 6)) < 1 / (1 + np.exp(-2 * ability[:, None]))
    >>> chosen = np.where(right, 0, 1).astype(np.int8)
    >>> moments = category_moments(chosen, right.sum(axis=1), n_categories=2)
    >>> is_key = np.tile([True, False], (6, 1))
    >>> is_key[3] = [False, True]                         # a wrong key
    >>> int(np.argmin(key_evidence(moments, is_key).rank))
    3
    """
    n_items, n_options = is_key.shape
    cells = CategoryMoments(moments.n[:, :n_options], moments.mean[:, :n_options], moments.ss[:, :n_options])
    statistics = option_statistics(cells)
    key_n = np.where(is_key, cells.n, 0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        key_mean = np.where(is_key, cells.n * cells.mean, 0.0).sum(axis=1) / key_n
        within = statistics.se_mean**2 * cells.n
        spread = np.nanmax(np.where(cells.n > 0, within, -np.inf), axis=1, initial=-np.inf)
        difference = cells.mean - key_mean[:, None]
        se = np.sqrt(spread[:, None] * (1 / cells.n + 1 / key_n[:, None]))
    comparable = ~is_key & (cells.n >= minimum_choosers) & (key_n[:, None] >= minimum_choosers)
    comparable &= np.isfinite(se) & (np.nan_to_num(se) > 0)

    suspicion = np.full(n_items, np.nan)
    option = np.full(n_items, -1, dtype=np.int64)
    best_difference, best_se = suspicion.copy(), suspicion.copy()
    mean = sd = float("nan")
    if comparable.any():
        d, s2 = difference[comparable], se[comparable] ** 2
        # Robust centre: a handful of wrong keys must not pull the prior towards themselves.
        mean = float(np.median(d))
        scale = 1.4826 * float(np.median(np.abs(d - mean)))
        sd = float(np.sqrt(max(scale**2 - float(np.median(s2)), 0.1 * float(np.median(s2)))))
        posterior = np.full(is_key.shape, -np.inf)
        weight = sd**2 / (sd**2 + s2)
        posterior[comparable] = (weight * d + (1 - weight) * mean) / np.sqrt(weight * s2)
        judged = comparable.any(axis=1)
        option[judged] = posterior[judged].argmax(axis=1)
        rows = np.flatnonzero(judged)
        suspicion[judged] = norm.cdf(posterior[rows, option[judged]])
        best_difference[judged] = difference[rows, option[judged]]
        best_se[judged] = se[rows, option[judged]]
    order = np.lexsort(
        (np.arange(n_items), -np.nan_to_num(best_difference, nan=-np.inf), -np.nan_to_num(suspicion, nan=-1))
    )
    rank = np.empty(n_items, dtype=np.int64)
    rank[order] = np.arange(1, n_items + 1)
    return KeyEvidence(option, best_difference, best_se, suspicion, rank, key_mean, mean, sd)
