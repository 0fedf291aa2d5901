"""What all forms of one call have in common: the rows of one form as arrays over items.

The swap search and the aggregated relaxation work on the items of one form at a time. They can do so where
every row concerns the scored columns of a single form, every form has the same rows, and the only rule
between forms is the bound on items in common. Where that does not hold there is no such model, and the
general program (``program``, ``solve``) is the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.pool.pool import Pool, Row

__all__ = ["FormModel", "build_form_model"]

# A warning target counts a tenth as much as an error target where forms are compared.
WARNING_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class FormModel:
    """K forms under the same rows ``lower <= rows x_f <= upper`` and the same targets.

    ``measures`` (Q, n) and ``aims`` (Q,) are in tolerances: a form meets target q where
    ``|measures_q x_f - aims_q| <= 1``. ``strict`` tells error targets from warning targets. ``goals`` (G, n)
    are sums to raise together, each divided by its weight: the objective is the least of them over forms and
    goals; ``equal_within`` bounds the largest over the smallest form, goal by goal. ``counted`` are the items
    of which any two forms may share ``max_common``.
    """

    n_forms: int
    usable: BoolArray
    forced: BoolArray
    rows: FloatArray
    lower: FloatArray
    upper: FloatArray
    measures: FloatArray
    aims: FloatArray
    strict: BoolArray
    goals: FloatArray
    equal_within: FloatArray
    counted: BoolArray
    max_common: int | None

    @property
    def n_items(self) -> int:
        return len(self.usable)

    @property
    def disjoint(self) -> bool:
        """Whether an item that counts may be used once only."""
        return self.max_common == 0 and self.n_forms > 1

    @property
    def shares(self) -> BoolArray:
        """Weight of each target in comparisons: (Q,)."""
        return np.where(self.strict, 1.0, WARNING_SHARE)


def build_form_model(pool: Pool, rows: Iterable[Row]) -> FormModel | None:
    """The common rows of all forms, or nothing where the forms differ or rows reach beyond one form.

    ``rows`` are those of every constraint but the overlap between the forms; pilots are chosen later, so
    their columns are taken as zero.
    """
    n_items, n_forms = pool.n_items, len(pool.form_ids)
    half = pool.n_columns // 2
    found: list[list[tuple[float, float, float, bool, bytes, bytes]]] = [[] for _ in range(n_forms)]
    arrays: list[tuple[Row, FloatArray]] = []
    for row in rows:
        if row.goal:
            continue
        if row.helpers:
            return None
        scored = row.columns < half
        columns, coefficients = row.columns[scored], row.coefficients[scored]
        forms = columns // n_items
        if not len(columns):
            if not row.lower <= 0 <= row.upper:
                return None
            continue
        form = int(forms[0])
        if (forms != form).any():
            return None
        items = columns - form * n_items
        key = (row.lower, row.upper, row.give, row.severity == ERROR, items.tobytes(), coefficients.tobytes())
        found[form].append(key)
        if form == 0:
            dense = np.zeros(n_items)
            np.add.at(dense, items, coefficients)
            arrays.append((row, dense))
    if any(other != found[0] for other in found[1:]):
        return None
    return _gathered(pool, arrays)


def _gathered(pool: Pool, arrays: list[tuple[Row, FloatArray]]) -> FormModel:
    n_items = pool.n_items
    usable, forced = np.ones(n_items, dtype=np.bool_), np.zeros(n_items, dtype=np.bool_)
    kept: list[tuple[Row, FloatArray]] = []
    targets: list[tuple[Row, FloatArray]] = []
    for row, dense in arrays:
        if row.give > 0:
            targets.append((row, dense))
        elif row.lower == row.upper == 0 and (dense >= 0).all():
            usable &= dense == 0
        elif row.lower == row.upper and np.count_nonzero(dense) == 1 and dense.max() == row.lower:
            forced |= dense > 0
        else:
            kept.append((row, dense))
    binding = [
        (row, dense * usable)
        for row, dense in kept
        if row.lower > np.minimum(dense * usable, 0).sum() or row.upper < np.maximum(dense * usable, 0).sum()
    ]
    goals = [target for target in pool.targets if target.weight is not None]
    counted = np.array([item_id not in pool.blueprint.anchor_items for item_id in pool.item_ids])
    return FormModel(
        n_forms=len(pool.form_ids),
        usable=usable,
        forced=forced,
        rows=np.array([dense for _, dense in binding]).reshape(-1, n_items),
        lower=np.array([row.lower for row, _ in binding]),
        upper=np.array([row.upper for row, _ in binding]),
        measures=np.array([dense / row.give for row, dense in targets]).reshape(-1, n_items),
        aims=np.array([row.upper / row.give for row, _ in targets]),
        strict=np.array([row.severity == ERROR for row, _ in targets], dtype=np.bool_),
        goals=np.array(
            [
                [target.contributions.get(item_id, 0.0) / (target.weight or 1.0) for item_id in pool.item_ids]
                for target in goals
            ]
        ).reshape(-1, n_items),
        equal_within=np.array([target.equal_within for target in goals], dtype=np.float64),
        counted=counted,
        max_common=pool.blueprint.max_common_items,
    )
