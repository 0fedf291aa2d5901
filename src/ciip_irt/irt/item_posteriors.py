"""What is known of items after calibration: estimates, their errors, and the bank that they are from.

An item chosen for its estimates is chosen for their errors, too: slopes of the items that an optimiser picks
are too high on average. The expectation over the posterior of each item, with a prior learned from the bank
(empirical Bayes), is free of that: selection does not bias a posterior.

The answers are not needed. The likelihood of a logistic item depends on them through the number right and the
sum of the abilities of those who were, and at the estimate both equal their expectation. So ``n`` persons of
the population whose answers are as expected have the likelihood of the real ones; ``n`` follows from the
standard errors, item by item, and the population from the ratio of the errors of a and b over the bank.

Sources: Efron & Morris (1973), JASA 68:117-130; van der Linden & Glas (2000), Applied Measurement in
Education 13:35-53 (capitalisation on errors of calibration).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.records import result

__all__ = ["ItemPosteriors", "posteriors_of_items"]

# Fewer items say too little about the bank they are from.
ENOUGH = 10
# Nodes per dimension of a posterior; points of a population, within four standard deviations.
NODES, POINTS = 7, 31
# A population's mean is looked for among these, in logits, and its standard deviation among those; then
# around the best. The first 400 items say it as well as all.
MEANS, SDS, LOOKED_AT = np.arange(-3.0, 3.01, 0.25), (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0), 400
# Standard deviations of the bank's log a and logit at least: a bank of like items is not taken for one item.
LEAST_SD = 0.05
# Rounds of the estimation of the prior; its steps are below a hundredth of its values by then. A thousand
# items tell its standard deviations to a fortieth, which is as good as all.
ROUNDS, LEARNED_FROM = 30, 1000
# Steps of the derivatives by origin and unit of the scale: small beside a logit, large beside rounding.
STEP = 1e-2


@result
@dataclass(frozen=True, slots=True)
class ItemPosteriors:
    """Posteriors of J items as ``nodes`` (J, G, 3), a, b, c, with ``weights`` (J, G) that sum to 1.

    Items without standard errors are known exactly: all their nodes are alike. ``origin`` and ``unit`` are
    standard errors that all items share: of the origin of the scale in logits, and of the log of its unit,
    since the population that fixed both was a sample. ``persons`` is the median number that the errors speak
    of; ``slope_kept`` and ``difficulty_kept`` the share of an item's distance from the bank's average that
    its posterior keeps (None: not uncertain), on average.
    """

    nodes: FloatArray
    weights: FloatArray
    uncertain: BoolArray
    origin: float
    unit: float
    persons: float
    slope_kept: float | None
    difficulty_kept: float | None

    def expectation(
        self, quantity: Callable[[FloatArray], FloatArray]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean (J,), variance (J,) and loadings (J, 4) of what items contribute to a sum.

        ``quantity`` takes parameters (M, 3) and gives (M,). A sum over a form has the variance ``Σ_i var_i +
        Σ_k (Σ_i loading_ik)²``: items err independently, origin and unit of the scale for all alike. The
        scale counts to the second order, ``g z + h (z² - 1) / 2`` with z standard normal, since information
        at its peak falls whichever way the origin moves: loadings are g and ``h / sqrt(2)``, of both.
        """
        plain, second = self._mean(quantity, 0.0, 0.0, square=True)
        variance = np.where(self.uncertain, np.maximum(second - plain**2, 0.0), 0.0)
        mean, loadings = plain.copy(), np.zeros((len(plain), 4))
        for k, error in enumerate((self.origin, self.unit)):
            step = np.array([STEP * (k == 0), STEP * (k == 1)])
            up, _ = self._mean(quantity, *step)
            down, _ = self._mean(quantity, *-step)
            slope, bend = (up - down) / (2 * STEP) * error, (up - 2 * plain + down) / STEP**2 * error**2
            loadings[:, k], loadings[:, 2 + k] = slope, bend / np.sqrt(2)
            mean += np.where(self.uncertain, bend / 2, 0.0)
        return mean, variance, loadings * self.uncertain[:, None]

    def _mean(
        self, quantity: Callable[[FloatArray], FloatArray], origin: float, log_unit: float, *,
        square: bool = False,
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """The mean of the quantity and of its square, with the scale moved."""
        a, b, c = (self.nodes[..., k] for k in range(3))
        moved = np.stack([a * np.exp(log_unit), b * np.exp(-log_unit) + origin, c], axis=-1)
        values = quantity(moved.reshape(-1, 3)).reshape(self.weights.shape)
        mean = (self.weights * values).sum(axis=1)
        return mean, (self.weights * values**2).sum(axis=1) if square else mean


def posteriors_of_items(
    parameters: FloatArray, errors: FloatArray, D: float = 1.0, typical: BoolArray | None = None
) -> ItemPosteriors | None:
    """The posteriors of a bank's items; nothing where fewer than ten have a standard error.

    Items with standard errors of a and b have a bivariate normal prior for log a and the logit of an average
    person, ``a (mean - b)``; those with one of b only, a normal prior for b. Means and covariances are the
    bank's (maximum marginal likelihood by EM). c is taken as known.

    Parameters
    ----------
    parameters, errors
        Shape (J, 3): a, b, c and their standard errors; NaN where there is none.
    typical
        Which items the prior is learned from; all by default.

    >>> rng = np.random.default_rng(1)
    >>> b = rng.normal(size=200)
    >>> estimates = np.column_stack([np.ones(200), b + 0.5 * rng.normal(size=200), np.zeros(200)])
    >>> errors = np.column_stack([np.full(200, np.nan), np.full(200, 0.5), np.full(200, np.nan)])
    >>> posteriors = posteriors_of_items(estimates, errors)
    >>> mean, _, _ = posteriors.expectation(lambda parameters: parameters[:, 1])
    >>> bool(((mean - b) ** 2).mean() < ((estimates[:, 1] - b) ** 2).mean())
    True
    """
    a, b, _ = parameters.T
    known = np.isfinite(parameters).all(axis=1) & (np.nan_to_num(a) > 0)
    with_b = known & (np.nan_to_num(errors[:, 1]) > 0)
    with_a = with_b & (np.nan_to_num(errors[:, 0]) > 0)
    typical = np.ones(len(a), dtype=np.bool_) if typical is None else typical
    parts = [(use, two) for use, two in ((with_a, True), (with_b & ~with_a, False))
             if (use & typical).sum() >= ENOUGH]  # fmt: skip
    if not parts:
        return None
    n_nodes = NODES**2 if any(two for _, two in parts) else NODES
    nodes = np.repeat(parameters[:, None, :], n_nodes, axis=1)
    weights = np.full((len(a), n_nodes), 1 / n_nodes)
    uncertain = np.zeros(len(a), dtype=np.bool_)
    found = []
    for use, two in parts:
        some = np.flatnonzero(typical[use])
        some = some[:: -(-len(some) // LEARNED_FROM)]
        part = _Part.of(parameters[use] * (D, 1, 1), errors[use] * (D, 1, 1), some, two=two)
        values, shares = part.slopes_and_difficulties() if two else part.difficulties()
        g = values.shape[1]
        nodes[use, :g], weights[use] = values / (D, 1, 1), 0.0
        weights[use, :g] = shares
        uncertain |= use
        found.append(part)
    # The larger part says how large the sample was that fixed the scale.
    main = max(found, key=lambda part: len(part.a))
    persons = float(np.median(main.persons))
    means = (weights[:, :, None] * nodes).sum(axis=1)
    return ItemPosteriors(
        nodes=nodes, weights=weights, uncertain=uncertain, origin=main.sd / np.sqrt(persons),
        unit=1 / np.sqrt(2 * persons) if main.two else 0.0, persons=persons,
        slope_kept=_kept(np.log(np.where(with_a, a, 1)), np.log(np.where(with_a, means[:, 0], 1)), with_a)
        if (with_a & uncertain).any() else None,
        difficulty_kept=_kept(b, means[:, 1], uncertain),
    )  # fmt: skip


def _kept(estimates: FloatArray, means: FloatArray, use: BoolArray) -> float | None:
    """The slope of the posterior means on the estimates."""
    spread = estimates[use] - estimates[use].mean()
    total = float((spread**2).sum())
    return float((spread * means[use]).sum()) / total if total > 0 else None


@dataclass(slots=True)
class _Part:
    """Items of one kind, in logits: their likelihoods over the population that answered them."""

    a: FloatArray
    b: FloatArray
    c: FloatArray
    typical: IntArray
    mean: float
    sd: float
    persons: FloatArray
    two: bool

    @classmethod
    def of(cls, parameters: FloatArray, errors: FloatArray, typical: IntArray, *, two: bool) -> "_Part":
        a, b, c = parameters.T
        some = slice(LOOKED_AT)
        best = (np.inf, 0.0, 1.0)
        for mean in MEANS:
            best = min(best, *(_misfit(parameters[some], errors[some], mean, sd, two) for sd in SDS))
        _, around, spread = best
        for mean in around + np.arange(-0.2, 0.21, 0.05):
            found = (
                _misfit(parameters[some], errors[some], mean, spread * by, two) for by in (0.92, 1, 1.08)
            )
            best = min(best, *found)
        _, mean, sd = best
        slope, difficulty = _errors_per_person(parameters, mean, sd, two=two)
        persons = (slope / errors[:, 0] if two else difficulty / errors[:, 1]) ** 2
        return cls(a, b, c, typical, mean, sd, persons, two)

    def slopes_and_difficulties(self) -> tuple[FloatArray, FloatArray]:
        """Nodes (J, G, 3) and weights (J, G): log a and the logit of an average person."""
        estimates = np.column_stack([np.log(self.a), self.a * (self.mean - self.b)])
        centre, spread, means, covariances = _normal_bank(estimates, self._covariances(), self.typical)
        x, w = np.polynomial.hermite_e.hermegauss(NODES)
        grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
        plain = np.log(np.outer(w, w).ravel()) + (grid**2).sum(axis=1) / 2
        z = means[:, None] + np.einsum("jkl,gl->jgk", np.linalg.cholesky(covariances), grid)
        a = np.exp(z[..., 0])
        likelihood = self._log_likelihood(a, z[..., 1]) + plain
        weights = _weights_of(z, likelihood, centre, spread, self.typical)
        return np.stack(
            [a, self.mean - z[..., 1] / a, np.broadcast_to(self.c[:, None], a.shape)], -1
        ), weights

    def difficulties(self) -> tuple[FloatArray, FloatArray]:
        """Nodes (J, G, 3) and weights (J, G): b, the slope being known."""
        error = 1 / self._information()[2]
        estimates = self.b[:, None]
        centre, spread, means, covariances = _normal_bank(estimates, error[:, None, None], self.typical)
        x, w = np.polynomial.hermite_e.hermegauss(NODES)
        b = means + np.sqrt(covariances[:, 0]) * x
        a = np.broadcast_to(self.a[:, None], b.shape)
        likelihood = self._log_likelihood(a, a * (self.mean - b)) + np.log(w) + x**2 / 2
        weights = _weights_of(b[..., None], likelihood, centre, spread, self.typical)
        c = np.broadcast_to(self.c[:, None], b.shape)
        return np.stack([a, b, c], axis=-1), weights

    def _information(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Of a and b: the three elements, (J,) each."""
        parameters = np.column_stack([self.a, self.b, self.c])
        return tuple(self.persons * part for part in _unit_information(parameters, self.mean, self.sd))  # type: ignore[return-value]

    def _covariances(self) -> FloatArray:
        """Of the errors of log a and the logit of an average person: (J, 2, 2)."""
        aa, ab, bb = self._information()
        errors = np.linalg.inv(np.stack([np.stack([aa, ab], -1), np.stack([ab, bb], -1)], -2))
        zero = np.zeros_like(self.a)
        to = np.stack([np.stack([1 / self.a, zero], -1), np.stack([self.mean - self.b, -self.a], -1)], -2)
        result: FloatArray = to @ errors @ to.transpose(0, 2, 1)
        return result

    def _log_likelihood(self, a: FloatArray, logit: FloatArray) -> FloatArray:
        """Shape (J, G): of slope and logit of an average person, the answers being as expected."""
        points, shares = _population(0.0, self.sd)
        logits = self.a[:, None] * (points + self.mean - self.b[:, None])
        c = self.c[:, None]
        right = self.persons[:, None] * shares * (c + (1 - c) * _logistic(logits))
        wrong = self.persons[:, None] * shares * (1 - c) * _logistic(-logits)
        total = np.zeros(a.shape)
        for q, point in enumerate(points):
            p = _logistic(a * point + logit)
            total += right[:, [q]] * np.log(c + (1 - c) * p) + wrong[:, [q]] * np.log((1 - c) * (1 - p))
        return total


def _misfit(
    parameters: FloatArray, errors: FloatArray, mean: float, sd: float, two: bool
) -> tuple[float, float, float]:
    """How unlike the errors are to those of a calibration on this population: of a and b beside each other,
    or, of b alone, over the items.
    """
    slope, difficulty = _errors_per_person(parameters, mean, sd, two=two)
    if two:
        off = np.log(errors[:, 0] / errors[:, 1]) - np.log(slope / difficulty)
    else:
        off = np.log(errors[:, 1]) - np.log(difficulty)
        off = off - np.median(off)
    return float(np.median(np.abs(off))), float(mean), float(sd)


def _errors_per_person(
    parameters: FloatArray, mean: float, sd: float, *, two: bool
) -> tuple[FloatArray, FloatArray]:
    """Standard errors of a and b for one person answering, (J,) each: of the item, its population known, and
    of the population's mean and standard deviation, which fixed the scale.
    """
    a, b, _ = parameters.T
    aa, ab, bb = _unit_information(parameters, mean, sd)
    if not two:
        return np.full(len(a), np.nan), np.sqrt(1 / bb + sd**2)
    determinant = np.maximum(aa * bb - ab**2, 1e-12 * aa * bb)
    slope, difficulty = bb / determinant + a**2 / 2, aa / determinant + sd**2 + (b - mean) ** 2 / 2
    return np.sqrt(slope), np.sqrt(difficulty)


def _unit_information(
    parameters: FloatArray, mean: float, sd: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Expected information of one person of the population about a and b: aa, ab, bb, each (J,)."""
    a, b, c = (column[:, None] for column in parameters.T)
    points, shares = _population(mean, sd)
    p = _logistic(a * (points - b))
    # P'^2 / (P Q) with P = c + (1 - c) p, without the difference 1 - P.
    weight = shares * (1 - c) * p**2 * (1 - p) / np.maximum(c + (1 - c) * p, 1e-300)
    distance = points - b
    aa, ab, bb = weight * distance**2, -weight * distance * a, weight * a**2
    least = 1e-300
    return aa.sum(axis=1) + least, ab.sum(axis=1), bb.sum(axis=1) + least


def _population(mean: float, sd: float) -> tuple[FloatArray, FloatArray]:
    points = np.linspace(-4.0, 4.0, POINTS)
    shares = np.exp(-(points**2) / 2)
    return mean + sd * points, shares / shares.sum()


def _logistic(x: FloatArray) -> FloatArray:
    # Beyond 35 the smaller probability is lost in the rounding of 1.
    result: FloatArray = 1 / (1 + np.exp(-np.clip(x, -35.0, 35.0)))
    return result


def _normal_bank(
    estimates: FloatArray, errors: FloatArray, typical: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean and covariance of the bank, then mean (J, k) and covariance (J, k, k) of every item: the normal
    approximation, by EM over the ``typical`` items.
    """
    few, their = estimates[typical], errors[typical]
    # A wild estimate with a wilder error says nothing, but would start the iteration far away.
    centre = np.median(few, axis=0)
    spread = np.diag((1.4826 * np.median(np.abs(few - centre), axis=0)) ** 2 + LEAST_SD**2)
    for _ in range(ROUNDS):
        means, covariances = _combined(few, their, centre, spread)
        centre, spread = _moments(means, covariances)
    return centre, spread, *_combined(estimates, errors, centre, spread)


def _combined(
    estimates: FloatArray, errors: FloatArray, centre: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Normal posteriors: means and covariances."""
    gain = spread @ np.linalg.inv(spread + errors)
    covariances = spread - gain @ spread
    covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
    means = centre + np.einsum("jkl,jl->jk", gain, estimates - centre)
    return means, covariances + 1e-12 * np.eye(len(centre))


def _moments(means: FloatArray, covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    centre = means.mean(axis=0)
    off = means - centre
    spread = (off[:, :, None] * off[:, None, :] + covariances).mean(axis=0)
    return centre, spread + np.diag(np.maximum(LEAST_SD**2 - np.diag(spread), 0.0))


def _weights_of(
    z: FloatArray, likelihood: FloatArray, centre: FloatArray, spread: FloatArray, typical: IntArray
) -> FloatArray:
    """Weights (J, G) of the nodes ``z`` (J, G, k): likelihood times a prior that is learned on the way."""
    weights = _posterior(z, likelihood, centre, spread)
    for _ in range(ROUNDS):
        w, some = weights[typical], z[typical]
        means = (w[:, :, None] * some).sum(axis=1)
        off = some - means[:, None]
        covariances = np.einsum("jg,jgk,jgl->jkl", w, off, off)
        centre, spread = _moments(means, covariances)
        weights = _posterior(z, likelihood, centre, spread)
    return weights


def _posterior(z: FloatArray, likelihood: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    off = z - centre
    log_weights = likelihood - np.einsum("jgk,kl,jgl->jg", off, np.linalg.inv(spread), off) / 2
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    result: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return result
