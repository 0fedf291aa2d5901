"""Scored responses: persons x items in blocks, memory in proportion to what was administered.

A block holds the deliveries of one form that saw the same items in the same roles. Inside a block every
array is dense, so that a sum over persons is a matrix product; between blocks nothing is stored for the
items nobody there was given.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import plural
from ciip_irt.irt import ResponseBlock
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.tables import show_html

__all__ = ["AdministeredBlock", "CellStatus", "ScoredResponses"]


class CellStatus(IntEnum):
    """What happened in a cell; the four kinds of missing stay apart."""

    ANSWERED = 0
    OMITTED = 1
    NOT_REACHED = 2
    INVALID = 3
    NOT_ADMINISTERED = 4


@result
@dataclass(frozen=True, slots=True)
class AdministeredBlock:
    """The deliveries of one form that saw the same items in the same roles.

    Attributes
    ----------
    form_id
        The form.
    persons
        (N_b,) rows of ``ScoredResponses.deliveries``.
    items
        (J_b,) rows of ``ScoredResponses.items``, ascending.
    is_scored
        (J_b,) whether the item counts in the total here; ``False`` = pilot.
    scores
        (N_b, J_b) 0 or 1; ``MISSING`` where the cell does not count.
    choices
        (N_b, J_b) index into the item's ``options``; -1 where no option was chosen.
    statuses
        (N_b, J_b) codes of ``CellStatus``.
    times
        (N_b, J_b) seconds; NaN where unknown.
    positions
        (N_b, J_b) place in the delivery, from 1; 0 where unknown.
    """

    form_id: str
    persons: IntArray
    items: IntArray
    is_scored: BoolArray
    scores: ScoreArray
    choices: ScoreArray
    statuses: NDArray[np.uint8]
    times: NDArray[np.float32]
    positions: NDArray[np.int16]


@result
@dataclass(frozen=True, slots=True)
class ScoredResponses:
    """All eligible deliveries, scored.

    Attributes
    ----------
    deliveries
        One row per delivery: ``delivery_id, candidate_id, form_id, attempt, delivered_at``, candidate
        attributes, and ``total`` (scored items right), ``n_scored`` (scored items administered),
        ``n_pilot``.
    items
        One row per administered item, in the order of the bank: the ``items`` contract's columns.
    blocks
        See ``AdministeredBlock``.
    exclusions
        Deliveries left out, by rule and reason.
    warnings
        What a reader of the results should know.
    provenance
        Data hash, counts, settings, versions.
    """

    deliveries: pl.DataFrame
    items: pl.DataFrame
    blocks: tuple[AdministeredBlock, ...]
    exclusions: pl.DataFrame
    warnings: tuple[str, ...]
    provenance: Provenance

    @property
    def item_ids(self) -> tuple[str, ...]:
        return tuple(self.items["item_id"].to_list())

    @property
    def form_ids(self) -> tuple[str, ...]:
        """Forms in alphabetical order."""
        return tuple(self.deliveries["form_id"].unique().sort())

    @property
    def totals(self) -> FloatArray:
        """(N,) scored items right, by delivery."""
        return self.deliveries["total"].cast(pl.Float64).to_numpy()

    @property
    def scored_somewhere(self) -> BoolArray:
        """(J,) items that count in the total of at least one form; the others are pilots everywhere."""
        counted = np.zeros(self.items.height, dtype=np.bool_)
        for block in self.blocks:
            counted[block.items[block.is_scored]] = True
        return counted

    def response_blocks(self, *, scored_only: bool = False) -> list[ResponseBlock]:
        """The blocks as the estimation takes them; one ``ResponseBlock`` for each of ``blocks``.

        Item indices refer to ``items``; a cell that was not administered or does not count is ``MISSING``.
        ``scored_only`` leaves the pilots out.
        """
        return [
            ResponseBlock(block.items[kept], np.ascontiguousarray(block.scores[:, kept]))
            for block in self.blocks
            for kept in [block.is_scored if scored_only else np.ones(len(block.items), dtype=bool)]
        ]

    def to_frame(self) -> pl.DataFrame:
        """One row per delivery, with its total."""
        return self.deliveries

    def summary(self) -> str:
        cells = sum(int((block.statuses != CellStatus.NOT_ADMINISTERED).sum()) for block in self.blocks)
        scored = int(self.scored_somewhere.sum())
        pilots = {int(j) for block in self.blocks for j in block.items[~block.is_scored]}
        sittings = plural(self.deliveries.height, "delivery", "deliveries")
        left_out = (
            plural(self.exclusions.height, "delivery", "deliveries") if self.exclusions.height else "None"
        )
        lines = [
            f"{sittings} on {plural(len(self.form_ids), 'form')}, {cells:,} responses"
            f" to {scored:,} scored and {len(pilots):,} pilot items.",
            f"{left_out} left out.",
        ]
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Scored responses", self.summary(), self.deliveries)


SMALL_BLOCK = 5  # deliveries: a matrix product for fewer costs more than the cells it would save


def blocks_from_cells(cells: pl.DataFrame, n_items: int) -> tuple[AdministeredBlock, ...]:
    """Blocks from one row per administered cell.

    Parameters
    ----------
    cells
        ``person`` and ``item`` (row numbers), ``form_id``, ``is_scored``, ``score``, ``choice``,
        ``status`` (codes), ``time_s``, ``position``; each (person, item) once.
    n_items
        Number of items the rows refer to.

    Notes
    -----
    A delivery that lost rows in transit would otherwise make a block of its own. Sets seen by fewer than
    five persons join the smallest larger set of the same form that contains them; the cells not
    administered are marked as such.
    """
    cells = cells.sort("person", "item").with_columns(
        signed=pl.col("item") * 2 + pl.col("is_scored").cast(pl.Int64)
    )
    persons = cells.group_by("person", maintain_order=True).agg(
        pl.col("form_id").first(), seen=pl.col("signed").cast(pl.String).str.join(",")
    )
    groups: list[Group] = [
        (str(form_id), np.array(seen.split(","), dtype=np.int64), np.sort(np.array(members, dtype=np.int64)))
        for form_id, seen, members in persons.group_by("form_id", "seen", maintain_order=True)
        .agg("person")
        .iter_rows()
    ]
    merged = _merge_small(groups)
    height = int(persons["person"].max()) + 1 if persons.height else 0  # type: ignore[arg-type]
    block_of, row_of = np.full(height, -1), np.zeros(height, dtype=np.int64)
    for index, (_, _, members) in enumerate(merged):
        block_of[members], row_of[members] = index, np.arange(len(members))
    columns = {
        name: cells[name].to_numpy() for name in ("person", "item", "score", "choice", "status", "position")
    }
    times = cells["time_s"].cast(pl.Float32).fill_null(float("nan")).to_numpy()
    cell_block = block_of[columns["person"]]
    order = np.argsort(cell_block, kind="stable")
    bounds = np.searchsorted(cell_block[order], np.arange(len(merged) + 1))
    column_of = np.zeros(n_items, dtype=np.int64)
    blocks = []
    for index, (form_id, signed, members) in enumerate(merged):
        picked = order[bounds[index] : bounds[index + 1]]
        items = signed // 2
        column_of[items] = np.arange(len(items))
        at = (row_of[columns["person"][picked]], column_of[columns["item"][picked]])
        shape = (len(members), len(items))
        blocks.append(
            AdministeredBlock(
                form_id=form_id,
                persons=members,
                items=items,
                is_scored=signed % 2 == 1,
                scores=_filled(np.full(shape, MISSING, dtype=np.int8), at, columns["score"][picked]),
                choices=_filled(np.full(shape, -1, dtype=np.int8), at, columns["choice"][picked]),
                statuses=_filled(
                    np.full(shape, CellStatus.NOT_ADMINISTERED, dtype=np.uint8), at, columns["status"][picked]
                ),
                times=_filled(np.full(shape, np.nan, dtype=np.float32), at, times[picked]),
                positions=_filled(np.zeros(shape, dtype=np.int16), at, columns["position"][picked]),
            )
        )
    return tuple(blocks)


def _filled(empty: NDArray[Any], at: tuple[IntArray, IntArray], values: NDArray[Any]) -> NDArray[Any]:
    empty[at] = values
    return empty


Group = tuple[str, IntArray, IntArray]


def _merge_small(groups: list[Group]) -> list[Group]:
    large = [group for group in groups if len(group[2]) >= SMALL_BLOCK]
    small = sorted((g for g in groups if len(g[2]) < SMALL_BLOCK), key=lambda g: -len(g[1]))
    for form_id, signed, members in small:
        hosts = [
            k for k, (form, host, _) in enumerate(large)
            if form == form_id and len(host) >= len(signed) and np.isin(signed, host).all()
        ]  # fmt: skip
        if hosts:
            k = min(hosts, key=lambda k: len(large[k][1]))
            large[k] = (form_id, large[k][1], np.sort(np.concatenate([large[k][2], members])))
        else:
            large.append((form_id, signed, members))
    return large
