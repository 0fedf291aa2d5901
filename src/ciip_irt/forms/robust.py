"""Information that forms have with a stated certainty, the parameters being uncertain: a chance constraint.

What a form has with probability p is, its posterior being nearly normal,

    ``Σ_i c_i x_i - z_p sqrt(Σ_i v_i x_i + Σ_k (Σ_i l_ik x_i)²)``

(c expectations, v variances, l loadings of the scale's errors). Its tangent at forms found already is linear
in x, so the same search raises it; around the forms so found once more.

Source: van der Linden & Glas (2000), Applied Measurement in Education 13:35-53, on what is at stake; chance
constraints by Charnes & Cooper (1959), Management Science 6:73-79.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.blueprint import ResolvedTarget
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.search.parallel import SearchEffort
from ciip_irt.forms.search.strategy import CUT_SHORT, Candidate, solve_forms

__all__ = ["asks_for_certainty", "sure_levels", "unheard", "with_certainty"]

Progress = Callable[[str], None]

# The second tangent is taken at forms that the first has found; a third changes nothing that is printed.
TANGENTS = 2
# Forms are kept this share of the allowance apart, since it is their expectations that are compared later.
NEARER = 0.8


def asks_for_certainty(pool: Pool) -> bool:
    """Whether a goal asks for it and the bank knows how uncertain it is."""
    return any(target.certainty is not None and target.variances is not None for target in pool.targets)


def unheard(pool: Pool) -> list[str]:
    """That a certainty is asked for which a bank without standard errors cannot give."""
    asked = next((target.certainty for target in pool.targets if target.certainty is not None), None)
    if asked is None or asks_for_certainty(pool):
        return []
    return [f"certainty = {asked:g} changed nothing: parameters are taken as exact."]


def with_certainty(
    pool: Pool, plain: Candidate, seed: int, seconds: Callable[[], float], progress: Progress | None
) -> tuple[Pool, Candidate, list[str]]:
    """The pool with its goals as they are sought, the best forms for them, and what that costs.

    ``plain`` are forms of the highest expectation; they are kept where nothing better is found.
    """
    best, around = plain, _chosen(pool, plain)
    height = _height(pool, around)
    first, sought = height, _around(pool, around)
    for _ in range(TANGENTS):
        if plain.proposal.stopped in CUT_SHORT or seconds() <= 0:
            break
        if progress is not None:
            progress("Raising what forms have with certainty, beside what they have on average.")
        trial = _around(pool, around)
        found = solve_forms(_nearer(trial), seed, SearchEffort(seconds=seconds()), progress)
        if found.proposal.values is None:
            break
        around = _chosen(pool, found)
        level = _height(pool, around)
        if level > height:
            best, height, sought = found, level, trial
        if found.proposal.stopped in CUT_SHORT:
            break
    price = 100 * (1 - _expected(pool, _chosen(pool, best)) / _expected(pool, _chosen(pool, plain)))
    certainty = next(target.certainty for target in pool.targets if target.certainty is not None)
    words = (
        f"With {100 * certainty:g} % certainty the least is {height:.3f}, where forms of the highest"
        f" expectation have {first:.3f}; the price is {max(0.0, price):.2g} % of the expected information."
    )
    return sought, best, [words]


def sure_levels(target: ResolvedTarget, items: Sequence[str]) -> tuple[float, float, FloatArray]:
    """Of a form: the expectation, its variance by the items' own errors, and the sums of the loadings."""
    assert target.variances is not None
    expected = sum(target.contributions[item_id] for item_id in items)
    variance = sum(target.variances[item_id] for item_id in items)
    loadings = target.loadings or {}
    together = np.array([loadings.get(item_id, (0.0,)) for item_id in items]).sum(axis=0)
    return float(expected), float(variance), together


def _chosen(pool: Pool, candidate: Candidate) -> BoolArray:
    assert candidate.proposal.values is not None
    half = pool.n_columns // 2
    result: BoolArray = candidate.proposal.values[:half].reshape(len(pool.form_ids), pool.n_items) > 0.5
    return result


def _goals(pool: Pool) -> list[ResolvedTarget]:
    return [target for target in pool.targets if target.is_goal]


def _items(pool: Pool, form: BoolArray) -> list[str]:
    return [pool.item_ids[item] for item in np.flatnonzero(form)]


def _height(pool: Pool, forms: BoolArray) -> float:
    """The least level in multiples of its weight, over goals and forms."""
    levels = []
    for target in _goals(pool):
        for form in forms:
            expected, variance, together = sure_levels(target, _items(pool, form))
            error = np.sqrt(variance + (together**2).sum())
            levels.append((expected - _z(target) * error) / target.value)
    return float(min(levels))


def _expected(pool: Pool, forms: BoolArray) -> float:
    return min(
        sure_levels(target, _items(pool, form))[0] / target.value for target in _goals(pool) for form in forms
    )


def _z(target: ResolvedTarget) -> float:
    return 0.0 if target.certainty is None else NormalDist().inv_cdf(target.certainty)


def _around(pool: Pool, forms: BoolArray) -> Pool:
    """The pool with the tangents of its goals at the average of these forms."""
    targets = []
    for target in pool.targets:
        if not target.is_goal or target.certainty is None or target.variances is None:
            targets.append(target)
            continue
        parts = [sure_levels(target, _items(pool, form)) for form in forms]
        variance = float(np.mean([own for _, own, _ in parts]))
        together = np.mean([sums for _, _, sums in parts], axis=0)
        error = float(np.sqrt(variance + (together**2).sum()))
        if error == 0:
            targets.append(target)
            continue
        z, loadings = _z(target), target.loadings or {}
        constant = -z * variance / (2 * error) / pool.blueprint.length
        sought = {
            item_id: c
            - z
            * (target.variances[item_id] / 2 + float(together @ loadings.get(item_id, 0 * together)))
            / error
            + constant
            for item_id, c in target.contributions.items()
        }
        targets.append(replace(target, sought=sought))
    return replace(pool, targets=tuple(targets))


def _nearer(pool: Pool) -> Pool:
    targets = tuple(replace(target, equal_within=target.equal_within * NEARER) for target in pool.targets)
    return replace(pool, targets=targets)
