"""Theta and its standard error for every raw score of a complete form."""

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt.ability.points import points_for
from ciip_irt.irt.curves import score_distribution, theta_at_expected_score
from ciip_irt.irt.curves import test_information as form_information
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.threads import one_blas_thread

__all__ = ["score_table"]


def score_table(
    parameters: FloatArray,
    *,
    method: str = "eap",
    mean: float = 0.0,
    sd: float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> tuple[FloatArray, FloatArray]:
    """Theta and standard error for every raw score 0..S of a complete form.

    ``"eap"``: posterior mean and standard deviation given the raw score (Thissen, Pommerich, Billeaud &
    Williams 1995, Applied Psychological Measurement 19:39-49), from the Lord-Wingersky distribution.
    ``"ml"``: the theta at which the expected score is the raw score, which is the ML estimate under the Rasch
    model and a usual conversion under others; inf at the ends.

    >>> theta, se = score_table(np.array([[1.0, 0.0, 0.0]] * 2))
    >>> bool(theta[2] > 0.5), bool(abs(theta[1]) < 1e-9), bool(se[1] < 1)
    (True, True, True)
    """
    with one_blas_thread():
        if method not in ("eap", "ml"):
            raise InputError(Problem(f"unknown method {method!r}", remedy="Choose eap or ml."))
        highest = int(model.highest_scores(parameters).sum())
        if method == "ml":
            theta = theta_at_expected_score(parameters, np.arange(highest + 1.0), D, model)
            se = np.full(theta.shape, np.nan)
            finite = np.isfinite(theta)
            se[finite] = 1.0 / np.sqrt(form_information(parameters, theta[finite], D, model))
            return theta, se
        points = points_for(
            np.atleast_1d(mean), np.atleast_1d(sd), parameters, [np.arange(len(parameters))], D, model
        )
        weights = np.exp(log_weights(points, np.atleast_1d(mean), np.atleast_1d(sd)))[0]
        joint = score_distribution(parameters, points, D, model) * weights[:, None]
        joint /= joint.sum(axis=0)
        theta = points @ joint
        return theta, np.sqrt(np.maximum((joint * (points[:, None] - theta) ** 2).sum(axis=0), 0.0))
