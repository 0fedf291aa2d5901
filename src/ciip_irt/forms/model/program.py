"""From named rows to the arrays of a mixed-integer program. No solver here."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.pool.pool import Row

__all__ = ["Program", "build_program"]

# Warning targets come second: a whole tolerance of theirs weighs a thousandth of an error target's.
WARNING_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Program:
    """``min cost'z`` with ``row_lower <= A z <= row_upper``, ``lower <= z <= upper``, some z whole numbers.

    ``A`` is stored by rows (``starts, indices, values``). The first columns are the x of the pool; then come
    y of the error targets and of the warning targets, helpers, and the slacks of relaxed rows
    (``slack_rows``: which row name each slack belongs to, with its sign).
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    row_lower: FloatArray
    row_upper: FloatArray
    starts: IntArray
    indices: IntArray
    values: FloatArray
    slack_rows: tuple[tuple[str, int], ...]

    @property
    def first_slack(self) -> int:
        return len(self.cost) - len(self.slack_rows)


def build_program(
    n_x: int,
    rows: Iterable[Row],
    *,
    lower: FloatArray,
    upper: FloatArray,
    integer: BoolArray,
    cost: FloatArray | None = None,
    helper_costs: Sequence[tuple[Hashable, float]] = (),
    relax: bool = False,
    goal: Hashable | None = None,
) -> Program:
    """The program of these rows.

    Parameters
    ----------
    lower, upper, integer, cost
        Of the x columns, each (n_x,). Without ``cost`` the objective is y: the worst target, in tolerances.
    helper_costs
        Prices of helper columns; the helpers not named cost nothing.
    goal
        A helper column to be raised; error targets then have to be met, and warning targets come second.
    relax
        Leave targets out and let every relaxable row be broken, at price 1 per item.
    """
    prices = dict(helper_costs)
    helpers: dict[Hashable, int] = {}
    slacks: list[tuple[str, int]] = []
    slack_prices: list[float] = []
    used_y = [False, False]
    starts, row_lower, row_upper = [0], [], []
    indices: list[IntArray] = []
    values: list[FloatArray] = []
    size = 0

    def add(low: float, high: float, columns: IntArray, coefficients: FloatArray) -> None:
        nonlocal size
        row_lower.append(low)
        row_upper.append(high)
        indices.append(columns)
        values.append(coefficients)
        size += len(columns)
        starts.append(size)

    # Slack columns are numbered from the end once all helpers are known; until then they are negative.
    for row in rows:
        if row.goal and relax:
            continue
        if row.give > 0:
            if relax:
                continue
            side = 0 if row.severity == ERROR else 1
            used_y[side] = True
            columns = np.append(row.columns, n_x + side)
            scaled = row.coefficients / row.give
            if np.isfinite(row.upper):
                add(-np.inf, row.upper / row.give, columns, np.append(scaled, -1.0))
            if np.isfinite(row.lower):
                add(row.lower / row.give, np.inf, columns, np.append(scaled, 1.0))
            continue
        columns, coefficients = row.columns, row.coefficients
        if row.helpers:
            numbers = [helpers.setdefault(key, n_x + 2 + len(helpers)) for key, _ in row.helpers]
            columns = np.append(columns, np.array(numbers, dtype=np.int64))
            coefficients = np.append(coefficients, [value for _, value in row.helpers])
        if relax and row.relaxable:
            for sign, bound in ((1, row.lower), (-1, row.upper)):
                if np.isfinite(bound) and not (sign == 1 and bound <= 0):
                    slacks.append((row.name, sign))
                    slack_prices.append(_price(row))
                    columns = np.append(columns, -len(slacks))
                    coefficients = np.append(coefficients, float(sign))
        add(row.lower, row.upper, columns, coefficients)

    first_slack = n_x + 2 + len(helpers)
    flat = np.concatenate(indices) if indices else np.array([], dtype=np.int64)
    flat = np.where(flat < 0, first_slack - flat - 1, flat)
    n_more = 2 + len(helpers) + len(slacks)
    more_cost = np.zeros(n_more)
    if cost is None and not relax:
        more_cost[:2] = 1.0, WARNING_WEIGHT
    if goal is not None:
        more_cost[0], prices[goal] = 0.0, -1.0
    for key, number in helpers.items():
        more_cost[number - n_x] = prices.get(key, 0.0)
    more_cost[2 + len(helpers) :] = slack_prices
    y_upper = [np.inf if used else 0.0 for used in used_y]
    if goal is not None and used_y[0]:
        y_upper[0] = 1.0
    return Program(
        cost=np.concatenate([np.zeros(n_x) if cost is None else cost, more_cost]),
        lower=np.concatenate([lower, np.zeros(n_more)]),
        upper=np.concatenate([upper, y_upper, np.ones(len(helpers)), np.full(len(slacks), np.inf)]),
        integer=np.concatenate([integer, np.zeros(n_more, dtype=np.bool_)]),
        row_lower=np.array(row_lower),
        row_upper=np.array(row_upper),
        starts=np.array(starts, dtype=np.int64),
        indices=flat.astype(np.int64),
        values=np.concatenate(values) if values else np.array([]),
        slack_rows=tuple(slacks),
    )


def _price(row: Row) -> float:
    """Of breaking a row by one unit: 1 per item, whatever the row sums."""
    size = float(np.abs(row.coefficients).mean()) if row.unit != "item" and len(row.coefficients) else 1.0
    return 1.0 / size if size > 0 else 1.0
