"""Groups of candidates on a form: who passes, how dependable the total is, what DIF adds up to.

Item by item, DIF says little about a test centre or online delivery: what matters is its sum where the cut is
(differential test functioning; Raju, van der Linden & Fleer 1995, Applied Psychological Measurement
19:353-368). Over the scored items of a form

    effect = sum_j p_j (1 - p_j) D_j / 2.35        points at the cut; negative: DIF costs the group

with p_j the share right of candidates near the cut and D_j the expected true D of the item for this group,
counted from the items without DIF (``classical.dif_classes``): on the matching score itself the D sum to
nothing whatever the items do. The effect on the pass rate is what the group's own totals near the cut make
of these points.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.classical import class_probabilities, reliability, wilson_interval
from ciip_irt.item_analysis.form_summary import scored_part
from ciip_irt.responses import AdministeredBlock, ScoredResponses
from ciip_irt.scores.numbers import passes
from ciip_irt.tables import GROUP_SUMMARY

__all__ = ["group_notes", "group_table"]

DELTA = 2.35  # ETS delta units in a logit
NORMAL_95 = 1.96  # standard errors either way of a 95 % interval
FEWEST = 30  # candidates of a group on a form, for its reliability and for what DIF adds up to
NEAR_CUT = 0.5  # standard deviations of the total: who counts for p at the cut
TELLING = 0.5  # points at the cut from which the effect of DIF is told, where it is certain


def group_table(
    scored: ScoredResponses, dif: pl.DataFrame, cuts: Mapping[str, float], confidence: float = 0.95
) -> pl.DataFrame:
    """``group_summary``: one row per form, grouping and group; the groupings are those of ``dif``."""
    effects = _effects(dif)
    rows = []
    for form_id in scored.form_ids:
        blocks = [block for block in scored.blocks if block.form_id == form_id]
        persons = np.concatenate([block.persons for block in blocks])
        items = np.unique(np.concatenate([block.items[block.is_scored] for block in blocks]))
        part = scored_part(scored, items, blocks)
        totals = scored.totals[persons].astype(np.float64)
        cut = cuts.get(form_id)
        near = _share_right(items, blocks, totals, cut)
        for grouping, reference in effects:
            labels = scored.deliveries[grouping].cast(pl.String).to_numpy()[persons]
            for label in (reference, *effects[grouping, reference]):
                members = np.asarray(labels == label)
                if not members.any():
                    continue
                row = _of_group(totals[members], cut, confidence)
                if members.sum() >= FEWEST:
                    found = reliability(part[members], confidence=confidence)
                    row |= {
                        "reliability": found.alpha,
                        "reliability_low": found.low,
                        "reliability_high": found.high,
                        "sem": found.sem,
                    }
                    effect = effects[grouping, reference].get(label)
                    if effect:
                        row |= _adds_up(effect, scored.item_ids, items, near, totals[members], cut)
                row |= {"form_id": form_id, "grouping": grouping, "group": label, "reference": reference}
                rows.append({name: row.get(name) for name in GROUP_SUMMARY.names})
    return GROUP_SUMMARY.frame(rows)


Effect = dict[str, tuple[float, float, float]]
"""Item -> expected D, the error of the observed one, the probability that it has next to none."""


def _effects(dif: pl.DataFrame) -> dict[tuple[str, str], dict[str, Effect]]:
    """(grouping, reference) -> each focal group, and what DIF does to it; empty where that is unknown."""
    found: dict[tuple[str, str], dict[str, Effect]] = {}
    for (grouping, reference, focal), table in dif.group_by(
        ["grouping", "reference", "focal"], maintain_order=True
    ):
        known = table.filter(pl.col("d_ability").is_not_null() & pl.col("d_ability").is_finite())
        d, se = known["d_ability"].to_numpy(), known["se_ability"].to_numpy()
        posterior = class_probabilities(d, se, np.ones(d.size, dtype=np.bool_))
        here = found.setdefault((str(grouping), str(reference)), {})
        if not np.isfinite(posterior.mean):
            here[str(focal)] = {}
            continue
        here[str(focal)] = {
            item: (float(mean), float(error), float(harmless))
            for item, mean, error, harmless in zip(
                known["item_id"], posterior.expected, se, posterior.probability[0], strict=True
            )
        }
    return found


def _share_right(
    items: np.ndarray,
    blocks: Sequence[AdministeredBlock],
    totals: FloatArray,
    cut: float | None,
) -> FloatArray:
    """Shape (J,): p of the form's scored items among candidates near the cut, or near the mean."""
    at = float(totals.mean()) if cut is None else cut
    spread = float(totals.std())
    near = np.abs(totals - at) <= NEAR_CUT * spread
    if near.sum() < FEWEST:
        near[:] = True
    right, n, start = np.zeros(items.size), np.zeros(items.size), 0
    for block in blocks:
        rows = near[start : start + len(block.persons)]
        start += len(block.persons)
        columns = np.flatnonzero(block.is_scored)
        places = np.searchsorted(items, block.items[columns])
        given = block.scores[np.ix_(np.flatnonzero(rows), columns)]
        right[places] += (given == 1).sum(axis=0)
        n[places] += (given >= 0).sum(axis=0)
    return right / np.maximum(n, 1.0)


def _of_group(totals: FloatArray, cut: float | None, confidence: float) -> dict[str, object]:
    n, mean = totals.size, float(totals.mean())
    row: dict[str, object] = {"n_candidates": n, "mean": mean, "cut": cut}
    if n > 1:
        sd = float(totals.std(ddof=1))
        half = NORMAL_95 * sd / np.sqrt(n)
        row |= {"sd": sd, "mean_low": mean - half, "mean_high": mean + half}
    if cut is not None:
        passed = int(passes(totals, cut).sum())
        low, high = wilson_interval(np.array([passed / n]), np.array([n]), confidence)
        row |= {
            "n_passed": passed,
            "pass_rate": passed / n,
            "pass_rate_low": float(low[0]),
            "pass_rate_high": float(high[0]),
        }
    return row


def _adds_up(
    effect: Effect,
    item_ids: Sequence[str],
    items: np.ndarray,
    near: FloatArray,
    totals: FloatArray,
    cut: float | None,
) -> dict[str, object]:
    """Points at the cut with their interval, and passes, that DIF gives the group or costs it."""
    known: BoolArray = np.array([item_ids[item] in effect for item in items])
    if not known.any():
        return {}
    d, se, harmless = np.array([effect[item_ids[item]] for item in items[known]]).T
    weight = near[known] * (1.0 - near[known]) / DELTA
    points = float(weight @ d)
    # where zero is, is known from the items that probably have no DIF; that error is common to all
    origin = 1.0 / np.sqrt(np.maximum((harmless / se**2).sum(), 1e-12))
    half = NORMAL_95 * float(origin * weight.sum())
    row: dict[str, object] = {"dif_points": points, "dif_low": points - half, "dif_high": points + half}
    if cut is not None:
        row["dif_pass_rate"] = _above(totals, cut) - _above(totals, cut + points)
    return row


def _above(totals: FloatArray, cut: float) -> float:
    """Share at the cut or above, linear between whole scores."""
    return float(np.clip(totals - cut + 1.0, 0.0, 1.0).mean())


def group_notes(table: pl.DataFrame) -> list[str]:
    """A sentence for every group for which DIF certainly adds up to something at the cut."""
    certain = (pl.col("dif_low") > 0) | (pl.col("dif_high") < 0)
    told = table.filter(certain & (pl.col("dif_points").abs() >= TELLING))
    notes = []
    for row in told.iter_rows(named=True):
        way = "gains" if row["dif_points"] > 0 else "loses"
        said = (
            f"{row['grouping']} {row['group']} on form {row['form_id']} {way}"
            f" {abs(row['dif_points']):.1f} points by items that work differently for it than for"
            f" {row['reference']} (between {row['dif_low']:+.1f} and {row['dif_high']:+.1f})"
        )
        passing = row["dif_pass_rate"]
        if passing is not None:
            said += f"; of its {row['pass_rate']:.1%} who pass, {passing:+.1%} are due to that"
        notes.append(f"{said}. The items are in dif.csv; group_summary.csv has all groups.")
    return notes
