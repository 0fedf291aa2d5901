"""The estimation itself: anchors held, dropped where they drifted, and the estimates that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.calibration.anchoring.anchors import AnchorReport, HeldAnchors
from ciip_irt.calibration.result import EstimatesCovariance
from ciip_irt.irt import Priors, ResponseBlock
from ciip_irt.irt.estimation import MmlFit, fit_mml, information_with_anchors, parameter_intervals
from ciip_irt.irt.linking import DriftLimits, screen_anchors
from ciip_irt.records import result

__all__ = ["Estimation", "Options", "estimate"]

ROUNDS = 6  # a round sees all that drifted; later ones only what the new estimates bring to light


@result
@dataclass(frozen=True, slots=True)
class Options:
    """How to estimate; ``max_iterations=None`` is the estimation's own limit."""

    model: str
    D: float
    priors: Priors
    population: str
    standard_errors: str
    max_iterations: int | None
    purify: bool
    limits: DriftLimits
    not_held: BoolArray | None = None  # (J,) anchors whose value in the bank cannot be right


@result
@dataclass(frozen=True, slots=True)
class Estimation:
    """The last fit, the anchors that held the scale in it, and errors and intervals that allow for theirs."""

    fit: MmlFit
    held: BoolArray
    errors: FloatArray
    low: FloatArray
    high: FloatArray
    mean_error: FloatArray
    sd_error: FloatArray
    report: AnchorReport | None
    covariance: EstimatesCovariance | None = None


def estimate(
    blocks: Sequence[ResponseBlock], anchors: HeldAnchors, n_items: int, options: Options
) -> Estimation:
    """Estimate; where anchors drifted and ``purify`` is on, free them and estimate again until none has."""
    sound = anchors.held if options.not_held is None else anchors.held & ~options.not_held
    held = sound.copy()
    for _ in range(ROUNDS):
        fit = fit_mml(
            blocks,
            options.model,
            n_items,
            fixed=np.where(held[:, None], anchors.values, np.nan) if held.any() else None,
            priors=options.priors,
            population=options.population,
            D=options.D,
            max_iterations=options.max_iterations,
            standard_errors=options.standard_errors,
        )
        if not held.any():
            low, high = parameter_intervals(fit, _given(options.priors))
            return Estimation(
                fit,
                held,
                fit.standard_errors,
                low,
                high,
                fit.population_mean_se,
                fit.population_sd_se,
                None,
                _covariance(fit, fit.covariance),
            )
        at = information_with_anchors(blocks, fit, options.priors)
        screen = screen_anchors(
            at,
            options.limits,
            bank_se=anchors.errors[:, 1],
            held_at_first=sound,
            cells=anchors.cells,
        )
        if not options.purify or not screen.dropped:
            break
        held[list(screen.dropped)] = False
    else:
        held[list(screen.dropped)] = True  # the last proposal was not estimated any more
    report = AnchorReport.of(at, fit, screen, anchors, held)
    errors = report.errors
    with_anchors = replace(fit, standard_errors=errors.parameters, covariance=errors.covariance)
    low, high = parameter_intervals(with_anchors, _given(options.priors))
    covariance = _covariance(fit, errors.covariance)
    return Estimation(fit, held, errors.parameters, low, high, errors.mean, errors.sd, report, covariance)


def _given(priors: Priors) -> Priors | None:
    return None if priors == Priors() else priors


def _covariance(fit: MmlFit, matrix: FloatArray | None) -> EstimatesCovariance | None:
    return None if matrix is None else EstimatesCovariance(matrix, fit.free)
