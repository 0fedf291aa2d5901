"""Q3: pairs of items whose answers still go together once ability is taken out.

Items that give each other away, share a text or a misleading word, or test one bit of knowledge twice, should
not meet in one form: high pairs are proposals for the list of enemies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.fit_statistics.bootstrap import BootstrapSample
from ciip_irt.irt.fit_statistics.residuals import Residuals, compute_residuals
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["LocalDependence", "MaximumReference", "assess_local_dependence"]

LEAST_JOINT = 30  # persons who answered both items; below, a correlation errs by .18 and more
LEAST_VARIANCE = 1.0  # two easy items: about one person expected to miss both
LARGE = 64  # persons of a block that is worth a product of its own
FEW_ITEMS = 8  # times as many in the pool: then laying blocks side by side would waste more
EULER = 0.5772156649015329  # mean of the standard Gumbel distribution


@result
@dataclass(frozen=True, slots=True)
class LocalDependence:
    """Every pair of items; all arrays are symmetric (J, J), NaN where fewer than the minimum answered both.

    Attributes
    ----------
    n
        Joint responders.
    q3
        Correlation of the residuals.
    q3_adjusted
        Less the mean of all pairs of its kind, which is slightly below 0 where both items are in the ability.
    z
        The residuals' covariance, less the mean of its kind, in units of its spread without dependence; NaN
        also where too few wrong (or right) answers are expected for it to mean anything.
    """

    n: IntArray
    q3: FloatArray
    q3_adjusted: FloatArray
    z: FloatArray

    def ranked(self) -> tuple[IntArray, IntArray]:
        """Places (first < second) of all pairs with a value, the most dependent (largest z) first."""
        first, second = np.triu_indices(self.z.shape[0], 1)
        values = self.z[first, second]
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.argsort(-values[known], kind="stable")]
        return first[order], second[order]


def assess_local_dependence(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    theta: FloatArray,
    *,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
    kinds: IntArray | None = None,
    least_joint: int = LEAST_JOINT,
) -> LocalDependence:
    """Q3 of all pairs over the persons who answered both.

    ``Q3_jk = cor(x_j - E_j, x_k - E_k)`` at the abilities ``theta`` (N,) in the order of the blocks. The
    mean that is taken off is that of the pairs of the same kind (two scored items, two pilots, one of each,
    with ``kinds`` (J,) 0 or 1): -1 / (J - 1) or so for items that are part of the ability, about 0 or above
    for others. ``z = (sum r_j r_k - m) / sqrt(sum v_j v_k)`` with the residuals r, the model's variances v
    and the same kind of mean m: the covariance in units of the standard deviation that it has if answers
    depend on ability alone. It is left out where that spread is below 1, as for two items that hardly
    anybody misses: there one person who misses both makes a large correlation.

    Memory: a few arrays J x J, whatever the number of persons.

    Source: Yen (1984), Applied Psychological Measurement 8:125-145; for the adjustment Marais (2013) and
    Christensen, Makransky & Horton (2017), Applied Psychological Measurement 41:178-194.

    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=400)
    >>> items = np.column_stack((np.ones(10), np.zeros(10), np.zeros(10)))
    >>> right = rng.random((400, 10)) < 1 / (1 + np.exp(-theta[:, None]))
    >>> right[:, 7] = right[:, 2]  # the same question twice
    >>> found = assess_local_dependence([ResponseBlock(np.arange(10), right.astype(np.int8))], items, theta)
    >>> first, second = found.ranked()
    >>> int(first[0]), int(second[0]), bool(found.q3[2, 7] > 0.9)
    (2, 7, True)
    """
    with one_blas_thread():
        parts = compute_residuals(blocks, parameters, theta, D=D, model=model)
        sums = _sums(parts, parameters.shape[0], whole=True)
        n, n_items = sums.n, parameters.shape[0]
        enough = np.asarray(n >= least_joint, dtype=np.bool_)
        spread = np.maximum(sums.square - sums.one**2 / np.maximum(n, 1.0), 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            both = np.sqrt(spread * spread.T)
            covariance = sums.cross - sums.one * sums.one.T / np.maximum(n, 1.0)
            q3 = np.where(both > 1e-9, covariance / both, np.nan)
        pairs = _Pairs.of(enough, n, kinds)
        own = q3.ravel()[pairs.places]
        z = np.where(np.isnan(own), np.nan, pairs.standardised(sums))
        return LocalDependence(
            n.astype(np.int64), *(pairs.square(values, n_items) for values in (own, pairs.centred(own), z))
        )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Over joint responders of every pair, shapes (J, J): persons, ``sum r_j``, ``sum r_j^2`` (j the row).

    And ``sum r_j r_k``, ``sum v_j v_k``.
    """

    n: FloatArray
    one: FloatArray
    square: FloatArray
    cross: FloatArray
    variance: FloatArray


def _sums(parts: Iterable[Residuals], n_items: int, *, whole: bool) -> _Sums:
    """``whole=False``: only the last two. Small blocks are laid side by side: fewer, larger products."""
    sums = _Sums(*(np.zeros((n_items, n_items)) if whole or k > 2 else np.empty((0, 0)) for k in range(5)))
    waiting: list[Residuals] = []

    def add(items: IntArray | slice, r: FloatArray, v: FloatArray, mask: FloatArray | None) -> None:
        at = items if isinstance(items, slice) else np.ix_(items, items)
        sums.cross[at] += r.T @ r
        sums.variance[at] += v.T @ v
        if not whole:
            return
        if mask is None:
            sums.n[at] += r.shape[0]
            sums.one[at] += r.sum(axis=0)[:, None]
            sums.square[at] += (r * r).sum(axis=0)[:, None]
        else:
            sums.n[at] += mask.T @ mask
            sums.one[at] += r.T @ mask
            sums.square[at] += (r * r).T @ mask

    def flush() -> None:
        rows = sum(part.residual.shape[0] for part in waiting)
        r, v, mask = np.zeros((3, rows, n_items))
        first = 0
        for part in waiting:
            end = first + part.residual.shape[0]
            r[first:end, part.items], v[first:end, part.items] = part.residual, part.variance
            mask[first:end, part.items] = part.answered
            first = end
        waiting.clear()
        add(slice(None), r, v, mask)

    for part in parts:
        if part.residual.shape[0] >= LARGE or part.items.size * FEW_ITEMS < n_items:
            add(part.items, part.residual, part.variance, _mask(part))
            continue
        waiting.append(part)
        if sum(other.residual.shape[0] for other in waiting) >= 4 * LARGE:
            flush()
    if waiting:
        flush()
    return sums


def _mask(part: Residuals) -> FloatArray | None:
    return None if part.answered.all() else part.answered.astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs that enough persons answered, each once: places in a flat (J, J), kind, root of n."""

    places: IntArray
    kind: IntArray
    root: FloatArray

    @classmethod
    def of(cls, enough: BoolArray, n: FloatArray, kinds: IntArray | None) -> "_Pairs":
        places = np.flatnonzero(np.triu(enough, 1))
        first, second = np.divmod(places, n.shape[0])
        member = np.zeros(n.shape[0], dtype=np.int64) if kinds is None else kinds
        low, high = np.minimum(member[first], member[second]), np.maximum(member[first], member[second])
        return cls(places, low * (int(member.max(initial=0)) + 1) + high, np.sqrt(n.ravel()[places]))

    def centred(self, values: FloatArray) -> FloatArray:
        """Less the mean of the pairs of the same kind; NaN stays and does not count."""
        known = ~np.isnan(values)
        total = np.bincount(self.kind, np.where(known, values, 0.0))
        mean = total / np.maximum(np.bincount(self.kind, known), 1.0)
        result: FloatArray = values - mean[self.kind]
        return result

    def standardised(self, sums: _Sums) -> FloatArray:
        """``sum r_j r_k / sqrt(sum v_j v_k)``, less the mean that this has as a correlation."""
        variance = sums.variance.ravel()[self.places]
        variance = np.where(variance >= LEAST_VARIANCE, variance, np.nan)
        result: FloatArray = self.root * self.centred(
            sums.cross.ravel()[self.places] / (np.sqrt(variance) * self.root)
        )
        return result

    def square(self, values: FloatArray, n_items: int) -> FloatArray:
        """Shape (J, J): symmetric, NaN elsewhere."""
        filled = np.full(n_items * n_items, np.nan)
        filled[self.places] = values
        whole = filled.reshape(n_items, n_items)
        result: FloatArray = np.where(np.isnan(whole), whole.T, whole)
        return result


@dataclass(slots=True)
class MaximumReference:
    """The largest z of samples without dependence, gathered one by one.

    ``of`` is what was found in the sample itself, whose joint responders the samples share. A largest value
    has (nearly) Gumbel's distribution, fitted by its mean and standard deviation.

    >>> nothing = np.zeros((2, 2))
    >>> reference = MaximumReference(LocalDependence(nothing.astype(np.int64), nothing, nothing, nothing))
    >>> reference.maxima.extend([3.8, 4.1, 4.0, 3.9, 4.4])
    >>> round(reference.at(0.05), 2)
    4.47
    >>> float(reference.p(np.array([3.0, 4.47])).round(2)[1])
    0.05
    """

    maxima: list[float]
    D: float
    model: ItemModel
    pairs: _Pairs
    n_items: int

    def __init__(
        self,
        of: LocalDependence,
        D: float = 1.0,
        model: ItemModel = DICHOTOMOUS,
        kinds: IntArray | None = None,
    ) -> None:
        self.maxima, self.D, self.model = [], D, model
        self.pairs = _Pairs.of(np.asarray(~np.isnan(of.z), dtype=np.bool_), of.n.astype(np.float64), kinds)
        self.n_items = of.n.shape[0]

    def add(self, sample: BootstrapSample) -> None:
        parts = compute_residuals(sample.blocks, sample.parameters, sample.theta, D=self.D, model=self.model)
        z = self.pairs.standardised(_sums(parts, self.n_items, whole=False))
        if z.size and not np.isnan(z).all():
            self.maxima.append(float(np.nanmax(z)))

    def at(self, level: float) -> float:
        """The z that the largest of all pairs exceeds in ``level`` of samples without dependence."""
        place, scale = self._gumbel()
        return float(place - scale * np.log(-np.log1p(-level)))

    def p(self, z: FloatArray) -> FloatArray:
        """The share of samples without dependence whose largest z reaches these values."""
        place, scale = self._gumbel()
        result: FloatArray = -np.expm1(-np.exp(-(z - place) / scale))
        return result

    def _gumbel(self) -> tuple[float, float]:
        values = np.array(self.maxima)
        scale = max(float(values.std(ddof=1)), 1e-6) * np.sqrt(6.0) / np.pi
        return float(values.mean()) - EULER * scale, scale
