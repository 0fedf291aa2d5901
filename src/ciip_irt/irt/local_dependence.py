"""Q3: pairs of items whose answers still go together once ability is taken out.

Items that give each other away, share a text or a misleading word, or test one bit of knowledge twice, should
not meet in one form: high pairs are proposals for the list of enemies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt.fit.null_samples import NullSample
from ciip_irt.irt.fit.residuals import residuals
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["LocalDependence", "MaximumReference", "local_dependence"]

DICHOTOMOUS = MODELS["3pl"]
LEAST_JOINT = 30
EULER = 0.5772156649015329


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
        ``q3_adjusted`` in units of the spread that it has without dependence, given the abilities.
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


def local_dependence(
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
    for others. ``z = q3_adjusted sqrt(sum r_j^2 sum r_k^2 / sum v_j v_k)`` with the residuals r and the
    model's variances v: the covariance over its standard deviation if answers depend on ability alone.

    Memory: a few arrays J x J, whatever the number of persons.

    Source: Yen (1984), Applied Psychological Measurement 8:125-145; for the adjustment Marais (2013) and
    Christensen, Makransky & Horton (2017), Applied Psychological Measurement 41:178-194.

    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=400)
    >>> items = np.column_stack((np.ones(10), np.zeros(10), np.zeros(10)))
    >>> right = rng.random((400, 10)) < 1 / (1 + np.exp(-theta[:, None]))
    >>> right[:, 7] = right[:, 2]  # the same question twice
    >>> found = local_dependence([ResponseBlock(np.arange(10), right.astype(np.int8))], items, theta)
    >>> first, second = found.ranked()
    >>> int(first[0]), int(second[0]), bool(found.q3[2, 7] > 0.9)
    (2, 7, True)
    """
    n_items = parameters.shape[0]
    n, one, square, cross, variance = np.zeros((5, n_items, n_items))
    for part in residuals(blocks, parameters, theta, D=D, model=model):
        r, v = part.residual, part.variance
        at = np.ix_(part.items, part.items)
        cross[at] += r.T @ r
        variance[at] += v.T @ v
        if part.answered.all():
            n[at] += r.shape[0]
            one[at] += r.sum(axis=0)[:, None]
            square[at] += (r * r).sum(axis=0)[:, None]
            continue
        mask = part.answered.astype(np.float64)
        n[at] += mask.T @ mask
        one[at] += r.T @ mask
        square[at] += (r * r).T @ mask
    enough = n >= least_joint
    np.fill_diagonal(enough, False)
    safe = np.maximum(n, 1.0)
    spread = np.maximum(square - one**2 / safe, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        both = np.sqrt(spread * spread.T)
        q3 = np.where(enough & (both > 1e-9), (cross - one * one.T / safe) / both, np.nan)
        adjusted = q3 - _mean_of_kind(q3, np.zeros(n_items, dtype=np.int64) if kinds is None else kinds)
        z = adjusted * both / np.sqrt(variance)
    return LocalDependence(n.astype(np.int64), q3, adjusted, z)


def _mean_of_kind(q3: FloatArray, kinds: IntArray) -> FloatArray:
    """Shape (J, J): the mean of all pairs of the same two kinds."""
    known = ~np.isnan(q3)
    values = np.where(known, q3, 0.0)
    member = (kinds[:, None] == np.arange(int(kinds.max(initial=0)) + 1)).astype(np.float64)
    total = member.T @ values @ member
    count = member.T @ known @ member
    mean = (total + total.T) / np.maximum(count + count.T, 1.0)
    result: FloatArray = mean[kinds[:, None], kinds[None, :]]
    return result


@dataclass(slots=True)
class MaximumReference:
    """The largest z of samples without dependence, gathered one by one.

    A largest value has (nearly) Gumbel's distribution, fitted by its mean and standard deviation.

    >>> reference = MaximumReference()
    >>> reference.maxima.extend([3.8, 4.1, 4.0, 3.9, 4.4])
    >>> round(reference.at(0.05), 2)
    4.47
    >>> float(reference.p(np.array([3.0, 4.47])).round(2)[1])
    0.05
    """

    maxima: list[float]
    D: float
    model: ItemModel
    kinds: IntArray | None
    least_joint: int

    def __init__(
        self,
        D: float = 1.0,
        model: ItemModel = DICHOTOMOUS,
        kinds: IntArray | None = None,
        least_joint: int = LEAST_JOINT,
    ) -> None:
        self.maxima, self.D, self.model = [], D, model
        self.kinds, self.least_joint = kinds, least_joint

    def add(self, sample: NullSample) -> None:
        found = local_dependence(
            sample.blocks,
            sample.parameters,
            sample.theta,
            D=self.D,
            model=self.model,
            kinds=self.kinds,
            least_joint=self.least_joint,
        )
        known = found.z[~np.isnan(found.z)]
        if known.size:
            self.maxima.append(float(known.max()))

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
