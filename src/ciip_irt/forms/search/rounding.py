"""From fractional uses of items to K whole forms of the same make-up, as a start for the search."""

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.model.form_model import FormModel
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["kinds", "rounded"]


def kinds(model: FormModel) -> IntArray:
    """Items that every row with an exact sum treats alike have the same number: (n,).

    A swap of two items of a kind leaves every exact sum as it is.
    """
    exact = model.rows[model.lower == model.upper]
    # Rows over a handful of items (sets) would make each of their items a kind of its own: fine, they stay
    # put.
    return np.unique(exact.T, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def rounded(model: FormModel, uses: FloatArray, rng: np.random.Generator) -> BoolArray:
    """K forms (K, n) that use every item about as often as the relaxation does.

    Per kind of item the uses are rounded to whole numbers by their largest remainders, the kinds' totals
    first; then items are dealt, the most used first, to the forms that still need most of the kind. Exact
    sums then hold where the kinds' totals are multiples of K; other rows hold nearly, and the search repairs
    them.
    """
    k = model.n_forms
    kind = kinds(model)
    n_kinds = int(kind.max(initial=-1)) + 1
    forms = np.zeros((k, model.n_items), dtype=np.bool_)
    forms[:, model.forced] = True
    uses = np.where(model.forced, 0.0, np.minimum(uses, k))
    total = np.bincount(kind, weights=uses, minlength=n_kinds).astype(np.float64)
    wanted = _largest_remainders(total, round(float(total.sum())))
    first = 0
    common = np.zeros((k, k), dtype=np.int64)
    for number in np.flatnonzero(wanted):
        members = np.flatnonzero((kind == number) & model.usable & ~model.forced)
        shuffled = members[rng.permutation(len(members))]
        times = _largest_remainders(uses[shuffled], int(wanted[number]))
        # Whoever gets one more of this kind than the others is next in turn, so lengths stay equal.
        room = np.full(k, wanted[number] // k)
        room[(first + np.arange(wanted[number] % k)) % k] += 1
        first += int(wanted[number] % k)
        order = np.argsort(-times, kind="stable")
        for place in order[: np.count_nonzero(times)].tolist():
            taking = _spread(int(times[place]), room, common, rng)
            forms[taking, shuffled[place]] = True
            room[taking] -= 1
            if model.counted[shuffled[place]]:
                common[np.ix_(taking, taking)] += 1
        for form in np.flatnonzero(room).tolist():
            unused = shuffled[times == 0][: room[form]]
            forms[form, unused] = True
            times[np.isin(shuffled, unused)] = 1
    return forms


def _spread(times: int, room: IntArray, common: IntArray, rng: np.random.Generator) -> IntArray:
    """Forms with room for one more that have least in common with each other, and among those most room."""
    free = np.flatnonzero(room > 0)
    if times >= len(free):
        return free
    free = free[rng.permutation(len(free))]
    if times == 1:
        return free[[int(np.argmax(room[free]))]]
    taken: list[int] = [int(free[np.lexsort((common[free].sum(axis=1), -room[free]))[0]])]
    while len(taken) < times:
        left = free[~np.isin(free, taken)]
        together = common[np.ix_(left, np.array(taken))].sum(axis=1)
        taken.append(int(left[np.lexsort((-room[left], together))[0]]))
    return np.array(taken, dtype=np.int64)


def _largest_remainders(values: FloatArray, total: int) -> IntArray:
    """Whole numbers near the values that sum to the total.

    >>> _largest_remainders(np.array([0.6, 1.0, 0.4]), 2)
    array([1, 1, 0])
    """
    whole = np.floor(values + ROUNDING)
    missing = total - int(whole.sum())
    if missing > 0:
        order = np.argsort(-(values - whole), kind="stable")
        whole[order[:missing]] += 1
    elif missing < 0:
        order = np.argsort(values - whole + 1e9 * (whole < 1), kind="stable")
        whole[order[:-missing]] -= 1
    return whole.astype(np.int64)
