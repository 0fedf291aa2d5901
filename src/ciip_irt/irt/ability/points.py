"""Ability points for posteriors: fine enough for the most informative set of items, wide enough for all."""

from collections.abc import Sequence

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.curves import item_information
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.quadrature import default_points, refine_points

__all__ = ["points_for"]


def points_for(
    mean: FloatArray,
    sd: FloatArray,
    parameters: FloatArray,
    item_sets: Sequence[IntArray],
    D: float,
    model: ItemModel,
) -> FloatArray:
    """Shape (Q,): points for populations (G,) and persons who met any of the sets of items (J, P)."""
    points = default_points()
    information = item_information(parameters, points, D, model)
    largest = max((float(information[:, items].sum(axis=1).max()) for items in item_sets), default=0.0)
    return refine_points(points, mean, sd, largest)
