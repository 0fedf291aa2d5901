"""Differential item functioning by Mantel and Haenszel, in the units and classes of ETS.

At each score level: A, B the reference group right and wrong, C, D the focal group, T their sum.

    alpha  = sum(AD/T) / sum(BC/T)
    D-DIF  = -2.35 ln alpha                 negative: harder for the focal group at equal score
    Var(ln alpha) = sum[(AD + alpha BC)(A + D + alpha (B + C)) / T^2] / (2 sum(AD/T)^2)

(Holland & Thayer 1988; variance of Phillips & Holland 1987), chi-square with continuity correction. Class A:
not significant at .05 or |D| < 1; C: |D| >= 1.5 and |D| significantly above 1; B: the rest. The classes jump
with chance in small groups, so each item also gets the probabilities that its true D lies in A, B, C, given
how much D varies from item to item (after Zwick, Thayer & Lewis 1999, J. Educ. Meas. 36:1-28; see
``dif_classes`` for where we differ). Statistic and class are the usual ones, matched on every raw score; the
probabilities are best made of DIF at equal ability (``dif_ability``).
The companion is the standardised difference in p (Dorans & Kulick 1986), focal minus reference, weighted by
the focal group.

Everything is a sum over score levels, so sums of separate forms simply add (``merge_dif``): persons are only
ever compared with persons of the same form and score.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.special import chdtrc, ndtri

from ciip_irt.arrays import FloatArray, IntArray, ScoreArray
from ciip_irt.classical.dif_classes import ClassProbabilities, class_probabilities
from ciip_irt.errors import InputError
from ciip_irt.records import result

__all__ = [
    "ETS_CLASSES",
    "DifSums",
    "DifTables",
    "MantelHaenszel",
    "dif_sums",
    "dif_tables",
    "mantel_haenszel",
    "merge_dif",
    "merge_tables",
]

ETS_CLASSES = ("A", "B", "C", "insufficient")


@result
@dataclass(frozen=True, slots=True)
class DifTables:
    """Persons (S, J) by score level and item: reference right, wrong, focal right, wrong."""

    a: IntArray
    b: IntArray
    c: IntArray
    d: IntArray

    def placed(self, columns: IntArray, n_items: int) -> "DifTables":
        """The same items as columns ``columns`` of tables of ``n_items``; the others hold nobody."""
        wide = [np.zeros((len(cells), n_items), np.int64) for cells in _arrays(self)]
        for table, cells in zip(wide, _arrays(self), strict=True):
            table[:, columns] = cells
        return DifTables(*wide)


@result
@dataclass(frozen=True, slots=True)
class DifSums:
    """Sums (J,) over score levels from which every Mantel-Haenszel quantity follows; they add over forms."""

    n_reference: FloatArray
    n_focal: FloatArray
    ad: FloatArray
    bc: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    difference: FloatArray
    weight: FloatArray


@result
@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """DIF statistics (J,) per item; NaN where the groups cannot be compared.

    Attributes
    ----------
    n_reference, n_focal
        Persons with an answer that counts.
    d_dif, se
        On the delta scale of ETS; negative is harder for the focal group.
    chi2, p_value
        One degree of freedom, with continuity correction.
    ets_class
        ``"A"``, ``"B"``, ``"C"``, or ``"insufficient"`` below the minimum in either group.
    prob_a, prob_b, prob_c
        Empirical-Bayes probabilities of the classes; NaN with fewer than five items to learn from.
    std_p_dif
        Standardised difference in p, focal minus reference.
    prior_mean, prior_tau, prior_share
        How D-DIF varies over the items, as estimated.
    """

    n_reference: IntArray
    n_focal: IntArray
    d_dif: FloatArray
    se: FloatArray
    chi2: FloatArray
    p_value: FloatArray
    ets_class: tuple[str, ...]
    prob_a: FloatArray
    prob_b: FloatArray
    prob_c: FloatArray
    std_p_dif: FloatArray
    prior_mean: float
    prior_tau: float
    prior_share: float


def dif_tables(scores: ScoreArray, level: IntArray, group: IntArray, *, n_levels: int) -> DifTables:
    """Count right and wrong answers by score level and group.

    Parameters
    ----------
    scores
        (N, J) 0/1; ``MISSING`` cells do not count.
    level
        (N,) the score on which persons are matched, ``0 .. n_levels - 1``: the scored total, which contains
        the studied item where it is scored and does not where it is a pilot.
    group
        (N,) 0 reference, 1 focal, negative neither.

    Raises
    ------
    InputError
        If a score is above 1: this method is for right/wrong items.
    """
    n_items = scores.shape[1]
    if scores.size and int(scores.max()) > 1:
        raise InputError("Mantel-Haenszel needs items scored 0/1; leave items with more points out")

    def count(which: int, value: int) -> IntArray:
        rows = group == which
        persons, items = np.nonzero(scores[rows] == value)
        index = level[rows][persons] * n_items + items
        return np.bincount(index, minlength=n_levels * n_items).reshape(n_levels, n_items).astype(np.int64)

    return DifTables(count(0, 1), count(0, 0), count(1, 1), count(1, 0))


def merge_tables(parts: Sequence[DifTables]) -> DifTables:
    """Tables of blocks of one form together: the same items and score levels."""
    a, b, c, d = (np.sum(tables, axis=0) for tables in zip(*(_arrays(part) for part in parts), strict=True))
    return DifTables(a, b, c, d)


def dif_sums(tables: DifTables) -> DifSums:
    """The Mantel-Haenszel sums (J,) of tables (S, J)."""
    a, b, c, d = (x.astype(float) for x in (tables.a, tables.b, tables.c, tables.d))
    reference, focal = a + b, c + d
    total = reference + focal
    t = np.maximum(total, 1.0)
    both = (reference > 0) & (focal > 0)
    ad, bc = a * d / t, b * c / t
    right, wrong = a + c, b + d
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.where(both, focal * (c / focal - a / reference), 0.0)
    return DifSums(
        n_reference=reference.sum(axis=0),
        n_focal=focal.sum(axis=0),
        ad=ad.sum(axis=0),
        bc=bc.sum(axis=0),
        # The numerator of the variance is quadratic in alpha, which is known only after all forms are added.
        v0=(ad * (a + d) / t).sum(axis=0),
        v1=((ad * (b + c) + bc * (a + d)) / t).sum(axis=0),
        v2=(bc * (b + c) / t).sum(axis=0),
        observed=np.where(total > 1, a, 0.0).sum(axis=0),
        expected=np.where(total > 1, reference * right / t, 0.0).sum(axis=0),
        variance=np.where(
            total > 1, reference * focal * right * wrong / (t**2 * np.maximum(total - 1, 1)), 0.0
        ).sum(axis=0),
        difference=difference.sum(axis=0),
        weight=np.where(both, focal, 0.0).sum(axis=0),
    )


def merge_dif(parts: Sequence[tuple[DifSums, IntArray]], n_items: int) -> DifSums:
    """Add the sums of several forms, each given with the rows its items have among ``n_items``."""
    table = np.zeros((12, n_items))
    for sums, rows in parts:
        table[:, rows] += np.stack(_arrays(sums))
    return DifSums(*table)


def _arrays(record: DifTables | DifSums) -> tuple[Any, ...]:
    """The arrays of a record, in order, without the copies that ``astuple`` makes."""
    return tuple(getattr(record, field.name) for field in fields(record))


def mantel_haenszel(
    sums: DifSums,
    *,
    minimum_n: int = 50,
    alpha: float = 0.05,
    probabilities: ClassProbabilities | None = None,
) -> MantelHaenszel:
    """D-DIF, its standard error, the ETS class and the class probabilities of every item.

    Parameters
    ----------
    sums
        From :func:`dif_sums`, possibly merged over forms.
    minimum_n
        Fewest persons in each group for an ETS class; below it the class is ``"insufficient"`` and the item
        does not inform the prior, while its numbers and probabilities are still given.
    alpha
        Significance level of the classes.
    probabilities
        Of the classes, where they are not to be made of the statistic itself: DIF at equal ability
        (``dif_ability``) keeps the information that small groups lose where they are compared score by score.

    >>> tables = DifTables(*(np.array([[v]]) for v in (80, 20, 60, 40)))
    >>> result = mantel_haenszel(dif_sums(tables))
    >>> round(float(result.d_dif[0]), 3), round(float(result.se[0]), 3), result.ets_class
    (-2.305, 0.758, ('C',))
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        odds = sums.ad / sums.bc
        usable = (sums.ad > 0) & (sums.bc > 0)
        d = np.where(usable, -2.35 * np.log(odds), np.nan)
        numerator = sums.v0 + odds * sums.v1 + odds**2 * sums.v2
        se = np.where(usable, 2.35 * np.sqrt(numerator / (2 * sums.ad**2)), np.nan)
        excess = np.maximum(np.abs(sums.observed - sums.expected) - 0.5, 0.0)
        chi2 = np.where(sums.variance > 0, excess**2 / sums.variance, np.nan)
        standardised = np.where(sums.weight > 0, sums.difference / sums.weight, np.nan)
    p_value = np.asarray(chdtrc(1, chi2), dtype=float)

    enough = (sums.n_reference >= minimum_n) & (sums.n_focal >= minimum_n) & np.isfinite(d)
    critical = float(ndtri(1 - alpha))
    with np.errstate(invalid="ignore"):
        class_a = (p_value >= alpha) | (np.abs(d) < 1)
        class_c = ~class_a & (np.abs(d) >= 1.5) & (np.abs(d) - critical * se > 1)
    label = np.where(~enough, 3, np.where(class_a, 0, np.where(class_c, 2, 1)))

    prior = class_probabilities(d, se, enough) if probabilities is None else probabilities
    return MantelHaenszel(
        n_reference=sums.n_reference.astype(np.int64),
        n_focal=sums.n_focal.astype(np.int64),
        d_dif=d,
        se=se,
        chi2=chi2,
        p_value=p_value,
        ets_class=tuple(ETS_CLASSES[i] for i in label),
        prob_a=prior.probability[0],
        prob_b=prior.probability[1],
        prob_c=prior.probability[2],
        std_p_dif=standardised,
        prior_mean=prior.mean,
        prior_tau=prior.tau,
        prior_share=prior.share,
    )
