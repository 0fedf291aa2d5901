"""Which items of forms are their anchors, and how far a block of anchors resembles the whole.

Listed anchors are known from the blueprint; otherwise a form table may mark them in a column ``anchor``;
where it does not, the anchors are what all forms (and the reference form) have in common.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, fsum
from statistics import pstdev

import polars as pl

from ciip_irt.blueprint import Blueprint
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["ANCHOR", "Anchors", "anchors_in", "domain_shares", "unlike"]

ANCHOR = "anchor"
NO = ("", "0", "no", "n", "false", "-")


@dataclass(frozen=True, slots=True)
class Anchors:
    """``items`` of the block; ``named`` where list or column say so, not what the forms have in common."""

    items: frozenset[str] = frozenset()
    named: bool = False


def anchors_in(
    blueprint: Blueprint,
    table: pl.DataFrame,
    scored: Sequence[Sequence[str]],
    earlier: Mapping[str, Sequence[str]],
) -> Anchors:
    """The anchor block of these forms; empty where the blueprint asks for none, or nothing shows it.

    ``scored`` are the scored items of each form, ``earlier`` those of each earlier form.
    """
    block = blueprint.requirements.anchors
    if block is None:
        return Anchors()
    if block.items:
        return Anchors(frozenset(block.items), named=True)
    if ANCHOR in table.columns:
        marked = ~table[ANCHOR].cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase().is_in(NO)
        if marked.any():
            return Anchors(frozenset(table.filter(marked)["item_id"]), named=True)
    family = [*scored, *(items for form_id, items in earlier.items() if form_id == block.reference)]
    return Anchors(frozenset.intersection(*map(frozenset, family)) if len(family) > 1 else frozenset())


def domain_shares(blueprint: Blueprint, count: int) -> dict[str, tuple[int, int]]:
    """Fewest and most anchors per domain: within one of the share that the domain has of a form.

    >>> from ciip_irt.blueprint.blueprint import Domain
    >>> two = Blueprint("x", "1", "2024", 10, (Domain("A", "Alpha", 3), Domain("B", "Beta", 7)))
    >>> domain_shares(two, 4)
    {'A': (1, 2), 'B': (2, 3)}
    """
    quotas = {d.letter: count * d.count / blueprint.length for d in blueprint.domains}
    return {
        letter: (max(0, ceil(quota - 1 - ROUNDING)), floor(quota + 1 + ROUNDING))
        for letter, quota in quotas.items()
    }


def unlike(
    blueprint: Blueprint,
    anchors: Sequence[str],
    forms: Sequence[str],
    letter_of: Mapping[str, str],
    difficulty: Mapping[str, float],
) -> Iterator[str]:
    """In words, wherein a block of anchors is no small copy of the forms: domains, mean b, spread of b.

    ``forms`` are the scored items of all forms together.
    """
    block = blueprint.requirements.anchors
    if block is None or not anchors:
        return
    counts = Counter(letter_of.get(item_id, "") for item_id in anchors)
    titles = {domain.letter: domain.title for domain in blueprint.domains}
    for letter, (low, high) in domain_shares(blueprint, len(anchors)).items():
        if not low <= counts[letter] <= high:
            many = f"{counts[letter]} of {len(anchors)} anchors"
            yield f"{titles[letter]}: {many}, its share is {low} to {high}"
    few = [difficulty[item_id] for item_id in anchors if item_id in difficulty]
    all_ = [difficulty[item_id] for item_id in forms if item_id in difficulty]
    if len(few) < 2 or len(all_) < 2:
        return
    here, there = fsum(few) / len(few), fsum(all_) / len(all_)
    if abs(here - there) > block.mean_b + ROUNDING:
        yield (
            f"the anchors' mean b is {here:.2f}, that of the forms {there:.2f}:"
            f" {abs(here - there):.2f} apart, {block.mean_b:g} allowed"
        )
    ratio = pstdev(few) / (pstdev(all_) or 1.0)
    if not 1 - block.sd_b - ROUNDING <= ratio <= 1 + block.sd_b + ROUNDING:
        yield (
            f"the anchors' b spreads {ratio:.2f} times as wide as in the forms,"
            f" {1 - block.sd_b:.2f} to {1 + block.sd_b:.2f} allowed"
        )
