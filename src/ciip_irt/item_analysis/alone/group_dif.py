"""Differential item functioning between groups of persons, without the rest of an item analysis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, InputError, Problem, plural
from ciip_irt.item_analysis.groups import MINIMUM_GROUP, dif_between_groups
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import Responses, scored_responses
from ciip_irt.tables import show_html

__all__ = ["GroupDif", "dif"]

GROUP = "group"  # the column's name where values were given


@result
@dataclass(frozen=True, slots=True)
class GroupDif:
    """Items compared between groups of equal ability.

    Attributes
    ----------
    table
        The ``dif`` contract: a row for each item and comparison.
    notes
        What a reader should know.
    provenance
        Of the answers.
    """

    table: pl.DataFrame
    notes: tuple[str, ...]
    provenance: Provenance

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        large = self.table.filter(ets_class="C")["item_id"].unique(maintain_order=True)
        pairs = self.table.select("grouping", "reference", "focal").unique(maintain_order=True)
        compared = ", ".join(
            f"{focal} with {reference}" for _, reference, focal in pairs.rows()[:MAX_EXAMPLES]
        )
        lines = [f"{plural(self.table['item_id'].n_unique(), 'item')} compared: {compared or 'no groups'}."]
        if large.len():
            named = ", ".join(large.head(MAX_EXAMPLES)) + (", ..." if large.len() > MAX_EXAMPLES else "")
            lines.append(f"{plural(large.len(), 'item')} of class C (large DIF): {named}.")
        elif pairs.height:
            lines.append("No item of class C (large DIF).")
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return show_html("DIF", self.summary(), self.table)


def dif(responses: Responses, groups: str | Sequence[Any], *, minimum_group: int = MINIMUM_GROUP) -> GroupDif:
    """Compare items between groups of candidates with the same score.

    Mantel-Haenszel within form and score, ``D-DIF = -2.35 ln(alpha_MH)``, negative where the item is harder
    for the focal group; ETS classes A, B, C. Scored items of class C do not count in the
    score that is matched.

    Parameters
    ----------
    responses
        Scored responses, or a persons x items matrix of 0 and 1.
    groups
        The name of a column of the persons, or N values: one for each row.
    minimum_group
        Fewest answers in each group for a class.

    Raises
    ------
    InputError
        No such column, or another number of values than persons.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> group = np.repeat(["old", "new"], 400)
    >>> easier = np.zeros((800, 10))
    >>> easier[group == "new", 4] = 1.5
    >>> p = 1 / (1 + np.exp(-rng.normal(size=(800, 1)) - easier))
    >>> found = dif((rng.random((800, 10)) < p).astype(int), group)
    >>> found.table.filter(ets_class="C")["item_id"].to_list()
    ['I05']
    """
    scored = scored_responses(responses)
    column = groups if isinstance(groups, str) else GROUP
    if not isinstance(groups, str):
        values = [None if value is None else str(value) for value in groups]
        if len(values) != scored.deliveries.height:
            raise InputError(
                Problem(
                    f"{plural(len(values), 'group')} for {plural(scored.deliveries.height, 'person')}",
                    remedy="Give each person the name of a group.",
                )
            )
        named = pl.Series(GROUP, values, dtype=pl.String)
        scored = replace(scored, deliveries=scored.deliveries.with_columns(named))
    table, notes = dif_between_groups(scored, [column], minimum_n=minimum_group)
    settings = scored.provenance.with_settings(dif={"groups": column, "minimum_group": minimum_group})
    return GroupDif(table, tuple(notes), settings)
