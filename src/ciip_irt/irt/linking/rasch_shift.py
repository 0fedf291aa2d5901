"""The constant between two Rasch calibrations, from the differences of their common items' difficulties."""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import InputError, Problem

__all__ = ["SHIFTS", "rasch_shift"]

SHIFTS = ("mean_shift", "weighted_shift", "robust_shift")
HUBER = 1.345  # 95 % efficient where no item drifted
MAD_OF_NORMAL = 0.6745  # median absolute deviation of N(0, 1)


def rasch_shift(
    d: FloatArray,
    method: str = "mean_shift",
    se_old: FloatArray | None = None,
    se_new: FloatArray | None = None,
) -> tuple[float, float, bool, FloatArray]:
    """The shift B, its standard error, whether the iteration settled, and how hard each item pulls (J,).

    Every method solves ``sum_j psi_j(d_j - B) = 0``: psi is the identity for the mean, ``x / se^2`` for the
    weighted mean, and for the robust one ``clip(x, -k s, k s)`` with k = 1.345 and s the median absolute
    deviation over .6745 (Huber 1964, Annals of Mathematical Statistics 35:73-101). The standard error takes
    the items as a sample: ``sqrt(J / (J - 1) sum psi^2) / sum psi'``, for the mean ``sd(d) / sqrt(J)``.

    Parameters
    ----------
    d
        Shape (J,): ``b_old - b_new`` of the common items.
    se_old, se_new
        Shape (J,): standard errors of b, for ``weighted_shift``.

    Raises
    ------
    InputError
        ``weighted_shift`` without a positive standard error for every item.

    >>> d = np.array([0.1, 0.2, 0.3, 5.0])
    >>> round(rasch_shift(d)[0], 3), round(rasch_shift(d, "robust_shift")[0], 3)
    (1.4, 0.266)
    """
    if method == "weighted_shift":
        w = 1.0 / _variance(d.size, se_old, se_new)
        B = float(w @ d / w.sum())
        return B, _error(w * (d - B), w), True, np.asarray(w)
    if method == "mean_shift":
        B = float(d.mean())
        return B, _error(d - B, np.ones_like(d)), True, np.ones_like(d)
    B = float(np.median(d))
    scale = float(np.median(np.abs(d - B)) / MAD_OF_NORMAL)
    if scale <= 1e-12:
        return B, _error(d - B, np.ones_like(d)), True, np.ones_like(d)
    moved = np.inf
    for _ in range(200):
        u = np.abs(d - B) / scale
        w = np.where(u <= HUBER, 1.0, HUBER / np.maximum(u, HUBER))
        moved = float(w @ d / w.sum()) - B
        B += moved
        if abs(moved) < 1e-12:
            break
    inside = (np.abs(d - B) <= HUBER * scale).astype(np.float64)
    spread = _error(np.clip(d - B, -HUBER * scale, HUBER * scale), inside)
    return B, spread, abs(moved) < 1e-9, inside


def _variance(n_items: int, se_old: FloatArray | None, se_new: FloatArray | None) -> FloatArray:
    given = [np.asarray(se, dtype=np.float64) for se in (se_old, se_new) if se is not None]
    if not given or any(se.shape != (n_items,) or not (se > 0).all() for se in given):
        raise InputError(
            Problem(
                "weighted_shift needs a positive standard error of b for every common item",
                remedy="Give se_old, se_new or both, or use mean_shift or robust_shift.",
            )
        )
    return np.asarray(np.sum([se**2 for se in given], axis=0))


def _error(psi: FloatArray, curvature: FloatArray) -> float:
    n = psi.size
    if n < 2 or curvature.sum() <= 0:
        return float("nan")
    return float(np.sqrt((psi**2).sum() * n / (n - 1)) / curvature.sum())
