"""Internal consistency and the standard error of measurement.

Coefficient alpha (Cronbach 1951; KR-20 for right/wrong items),

    alpha = J / (J - 1) * (1 - sum_j s_jj / sum_jk s_jk),     SEM = s_X sqrt(1 - alpha),

from the covariance matrix s of the items, so alpha without an item and alpha within a domain come from the
same matrix. Where cells are missing, each covariance uses the persons who have both items; items that no or
few persons met together with others are left out of the basis, and what is found on the k others is stepped
up (Spearman 1910; Brown 1910) to the m items that a person met, with r = m / k:

    alpha_m = r alpha_k / (1 + (r - 1) alpha_k).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import fdtri

from ciip_irt.arrays import BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.records import result

__all__ = ["Reliability", "alpha_by_group", "item_covariance", "reliability"]

ENOUGH = 30  # persons who met both items (half of them where they are few): the covariance of fewer is noise


@result
@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of a total score.

    Attributes
    ----------
    n, n_items
        Persons and items.
    mean, sd
        Of the total, in points (sd with divisor n - 1).
    alpha, low, high
        Coefficient alpha (KR-20 where ``dichotomous``), interval of Feldt (1965); NaN where the total does
        not vary or there are fewer than two items.
    sem
        Standard error of measurement, in points.
    if_deleted
        (J,) alpha of the test without each item.
    dichotomous
        Whether every score is 0 or 1.
    basis
        (J,) the items that alpha rests on; all of them unless some were met with others by too few.
    stepped_to
        How many items alpha is stated for: those of the basis, or as many as a person met.
    """

    n: int
    n_items: int
    mean: float
    sd: float
    alpha: float
    low: float
    high: float
    sem: float
    if_deleted: FloatArray
    dichotomous: bool
    basis: BoolArray
    stepped_to: int


def item_covariance(scores: ScoreArray) -> FloatArray:
    """Covariances (J, J) of the items (divisor n - 1), each over the persons who have both.

    >>> item_covariance(np.array([[0, 1], [1, 1], [1, -1]], dtype=np.int8)).round(3).tolist()
    [[0.333, 0.0], [0.0, 0.0]]
    """
    mask = (scores >= 0).astype(float)
    x = np.where(scores >= 0, scores, 0).astype(float)
    if bool(mask.all()):
        centred = x - x.mean(axis=0)
        return np.asarray(centred.T @ centred / max(len(x) - 1, 1), dtype=float)
    n = mask.T @ mask
    sums = x.T @ mask
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = (x.T @ x - sums * sums.T / n) / np.where(n > 1, n - 1, np.nan)
    return np.asarray(covariance, dtype=float)


def _alpha(n_items: FloatArray | float, trace: FloatArray | float, total: FloatArray | float) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        j, t = np.asarray(n_items, dtype=float), np.asarray(total, dtype=float)
        value = j / (j - 1) * (1 - np.asarray(trace, dtype=float) / t)
        return np.asarray(np.where((j > 1) & (t > 1e-12), value, np.nan), dtype=float)


def reliability(scores: ScoreArray, *, confidence: float = 0.95) -> Reliability:
    """Alpha, its interval, the SEM and alpha without each item.

    Parameters
    ----------
    scores
        (N, J) points of the items that make the total; ``MISSING`` cells earn no points in the total.

    >>> scores = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=np.int8)
    >>> result = reliability(scores)
    >>> round(result.alpha, 4), round(result.sem, 4)
    (0.75, 0.6455)

    An item that one person met of four leaves alpha to the others:

    >>> fourth = np.array([[1], [-1], [-1], [-1]], dtype=np.int8)
    >>> result = reliability(np.hstack((scores, fourth)))
    >>> round(result.alpha, 4), result.basis.tolist()
    (0.75, [True, True, True, False])
    """
    n, n_items = scores.shape
    totals = np.where(scores >= 0, scores, 0).sum(axis=1, dtype=np.int64).astype(float)
    mean = float(totals.mean()) if n else float("nan")
    sd = float(totals.std(ddof=1)) if n > 1 else float("nan")
    dichotomous = bool((scores <= 1).all())
    if n < 2 or n_items < 2:
        nan = float("nan")
        none, whole = np.full(n_items, nan), np.ones(n_items, dtype=np.bool_)
        return Reliability(n, n_items, mean, sd, nan, nan, nan, nan, none, dichotomous, whole, n_items)
    met = scores >= 0
    basis = _basis(met)
    used = int(basis.sum())
    whole = used == n_items
    m = n_items if whole else max(int(np.median(met.sum(axis=1))), used)
    covariance = item_covariance(scores[:, basis])
    trace, total = float(np.trace(covariance)), float(covariance.sum())
    alpha = float(_alpha(used, trace, total))
    tail = (1 - confidence) / 2
    freedom = (n - 1, (n - 1) * max(used - 1, 1))
    low = 1 - (1 - alpha) * float(fdtri(*freedom, 1 - tail))
    high = 1 - (1 - alpha) * float(fdtri(*freedom, tail))
    own = np.diag(covariance)
    without = _alpha(used - 1, trace - own, total - 2 * covariance.sum(axis=1) + own)
    if not whole:
        low, high = (_stepped(value, m / used) for value in (low, high))
        alpha, without = _stepped(alpha, m / used), _stepped(without, (m - 1) / max(used - 1, 1))
    deleted = np.full(n_items, alpha)
    deleted[basis] = without
    sem = sd * float(np.sqrt(max(1 - alpha, 0.0))) if np.isfinite(alpha) else float("nan")
    return Reliability(n, n_items, mean, sd, alpha, low, high, sem, deleted, dichotomous, basis, m)


def _basis(met: BoolArray) -> BoolArray:
    """Shape (J,): items of which enough persons met every two; the others go, those with the most such
    pairs first."""
    n, n_items = met.shape
    basis = np.ones(n_items, dtype=np.bool_)
    if bool(met.all()):
        return basis
    mask = met.astype(np.float32)
    few = (mask.T @ mask) < max(2, min(ENOUGH, -(-n // 2)))
    while True:
        bad = np.where(basis, few[:, basis].sum(axis=1), 0)
        if not bad.any():
            return basis
        worst = bad == bad.max()
        if basis.sum() - worst.sum() < basis.sum() / 2:  # all alike: one goes, and what it was met with stays
            fewest = np.where(worst, mask.sum(axis=0), np.inf)
            worst = np.arange(n_items) == n_items - 1 - int(np.argmin(fewest[::-1]))
        basis &= ~worst


def _stepped(alpha: FloatArray | float, ratio: float) -> Any:
    return ratio * alpha / (1 + (ratio - 1) * alpha)


def alpha_by_group(scores: ScoreArray, group: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Alpha within each group of items, e.g. each domain: group labels, items in the group, alpha.

    >>> scores = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=np.int8)
    >>> labels, size, alpha = alpha_by_group(scores, np.array([7, 7, 9]))
    >>> labels.tolist(), size.tolist(), alpha.tolist()
    ([7, 9], [2, 1], [1.0, nan])
    """
    labels, member = np.unique(group, return_inverse=True)
    covariance = item_covariance(scores)
    indicator = np.eye(len(labels))[member]
    total = np.einsum("jg,jk,kg->g", indicator, covariance, indicator, optimize=True)
    trace = indicator.T @ np.diag(covariance)
    size = np.bincount(member, minlength=len(labels)).astype(np.int64)
    return labels.astype(np.int64), size, _alpha(size.astype(float), trace, total)
