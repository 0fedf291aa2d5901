"""Linking two calibrations through their common items: ``theta_old = A theta_new + B``.

Parameters move with the scale: ``a* = a / A``, ``b* = A b + B``, ``c* = c``. The methods:

==================  ==========================================================================================
``mean_mean``       ``A = mean(a_new) / mean(a_old)`` (Loyd & Hoover 1980, J. Educ. Meas. 17:179-193)
``mean_gmean``      ``A = gmean(a_new) / gmean(a_old)`` (Mislevy & Bock 1990)
``mean_sigma``      ``A = sd(b_old) / sd(b_new)`` (Marco 1977, J. Educ. Meas. 14:139-160)
``haebara``         squared differences of the item curves (Haebara 1980, Jap. Psych. Res. 22:144-149)
``stocking_lord``   squared difference of the test curves (Stocking & Lord 1983, APM 7:201-210)
``mean_shift``      Rasch: A = 1, ``B = mean(b_old - b_new)``
``weighted_shift``  Rasch: the same, weighted by ``1 / (se_old^2 + se_new^2)``
``robust_shift``    Rasch: the same by Huber's M-estimate, so that single drifted items pull little
==================  ==========================================================================================

In the first three ``B = mean(b_old) - A mean(b_new)``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import DesignError, InputError, Problem, plural
from ciip_irt.irt.linking.link_errors import curve_derivatives, moment_derivatives, shift_derivatives
from ciip_irt.irt.linking.rasch_shift import SHIFTS, rasch_shift
from ciip_irt.irt.models.logistic import probability
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["METHODS", "SHIFTS", "Direction", "Link", "link", "transform_errors", "transform_parameters"]

Direction = Literal["old", "new", "symmetric"]
MOMENTS = ("mean_mean", "mean_gmean", "mean_sigma")
CURVES = ("haebara", "stocking_lord")
METHODS = (*MOMENTS, *CURVES, *SHIFTS)
FEW_ITEMS = 10  # common items; fewer do not average out what each drifts


@result
@dataclass(frozen=True, slots=True)
class Link:
    """Constants of ``theta_old = A theta_new + B``.

    Attributes
    ----------
    A, B
        Slope and intercept.
    method, direction
        How they were found; ``direction`` is "" where the method has none.
    n_items
        Common items used.
    loss
        Curve methods: the criterion at its minimum, the weights summing to 1, per common item for Haebara and
        per common form for Stocking-Lord. Moments and shifts: root mean square of
        ``b_old - (A b_new + B)``, in logits.
    shift_error
        Shifts: standard error of B from the spread of the common items (for ``mean_shift``
        ``sd(b_old - b_new) / sqrt(J)``); NaN for the other methods and for one item.
    converged
        False where the search of a curve method stopped early.
    warnings
        Plain sentences.
    derivatives
        Shape (2, 2, J, 3): of A and B by the items' a, b, c, old and new; with the covariance of the items'
        estimates, ``link_covariance`` makes the errors of A and B of them.
    """

    A: float
    B: float
    method: str
    direction: str
    n_items: int
    loss: float
    shift_error: float
    converged: bool
    warnings: tuple[str, ...]
    derivatives: FloatArray = field(default_factory=lambda: np.zeros((2, 2, 0, 3)))

    def equation(self) -> str:
        """The link as one line."""
        how = self.method.replace("_", "/" if self.method in MOMENTS else " ")
        return f"theta_old = {self.A:.4f} theta_new {self.B:+.4f} ({how}, {plural(self.n_items, 'item')})."

    def summary(self) -> str:
        """A few plain sentences."""
        return "\n".join([self.equation(), *self.warnings])


def link(
    old: FloatArray,
    new: FloatArray,
    method: str = "stocking_lord",
    *,
    D: float = 1.0,
    direction: Direction = "symmetric",
    theta: FloatArray | None = None,
    weights: FloatArray | None = None,
    se_old: FloatArray | None = None,
    se_new: FloatArray | None = None,
    hold_slope: bool = False,
) -> Link:
    """Find A and B from the parameters of the common items on both scales.

    The curve methods minimise over the points ``theta_q`` with weights ``w_q``

    - ``"old"``: ``sum_q w_q sum_j [P_j(theta_q; old) - P_j(theta_q; new on the old scale)]^2``
      (Stocking-Lord: the square of the sum over items),
    - ``"new"``: the same on the new scale, with the old parameters moved there,
    - ``"symmetric"``: the sum of both, so that linking the other way round gives exactly the inverse.

    Programs differ in both, and the constants with them by a few hundredths: name them when you report them.

    Parameters
    ----------
    old, new
        Shape (J, 3): a, b, c of the same items in the same order, both with the same D.
    method
        One of ``METHODS``.
    D
        Scaling constant of both parameter sets (curve methods).
    direction, theta, weights
        Curve methods only. ``theta`` has shape (Q,), by default -4 to 4 in steps of .05; ``weights`` shape
        (Q,), by default the standard normal density on the points (``numpy.ones`` for equal weights).
    se_old, se_new
        Shape (J,): standard errors of b, for ``weighted_shift``; one of them may be absent (bank values taken
        as known).
    hold_slope
        Hold A = 1, as a Rasch scale demands: its unit is fixed by the model, so that only B is looked for.

    Raises
    ------
    InputError
        Unknown method; shapes that do not agree; missing or impossible parameters; slopes that differ where a
        Rasch shift is asked for; no standard errors for ``weighted_shift``; ``mean_sigma`` with A held.
    DesignError
        No common items, or difficulties that do not vary where the method needs them to.

    >>> old = np.array([[1.0, -1.0, 0.2], [1.5, 0.5, 0.2], [0.8, 1.0, 0.2]])
    >>> new = np.column_stack((old[:, 0] * 1.2, (old[:, 1] + 0.5) / 1.2, old[:, 2]))
    >>> found = link(old, new, "stocking_lord")
    >>> round(found.A, 6), round(found.B, 6)
    (1.2, -0.5)
    """
    with one_blas_thread():
        old, new = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
        _check(old, new, method, direction, hold_slope=hold_slope)
        warnings = _few(len(old))
        if method in SHIFTS:
            return _shifted(old, new, method, se_old, se_new, warnings)
        if method in MOMENTS:
            A, B = _moments(old, new, method)
            derivatives = moment_derivatives(old, new, method, A)
            if hold_slope:
                A, B = 1.0, float(old[:, 1].mean() - new[:, 1].mean())
                derivatives = shift_derivatives(np.ones(len(old)))
            loss = float(np.sqrt(np.mean((old[:, 1] - A * new[:, 1] - B) ** 2)))
            return Link(A, B, method, "", len(old), loss, float("nan"), True, tuple(warnings), derivatives)
        points, w = _weighted_points(theta, weights)
        A, B, loss, converged, notes = _link_by_curves(
            old, new, method, D, direction, points, w, slope=not hold_slope
        )
        derivatives = curve_derivatives(
            old, new, method, D, direction, points, w, (A, B), slope=not hold_slope
        )
        said = (*warnings, *notes)
        return Link(A, B, method, direction, len(old), loss, float("nan"), converged, said, derivatives)


def transform_parameters(parameters: FloatArray, link: Link) -> FloatArray:
    """Shape (J, 3): parameters of the new calibration on the old scale.

    >>> moved = Link(2.0, 0.5, "mean_sigma", "", 20, 0.0, float("nan"), True, ())
    >>> transform_parameters(np.array([[1.0, -1.0, 0.2]]), moved)
    array([[ 0.5, -1.5,  0.2]])
    """
    a, b, c = np.asarray(parameters, dtype=np.float64).T
    return np.column_stack((a / link.A, link.A * b + link.B, c))


def transform_errors(standard_errors: FloatArray, link: Link) -> FloatArray:
    """Shape (J, 3): standard errors of a, b, c on the old scale, A and B taken as known.

    >>> moved = Link(2.0, 0.5, "mean_sigma", "", 20, 0.0, float("nan"), True, ())
    >>> transform_errors(np.array([[0.1, 0.2, 0.03]]), moved)
    array([[0.05, 0.4 , 0.03]])
    """
    factor = np.array([1.0 / link.A, link.A, 1.0])
    result: FloatArray = np.asarray(standard_errors, dtype=np.float64) * factor
    return result


def _check(old: FloatArray, new: FloatArray, method: str, direction: str, *, hold_slope: bool) -> None:
    if method not in METHODS:
        raise InputError(
            Problem(f"unknown linking method {method!r}", remedy=f"Use one of {', '.join(METHODS)}.")
        )
    if hold_slope and method == "mean_sigma":
        raise InputError(
            Problem(
                "mean_sigma changes the unit of the scale, and a Rasch scale admits a shift only",
                remedy="Use mean_shift, weighted_shift or robust_shift.",
            )
        )
    if direction not in ("old", "new", "symmetric"):
        raise InputError(Problem(f"unknown direction {direction!r}", remedy="Use old, new or symmetric."))
    if old.ndim != 2 or old.shape != new.shape or old.shape[1] != 3:
        raise InputError(
            Problem(
                f"the common items have shapes {old.shape} and {new.shape}",
                remedy="Give a, b, c of the same items, in the same order, from both calibrations.",
            )
        )
    if not len(old):
        raise DesignError(
            "the two calibrations have no common items, so nothing ties their scales together. Repeat some"
            " items of the old form in the new one, or calibrate both logs together."
        )
    problems = []
    for name, values in (("old", old), ("new", new)):
        lost = ~np.isfinite(values).all(axis=1)
        if lost.any():
            problems.append(
                Problem(
                    f"{plural(int(lost.sum()), 'common item')} without {name} parameters",
                    examples=[f"item {j}" for j in np.flatnonzero(lost)],
                    remedy="Leave these items out of both sets.",
                )
            )
        flat = values[:, 0] <= 0
        if flat.any():
            problems.append(
                Problem(
                    f"{plural(int(flat.sum()), 'common item')} with a {name} slope of zero or less",
                    examples=[f"item {j}" for j in np.flatnonzero(flat)],
                    remedy="Leave these items out of both sets: they cannot hold a scale.",
                )
            )
    if problems:
        raise InputError(problems)
    unequal = np.abs(old[:, 0] - new[:, 0]) > 1e-6 * np.abs(old[:, 0])
    if method in SHIFTS and unequal.any():
        raise InputError(
            Problem(
                f"{method} is for the Rasch model, but {plural(int(unequal.sum()), 'slope')} differ between"
                " the calibrations",
                remedy="Use stocking_lord or another method that estimates A.",
            )
        )


def _shifted(
    old: FloatArray,
    new: FloatArray,
    method: str,
    se_old: FloatArray | None,
    se_new: FloatArray | None,
    warnings: list[str],
) -> Link:
    B, shift_error, converged, pull = rasch_shift(old[:, 1] - new[:, 1], method, se_old, se_new)
    loss = float(np.sqrt(np.mean((old[:, 1] - new[:, 1] - B) ** 2)))
    if not converged:
        warnings.append("The robust shift did not settle; compare it with mean_shift.")
    derivatives = shift_derivatives(pull)
    return Link(1.0, B, method, "", len(old), loss, shift_error, converged, tuple(warnings), derivatives)


def _weighted_points(theta: FloatArray | None, weights: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Points and weights (Q,) of the curve methods; the weights sum to 1."""
    points = np.asarray(np.arange(-80, 81) * 0.05 if theta is None else theta, dtype=np.float64)
    w = np.asarray(np.exp(-0.5 * points**2) if weights is None else weights, dtype=np.float64)
    if w.shape != points.shape or points.ndim != 1 or not (w >= 0).all() or not w.sum() > 0:
        raise InputError(
            Problem(
                f"{w.size} weights for {points.size} points, or weights below zero",
                remedy="Give one weight, zero or more, for each point.",
            )
        )
    return points, w / w.sum()


def _few(n_items: int) -> list[str]:
    if n_items >= FEW_ITEMS:
        return []
    return [
        f"Only {plural(n_items, 'common item')}: a single drifted item moves the scale."
        " Twenty, or a fifth of the form, would hold it better."
    ]


def _moments(old: FloatArray, new: FloatArray, method: str) -> tuple[float, float]:
    if method == "mean_sigma":
        spread = new[:, 1].std()
        if len(old) < 2 or spread <= 1e-12 or old[:, 1].std() <= 1e-12:
            raise DesignError(
                "mean_sigma needs common items of different difficulty, and here all have the same. Use"
                " mean_mean or a curve method."
            )
        A = float(old[:, 1].std() / spread)
    elif method == "mean_gmean":
        A = float(np.exp(np.mean(np.log(new[:, 0]) - np.log(old[:, 0]))))
    else:
        A = float(new[:, 0].mean() / old[:, 0].mean())
    return A, float(old[:, 1].mean() - A * new[:, 1].mean())


def _link_by_curves(
    old: FloatArray,
    new: FloatArray,
    method: str,
    D: float,
    direction: Direction,
    theta: FloatArray,
    weights: FloatArray,
    *,
    slope: bool,
) -> tuple[float, float, float, bool, list[str]]:
    root = np.sqrt(weights)[:, None]
    there, here = _right(old, theta, D), _right(new, theta, D)

    def residuals(x: FloatArray) -> FloatArray:
        A, B = float(np.exp(x[0])) if slope else 1.0, float(x[-1])
        parts = []
        if direction != "new":
            parts.append(
                there - _right(np.column_stack((new[:, 0] / A, A * new[:, 1] + B, new[:, 2])), theta, D)
            )
        if direction != "old":
            back = np.column_stack((old[:, 0] * A, (old[:, 1] - B) / A, old[:, 2]))
            parts.append(here - _right(back, theta, D))
        if method == "stocking_lord":
            parts = [part.sum(axis=1, keepdims=True) for part in parts]
        result: FloatArray = np.concatenate([(root * part).ravel() for part in parts])
        return result

    starts = _starts(old, new) if slope else [np.array([float(old[:, 1].mean() - new[:, 1].mean())])]
    found = [_search(residuals, start) for start in starts]
    x, loss, converged = min(found, key=lambda one: one[1])
    notes = []
    # the two directions of a symmetric criterion are averaged, so that its size compares with a single one
    loss /= (len(old) if method == "haebara" else 1) * (2 if direction == "symmetric" else 1)
    others = [one for one in found if one[1] > min(f[1] for f in found) * (1 + 1e-6) + 1e-14]
    if others and max(float(np.abs(one[0] - x).max()) for one in others) > 1e-3:
        notes.append(
            "The criterion has more than one minimum; the lowest was taken. Compare with mean_sigma."
        )
    if not converged:
        notes.append(
            "The search for A and B did not converge. Look at the common items with the largest"
            " displacement, or use mean_sigma."
        )
    return float(np.exp(x[0])) if slope else 1.0, float(x[-1]), loss, converged, notes


def _right(parameters: FloatArray, theta: FloatArray, D: float) -> FloatArray:
    result: FloatArray = probability(parameters, theta, D)[:, :, 1]
    return result


def _starts(old: FloatArray, new: FloatArray) -> list[FloatArray]:
    starts = [_moments(old, new, "mean_gmean"), (1.0, float(old[:, 1].mean() - new[:, 1].mean()))]
    if len(old) > 1 and min(old[:, 1].std(), new[:, 1].std()) > 1e-12:
        starts.append(_moments(old, new, "mean_sigma"))
    return [np.array([np.log(A), B]) for A, B in starts]


def _search(
    residuals: Callable[[FloatArray], FloatArray], start: FloatArray
) -> tuple[FloatArray, float, bool]:
    from scipy.optimize import least_squares  # .08 s to load, and shifts and moments need none of it

    found = least_squares(residuals, start, jac="3-point", xtol=1e-11, ftol=1e-14, gtol=1e-13, max_nfev=500)
    return found.x, float(2.0 * found.cost), bool(found.success)
