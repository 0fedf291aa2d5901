"""K forms under search and the sums that tell what they have, kept up as items are exchanged.

Every form keeps its sums ``A x``, how far its targets ``M x`` are off and its items in common with the
others. An exchange changes them by a difference of two columns. Rows over few items (enemies, sets) are
priced item by item: what adding or removing an item does to them stands ready in two tables.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.search.rounding import kinds
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["EPSILON", "STATE", "RunningSums", "beyond", "more_beyond"]

# Rows over so few items (enemies, sets) are priced item by item; of the others, classes of items together.
FEW = 8
# A gain in sums of squares, in tolerances, below which nothing was gained; or below this share of the squares
# themselves, which is what their rounding leaves unsure.
EPSILON, UNSURE = 1e-9, 1e-13
# All items.
EVERY = slice(None)
STATE = ("forms", "wide_sums", "narrow_sums", "off", "common", "uses", "exposure", "adding", "removing")


@dataclass
class RunningSums:
    """The forms under search and their running sums. ``vectors`` (Q, n) are what is to be hit, ``aims`` (Q,)
    where.
    """

    model: FormModel
    forms: BoolArray
    vectors: FloatArray
    aims: FloatArray
    pairs: int = 0
    swaps: int = 0
    rounds: int = 0
    calls: int = 0
    checkpoint: Callable[[], bool] = bool

    def __post_init__(self) -> None:
        model = self.model
        self.kind = kinds(model)
        few = np.count_nonzero(model.rows, axis=1) <= FEW
        inexact = model.lower < model.upper
        # Exact rows are kept by every exchange within a kind. Of sets they are only watched; repair across
        # kinds looks at the others.
        # Sums of whole numbers are exact: nothing of them is rounding.
        self.whole = bool((model.rows == np.round(model.rows)).all())
        self.watched = model.rows[few & ~inexact]
        self.watched_at = model.lower[few & ~inexact]
        self.watched_rounding = _rounding(self.watched, self.watched_at, self.watched_at)
        self.wide = model.rows[~few]
        self.wide_low, self.wide_high = model.lower[~few], model.upper[~few]
        self.wide_rounding = _rounding(self.wide, self.wide_low, self.wide_high)
        self.narrow = model.rows[few & inexact]
        self.narrow_low, self.narrow_high = model.lower[few & inexact], model.upper[few & inexact]
        self.narrow_rounding = _rounding(self.narrow, self.narrow_low, self.narrow_high)
        self.members = [np.flatnonzero(row) for row in self.narrow]
        self.in_narrow: dict[int, list[int]] = {}
        for number, items in enumerate(self.members):
            for item in items.tolist():
                self.in_narrow.setdefault(item, []).append(number)
        self.class_of = np.unique(self.wide.T, axis=0, return_inverse=True)[1].ravel()
        first = np.unique(self.class_of, return_index=True)[1]
        self.class_columns = self.wide[:, first]
        self.pool_of = [
            np.flatnonzero((self.kind == number) & model.usable & ~model.forced)
            for number in range(int(self.kind.max(initial=-1)) + 1)
        ]
        self.pool_of = [items for items in self.pool_of if len(items) > 1]
        bounds = model.uses
        self.loads = np.ones(model.n_forms) if bounds is None or bounds.loads is None else bounds.loads
        self.refresh()

    def refresh(self) -> None:
        """All running sums from the forms."""
        self.columns = np.ascontiguousarray(self.vectors.T)
        self.squares = (self.columns**2).sum(axis=1)
        x = self.forms.astype(np.float64)
        self.wide_sums = np.einsum("fn,rn->fr", x, self.wide)
        self.narrow_sums = np.einsum("fn,rn->fr", x, self.narrow)
        self.off = np.einsum("fn,qn->fq", x, self.vectors) - self.aims
        shared = x * self.model.counted
        self.common = np.einsum("fn,gn->fg", shared, shared).astype(np.int64)
        self.uses = self.forms.sum(axis=0)
        self.exposure = self.loads @ x
        self.adding = np.zeros(self.forms.shape)
        self.removing = np.zeros(self.forms.shape)
        for form in range(len(self.forms)):
            for row in range(len(self.members)):
                self._price_row(form, row, 1.0)

    def _price_row(self, form: int, row: int, sign: float) -> None:
        """What adding or removing an item does to one narrow row, added to (or taken from) the prices."""
        items = self.members[row]
        low, high, now = self.narrow_low[row], self.narrow_high[row], self.narrow_sums[form, row]
        c = self.narrow[row, items]
        unsure = self.narrow_rounding[row]
        self.adding[form, items] += sign * more_beyond(now, c, low, high, unsure)
        self.removing[form, items] += sign * more_beyond(now, -c, low, high, unsure)

    def broken(self) -> float:
        """By how much all rows together are broken, in their units; 0 where the forms conform."""
        rows = beyond(self.wide_sums, self.wide_low, self.wide_high, self.wide_rounding).sum()
        rows += beyond(self.narrow_sums, self.narrow_low, self.narrow_high, self.narrow_rounding).sum()
        if len(self.watched):
            sums = np.einsum("fn,rn->fr", self.forms.astype(np.float64), self.watched)
            rows += beyond(sums, self.watched_at, self.watched_at, self.watched_rounding).sum()
        if self.model.max_common is not None:
            rows += np.triu(np.maximum(self.common - self.model.max_common, 0), 1).sum()
        if self.model.uses is not None:
            off = self.too_often(self.uses, self.exposure) + self.too_seldom(self.uses)
            rows += float(off.sum())
        return float(rows)

    def too_often(self, uses: IntArray, exposure: FloatArray, items: IntArray | slice = EVERY) -> FloatArray:
        """By how many forms items exceed the uses or the exposure that they may have."""
        bounds = self.model.uses
        assert bounds is not None
        over: FloatArray = np.maximum(uses - bounds.most[items], 0.0)
        if bounds.loads is not None:
            limited = bounds.most[items] < self.model.n_forms
            beyond_load = np.maximum(exposure - bounds.most_load, 0.0)
            over = over + np.where(limited & (beyond_load > ROUNDING * self.model.n_forms), beyond_load, 0.0)
        return over

    def too_seldom(self, uses: IntArray, items: IntArray | slice = EVERY) -> FloatArray:
        """By how many forms items fall short of the uses that they must have."""
        assert self.model.uses is not None
        result: FloatArray = np.maximum(self.model.uses.least[items] - uses, 0.0)
        return result

    def used_by(self, form: int, items: IntArray, sign: int) -> FloatArray:
        """What one use more (or less) of each item by the form adds to what is wrong with its uses."""
        uses, exposure = self.uses[items], self.exposure[items]
        later, load = uses + sign, exposure + sign * self.loads[form]
        change = self.too_often(later, load, items) - self.too_often(uses, exposure, items)
        change += self.too_seldom(later, items) - self.too_seldom(uses, items)
        return change

    def sum_of_squares(self) -> float:
        return float((self.off**2).sum())

    def least_gain(self) -> float:
        """What a change of the sum of squares must exceed to be more than rounding."""
        return max(EPSILON, UNSURE * (float(self.squares.max(initial=0.0)) + self.sum_of_squares()))

    def exchange(self, form: int, leaving: int, coming: int) -> None:
        """Put one item in the place of another."""
        model = self.model
        touched = {*self.in_narrow.get(leaving, ()), *self.in_narrow.get(coming, ())}
        for row in touched:
            self._price_row(form, row, -1.0)
        for item, sign in ((leaving, -1), (coming, 1)):
            self.wide_sums[form] += sign * self.wide[:, item]
            self.narrow_sums[form] += sign * self.narrow[:, item]
            self.off[form] += sign * self.columns[item]
            self.forms[form, item] = sign > 0
            self.uses[item] += sign
            self.exposure[item] += sign * self.loads[form]
            if model.counted[item]:
                with_it = self.forms[:, item].astype(np.int64)
                with_it[form] = 1
                self.common[form] += sign * with_it
                self.common[:, form] += sign * with_it
                self.common[form, form] -= sign
        for row in touched:
            self._price_row(form, row, 1.0)
        self.swaps += 1

    def saved(self) -> tuple[FloatArray, ...]:
        return tuple(np.copy(getattr(self, name)) for name in STATE)

    def restore(self, saved: tuple[FloatArray, ...]) -> None:
        for name, value in zip(STATE, saved, strict=True):
            setattr(self, name, value)


def _rounding(rows: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """What rounding can do to the sum of each row, in the row's own units."""
    bounds = np.maximum(
        np.where(np.isfinite(low), np.abs(low), 0), np.where(np.isfinite(high), np.abs(high), 0)
    )
    result: FloatArray = ROUNDING * np.maximum(bounds, np.abs(rows).max(axis=1, initial=0.0))
    return result


def beyond(
    sums: FloatArray, low: FloatArray, high: FloatArray, rounding: FloatArray | float = 0.0
) -> FloatArray:
    """By how much sums lie outside their bounds; within what rounding can do they lie inside."""
    off = np.maximum(low - sums, 0.0) + np.maximum(sums - high, 0.0)
    result: FloatArray = np.where(off <= rounding, 0.0, off)
    return result


def more_beyond(
    sums: FloatArray, step: FloatArray, low: FloatArray, high: FloatArray, rounding: FloatArray | float
) -> FloatArray:
    """By how much more they lie outside after a step; a change that rounding can make is none."""
    change = beyond(sums + step, low, high, rounding) - beyond(sums, low, high, rounding)
    result: FloatArray = np.where(np.abs(change) <= rounding, 0.0, change)
    return result
