"""How uncertain A and B of a link are, from the covariance of the items' estimates (delta method).

With v the parameters of the common items on both scales and ``T = d(A, B) / dv``,

    Cov(A, B) = T Cov(v) T'

For means and standard deviations T is written down. The curve methods stand where the gradient g of their
criterion vanishes, so ``T = -(dg/d(A, B))^-1 dg/dv``. Source: Ogasawara (2000, Behaviormetrika 27:121-138,
moments; 2001, Applied Psychological Measurement 25:53-67, curves). Checked against R equateIRT and against
samples.
"""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.models.logistic import probability

__all__ = ["curve_derivatives", "link_covariance", "linked_errors", "moment_derivatives", "shift_derivatives"]

STEP = 1e-5  # relative step of central differences: their error is then some 1e-10 of a derivative


def link_covariance(derivatives: FloatArray, old: FloatArray, new: FloatArray) -> FloatArray:
    """Shape (2, 2): ``T Cov(v) T'`` of A and B; the two calibrations are independent.

    Parameters
    ----------
    derivatives
        Shape (2, 2, J, 3): of A and B by (old, new), item and a, b, c.
    old, new
        Shape (3J, 3J): covariance of the common items' a, b, c in that order, item after item.

    >>> T = shift_derivatives(np.ones(4))
    >>> float(link_covariance(T, np.eye(12) * 0.04, np.eye(12) * 0.04)[1, 1].round(6))
    0.02
    """
    by_old, by_new = (derivatives[:, side].reshape(2, -1) for side in (0, 1))
    return np.asarray(by_old @ old @ by_old.T + by_new @ new @ by_new.T, dtype=np.float64)


def linked_errors(
    parameters: FloatArray,
    variances: FloatArray,
    constants: tuple[float, float],
    of_constants: FloatArray,
    with_constants: FloatArray,
) -> FloatArray:
    """Shape (J, 3): standard errors of ``a / A``, ``A b + B`` and c, with the error of A and B in them.

    Parameters
    ----------
    parameters, variances
        Shape (J, 3): a, b, c of the new calibration on its own scale, and their squared errors.
    constants, of_constants
        A and B, and their covariance (2, 2).
    with_constants
        Shape (J, 3, 2): covariance of a, b, c with A and B. An item that holds the link moves with it.

    >>> one = np.array([[1.0, 2.0, 0.0]])
    >>> linked_errors(one, np.zeros((1, 3)), (1.0, 0.0), np.diag([0.01, 0.04]), np.zeros((1, 3, 2))).round(3)
    array([[0.1  , 0.283, 0.   ]])
    """
    A = constants[0]
    scale = np.array([1.0 / A, A, 1.0])
    by_link = np.zeros((*parameters.shape, 2))
    by_link[:, 0, 0] = -parameters[:, 0] / A**2
    by_link[:, 1, 0], by_link[:, 1, 1] = parameters[:, 1], 1.0
    variance = scale**2 * variances + 2.0 * scale * np.einsum("jki,jki->jk", by_link, with_constants)
    variance += np.einsum("jki,il,jkl->jk", by_link, of_constants, by_link)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def shift_derivatives(weight: FloatArray) -> FloatArray:
    """Shape (2, 2, J, 3) of ``B = sum_j w_j (b_old - b_new)``, A = 1; ``weight`` (J,) sums to what it will.

    >>> shift_derivatives(np.array([3.0, 1.0]))[1, :, :, 1]
    array([[ 0.75,  0.25],
           [-0.75, -0.25]])
    """
    result = np.zeros((2, 2, weight.size, 3))
    share = weight / weight.sum()
    result[1, 0, :, 1], result[1, 1, :, 1] = share, -share
    return result


def moment_derivatives(old: FloatArray, new: FloatArray, method: str, A: float) -> FloatArray:
    """Shape (2, 2, J, 3): of A and B of ``mean_mean``, ``mean_gmean`` or ``mean_sigma``."""
    n = len(old)
    result = np.zeros((2, 2, n, 3))
    of_a = result[0]
    if method == "mean_sigma":
        spread = [float(b.std()) for b in (old[:, 1], new[:, 1])]
        of_a[0, :, 1] = (old[:, 1] - old[:, 1].mean()) / (n * spread[0] * spread[1])
        of_a[1, :, 1] = -A * (new[:, 1] - new[:, 1].mean()) / (n * spread[1] ** 2)
    elif method == "mean_gmean":
        of_a[0, :, 0], of_a[1, :, 0] = -A / (n * old[:, 0]), A / (n * new[:, 0])
    else:
        of_a[0, :, 0], of_a[1, :, 0] = -A / (n * old[:, 0].mean()), 1.0 / (n * old[:, 0].mean())
    result[1] = -float(new[:, 1].mean()) * of_a
    result[1, 0, :, 1] += 1.0 / n
    result[1, 1, :, 1] -= A / n
    return result


def curve_derivatives(
    old: FloatArray,
    new: FloatArray,
    method: str,
    D: float,
    direction: str,
    theta: FloatArray,
    weights: FloatArray,
    at: tuple[float, float],
    *,
    slope: bool = True,
) -> FloatArray:
    """Shape (2, 2, J, 3): of A and B of ``haebara`` or ``stocking_lord`` at their minimum ``at``.

    ``slope`` False: A is held at 1.

    Both criteria are sums over the points of a fixed curve less a moved one. Moving the parameters of an item
    is evaluating its curve elsewhere: new parameters on the old scale at ``(theta - B) / A``, old ones on the
    new scale at ``A theta + B``.
    """
    apart = method == "haebara"
    sides = {"old": (0,), "new": (1,), "symmetric": (0, 1)}[direction]
    free = np.array([0, 1] if slope else [1])
    second = np.zeros((2, 2))
    mixed = np.zeros((2, 2, len(old), 3))
    for side in sides:
        fixed, moved = (old, new) if side == 0 else (new, old)
        place = _place(side, theta, at)
        residual, slopes = _parts(fixed, moved, theta, D, place)
        if not apart:  # the squared sum couples an item with all others
            residual = np.repeat(residual.sum(axis=1, keepdims=True), len(old), axis=1)
            slopes = np.repeat(slopes.sum(axis=2, keepdims=True), len(old), axis=2)
        for column in free:
            step = STEP * max(abs(at[column]), 1.0)
            ends = []
            for sign in (1, -1):
                there = (at[0] + sign * step * (column == 0), at[1] + sign * step * (column == 1))
                parts = _parts(fixed, moved, theta, D, _place(side, theta, there))
                ends.append(_gradient(*parts, weights, apart=apart))
            second[:, column] += (ends[0] - ends[1]) / (2 * step)
        for kind in (0, 1):
            for parameter in range(3):
                by_residual, by_slopes = _item_changes(fixed, moved, theta, D, place, kind, parameter)
                by_item = np.einsum("q,qj,iqj->ij", weights, by_residual, slopes)
                by_item += np.einsum("q,qj,iqj->ij", weights, residual, by_slopes)
                mixed[:, kind if side == 0 else 1 - kind, :, parameter] += by_item
    result = np.zeros_like(mixed)
    flat = mixed[free].reshape(free.size, -1)
    result[free] = -np.linalg.solve(second[np.ix_(free, free)], flat).reshape(free.size, *mixed.shape[1:])
    return result


Place = tuple[FloatArray, FloatArray]


def _place(side: int, theta: FloatArray, at: tuple[float, float]) -> Place:
    """Where the moved curves are evaluated (Q,), and its derivatives (2, Q) by A and B."""
    A, B = at
    if side == 0:
        where = (theta - B) / A
        return where, np.stack((-where / A, np.full_like(theta, -1.0 / A)))
    return A * theta + B, np.stack((theta, np.ones_like(theta)))


def _curve(parameters: FloatArray, theta: FloatArray, D: float) -> FloatArray:
    return np.asarray(probability(parameters, theta, D)[:, :, 1])


def _rise(parameters: FloatArray, theta: FloatArray, D: float) -> FloatArray:
    """dP / dtheta, shape (Q, J)."""
    a, _, c = parameters.T
    right = _curve(parameters, theta, D)
    return np.asarray(D * a * (right - c) * (1.0 - right) / (1.0 - c))


def _parts(
    fixed: FloatArray, moved: FloatArray, theta: FloatArray, D: float, place: Place
) -> tuple[FloatArray, FloatArray]:
    """Residuals (Q, J) and their derivatives (2, Q, J) by A and B."""
    where, by = place
    return _curve(fixed, theta, D) - _curve(moved, where, D), -by[:, :, None] * _rise(moved, where, D)


def _gradient(residual: FloatArray, slopes: FloatArray, weights: FloatArray, *, apart: bool) -> FloatArray:
    """Shape (2,): half the gradient of the criterion by A and B."""
    if apart:
        return np.asarray(np.einsum("q,qj,iqj->i", weights, residual, slopes))
    return np.asarray(np.einsum("q,q,iq->i", weights, residual.sum(axis=1), slopes.sum(axis=2)))


def _item_changes(
    fixed: FloatArray, moved: FloatArray, theta: FloatArray, D: float, place: Place, kind: int, parameter: int
) -> tuple[FloatArray, FloatArray]:
    """Derivatives of an item's residual and slopes by its own parameter of one side, all items at once."""
    values = (fixed, moved)[kind]
    step = STEP * np.maximum(np.abs(values[:, parameter]), 0.1)
    ends = []
    for sign in (1.0, -1.0):
        changed = values.copy()
        changed[:, parameter] += sign * step
        ends.append(
            _parts(changed, moved, theta, D, place) if kind == 0 else _parts(fixed, changed, theta, D, place)
        )
    return (ends[0][0] - ends[1][0]) / (2 * step), (ends[0][1] - ends[1][1]) / (2 * step)
