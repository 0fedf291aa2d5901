"""Populations: which candidates belong to which, and blocks of answers that know it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, IntArray
from ciip_irt.errors import InputError, Problem, did_you_mean, plural
from ciip_irt.irt import ResponseBlock
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses

__all__ = ["ONE", "GroupedBlocks", "Groups", "grouped_blocks", "population_groups"]

ONE = "all"
NOT_GIVEN = "not given"
FEW = 30  # the mean of 30 errs by a fifth of the spread (1 / sqrt(30))
MOST = 50  # a column with more values names persons or days, not groups
NO_GROUPS = ("delivery_id", "candidate_id", "total", "n_scored", "n_pilot", "delivered_at")


@result
@dataclass(frozen=True, slots=True)
class Groups:
    """Populations of a calibration.

    Attributes
    ----------
    column
        The candidates' attribute, or "" for one population.
    names
        The largest first: the first is the reference of a free calibration.
    of_delivery
        Shape (N,): which of them each delivery belongs to.
    """

    column: str
    names: tuple[str, ...]
    of_delivery: IntArray

    @property
    def sizes(self) -> IntArray:
        """Shape (G,)."""
        return np.bincount(self.of_delivery, minlength=len(self.names)).astype(np.int64)

    def warnings(self) -> list[str]:
        """Groups that are too small, candidates of none."""
        small = [f"{name} ({n})" for name, n in zip(self.names, self.sizes, strict=True) if n < FEW]
        said = []
        if len(self.names) > 1 and small:
            said.append(
                f"Groups of fewer than {FEW} candidates by {self.column}: {', '.join(small)}. Their mean and"
                " spread are uncertain; join them with others."
            )
        if NOT_GIVEN in self.names and self.column:
            n = int(self.sizes[self.names.index(NOT_GIVEN)])
            said.append(
                f"{plural(n, 'delivery has', 'deliveries have')} no {self.column}: they are a group of their"
                f" own, {NOT_GIVEN!r}."
            )
        return said


def population_groups(scored: ScoredResponses, column: str | None = None) -> Groups:
    """One population, or one for each value of a candidates' column (``delivery_mode``, ``form_id``, ...).

    Raises
    ------
    InputError
        No such column, or one that tells candidates apart rather than groups.
    """
    n = scored.deliveries.height
    if column is None:
        return Groups("", (ONE,), np.zeros(n, dtype=np.int64))
    known = [name for name in scored.deliveries.columns if name not in NO_GROUPS]
    if column not in known:
        raise InputError(
            Problem(
                f"no column {column!r} to group candidates by",
                remedy=did_you_mean(column, known, "Candidates have")
                + " Attributes come with the log or with --candidates.",
            )
        )
    values = scored.deliveries[column].cast(pl.String).fill_null(NOT_GIVEN)
    counts = values.value_counts().sort(["count", column], descending=[True, False])
    if counts.height > MOST:
        raise InputError(
            Problem(
                f"column {column!r} has {counts.height:,} values, too many to be groups",
                examples=counts[column].head(5).to_list(),
                remedy=f"Choose a column with at most {MOST} values.",
            )
        )
    names = tuple(counts[column])
    place = values.replace_strict({name: k for k, name in enumerate(names)}, return_dtype=pl.Int64)
    return Groups(column, names, place.to_numpy().astype(np.int64))


@result
@dataclass(frozen=True, slots=True)
class GroupedBlocks:
    """Answers in blocks of one population each.

    Attributes
    ----------
    blocks, scored_blocks
        With all items, and with those that count in the total.
    is_scored
        For each block (J_b,): which of its items count.
    persons
        Shape (N,): which row of ``deliveries`` each person is.
    """

    blocks: list[ResponseBlock]
    scored_blocks: list[ResponseBlock]
    is_scored: list[BoolArray]
    persons: IntArray


def grouped_blocks(scored: ScoredResponses, groups: Groups) -> GroupedBlocks:
    """Split the blocks of ``scored`` by population; one of a single population stays the same array."""
    blocks, scored_blocks, is_scored, persons = [], [], [], []
    for block, plain in zip(scored.blocks, scored.response_blocks(), strict=True):
        theirs = groups.of_delivery[block.persons]
        for group in np.unique(theirs):
            rows = theirs == group
            whole = bool(rows.all())
            part = plain.scores if whole else plain.scores[rows]
            blocks.append(ResponseBlock(plain.items, part, int(group)))
            counts = block.is_scored
            scored_blocks.append(
                ResponseBlock(plain.items[counts], np.ascontiguousarray(part[:, counts]), int(group))
            )
            is_scored.append(counts)
            persons.append(block.persons if whole else block.persons[rows])
    everybody = np.concatenate(persons) if persons else np.empty(0, dtype=np.int64)
    return GroupedBlocks(blocks, scored_blocks, is_scored, everybody)
