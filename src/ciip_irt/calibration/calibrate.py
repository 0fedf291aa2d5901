"""Calibration: item parameters on a scale, from scored responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import ItemBank, Scale
from ciip_irt.calibration.design import require_connected
from ciip_irt.calibration.observed import observed_proportions
from ciip_irt.calibration.result import ESTIMATED, Calibration
from ciip_irt.errors import InputError, Problem, ScaleError, plural
from ciip_irt.irt.ability import estimate_abilities, person_posteriors
from ciip_irt.irt.fit import FIT, ItemFit
from ciip_irt.irt.mml import fit_mml
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.priors import default_priors
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import answer_counts
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables.catalogue import MODELS

__all__ = ["calibrate"]

ENOUGH = {"rasch": 100, "1pl": 200, "2pl": 500, "3pl": 1000}
DISPLACED = 0.5
SURELY = 2.0  # standard errors


def calibrate(
    scored: ScoredResponses,
    model: str = "rasch",
    *,
    anchors: ItemBank | None = None,
    engine: Literal["mml", "girth"] = "mml",
    standard_errors: Literal["oakes", "cross_product"] = "oakes",
    D: float = 1.0,
    scale_id: str = "free",
) -> Calibration:
    """Estimate item parameters by marginal maximum likelihood.

    Free calibration (``anchors=None``) puts the scale's origin at the mean of these candidates. Anchored
    calibration holds the scored items that the bank has parameters for, leaves the population free, and
    estimates all other items on the bank's scale (Kim 2006, J. Educ. Meas. 43:355-381, multiple weight
    updates, multiple EM cycles).

    Parameters
    ----------
    scored
        Eligible, scored deliveries.
    model
        ``rasch``, ``1pl``, ``2pl`` or ``3pl``.
    anchors
        The bank whose scored items hold the scale.
    engine
        ``mml`` is ours; ``girth`` a cross-check on complete data of one population.
    standard_errors
        Observed information by Oakes' identity, or the cross-product of the scores.
    D, scale_id
        Scaling constant and name of the scale of a free calibration; anchored ones take the bank's.

    Raises
    ------
    InputError
        An unknown model or engine.
    ScaleError
        The bank is of another model.
    DesignError
        Parts of the design share no item and no anchor ties them together; ``girth`` on data missing by
        design.

    Examples
    --------
    >>> from ciip_irt.simulate import simulate_programme
    >>> from ciip_irt.responses import score
    >>> programme = simulate_programme(n_candidates=150, seed=1)
    >>> bank = ItemBank.from_frame(programme.items)
    >>> calibration = calibrate(score(programme.responses, bank), "rasch", anchors=bank)
    >>> calibration.converged
    True
    """
    if model not in MODELS:  # those that the tables of the bank hold
        raise InputError(Problem(f"unknown model {model!r}", remedy=f"Use one of: {', '.join(MODELS)}."))
    setup = _setup(scored, Scale(scale_id, model, D), anchors)
    blocks = scored.response_blocks()
    require_connected(scored, blocks, setup.fixed)
    if engine == "girth":
        return _by_girth(scored, setup)
    if engine != "mml":
        raise InputError(Problem(f"unknown engine {engine!r}", remedy="Use mml or girth."))
    priors = default_priors(model)
    fit = fit_mml(
        blocks,
        model,
        scored.items.height,
        priors=priors,
        fixed=setup.values if setup.fixed.any() else None,
        D=setup.scale.D,
        standard_errors=standard_errors,
    )
    population = pl.DataFrame(
        {
            "group": ["all"],
            "n": [int(fit.n_persons.sum())],
            "mean": [float(fit.population_mean[0])],
            "se_mean": [float(fit.population_mean_se[0])],
            "sd": [float(fit.population_sd[0])],
            "se_sd": [float(fit.population_sd_se[0])],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    return _completed(
        scored,
        setup,
        estimates=fit.parameters,
        errors=fit.standard_errors,
        mean=float(fit.population_mean[0]),
        sd=float(fit.population_sd[0]),
        population=population,
        ended=(fit.converged, fit.iterations, fit.log_likelihood),
        warnings=[*_named_warnings(fit.warnings, fit.no_variance, scored), *_small_samples(fit.n, setup)],
        settings={"engine": "mml", "standard_errors": standard_errors, "priors": priors.in_words()},
    )


@dataclass(frozen=True, slots=True)
class _Setup:
    """Which items are held, at which values, on which scale."""

    scale: Scale
    fixed: BoolArray
    values: FloatArray


def _setup(scored: ScoredResponses, asked: Scale, anchors: ItemBank | None) -> _Setup:
    nothing = np.zeros(scored.items.height, dtype=bool)
    if anchors is None:
        return _Setup(asked, nothing, np.full((scored.items.height, 3), np.nan))
    scale = anchors.scale
    if scale is None:
        raise ScaleError(
            Problem(
                "no item of the bank has parameters, so nothing can hold the scale",
                where=anchors.where,
                remedy="Calibrate freely first (--anchors none) and write the parameters into the bank.",
            )
        )
    if scale.model != asked.model:
        raise ScaleError(
            Problem(
                f"the bank is calibrated with {scale.model}, the calibration asked for is {asked.model}",
                where=anchors.where,
                remedy=f"Use --model {scale.model}, or calibrate freely with --anchors none.",
            )
        )
    values = anchors.parameters(scored.item_ids)
    held = _scored_somewhere(scored) & ~np.isnan(values[:, 1])
    if not held.any():
        raise ScaleError(
            Problem(
                "no scored item of this log has parameters in the bank, so nothing can hold the scale",
                where=anchors.where,
                remedy="Check the item ids, or calibrate freely with --anchors none.",
            )
        )
    values[~held] = np.nan
    return _Setup(scale, held, values)


def _scored_somewhere(scored: ScoredResponses) -> BoolArray:
    result = np.zeros(scored.items.height, dtype=bool)
    for block in scored.blocks:
        result[block.items[block.is_scored]] = True
    return result


def _small_samples(n: IntArray, setup: _Setup) -> list[str]:
    model = setup.scale.model
    few = int(((n < ENOUGH[model]) & (n > 0) & ~setup.fixed).sum())
    if not few:
        return []
    return [
        f"{plural(few, 'item')} had fewer than {ENOUGH[model]:,} answers, the number usually wanted for"
        f" {model}; read their standard errors before their values."
    ]


def _named_warnings(warnings: Sequence[str], no_variance: IntArray, scored: ScoredResponses) -> list[str]:
    if not len(no_variance):
        return list(warnings)
    names = ", ".join(scored.item_ids[j] for j in no_variance[:5]) + (", ..." if len(no_variance) > 5 else "")
    return [*warnings, f"Without an estimate: {names}."]


def _by_girth(scored: ScoredResponses, setup: _Setup) -> Calibration:
    from ciip_irt.calibration.girth_engine import estimate_with_girth  # girth takes a second to import

    if setup.fixed.any():
        remedy = "Use --anchors none with it, or the engine mml."
        raise InputError(Problem("the girth engine cannot hold anchors", remedy=remedy))
    blocks = scored.response_blocks(scored_only=True)
    estimates = estimate_with_girth(blocks, setup.scale.model, scored.items.height, D=setup.scale.D)
    notes = _named_warnings(estimates.warnings, estimates.no_variance, scored)
    if any(not block.is_scored.all() for block in scored.blocks):
        notes.append("Pilot items were left out: girth needs every item answered by everyone.")
    if estimates.at_bound.any():
        stopped = [scored.item_ids[j] for j in np.flatnonzero(estimates.at_bound)]
        notes.append(f"Stopped at the edge of girth's range, so not estimates: {', '.join(stopped)}.")
    return _completed(
        scored,
        setup,
        estimates=estimates.parameters,
        errors=np.full_like(estimates.parameters, np.nan),
        mean=estimates.mean,
        sd=estimates.sd,
        population=pl.DataFrame(
            {"group": ["all"], "n": [len(scored.totals)], "mean": [estimates.mean], "sd": [estimates.sd]}
        ),
        ended=(None, 0, float("nan")),
        warnings=notes,
        settings={"engine": "girth", "standard_errors": "none"},
    )


def _completed(
    scored: ScoredResponses,
    setup: _Setup,
    *,
    estimates: FloatArray,
    errors: FloatArray,
    mean: float,
    sd: float,
    population: pl.DataFrame,
    ended: tuple[bool | None, int, float],
    warnings: list[str],
    settings: dict[str, str],
) -> Calibration:
    model, D = setup.scale.model, setup.scale.D
    blocks, scored_blocks = scored.response_blocks(), scored.response_blocks(scored_only=True)
    persons = np.concatenate([block.persons for block in scored.blocks])
    eap = estimate_abilities(scored_blocks, estimates, method="eap", mean=mean, sd=sd, D=D)
    theta, se = np.full(len(persons), np.nan), np.full(len(persons), np.nan)
    theta[persons], se[persons] = eap.theta, eap.se
    points = default_points()
    weights = np.exp(log_weights(points, np.array([mean]), np.array([sd])))[0]
    posteriors = np.empty((len(persons), len(points)))
    posteriors[persons] = person_posteriors(scored_blocks, estimates, points, weights, D)
    observed, displacement, displacement_se = observed_proportions(
        scored, estimates, posteriors, points, theta, D
    )
    item_ids = np.array(scored.item_ids, dtype=object)
    n_free = np.where(setup.fixed, 0, len(ESTIMATED[model]))
    fit_rows = [
        pl.DataFrame({"item_id": scored.item_ids, "statistic": _named(fit, name), "value": fit.column(name)})
        for fit in (
            statistic(blocks, estimates, mean=mean, sd=sd, D=D, n_free=n_free) for statistic in FIT.values()
        )
        for name in fit.names
    ]
    if setup.fixed.any():
        held = np.where(setup.fixed, displacement, np.nan)
        error = np.where(setup.fixed, displacement_se, np.nan)
        for name, values in (("displacement", held), ("displacement_se", error)):
            fit_rows.append(pl.DataFrame({"item_id": scored.item_ids, "statistic": name, "value": values}))
        moved = np.flatnonzero((np.abs(held) > DISPLACED) & (np.abs(held) > SURELY * error))
        if len(moved):
            worst = moved[np.argsort(-np.abs(held[moved]))][:5]
            named = ", ".join(f"{item_ids[j]} ({held[j]:+.2f})" for j in worst)
            warnings.append(
                f"{plural(len(moved), 'anchor')} displaced by more than {DISPLACED} logit, e.g. {named}"
                " (+ = harder than in the bank). Review them before they hold the scale again."
            )
    return Calibration(
        scale=setup.scale,
        item_ids=scored.item_ids,
        parameters_array=estimates,
        standard_errors=errors,
        fixed=setup.fixed,
        n=answer_counts(blocks, len(item_ids)),
        mean=mean,
        sd=sd,
        population=population,
        converged=ended[0],
        iterations=ended[1],
        log_likelihood=ended[2],
        fit=pl.concat(fit_rows).with_columns(pl.col("value").fill_nan(None)).drop_nulls("value"),
        abilities=scored.deliveries.select("delivery_id", "form_id", "total").with_columns(
            theta=pl.Series(theta).fill_nan(None), se=pl.Series(se).fill_nan(None)
        ),
        observed_proportions=observed,
        warnings=tuple(warnings),
        provenance=scored.provenance.with_settings(
            model=model, D=D, scale_id=setup.scale.scale_id, n_anchors=int(setup.fixed.sum()), **settings
        ),
    )


def _named(fit: ItemFit, name: str) -> str:
    """``infit``, ``s_x2``; a companion such as df or p is named after its statistic."""
    return f"{fit.statistic}_{name}" if name in ("df", "p", "p_adjusted") else name
