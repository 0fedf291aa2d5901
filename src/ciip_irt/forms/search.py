"""Swap search: K forms improved by exchanging items, one pair at a time, all pairs looked at.

Every form keeps its sums ``A x``, its targets ``M x`` and its items in common with the others; an exchange of
item i for item j changes them by a difference of two columns, so all exchanges of a form within a kind of
items (``rounding.kinds``) are judged at once:

    ``Δ = |v_j - v_i|² + 2 d'(v_j - v_i) + price x Δ broken``

with d the form's deviations from what it should have and v the items' columns, in tolerances. Two kinds of
exchange: with the bank, and between two forms, which leaves the total over all forms as it is. The work is
counted in pairs judged, so that a limit on it gives the same answer on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.rounding import kinds
from ciip_irt.forms.specification import Specification

__all__ = ["SwapSearch"]

# Breaking a row by one item costs more than any gain in targets.
PRICE = 1e6
# Rows over so few items (enemies, sets) are priced item by item; of the others, classes of items together.
FEW = 8
EPSILON = 1e-9
# Of exchanges taken in twos: how many, how many partners a query looks at (about), how many are tried.
NEAREST = 3000
LOOKED_AT = 100
TRIALS = 20
# A kick makes so many random exchanges, among so many that change little, and then so many attempts to gain.
KICKS = 2
KICK_AMONG = 300
AFTER_KICK = 6
STATE = ("forms", "wide_sums", "narrow_sums", "off", "common", "uses", "adding", "removing")


@dataclass
class SwapSearch:
    """The forms under search and their running sums. ``vectors`` (Q, n) are what is to be hit, ``aims`` (Q,)
    where.
    """

    spec: Specification
    forms: BoolArray
    vectors: FloatArray
    aims: FloatArray
    pairs: int = 0
    swaps: int = 0
    rounds: int = 0
    checkpoint: Callable[[], bool] = bool

    def __post_init__(self) -> None:
        spec = self.spec
        self.kind = kinds(spec)
        few = np.count_nonzero(spec.rows, axis=1) <= FEW
        inexact = spec.lower < spec.upper
        # Exact rows are kept by every exchange within a kind. Of sets they are only watched; mending across
        # kinds looks at the others.
        self.watched = spec.rows[few & ~inexact]
        self.watched_at = spec.lower[few & ~inexact]
        self.wide = spec.rows[~few]
        self.wide_low, self.wide_high = spec.lower[~few], spec.upper[~few]
        self.narrow = spec.rows[few & inexact]
        self.narrow_low, self.narrow_high = spec.lower[few & inexact], spec.upper[few & inexact]
        self.members = [np.flatnonzero(row) for row in self.narrow]
        self.in_narrow: dict[int, list[int]] = {}
        for number, items in enumerate(self.members):
            for item in items.tolist():
                self.in_narrow.setdefault(item, []).append(number)
        self.class_of = np.unique(self.wide.T, axis=0, return_inverse=True)[1].ravel()
        first = np.unique(self.class_of, return_index=True)[1]
        self.class_columns = self.wide[:, first]
        self.pool_of = [
            np.flatnonzero((self.kind == number) & spec.usable & ~spec.forced)
            for number in range(int(self.kind.max(initial=-1)) + 1)
        ]
        self.pool_of = [items for items in self.pool_of if len(items) > 1]
        self.refresh()

    # State ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """All running sums from the forms."""
        self.columns = np.ascontiguousarray(self.vectors.T)
        self.squares = (self.columns**2).sum(axis=1)
        x = self.forms.astype(np.float64)
        self.wide_sums = np.einsum("fn,rn->fr", x, self.wide)
        self.narrow_sums = np.einsum("fn,rn->fr", x, self.narrow)
        self.off = np.einsum("fn,qn->fq", x, self.vectors) - self.aims
        shared = x * self.spec.counted
        self.common = np.einsum("fn,gn->fg", shared, shared).astype(np.int64)
        self.uses = self.forms.sum(axis=0)
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
        here = _beyond(now, low, high)
        self.adding[form, items] += sign * (_beyond(now + c, low, high) - here)
        self.removing[form, items] += sign * (_beyond(now - c, low, high) - here)

    def broken(self) -> float:
        """By how much all rows together are broken, in their units; 0 where the forms conform."""
        rows = _beyond(self.wide_sums, self.wide_low, self.wide_high).sum()
        rows += _beyond(self.narrow_sums, self.narrow_low, self.narrow_high).sum()
        if len(self.watched):
            sums = np.einsum("fn,rn->fr", self.forms.astype(np.float64), self.watched)
            rows += np.abs(sums - self.watched_at).sum()
        if self.spec.max_common is not None:
            rows += np.triu(np.maximum(self.common - self.spec.max_common, 0), 1).sum()
        return float(rows) if rows > EPSILON else 0.0

    def badness(self) -> float:
        return float((self.off**2).sum())

    def exchange(self, form: int, leaving: int, coming: int) -> None:
        """Put one item in the place of another."""
        spec = self.spec
        touched = {*self.in_narrow.get(leaving, ()), *self.in_narrow.get(coming, ())}
        for row in touched:
            self._price_row(form, row, -1.0)
        for item, sign in ((leaving, -1), (coming, 1)):
            self.wide_sums[form] += sign * self.wide[:, item]
            self.narrow_sums[form] += sign * self.narrow[:, item]
            self.off[form] += sign * self.columns[item]
            self.forms[form, item] = sign > 0
            self.uses[item] += sign
            if spec.counted[item]:
                with_it = self.forms[:, item].astype(np.int64)
                with_it[form] = 1
                self.common[form] += sign * with_it
                self.common[:, form] += sign * with_it
                self.common[form, form] -= sign
        for row in touched:
            self._price_row(form, row, 1.0)
        self.swaps += 1

    # Exchanges --------------------------------------------------------------------------------------------

    def improve_from_bank(self, form: int, pool: IntArray, *, price: float = PRICE) -> bool:
        """The best exchange of an item of this form with one of the pool that is not in it, if it gains."""
        inside = self.forms[form, pool]
        leaving, coming = pool[inside], pool[~inside]
        if self.spec.disjoint:
            coming = coming[(self.uses[coming] == 0) | ~self.spec.counted[coming]]
        if not len(leaving) or not len(coming):
            return False
        change = self._change(form, leaving, coming, price)
        self.pairs += change.size
        for _ in range(3):
            best = int(np.argmin(change))
            if change.flat[best] >= -EPSILON:
                return False
            i, j = divmod(best, len(coming))
            if not self._meet(int(leaving[i]), int(coming[j])):
                self.exchange(form, int(leaving[i]), int(coming[j]))
                return True
            change[i, j] = np.inf
        return False

    def improve_between(self, first: int, second: int, pool: IntArray, *, price: float = PRICE) -> bool:
        """The best exchange between two forms of items that the other lacks, if it gains."""
        ours, theirs = self.forms[first, pool], self.forms[second, pool]
        leaving, coming = pool[ours & ~theirs], pool[theirs & ~ours]
        if not len(leaving) or not len(coming):
            return False
        step = self.columns[coming][None, :, :] - self.columns[leaving][:, None, :]
        change = 2 * (step**2).sum(axis=2) + 2 * np.einsum(
            "ijq,q->ij", step, self.off[first] - self.off[second]
        )
        change += price * (
            self._broken_rows(first, leaving, coming)
            + self._broken_rows(second, coming, leaving).T
            + self._broken_common(first, leaving, coming, without=second)
            + self._broken_common(second, coming, leaving, without=first).T
        )
        self.pairs += change.size
        for _ in range(3):
            best = int(np.argmin(change))
            if change.flat[best] >= -EPSILON:
                return False
            i, j = divmod(best, len(coming))
            if not self._meet(int(leaving[i]), int(coming[j])):
                self.exchange(first, int(leaving[i]), int(coming[j]))
                self.exchange(second, int(coming[j]), int(leaving[i]))
                return True
            change[i, j] = np.inf
        return False

    def _meet(self, leaving: int, coming: int) -> bool:
        """Whether a narrow row holds both, so that the prices of the two do not simply add."""
        return not set(self.in_narrow.get(leaving, ())).isdisjoint(self.in_narrow.get(coming, ()))

    def _change(self, form: int, leaving: IntArray, coming: IntArray, price: float) -> FloatArray:
        out, into = self.columns[leaving], self.columns[coming]
        d = self.off[form]
        change: FloatArray = np.einsum("iq,jq->ij", -2.0 * out, into)
        change += (self.squares[leaving] - 2.0 * (out * d).sum(axis=1))[:, None]
        change += self.squares[coming] + 2.0 * (into * d).sum(axis=1)
        change += price * (
            self._broken_rows(form, leaving, coming) + self._broken_common(form, leaving, coming)
        )
        return change

    def _broken_rows(self, form: int, leaving: IntArray, coming: IntArray) -> FloatArray:
        """By how much more every pair breaks the rows of the form."""
        out, out_at = np.unique(self.class_of[leaving], return_inverse=True)
        into, into_at = np.unique(self.class_of[coming], return_inverse=True)
        step = self.class_columns[:, into][:, None, :] - self.class_columns[:, out][:, :, None]
        now = self.wide_sums[form][:, None, None]
        low, high = self.wide_low[:, None, None], self.wide_high[:, None, None]
        by_class = (_beyond(now + step, low, high) - _beyond(now, low, high)).sum(axis=0)
        change: FloatArray = by_class[out_at[:, None], into_at[None, :]]
        change += self.removing[form, leaving][:, None]
        change += self.adding[form, coming]
        return change

    def _broken_common(
        self, form: int, leaving: IntArray, coming: IntArray, without: int | None = None
    ) -> FloatArray:
        """By how much more every pair breaks the bound on items in common with the other forms."""
        bound = self.spec.max_common
        change: FloatArray = np.zeros((len(leaving), len(coming)))
        if bound is None or self.spec.disjoint:
            return change
        for other in np.flatnonzero(self.common[form] >= bound).tolist():
            if other in (form, without):
                continue
            now = self.common[form, other] - bound
            out = (self.forms[other, leaving] & self.spec.counted[leaving]).astype(np.float64)
            into = (self.forms[other, coming] & self.spec.counted[coming]).astype(np.float64)
            step = into[None, :] - out[:, None]
            change += np.maximum(now + step, 0) - max(now, 0)
        return change

    # Two exchanges at once ----------------------------------------------------------------------------------

    def improve_twice(self, form: int, other: int | None = None) -> bool:
        """Two exchanges whose effects add up to what is missing, with the bank or with another form.

        ``δ_1 + δ_2`` is near its goal g only where both are equally far from g / 2: the exchanges nearest to
        it are kept in a tree, and each is asked for its best partner.
        """
        goal = -self.off[form] if other is None else (self.off[other] - self.off[form]) / 2
        leaving, coming, steps = self._harmless(form, other, goal / 2)
        if len(steps) < 2:
            return False
        # Imported here: forms are checked without scipy.
        from scipy.spatial import cKDTree

        tree = cKDTree(steps)
        distance, partner = tree.query(goal - steps, k=2)
        self.pairs += steps.shape[0] * LOOKED_AT
        self.rounds += 1
        before = self.badness()
        broken = self.broken()
        order = np.argsort(distance, axis=None, kind="stable")[: 2 * TRIALS]
        for place in order.tolist():
            one, two = place // 2, int(partner.flat[place])
            moves = [(int(leaving[m]), int(coming[m])) for m in (one, two)]
            if moves[0][0] == moves[1][0] or moves[0][1] == moves[1][1]:
                continue
            for out, into in moves:
                self._move(form, other, out, into)
            if self.badness() < before - EPSILON and self.broken() <= broken:
                return True
            for out, into in reversed(moves):
                self._move(form, other, into, out)
        return False

    def _move(self, form: int, other: int | None, leaving: int, coming: int) -> None:
        self.exchange(form, leaving, coming)
        if other is not None:
            self.exchange(other, coming, leaving)

    def _harmless(
        self, form: int, other: int | None, centre: FloatArray, most: int = NEAREST
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """The exchanges that break nothing, nearest to the centre: what leaves, what comes, the effect."""
        outs, ins, steps = [], [], []
        for pool in self.pool_of:
            inside = self.forms[form, pool]
            if other is None:
                leaving, coming = pool[inside], pool[~inside]
                if self.spec.disjoint:
                    coming = coming[(self.uses[coming] == 0) | ~self.spec.counted[coming]]
            else:
                theirs = self.forms[other, pool]
                leaving, coming = pool[inside & ~theirs], pool[theirs & ~inside]
            if not len(leaving) or not len(coming):
                continue
            broken = self._broken_rows(form, leaving, coming) + self._broken_common(
                form, leaving, coming, without=other
            )
            if other is not None:
                broken += self._broken_rows(other, coming, leaving).T
                broken += self._broken_common(other, coming, leaving, without=form).T
            i, j = np.nonzero(broken <= EPSILON)
            self.pairs += broken.size
            outs.append(leaving[i])
            ins.append(coming[j])
            steps.append(self.columns[coming[j]] - self.columns[leaving[i]])
        if not outs:
            nothing = np.array([], dtype=np.int64)
            return nothing, nothing, np.zeros((0, self.columns.shape[1]))
        leaving, coming, step = np.concatenate(outs), np.concatenate(ins), np.concatenate(steps)
        if len(step) > most:
            distance = ((step - centre) ** 2).sum(axis=1)
            near = np.sort(np.argpartition(distance, most)[:most])
            leaving, coming, step = leaving[near], coming[near], step[near]
        return leaving, coming, step

    # Kicks ------------------------------------------------------------------------------------------------

    def kick(self, rng: np.random.Generator, form: int, other: int | None) -> bool:
        """Random harmless exchanges, then the best that can be made of them; taken back if not better."""
        before, broken, saved = self.badness(), self.broken(), self._saved()
        for _ in range(KICKS):
            leaving, coming, _ = self._harmless(form, other, np.zeros(len(self.aims)), most=KICK_AMONG)
            if not len(leaving):
                break
            place = int(rng.integers(len(leaving)))
            self._move(form, other, int(leaving[place]), int(coming[place]))
        for _ in range(AFTER_KICK):
            better = self.improve_twice(form, other)
            if other is not None:
                better |= self.improve_twice(form)
                better |= self.improve_twice(other)
            if not better:
                break
        if self.badness() < before - EPSILON and self.broken() <= broken:
            return True
        self._restore(saved)
        return False

    def _saved(self) -> tuple[FloatArray, ...]:
        return tuple(np.copy(getattr(self, name)) for name in STATE)

    def _restore(self, saved: tuple[FloatArray, ...]) -> None:
        for name, value in zip(STATE, saved, strict=True):
            setattr(self, name, value)

    def mend(self, most: int = 200) -> bool:
        """Exchange items of any two kinds as long as fewer rows are broken; whether none is left."""
        everything = np.flatnonzero(self.spec.usable & ~self.spec.forced)
        for _ in range(most):
            before = self.broken()
            if before == 0:
                return True
            for form in range(len(self.forms)):
                self.improve_from_bank(form, everything)
            if self.broken() >= before or self.checkpoint():
                break
        return self.broken() == 0

    # Runs -------------------------------------------------------------------------------------------------

    def sweep(self, *, bank: bool, between: bool, price: float = PRICE) -> int:
        """Once over all forms and kinds; how many exchanges were made."""
        before = self.swaps
        k = len(self.forms)
        for pool in self.pool_of:
            for form in np.argsort(-(self.off**2).sum(axis=1), kind="stable").tolist() if bank else ():
                self.improve_from_bank(form, pool, price=price)
            if between:
                worst = np.argsort(-(self.off**2).sum(axis=1), kind="stable")
                for place in range(k // 2):
                    first, second = int(worst[place]), int(worst[k - 1 - place])
                    self.improve_between(first, second, pool, price=price)
        return self.swaps - before


def _beyond(sums: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """By how much sums lie outside their bounds."""
    result: FloatArray = np.maximum(low - sums, 0.0) + np.maximum(sums - high, 0.0)
    return result
