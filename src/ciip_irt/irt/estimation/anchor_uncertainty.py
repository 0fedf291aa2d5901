"""What the anchors' own standard errors add to those of the new items and of the population.

An anchored calibration takes the bank's values F as known. They were estimated once; with their covariance
``Sigma_F`` the estimates N have, to first order,

    Cov(N) = H_NN^-1 + G Sigma_F G',     G = -H_NN^-1 H_NF,

the first term being that of the usual standard errors. The second does not shrink with the number of
candidates: a few imprecise anchors move the whole scale, and all new items with it.

Source: the implicit function theorem applied to the likelihood equations (two-step estimation: Gong &
Samaniego 1981, Annals of Statistics 9:861-869).
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.irt.estimation.anchored_information import AnchoredInformation
from ciip_irt.irt.estimation.mml_fit import MmlFit
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["ErrorsWithAnchors", "errors_with_anchors"]


@result
@dataclass(frozen=True, slots=True)
class ErrorsWithAnchors:
    """Standard errors that allow for the anchors' uncertainty.

    Attributes
    ----------
    parameters
        Shape (J, P); NaN where there was none before.
    mean, sd
        Shape (G,): of the population moments.
    without
        Shape (J,): anchors taken as known exactly, for want of a standard error.
    covariance
        Shape (F, F): of the estimated parameters in the order of ``np.argwhere(fit.free)``.
    """

    parameters: FloatArray
    mean: FloatArray
    sd: FloatArray
    without: BoolArray
    covariance: FloatArray | None


def errors_with_anchors(at: AnchoredInformation, fit: MmlFit, anchor_errors: FloatArray) -> ErrorsWithAnchors:
    """Add ``G Sigma_F G'`` to the standard errors of a fit.

    Parameters
    ----------
    at
        ``anchored_information`` of the fit.
    anchor_errors
        Shape (J, P): the bank's standard errors of a, b, c; NaN where unknown, which counts as 0. Between
        parameters and items they are taken as uncorrelated, because banks do not keep correlations.

    >>> from ciip_irt.irt.estimation.anchored_information import information_with_anchors
    >>> from ciip_irt.irt.estimation.mml import fit_mml
    >>> from ciip_irt.irt.response_blocks import ResponseBlock
    >>> rng = np.random.default_rng(3)
    >>> b = np.linspace(-1, 1, 6)
    >>> scores = (rng.random((500, 6)) < 1 / (1 + np.exp(b - rng.normal(size=(500, 1))))).astype(np.int8)
    >>> blocks = [ResponseBlock(np.arange(6), scores)]
    >>> held = np.column_stack((np.ones(6), b, np.zeros(6)))
    >>> held[4:] = np.nan
    >>> fit = fit_mml(blocks, "rasch", 6, fixed=held)
    >>> bank = np.where(np.isnan(held), np.nan, [0.0, 0.2, 0.0])
    >>> more = errors_with_anchors(information_with_anchors(blocks, fit), fit, bank)
    >>> fit.standard_errors[4:, 1].round(2), more.parameters[4:, 1].round(2)
    (array([0.11, 0.12]), array([0.15, 0.16]))
    """
    with one_blas_thread():
        known = np.where(np.isfinite(anchor_errors), anchor_errors, 0.0)
        without = at.anchors & ~(known[:, _estimated(at)] > 0).all(axis=1)
        F, N = np.flatnonzero(at.held), np.flatnonzero(at.estimated)
        follow = np.zeros((at.matrix.shape[0], F.size))
        follow[N], follow[F] = at.response, np.eye(F.size)
        added = follow @ _of_working(at, known)[np.ix_(F, F)] @ follow.T
        jacobian = at.model.reported_jacobian(at.working, at.D)
        estimated = np.argwhere(fit.free)
        by_working = np.zeros((len(estimated), added.shape[0]))
        for row, (item, name) in enumerate(estimated):
            slots = np.flatnonzero(at.free.free[item])
            by_working[row, at.free.index[item, slots]] = jacobian[item, name, slots]
        more = by_working @ added
        parameters = fit.standard_errors.copy()
        variance = np.einsum("pr,pr->p", more, by_working)
        parameters[fit.free] = np.sqrt(parameters[fit.free] ** 2 + variance)
        covariance = None if fit.covariance is None else fit.covariance + more @ by_working.T
        moments = np.column_stack((fit.population_mean_free, fit.population_sd_free))
        by_moment = np.zeros(moments.shape)
        by_moment[moments] = np.diag(added)[at.free.size :][: int(moments.sum())]
        return ErrorsWithAnchors(
            parameters,
            np.sqrt(fit.population_mean_se**2 + by_moment[:, 0]),
            np.sqrt(fit.population_sd_se**2 + by_moment[:, 1]),
            without,
            covariance,
        )


def _estimated(at: AnchoredInformation) -> list[int]:
    """Columns of the reported parameters that the model estimates."""
    names = (*at.model.free, *at.model.common)
    return [place for place, name in enumerate(at.model.parameters) if name in names]


def _of_working(at: AnchoredInformation, errors: FloatArray) -> FloatArray:
    """Shape (n, n): covariance of the anchors' working values.

    A slope that all items share is one value with one error, the root mean square of those given.
    """
    columns = _estimated(at)
    by_working = at.model.reported_jacobian(at.working, at.D)
    result = np.zeros(at.matrix.shape)
    common = np.zeros(at.matrix.shape[0])
    shared = bool(at.model.common)
    for item in np.flatnonzero(at.anchors):
        # a lower asymptote of exactly 0 does not move with its working value
        slots = [slot for slot in np.flatnonzero(at.free.free[item]) if by_working[item, slot, slot] != 0]
        own = [column for column in columns if column in slots]
        by_reported = np.linalg.inv(by_working[item][own][:, slots])
        places = at.free.index[item, slots]
        variance = errors[item, own] ** 2
        if shared:
            common[places[1:]] = by_reported[1:, 0]
            common[places[0]] = by_reported[0, 0]
            variance[0] = 0.0
        result[np.ix_(places, places)] += by_reported * variance @ by_reported.T
    if shared and at.anchors.any():
        result += np.outer(common, common) * np.mean(errors[at.anchors, 0] ** 2)
    return result
