"""How dependable pass and fail are, by the response model: accuracy, consistency, errors at the cut.

``rudner``   the cut is on theta; estimates scatter normally around it.
``lee``      the cut is a raw score; raw scores scatter as the Lord-Wingersky recursion says.

Where no response model is fitted, see ``classical.decisions``.
"""

from itertools import pairwise

import numpy as np
from scipy.special import ndtr

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt import score_distribution, theta_at_expected_score
from ciip_irt.irt import test_information as form_information
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.scores.numbers.passing import DecisionQuality, decision_quality, lowest_passing, passes

__all__ = [
    "ability_points",
    "csem",
    "empirical_reliability",
    "lee",
    "marginal_reliability",
    "rudner",
]

REACH = 8.0  # standard deviations either side of the mean
# exact for polynomials of degree 19, so far beyond what a double shows of a quarter deviation
NODES_PER_PANEL = 10
PANEL = 0.25  # standard deviations


def ability_points(
    mean: float = 0.0, sd: float = 1.0, cut: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Points and weights of a normal population that no panel carries across the cut.

    Who deserves to pass jumps from 0 to 1 at the cut; a grid that straddles it would err by half a step.

    >>> theta, weights = ability_points(0.0, 1.0, cut=0.5)
    >>> round(float(weights[theta >= 0.5].sum()), 9) == round(float(ndtr(-0.5)), 9)
    True
    """
    ends = [mean - REACH * sd, mean + REACH * sd]
    if cut is not None and ends[0] < cut < ends[1]:
        ends.insert(1, cut)
    edges = np.concatenate(
        [
            np.linspace(low, high, int(np.ceil((high - low) / (PANEL * sd))) + 1)[:-1]
            for low, high in pairwise(ends)
        ]
        + [np.array([ends[-1]])]
    )
    nodes, node_weights = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
    half = 0.5 * np.diff(edges)[:, None]
    theta = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
    density = (half * node_weights).ravel() * np.exp(-0.5 * ((theta - mean) / sd) ** 2)
    return theta, density / density.sum()


def rudner(
    theta: FloatArray, se: FloatArray, cut: float, weights: FloatArray | None = None
) -> DecisionQuality:
    """Accuracy and consistency of a cut on theta: ``chance = Phi((theta - cut) / se)``.

    Give the persons' estimates and standard errors to describe these candidates, or points, ``1 / sqrt(I)``
    and weights to describe a form in a population. Estimates spread more than true abilities (ML, WLE) or
    less (EAP), so the second is the better description where the form's parameters are known.

    Parameters
    ----------
    theta, se
        Shape (N,). A person without a finite estimate passes or fails for certain; NaN is left out.
    cut
        On the same scale; at the cut is a pass.
    weights
        Shape (N,); equal by default.

    Raises
    ------
    InputError
        No person with an estimate, or a standard error of zero or less.

    Source: Rudner (2001), Practical Assessment, Research & Evaluation 7(14), and (2005) 10(13).

    >>> from ciip_irt.irt.curves import test_information
    >>> items = np.array([[1.0, 0.0, 0.0]] * 40)
    >>> points, weights = ability_points(0.0, 1.0, cut=-0.5)
    >>> quality = rudner(points, 1 / np.sqrt(test_information(items, points)), -0.5, weights)
    >>> round(quality.accuracy, 3), round(quality.consistency, 3)
    (0.909, 0.872)
    """
    theta, se = np.asarray(theta, dtype=np.float64), np.asarray(se, dtype=np.float64)
    known = np.isfinite(theta) & ~np.isnan(se)
    usable = known | np.isinf(theta)
    if not usable.any() or (se[known] <= 0).any():
        raise InputError(
            Problem(
                "no person has an ability estimate with a positive standard error",
                remedy="Estimate abilities first, and leave persons without answers out.",
            )
        )
    z = np.where(known, (theta - cut) / np.where(known, se, 1.0), np.sign(theta) * np.inf)
    return decision_quality(
        np.asarray(ndtr(z[usable])),
        passes(theta[usable], cut),
        None if weights is None else np.asarray(weights, dtype=np.float64)[usable],
        method="rudner",
        cut=cut,
    )


def lee(
    parameters: FloatArray,
    cut: float,
    *,
    mean: float = 0.0,
    sd: float = 1.0,
    theta_cut: float | None = None,
    theta: FloatArray | None = None,
    weights: FloatArray | None = None,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> DecisionQuality:
    """Accuracy and consistency of a raw cut: ``chance = sum_{x >= cut} f(x | theta)``.

    Parameters
    ----------
    parameters
        Shape (J, 3): the scored items of the form.
    cut
        Raw score needed to pass.
    mean, sd
        Of a normal population.
    theta_cut
        The standard: who is above it deserves to pass. By default those whose expected raw score is at the
        cut or above.
    theta, weights
        Shape (Q,): another population, as points (or persons' abilities) and weights (equal by default).

    Raises
    ------
    InputError
        Items without parameters, or no points.

    Source: Lee (2010), Journal of Educational Measurement 47:1-17.

    >>> items = np.array([[1.0, 0.0, 0.0]] * 40)
    >>> quality = lee(items, 16, sd=1.0)
    >>> round(quality.accuracy, 3), round(quality.consistency, 3)
    (0.909, 0.873)
    """
    parameters = np.asarray(parameters, dtype=np.float64)
    if not len(parameters) or np.isnan(parameters).any():
        raise InputError(
            Problem(
                "the form has no items, or items without parameters",
                remedy="Calibrate every scored item of the form first.",
            )
        )
    split = float(theta_at_expected_score(parameters, cut, D, model)) if theta_cut is None else theta_cut
    points = theta
    if points is None:
        points, weights = ability_points(mean, sd, split)
    by_score = score_distribution(parameters, points, D, model)
    lowest = min(max(lowest_passing(cut), 0), by_score.shape[1])
    return decision_quality(
        np.clip(by_score[:, lowest:].sum(axis=1), 0.0, 1.0),
        passes(points, split),
        weights,
        method="lee",
        cut=cut,
    )


def csem(
    parameters: FloatArray, theta: FloatArray, D: float = 1.0, model: ItemModel = DICHOTOMOUS
) -> tuple[FloatArray, FloatArray]:
    """Two arrays (Q,): conditional standard errors of measurement, of the raw score and of theta.

    Raw ``sqrt(sum_j Var(x_j | theta))``, for right/wrong items ``sqrt(sum P Q)``; theta ``1 / sqrt(I)``, inf
    where there is no information.

    >>> raw, ability = csem(np.array([[1.0, 0.0, 0.0]] * 16), np.array([0.0]))
    >>> raw, ability
    (array([2.]), array([0.5]))
    """
    theta = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    p = model.probability(parameters, theta, D)
    scores = np.arange(p.shape[2], dtype=np.float64)
    variance = (p @ scores**2 - (p @ scores) ** 2).sum(axis=1)
    with np.errstate(divide="ignore"):
        ability = 1.0 / np.sqrt(form_information(parameters, theta, D, model))
    return np.sqrt(np.maximum(variance, 0.0)), ability


def marginal_reliability(
    parameters: FloatArray,
    mean: float = 0.0,
    sd: float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> float:
    """Reliability of ability on a form in a normal population: the mean of ``I / (I + 1 / sd^2)``.

    Source: Green, Bock, Humphreys, Linn & Reckase (1984), Journal of Educational Measurement 21:347-360, in
    the form of the posterior variance.

    >>> round(marginal_reliability(np.array([[1.0, 0.0, 0.0]] * 40)), 3)
    0.885
    """
    theta, weights = ability_points(mean, sd)
    information = form_information(parameters, theta, D, model)
    return float(weights @ (information / (information + 1.0 / sd**2)))


def empirical_reliability(theta: FloatArray, se: FloatArray, method: str = "eap") -> float:
    """Reliability of the ability estimates of these persons; NaN for fewer than two.

    EAP and MAP: ``Var(theta) / (Var(theta) + mean(se^2))``; ML and WLE: ``1 - mean(se^2) / Var(theta)``
    (Adams 2005, Studies in Educational Evaluation 31:162-172), persons without a finite estimate left out.

    >>> empirical_reliability(np.array([-1.0, 0.0, 1.0]), np.full(3, 0.5))
    0.8
    """
    if method not in ("eap", "map", "ml", "wle"):
        raise InputError(Problem(f"unknown method {method!r}", remedy="Choose eap, map, ml or wle."))
    known = np.isfinite(theta) & np.isfinite(se)
    if known.sum() < 2:
        return float("nan")
    between, within = float(np.var(theta[known], ddof=1)), float(np.mean(se[known] ** 2))
    if between + within <= 0 or (between <= 0 and method in ("ml", "wle")):
        return float("nan")
    return between / (between + within) if method in ("eap", "map") else 1.0 - within / between
