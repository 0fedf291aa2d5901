"""Does the model hold? Cut-offs for item fit, dependent pairs, overall fit by form, persons who do not fit.

Everything here takes a finished calibration and its data; the numbers come from ``irt``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.calibration.checks.dependent_pairs import dependent_pairs, pairs_sentence
from ciip_irt.calibration.checks.fit_table import long_table
from ciip_irt.calibration.groups.groups import GroupedBlocks, grouped_blocks, population_groups
from ciip_irt.calibration.result import Calibration
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt import default_priors, estimate_abilities
from ciip_irt.irt.fit_statistics import (
    FIT,
    FIT_LEVEL,
    InfitOutfitReference,
    ItemSet,
    MaximumReference,
    ModelFit,
    assess_local_dependence,
    assess_model_fit,
    assess_person_fit,
    bootstrap_samples,
    group_identical_sets,
    infit_outfit_cutoffs,
    join_blocks,
)
from ciip_irt.irt.models import MODELS
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import Responses, ScoredResponses, exclude_deliveries, scored_responses
from ciip_irt.tables import ITEM_FIT, MODEL_FIT, show_html

__all__ = ["PERSON_LEVEL", "ModelChecks", "calibrated_and_checked", "check_model"]

PERSON_LEVEL = 0.01  # one fitting candidate in a hundred is flagged
SIMULATIONS = 20  # the least by which an event of one in twenty can be seen
MOST_EXCLUDED = 0.2  # p: a fifth of fitting candidates is more than any programme would lose
ANSWERS_AT_HAND = 500_000  # so many answers are simulated 20 times in a second or two
FEW_PERSONS = 100  # below, M2 on 100 items and more has no distribution to speak of


@result
@dataclass(frozen=True, slots=True)
class ModelChecks:
    """How well the model holds, from four sides.

    Attributes
    ----------
    fit
        ``item_id, statistic, value``: that of the calibration, with ``infit_low, infit_high, infit_p,
        infit_p_adjusted`` and the same of outfit where samples were simulated.
    local_dependence
        Pairs of items, the most dependent first: ``item_1, item_2, n, q3, q3_adjusted, reference, p,
        suggestion``.
    model_fit
        One row for each set of scored items that enough candidates answered: ``form_id, group, n, n_items,
        m2, df, p, rmsea, rmsea_low, rmsea_high, srmsr, remarks``.
    person_fit
        One row per delivery: ``delivery_id, form_id, n, theta, lz_star, p, flagged``; theta is MAP.
    simulations
        How many samples the cut-offs rest on; 0: none.
    sentences
        What was found, in words.
    left_out
        How many deliveries were left out for their misfit, in words, where that was asked for.
    """

    fit: pl.DataFrame
    local_dependence: pl.DataFrame
    model_fit: pl.DataFrame
    person_fit: pl.DataFrame
    simulations: int
    sentences: tuple[str, ...]
    provenance: Provenance
    left_out: str = ""

    def to_frame(self) -> pl.DataFrame:
        """Item fit, in long form."""
        return self.fit

    def summary(self) -> str:
        return "\n".join([self.left_out, *self.sentences] if self.left_out else self.sentences)

    def misfitting(self, level: float) -> list[str]:
        """Deliveries whose lz* is below the ``level`` limit."""
        return self.person_fit.filter(pl.col("p") < level)["delivery_id"].to_list()

    def _repr_html_(self) -> str:
        return show_html("Model checks", self.summary(), self.model_fit)


def check_model(
    scored: Responses,
    calibration: Calibration,
    *,
    fit_simulations: int | None = None,
    seed: int = 1,
    person_level: float = PERSON_LEVEL,
) -> ModelChecks:
    """Hold the answers against the calibrated model.

    Parameters
    ----------
    scored, calibration
        The data and what ``calibrate`` made of them.
    fit_simulations
        Samples that fit, drawn to judge infit, outfit and Q3 by; 0 for none. By default 20 where there are
        at most 500,000 answers, else none: ask for them.
    seed
        Of these samples.
    person_level
        Deliveries with a smaller p of lz* are ``flagged``.

    Raises
    ------
    InputError
        The grouping of the calibration is no column of these candidates.

    Notes
    -----
    Persons are placed by their scored items alone, so no pilot judges itself or another. M2 is computed for
    each set of scored items that at least 100 candidates answered in full; not with a histogram population.

    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.calibration import calibrate
    >>> from ciip_irt.responses import score
    >>> from ciip_irt.simulate import simulate_programme
    >>> programme = simulate_programme(n_candidates=150, seed=1)
    >>> bank = ItemBank.from_frame(programme.items)
    >>> data = score(programme.responses, bank)
    >>> checks = check_model(data, calibrate(data, "rasch", anchors=bank), fit_simulations=5)
    >>> checks.local_dependence.columns[:4]
    ['item_1', 'item_2', 'n', 'q3']
    """
    scored = scored_responses(scored)
    column = str(calibration.provenance.settings.get("groups", "none"))
    data = grouped_blocks(scored, population_groups(scored, None if column == "none" else column))
    histogram = bool((calibration.population["shape"] == "histogram").any())
    mean, sd = (calibration.population[name].to_numpy() for name in ("mean", "sd"))
    simulations = fit_simulations
    if simulations is None:
        answers = sum(int(block.answered.sum()) for block in data.blocks)
        simulations = SIMULATIONS if answers <= ANSWERS_AT_HAND else 0
    items, pairs = _simulated(scored, calibration, data, mean, sd, simulations, seed)
    overall = MODEL_FIT.empty() if histogram else _overall(scored, calibration, data, mean, sd)
    persons = _persons(scored, calibration, data, mean, sd, person_level)
    fit = pl.concat([calibration.fit, items]) if items.height else calibration.fit
    return ModelChecks(
        fit=fit,
        local_dependence=pairs,
        model_fit=overall,
        person_fit=persons,
        simulations=simulations,
        sentences=(
            *_overall_sentences(overall, histogram=histogram),
            _items_sentence(fit, simulations),
            pairs_sentence(pairs, simulations),
            _persons_sentence(persons, person_level),
        ),
        provenance=calibration.provenance.with_settings(fit_simulations=simulations, fit_seed=seed),
    )


def calibrated_and_checked(
    scored: ScoredResponses,
    estimate: Callable[[ScoredResponses], Calibration],
    *,
    fit_simulations: int | None = None,
    seed: int = 1,
    exclude_person_misfit: float | None = None,
) -> tuple[ScoredResponses, Calibration, ModelChecks]:
    """Calibrate and check; with ``exclude_person_misfit`` once more without those who hardly fit.

    ``exclude_person_misfit`` is the p of lz* below which a delivery is left out of a second calibration; the
    deliveries returned then lack them, and their exclusions say why. One pass only: whoever no longer fits
    after that stays, for a rule that is repeated until nobody is left over would go on taking the tail.

    Raises
    ------
    InputError
        ``exclude_person_misfit`` outside 0 to 0.2, or nobody left.
    """
    calibration = estimate(scored)
    if exclude_person_misfit is None:
        return (
            scored,
            calibration,
            check_model(scored, calibration, fit_simulations=fit_simulations, seed=seed),
        )
    if not 0 < exclude_person_misfit <= MOST_EXCLUDED:
        raise InputError(
            Problem(
                f"exclude misfit below p = {exclude_person_misfit:g}",
                remedy=f"Use a value above 0 and up to {MOST_EXCLUDED:g}, as in 0.001: so many fitting"
                " candidates are lost, too.",
            )
        )
    first = check_model(scored, calibration, fit_simulations=0)
    gone = first.person_fit.filter(pl.col("p") < exclude_person_misfit)
    reasons = {
        delivery: f"Answers hardly fit the score: lz* {value:.2f}, p < {exclude_person_misfit:g}."
        for delivery, value in gone.select("delivery_id", "lz_star").iter_rows()
    }
    fewer = exclude_deliveries(scored, reasons, "person_misfit")
    again = estimate(fewer) if reasons else calibration
    checks = check_model(fewer, again, fit_simulations=fit_simulations, seed=seed)
    by_chance = round(exclude_person_misfit * first.person_fit["p"].count())
    said = (
        f"{plural(len(reasons), 'delivery was', 'deliveries were')} left out of this calibration, because"
        f" their answers hardly fit their score (lz*, p < {exclude_person_misfit:g}; {by_chance} by chance"
        " alone)."
    )
    said += " exclusions.csv names them." if reasons else ""
    return fewer, again, replace(checks, left_out=said)


def _simulated(
    scored: ScoredResponses,
    calibration: Calibration,
    data: GroupedBlocks,
    mean: FloatArray,
    sd: FloatArray,
    simulations: int,
    seed: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut-offs of item fit, and dependent pairs."""
    parameters, D = calibration.parameters_array, calibration.scale.D
    model = MODELS[calibration.scale.model]
    theta = estimate_abilities(data.scored_blocks, parameters, method="eap", mean=mean, sd=sd, D=D).theta
    kinds = _kinds(scored)
    found = assess_local_dependence(data.blocks, parameters, theta, D=D, kinds=kinds)
    squares, maxima = InfitOutfitReference(D), MaximumReference(found, D, kinds=kinds)
    if simulations:
        blocks, roles = join_blocks(data.blocks, data.is_scored)
        for sample in bootstrap_samples(
            blocks,
            parameters,
            mean=mean,
            sd=sd,
            D=D,
            model=model,
            scored=roles,
            fixed=calibration.fixed,
            priors=default_priors(calibration.scale.model),
            replications=simulations,
            seed=seed,
        ):
            squares.add(sample)
            maxima.add(sample)
    reference = maxima if len(maxima.maxima) > 1 else None
    if simulations < 2:
        nothing = ITEM_FIT.empty()
        sound = np.zeros(len(parameters), dtype=np.bool_)
        return nothing, dependent_pairs(scored.items, found, None, sound)
    observed = FIT["mean_squares"](data.blocks, parameters, mean=mean, sd=sd, D=D, scored=data.is_scored)
    limits = infit_outfit_cutoffs(observed, squares)
    noisy = [
        (limits.column(f"{name}_p_adjusted") < FIT_LEVEL)
        & (observed.column(name) > limits.column(f"{name}_high"))
        for name in ("infit", "outfit")
    ]
    return (
        long_table(calibration.item_ids, [limits]),
        dependent_pairs(scored.items, found, reference, noisy[0] | noisy[1]),
    )


def _kinds(scored: ScoredResponses) -> IntArray:
    """Shape (J,): 0 where an item counts in any form's total, 1 for pilots."""
    return (~scored.scored_somewhere).astype(np.int64)


def _overall(
    scored: ScoredResponses, calibration: Calibration, data: GroupedBlocks, mean: FloatArray, sd: FloatArray
) -> pl.DataFrame:
    usable = np.asarray(~np.isnan(calibration.parameters_array).any(axis=1), dtype=np.bool_)
    forms = scored.deliveries["form_id"].to_numpy()
    names = calibration.population["group"].to_list()
    rows = []
    for group in group_identical_sets(data.blocks, data.is_scored, least=FEW_PERSONS, only=usable):
        size, model = group.items.size, MODELS[calibration.scale.model]
        free = len(model.free) * size + len(model.common) + int(model.free_sd)
        if size * (size + 1) // 2 <= free:  # no degree of freedom is left
            continue
        found = _m2(group, calibration, float(mean[group.group]), float(sd[group.group]))
        theirs = sorted({str(form) for form in forms[data.persons[group.persons]]})
        rows.append(
            {
                "form_id": "|".join(theirs), "group": names[group.group], "n": found.n,
                "n_items": found.n_items, "m2": found.statistic, "df": found.df, "p": found.p,
                "rmsea": found.rmsea, "rmsea_low": found.rmsea_low, "rmsea_high": found.rmsea_high,
                "srmsr": found.srmsr, "remarks": found.verdict(),
            }
        )  # fmt: skip
    return MODEL_FIT.frame(rows).sort("form_id", "group", "n_items", maintain_order=True)


def _m2(group: ItemSet, calibration: Calibration, mean: float, sd: float) -> ModelFit:
    return assess_model_fit(
        group.scores,
        calibration.parameters_array[group.items],
        model=MODELS[calibration.scale.model],
        mean=mean,
        sd=sd,
        D=calibration.scale.D,
    )


def _persons(
    scored: ScoredResponses,
    calibration: Calibration,
    data: GroupedBlocks,
    mean: FloatArray,
    sd: FloatArray,
    level: float,
) -> pl.DataFrame:
    found = assess_person_fit(
        data.scored_blocks, calibration.parameters_array, mean=mean, sd=sd, D=calibration.scale.D
    )
    order = np.argsort(data.persons)  # the blocks' order back to that of the deliveries

    def column(values: FloatArray) -> pl.Series:
        return pl.Series(values[order]).fill_nan(None)

    return scored.deliveries.select("delivery_id", "form_id").with_columns(
        n=pl.Series(found.n_answers[order]),
        theta=column(found.theta),
        lz_star=column(found.lz_star),
        p=column(found.p),
        flagged=pl.Series(found.flagged(level)[order]),
    )


def _overall_sentences(overall: pl.DataFrame, *, histogram: bool) -> Sequence[str]:
    if histogram:
        return ["Overall fit (M2) is not computed with a histogram population."]
    if not overall.height:
        return [
            "Overall fit (M2): no set of scored items that is large enough to test the model was answered in"
            f" full by {FEW_PERSONS} candidates."
        ]
    parts = [
        f"{row['form_id']} RMSEA {row['rmsea']:.3f} [{row['rmsea_low']:.3f}, {row['rmsea_high']:.3f}]"
        for row in overall.head(5).iter_rows(named=True)
    ]
    more = f", and {overall.height - 5} more in model_fit.csv" if overall.height > 5 else ""
    return [f"Overall fit (M2; below .05 is close): {', '.join(parts)}{more}."]


def _items_sentence(fit: pl.DataFrame, simulations: int) -> str:
    tests = {"infit_p_adjusted": "infit", "outfit_p_adjusted": "outfit", "s_x2_p_adjusted": "S-X2"}
    beyond = fit.filter(pl.col("statistic").is_in(list(tests)) & (pl.col("value") < FIT_LEVEL))
    items = beyond["item_id"].n_unique()
    how = ", ".join(
        f"{tests[name]} {beyond.filter(pl.col('statistic') == name)['item_id'].n_unique()}"
        for name in tests
        if (fit["statistic"] == name).any()
    )
    said = f"Item fit: {plural(items, 'item')} beyond chance after adjusting for their number ({how})."
    if not simulations:
        said += " Cut-offs of infit and outfit were not simulated: --fit-simulations 30 does it."
    return said


def _persons_sentence(persons: pl.DataFrame, level: float) -> str:
    known = persons["p"].drop_nulls()
    return (
        f"Person fit: {plural(int(persons['flagged'].sum()), 'delivery', 'deliveries')} of {known.len():,}"
        f" with answers that hardly fit their score (lz*, p < {level:g}; {known.len() * level:.0f} by chance"
        " alone)."
    )
