"""Deliveries left out after scoring, for what their answers show."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, IntArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses

__all__ = ["exclude_deliveries"]


def exclude_deliveries(scored: ScoredResponses, reasons: Mapping[str, str], rule: str) -> ScoredResponses:
    """The same responses without some deliveries, which are listed among the exclusions.

    Parameters
    ----------
    reasons
        ``delivery_id -> reason``, in words.
    rule
        Name of the rule, as in ``exclusions.csv``.

    Raises
    ------
    InputError
        A delivery that is not there, or nobody left.
    """
    ids = scored.deliveries["delivery_id"]
    absent = sorted(set(reasons) - set(ids))
    if absent:
        raise InputError(
            Problem(
                "deliveries to leave out that are not there",
                count=len(absent),
                examples=tuple(absent[:5]),
                remedy="Name deliveries that count.",
            )
        )
    if not reasons:
        return scored
    gone = ids.is_in(list(reasons)).to_numpy()
    if gone.all():
        raise InputError(Problem(f"rule {rule!r} leaves nobody", remedy="Use a smaller limit, or none."))
    place = np.cumsum(~gone) - 1
    blocks = tuple(_kept(block, gone, place) for block in scored.blocks if not gone[block.persons].all())
    rows = np.zeros(len(ids), dtype=np.int64)
    for block in scored.blocks:
        rows[block.persons] = (block.statuses != CellStatus.NOT_ADMINISTERED).sum(axis=1)
    left = scored.deliveries.select("delivery_id", "candidate_id").with_columns(rows=pl.Series(rows))
    left = left.filter(pl.Series(gone)).with_columns(
        rule=pl.lit(rule), reason=pl.col("delivery_id").replace_strict(dict(reasons), return_dtype=pl.String)
    )
    exclusions = pl.concat(
        [scored.exclusions, left.select(scored.exclusions.columns)], how="vertical_relaxed"
    )
    origin = scored.provenance
    return replace(
        scored,
        deliveries=scored.deliveries.filter(pl.Series(~gone)),
        blocks=blocks,
        exclusions=exclusions,
        provenance=replace(
            origin,
            data_hash=_hash_without(origin.data_hash, ids.filter(pl.Series(gone)).sort().to_list()),
            n_deliveries=int((~gone).sum()),
            n_responses=origin.n_responses - int(rows[gone].sum()),
            exclusions=dict(exclusions["rule"].value_counts().sort("rule").iter_rows()),
        ),
    )


def _hash_without(data_hash: str, delivery_ids: list[str]) -> str:
    """Fewer answers are other data: results of both must not pass for results of the same."""
    return hashlib.sha256("\x1f".join([data_hash, *delivery_ids]).encode()).hexdigest()


def _kept(block: AdministeredBlock, gone: BoolArray, place: IntArray) -> AdministeredBlock:
    """The block without its persons who are gone, the others renumbered."""
    stay = ~gone[block.persons]
    return replace(
        block,
        persons=place[block.persons[stay]].astype(np.int64),
        scores=block.scores[stay],
        choices=block.choices[stay],
        statuses=block.statuses[stay],
        times=block.times[stay],
        positions=block.positions[stay],
    )
