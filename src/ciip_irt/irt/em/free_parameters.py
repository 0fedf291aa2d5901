"""Which numbers are estimated, and how the items' working parameters follow from them."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.models import ItemModel

__all__ = ["FreeParameters", "select_free_parameters"]


@dataclass(frozen=True, slots=True)
class FreeParameters:
    """The working parameters of all items as an affine function of one vector of free values.

    ``working_j = base_j + transform_j @ slots_j``, ``slots_jp = values[index_jp]`` (0 where the index is -1).

    Attributes
    ----------
    index
        Shape (J, P): place in the free vector, -1 where nothing is estimated. Items may share a place (1PL).
    base
        Shape (J, P): working values of what is fixed.
    transform
        Shape (J, P, P): identity, except that the intercept follows the slope where b is fixed and a is free.
    reported
        Shape (J, P): which reported parameters are estimated.
    size
        Length of the free vector.
    """

    index: IntArray
    base: FloatArray
    transform: FloatArray
    reported: BoolArray
    size: int

    @property
    def free(self) -> BoolArray:
        """Shape (J, P): slots that are estimated."""
        return np.greater_equal(self.index, 0)

    @property
    def items(self) -> IntArray:
        """Items with anything to estimate."""
        return np.flatnonzero(self.free.any(axis=1))

    @property
    def shared(self) -> bool:
        """True where items share a free value."""
        return int(np.count_nonzero(self.free)) > self.size

    @property
    def prior_applies(self) -> BoolArray:
        """Shape (J, P): where a prior counts; a value shared by items has its prior once."""
        applies = self.reported.copy()
        if self.shared:
            first = np.flatnonzero(self.index[:, 0] >= 0)[:1]
            applies[:, 0] = False
            applies[first, 0] = True
        return applies

    def working(self, values: FloatArray) -> FloatArray:
        """Shape (J, P): working parameters for a free vector."""
        slots = np.where(self.free, values[np.maximum(self.index, 0)] if self.size else 0.0, 0.0)
        result: FloatArray = self.base + np.einsum("jpr,jr->jp", self.transform, slots)
        return result

    def values(self, working: FloatArray) -> FloatArray:
        """Shape (size,): the free vector of given working parameters (the mean where items share one)."""
        total, count = np.zeros(self.size), np.zeros(self.size)
        np.add.at(total, self.index[self.free], working[self.free])
        np.add.at(count, self.index[self.free], 1.0)
        result: FloatArray = total / np.maximum(count, 1.0)
        return result

    def gather(self, by_working: FloatArray) -> FloatArray:
        """Shape (J, P): derivatives by working parameters turned into derivatives by slots, 0 where fixed."""
        slots = np.einsum("jpr,jp->jr", self.transform, by_working)
        result: FloatArray = np.where(self.free, slots, 0.0)
        return result


def select_free_parameters(
    model: ItemModel, start: FloatArray, fixed: FloatArray, estimable: BoolArray, D: float
) -> FreeParameters:
    """Lay out the free values.

    Parameters
    ----------
    start
        Shape (J, P): reported start values; they also give what the model holds constant. NaN for the
        difficulties of scores that an item lacks.
    fixed
        Shape (J, P): reported values to be held, NaN where free.
    estimable
        Shape (J,): items that take part in the estimation.
    """
    n_items, n_parameters = start.shape
    held = ~np.isnan(fixed)
    reported = np.zeros((n_items, n_parameters), dtype=np.bool_)
    for place, name in enumerate(model.parameters):
        if name in model.free or name in model.common:
            reported[:, place] = estimable & ~held[:, place] & ~np.isnan(start[:, place])
    values = np.where(held, fixed, start)
    base = model.to_working(values, D)
    transform = np.tile(np.eye(n_parameters), (n_items, 1, 1))
    free = reported.copy()
    if {"a", "b"} <= set(model.parameters):
        a, b = model.parameters.index("a"), model.parameters.index("b")
        follows = reported[:, a] & held[:, b]
        transform[follows, b, a] = -values[follows, b]
        base[follows, b] = 0.0
    base[free] = 0.0
    index = np.full((n_items, n_parameters), -1, dtype=np.int64)
    size = 0
    for place, name in enumerate(model.parameters):
        if name in model.common and free[:, place].any():
            index[free[:, place], place] = size
            size += 1
            free[:, place] = False
    index[free] = size + np.arange(int(free.sum()))
    return FreeParameters(index, base, transform, reported, size + int(free.sum()))
