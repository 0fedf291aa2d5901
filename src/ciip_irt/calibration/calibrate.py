"""Calibration: item parameters on a scale, from scored responses."""

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from ciip_irt.bank import Items, as_bank
from ciip_irt.calibration.anchoring.anchor_set import AnchorSet, examine_anchor_set
from ciip_irt.calibration.anchoring.anchors import anchor_warnings
from ciip_irt.calibration.checks.fit_table import displacements, fit_table
from ciip_irt.calibration.checks.fit_warnings import warnings_of_fit, with_names
from ciip_irt.calibration.checks.negative_slopes import negative_slopes
from ciip_irt.calibration.checks.observed import observed_proportions
from ciip_irt.calibration.cml_engine import estimates_by_cml
from ciip_irt.calibration.estimation import Estimation, Options, estimate
from ciip_irt.calibration.groups.differing_forms import by_form
from ciip_irt.calibration.groups.groups import grouped_blocks, population_groups
from ciip_irt.calibration.groups.populations import Populations
from ciip_irt.calibration.persons import AbilityMethod, estimate_persons
from ciip_irt.calibration.prepared import Estimates, Prepared, prepare
from ciip_irt.calibration.priors import PriorKind, chosen_priors
from ciip_irt.calibration.result import ESTIMATED, Calibration
from ciip_irt.calibration.sample_size import sample_size_warnings
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt import KINDS as POPULATIONS
from ciip_irt.irt import METHODS as ABILITIES
from ciip_irt.irt import MODELS, Priors, answer_counts
from ciip_irt.irt.linking import DriftLimits
from ciip_irt.responses import Responses, scored_responses
from ciip_irt.screening import Concern
from ciip_irt.tables import ANCHOR_ITEMS, ITEM_MODELS

__all__ = ["calibrate"]


def calibrate(
    scored: Responses,
    model: str = "rasch",
    *,
    anchors: Items | None = None,
    purify: bool = True,
    drift: DriftLimits | None = None,
    priors: PriorKind = "default",
    groups: str | None = None,
    population: Literal["normal", "histogram"] = "normal",
    ability: AbilityMethod = "eap",
    engine: Literal["mml", "cml", "girth"] = "mml",
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
        Eligible, scored deliveries; or a persons x items matrix of 0 and 1 (``response_matrix``). A pilot's
        cells that say nothing about it (not reached, an option it does not offer, too fast to have been read)
        are left out, whatever the scoring rules make of them.
    model
        ``rasch``, ``1pl``, ``2pl`` or ``3pl``, in capital letters or small.
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
        mean and spread of its own; ``none``: one population. Without it one, but in a free calibration of
        forms that share a part of their items one for each form where they differ beyond chance.
    population
        ``normal``, or ``histogram``: any shape, which takes many candidates (about a thousand).
    ability
        How ``abilities`` are estimated: ``eap``, ``map``, ``ml`` or ``wle``.
    engine
        ``mml``: marginal maximum likelihood. ``cml``: conditional, for ``rasch`` without anchors: no
        population is assumed for the difficulties, whose sum is 0. ``girth``: a cross-check on complete data
        of one population.
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
    scored, model = scored_responses(scored), str(model).strip().lower()
    alone = groups is None and anchors is None
    groups = None if groups == "none" else groups
    _check(model, engine, population, ability, groups)
    anchors = None if anchors is None else as_bank(anchors, "anchors")
    prepared = prepare(scored, model, anchors, groups=groups, D=D, scale_id=scale_id)
    concerns: tuple[Concern, ...] = ()
    if engine == "girth":
        found = _by_girth(prepared)
    elif engine == "cml":
        found = estimates_by_cml(prepared, population, priors, standard_errors, max_iterations)
    else:
        chosen = chosen_priors(priors, model, anchors)
        options = Options(
            model=model,
            D=prepared.scale.D,
            priors=chosen.priors,
            population=population,
            standard_errors=standard_errors,
            max_iterations=max_iterations,
            purify=purify,
            limits=DriftLimits() if drift is None else drift,
        )
        if alone and (apart := by_form(prepared, options)) is not None:
            prepared = replace(prepared, groups=apart.groups, data=apart.data)
            groups, concerns = "form_id", (apart.concern,)
        found = _by_mml(prepared, options, chosen.in_words(), groups or "none")
        found = replace(found, concerns=(*found.concerns, *concerns))
    return _completed(prepared, found, ability)


POLYTOMOUS = tuple(name for name in MODELS if name not in ITEM_MODELS)
ENGINES = ("mml", "cml", "girth")
MOST_FORMS = 50  # populations; with more forms each has too few candidates to be one
MANY = 300  # candidates: below, a weight at each of the points has as much noise as shape (docs/accuracy.md)


def _check(model: str, engine: str, population: str, ability: str, groups: str | None) -> None:
    if model in POLYTOMOUS:
        remedy = f"For scores above 1: ci.irt.fit(X, {model!r}). Right/wrong items: {', '.join(ITEM_MODELS)}."
        raise InputError(Problem(f"unknown model {model!r} for right/wrong items", remedy=remedy))
    problems = [
        Problem(f"unknown {what} {given!r}", remedy=f"Use one of: {', '.join(known)}.")
        for what, given, known in (
            ("model", model, ITEM_MODELS),  # those that the tables of the bank hold
            ("engine", engine, ENGINES),
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


def _by_mml(prepared: Prepared, options: Options, priors: str, groups: str) -> Estimates:
    scored, members, anchors, limits = prepared.scored, prepared.groups, prepared.anchors, options.limits
    looked_at = _anchor_set(prepared, options)
    if looked_at is not None:
        options = replace(options, not_held=looked_at.dropped)
    found = estimate(prepared.data.blocks, anchors, scored.items.height, options)
    fit, with_bank = found.fit, prepared.bank is not None
    warnings = warnings_of_fit(
        fit,
        scored.item_ids,
        members.names,
        with_bank=with_bank,
        with_priors=options.priors != Priors(),
    )
    settings: dict[str, object] = {
        "engine": "mml",
        "standard_errors": _errors_in_words(options.standard_errors, found),
        "priors": priors,
        "population": options.population,
        "groups": groups,
    }
    table = ANCHOR_ITEMS.empty()
    if found.report is not None and looked_at is not None:
        table = found.report.table(
            scored,
            anchors,
            found.held,
            fit,
            limits,
            purify=options.purify,
            not_held=looked_at.dropped,
            in_question=not looked_at.belongs,
        )
        warnings += anchor_warnings(table, found.report, limits)
        settings["anchors_dropped"] = int((anchors.held & ~found.held).sum())
        settings["drift"] = _limits_in_words(limits, purify=options.purify)
    warnings += members.warnings()
    warnings += _population_warnings(options.population, int(members.sizes.min()))
    warnings += sample_size_warnings(fit, options.priors, scored.item_ids, with_bank=with_bank)
    return Estimates(
        parameters=fit.parameters,
        errors=found.errors,
        low=found.low,
        high=found.high,
        held=found.held,
        populations=Populations.of_fit(fit, members, found.mean_error, found.sd_error),
        warnings=tuple(warnings),
        settings=settings,
        converged=fit.converged,
        iterations=fit.iterations,
        log_likelihood=fit.log_likelihood,
        gradient_norm=fit.gradient_norm,
        second_order=fit.second_order,
        anchors=table,
        concerns=(*negative_slopes(found, scored.item_ids), *(looked_at.concerns if looked_at else ())),
        covariance=found.covariance,
        log_prior=fit.log_prior,
        n_parameters=fit.n_parameters,
    )


def _population_warnings(population: str, smallest: int) -> list[str]:
    if population != "histogram" or smallest >= MANY:
        return []
    return [
        f"A histogram of {smallest:,} candidates is mostly noise: take the normal"
        f" population below about {MANY}."
    ]


def _anchor_set(prepared: Prepared, options: Options) -> AnchorSet | None:
    """The bank's values against free estimates, each form a population; nothing where none are held."""
    if not prepared.anchors.held.any():
        return None
    scored = prepared.scored
    several = 1 < len(scored.form_ids) <= MOST_FORMS
    blocks = (
        grouped_blocks(scored, population_groups(scored, "form_id")).blocks
        if several
        else (prepared.data.blocks)
    )
    return examine_anchor_set(
        blocks, prepared.anchors, scored.item_ids, options.model, options.D, purify=options.purify
    )


def _by_girth(prepared: Prepared) -> Estimates:
    from ciip_irt.calibration.girth_engine import estimate_with_girth  # girth takes a second to import

    scored, scale = prepared.scored, prepared.scale
    if prepared.anchors.held.any():
        remedy = "Use --anchors none with it, or the engine mml."
        raise InputError(Problem("the girth engine cannot hold anchors", remedy=remedy))
    found = estimate_with_girth(prepared.data.scored_blocks, scale.model, scored.items.height, D=scale.D)
    notes = with_names(found.warnings, found.no_variance, scored.item_ids)
    if any(not block.is_scored.all() for block in scored.blocks):
        notes.append("Pilot items were left out: girth needs every item answered by everyone.")
    if found.at_bound.any():
        stopped = [scored.item_ids[j] for j in np.flatnonzero(found.at_bound)]
        notes.append(f"Stopped at the edge of girth's range, so not estimates: {', '.join(stopped)}.")
    unknown = np.full_like(found.parameters, np.nan)
    return Estimates(
        parameters=found.parameters,
        errors=unknown,
        low=unknown,
        high=unknown,
        held=prepared.anchors.held,
        populations=Populations.normal(len(scored.totals), found.mean, found.sd),
        warnings=tuple(notes),
        settings={"engine": "girth", "standard_errors": "none"},
    )


def _completed(prepared: Prepared, found: Estimates, ability: AbilityMethod) -> Calibration:
    """The calibration: what the engine found, and what follows from it for items and candidates."""
    scored, data, scale, populations = prepared.scored, prepared.data, prepared.scale, found.populations
    n_free = np.where(found.held, 0, len(ESTIMATED[scale.model]))
    theirs = estimate_persons(scored, data, found.parameters, populations, scale.D, method=ability)
    fit = fit_table(scored.item_ids, data, found.parameters, populations, scale.D, n_free=n_free)
    return Calibration(
        scale=scale,
        item_ids=scored.item_ids,
        parameters_array=found.parameters,
        standard_errors=found.errors,
        low=found.low,
        high=found.high,
        fixed=found.held,
        n=answer_counts(data.blocks, len(scored.item_ids)),
        mean=populations.overall[0],
        sd=populations.overall[1],
        population=populations.table(),
        population_points=populations.histograms(),
        converged=found.converged,
        iterations=found.iterations,
        log_likelihood=found.log_likelihood,
        fit=pl.concat([fit, displacements(found.anchors)]),
        abilities=theirs.table,
        observed_proportions=observed_proportions(
            scored, found.parameters, theirs.posteriors, populations.points, theirs.eap, scale.D
        ),
        concerns=found.concerns,
        warnings=(*map(str, found.concerns), *found.warnings, *theirs.warnings),
        provenance=scored.provenance.with_settings(
            model=scale.model,
            D=scale.D,
            scale_id=scale.scale_id,
            n_anchors=int(found.held.sum()),
            ability=ability,
            **found.settings,
        ),
        anchors=found.anchors,
        gradient_norm=found.gradient_norm,
        second_order=found.second_order,
        estimates_covariance=found.covariance,
        log_prior=found.log_prior,
        n_parameters=found.n_parameters,
    )
