"""What classical statistics need to know about a group of persons, in a form that adds up.

For item j and category k (a score, or an option chosen) the record keeps how many persons fell into the
category and the mean and sum of squared deviations of their criterion. Records of different persons merge
exactly (Chan, Golub & LeVeque 1983), so a statistic over blocks of persons, or over forms, is computed from
each block alone, every cell that counts is used, and no person is ever dropped for missing another item.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import InputError
from ciip_irt.records import result

__all__ = ["CategoryMoments", "category_moments", "merge_moments"]

CELLS_PER_CHUNK = 2_000_000  # as floating-point numbers 16 MB


@result
@dataclass(frozen=True, slots=True)
class CategoryMoments:
    """Criterion by item and category.

    Attributes
    ----------
    n
        (J, K) persons in the category.
    mean
        (J, K) their mean criterion; 0 where there is nobody.
    ss
        (J, K) sum of squared deviations of the criterion from that mean.
    """

    n: IntArray
    mean: FloatArray
    ss: FloatArray

    def shifted(self, amount: float) -> "CategoryMoments":
        """The same persons with ``amount`` added to everyone's criterion."""
        return CategoryMoments(self.n, np.where(self.n > 0, self.mean + amount, 0.0), self.ss)

    def placed(self, columns: IntArray, n_items: int, n_categories: int) -> "CategoryMoments":
        """The same items as rows ``columns`` of a table of ``n_items``; the other rows hold nobody."""
        shape = (n_items, n_categories)
        n, mean, ss = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
        width = self.n.shape[1]
        n[columns, :width], mean[columns, :width], ss[columns, :width] = self.n, self.mean, self.ss
        return CategoryMoments(n, mean, ss)

    def over_categories(self) -> tuple[IntArray, FloatArray, FloatArray]:
        """Persons, mean and sum of squares (J,) of the criterion over all categories of an item."""
        n = self.n.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (self.n * self.mean).sum(axis=1) / n
        ss = (self.ss + self.n * (self.mean - mean[:, None]) ** 2).sum(axis=1)
        return n, mean, ss


def category_moments(
    codes: ScoreArray,
    criterion: FloatArray,
    *,
    n_categories: int,
    own: ScoreArray | None = None,
    in_criterion: BoolArray | bool = True,
) -> CategoryMoments:
    """Add up the criterion of the persons in each category of each item.

    Parameters
    ----------
    codes
        (N, J) category of person i on item j, ``0 .. n_categories - 1``; negative cells do not count.
    criterion
        (N,) the criterion in points, e.g. the scored total.
    own
        (N, J) the points of item j that are inside person i's criterion; they are taken out again (the rest
        score) where ``in_criterion`` says so. Negative cells count as no points. Default: nothing.
    in_criterion
        (J,) booleans, or one for all: does the criterion contain the item's points in ``own``?

    Raises
    ------
    InputError
        If shapes disagree, a code is too large or the criterion is not finite.

    >>> codes = np.array([[0, 1], [1, 1], [1, -1]], dtype=np.int8)
    >>> moments = category_moments(codes, np.array([3.0, 5.0, 9.0]), n_categories=2)
    >>> moments.n.tolist(), moments.mean.tolist()
    ([[1, 2], [0, 2]], [[3.0, 7.0], [0.0, 4.0]])
    """
    n_persons, n_items = codes.shape
    criterion = np.asarray(criterion, dtype=float)
    if criterion.shape != (n_persons,):
        raise InputError(
            f"the criterion has shape {criterion.shape}, expected ({n_persons},): one per person"
        )
    if not np.isfinite(criterion).all():
        raise InputError("the criterion must be a finite number for every person")
    if codes.size and int(codes.max()) >= n_categories:
        raise InputError(f"a category code of {int(codes.max())} does not fit {n_categories} categories")
    inside = np.broadcast_to(np.asarray(in_criterion, dtype=bool), n_items)

    # Sums of squares about a nearby constant lose no digits; about zero they would.
    centre = float(criterion.mean()) if n_persons else 0.0
    offset = np.arange(n_items, dtype=np.int64) * n_categories
    size = n_items * n_categories
    n, first, second = np.zeros(size, np.int64), np.zeros(size), np.zeros(size)
    step = max(1, CELLS_PER_CHUNK // max(n_items, 1))
    for start in range(0, n_persons, step):
        rows = slice(start, start + step)
        counted = codes[rows] >= 0
        index = (codes[rows] + offset)[counted]
        y = np.broadcast_to((criterion[rows] - centre)[:, None], counted.shape)
        if own is not None and inside.any():
            y = y - np.where(inside, np.maximum(own[rows], 0), 0)
        y = y[counted]
        n += np.bincount(index, minlength=size)
        first += np.bincount(index, weights=y, minlength=size)
        second += np.bincount(index, weights=y * y, minlength=size)
    mean = first / np.maximum(n, 1)
    ss = np.maximum(second - n * mean**2, 0.0)
    shape = (n_items, n_categories)
    return CategoryMoments(
        n.reshape(shape), np.where(n > 0, mean + centre, 0.0).reshape(shape), ss.reshape(shape)
    )


def merge_moments(parts: Sequence[CategoryMoments]) -> CategoryMoments:
    """The moments of all persons together; every part has the same items and categories.

    >>> codes = np.array([[0], [1], [1]], dtype=np.int8)
    >>> y = np.array([3.0, 5.0, 9.0])
    >>> parts = [category_moments(codes[rows], y[rows], n_categories=2) for rows in (slice(2), slice(2, 3))]
    >>> whole = category_moments(codes, y, n_categories=2)
    >>> bool(np.allclose(merge_moments(parts).ss, whole.ss))
    True
    """
    if not parts:
        raise InputError("there are no persons to add up")
    n = np.sum([part.n for part in parts], axis=0)
    mean = np.sum([part.n * part.mean for part in parts], axis=0) / np.maximum(n, 1)
    ss = np.sum([part.ss + part.n * (part.mean - mean) ** 2 for part in parts], axis=0)
    return CategoryMoments(n, mean, ss)
