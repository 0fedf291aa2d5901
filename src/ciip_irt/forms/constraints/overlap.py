"""At most so many scored items in common between any two forms.

Anchors stand in every form and need no counting: a bound ``apart`` from them does not see them, a bound
with the block ``within`` is smaller by its size for the others.

With a bound of zero each item is used at most once. Otherwise each item may be shared by a named set of
forms: ``q[i, S]`` says that item i stands in exactly the forms of S (two forms or more). For every item

    ``Σ_f x_if - Σ_S (|S| - 1) q_iS <= 1``   and   ``Σ_{S ∋ f} q_iS <= x_if``   for every form,

and for every pair of forms ``Σ_i Σ_{S ⊇ pair} q_iS <= bound``. For 0/1 values of x this is exact: an item in
the forms U satisfies the first two lines only with ``q_iU = 1``. It needs no products of columns.

From five forms on, only sets of two and the set of all forms are offered: forms that satisfy the rows
satisfy the bound, but not every admissible family is reachable (an item in three of five forms is not).
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["OVERLAP", "sharing_sets"]

NAME = "overlap"
# Eleven sets of two or more of four forms; of five there would be 26, and a column for each and every item.
ALL_SETS_UP_TO = 4


def sharing_sets(n_forms: int) -> tuple[tuple[int, ...], ...]:
    """The sets of forms that may share an item.

    >>> sharing_sets(3)
    ((0, 1), (0, 2), (1, 2), (0, 1, 2))
    """
    sizes = range(2, n_forms + 1) if n_forms <= ALL_SETS_UP_TO else (2, n_forms)
    return tuple(s for size in sizes for s in combinations(range(n_forms), size))


def rows(pool: Pool) -> Iterator[Row]:
    bound = pool.blueprint.max_common_items
    n_forms = len(pool.form_ids)
    if bound is None or n_forms < 2:
        return
    anchors, allowed = pool.blueprint.anchor_items, pool.blueprint.scored_status
    usable = pool.items_where(
        status in allowed and item_id not in anchors
        for item_id, status in zip(pool.item_ids, pool.statuses, strict=True)
    )
    shares = sharing_sets(n_forms) if bound else ()
    for item in usable.tolist():
        columns = np.array([pool.columns(SCORED, form, [item])[0] for form in range(n_forms)])
        name = pool.item_ids[item]
        yield Row(
            f"{name}: shared only as counted", -np.inf, 1.0, columns, np.ones(n_forms),
            helpers=tuple(((NAME, item, s), 1.0 - len(s)) for s in shares),
        )  # fmt: skip
        for form in range(n_forms) if shares else ():
            yield Row(
                f"{name}: counted as shared only where it stands", -np.inf, 0.0, columns[[form]],
                np.array([-1.0]), helpers=tuple(((NAME, item, s), 1.0) for s in shares if form in s),
            )  # fmt: skip
    nothing = np.array([], dtype=np.int64)
    for first, second in combinations(range(n_forms), 2) if shares else ():
        both = [s for s in shares if first in s and second in s]
        yield Row(
            f"{pool.form_ids[first]} and {pool.form_ids[second]}: scored items in common",
            -np.inf, float(bound), nothing, nothing.astype(np.float64),
            helpers=tuple(((NAME, item, s), 1.0) for item in usable.tolist() for s in both), relaxable=True,
        )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    b = given.blueprint
    bound, block = b.overlap_bound, b.requirements.anchors
    if bound is None:
        return
    apart = b.max_overlap is not None and block is not None and block.counted == "apart"
    scored = [(form.form_id, set(form.scored)) for form in given.forms]
    for (first, ours), (second, theirs) in combinations(scored, 2):
        common = len(ours & theirs)
        if apart and given.anchors.named:
            common -= len(ours & theirs & given.anchors.items)
        elif apart and block is not None:
            common = max(0, common - block.count)
        if common > bound:
            if b.max_overlap is None:
                message = (
                    f"the same scored items as form {first}: a candidate's second attempt would repeat it"
                )
            else:
                beside = " besides the anchors" if apart else ""
                message = (
                    f"{plural(common, 'scored item')} in common with form {first}{beside},"
                    f" blueprint allows {bound} ({100 * b.max_overlap:g} % of {b.length})"
                )
            yield Finding(NAME, ERROR, second, "", message)


OVERLAP = Constraint(
    NAME, "two forms share no more scored items than the blueprint allows", rows, check,
    lambda given: given.blueprint.overlap_bound is not None and len(given.forms) > 1, between_forms=True,
)  # fmt: skip
