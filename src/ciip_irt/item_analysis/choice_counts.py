"""Who chose what: options by groups of persons of similar ability, ability taken from the other items.

Ability is the posterior from the scored items, without the item itself where it is scored (leave one out), so
that an answer never speaks for its own key. Without item parameters the scored items' difficulties are those
of a Rasch model fitted here. All forms count; omitted, invalid and not reached answers chose nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray
from ciip_irt.errors import DesignError
from ciip_irt.irt import ResponseBlock, person_posteriors
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.irt.keys import group_abilities
from ciip_irt.irt.models import probability
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, ScoredResponses

__all__ = ["Abilities", "ChoiceCounts", "bank_abilities", "choice_counts", "rasch_abilities"]

POINTS, REACH = 25, 4.0
GROUPS = 30  # of similar ability: within one, choices hardly depend on ability any more
LEAST_SD = 0.05  # logits: a population without spread would have no points to integrate over


@result
@dataclass(frozen=True, slots=True)
class Abilities:
    """What tells ability: parameters (J, 3) of ``scored.items`` (NaN: does not count) and the population.

    ``keys`` are those that the parameters belong to, where that matters.
    """

    parameters: FloatArray
    mean: float
    sd: float
    D: float = 1.0
    keys: tuple[str, ...] = ()

    def without(self, item: int) -> "Abilities":
        """The same, the item not counting."""
        others = self.parameters.copy()
        others[item] = np.nan
        return replace(self, parameters=others)


@result
@dataclass(frozen=True, slots=True)
class ChoiceCounts:
    """Options chosen, by ability.

    Attributes
    ----------
    counts
        Shape (J, G, K): persons of ability group g who chose option k.
    abilities
        Shape (J, G, Q): the ability distribution of each group.
    points
        Shape (Q,): ability in standard deviations.
    mean_ability
        Shape (J, K): mean ability of those who chose k; NaN where nobody did.
    """

    counts: FloatArray
    abilities: FloatArray
    points: FloatArray
    mean_ability: FloatArray


def rasch_abilities(scored: ScoredResponses) -> Abilities | None:
    """Difficulties of the scored items from the log itself; ``None`` where it cannot tell them."""
    blocks = scored.response_blocks(scored_only=True)
    if not any(block.scores.size for block in blocks):
        return None
    try:
        fit = fit_mml(blocks, "rasch", len(scored.item_ids), standard_errors="none")
    except DesignError:
        return None
    sd = max(float(fit.population_sd[0]), LEAST_SD)
    return Abilities(fit.parameters, float(fit.population_mean[0]), sd, fit.D)


def bank_abilities(scored: ScoredResponses) -> Abilities | None:
    """The bank's parameters, and the population of these candidates on their scale.

    ``None`` where no scored item has a slope and a difficulty; the scaling constant is that of the items.
    """
    wanted = [name for name in ("a", "b", "c") if name in scored.items.columns]
    if wanted[:2] != ["a", "b"]:
        return None
    table = scored.items.select(
        pl.col("a").cast(pl.Float64),
        pl.col("b").cast(pl.Float64),
        c=pl.col("c").cast(pl.Float64).fill_null(0.0) if "c" in wanted else pl.lit(0.0),
    )
    parameters = np.array(table.fill_null(float("nan")).to_numpy(), dtype=np.float64)
    parameters[~np.isfinite(parameters).all(axis=1)] = np.nan
    blocks = scored.response_blocks(scored_only=True)
    known = np.isfinite(parameters[:, 0])
    blocks = [ResponseBlock(b.items[known[b.items]], b.scores[:, known[b.items]]) for b in blocks]
    if not any(block.scores.size for block in blocks):
        return None
    constants = scored.items["D"].drop_nulls() if "D" in scored.items.columns else pl.Series([1.0])
    constant = float(constants[0]) if len(constants) else 1.0
    try:
        fit = fit_mml(
            blocks, "3pl", len(scored.item_ids), fixed=parameters, D=constant, standard_errors="none"
        )
    except DesignError:
        return None
    sd = max(float(fit.population_sd[0]), LEAST_SD)
    keys = tuple(scored.items["key"].to_list())
    return Abilities(parameters, float(fit.population_mean[0]), sd, constant, keys)


def choice_counts(
    scored: ScoredResponses, ability: Abilities, n_options: int, only: int | None = None
) -> ChoiceCounts:
    """Count the choices of every item of ``scored``; ``n_options`` is the most that any item offers.

    With ``only``, an item's place in ``scored.items``, the other items have no choices.
    """
    u = np.linspace(-REACH, REACH, POINTS)
    theta = ability.mean + ability.sd * u
    weights = np.exp(-0.5 * u**2)
    right = probability(ability.parameters, theta, ability.D)[:, :, 1].T  # (J, Q)
    known: BoolArray = np.asarray(np.isfinite(ability.parameters).all(axis=1))
    posteriors = [_posteriors(block, ability, known, theta, weights) for block in scored.blocks]
    borders = group_abilities(np.concatenate([post @ u for post in posteriors]), GROUPS)
    n_items = len(scored.item_ids)
    counts = np.zeros((n_items, borders.size + 1, n_options))
    abilities = np.zeros((n_items, borders.size + 1, POINTS))
    total = np.zeros((n_items, n_options))
    for block, post in zip(scored.blocks, posteriors, strict=True):
        shared = np.searchsorted(borders, post @ u)
        for column, item in enumerate(block.items):
            if only is not None and item != only:
                continue
            chose = np.flatnonzero((block.choices[:, column] >= 0) & (block.scores[:, column] != MISSING))
            if not chose.size:
                continue
            if block.is_scored[column] and known[item]:
                others = _without(post[chose], right[item], block.scores[chose, column])
                mean = others @ u
                group = np.searchsorted(borders, mean)
            else:
                others, group = post[chose], shared[chose]
                mean = others @ u
            option = block.choices[chose, column].astype(np.int64)
            _add(counts[item], abilities[item], total[item], group, option, others, mean)
    size = counts.sum(axis=2, keepdims=True)
    prior = weights / weights.sum()
    abilities = np.where(size > 0, abilities / np.maximum(size, 1.0), prior)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_ability = total / counts.sum(axis=1)
    return ChoiceCounts(counts, abilities, u, mean_ability)


def _posteriors(
    block: AdministeredBlock, ability: Abilities, known: BoolArray, theta: FloatArray, weights: FloatArray
) -> FloatArray:
    used = block.is_scored & known[block.items]
    scored = ResponseBlock(block.items[used], block.scores[:, used])
    return person_posteriors([scored], ability.parameters, theta, weights / weights.sum(), ability.D)


def _without(post: FloatArray, right: FloatArray, scores: np.ndarray) -> FloatArray:
    """Shape (N, Q): the posterior with the item's own answer taken out again."""
    undone = np.stack([1.0 / np.maximum(1.0 - right, 1e-12), 1.0 / np.maximum(right, 1e-12)])
    others = post * undone[scores]
    others /= others.sum(axis=1, keepdims=True)
    return np.asarray(others)


def _add(
    counts: FloatArray,
    abilities: FloatArray,
    total: FloatArray,
    group: IntArray,
    option: IntArray,
    others: FloatArray,
    mean: FloatArray,
) -> None:
    n_groups, n_options = counts.shape
    cell = np.bincount(group * n_options + option, minlength=counts.size)
    counts += cell.reshape(counts.shape)
    total += np.bincount(option, weights=mean, minlength=n_options)
    member = np.zeros((n_groups, group.size))
    member[group, np.arange(group.size)] = 1.0
    abilities += member @ others
