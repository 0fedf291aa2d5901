"""Conditional maximum likelihood as an engine: Rasch difficulties that assume no population.

Given the raw score, the ability drops out of the Rasch likelihood; what is left gives difficulties and their
standard errors whatever the shape of the population. Abilities and fit statistics do need a population: its
mean and spread are then estimated by marginal maximum likelihood with these difficulties held.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.calibration.groups.groups import GroupedBlocks
from ciip_irt.calibration.groups.populations import Populations
from ciip_irt.calibration.prepared import Estimates, Prepared
from ciip_irt.calibration.result import EstimatesCovariance
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import CmlFit, MmlFit, fit_cml, fit_mml
from ciip_irt.records import result

__all__ = ["ConditionalEstimates", "check_conditional", "estimate_conditionally", "estimates_by_cml"]

NORMAL_95 = 1.959963984540054  # standard errors either side that hold 95 %: the 97.5th percentile of N(0, 1)
MOST_STEPS = 50  # of Newton's method, which takes about five


@result
@dataclass(frozen=True, slots=True)
class ConditionalEstimates:
    """What the engine finds.

    Attributes
    ----------
    fit
        The conditional fit, in logits.
    population
        The populations, by marginal maximum likelihood with these difficulties held.
    parameters, errors, low, high
        Shape (J, 3): a, b, c on the scale with the D asked for, standard errors and ends of 95 % intervals
        of b; NaN where there is no estimate.
    """

    fit: CmlFit
    population: MmlFit
    parameters: FloatArray
    errors: FloatArray
    low: FloatArray
    high: FloatArray


def estimates_by_cml(
    prepared: Prepared,
    population: str,
    priors: str,
    standard_errors: str,
    max_iterations: int | None,
) -> Estimates:
    """What a calibration needs of the engine: estimates, populations, warnings, how it ended.

    Raises
    ------
    InputError
        What the engine does not know: see ``check_conditional``.
    DesignError
        Items that the answers cannot compare.
    """
    scale, item_ids = prepared.scale, prepared.scored.item_ids
    check_conditional(
        scale.model,
        anchored=bool(prepared.anchors.held.any()),
        priors=priors,
        standard_errors=standard_errors,
    )
    found = estimate_conditionally(
        prepared.data, item_ids, D=scale.D, population=population, max_iterations=max_iterations
    )
    fit, moments = found.fit, found.population
    return Estimates(
        parameters=found.parameters,
        errors=found.errors,
        low=found.low,
        high=found.high,
        held=prepared.anchors.held,
        populations=Populations.of_fit(
            moments, prepared.groups, moments.population_mean_se, moments.population_sd_se
        ),
        warnings=(*fit.warnings, *prepared.groups.warnings()),
        settings={
            "engine": "cml",
            "standard_errors": "conditional",
            "priors": "none",
            "origin": "difficulties have sum 0",
            "population": population,
            "groups": prepared.groups.column or "none",
        },
        converged=fit.converged,
        iterations=fit.iterations,
        log_likelihood=fit.log_likelihood,
        gradient_norm=fit.gradient_norm,
        # the conditional likelihood is concave: where its gradient is 0 is its only maximum
        second_order="maximum" if fit.converged else "not examined",
        covariance=_covariance(found, scale.D),
    )


def _covariance(found: ConditionalEstimates, D: float) -> EstimatesCovariance:
    """Of the difficulties, whose sum is 0."""
    known = ~np.isnan(found.fit.b)
    estimated = np.zeros((known.size, 3), dtype=np.bool_)
    estimated[:, 1] = known
    return EstimatesCovariance(found.fit.covariance[np.ix_(known, known)] / D**2, estimated)


def check_conditional(model: str, *, anchored: bool, priors: str, standard_errors: str) -> None:
    """Refuse what the conditional likelihood does not know, all at once.

    Raises
    ------
    InputError
        Another model than rasch, anchors, a prior, or other standard errors.
    """
    problems = []
    if model != "rasch":
        problems.append(
            Problem(
                f"the engine cml does not estimate the model {model}: only under rasch does the raw"
                " score hold all that answers say of a candidate",
                remedy="Use --model rasch with it, or the engine mml.",
            )
        )
    if anchored:
        problems.append(
            Problem(
                "the engine cml cannot hold anchors: conditional difficulties are known up to a shift",
                remedy="Use --anchors none with it and put its parameters.csv on the bank's scale with"
                " ciip-irt link, or use the engine mml.",
            )
        )
    if priors == "bank":
        problems.append(
            Problem("the engine cml takes no priors", remedy="Use --priors none, or the engine mml.")
        )
    if standard_errors != "oakes":
        problems.append(
            Problem(
                f"the engine cml has standard errors of its own, not {standard_errors}",
                remedy="Leave the standard errors out: they come from the conditional information.",
            )
        )
    if problems:
        raise InputError(problems)


def estimate_conditionally(
    data: GroupedBlocks,
    item_ids: Sequence[str],
    *,
    D: float = 1.0,
    population: str = "normal",
    max_iterations: int | None = None,
) -> ConditionalEstimates:
    """Difficulties with sum 0 over the items that have an estimate, and the populations on that scale.

    Parameters
    ----------
    data
        Answers of all candidates, in blocks.
    item_ids
        Shape (J,): what items are called in messages.
    D
        The scaling constant of the scale: ``b = b_logit / D``.
    population, max_iterations
        The kind of the populations; the limit of Newton's steps (50).

    Raises
    ------
    InputError
        Scores other than 0 and 1.
    DesignError
        Items that no candidate connects, or between which answers differ in one direction only.
    """
    n_items = len(item_ids)
    limit = MOST_STEPS if max_iterations is None else max_iterations
    fit = fit_cml(data.blocks, n_items, max_iterations=limit, names=item_ids)
    unknown = np.full(n_items, np.nan)
    known = ~np.isnan(fit.b)
    flat, zero = np.where(known, 1.0, np.nan), np.where(known, 0.0, np.nan)
    parameters = np.column_stack((flat, fit.b / D, zero))
    spread = NORMAL_95 * fit.standard_errors / D
    moments = fit_mml(
        [_of_items(block, known) for block in data.blocks],
        "rasch",
        n_items,
        fixed=parameters,
        population=population,
        D=D,
    )
    return ConditionalEstimates(
        fit,
        moments,
        parameters,
        np.column_stack((unknown, fit.standard_errors / D, unknown)),
        np.column_stack((unknown, fit.b / D - spread, unknown)),
        np.column_stack((unknown, fit.b / D + spread, unknown)),
    )


def _of_items(block: ResponseBlock, wanted: np.ndarray) -> ResponseBlock:
    """The columns of the items that have an estimate."""
    keep = wanted[block.items]
    if keep.all():
        return block
    return ResponseBlock(block.items[keep], np.ascontiguousarray(block.scores[:, keep]), block.group)
