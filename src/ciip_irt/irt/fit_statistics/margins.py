"""Means and cross-products of item scores under a model: values, covariance, derivatives.

Vectors of margins are scaled to unit variance, and scores are centred at their means: a change of basis that
leaves M2 as it is, and a covariance matrix close to the identity, so that conjugate gradients need few steps.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray, ScoreArray
from ciip_irt.irt.models import ItemModel
from ciip_irt.records import result

__all__ = ["Margins", "Tangent", "expected_margins", "margin_tangent"]

NEGLIGIBLE = 1e-9  # of the largest: a direction in which the margins do not move


@result
@dataclass(frozen=True, slots=True)
class Margins:
    """What the model expects of J items on Q weighted points, with C features of each single item.

    Attributes
    ----------
    weights
        Shape (Q,).
    features
        Shape (J, K, C): what is taken of each item by itself, as functions of its score.
    centred
        Shape (J, K): the scores less the item's mean.
    single, single_square, single_score
        Shapes (Q, J, C), (Q, J, C, C), (Q, J, C): expectations at each point of the features, of their
        products, and of their products with the centred score.
    score, square, variance
        Shapes (Q, J): expectation of the centred score and of its square, and its variance, at each point.
    pairs
        Shape (J, J): expected cross-products of centred scores.
    scale_single, scale_pairs
        Shapes (J, C), (J, J): standard deviations of the margins.
    """

    weights: FloatArray
    features: FloatArray
    centred: FloatArray
    single: FloatArray
    single_square: FloatArray
    single_score: FloatArray
    score: FloatArray
    square: FloatArray
    variance: FloatArray
    pairs: FloatArray
    scale_single: FloatArray
    scale_pairs: FloatArray

    @property
    def size(self) -> int:
        """How many margins there are."""
        n_items = int(self.score.shape[1])
        return int(np.count_nonzero(self.scale_single)) + n_items * (n_items - 1) // 2

    def packed(self, single: FloatArray, pairs: FloatArray) -> FloatArray:
        """One scaled vector from (J, C) and symmetric (J, J)."""
        upper = np.triu_indices(pairs.shape[0], 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            first = np.where(self.scale_single > 0, single / self.scale_single, 0.0).ravel()
        return np.concatenate((first, (pairs / self.scale_pairs)[upper]))

    def unpacked(self, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients (J, C) and symmetric (J, J) with zero diagonal, for margins that are not scaled."""
        n_items, n_features = self.scale_single.shape
        with np.errstate(invalid="ignore", divide="ignore"):
            single = vector[: n_items * n_features].reshape(n_items, n_features) / self.scale_single
        pairs = np.zeros((n_items, n_items))
        pairs[np.triu_indices(n_items, 1)] = vector[n_items * n_features :]
        pairs = (pairs + pairs.T) / self.scale_pairs
        return np.where(self.scale_single > 0, single, 0.0), pairs

    def covariance_times(self, vector: FloatArray) -> FloatArray:
        """The covariance matrix of the margins of one person, times a vector.

        With g the combination of a person's margins that the vector stands for, this is the covariance of
        every margin with g: expectations given ability, where items are independent, summed over points.
        """
        y, pairs = self.unpacked(vector)
        w, m = self.weights, self.score
        single = np.einsum("qjc,jc->qj", self.single, y)
        linked = m @ pairs
        whole = single.sum(axis=1) + 0.5 * (m * linked).sum(axis=1)
        own = single + m * linked
        total = float(w @ whole)
        features = np.einsum("qjc,qj->jc", self.single, w[:, None] * (whole[:, None] - own))
        features += np.einsum("q,qjcd,jd->jc", w, self.single_square, y)
        features += np.einsum("qjc,qj->jc", self.single_score, w[:, None] * linked)
        features -= np.einsum("q,qjc->jc", w, self.single) * total
        beside = np.einsum("qjc,jc->qj", self.single_score, y) + self.square * linked - m * own
        half = (w[:, None] * (beside + 0.5 * whole[:, None] * m)).T @ m
        products = half + half.T + pairs * (self.variance.T @ (w[:, None] * self.variance))
        return self.packed(features, products - self.pairs * total)

    def residual(self, scores: ScoreArray) -> FloatArray:
        """Observed less expected margins of complete scores (N, J), as a scaled vector."""
        items = np.arange(scores.shape[1])
        seen = self.centred[items, scores]
        single = self.features[items, scores].mean(axis=0) - np.einsum("q,qjc->jc", self.weights, self.single)
        return self.packed(single, seen.T @ seen / scores.shape[0] - self.pairs)

    def srmsr(self, scores: ScoreArray) -> float:
        """Root mean square of observed less expected correlations; items without variance are left out."""
        variance = self.weights @ self.square - (self.weights @ self.score) ** 2
        expected = self.pairs / np.sqrt(variance[:, None] * variance)
        x = scores.astype(np.float64) - scores.mean(axis=0)
        square = (x * x).sum(axis=0)
        some = square > 0
        observed = (x.T @ x)[np.ix_(some, some)] / np.sqrt(square[some][:, None] * square[some])
        gap = (observed - expected[np.ix_(some, some)])[np.triu_indices(int(some.sum()), 1)]
        return float(np.sqrt((gap**2).mean())) if gap.size else float("nan")


def expected_margins(
    parameters: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    *,
    model: ItemModel,
    D: float = 1.0,
    by_score: bool = False,
) -> Margins:
    """The margins of items on weighted points: mean scores, or with ``by_score`` the share of each score.

    >>> from ciip_irt.irt.models import MODELS
    >>> items = np.array([[1.0, 0.0, 0.0]] * 3)
    >>> found = expected_margins(items, np.zeros(1), np.ones(1), model=MODELS["2pl"])
    >>> found.size, float(found.pairs[0, 1].round(6) + 0.0), found.scale_single[0]
    (6, 0.0, array([0.5]))
    """
    p = model.probability(parameters, theta, D)
    n_items, n_scores = p.shape[1:]
    values = np.arange(n_scores, dtype=np.float64)
    centred = values - (weights @ (p @ values))[:, None]
    features = np.tile(np.eye(n_scores)[:, 1:], (n_items, 1, 1)) if by_score else centred[:, :, None]
    score, square = np.einsum("qjk,jk->qj", p, centred), np.einsum("qjk,jk->qj", p, centred**2)
    single = np.einsum("qjk,jkc->qjc", p, features)
    single_square = np.einsum("qjk,jkc,jkd->qjcd", p, features, features)
    mean = np.einsum("q,qjc->jc", weights, single)
    spread = np.einsum("q,qjcc->jc", weights, single_square) - mean**2
    pairs = score.T @ (weights[:, None] * score)
    scale = np.sqrt(np.maximum(square.T @ (weights[:, None] * square) - pairs**2, 1e-300))
    return Margins(
        weights=weights,
        features=features,
        centred=centred,
        single=single,
        single_square=single_square,
        single_score=np.einsum("qjk,jkc,jk->qjc", p, features, centred),
        score=score,
        square=square,
        variance=np.maximum(square - score**2, 0.0),
        pairs=pairs,
        scale_single=np.where(spread > 1e-12, np.sqrt(np.maximum(spread, 0.0)), 0.0),
        scale_pairs=scale,
    )


@result
@dataclass(frozen=True, slots=True)
class Tangent:
    """Where the margins move when free parameters do, as an orthonormal basis in the parameters' space.

    The derivative by a parameter of item j touches only j's own features and its pairs, so the matrix is
    kept by item: S slots are all the items' free parameters, plus one for the spread where that is free.

    Attributes
    ----------
    items
        Shape (S,): the item of each slot; the spread, if free, comes last and has none.
    features, pairs
        Shapes (S, C) and (S, J): scaled derivatives of the item's features and of its pairs with the others.
    spread
        Scaled derivative of all margins by the spread; empty where that is not free.
    basis
        Shape (S [+ 1], rank): ``basis' T'T basis = identity``.
    """

    of: Margins
    items: IntArray
    features: FloatArray
    pairs: FloatArray
    spread: FloatArray
    basis: FloatArray

    @property
    def rank(self) -> int:
        """Directions in which the margins can move."""
        return int(self.basis.shape[1])

    def projected(self, vector: FloatArray) -> FloatArray:
        """The part of a vector that no change of parameters can produce."""
        result: FloatArray = vector
        for _ in range(2):  # twice is enough: what rounding left of the first time goes the second
            result = result - self._times(self.basis @ (self.basis.T @ self._onto(result)))
        return result

    def _onto(self, vector: FloatArray) -> FloatArray:
        """``T' v``."""
        n_items, n_features = self.of.scale_single.shape
        single = vector[: n_items * n_features].reshape(n_items, n_features)
        square = _symmetric(vector[n_items * n_features :], n_items)
        by_item = (self.features * single[self.items]).sum(axis=1)
        by_item += (self.pairs * square[self.items]).sum(axis=1)
        return np.append(by_item, self.spread @ vector) if self.spread.size else by_item

    def _times(self, change: FloatArray) -> FloatArray:
        """``T b``."""
        n_items, n_features = self.of.scale_single.shape
        single, square = np.zeros((n_items, n_features)), np.zeros((n_items, n_items))
        own = change[: self.items.size, None]
        np.add.at(single, self.items, own * self.features)
        np.add.at(square, self.items, own * self.pairs)
        square = square + square.T
        result = np.concatenate((single.ravel(), square[np.triu_indices(n_items, 1)]))
        return result + change[-1] * self.spread if self.spread.size else result


def _symmetric(upper: FloatArray, n_items: int) -> FloatArray:
    square = np.zeros((n_items, n_items))
    square[np.triu_indices(n_items, 1)] = upper
    result: FloatArray = square + square.T
    return result


def margin_tangent(
    of: Margins,
    parameters: FloatArray,
    theta: FloatArray,
    *,
    mean: float,
    sd: float,
    model: ItemModel,
    D: float = 1.0,
) -> Tangent:
    """Derivatives of the margins by what the model leaves free."""
    w = of.weights
    names = list(model.parameters)
    by = model.working_gradient(model.to_working(parameters, D), theta)  # (Q, J, K, P)
    loose = np.isin(names, [*model.free, *model.common])
    at = [
        (j, p) for j in range(parameters.shape[0]) for p in np.flatnonzero(loose & ~np.isnan(parameters[j]))
    ]
    items = np.array([j for j, _ in at], dtype=np.int64)
    slots = np.array([p for _, p in at], dtype=np.int64)
    slope = by[:, items, :, slots]  # (S, Q, K)
    with np.errstate(invalid="ignore", divide="ignore"):
        features = np.einsum("q,sqk,skc->sc", w, slope, of.features[items]) / of.scale_single[items]
    features = np.where(of.scale_single[items] > 0, features, 0.0)
    moved = np.einsum("sqk,sk->sq", slope, of.centred[items])
    pairs = (moved * w) @ of.score / of.scale_pairs[items]
    pairs[np.arange(items.size), items] = 0.0
    spread = np.zeros(0)
    if model.free_sd:
        z = (theta - mean) / sd
        change = w * (z**2 - w @ z**2) / sd
        spread = of.packed(
            np.einsum("q,qjc->jc", change, of.single), of.score.T @ (change[:, None] * of.score)
        )
    whole = Tangent(of, items, features, pairs, spread, np.zeros((items.size, 0)))
    # T'T: two slots of one item share its features and pairs; slots of two items share one pair
    gram = pairs[:, items] * pairs[:, items].T
    same = items[:, None] == items
    gram = np.where(same, features @ features.T + pairs @ pairs.T, gram)
    if spread.size:
        edge = whole._onto(spread)
        gram = np.block([[gram, edge[:-1, None]], [edge[None, :-1], edge[-1:, None]]])
    together = _shared(names, model, slots, bool(spread.size))
    gram = together.T @ gram @ together
    size = np.sqrt(np.maximum(np.diagonal(gram), 1e-300))
    values, vectors = np.linalg.eigh(gram / size[:, None] / size)
    kept = values > NEGLIGIBLE * values[-1]
    basis = together @ ((vectors[:, kept] / np.sqrt(values[kept])) / size[:, None])
    return Tangent(of, items, features, pairs, spread, basis)


def _shared(names: list[str], model: ItemModel, slots: IntArray, spread: bool) -> FloatArray:
    """Shape (slots, free values): slots that move together share a column (the 1PL's common slope)."""
    identity = np.eye(slots.size + spread)
    if not model.common:
        return identity
    common = np.isin(np.array(names)[slots], model.common)
    if spread:
        common = np.append(common, False)
    result: FloatArray = np.column_stack((identity[:, common].sum(axis=1), identity[:, ~common]))
    return result
