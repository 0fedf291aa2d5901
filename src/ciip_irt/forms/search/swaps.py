"""Swap search: K forms improved by exchanging items, one pair at a time, all pairs looked at.

Every form keeps its sums ``A x``, its targets ``M x`` and its items in common with the others; an exchange of
item i for item j changes them by a difference of two columns, so all exchanges of a form within a kind of
items (``rounding.kinds``) are judged at once:

    ``Δ = |v_j - v_i|² + 2 d'(v_j - v_i) + price x Δ broken``

with d the form's deviations from what it should have and v the items' columns, in tolerances. Two kinds of
exchange: with the bank, and between two forms, which leaves the total over all forms as it is. The work is
counted in pairs judged, so that a limit on it gives the same answer on every machine.
"""

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.forms.search.running_sums import RunningSums, more_beyond
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["SwapSearch"]

# Breaking a row by one item costs more than any gain in targets.
PRICE = 1e6
# Exchanges that are taken in twos: those nearest to half of what is missing. All pairs of a bank of 1000
# would be 100,000, of which the far ones add up to nothing.
NEAREST = 3000
# The work of a query for a partner, in pairs looked at: with 3 targets, 3000 queries took as long as 129
# each.
LOOKED_AT = 100
# Twos that are tried before another form is looked at. Any number does: with 5 and with 80, the benchmark's 3
# forms of 1000 items came out the same under three seeds, at .8 and 1.6 times the time.
TRIALS = 20
# A perturbation: so many random exchanges, among so many that change little, then so many attempts to gain.
PERTURBATIONS = 2
PERTURB_AMONG = 300  # among 50 and among 3000 the benchmark's forms came within a thousandth of these
AFTER_PERTURBING = 6  # with 2 and with 20 as well


class SwapSearch(RunningSums):
    """Exchanges of items of the forms that bring them nearer to what is wanted."""

    def improve_from_bank(self, form: int, pool: IntArray, *, price: float = PRICE) -> bool:
        """The best exchange of an item of this form with one of the pool that is not in it, if it gains."""
        inside = self.forms[form, pool]
        leaving, coming = pool[inside], pool[~inside]
        if self.model.disjoint:
            coming = coming[(self.uses[coming] == 0) | ~self.model.counted[coming]]
        if not len(leaving) or not len(coming):
            return False
        change = self._change(form, leaving, coming, price)
        self.pairs += change.size
        found = self._best_pair(change, leaving, coming)
        if found is None:
            return False
        self.exchange(form, *found)
        return True

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
        change += price * self._total(
            self._broken_rows(first, leaving, coming),
            self._broken_rows(second, coming, leaving).T,
            self._broken_common(first, leaving, coming, without=second),
            self._broken_common(second, coming, leaving, without=first).T,
            *self._broken_uses(first, leaving, coming, second),
        )
        self.pairs += change.size
        found = self._best_pair(change, leaving, coming)
        if found is None:
            return False
        out, into = found
        self.exchange(first, out, into)
        self.exchange(second, into, out)
        return True

    def _best_pair(self, change: FloatArray, leaving: IntArray, coming: IntArray) -> tuple[int, int] | None:
        """The best pair that gains, of three, without a narrow row that holds both; marks ``change``."""
        self.calls += 1
        needed = self.least_gain()
        for _ in range(3):
            best = int(np.argmin(change))
            if change.flat[best] >= -needed:
                return None
            i, j = divmod(best, len(coming))
            if not self._meet(int(leaving[i]), int(coming[j])):
                return int(leaving[i]), int(coming[j])
            change[i, j] = np.inf
        return None

    def _meet(self, leaving: int, coming: int) -> bool:
        """Whether a narrow row holds both, so that the prices of the two do not simply add."""
        return not set(self.in_narrow.get(leaving, ())).isdisjoint(self.in_narrow.get(coming, ()))

    def _change(self, form: int, leaving: IntArray, coming: IntArray, price: float) -> FloatArray:
        out, into = self.columns[leaving], self.columns[coming]
        d = self.off[form]
        change: FloatArray = np.einsum("iq,jq->ij", -2.0 * out, into)
        change += (self.squares[leaving] - 2.0 * (out * d).sum(axis=1))[:, None]
        change += self.squares[coming] + 2.0 * (into * d).sum(axis=1)
        change += price * self._total(
            self._broken_rows(form, leaving, coming),
            self._broken_common(form, leaving, coming),
            *self._broken_uses(form, leaving, coming),
        )
        return change

    def _broken_uses(
        self, form: int, leaving: IntArray, coming: IntArray, other: int | None = None
    ) -> list[FloatArray]:
        """By how much more every pair breaks the bounds on uses: nothing to add where there are none. Between
        two forms uses stay as they are, and only what forms count for exposure differs.
        """
        bounds = self.model.uses
        if bounds is None or (other is not None and bounds.loads is None):
            return []
        if other is None:
            out, into = self.used_by(form, leaving, -1), self.used_by(form, coming, 1)
            return [out[:, None] + into[None, :]]
        moved = self.loads[other] - self.loads[form]
        parts = []
        for items, load in ((leaving, moved), (coming, -moved)):
            uses, exposure = self.uses[items], self.exposure[items]
            parts.append(self.too_often(uses, exposure + load, items) - self.too_often(uses, exposure, items))
        return [parts[0][:, None] + parts[1][None, :]]

    def _total(self, *parts: FloatArray) -> FloatArray:
        """Their sum; where one takes away what another adds, the rest is rounding, and none."""
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        if not self.whole:
            size = np.abs(parts).sum(axis=0)
            total[np.abs(total) <= ROUNDING * size] = 0.0
        return total

    def _broken_rows(self, form: int, leaving: IntArray, coming: IntArray) -> FloatArray:
        """By how much more every pair breaks the rows of the form."""
        out, out_at = np.unique(self.class_of[leaving], return_inverse=True)
        into, into_at = np.unique(self.class_of[coming], return_inverse=True)
        step = self.class_columns[:, into][:, None, :] - self.class_columns[:, out][:, :, None]
        now = self.wide_sums[form][:, None, None]
        low, high = self.wide_low[:, None, None], self.wide_high[:, None, None]
        more = more_beyond(now, step, low, high, self.wide_rounding[:, None, None])
        by_class = self._total(*more) if len(more) else np.zeros((len(out), len(into)))
        change: FloatArray = by_class[out_at[:, None], into_at[None, :]]
        change += self.removing[form, leaving][:, None]
        change += self.adding[form, coming]
        return change

    def _broken_common(
        self, form: int, leaving: IntArray, coming: IntArray, without: int | None = None
    ) -> FloatArray:
        """By how much more every pair breaks the bound on items in common with the other forms."""
        bound = self.model.max_common
        change: FloatArray = np.zeros((len(leaving), len(coming)))
        if bound is None or self.model.disjoint:
            return change
        for other in np.flatnonzero(self.common[form] >= bound).tolist():
            if other in (form, without):
                continue
            now = self.common[form, other] - bound
            out = (self.forms[other, leaving] & self.model.counted[leaving]).astype(np.float64)
            into = (self.forms[other, coming] & self.model.counted[coming]).astype(np.float64)
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
        before = self.sum_of_squares()
        broken = self.broken()
        order = np.argsort(distance, axis=None, kind="stable")[: 2 * TRIALS]
        for place in order.tolist():
            one, two = place // 2, int(partner.flat[place])
            moves = [(int(leaving[m]), int(coming[m])) for m in (one, two)]
            if moves[0][0] == moves[1][0] or moves[0][1] == moves[1][1]:
                continue
            for out, into in moves:
                self._move(form, other, out, into)
            if self.sum_of_squares() < before - self.least_gain() and self.broken() <= broken:
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
                if self.model.disjoint:
                    coming = coming[(self.uses[coming] == 0) | ~self.model.counted[coming]]
            else:
                theirs = self.forms[other, pool]
                leaving, coming = pool[inside & ~theirs], pool[theirs & ~inside]
            if not len(leaving) or not len(coming):
                continue
            broken = self._broken_rows(form, leaving, coming) + self._broken_common(
                form, leaving, coming, without=other
            )
            for part in self._broken_uses(form, leaving, coming, other):
                broken += part
            if other is not None:
                broken += self._broken_rows(other, coming, leaving).T
                broken += self._broken_common(other, coming, leaving, without=form).T
            i, j = np.nonzero(broken <= 0)
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

    # Perturbations -------------------------------------------------------------------------------------

    def perturb(self, rng: np.random.Generator, form: int, other: int | None) -> bool:
        """Random harmless exchanges, then the best that can be made of them; taken back if not better."""
        before, broken, saved = self.sum_of_squares(), self.broken(), self.saved()
        for _ in range(PERTURBATIONS):
            leaving, coming, _ = self._harmless(form, other, np.zeros(len(self.aims)), most=PERTURB_AMONG)
            if not len(leaving):
                break
            place = int(rng.integers(len(leaving)))
            self._move(form, other, int(leaving[place]), int(coming[place]))
        for _ in range(AFTER_PERTURBING):
            better = self.improve_twice(form, other)
            if other is not None:
                better |= self.improve_twice(form)
                better |= self.improve_twice(other)
            if not better:
                break
        if self.sum_of_squares() < before - self.least_gain() and self.broken() <= broken:
            return True
        self.restore(saved)
        return False

    def repair(self, most: int = 200) -> bool:
        """Exchange items of any two kinds as long as fewer rows are broken; whether none is left."""
        everything = np.flatnonzero(self.model.usable & ~self.model.forced)
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
