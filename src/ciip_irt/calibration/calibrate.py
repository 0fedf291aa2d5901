"""Calibration: item parameters on a scale, from scored responses."""

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.bank import Items, Scale, as_bank
from ciip_irt.calibration.anchors import Anchors, anchor_warnings, anchors_of, no_anchors
from ciip_irt.calibration.checks.fit_table import displacements, fit_table
from ciip_irt.calibration.checks.fit_warnings import warnings_of_fit, with_names
from ciip_irt.calibration.checks.observed import observed_proportions
from ciip_irt.calibration.design import require_connected, require_variance
from ciip_irt.calibration.estimation import Estimation, Options, estimated
from ciip_irt.calibration.groups import GroupedBlocks, grouped_blocks, population_groups
from ciip_irt.calibration.persons import AbilityMethod, people
from ciip_irt.calibration.populations import Populations
from ciip_irt.calibration.priors import PriorKind, chosen_priors
from ciip_irt.calibration.result import ESTIMATED, Calibration
from ciip_irt.calibration.sample_size import sample_size_warnings
from ciip_irt.calibration.scales import scale_of_calibration
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt import KINDS as POPULATIONS
from ciip_irt.irt import METHODS as ABILITIES
from ciip_irt.irt import Priors, answer_counts
from ciip_irt.irt.linking import DriftLimits
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables import ANCHOR_ITEMS, ITEM_MODELS

__all__ = ["calibrate"]


def calibrate(
    scored: ScoredResponses,
    model: str = "rasch",
    *,
    anchors: Items | None = None,
    purify: bool = True,
    drift: DriftLimits | None = None,
    priors: PriorKind = "default",
    groups: str | None = None,
    population: Literal["normal", "histogram"] = "normal",
    ability: AbilityMethod = "eap",
    engine: Literal["mml", "girth"] = "mml",
    standard_errors: Literal["oakes", "cross_product"] = "oakes",
    max_iterations: int | None = None,
    D: float | None = None,
    scale_id: str | None = None,
) -> Calibration:
    """Estimate item parameters by marginal maximum likelihood.

    Free calibration (``anchors=None``) puts the scale's origin at the mean of these candidates (of the
    largest group). Anchored calibration holds the scored items that the bank has parameters for, leaves the
    populations free, and estimates all other items on the bank's scale (Kim 2006, J. Educ. Meas. 43:355-381,
    multiple weight updates, multiple EM cycles). Its standard errors allow for those of the anchors.

    Parameters
    ----------
    scored
        Eligible, scored deliveries.
    model
        ``rasch``, ``1pl``, ``2pl`` or ``3pl``.
    anchors
        The bank whose scored items hold the scale, or the table of its items.
    purify, drift
        Whether anchors that drifted beyond the limits stop holding the scale and are estimated anew, one at a
        time, the worst first. Displacements are reported either way.
    priors
        ``none``; ``bank``: what the bank's scored items look like; ``default``: none for rasch and 1pl, the
        bank's for 2pl and 3pl where it holds the scale.
    groups
        A candidates' column (``delivery_mode``, ``form_id``, ...) each value of which is a population with a
        mean and spread of its own.
    population
        ``normal``, or ``histogram``: any shape, which takes many candidates (about a thousand).
    ability
        How ``abilities`` are estimated: ``eap``, ``map``, ``ml`` or ``wle``.
    engine
        ``mml`` is ours; ``girth`` a cross-check on complete data of one population.
    standard_errors
        Observed information by Oakes' identity, or the cross-product of the scores.
    max_iterations
        Of the estimation; its own limit when absent.
    D, scale_id
        Scaling constant (1) and name ("free-" and six letters of the data's hash, so that the scales of two
        free calibrations are not taken for one) of a free calibration; anchored ones take the bank's, and
        asking for others is an error.

    Raises
    ------
    InputError
        An unknown model, engine, population, ability or prior, or a column that makes no groups.
    ScaleError
        The bank is of another model, D or scale.
    DesignError
        Parts of the design share no item and no anchor ties them together; all answers to the anchors are
        alike; ``girth`` on data missing by design.

    Examples
    --------
    >>> from ciip_irt.simulate import simulate_programme
    >>> from ciip_irt.responses import score
    >>> programme = simulate_programme(n_candidates=150, seed=1)
    >>> bank = programme.items
    >>> calibration = calibrate(score(programme.responses, bank), "rasch", anchors=bank)
    >>> calibration.converged
    True
    """
    _check(model, engine, population, ability, groups)
    anchors = None if anchors is None else as_bank(anchors, "anchors")
    scale = scale_of_calibration(scored, model, D, scale_id, anchors)
    members = population_groups(scored, groups)
    data = grouped_blocks(scored, members)
    held = no_anchors(scored.items.height) if anchors is None else anchors_of(scored, anchors, data.blocks)
    require_connected(scored, data.blocks, held.held)
    require_variance(data.blocks, held.held)
    if engine == "girth":
        return _by_girth(scored, scale, data, held, ability)
    chosen = chosen_priors(priors, model, anchors)
    limits = DriftLimits() if drift is None else drift
    found = estimated(
        data.blocks,
        held,
        scored.items.height,
        Options(model, scale.D, chosen.priors, population, standard_errors, max_iterations, purify, limits),
    )
    fit = found.fit
    table = ANCHOR_ITEMS.empty()
    warnings = warnings_of_fit(
        fit,
        scored.item_ids,
        members.names,
        with_bank=anchors is not None,
        with_priors=chosen.priors != Priors(),
    )
    if found.report is not None:
        table = found.report.table(scored, held, found.held, fit, limits, purify=purify)
        warnings += anchor_warnings(table, found.report, limits)
    warnings += members.warnings()
    if population == "histogram" and int(members.sizes.min()) < MANY:
        warnings.append(
            f"A histogram of {int(members.sizes.min()):,} candidates is mostly noise: take the normal"
            f" population below about {MANY}."
        )
    warnings += sample_size_warnings(fit, chosen.priors, scored.item_ids, with_bank=anchors is not None)
    settings: dict[str, object] = {
        "engine": "mml",
        "standard_errors": _errors_in_words(standard_errors, found),
        "priors": chosen.in_words(),
        "population": population,
        "groups": groups or "none",
    }
    if found.report is not None:
        settings["anchors_dropped"] = int((held.held & ~found.held).sum())
        settings["drift"] = _limits_in_words(limits, purify=purify)
    calibration = _completed(
        scored,
        scale,
        data,
        found.held,
        estimates=fit.parameters,
        errors=found.errors,
        intervals=(found.low, found.high),
        populations=Populations.of_fit(fit, members, found.mean_error, found.sd_error),
        ability=ability,
        ended=(fit.converged, fit.iterations, fit.log_likelihood),
        warnings=warnings,
        settings=settings,
    )
    return replace(
        calibration,
        anchors=table,
        fit=pl.concat([calibration.fit, displacements(table)]),
        gradient_norm=fit.gradient_norm,
        second_order=fit.second_order,
    )


MANY = 300


def _check(model: str, engine: str, population: str, ability: str, groups: str | None) -> None:
    problems = [
        Problem(f"unknown {what} {given!r}", remedy=f"Use one of: {', '.join(known)}.")
        for what, given, known in (
            ("model", model, ITEM_MODELS),  # those that the tables of the bank hold
            ("engine", engine, ("mml", "girth")),
            ("population", population, POPULATIONS),
            ("ability", ability, ABILITIES),
        )
        if given not in known
    ]
    if engine == "girth" and (groups is not None or population != "normal"):
        problems.append(
            Problem("girth knows one normal population only", remedy="Leave groups and population out.")
        )
    if problems:
        raise InputError(problems)


def _errors_in_words(standard_errors: str, found: Estimation) -> str:
    if found.report is None:
        return standard_errors
    known = int((found.held & ~found.report.errors.without).sum())
    return f"{standard_errors}, with the uncertainty of {plural(known, 'anchor')} added"


def _limits_in_words(limits: DriftLimits, *, purify: bool) -> str:
    """For the record of a run."""
    said = (
        f"displacement over {limits.displacement:g} logit, over {limits.certainty:g} standard errors and"
        f" robust z over {limits.robust_z:g}"
    )
    if not purify:
        return f"reported only: {said}"
    return (
        f"dropped: {said}, the worst first; at least {limits.keep_anchors:.0%} of the anchors and"
        f" {limits.keep_anchors_within:.0%} of each domain's stay"
    )


def _by_girth(
    scored: ScoredResponses, scale: Scale, data: GroupedBlocks, held: Anchors, ability: AbilityMethod
) -> Calibration:
    from ciip_irt.calibration.girth_engine import estimate_with_girth  # girth takes a second to import

    if held.held.any():
        remedy = "Use --anchors none with it, or the engine mml."
        raise InputError(Problem("the girth engine cannot hold anchors", remedy=remedy))
    estimates = estimate_with_girth(data.scored_blocks, scale.model, scored.items.height, D=scale.D)
    notes = with_names(estimates.warnings, estimates.no_variance, scored.item_ids)
    if any(not block.is_scored.all() for block in scored.blocks):
        notes.append("Pilot items were left out: girth needs every item answered by everyone.")
    if estimates.at_bound.any():
        stopped = [scored.item_ids[j] for j in np.flatnonzero(estimates.at_bound)]
        notes.append(f"Stopped at the edge of girth's range, so not estimates: {', '.join(stopped)}.")
    return _completed(
        scored,
        scale,
        data,
        held.held,
        estimates=estimates.parameters,
        errors=np.full_like(estimates.parameters, np.nan),
        intervals=(np.full_like(estimates.parameters, np.nan), np.full_like(estimates.parameters, np.nan)),
        populations=Populations.normal(len(scored.totals), estimates.mean, estimates.sd),
        ability=ability,
        ended=(None, 0, float("nan")),
        warnings=notes,
        settings={"engine": "girth", "standard_errors": "none"},
    )


def _completed(
    scored: ScoredResponses,
    scale: Scale,
    data: GroupedBlocks,
    fixed: BoolArray,
    *,
    estimates: FloatArray,
    errors: FloatArray,
    intervals: tuple[FloatArray, FloatArray],
    populations: Populations,
    ability: AbilityMethod,
    ended: tuple[bool | None, int, float],
    warnings: list[str],
    settings: dict[str, object],
) -> Calibration:
    model, D = scale.model, scale.D
    theirs = people(scored, data, estimates, populations, D, method=ability)
    return Calibration(
        scale=scale,
        item_ids=scored.item_ids,
        parameters_array=estimates,
        standard_errors=errors,
        low=intervals[0],
        high=intervals[1],
        fixed=fixed,
        n=answer_counts(data.blocks, len(scored.item_ids)),
        mean=populations.overall[0],
        sd=populations.overall[1],
        population=populations.table(),
        population_points=populations.histograms(),
        converged=ended[0],
        iterations=ended[1],
        log_likelihood=ended[2],
        fit=fit_table(
            scored.item_ids,
            data,
            estimates,
            populations,
            D,
            n_free=np.where(fixed, 0, len(ESTIMATED[model])),
        ),
        abilities=theirs.table,
        observed_proportions=observed_proportions(
            scored, estimates, theirs.posteriors, populations.points, theirs.eap, D
        ),
        warnings=(*warnings, *theirs.warnings),
        provenance=scored.provenance.with_settings(
            model=model,
            D=D,
            scale_id=scale.scale_id,
            n_anchors=int(fixed.sum()),
            ability=ability,
            **settings,
        ),
    )
