"""Pairs of items that go together beyond ability, as proposals for the list of enemies."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray
from ciip_irt.bank import enemies_of
from ciip_irt.errors import plural
from ciip_irt.irt.fit_statistics import FIT_LEVEL, LocalDependence, MaximumReference
from ciip_irt.tables import LOCAL_DEPENDENCE

__all__ = ["dependent_pairs", "pairs_sentence"]

STRONG = 0.2  # above the mean of all pairs: Christensen, Makransky & Horton (2017)
LISTED = 20  # pairs, whatever their size: the reader sees what is usual in this log
ENEMIES, LOOK, KNOWN, SET = "make them enemies", "look at both", "already enemies", "one set"
MISFIT = "settle the misfit first"


def dependent_pairs(
    items: pl.DataFrame,
    found: LocalDependence,
    reference: MaximumReference | None,
    misfit: BoolArray,
) -> pl.DataFrame:
    """All pairs beyond the reference, and at least the 20 most dependent ones.

    ``reference`` is the ``q3_adjusted`` that the most dependent of all pairs exceeds in one of twenty samples
    without dependence; ``p`` the share of such samples whose most dependent pair goes as far. Suggestion:
    enemies where p < .05 and ``q3_adjusted`` is at least .2, a look where it is less. Where one of the two is
    a ``misfit`` (J,), that comes first: two items with wrong keys go together, too. What the bank knows of
    the pair already is said. Without samples there is no reference, and no suggestion.
    """
    first, second = found.ranked()
    z = found.z[first, second]
    p = np.full(z.size, np.nan) if reference is None else reference.p(z)
    listed = np.flatnonzero((p < FIT_LEVEL) | (np.arange(z.size) < LISTED))
    first, second, z, p = first[listed], second[listed], z[listed], p[listed]
    adjusted = found.q3_adjusted[first, second]
    limit = np.nan if reference is None else reference.at(FIT_LEVEL)
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = np.where(z != 0, limit * adjusted / z, np.nan)
    known = _known(items)
    ids = items["item_id"].to_list()
    suggestions = []
    for j, k, chance, size in zip(first, second, p, adjusted, strict=True):
        own = known.get(frozenset((ids[j], ids[k])), "")
        said = MISFIT if misfit[j] or misfit[k] else ENEMIES if size >= STRONG else LOOK
        suggestions.append(own or (said if chance < FIT_LEVEL else ""))
    return LOCAL_DEPENDENCE.frame(
        {
            "item_1": [ids[j] for j in first],
            "item_2": [ids[k] for k in second],
            "n": found.n[first, second],
            "q3": found.q3[first, second],
            "q3_adjusted": adjusted,
            "reference": beyond,
            "p": p,
            "suggestion": suggestions,
        }
    )


def _known(items: pl.DataFrame) -> Mapping[frozenset[str], str]:
    """Pairs that the bank keeps apart, or together in one set."""
    pairs: dict[frozenset[str], str] = {}
    if "set_id" in items.columns:
        for _, members in items.drop_nulls("set_id").group_by("set_id", maintain_order=True):
            ids = members["item_id"].to_list()
            pairs |= {frozenset((one, other)): SET for one in ids for other in ids if one != other}
    for item, enemies in enemies_of(items).items():
        pairs |= {frozenset((item, enemy)): KNOWN for enemy in enemies}
    return pairs


def pairs_sentence(pairs: pl.DataFrame, simulations: int) -> str:
    """What was found, in words."""
    if simulations < 2:
        return (
            "Dependent pairs (local_dependence.csv) are ranked, but without simulated samples"
            " (--fit-simulations 30) nothing says which are beyond chance."
        )
    new = pairs.filter(pl.col("suggestion") == ENEMIES)
    if not new.height:
        return "No pair of items that are not enemies yet goes together beyond ability by .2 or more."
    named = ", ".join(f"{one} and {two}" for one, two in new.select("item_1", "item_2").head(3).iter_rows())
    more = ", ..." if new.height > 3 else ""
    return (
        f"{plural(new.height, 'pair of items goes', 'pairs of items go')} together beyond ability, as if one"
        f" helped with the other: {named}{more}. Consider making them enemies (local_dependence.csv)."
    )
