"""What an item response model is: a frozen value of pure functions."""

from collections.abc import Callable
from dataclasses import dataclass

from ciip_irt.arrays import FloatArray

__all__ = ["ItemModel"]


@dataclass(frozen=True, slots=True)
class ItemModel:
    """An item response model.

    Two sets of numbers describe an item: the *reported* parameters (a, b, c) that people read, and the
    *working* ones in which the log-likelihood is close to quadratic and the optimiser runs. ``D`` enters the
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
        ``(proportion of the maximum score (J,), D) -> parameters (J, P)``.
    working_bounds
        Shape (P, 2): estimates do not leave this box, and are reported when they touch it.
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
