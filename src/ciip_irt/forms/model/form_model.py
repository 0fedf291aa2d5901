"""What all forms of one call have in common: the rows of one form over the items, named and as arrays.

One model under the search (which works on the items of one form at a time, with arrays) and under the
explanation of shortages (which needs to know what in the blueprint asks for a row). It is all there is to
know where every row concerns the scored columns of a single form, every form has the same rows, and the only
rule between forms is the bound on items in common. Where that does not hold the model is not ``complete``,
and the general program (``program``, ``solver``) is the way to forms.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.constraints import limited_items, rows_within_forms
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["FormModel", "FormRow", "UseBounds", "build_form_model"]

# A warning target counts a tenth as much as an error target where forms are compared: enough to decide
# between forms that are equal in what is demanded, too little to give any of that up.
WARNING_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class FormRow:
    """``lower <= coefficients x <= upper`` of one form, ``coefficients`` (n_items,).

    ``constraint`` is the rule and ``source`` what in the blueprint asks for the row; rows of the same
    ``demand`` (a number) are one demand, which a person gives up or loosens as a whole.
    """

    constraint: Constraint
    source: object
    demand: int
    label: str
    lower: float
    upper: float
    coefficients: FloatArray
    give: float
    strict: bool
    relaxable: bool
    unit: str
    bounds_told: bool

    @property
    def bars(self) -> bool:
        """Whether it says no more than that items may not be used."""
        return bool(self.lower == self.upper == 0 and (self.coefficients >= 0).all())


@dataclass(frozen=True, slots=True)
class UseBounds:
    """In how many of the forms each item stands, ``least`` to ``most``, (n_items,). ``loads`` (K,) are what
    each form counts for exposure, where forms differ; no item has more than ``most_load`` of them.
    """

    least: IntArray
    most: IntArray
    loads: FloatArray | None
    most_load: float
    fewest_unused: bool


@dataclass(frozen=True, slots=True)
class FormModel:
    """K forms under the same rows ``lower <= rows x_f <= upper`` and the same targets.

    ``measures`` (Q, n) and ``aims`` (Q,) are in tolerances: a form meets target q where
    ``|measures_q x_f - aims_q| <= 1``. ``strict`` tells error targets from warning targets. ``goals`` (G, n)
    are sums to raise together, each divided by its weight: the objective is the least of them over forms and
    goals; ``equal_within`` bounds the largest over the smallest form, goal by goal. ``counted`` are the items
    of which any two forms may share ``max_common``.

    ``rows`` are those that bind the ``usable`` items and are no more than ``forced`` ones; ``demands`` are
    all rows and targets of a form, with what asks for them, but for those that only bar items.
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
    demands: tuple[FormRow, ...] = ()
    complete: bool = True
    uses: UseBounds | None = None

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


def build_form_model(pool: Pool, given: Iterable[tuple[Constraint, Row]] | None = None) -> FormModel:
    """The common rows of all forms of the pool.

    ``given`` are the rows of every constraint within forms, taken from the registry where left out. Pilots
    are chosen later, so their columns are taken as zero.
    """
    gathered, complete = _gather(pool, rows_within_forms(pool) if given is None else given)
    n_items = pool.n_items
    usable, forced = np.ones(n_items, dtype=np.bool_), np.zeros(n_items, dtype=np.bool_)
    kept: list[FormRow] = []
    for row in gathered:
        if row.give > 0:
            continue
        if row.bars:
            usable &= row.coefficients == 0
        elif _forces(row):
            forced |= row.coefficients > 0
        else:
            kept.append(row)
    binding = [(row, row.coefficients * usable) for row in kept]
    binding = [(row, c) for row, c in binding if _binds(row, c)]
    targets = [row for row in gathered if row.give > 0]
    goals = [target for target in pool.targets if target.weight is not None]
    return FormModel(
        n_forms=len(pool.form_ids),
        usable=usable,
        forced=forced,
        rows=np.array([c for _, c in binding]).reshape(-1, n_items),
        lower=np.array([row.lower for row, _ in binding]),
        upper=np.array([row.upper for row, _ in binding]),
        measures=np.array([row.coefficients / row.give for row in targets]).reshape(-1, n_items),
        aims=np.array([row.upper / row.give for row in targets]),
        strict=np.array([row.strict for row in targets], dtype=np.bool_),
        goals=np.array(
            [
                [target.raised.get(item_id, 0.0) / (target.weight or 1.0) for item_id in pool.item_ids]
                for target in goals
            ]
        ).reshape(-1, n_items),
        equal_within=np.array([target.equal_within for target in goals], dtype=np.float64),
        counted=np.array([item_id not in pool.blueprint.anchor_items for item_id in pool.item_ids]),
        max_common=pool.blueprint.max_common_items,
        demands=tuple(row for row in gathered if row.give > 0 or not row.bars),
        complete=complete,
        uses=_use_bounds(pool),
    )


def _use_bounds(pool: Pool) -> UseBounds | None:
    rule, n_forms = pool.blueprint.requirements.uses, len(pool.form_ids)
    if rule is None or n_forms < 2:
        return None
    least, most = rule.bounds(n_forms)
    limited = np.array(limited_items(pool), dtype=np.bool_)
    loads = np.array(rule.loads(n_forms))
    weighted = rule.max_exposure is not None and np.ptp(loads) > 0
    return UseBounds(
        np.where(limited, least, 0).astype(np.int64), np.where(limited, most, n_forms).astype(np.int64),
        loads if weighted else None, n_forms * (rule.max_exposure or 1.0), rule.fewest_unused,
    )  # fmt: skip


def _forces(row: FormRow) -> bool:
    """Whether it says no more than that one item must be used."""
    c = row.coefficients
    return bool(row.lower == row.upper and np.count_nonzero(c) == 1 and c.max() == row.lower)


def _binds(row: FormRow, coefficients: FloatArray) -> bool:
    """Whether some choice of the usable items breaks the row."""
    least, most = np.minimum(coefficients, 0).sum(), np.maximum(coefficients, 0).sum()
    return bool(row.lower > least or row.upper < most)


def _gather(pool: Pool, given: Iterable[tuple[Constraint, Row]]) -> tuple[list[FormRow], bool]:
    """The rows of the first form over the items; whether they are those of every form, and all there are."""
    n_items, half = pool.n_items, pool.n_columns // 2
    seen: list[list[tuple[float, float, float, bool, bytes, bytes]]] = [[] for _ in pool.form_ids]
    rows: list[FormRow] = []
    complete = True
    for constraint, row in given:
        if row.goal:
            continue
        scored = row.columns < half
        columns, coefficients = row.columns[scored], row.coefficients[scored]
        forms = columns // n_items
        form = int(forms[0]) if len(columns) else 0
        if row.helpers or (forms != form).any():
            complete = False
            continue
        if not len(columns):
            complete &= row.lower <= 0 <= row.upper
            if len(row.columns):
                continue
        items = columns - form * n_items
        strict = row.severity == ERROR
        if len(columns):
            seen[form].append(
                (row.lower, row.upper, row.give, strict, items.tobytes(), coefficients.tobytes())
            )
        if form == 0:
            dense = np.zeros(n_items)
            np.add.at(dense, items, coefficients)
            rows.append(_named(constraint, row, dense, rows))
    return rows, complete and all(other == seen[0] for other in seen[1:])


def _named(constraint: Constraint, row: Row, coefficients: FloatArray, before: list[FormRow]) -> FormRow:
    demand = len(before)
    for other in before:
        if other.constraint is not constraint:
            continue
        if constraint.in_words or (row.source is not None and row.source == other.source):
            demand = other.demand
            break
    return FormRow(
        constraint, row.source, demand, row.label or row.name, row.lower, row.upper, coefficients, row.give,
        row.severity == ERROR, row.relaxable, row.unit, row.bounds_told,
    )  # fmt: skip
