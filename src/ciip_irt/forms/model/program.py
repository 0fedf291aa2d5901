"""From named rows to the arrays of a mixed-integer program. No solver here."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.pool.pool import Row

__all__ = ["WARNING_WEIGHT", "Program", "RowBlocks", "build_program"]

# Warning targets come second: a whole tolerance of theirs weighs a thousandth of an error target's.
WARNING_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Program:
    """``min cost'z`` with ``row_lower <= A z <= row_upper``, ``lower <= z <= upper``, some z whole numbers.

    ``A`` is stored by rows (``starts, indices, values``). The first columns are the x of the pool; then come
    y of the error targets and of the warning targets, helpers, and the slacks of relaxed rows
    (``slack_rows``: the row that each slack belongs to, with its sign).
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
    slack_rows: tuple[tuple[Row, int], ...]

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
    helpers: dict[Hashable, int] = {}
    slacks: list[tuple[Row, int]] = []
    used_y = [False, False]
    blocks = RowBlocks()
    for row in rows:
        if relax and (row.goal or row.give > 0):
            continue
        if row.give > 0:
            side = 0 if row.severity == ERROR else 1
            used_y[side] = True
            _add_target(blocks, row, n_x + side)
            continue
        columns, coefficients = _with_helpers(row, helpers, n_x + 2)
        if relax and row.relaxable:
            columns, coefficients = _with_slacks(row, columns, coefficients, slacks)
        blocks.add(row.lower, row.upper, columns, coefficients)

    y_cost = (0.0, 0.0) if cost is not None or relax else (1.0, WARNING_WEIGHT)
    y_upper = [np.inf if used else 0.0 for used in used_y]
    prices = dict(helper_costs)
    if goal is not None:
        prices[goal], y_cost = -1.0, (0.0, y_cost[1])
        y_upper[0] = min(y_upper[0], 1.0)
    n_more = 2 + len(helpers) + len(slacks)
    return blocks.program(
        cost=np.concatenate(
            [np.zeros(n_x) if cost is None else cost, y_cost, [prices.get(key, 0.0) for key in helpers],
             [_price(row) for row, _ in slacks]]
        ),
        lower=np.concatenate([lower, np.zeros(n_more)]),
        upper=np.concatenate([upper, y_upper, np.ones(len(helpers)), np.full(len(slacks), np.inf)]),
        integer=np.concatenate([integer, np.zeros(n_more, dtype=np.bool_)]),
        slack_rows=tuple(slacks),
    )  # fmt: skip


class RowBlocks:
    """Rows of a program as they come, put together once all columns are known.

    A negative column -s stands for the s-th slack: slacks are the last columns, and until the program is
    made nobody knows how many come before them.
    """

    def __init__(self) -> None:
        self.bounds: list[tuple[float, float]] = []
        self.columns: list[IntArray] = []
        self.values: list[FloatArray] = []

    def add(self, low: float, high: float, columns: IntArray, values: FloatArray) -> None:
        """``low <= Σ values z[columns] <= high``."""
        self.bounds.append((low, high))
        self.columns.append(columns)
        self.values.append(values)

    def program(
        self,
        *,
        cost: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        integer: BoolArray,
        slack_rows: tuple[tuple[Row, int], ...] = (),
    ) -> Program:
        """The program of these rows over these columns."""
        flat = np.concatenate(self.columns) if self.columns else np.array([], dtype=np.int64)
        flat = np.where(flat < 0, len(cost) - len(slack_rows) - flat - 1, flat)
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            integer=integer,
            row_lower=np.array([low for low, _ in self.bounds]),
            row_upper=np.array([high for _, high in self.bounds]),
            starts=np.concatenate([[0], np.cumsum([len(at) for at in self.columns])]).astype(np.int64),
            indices=flat.astype(np.int64),
            values=np.concatenate(self.values) if self.values else np.array([]),
            slack_rows=slack_rows,
        )


def _add_target(blocks: RowBlocks, row: Row, y: int) -> None:
    """Both sides of ``|Σ c x - t| <= give y``, divided by the tolerance."""
    columns, scaled = np.append(row.columns, y), row.coefficients / row.give
    if np.isfinite(row.upper):
        blocks.add(-np.inf, row.upper / row.give, columns, np.append(scaled, -1.0))
    if np.isfinite(row.lower):
        blocks.add(row.lower / row.give, np.inf, columns, np.append(scaled, 1.0))


def _with_helpers(row: Row, helpers: dict[Hashable, int], first: int) -> tuple[IntArray, FloatArray]:
    if not row.helpers:
        return row.columns, row.coefficients
    numbers = [helpers.setdefault(key, first + len(helpers)) for key, _ in row.helpers]
    columns = np.append(row.columns, np.array(numbers, dtype=np.int64))
    return columns, np.append(row.coefficients, [value for _, value in row.helpers])


def _with_slacks(
    row: Row, columns: IntArray, coefficients: FloatArray, slacks: list[tuple[Row, int]]
) -> tuple[IntArray, FloatArray]:
    """The row with a slack on each side that can be broken, noted in ``slacks``."""
    for sign, bound in ((1, row.lower), (-1, row.upper)):
        if np.isfinite(bound) and not (sign == 1 and bound <= 0):
            slacks.append((row, sign))
            columns = np.append(columns, -len(slacks))
            coefficients = np.append(coefficients, float(sign))
    return columns, coefficients


def _price(row: Row) -> float:
    """Of breaking a row by one unit: 1 per item, whatever the row sums."""
    size = float(np.abs(row.coefficients).mean()) if row.unit != "item" and len(row.coefficients) else 1.0
    return 1.0 / size if size > 0 else 1.0
