"""Differential item functioning between groups of candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.classical.dif import (
    DifTables,
    MantelHaenszel,
    dif_sums,
    dif_tables,
    mantel_haenszel,
    merge_dif,
    merge_tables,
)
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses import AdministeredBlock, ScoredResponses

__all__ = [
    "DEFAULT_GROUPINGS",
    "Comparison",
    "compare_groups",
    "dif_table",
    "is_widespread",
    "widespread_notes",
]

DEFAULT_GROUPINGS = ("delivery_mode", "first_time", "region")
MOST_FOCAL_GROUPS = 10
WIDESPREAD = 0.1
SCHEMA: Mapping[str, type[pl.DataType]] = {
    "item_id": pl.String,
    "grouping": pl.String,
    "reference": pl.String,
    "focal": pl.String,
    "n_reference": pl.Int64,
    "n_focal": pl.Int64,
    "d_dif": pl.Float64,
    "se": pl.Float64,
    "chi2": pl.Float64,
    "p_value": pl.Float64,
    "ets_class": pl.String,
    "prob_a": pl.Float64,
    "prob_b": pl.Float64,
    "prob_c": pl.Float64,
    "std_p_dif": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One focal group against the reference group, for every item."""

    grouping: str
    reference: str
    focal: str
    result: MantelHaenszel


def compare_groups(
    scored: ScoredResponses, groupings: Sequence[str] | None, *, minimum_n: int
) -> tuple[list[Comparison], list[str]]:
    """Compare every group with the largest one of its grouping, matched on form and scored total.

    Returns the comparisons and what to tell the reader. Named groupings that the candidates lack are an
    error; of the default groupings those are taken that exist with at least two groups.
    """
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
                    remedy=f"It has {', '.join(names)}.",
                )
            )
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
            comparisons.append(Comparison(name, reference, label, _compare(scored, group, minimum_n)))
    return comparisons, notes


def _compare(scored: ScoredResponses, group: np.ndarray, minimum_n: int) -> MantelHaenszel:
    total = scored.deliveries["total"].to_numpy().astype(np.int64)
    forms: dict[str, list[AdministeredBlock]] = {}
    for block in scored.blocks:
        forms.setdefault(block.form_id, []).append(block)
    parts = []
    for blocks in forms.values():
        items = np.unique(np.concatenate([block.items for block in blocks]))
        n_levels = int(max(total[block.persons].max(initial=0) for block in blocks)) + 1
        tables: list[DifTables] = []
        for block in blocks:
            counted = dif_tables(block.scores, total[block.persons], group[block.persons], n_levels=n_levels)
            tables.append(counted.placed(np.searchsorted(items, block.items), len(items)))
        parts.append((dif_sums(merge_tables(tables)), items))
    return mantel_haenszel(merge_dif(parts, scored.items.height), minimum_n=minimum_n)


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


def dif_table(comparisons: Sequence[Comparison], item_ids: Sequence[str]) -> pl.DataFrame:
    """``dif``: one row per item and comparison; items that neither group saw are left out."""
    frames = [pl.DataFrame(schema=SCHEMA)]
    for comparison in comparisons:
        names = {
            name: [getattr(comparison, name)] * len(item_ids) for name in ("grouping", "reference", "focal")
        }
        numbers = {name: getattr(comparison.result, name) for name in list(SCHEMA)[4:]}
        table = pl.DataFrame({"item_id": list(item_ids), **names, **numbers}, schema=SCHEMA)
        frames.append(table.filter(pl.col("n_reference") + pl.col("n_focal") > 0))
    return pl.concat(frames).with_columns(pl.col(pl.Float64).fill_nan(None))
