"""The probabilities that an item's true D-DIF lies in class A, B or C.

Most items of an exam have next to no DIF and a few have much. A single normal distribution for the true D
(Zwick, Thayer & Lewis 1999) with its variance taken as known draws the few to the many with a certainty that
nobody has: where the observed D vary hardly more than their errors, an item of D = 3.4 with standard error
1.4 gets a probability of class C of 2e-14. Here the true D come from

    (1 - share) N(mean, tau^2)  +  share N(mean, tau^2 + WIDE^2)

and ``tau`` and ``share`` are not known: every pair on a grid counts by its marginal likelihood and prior.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["MINIMUM_ITEMS", "ClassProbabilities", "class_probabilities"]

MINIMUM_ITEMS = 5  # fewer tell nothing of the spread of harmless DIF
WIDE = 2.0  # spread of clear DIF, in delta units: class C begins at 1.5
TAU = np.linspace(0.0, 1.2, 25)  # spread of harmless DIF, in delta units: classes A and B end at 1.5
# of items with clear DIF: closer together where there are few, as there mostly are
SHARE = np.array([0.003, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.45])
SHARE_PRIOR = np.log(9) + 8 * np.log1p(
    -SHARE
)  # Beta(1, 9): one item in ten, known no better than from ten items


@result
@dataclass(frozen=True, slots=True)
class ClassProbabilities:
    """Probabilities (3, J) of the classes A, B, C; posterior means of ``tau`` and ``share``.

    NaN where fewer than ``MINIMUM_ITEMS`` items inform the prior.
    """

    probability: FloatArray
    mean: float
    tau: float
    share: float


def class_probabilities(d: FloatArray, se: FloatArray, informs: BoolArray) -> ClassProbabilities:
    """Posterior class probabilities of every item.

    Parameters
    ----------
    d, se
        (J,) D-DIF and standard error; NaN where there is none.
    informs
        (J,) items from which the prior is learnt.

    >>> quiet = np.linspace(-0.4, 0.4, 39)
    >>> d, se = np.append(quiet, 2.5), np.full(40, 0.4)
    >>> found = class_probabilities(d, se, np.ones(40, dtype=bool))
    >>> bool(found.probability[2, -1] > 0.9), bool(found.probability[0, 20] > 0.99)
    (True, True)
    """
    with one_blas_thread():
        if int(informs.sum()) < MINIMUM_ITEMS:
            return ClassProbabilities(np.full((3, d.size), np.nan), float("nan"), float("nan"), float("nan"))
        mean = float(np.average(d[informs], weights=se[informs] ** -2.0))
        spread = np.sqrt(np.stack([TAU**2, TAU**2 + WIDE**2]))  # (component, tau)
        total = np.sqrt(spread[:, :, None] ** 2 + se**2)
        log_density = (
            -0.5 * ((d - mean) / total) ** 2 - np.log(total) - 0.5 * np.log(2 * np.pi)
        )  # (component, tau, item)
        prior = np.stack([np.log1p(-SHARE), np.log(SHARE)])
        joint = log_density[:, :, None, :] + prior[:, None, :, None]  # (component, tau, share, item)
        marginal = logsumexp(joint, axis=0)
        log_weight = marginal[:, :, informs].sum(axis=2) + SHARE_PRIOR + np.log(np.gradient(SHARE))
        weight = np.exp(log_weight - logsumexp(log_weight))
        belongs = np.einsum("ts,ctsj->ctj", weight, np.exp(joint - marginal))
        pull = spread[:, :, None] ** 2 / total**2
        centre = pull * d + (1 - pull) * mean
        width = np.maximum(np.sqrt(pull) * se, 1e-9)
        inside = [
            (belongs * (ndtr((limit - centre) / width) - ndtr((-limit - centre) / width))).sum(axis=(0, 1))
            for limit in (1.0, 1.5)
        ]
        probability = np.clip(np.stack([inside[0], inside[1] - inside[0], 1 - inside[1]]), 0.0, 1.0)
        return ClassProbabilities(
            probability, mean, float(weight.sum(axis=1) @ TAU), float(weight.sum(axis=0) @ SHARE)
        )
