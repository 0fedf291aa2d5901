"""The program of K forms over the uses of items: what they need in all, whatever form has which item.

For a row ``lower <= Σ c_i x_fi <= upper`` of every form f, the uses ``z_i = Σ_f x_fi`` satisfy

    ``K lower <= Σ c_i z_i <= K upper``,   and   ``Σ_i z_i (z_i - 1) / 2 <= m K (K - 1) / 2``

where any two forms share at most m items (``model.use_counts``). So a small linear program tells what no
solver can get around: where it has no solution, there are no such forms.

Three questions are put to it, each in a file of its own: how much overlap to allow (``least_overlap``), which
items to write (``items_to_write``), which rows to loosen (``least_loosening``).
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.model.program import Program, build_program
from ciip_irt.forms.model.solver import Effort, Proposal
from ciip_irt.forms.model.use_counts import Steps, pairs_of_forms, use_columns, use_steps
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.shortage.item_uses import ItemUses

__all__ = ["EFFORT", "Answer", "Status", "UseProgram"]

# Classes of items make programs that HiGHS solves at the root; five hundred nodes are a stop for the odd one.
EFFORT = Effort(nodes=500)


class Status(Enum):
    """What is known of K forms: the uses of items allow them, do not (a proof), or it was not settled."""

    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether K forms are possible, and what makes them so.

    ``max_common`` is the least overlap, ``written`` (kinds,) how many items of each kind to write,
    ``slack`` (rows,) by how much each row has to give way (above zero: too few); each is zero or nan where
    it was not asked for.
    """

    status: Status
    max_common: float
    written: IntArray
    slack: FloatArray

    @property
    def possible(self) -> bool:
        return self.status is Status.POSSIBLE


class UseProgram:
    """Columns and rows under construction. Columns come in blocks; each has coefficients in every row of a
    form, what a unit of it is charged in pairs of forms, bounds and a cost.
    """

    def __init__(
        self, uses: ItemUses, n_forms: int, bound: int | None, *, wider: bool = False, whole: bool = False,
        exact: bool = False,
    ) -> None:  # fmt: skip
        """``bound`` on the items that two forms share, of which ``wider`` may allow more; ``whole``: uses are
        whole numbers, which is slower, and for one form exact; ``exact``: every use is charged its own pairs.
        """
        self.uses, self.n_forms, self.bound, self.whole = uses, n_forms, bound, whole
        self.limited = bound is not None and n_forms > 1
        disjoint = bound == 0 and not wider
        self.counts_pairs = self.limited and not disjoint
        self.steps: Steps = use_steps(n_forms, limited=self.limited, disjoint=disjoint, coarse=not exact)
        self.rows: list[Row] = []
        self._parts: list[FloatArray] = []
        self._charge: list[FloatArray] = []
        self._lower: list[FloatArray] = []
        self._upper: list[FloatArray] = []
        self._cost: list[FloatArray] = []
        self._integer: list[BoolArray] = []
        self.n_columns = 0
        own = use_columns(uses.sizes, uses.counted, self.steps, n_forms)
        self.add_columns(own.upper, coefficients=uses.matrix[:, own.owner], charge=own.charge, integer=whole)

    def add_columns(
        self,
        upper: FloatArray,
        *,
        coefficients: FloatArray | None = None,
        charge: FloatArray | float = 0.0,
        lower: FloatArray | float = 0.0,
        cost: FloatArray | float = 0.0,
        integer: bool = False,
    ) -> IntArray:
        """The numbers of as many new columns as ``upper`` has bounds."""
        n = len(upper)
        self._parts.append(np.zeros((len(self.uses.rows), n)) if coefficients is None else coefficients)
        for kept, value in (
            (self._charge, charge), (self._lower, lower), (self._upper, upper), (self._cost, cost),
        ):  # fmt: skip
            kept.append(np.broadcast_to(np.asarray(value, dtype=np.float64), n))
        self._integer.append(np.full(n, integer, dtype=np.bool_))
        self.n_columns += n
        return np.arange(self.n_columns - n, self.n_columns)

    @property
    def coefficients(self) -> FloatArray:
        """Of every column in every row of a form, (rows, columns)."""
        return np.hstack(self._parts)

    def sums(self, values: FloatArray) -> FloatArray:
        """What the rows of a form sum to, over all forms, at these values of the columns."""
        found: FloatArray = self.coefficients @ values[: self.n_columns]
        return found

    @property
    def cost(self) -> FloatArray:
        return np.concatenate(self._cost)

    def program(self, *, without: frozenset[int] = frozenset(), relax: bool = False) -> Program:
        """The program, without the rows of these numbers; ``relax``: relaxable rows may give way."""
        rows = [*self.rows]
        if self.counts_pairs:
            charge = np.concatenate(self._charge)
            at = np.flatnonzero(charge)
            most = float(self.bound or 0) * pairs_of_forms(self.n_forms)
            rows.append(Row("scored items in common", -np.inf, most, at, charge[at]))
        rows += self._of_the_forms(without)
        return build_program(
            self.n_columns, rows, lower=np.concatenate(self._lower), upper=np.concatenate(self._upper),
            integer=np.concatenate(self._integer), cost=self.cost, relax=relax,
        )  # fmt: skip

    def _of_the_forms(self, without: frozenset[int]) -> list[Row]:
        matrix, k = self.coefficients, self.n_forms
        found = []
        for number, row in enumerate(self.uses.rows):
            if number in without:
                continue
            columns = np.flatnonzero(matrix[number])
            relaxable = row.relaxable or (k > 1 and row.constraint.gives_way_together)
            found.append(
                Row(row.label, k * row.lower, k * row.upper, columns, matrix[number, columns],
                    relaxable=relaxable, unit=row.unit, source=number)
            )  # fmt: skip
        return found

    def answer(
        self,
        proposal: Proposal,
        *,
        max_common: float = np.nan,
        written: IntArray | None = None,
        slack: FloatArray | None = None,
    ) -> Answer:
        """The answer that the proposal gives; the rest is what was found in it."""
        status = Status.POSSIBLE
        if proposal.values is None:
            status = Status.IMPOSSIBLE if proposal.stopped == "infeasible" else Status.UNDECIDED
        return Answer(
            status,
            max_common,
            np.zeros(len(self.uses.new), dtype=np.int64) if written is None else written,
            np.zeros(len(self.uses.rows)) if slack is None else slack,
        )
