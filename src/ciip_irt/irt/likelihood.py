"""The log-likelihood of answers as a function of theta: what each item contributes to it and its derivatives.

With P_k the probability of score k and r_k = P_k' / P_k: ``l' = sum r_k`` of the scores given, the expected
information is ``I = sum P_k'^2 / P_k``, and ``J = sum P_k' P_k'' / P_k`` is what Warm (1989, Psychometrika
54:427-450) takes off the bias of maximum likelihood.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, ScoreArray
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.records import result

__all__ = ["LikelihoodTerms", "answered_sum", "likelihood_terms", "of_scores"]


@result
@dataclass(frozen=True, slots=True)
class LikelihoodTerms:
    """Items at points of theta: Q points for all persons, or one for each.

    Attributes
    ----------
    p, first, second
        Shape (Q, J, K): probability of each score and its derivatives in theta.
    """

    p: FloatArray
    first: FloatArray
    second: FloatArray

    @property
    def slope(self) -> FloatArray:
        """Shape (Q, J, K): the derivative of each score's log-probability."""
        return self.first / self.p

    @property
    def information(self) -> FloatArray:
        """Shape (Q, J): expected information."""
        result: FloatArray = (self.first**2 / self.p).sum(axis=2)
        return result

    @property
    def bias(self) -> FloatArray:
        """Shape (Q, J): J of the weighted likelihood."""
        result: FloatArray = (self.first * self.second / self.p).sum(axis=2)
        return result


def likelihood_terms(
    parameters: FloatArray, theta: FloatArray, D: float, model: ItemModel
) -> LikelihoodTerms:
    """The terms of items (J, P) at points (Q,)."""
    p = np.maximum(model.probability(parameters, theta, D), LEAST_PROBABILITY)
    return LikelihoodTerms(p, *model.theta_derivatives(parameters, theta, D))


def of_scores(terms: FloatArray, scores: ScoreArray) -> FloatArray:
    """Shape (N, J): of terms (N, J, K) by score, those of the scores given; of no answer, that of score 0.

    >>> of_scores(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[1, -1]], dtype=np.int8))
    array([[2., 3.]])
    """
    picked = np.maximum(scores, 0).astype(np.int64)[:, :, None]
    result: FloatArray = np.take_along_axis(terms, picked, axis=2)[:, :, 0]
    return result


def answered_sum(terms: FloatArray, answered: BoolArray) -> FloatArray:
    """Shape (N,): the sum of terms (N, J) over the items answered."""
    result: FloatArray = np.where(answered, terms, 0.0).sum(axis=1)
    return result
