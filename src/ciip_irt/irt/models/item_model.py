"""What an item response model is: a frozen value of pure functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.records import result

__all__ = ["LEAST_PROBABILITY", "ItemModel"]

LEAST_PROBABILITY = 1e-300  # curves reach 0 in double precision: logarithm and reciprocal stay finite


@result
@dataclass(frozen=True, slots=True)
class ItemModel:
    """An item response model.

    Two sets of numbers describe an item: the *reported* parameters (a, b, c, or a, b1, b2, ... for scores
    above 1) that people read, and the *working* ones in which the log-likelihood is close to quadratic and
    the optimiser runs. In both the slope comes first and the (first) difficulty second. ``D`` enters the
    passage between the two and every function of reported parameters.

    Attributes
    ----------
    name
        Key in ``MODELS``.
    parameters
        Names of the P reported parameters, in the order of the columns.
    free
        The reported parameters estimated for every item.
    common
        The reported parameters that are estimated once for all items.
    free_sd
        True where the slope is given, so that the spread of the population is estimated (Rasch).
    probability
        ``(parameters (J, P), theta (Q,), D) -> (Q, J, K)``, the probability of every score.
    gradient
        ``(parameters, theta, D) -> (Q, J, K, P)``, its derivatives by the reported parameters.
    theta_derivatives
        ``(parameters, theta, D) -> two arrays (Q, J, K)``, first and second derivative by theta.
    working_probability
        ``(working (J, P), theta) -> (Q, J, K)``.
    working_gradient
        ``(working, theta) -> (Q, J, K, P)``, derivatives by the working parameters.
    to_working, from_working
        ``(parameters, D) -> working`` and back.
    reported_jacobian
        ``(working, D) -> (J, P, P)``, derivative of reported by working parameters, for the delta method.
    start
        ``(share of answers with score k or more, k = 1..K-1 (J, K-1), D) -> parameters (J, P)``.
    working_bounds
        Shape (P, 2): estimates do not leave this box, and are reported when they touch it.
    n_categories
        K.
    largest_step
        Shape (P,): how far one scoring step may go in each working parameter.
    for_categories
        ``K -> ItemModel``: the same model for scores 0..K-1; ``None`` where the model is for two scores only.
    """

    name: str
    parameters: tuple[str, ...]
    free: tuple[str, ...]
    common: tuple[str, ...]
    free_sd: bool
    probability: Callable[[FloatArray, FloatArray, float], FloatArray]
    gradient: Callable[[FloatArray, FloatArray, float], FloatArray]
    theta_derivatives: Callable[[FloatArray, FloatArray, float], tuple[FloatArray, FloatArray]]
    working_probability: Callable[[FloatArray, FloatArray], FloatArray]
    working_gradient: Callable[[FloatArray, FloatArray], FloatArray]
    to_working: Callable[[FloatArray, float], FloatArray]
    from_working: Callable[[FloatArray, float], FloatArray]
    reported_jacobian: Callable[[FloatArray, float], FloatArray]
    start: Callable[[FloatArray, float], FloatArray]
    working_bounds: tuple[tuple[float, float], ...]
    n_categories: int = 2
    largest_step: tuple[float, ...] = (2.0, 6.0, 1.0)
    for_categories: "Callable[[int], ItemModel] | None" = None

    def unknown(self, parameters: FloatArray) -> BoolArray:
        """Shape (J,): items without estimates. An item with fewer scores than others lacks its last b's only.

        >>> from ciip_irt.irt.models import MODELS
        >>> MODELS["pcm"].unknown(np.array([[1.0, 0.5, 1.0], [1.0, 0.5, np.nan], [np.nan, np.nan, np.nan]]))
        array([False, False,  True])
        """
        needed = parameters if self.for_categories is None else parameters[:, :2]
        result: BoolArray = np.any(np.isnan(needed), axis=1)
        return result

    def highest_scores(self, parameters: FloatArray) -> IntArray:
        """Shape (J,): the highest score of each item.

        >>> from ciip_irt.irt.models import MODELS
        >>> MODELS["pcm"].highest_scores(np.array([[1.0, 0.5, 1.0], [1.0, 0.5, np.nan]]))
        array([2, 1])
        """
        if self.for_categories is None:
            return np.full(parameters.shape[0], self.n_categories - 1, dtype=np.int64)
        result: IntArray = np.sum(~np.isnan(parameters[:, 1:]), axis=1, dtype=np.int64)
        return result
