"""Kinds of items that could be written: a domain, a range of difficulty, the attributes that rows ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.blueprint import Between, Condition, CountRule, SumRule
from ciip_irt.forms.pool.item_attributes import ItemAttributes, matches
from ciip_irt.forms.pool.pool import Pool

if TYPE_CHECKING:
    from ciip_irt.forms.shortage.family_use import NamedRow

__all__ = ["ANY_DIFFICULTY", "NewItems", "bands_of", "difficulty_of", "new_items"]

ANY_DIFFICULTY = Between()
MOST_PROFILES = 12


@dataclass(frozen=True, slots=True)
class NewItems:
    """Items that could be written, or that an author could be asked for.

    ``others`` are the conditions of rows (beyond domain and difficulty) that they satisfy; ``key`` their
    key where it matters. ``unusual`` orders kinds that serve equally well.
    """

    letter: str
    band: Between
    others: frozenset[Condition]
    key: str | None
    unusual: float
    targets: tuple[tuple[str, float], ...] = ()

    def coefficient(self, row: "NamedRow", pool: Pool) -> float:
        """What one such item adds to a row of one form; what cannot be known is taken as usual."""
        if row.rule == "length":
            return 1.0
        if row.rule == "domain_counts":
            return float(row.name == f"{pool.blueprint.domain(self.letter).title}, scored items")
        if row.rule in ("attribute_counts", "attribute_sums"):
            requirements = pool.blueprint.requirements
            rules: tuple[CountRule | SumRule, ...] = (*requirements.counts, *requirements.sums)
            rule = next(rule for rule in rules if rule.name == row.name)
            if not self.satisfies(rule.where):
                return 0.0
            return 1.0 if row.rule == "attribute_counts" else _usual(row.coefficients)
        if row.rule == "key_balance" and pool.blueprint.requirements.key_balance is not None:
            letters = pool.blueprint.requirements.key_balance.letters
            return 1 / len(letters) if self.key is None else float(row.name.endswith(f" {self.key}"))
        if row.rule == "time_budget":
            return _usual(row.coefficients)
        return dict(self.targets).get(row.name, 0.0) if row.rule == "difficulty" else 0.0

    def satisfies(self, where: Condition) -> bool:
        """Whether such an item counts for a row with this condition."""
        letters, difficulty, others = _split(where)
        return (
            (letters is None or self.letter in letters)
            and (difficulty is None or _within(self.band, difficulty))
            and (not others or others in self.others)
        )

    @property
    def words(self) -> str:
        """The difficulty, attributes and key asked for; empty where any will do."""
        parts = [f"b {self.band}"] if self.band != ANY_DIFFICULTY else []
        for where in sorted(self.others, key=str):
            for column, values in where:
                wanted = str(values) if isinstance(values, Between) else " or ".join(values)
                parts.append(f"{column} {wanted}")
        if self.key is not None:
            parts.append(f"key {self.key}")
        return ", ".join(dict.fromkeys(parts))


def _split(where: Condition) -> tuple[tuple[str, ...] | None, Between | None, Condition]:
    letters = next((v for c, v in where if c == "domain" and not isinstance(v, Between)), None)
    difficulty = next((v for c, v in where if c == "b" and isinstance(v, Between)), None)
    others = tuple((c, v) for c, v in where if c != "domain" and not (c == "b" and isinstance(v, Between)))
    return letters, difficulty, others


def _within(band: Between, wanted: Between) -> bool:
    return wanted.low <= band.low and band.high <= wanted.high


def _usual(coefficients: FloatArray) -> float:
    some = coefficients[coefficients != 0]
    return float(np.median(some)) if len(some) else 0.0


def bands_of(pool: Pool, usable: BoolArray, *, targets: bool = True) -> tuple[Between, ...]:
    """Ranges of b that make a difference: those that rows name, or three for the difficulty targets."""
    requirements = pool.blueprint.requirements
    rules: tuple[CountRule | SumRule, ...] = (*requirements.counts, *requirements.sums)
    named = [_split(rule.where)[1] for rule in rules]
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


def new_items(pool: Pool, usable: BoolArray, *, targets: bool = True) -> tuple[NewItems, ...]:
    """Every kind that could help: per domain the profiles that the bank has or that rows ask for."""
    requirements = pool.blueprint.requirements
    rules: tuple[CountRule | SumRule, ...] = (
        *(rule for rule in requirements.counts if rule.role == "scored"), *requirements.sums,
    )  # fmt: skip
    asked = list(dict.fromkeys(others for rule in rules if (others := _split(rule.where)[2])))
    bands = bands_of(pool, usable, targets=targets)
    middle = (len(bands) - 1) / 2
    added = [_contributions(pool, usable, band) for band in bands]
    letters = requirements.key_balance.letters if requirements.key_balance is not None else ""
    found = []
    for domain in pool.blueprint.domains:
        for profile in _profiles(pool, domain.letter, asked):
            for number, band in enumerate(bands):
                for key in (None, *letters):
                    unusual = abs(number - middle) + 0.5 * len(profile) + (2.0 if key is not None else 0.0)
                    found.append(NewItems(domain.letter, band, profile, key, unusual, added[number]))
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


def _contributions(pool: Pool, usable: BoolArray, band: Between) -> tuple[tuple[str, float], ...]:
    """What an item of this difficulty adds to each target, on average over the usable items."""
    b = difficulty_of(pool)
    able = [i for i, good in zip(pool.item_ids, usable, strict=True) if good]
    found = []
    for target in pool.targets:
        known = target.contributions
        here = [known[i] for i in able if i in known and b.get(i, 0.0) in band]
        everywhere = here or [known[i] for i in able if i in known] or [0.0]
        found.append((target.label, sum(everywhere) / len(everywhere)))
    return tuple(found)
