"""Enemies never meet in one sitting, scored or pilot.

The solver gets cliques, one row each, because rows over pairs leave half-half solutions.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["ENEMIES", "cliques"]

NAME = "enemies"
SHOWN = 5  # names in a message: as many as anybody reads


def rows(pool: Pool) -> Iterator[Row]:
    if not pool.blueprint.enemies_apart:
        return
    number = {item_id: index for index, item_id in enumerate(pool.item_ids)}
    neighbours = {
        number[item_id]: {number[other] for other in others if other in number}
        for item_id, others in pool.enemies.items()
        if item_id in number
    }
    for clique in cliques(neighbours):
        shown = ", ".join(pool.item_ids[item] for item in clique[:SHOWN])
        more = f" and {len(clique) - SHOWN} more" if len(clique) > SHOWN else ""
        label = f"enemies {shown}{more} apart"
        for form, form_id in enumerate(pool.form_ids):
            columns = np.concatenate([pool.columns(role, form, clique) for role in (SCORED, PILOT)])
            yield Row(
                f"{form_id}: {label}", 0.0, 1.0, columns, np.ones(len(columns)), relaxable=True, label=label,
                source=clique, bounds_told=False,
            )  # fmt: skip


def cliques(neighbours: dict[int, set[int]]) -> list[tuple[int, ...]]:
    """Cliques that cover every edge of a symmetric graph, grown greedily, the same on every run.

    >>> cliques({0: {1, 2}, 1: {0, 2}, 2: {0, 1, 3}, 3: {2}})
    [(0, 1, 2), (2, 3)]
    """
    covered: set[tuple[int, int]] = set()
    found = []
    for first in sorted(neighbours):
        for second in sorted(neighbours[first]):
            if second < first or (first, second) in covered:
                continue
            clique = [first, second]
            common = neighbours[first] & neighbours[second]
            while common:
                # The candidate with most edges still uncovered, the first of them.
                best = max(
                    sorted(common), key=lambda item: sum(_edge(item, k) not in covered for k in clique)
                )
                clique.append(best)
                common = common & neighbours[best]
            clique.sort()
            covered.update(_edge(a, b) for i, a in enumerate(clique) for b in clique[i + 1 :])
            found.append(tuple(clique))
    return found


def _edge(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def check(given: FormSet) -> Iterator[Finding]:
    if not given.blueprint.enemies_apart:
        return
    for form in given.forms:
        present = dict.fromkeys(entry.item_id for entry in form.entries)
        met: set[str] = set()
        for item_id in present:
            met.add(item_id)
            item = given.bank.get(item_id)
            for other in sorted(item.enemies) if item is not None else ():
                if other in present and other not in met:
                    message = f"{item_id} and {other} are enemies and stand in the same form"
                    yield Finding(NAME, ERROR, form.form_id, item_id, message)


ENEMIES = Constraint(
    NAME, "enemies never meet in one sitting, scored or pilot", rows, check,
    lambda given: given.blueprint.enemies_apart,
    bounds_parts=True, many_in_words="{} groups of enemies apart", spared=6,
)  # fmt: skip
