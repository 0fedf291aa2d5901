"""Differential item functioning between groups of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, IntArray
from ciip_irt.classical import (
    AbilityDif,
    DifTables,
    LogisticDif,
    MantelHaenszel,
    ability_dif,
    class_probabilities,
    dif_sums,
    dif_tables,
    logistic_dif,
    mantel_haenszel,
    merge_dif,
    merge_tables,
)
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, ScoredResponses, keep_telling_answers
from ciip_irt.screening import scored_sets
from ciip_irt.tables import DIF

__all__ = [
    "DEFAULT_GROUPINGS",
    "MINIMUM_GROUP",
    "Comparison",
    "compare_groups",
    "dif_between_groups",
    "dif_table",
    "is_widespread",
    "widespread_notes",
]

DEFAULT_GROUPINGS = ("delivery_mode", "first_time", "region")
NO_GROUPS = ("delivery_id", "candidate_id", "delivered_at", "total", "n_scored", "n_pilot")
MINIMUM_GROUP = 50  # answers of each group: the error of D-DIF is then 1 at p = .7, and class C begins at 1.5
MOST_FOCAL_GROUPS = 10  # a table of more comparisons is not read; the largest groups come first
WIDESPREAD = 0.1  # share of items in class C: so many speak against the matching score, not against the items
FEWEST_COMMON = 5  # items: on fewer, matching tells nobody from anybody
ROUNDS = 5  # of purification; a sixth hardly ever changes what is in the matching score
MOST_LEFT_OUT = 0.2  # share of the scored items: without more, the total is no measure of the same thing
LOGISTIC = ("d_logistic", "p_uniform", "p_nonuniform", "r2_change")
TELLING_ERROR = 0.75  # of D at equal ability: 0 and class C (1.5) are two standard errors apart


@result
@dataclass(frozen=True, slots=True)
class Comparison:
    """One focal group against the reference group, for every item.

    ``result`` and ``logistic`` are matched on every raw score, as usual; ``ability`` is DIF at equal ability,
    of which the class probabilities are made. ``in_matching`` (J,): scored items that stayed in the score on
    which candidates are matched.
    """

    grouping: str
    reference: str
    focal: str
    result: MantelHaenszel
    logistic: LogisticDif
    ability: AbilityDif
    in_matching: BoolArray

    def number(self, name: str) -> Any:
        """A column (J,) of the ``dif`` table."""
        if name == "d_ability":
            return self.ability.d
        if name == "se_ability":
            return self.ability.se
        if name == "n_needed":
            return self.n_needed()
        return getattr(self.logistic if name in LOGISTIC else self.result, name)

    def n_needed(self) -> list[int | None]:
        """(J,) answers that the smaller group would need where it has too few for a class."""
        smaller = np.minimum(self.result.n_reference, self.result.n_focal)
        with np.errstate(invalid="ignore"):
            enough = np.maximum(np.ceil(smaller * (self.ability.se / TELLING_ERROR) ** 2), MINIMUM_GROUP)
        wanted = np.where(np.isfinite(enough), enough, MINIMUM_GROUP).astype(np.int64).tolist()
        return [
            number if label == "insufficient" else None
            for number, label in zip(wanted, self.result.ets_class, strict=True)
        ]


def compare_groups(
    scored: ScoredResponses, groupings: Sequence[str] | None, *, minimum_n: int, purify: bool = True
) -> tuple[list[Comparison], list[str]]:
    """Compare every group with the largest one of its grouping, matched on form and scored total.

    With ``purify``, scored items of class C are taken out of the score on which candidates are matched, and
    all items are judged again by what is left, until no item comes or goes (Holland & Thayer 1988); a scored
    item always counts in the score it is judged by. Cells that tell nothing about a pilot do not count for
    it (``telling_answers``).

    Returns the comparisons and what to tell the reader. Named groupings that the candidates lack are an
    error; of the default groupings those are taken that exist with at least two groups.
    """
    scored = keep_telling_answers(scored)
    names = scored.deliveries.columns
    if groupings is None:
        wanted = [name for name in DEFAULT_GROUPINGS if name in names]
    else:
        wanted = list(groupings)
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise InputError(
                Problem(
                    "groupings for DIF are not columns of the candidates table",
                    where="candidates",
                    examples=unknown,
                    remedy=f"It has {', '.join(name for name in names if name not in NO_GROUPS)}.",
                )
            )
        own = [name for name in wanted if name in ("candidate_id", "delivery_id")]
        if own:
            remedy = "Name a column that several candidates share, such as delivery_mode."
            what = "candidates cannot be compared by a column that tells each of them apart"
            raise InputError(Problem(what, where="candidates", examples=own, remedy=remedy))
    comparisons: list[Comparison] = []
    notes: list[str] = []
    for name in wanted:
        labels = scored.deliveries[name].cast(pl.String)
        sizes = labels.drop_nulls().value_counts().sort(["count", name], descending=[True, False]).iter_rows()
        levels = [(str(label), int(count)) for label, count in sizes]
        if len(levels) < 2:
            if groupings is not None:
                notes.append(f"{name}: all candidates are in one group, so there is nothing to compare.")
            continue
        reference, focal = levels[0][0], levels[1:]
        if len(focal) > MOST_FOCAL_GROUPS:
            left_out = focal[MOST_FOCAL_GROUPS:]
            focal = focal[:MOST_FOCAL_GROUPS]
            notes.append(
                f"{name}: the {MOST_FOCAL_GROUPS} largest groups are compared with {reference};"
                f" {plural(len(left_out), 'smaller group')} left out."
            )
        small = [label for label, count in focal if count < minimum_n]
        if small:
            notes.append(
                f"{name}: fewer than {minimum_n} deliveries in {', '.join(small)}, too few for a DIF class."
                " Pool administrations before judging these groups."
            )
        values = labels.to_numpy()
        for label, _ in focal:
            group = np.where(values == reference, 0, np.where(values == label, 1, -1)).astype(np.int64)
            comparisons.append(
                Comparison(name, reference, label, *_compare(scored, group, minimum_n, purify))
            )
    return comparisons, notes


@dataclass(frozen=True, slots=True)
class _Form:
    """The blocks of one form, its items, and (J,) the scored items on which its candidates are compared."""

    blocks: tuple[AdministeredBlock, ...]
    items: IntArray
    common: BoolArray


def _forms(scored: ScoredResponses) -> list[_Form]:
    """Each form; where its deliveries met different scored items, compared on those in all of the sets, for a
    total of more items is no sign of more ability. With hardly any in common, each set is a form."""
    blocks: dict[tuple[str, bytes], list[AdministeredBlock]] = {}
    common: dict[str, BoolArray] = {}
    for form_id in scored.form_ids:
        shared = np.ones(scored.items.height, dtype=np.bool_)
        sets = [items for items, _ in scored_sets(scored, form_id)]
        if len(sets) > 1:
            shared[:] = False
            shared[sorted(set.intersection(*sets))] = True
        common[form_id] = shared
    for block in scored.blocks:
        apart = common[block.form_id].sum() < FEWEST_COMMON
        own = np.sort(block.items[block.is_scored]).tobytes() if apart else b""
        blocks.setdefault((block.form_id, own), []).append(block)
    every = np.ones(scored.items.height, dtype=np.bool_)
    return [
        _Form(
            tuple(found),
            np.unique(np.concatenate([block.items for block in found])),
            every if own else common[form_id],
        )
        for (form_id, own), found in blocks.items()
    ]


def _tables(form: _Form, group: IntArray, matching: BoolArray) -> DifTables:
    """Counts by score on the items of ``matching`` (J,), the item itself included where it is scored."""
    size = len(form.items)
    n_levels = size + 1
    parts: list[DifTables] = []
    for block in form.blocks:
        compared = matching[block.items] & form.common[block.items]
        counted = block.is_scored & compared
        right = block.scores == 1
        level = right[:, counted].sum(axis=1)
        members = group[block.persons]
        places = np.searchsorted(form.items, block.items)
        outside = block.is_scored & ~compared
        inside = dif_tables(block.scores[:, ~outside], level, members, n_levels=n_levels)
        parts.append(inside.placed(places[~outside], size))
        for column in np.flatnonzero(outside):
            own = level + right[:, column]
            alone = dif_tables(block.scores[:, [column]], own, members, n_levels=n_levels)
            parts.append(alone.placed(places[[column]], size))
    return merge_tables(parts)


def _compare(
    scored: ScoredResponses, group: IntArray, minimum_n: int, purify: bool
) -> tuple[MantelHaenszel, LogisticDif, AbilityDif, BoolArray]:
    n_items = scored.items.height
    forms = _forms(scored)
    is_scored = scored.scored_somewhere
    matching = is_scored.copy()
    for left in reversed(range(ROUNDS if purify else 1)):
        tables = [(_tables(form, group, matching), form.items) for form in forms]
        sums = merge_dif([(dif_sums(counts), items) for counts, items in tables], n_items)
        result = mantel_haenszel(sums, minimum_n=minimum_n)
        kept = is_scored & (np.array(result.ets_class) != "C")
        # Where many items differ, the groups do; a score on the few that agree is no better standard.
        if (kept == matching).all() or kept.sum() < (1 - MOST_LEFT_OUT) * is_scored.sum() or not left:
            break
        matching = kept
    used = np.zeros(n_items, dtype=np.bool_)
    for form in forms:
        used[form.items] |= form.common[form.items]
    ability = ability_dif(tables, n_items, is_scored)
    likely = class_probabilities(ability.d, ability.se, np.isfinite(ability.d))
    result = mantel_haenszel(sums, minimum_n=minimum_n, probabilities=likely)
    return result, logistic_dif(tables, n_items), ability, matching & used


def is_widespread() -> pl.Expr:
    """True where over a tenth of the items of a comparison are class C: about the groups, not an item."""
    class_c = (pl.col("ets_class") == "C").sum()
    judged = (pl.col("ets_class") != "insufficient").sum()
    return (class_c > WIDESPREAD * judged).over("grouping", "focal")


def widespread_notes(dif: pl.DataFrame) -> list[str]:
    """A sentence for every comparison in which class C is widespread."""
    found = (
        dif.filter(is_widespread())
        .group_by("grouping", "focal", "reference", maintain_order=True)
        .agg(n_c=(pl.col("ets_class") == "C").sum(), n_judged=(pl.col("ets_class") != "insufficient").sum())
    )
    return [
        f"{grouping}: {n_c} of {n_judged} items differ strongly (class C) between {focal} and {reference}."
        " That is about the groups, not about single items: other training, another language, or items known"
        " in advance. Look at test security before rewriting items."
        for grouping, focal, reference, n_c, n_judged in found.iter_rows()
    ]


def dif_between_groups(
    scored: ScoredResponses, dif: Sequence[str] | None = None, *, minimum_n: int = MINIMUM_GROUP
) -> tuple[pl.DataFrame, list[str]]:
    """``dif`` of a scored log, and what to tell its reader; as :func:`compare_groups`."""
    comparisons, notes = compare_groups(scored, dif, minimum_n=minimum_n)
    return dif_table(comparisons, scored.item_ids), notes


def dif_table(comparisons: Sequence[Comparison], item_ids: Sequence[str]) -> pl.DataFrame:
    """``dif``: one row per item and comparison; items that neither group saw are left out."""
    frames = [DIF.empty()]
    for comparison in comparisons:
        names = {
            name: [getattr(comparison, name)] * len(item_ids) for name in ("grouping", "reference", "focal")
        }
        numbers = {name: comparison.number(name) for name in DIF.names[4:-1]}
        values = {"item_id": list(item_ids), **names, **numbers, "in_matching": comparison.in_matching}
        table = DIF.frame(values)
        frames.append(table.filter(pl.col("n_reference") + pl.col("n_focal") > 0))
    return pl.concat(frames)
