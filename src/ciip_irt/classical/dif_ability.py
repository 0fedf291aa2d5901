"""DIF at equal ability, for groups too small to be compared score by score.

Mantel-Haenszel compares persons of the same raw score. With 50 persons in a group and 131 scores most of them
have no partner and half of the information is lost. Here the score enters as a smooth term, so that everybody
is compared with everybody:

    logit P = form + b1 z + b2 z^2 + gamma g

with z the matching score standardised within its form and g = 1 in the focal group. ``D = 2.35 gamma`` is on
the delta scale of ETS, negative where the item is harder for the focal group. Two corrections:

- *Few answers*: the likelihood is penalised by Jeffreys' prior (Firth 1993, Biometrika 80:27-38), which takes
  away the bias of order 1/n and keeps D finite where all of a group are right.
- *The error of the score*: of two persons of the same score the one from the abler group is abler, for scores
  regress to the mean of their own group. An item outside the score (a pilot) shows that as DIF; it is taken
  away, ``b1 (1 - rho) / rho`` times the distance of the groups, rho being the reliability within groups (the
  correction of Shealy & Stout 1993, Psychometrika 58:159-194). An item that is part of the score needs none:
  under the Rasch model the score then holds all that ability says about the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.classical.dif import DifTables
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["AbilityDif", "ability_dif"]

DELTA = 2.35  # ETS delta units in a logit (Holland & Thayer 1988)
STEPS = 50  # of Newton's method; a handful are used
NEAR = 1e-6  # logits of the last step: a thousandth of the last digit shown
LONGEST_STEP = 2.0  # logits: keeps the first steps of a skewed item from overshooting
LEAST_RELIABILITY = 0.3  # below it the correction is larger than what it corrects


@result
@dataclass(frozen=True, slots=True)
class AbilityDif:
    """Statistics (J,) per item; NaN where one of the groups has no answers.

    Attributes
    ----------
    d, se
        On the delta scale; negative is harder for the focal group.
    """

    d: FloatArray
    se: FloatArray


def ability_dif(parts: Sequence[tuple[DifTables, IntArray]], n_items: int, in_score: BoolArray) -> AbilityDif:
    """D at equal ability and its standard error.

    Parameters
    ----------
    parts
        For every form its tables (S, J_f) and the rows its items have among ``n_items``.
    in_score
        (J,) items that are part of the score they are judged by.

    >>> score = np.arange(5)[:, None]
    >>> reference, focal = 10 + 18 * score, 4 + 18 * score  # right of 100 each, by score
    >>> tables = DifTables(reference, 100 - reference, focal, 100 - focal)
    >>> found = ability_dif([(tables, np.array([0]))], 1, np.array([True]))
    >>> found.d.round(2), found.se.round(2)
    (array([-0.78]), array([0.35]))
    """
    with one_blas_thread():
        counted = (_cells(tables, rows, n_items) for tables, rows in parts)
        forms = [form for form in counted if form is not None]
        both = np.zeros(n_items, dtype=np.bool_)
        if forms:
            focal = np.concatenate([form.terms[:, 2] for form in forms])[:, None]
            n = np.concatenate([form.n for form in forms])
            both = ((n * focal).sum(axis=0) > 0) & ((n * (1 - focal)).sum(axis=0) > 0)
        if not both.any():
            return AbilityDif(np.full(n_items, np.nan), np.full(n_items, np.nan))
        beta, variance = _penalised(forms)
        gamma = beta[2] - np.where(in_score, 0.0, beta[0] * _regression(forms, in_score))
        return AbilityDif(
            np.where(both, DELTA * gamma, np.nan), np.where(both, DELTA * np.sqrt(variance), np.nan)
        )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Levels x groups of a form as rows (C,): right and all answers (C, J) and the terms z, z^2, g (C, 3)."""

    right: FloatArray
    n: FloatArray
    terms: FloatArray
    spread: float  # of the score, points


def _cells(tables: DifTables, rows: IntArray, n_items: int) -> _Cells | None:
    levels = tables.a.shape[0]
    a, b, c, d = (np.zeros((levels, n_items)) for _ in range(4))
    for wide, given in ((a, tables.a), (b, tables.b), (c, tables.c), (d, tables.d)):
        wide[:, rows] = given
    r, n = np.concatenate([a, c]), np.concatenate([a + b, c + d])
    kept = n.any(axis=1)
    if not kept.any():
        return None
    weight = n.sum(axis=1)
    level = np.tile(np.arange(levels, dtype=np.float64), 2)
    mean = float(np.average(level, weights=weight))
    spread = float(np.sqrt(np.average((level - mean) ** 2, weights=weight))) or 1.0
    z = (level - mean) / spread
    terms = np.column_stack([z, z**2 - 1.0, np.repeat([0.0, 1.0], levels)])
    return _Cells(r[kept], n[kept], terms[kept], spread)


def _penalised(forms: Sequence[_Cells]) -> tuple[FloatArray, FloatArray]:
    """Coefficients (3, J) of z, z^2, g, the variance (J,) of the last; the forms' intercepts eliminated."""
    right, n = np.concatenate([f.right for f in forms]), np.concatenate([f.n for f in forms])
    terms = np.concatenate([f.terms for f in forms])
    sizes = np.array([len(f.n) for f in forms])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    n_items, n_terms = n.shape[1], terms.shape[1]
    products = np.einsum("ct,cu->ctu", terms, terms).reshape(len(terms), -1)
    intercepts, beta = np.zeros((len(forms), n_items)), np.zeros((n_terms, n_items))
    for _ in range(STEPS):
        p = expit(np.repeat(intercepts, sizes, axis=0) + terms @ beta)
        weight = n * p * (1 - p)
        diagonal = np.maximum(np.add.reduceat(weight, starts), 1e-12)  # (F, J)
        cross = np.stack([np.add.reduceat(weight * t[:, None], starts) for t in terms.T])  # (T, F, J)
        share = cross / diagonal
        schur = _information(weight, terms, products, starts)
        inverse = np.linalg.inv(schur)
        # h = w x' V x, V the inverse information with the intercepts
        with_form = np.einsum("jtu,ufj->tfj", inverse, share)
        own = 1.0 / diagonal + np.einsum("tfj,tfj->fj", share, with_form)
        leverage = np.repeat(own, sizes, axis=0) + (products @ inverse.reshape(n_items, -1).T)
        leverage -= 2.0 * np.einsum("ct,tcj->cj", terms, np.repeat(with_form, sizes, axis=1))
        leverage *= weight
        rest = right + 0.5 * leverage - (n + leverage) * p
        by_form, by_term = np.add.reduceat(rest, starts), terms.T @ rest
        reduced = by_term - (share * by_form).sum(axis=1)
        move = np.einsum("jtu,uj->tj", inverse, reduced)
        move_forms = (by_form - np.einsum("tfj,tj->fj", cross, move)) / diagonal
        longest = np.maximum(np.abs(move).max(axis=0), np.abs(move_forms).max(axis=0))
        damp = np.minimum(1.0, LONGEST_STEP / np.maximum(longest, 1e-12))
        beta, intercepts = beta + damp * move, intercepts + damp * move_forms
        if longest.max() < NEAR:
            break
    # the spread of penalised estimates: H^-1 I H^-1, H the information of answers and penalty together
    with_penalty = _information((n + leverage) * p * (1 - p), terms, products, starts)
    bread = np.linalg.inv(with_penalty)
    return beta, np.einsum("jt,jtu,ju->j", bread[:, 2], schur, bread[:, 2])


def _information(weight: FloatArray, terms: FloatArray, products: FloatArray, starts: IntArray) -> FloatArray:
    """Shape (J, T, T): information on the terms, the forms' intercepts eliminated."""
    n_terms = terms.shape[1]
    diagonal = np.maximum(np.add.reduceat(weight, starts), 1e-12)  # (F, J)
    cross = np.stack([np.add.reduceat(weight * t[:, None], starts) for t in terms.T])  # (T, F, J)
    inner = (products.T @ weight).T.reshape(-1, n_terms, n_terms)
    result: FloatArray = inner - np.einsum("tfj,ufj->jtu", cross / diagonal, cross) + 1e-10 * np.eye(n_terms)
    return result


def _regression(forms: Sequence[_Cells], in_score: BoolArray) -> FloatArray:
    """Shape (J,): ``(1 - rho) / rho`` times focal less reference mean of z, by the focal group's answers."""
    total, weight = np.zeros(in_score.size), np.zeros(in_score.size)
    for form in forms:
        focal = form.terms[:, 2] == 1
        inside = in_score & (form.n.sum(axis=0) > 0)
        answers = form.n[:, inside].sum(axis=1) if inside.any() else form.n.sum(axis=1)
        means, spreads = [], []
        for member in (~focal, focal):
            size = answers[member].sum()
            mean = float((answers[member] @ form.terms[member, 0]) / size) if size else 0.0
            means.append(mean)
            spreads.append(float(answers[member] @ (form.terms[member, 0] - mean) ** 2))
        within = sum(spreads) / max(float(answers.sum()), 1.0)
        p = form.right[:, inside].sum(axis=0) / form.n[:, inside].sum(axis=0)
        items = int(inside.sum())
        kr20 = items / max(items - 1, 1) * (1.0 - (p * (1 - p)).sum() / form.spread**2)
        rho = 1.0 - (1.0 - kr20) / within if within > 0 else 1.0
        rho = min(max(rho, LEAST_RELIABILITY), 1.0)
        share = form.n[focal].sum(axis=0)
        total += share * (1.0 - rho) / rho * (means[1] - means[0])
        weight += share
    return total / np.maximum(weight, 1.0)
