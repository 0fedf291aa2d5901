"""Whether two sets of difficulties of the same items can be on one scale: direction, unit, wild values.

Bank values that hold a scale are held against free estimates from the same answers. On one scale the free
difficulties are the bank's but for a shift, for error, and for a few items that drifted:

    b_free = b_bank - B + e,   e with standard error s_j.

The correlation says whether they order the items alike, the regression slope s of b_free on b_bank whether
they have one unit (the free estimates' errors do not bend it; the bank's, where known, are allowed for). With
slopes, the unit of a must be the inverse:
``s * (a_free / a_bank) = 1`` whatever the candidates' spread.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.records import result

__all__ = ["ScaleAgreement", "compare_scales"]

FEWEST = 5  # anchors: with fewer neither correlation nor slope says anything
LEAST_SPREAD = 0.3  # SD of the difficulties: where both are below, error decides correlation and slope
WILD = 4.0  # logit: no change of content moves an item by so much; a lost decimal point does
WILD_ERRORS = 5.0  # standard errors of the free value: a flat curve has b anywhere
WILD_SHARE = 0.2  # of the anchors: when more are wild the whole scale is another
BELONG = 0.7  # correlation, freed of error, that items of one scale have even after years of drift
UNIT = 1.3  # ratio of units that tells one scale from another; 1.7 is the usual mistake
CERTAIN = 2.576  # normal quantile: said with 99 % certainty or not at all
DISPLACED = 0.5  # logit, the limit of drift
DISPLACED_ERRORS = 3.0  # standard errors, with the limit of drift
DISPLACED_SHARE = 0.5  # of the anchors: when more are displaced nothing holds the scale


@result
@dataclass(frozen=True, slots=True)
class ScaleAgreement:
    """How bank difficulties and free estimates agree.

    Attributes
    ----------
    n
        Items compared.
    correlation
        Of bank and free difficulties, wild values left out; NaN where too few.
    slope
        Of the regression of free on bank difficulties.
    unit_ratio
        1 where the units of a and b agree with one another; ``slope`` itself for models of one slope.
    displaced
        Share of items displaced by more than half a logit and three standard errors after the shift.
    wild
        Shape (J,): single bank values that no drift explains.
    belongs, same_unit
        The two conclusions; True where nothing can be said.
    """

    n: int
    correlation: float
    slope: float
    unit_ratio: float
    displaced: float
    wild: BoolArray
    belongs: bool
    same_unit: bool


def compare_scales(
    bank: FloatArray,
    free: FloatArray,
    free_errors: FloatArray,
    bank_errors: FloatArray | None = None,
    *,
    slopes_vary: bool,
) -> ScaleAgreement:
    """Hold bank parameters against free estimates of the same items.

    Parameters
    ----------
    bank, free
        Shape (J, >= 2): a and b; NaN rows are left out.
    free_errors, bank_errors
        Shape (J, >= 2): standard errors; NaN where unknown.
    slopes_vary
        Whether a is estimated for each item, so that the candidates' spread is in a.

    >>> b = np.linspace(-2, 2, 30)
    >>> of = lambda values: np.column_stack((np.ones(30), values))
    >>> error = np.full((30, 2), 0.1)
    >>> compare_scales(of(b), of(b - 0.4), error, slopes_vary=False).belongs
    True
    >>> reversed_bank = compare_scales(of(-b), of(b), error, slopes_vary=False)
    >>> reversed_bank.belongs, round(reversed_bank.correlation, 2)
    (False, -1.0)
    >>> wide = compare_scales(of(1.7 * b), of(b), error, slopes_vary=False)
    >>> wide.belongs, wide.same_unit, round(wide.slope, 2)
    (True, False, 0.59)
    """
    known = np.isfinite(bank[:, 1]) & np.isfinite(free[:, 1])
    wild = _wild(bank[:, 1], free[:, 1], np.nan_to_num(free_errors[:, 1], nan=0.0), known)
    used = known & ~wild
    n = int(used.sum())
    x, y = bank[used, 1], free[used, 1]
    error = np.nan_to_num(free_errors[used, 1], nan=0.0)
    if n < FEWEST or max(x.std(), y.std()) < LEAST_SPREAD or min(x.std(), y.std()) == 0:
        return ScaleAgreement(n, float("nan"), float("nan"), float("nan"), 0.0, wild, True, True)
    r = float(np.corrcoef(x, y)[0, 1])
    true_variance = max(float(y.var(ddof=1) - np.mean(error**2)), 0.1 * float(y.var(ddof=1)))
    dependable = true_variance / float(y.var(ddof=1))
    upper = np.tanh(np.arctanh(np.clip(r, -0.9999, 0.9999)) + CERTAIN / np.sqrt(max(n - 3, 1)))
    theirs = np.zeros(n) if bank_errors is None else np.nan_to_num(bank_errors[used, 1], nan=0.0)
    trusted = max(1 - float(np.mean(theirs**2) / x.var(ddof=1)), 0.5)  # attenuation by the bank's errors
    slope = r * float(y.std() / x.std()) / trusted
    log_error = np.sqrt(max(1 - r * r, 0.0) / max(n - 2, 1)) / max(abs(r), 0.1)
    ratio = max(abs(slope), 0.01)
    if slopes_vary:
        steep = np.log(np.clip(free[used, 0], 0.05, None)) - np.log(np.clip(bank[used, 0], 0.05, None))
        ratio = ratio * float(np.exp(np.median(steep)))
        log_error = float(np.hypot(log_error, 1.2533 * steep.std(ddof=1) / np.sqrt(n)))  # of a median
    moved = _shifted(x, y, slope if slopes_vary else 1.0)
    gone = (np.abs(moved) > DISPLACED) & (np.abs(moved) > DISPLACED_ERRORS * error)
    displaced = float(gone.mean())
    return ScaleAgreement(
        n=n,
        correlation=r,
        slope=slope,
        unit_ratio=ratio,
        displaced=displaced,
        wild=wild,
        belongs=bool(upper >= BELONG * np.sqrt(dependable)),
        same_unit=bool(abs(np.log(ratio)) <= max(np.log(UNIT), CERTAIN * log_error)),
    )


def _shifted(x: FloatArray, y: FloatArray, slope: float) -> FloatArray:
    """Free minus bank difficulties on the free scale, but for what all have in common."""
    difference = y - slope * x
    return np.asarray(difference - np.median(difference))


def _wild(bank: FloatArray, free: FloatArray, errors: FloatArray, known: BoolArray) -> BoolArray:
    """Shape (J,): single bank values too far from all others' line to be anything but a slip."""
    wild = np.zeros(bank.shape, dtype=np.bool_)
    if known.sum() < FEWEST:
        wild[known] = np.abs(bank[known]) > 2 * WILD
        return wild
    difference = bank - free
    middle = np.median(difference[known])
    spread = 1.4826 * np.median(np.abs(difference[known] - middle))  # a normal's SD from its quartiles
    with np.errstate(invalid="ignore"):
        far = known & (np.abs(difference - middle) > np.maximum(max(WILD, 6 * spread), WILD_ERRORS * errors))
    return far if far.sum() <= WILD_SHARE * known.sum() else wild
