"""The record every item fit statistic returns."""

from dataclasses import dataclass

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.records import result

__all__ = ["FIT_LEVEL", "ItemFit"]

FIT_LEVEL = 0.05  # of tests of fit, the usual one: of fitting items one in twenty lies outside


@result
@dataclass(frozen=True, slots=True)
class ItemFit:
    """One row for each item of the pool.

    Attributes
    ----------
    statistic
        Key in ``FIT``.
    names
        Names of the columns.
    values
        Shape (J, len(names)); NaN where nothing can be said.
    n
        Shape (J,): answers the statistic used.
    """

    statistic: str
    names: tuple[str, ...]
    values: FloatArray
    n: IntArray

    def column(self, name: str) -> FloatArray:
        """Shape (J,).

        >>> import numpy as np
        >>> ItemFit("rmsd", ("rmsd",), np.array([[0.1], [0.2]]), np.array([5, 5])).column("rmsd")
        array([0.1, 0.2])
        """
        result: FloatArray = self.values[:, self.names.index(name)]
        return result
