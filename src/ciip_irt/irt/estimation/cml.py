"""Conditional maximum likelihood for the Rasch model, on data that may be missing by design.

Given the raw score r on the items a person met, the ability drops out of the Rasch likelihood:

    P(x | r) = exp(-sum_j x_j b_j) / gamma_r(exp(-b))

so no population has to be assumed. Persons who answered the same set of items share their symmetric
functions gamma; the conditional log-likelihood is concave and is climbed by Newton's method with the exact
information, the covariance of the right answers given the raw scores.

Source: Andersen (1972), Journal of the Royal Statistical Society B 34:42-54; Fischer (1981), Psychometrika
46:59-77 for when finite estimates exist.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import DesignError, plural
from ciip_irt.irt.estimation.cml_design import (
    check_comparable,
    check_dichotomous,
    conditional_warnings,
    find_informative,
)
from ciip_irt.irt.estimation.symmetric_functions import (
    conditional_probabilities,
    log_symmetric,
    symmetric_ratios,
)
from ciip_irt.irt.models.log_odds import logit
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["CmlFit", "fit_cml"]

NUMBERS_AT_ONCE = 500_000  # of the tables sets x scores x items: 4 MB each, which caches hold
CLOSE = 1e-5  # relative distance of two easinesses below which their limit is more exact than the quotient
HALVINGS = 30  # of a step: then it is a billionth, and the likelihood at its maximum but for rounding
FALL = 1e-11  # of the log-likelihood: less is rounding of its sum


@result
@dataclass(frozen=True, slots=True)
class CmlFit:
    """Rasch difficulties with standard errors, and how the iteration ended.

    Attributes
    ----------
    b, standard_errors
        Shape (J,): difficulties with sum 0 over the estimated items, NaN where there is no finite estimate.
    covariance
        Shape (J, J): of b under the same sum-zero condition; NaN in rows and columns of excluded items.
    log_likelihood
        Conditional log-likelihood at the estimates.
    n_parameters
        Number of estimated items minus one.
    converged, iterations, largest_change, gradient_norm
        The last Newton step changed no difficulty by more than ``largest_change``; ``gradient_norm`` is the
        length of the gradient of the conditional log-likelihood at the estimates.
    n
        Shape (J,): answers that inform the estimate, those of persons with extreme scores left out.
    n_persons
        Persons whose answers inform the estimates.
    excluded, excluded_persons
        Items without a finite estimate; persons, numbered through the blocks, who answered all or none of
        the remaining items right, whose answers hold no information.
    warnings
        Plain sentences: what cannot be trusted, and what to try.
    """

    b: FloatArray
    standard_errors: FloatArray
    covariance: FloatArray
    log_likelihood: float
    n_parameters: int
    converged: bool
    iterations: int
    largest_change: float
    gradient_norm: float
    n: IntArray
    n_persons: int
    excluded: IntArray
    excluded_persons: IntArray
    warnings: tuple[str, ...]

    def summary(self) -> str:
        """A few plain sentences."""
        lines = [
            f"Rasch, conditional maximum likelihood: {plural(self.n_parameters + 1, 'item')} estimated from "
            f"{plural(self.n_persons, 'person')}, difficulties with sum 0.",
            (f"Converged after {plural(self.iterations, 'iteration')}" if self.converged else "NOT converged")
            + f"; conditional log-likelihood {self.log_likelihood:,.2f}.",
        ]
        return "\n".join([*lines, *self.warnings])


@dataclass(frozen=True, slots=True)
class _Group:
    """Persons of one block whose scores are neither 0 nor perfect, by the set of items they answered.

    Attributes
    ----------
    items
        Shape (J_b,).
    sets
        Shape (G, J_b): which items each set of persons answered.
    persons
        Shape (G, J_b + 1): how many persons of each set have each raw score.
    """

    items: IntArray
    sets: BoolArray
    persons: FloatArray


def fit_cml(
    blocks: Sequence[ResponseBlock],
    n_items: int,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    names: Sequence[str] | None = None,
) -> CmlFit:
    """Estimate Rasch difficulties without an assumption about the abilities.

    Maximises ``sum_i [-sum_j x_ij b_j - log gamma_{r_i}(exp(-b), items of person i)]`` subject to
    ``sum_j b_j = 0``. Cells that do not count (``MISSING``) are not in the person's set of items. Groups of
    blocks play no part: no population enters. Items that everybody answered alike and persons with an
    extreme score are set aside in turn until none is left, and named in the result.

    Parameters
    ----------
    blocks
        Persons who met the same items, with scores 0, 1 or ``MISSING``.
    n_items
        J, the size of the pool the blocks' indices refer to.
    tolerance
        Largest change of a difficulty in the last Newton step.
    names
        Shape (J,): what items are called in messages; their numbers when absent.

    Raises
    ------
    InputError
        Blocks that do not fit, or scores above 1.
    DesignError
        No item can be estimated, or the items do not hang together: forms without common items, or items
        that everybody who met both sets answered in one direction only.

    >>> items = np.arange(3)
    >>> scores = np.repeat([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]], [6, 3, 5, 1, 4], axis=0)
    >>> fit = fit_cml([ResponseBlock(items, scores.astype(np.int8))], 3)
    >>> fit.converged, fit.n_persons, fit.excluded_persons.size, bool((np.diff(fit.b) > 0).all())
    (True, 15, 4, True)
    """
    check_dichotomous(blocks, n_items)
    shown = [str(item) for item in range(n_items)] if names is None else list(names)
    estimable, keep = find_informative(blocks, n_items)
    if estimable.sum() < 2:
        raise DesignError(
            "no two items can be compared: after setting aside items answered alike by everybody and persons "
            "with extreme scores, fewer than two items are left. More answers would help."
        )
    used = [
        ResponseBlock(block.items[here], block.scores[np.ix_(rows, here)], block.group)
        for block, rows in zip(blocks, keep, strict=True)
        if (here := estimable[block.items]).any()
    ]
    check_comparable(used, n_items, estimable, shown)
    data = _count(used, n_items, np.flatnonzero(estimable))
    with one_blas_thread():
        found = _climb(data, tolerance, max_iterations)
    items = data.items
    covariance = np.full((n_items, n_items), np.nan)
    covariance[np.ix_(items, items)] = _inverse_on_sum_zero(found.information)
    difficulties = np.full(n_items, np.nan)
    difficulties[items] = found.b
    converged = found.change < tolerance
    return CmlFit(
        b=difficulties,
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        log_likelihood=found.log_likelihood,
        n_parameters=items.size - 1,
        converged=converged,
        iterations=found.iterations,
        largest_change=found.change,
        gradient_norm=float(np.sqrt((found.gradient**2).sum())),
        n=data.answers,
        n_persons=sum(int(rows.sum()) for rows in keep),
        excluded=np.flatnonzero(~estimable),
        excluded_persons=np.flatnonzero(~np.concatenate(keep)),
        warnings=conditional_warnings(
            blocks, estimable, keep, converged, found.iterations, found.change, tolerance, shown
        ),
    )


@dataclass(frozen=True, slots=True)
class _Data:
    """The data as the likelihood needs them.

    ``items`` (I,) are estimated; ``right`` (I,) right answers of each; ``answers`` (J,) of the whole pool.
    """

    items: IntArray
    groups: list[_Group]
    right: FloatArray
    answers: IntArray


@dataclass(frozen=True, slots=True)
class _Climb:
    """Where Newton's method ended: b, gradient (I,), information (I, I), the last change."""

    b: FloatArray
    log_likelihood: float
    gradient: FloatArray
    information: FloatArray
    iterations: int
    change: float


def _count(used: Sequence[ResponseBlock], n_items: int, items: IntArray) -> _Data:
    place = np.full(n_items, -1, dtype=np.int64)
    place[items] = np.arange(items.size)
    right = np.zeros(items.size)
    answers = np.zeros(n_items, dtype=np.int64)
    for block in used:
        right[place[block.items]] += (block.scores == 1).sum(axis=0)
        answers[block.items] += block.answered.sum(axis=0)
    return _Data(items, list(_groups(used, place)), right, answers)


def _climb(data: _Data, tolerance: float, max_iterations: int) -> _Climb:
    """Newton's method with halved steps, from the logits of the shares of right answers."""
    b = -logit((data.right + 0.5) / (data.answers[data.items] + 1.0))
    b -= b.mean()
    log_likelihood, gradient, information = _evaluate(data.groups, data.right, b)
    change, iteration = np.inf, 0
    while change >= tolerance and iteration < max_iterations:
        iteration += 1
        step = np.linalg.solve(information + _level(information), gradient)
        size = 1.0
        for _ in range(HALVINGS):
            trial = b + size * step
            trial -= trial.mean()
            after = _evaluate(data.groups, data.right, trial)
            if after[0] >= log_likelihood - FALL * abs(log_likelihood):
                break
            size *= 0.5
        change = float(np.abs(trial - b).max())
        b = trial
        log_likelihood, gradient, information = after
    return _Climb(b, log_likelihood, gradient, information, iteration, change)


def _level(information: FloatArray) -> float:
    """What, added to every entry, makes the matrix regular.

    The likelihood is flat along a common shift of all b: a rank-one term of like size stands in for it.
    """
    return float(np.trace(information) / information.shape[0] ** 2)


def _inverse_on_sum_zero(information: FloatArray) -> FloatArray:
    """Shape (I, I): covariance of difficulties whose sum is 0."""
    level = _level(information)
    inverse = np.linalg.inv(information + level) - 1.0 / (level * information.shape[0] ** 2)
    result: FloatArray = 0.5 * (inverse + inverse.T)
    return result


def _groups(blocks: Sequence[ResponseBlock], place: IntArray) -> Iterator[_Group]:
    """The data as the likelihood needs them: sets of items, and persons by raw score."""
    for block in blocks:
        if not block.n_persons:
            continue
        answered = block.answered
        if answered.all():
            sets, of = np.ones((1, block.items.size), dtype=np.bool_), np.zeros(block.n_persons, np.int64)
        else:
            sets, inverse = np.unique(answered, axis=0, return_inverse=True)
            of = inverse.reshape(-1)
        persons = np.zeros((sets.shape[0], block.items.size + 1))
        np.add.at(persons, (of, (block.scores == 1).sum(axis=1)), 1.0)
        at_once = max(1, NUMBERS_AT_ONCE // ((block.items.size + 1) * block.items.size))
        for start in range(0, sets.shape[0], at_once):
            part = slice(start, start + at_once)
            yield _Group(place[block.items], sets[part], persons[part])


def _evaluate(
    groups: Sequence[_Group], right: FloatArray, b: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Conditional log-likelihood, its gradient (J,) and information (J, J) by b."""
    easiness = np.exp(-b)
    log_likelihood = -float(right @ b)
    gradient = -right
    information = np.zeros((b.size, b.size))
    for group in groups:
        e = easiness[group.items]
        within = e * group.sets
        ratios = symmetric_ratios(within)
        p, twin = conditional_probabilities(within, ratios)
        there = group.persons > 0
        counts = group.persons[there]
        log_likelihood -= float(counts @ log_symmetric(ratios)[there])
        of = np.nonzero(there)[0]
        chance = p[there] * group.sets[of]
        weighted = chance * counts[:, None]
        expected = weighted.sum(axis=0)
        gradient[group.items] += expected
        # persons who met both items: the sums for item i over the sets that hold item j
        met = group.sets[of].astype(np.float64)
        single = weighted.T @ met
        gap = e[None, :] - e[:, None]
        scale = e[None, :] + e[:, None]
        close = np.abs(gap) < CLOSE * scale
        joint = (e[None, :] * single - e[:, None] * single.T) / np.where(close, 1.0, gap)
        if close.any():
            limit = (twin[there] * group.sets[of] * counts[:, None]).T @ met
            joint[close] = 0.5 * (limit + limit.T)[close]
        np.fill_diagonal(joint, expected)
        information[np.ix_(group.items, group.items)] += joint - weighted.T @ chance
    return log_likelihood, gradient, information
