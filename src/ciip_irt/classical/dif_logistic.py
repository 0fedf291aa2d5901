"""Differential item functioning by logistic regression, the second method beside Mantel-Haenszel.

For an item, with z the matching score standardised within its form, g = 1 in the focal group, and an
intercept for every form:

    M0: logit P = form + beta z        M1: M0 + gamma g        M2: M1 + delta g z

The likelihood ratio of M1 to M0 tests uniform DIF (one group finds the item harder at every score), that of
M2 to M1 non-uniform DIF (the difference changes with the score, which Mantel-Haenszel can miss altogether):
Swaminathan & Rogers (1990), J. Educ. Meas. 27:361-370. ``2.35 gamma`` is on the delta scale of ETS, as D-DIF
is (negative: harder for the focal group). The effect size is the gain of Nagelkerke's R-squared from M0 to
M2; below .035 it is negligible, from .070 large (Jodoin & Gierl 2001, Applied Measurement in Education
14:329-349).

The data are counts by form, score level and group (:class:`~ciip_irt.classical.dif.DifTables`), so the cost
does not depend on the number of persons. All items are fitted at once; the intercepts of the forms are
eliminated from Newton's equations, whose matrix is diagonal there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, expit, xlogy

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.classical.dif import DifTables
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["LogisticDif", "logistic_dif"]

ITERATIONS = 60  # of Newton's method: a stop, where groups are separated
TOLERANCE = 1e-9  # of the last step, logits
RIDGE = 1e-10  # keeps an empty column solvable and changes no digit that is shown
FARTHEST = 30.0  # logits: as far as a coefficient is followed
SEPARATED = 10.0  # logits: beyond it odds are 22,000 to 1, which no exam's answers can tell; they separate
DELTA = 2.35  # ETS delta units in a logit (Holland & Thayer 1988)


@result
@dataclass(frozen=True, slots=True)
class LogisticDif:
    """Statistics (J,) per item; NaN where one of the groups has no answers or only equal ones.

    Attributes
    ----------
    d_logistic
        ``2.35 gamma`` of M1; negative is harder for the focal group. NaN also where a coefficient runs away
        because the answers separate the groups or the scores: it has no estimate (``dif_ability`` has one).
        The likelihood has a limit there, and the tests rest on it.
    chi2_uniform, p_uniform
        M1 against M0, one degree of freedom.
    chi2_nonuniform, p_nonuniform
        M2 against M1, one degree of freedom.
    r2_change
        Nagelkerke's R-squared of M2 less that of M0.
    """

    d_logistic: FloatArray
    chi2_uniform: FloatArray
    p_uniform: FloatArray
    chi2_nonuniform: FloatArray
    p_nonuniform: FloatArray
    r2_change: FloatArray


def logistic_dif(parts: Sequence[tuple[DifTables, IntArray]], n_items: int) -> LogisticDif:
    """Uniform and non-uniform DIF of every item.

    Parameters
    ----------
    parts
        For every form its tables (S, J_f) and the rows its items have among ``n_items``.

    Examples
    --------
    >>> score = np.arange(5)[:, None]
    >>> reference, focal = 10 + 18 * score, 4 + 18 * score  # right of 100 each, by score
    >>> tables = DifTables(reference, 100 - reference, focal, 100 - focal)
    >>> result = logistic_dif([(tables, np.array([0]))], 1)
    >>> result.d_logistic.round(2), result.chi2_uniform.round(1), result.chi2_nonuniform.round(1)
    (array([-0.79]), array([5.]), array([0.2]))
    """
    with one_blas_thread():
        cells = _cells(parts, n_items)
        null, at = _empty(cells)
        base, at = _fitted(cells, at, 1)
        uniform, at = _fitted(cells, at, 2)
        gamma = at.beta[1]
        full, _ = _fitted(cells, at, 3)
        usable = _usable(cells)
        runs_away = np.abs(at.beta).max(axis=0, initial=0.0) > SEPARATED

        def ratio(larger: FloatArray, smaller: FloatArray) -> FloatArray:
            return np.where(usable, np.maximum(2 * (larger - smaller), 0.0), np.nan)

        first, second = ratio(uniform, base), ratio(full, uniform)
        total = cells.n.sum(axis=0)
        return LogisticDif(
            d_logistic=np.where(usable & ~runs_away, DELTA * gamma, np.nan),
            chi2_uniform=first,
            p_uniform=np.asarray(chdtrc(1, first)),
            chi2_nonuniform=second,
            p_nonuniform=np.asarray(chdtrc(1, second)),
            r2_change=np.where(
                usable, _nagelkerke(full, null, total) - _nagelkerke(base, null, total), np.nan
            ),
        )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Forms x levels x groups as rows (C,): right and all answers (C, J), terms (C, 3), form starts (F,)."""

    right: FloatArray
    n: FloatArray
    terms: FloatArray
    starts: IntArray
    focal: FloatArray


@dataclass(frozen=True, slots=True)
class _Coefficients:
    """Intercepts (F, J) of the forms and coefficients (T, J) of the terms."""

    intercepts: FloatArray
    beta: FloatArray


def _cells(parts: Sequence[tuple[DifTables, IntArray]], n_items: int) -> _Cells:
    right, answers, terms, starts, focal, size = [], [], [], [], [], 0
    for tables, rows in parts:
        levels = tables.a.shape[0]
        wide = [np.zeros((levels, n_items)) for _ in range(4)]
        for cells, given in zip(wide, (tables.a, tables.b, tables.c, tables.d), strict=True):
            cells[:, rows] = given
        a, b, c, d = wide
        # The moments of the matching score come from all its answers, so every item has the same z.
        weight = (a + b + c + d).sum(axis=1)
        level = np.arange(levels, dtype=np.float64)
        mean = float(np.average(level, weights=weight)) if weight.any() else 0.0
        spread = float(np.sqrt(np.average((level - mean) ** 2, weights=weight))) if weight.any() else 1.0
        z = (level - mean) / (spread or 1.0)
        r, n = np.concatenate([a, c]), np.concatenate([a + b, c + d])
        # A form on which everybody or nobody has the item right tells nothing beside its own intercept.
        tells = (r.sum(axis=0) > 0) & (r.sum(axis=0) < n.sum(axis=0))
        g = np.repeat([0.0, 1.0], levels)
        both = np.tile(z, 2)
        kept = n.any(axis=1)
        if not kept.any():
            continue
        right.append((r * tells)[kept])
        answers.append((n * tells)[kept])
        terms.append(np.column_stack([both, g, g * both])[kept])
        focal.append(g[kept])
        starts.append(size)
        size += int(kept.sum())
    if not right:
        nothing = np.zeros((0, n_items))
        return _Cells(nothing, nothing, np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0))
    return _Cells(
        np.concatenate(right), np.concatenate(answers), np.concatenate(terms),
        np.array(starts, dtype=np.int64), np.concatenate(focal),
    )  # fmt: skip


def _usable(cells: _Cells) -> np.ndarray:
    """Items on which each group has right and wrong answers; else a coefficient has no estimate."""
    enough = np.ones(cells.n.shape[1], dtype=bool)
    for member in (cells.focal == 0, cells.focal == 1):
        r, n = cells.right[member].sum(axis=0), cells.n[member].sum(axis=0)
        enough &= (r > 0) & (r < n)
    return enough


def _empty(cells: _Cells) -> tuple[FloatArray, _Coefficients]:
    """Log-likelihoods (J,) of one intercept for each form, and the intercepts."""
    n_items = cells.n.shape[1]
    nothing = np.zeros((0, n_items))
    if not cells.starts.size:
        return np.zeros(n_items), _Coefficients(nothing, nothing)
    r, n = np.add.reduceat(cells.right, cells.starts), np.add.reduceat(cells.n, cells.starts)
    share = r / np.maximum(n, 1)
    total: FloatArray = (xlogy(r, share) + xlogy(n - r, 1 - share)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        intercepts = np.where(n > 0, np.log(r / (n - r)), 0.0)
    return total, _Coefficients(intercepts, nothing)


def _fitted(cells: _Cells, start: _Coefficients, n_terms: int) -> tuple[FloatArray, _Coefficients]:
    """Log-likelihoods (J,) at the maximum and where it is, by guarded Newton steps from ``start``."""
    n_items = cells.n.shape[1]
    beta = np.zeros((n_terms, n_items))
    beta[: len(start.beta)] = start.beta
    reached = _Coefficients(start.intercepts.copy(), beta)
    values = np.zeros(n_items)
    if not cells.starts.size:
        return values, reached
    terms, sizes = cells.terms[:, :n_terms], np.diff(np.append(cells.starts, len(cells.n)))
    products = np.einsum("ct,cu->ctu", terms, terms).reshape(len(terms), -1)
    active = np.arange(n_items)
    right, n = cells.right, cells.n
    here = reached
    value = _log_likelihood(right, n, terms, sizes, here)
    values[:] = value
    step = np.ones(n_items)
    for _ in range(ITERATIONS):
        p = expit(np.repeat(here.intercepts, sizes, axis=0) + terms @ here.beta)
        rest, weight = right - n * p, n * p * (1 - p)
        diagonal = np.maximum(np.add.reduceat(weight, cells.starts), 1e-12)  # (F, J)
        cross = np.stack([np.add.reduceat(weight * t[:, None], cells.starts) for t in terms.T])  # (T, F, J)
        inner = (products.T @ weight).T.reshape(-1, n_terms, n_terms)
        by_form, by_term = np.add.reduceat(rest, cells.starts), terms.T @ rest
        schur = inner - np.einsum("tfj,ufj->jtu", cross / diagonal, cross) + RIDGE * np.eye(n_terms)
        reduced = by_term - (cross / diagonal * by_form).sum(axis=1)
        move = np.linalg.solve(schur, reduced.T[:, :, None])[:, :, 0].T
        move_forms = (by_form - np.einsum("tfj,tj->fj", cross, move)) / diagonal
        tried = _Coefficients(
            np.clip(here.intercepts + step * move_forms, -FARTHEST, FARTHEST),
            np.clip(here.beta + step * move, -FARTHEST, FARTHEST),
        )
        now = _log_likelihood(right, n, terms, sizes, tried)
        better = now >= value - 1e-12
        done = better & (now - value < TOLERANCE)
        here = _Coefficients(
            np.where(better, tried.intercepts, here.intercepts), np.where(better, tried.beta, here.beta)
        )
        value, step = np.where(better, now, value), np.where(better, 1.0, step / 2)
        reached.intercepts[:, active], reached.beta[:, active] = here.intercepts, here.beta
        values[active] = value
        if done.all():
            break
        # Items that have arrived are left alone; most need half as many steps as the slowest.
        going = ~done
        active, value, step = active[going], value[going], step[going]
        right, n = right[:, going], n[:, going]
        here = _Coefficients(here.intercepts[:, going], here.beta[:, going])
    return values, reached


def _log_likelihood(
    right: FloatArray, n: FloatArray, terms: FloatArray, sizes: IntArray, at: _Coefficients
) -> FloatArray:
    eta = np.repeat(at.intercepts, sizes, axis=0) + terms @ at.beta
    total: FloatArray = (right * eta - n * np.logaddexp(0.0, eta)).sum(axis=0)
    return total


def _nagelkerke(fitted: FloatArray, null: FloatArray, n: FloatArray) -> FloatArray:
    """``(1 - exp(2 (null - fitted) / n)) / (1 - exp(2 null / n))``."""
    n = np.maximum(n, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((1 - np.exp(2 * (null - fitted) / n)) / (1 - np.exp(2 * null / n)))
