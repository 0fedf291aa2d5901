"""lz*: are a person's answers what the model expects of somebody with that ability?

Low values mean easy questions missed and hard ones right: guessing, illness, a shifted answer sheet,
questions known beforehand. They say that something is odd, not what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from ciip_irt.arrays import BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.likelihood import answered_sum, likelihood_terms, of_scores
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.response_blocks import PERSONS_AT_ONCE, ResponseBlock, moments_by_group
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["METHODS", "PersonFit", "assess_person_fit"]

METHODS = ("ml", "map", "wle")


@result
@dataclass(frozen=True, slots=True)
class PersonFit:
    """Persons in the order of the blocks.

    Attributes
    ----------
    method
        Estimator of the abilities that are corrected for.
    theta
        Shape (N,).
    lz
        Shape (N,): the uncorrected statistic (Drasgow, Levine & Williams 1985), for comparison.
    lz_star
        Shape (N,): about N(0, 1) where the model holds, low where answers do not fit; NaN where the person
        has no finite ability or answered everything alike in its most likely way.
    p
        Shape (N,): the share of fitting persons with as low a value, ``Phi(lz_star)``.
    n_answers
        Shape (N,).
    """

    method: str
    theta: FloatArray
    lz: FloatArray
    lz_star: FloatArray
    p: FloatArray
    n_answers: IntArray

    def flagged(self, level: float) -> BoolArray:
        """Shape (N,): persons whose p is below ``level``."""
        with np.errstate(invalid="ignore"):
            result: BoolArray = np.asarray(self.p < level, dtype=np.bool_)
        return result

    def summary(self, level: float = 0.01) -> str:
        """A few plain sentences."""
        known = int(np.isfinite(self.p).sum())
        found = int(self.flagged(level).sum())
        return (
            f"Person fit of {plural(known, 'person')}: {found:,} with lz* below the {level:.0%} limit, where"
            f" about {known * level:.0f} would be by chance."
        )


def assess_person_fit(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    method: str = "map",
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> PersonFit:
    """``lz* = [sum_j (ln P_j(x_j) - E_j) + c r_0] / sqrt(sum_j Var_j)`` at the person's estimated ability.

    ``w_jk = ln P_jk``, ``r_jk = P_jk' / P_jk``, ``c = sum P' w / sum P'^2 / P``, ``E_j = sum_k P_jk w_jk``
    and ``Var_j`` the variance of ``w_jk - c r_jk`` over the item's scores. For right/wrong items this is
    Snijders' ``[sum (x - P) w + c r_0] / sqrt(sum w~^2 P Q)`` with ``w = ln(P / Q)``, ``w~ = w - c r``.
    ``r_0`` belongs to the estimator: 0 for ML, ``(mean - theta) / sd^2`` for MAP, ``J / (2 I)`` for WLE.
    Without the correction (``lz``) the variance is too small, because the ability was fitted to the answers.

    Parameters
    ----------
    parameters
        Shape (J, P); items without estimates (NaN) are left out.
    method
        ``"map"`` has a finite ability for everybody; ``"ml"`` and ``"wle"`` do not use the population.

    Raises
    ------
    InputError
        An unknown method.

    Source: Snijders (2001), Psychometrika 66:331-342; Magis, Raiche & Beland (2012), J. Educational and
    Behavioral Statistics 37:57-81 for WLE and MAP; Sinharay (2016), Psychometrika 81:992-1013 for more than
    two scores.

    >>> items = np.column_stack((np.ones(40), np.linspace(-2, 2, 40), np.zeros(40)))
    >>> usual = (np.arange(40) < 20).astype(np.int8)
    >>> fit = assess_person_fit([ResponseBlock(np.arange(40), np.array([usual, 1 - usual]))], items)
    >>> bool(fit.lz_star[0] > 2), bool(fit.lz_star[1] < -5)
    (True, True)
    """
    with one_blas_thread():
        if method not in METHODS:
            raise InputError(
                Problem(f"unknown method {method!r}", remedy=f"Choose one of {', '.join(METHODS)}.")
            )
        abilities = estimate_abilities(blocks, parameters, method=method, mean=mean, sd=sd, D=D, model=model)
        means, sds = moments_by_group(blocks, mean, sd)
        unknown = model.unknown(parameters)
        lz, lz_star = np.full(abilities.theta.size, np.nan), np.full(abilities.theta.size, np.nan)
        start = 0
        for block in blocks:
            columns = np.flatnonzero(~unknown[block.items])
            theta = abilities.theta[start : start + block.n_persons]
            usable = np.flatnonzero(np.isfinite(theta) & ~abilities.at_bound[start : start + block.n_persons])
            for first in range(0, usable.size if columns.size else 0, PERSONS_AT_ONCE):
                rows = usable[first : first + PERSONS_AT_ONCE]
                prior = means[block.group], sds[block.group]
                lz[start + rows], lz_star[start + rows] = _statistics(
                    block.scores[np.ix_(rows, columns)],
                    parameters[block.items[columns]],
                    theta[rows],
                    method,
                    float(prior[0]),
                    float(prior[1]),
                    D,
                    model,
                )
            start += block.n_persons
        return PersonFit(method, abilities.theta, lz, lz_star, ndtr(lz_star), abilities.n_answers)


def _statistics(
    scores: ScoreArray,
    parameters: FloatArray,
    theta: FloatArray,
    method: str,
    mean: float,
    sd: float,
    D: float,
    model: ItemModel,
) -> tuple[FloatArray, FloatArray]:
    """Shapes (N,): lz and lz*."""
    terms = likelihood_terms(parameters, theta, D, model)
    answered: BoolArray = np.not_equal(scores, -1)
    w = np.log(terms.p)
    expected = (terms.p * w).sum(axis=2)
    gap = answered_sum(of_scores(w, scores) - expected, answered)
    information = answered_sum(terms.information, answered)
    together = answered_sum((terms.first * w).sum(axis=2), answered)
    with np.errstate(invalid="ignore", divide="ignore"):
        c = together / information
        plain = answered_sum((terms.p * w**2).sum(axis=2) - expected**2, answered)
        # Var(w - c r) summed over items, with E r = 0 and sum Cov(w, r) = c I
        corrected = plain - c**2 * information
        if method == "map":
            shift = (mean - theta) / sd**2
        elif method == "wle":
            shift = answered_sum(terms.bias, answered) / (2.0 * information)
        else:
            shift = np.zeros(theta.size)
        star = np.where(corrected > 1e-9 * plain, (gap + c * shift) / np.sqrt(corrected), np.nan)
        return np.where(plain > 0, gap / np.sqrt(plain), np.nan), star
