"""Kinds of items that could be written: a domain, a range of difficulty, the attributes that rows ask for."""

from collections.abc import Iterable
from itertools import pairwise
from math import inf

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.blueprint import Between, Condition, CountRule, ResolvedTarget, SumRule
from ciip_irt.forms.pool.item_attributes import ItemAttributes, matches
from ciip_irt.forms.pool.new_item import ANY_DIFFICULTY, NewItem, split_condition
from ciip_irt.forms.pool.pool import Pool

__all__ = ["bands_of", "difficulty_of", "kinds_of_new_items"]

# Combinations of attributes looked at per domain, beside each attribute alone: those of its first items.
MOST_PROFILES = 12
# Among kinds that serve equally well: the middle of the difficulties first (a step per band); half a step for
# each attribute asked for; two for a certain key, which is the hardest to write to order.
PER_ATTRIBUTE, FOR_A_KEY = 0.5, 2.0


def bands_of(pool: Pool, usable: BoolArray, *, targets: bool = True) -> tuple[Between, ...]:
    """Ranges of b that make a difference: those that rows name, or three for the difficulty targets."""
    requirements = pool.blueprint.requirements
    rules: tuple[CountRule | SumRule, ...] = (*requirements.counts, *requirements.sums)
    named = [split_condition(rule.where)[1] for rule in rules]
    cuts = sorted({cut for band in named if band for cut in (band.low, band.high) if abs(cut) < inf})
    b = _difficulties(pool, usable)
    if not cuts and targets and pool.targets and len(b) > 2:
        cuts = sorted({round(float(cut), 1) for cut in np.quantile(b, (1 / 3, 2 / 3))})
    if not cuts:
        return (ANY_DIFFICULTY,)
    edges = [-inf, *cuts, inf]
    return tuple(Between(low, high) for low, high in pairwise(edges))


def _difficulties(pool: Pool, usable: BoolArray) -> FloatArray:
    known = difficulty_of(pool)
    return np.array([known[i] for i, good in zip(pool.item_ids, usable, strict=True) if good and i in known])


def difficulty_of(pool: Pool) -> dict[str, float]:
    """b per item: from the bank's column, or from the contributions to mean b."""
    if "b" in pool.attributes.numbers:
        return dict(pool.attributes.numbers["b"])
    mean_b = next((target for target in pool.targets if target.quantity.name == "mean_b"), None)
    if mean_b is None:
        return {}
    return {item_id: c * pool.blueprint.length for item_id, c in mean_b.contributions.items()}


def kinds_of_new_items(pool: Pool, usable: BoolArray, *, targets: bool = True) -> tuple[NewItem, ...]:
    """Every kind that could help: per domain the profiles that the bank has or that rows ask for."""
    requirements = pool.blueprint.requirements
    rules: tuple[CountRule | SumRule, ...] = (
        *(rule for rule in requirements.counts if rule.role == "scored"), *requirements.sums,
    )  # fmt: skip
    asked = list(dict.fromkeys(others for rule in rules if (others := split_condition(rule.where)[2])))
    bands = bands_of(pool, usable, targets=targets)
    middle = (len(bands) - 1) / 2
    added = [_contributions(pool, usable, band) for band in bands]
    letters = requirements.key_balance.letters if requirements.key_balance is not None else ""
    found = []
    for domain in pool.blueprint.domains:
        for profile in _profiles(pool, domain.letter, asked):
            for number, band in enumerate(bands):
                for key in (None, *letters):
                    unusual = abs(number - middle) + PER_ATTRIBUTE * len(profile)
                    unusual += FOR_A_KEY if key is not None else 0.0
                    found.append(NewItem(domain.letter, band, profile, key, unusual, added[number]))
    return tuple(found)


def _profiles(pool: Pool, letter: str, asked: list[Condition]) -> list[frozenset[Condition]]:
    """Sets of conditions that an item of this domain can satisfy together."""
    here = [item_id for item_id, own in zip(pool.item_ids, pool.letters, strict=True) if own == letter]
    seen = dict.fromkeys(_satisfied(pool.attributes, asked, here))
    single = [frozenset([condition]) for condition in asked]
    return list(dict.fromkeys([frozenset[Condition](), *list(seen)[:MOST_PROFILES], *single]))


def _satisfied(
    attributes: ItemAttributes, asked: list[Condition], items: Iterable[str]
) -> Iterable[frozenset[Condition]]:
    for item_id in items if asked else ():
        yield frozenset(condition for condition in asked if matches(attributes, condition, item_id))


def _contributions(pool: Pool, usable: BoolArray, band: Between) -> list[tuple[ResolvedTarget, float]]:
    """What an item of this difficulty adds to each target, on average over the usable items."""
    b = difficulty_of(pool)
    able = [i for i, good in zip(pool.item_ids, usable, strict=True) if good]
    found: list[tuple[ResolvedTarget, float]] = []
    for target in pool.targets:
        known = target.contributions
        here = [known[i] for i in able if i in known and b.get(i, 0.0) in band]
        everywhere = here or [known[i] for i in able if i in known] or [0.0]
        found.append((target, sum(everywhere) / len(everywhere)))
    return found
