"""Observed against expected: right answers by group of ability, and how far an anchor has moved."""

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, FloatArray
from ciip_irt.classical.item_statistics import wilson_interval
from ciip_irt.irt.information import expected_item_score, item_information
from ciip_irt.responses import ScoredResponses

__all__ = ["observed_proportions"]

GROUPS = 10
STEPS = 25


def observed_proportions(
    scored: ScoredResponses,
    parameters: FloatArray,
    posteriors: FloatArray,
    points: FloatArray,
    theta: FloatArray,
    D: float,
) -> tuple[pl.DataFrame, FloatArray, FloatArray]:
    """Proportions right by tenth of ability, with Wilson intervals and the model's expectation.

    Parameters
    ----------
    parameters
        (J, 3) a, b, c.
    posteriors
        (N, Q) each person's ability posterior from the scored items.
    points
        (Q,) ability points.
    theta
        (N,) point estimates, by which persons are grouped.

    Returns
    -------
    frame, displacement, standard_error
        ``item_id, group, theta, n, observed, low, high, expected``; (J,) the shift of b, in logits, that
        makes the expected number right equal the observed one (positive = harder than the value held); (J,)
        its standard error from the information of the answers.
    """
    items = len(scored.item_ids)
    group = _tenths(theta)
    p = expected_item_score(parameters, points, D)
    count, right, expected, ability = (np.zeros((GROUPS, items)) for _ in range(4))
    n_jq, right_total = np.zeros((items, len(points))), np.zeros(items)
    for block in scored.blocks:
        member = np.eye(GROUPS)[group[block.persons]]
        counts = (block.scores != MISSING).astype(float)
        correct = (block.scores == 1).astype(float)
        pi = posteriors[block.persons]
        count[:, block.items] += member.T @ counts
        right[:, block.items] += member.T @ correct
        expected[:, block.items] += member.T @ (counts * (pi @ p[:, block.items]))
        ability[:, block.items] += member.T @ (counts * theta[block.persons, None])
        n_jq[block.items] += counts.T @ pi
        right_total[block.items] += correct.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / count
        low, high = wilson_interval(share, count.astype(np.int64))
        columns = {
            "theta": ability / count,
            "n": count,
            "observed": share,
            "low": low,
            "high": high,
            "expected": expected / count,
        }
    frame = pl.DataFrame(
        {
            "item_id": np.repeat(np.array(scored.item_ids, dtype=object), GROUPS).tolist(),
            "group": np.tile(np.arange(1, GROUPS + 1), items),
            **{name: values.T.ravel() for name, values in columns.items()},
        }
    ).filter(pl.col("n") > 0)
    frame = frame.with_columns(pl.col("n").cast(pl.Int64)).with_columns(pl.col(pl.Float64).fill_nan(None))
    return frame, *_displacement(parameters, points, n_jq, right_total, D)


def _tenths(theta: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = np.argsort(np.argsort(np.nan_to_num(theta), kind="stable"), kind="stable")
    return np.minimum(ranks * GROUPS // max(1, len(theta)), GROUPS - 1)


def _displacement(
    parameters: FloatArray, points: FloatArray, n_jq: FloatArray, right: FloatArray, D: float
) -> tuple[FloatArray, FloatArray]:
    """By bisection, which an item with c > 0 or few answers cannot throw off."""
    low, high = np.full(len(right), -8.0), np.full(len(right), 8.0)
    for _ in range(STEPS):
        middle = (low + high) / 2
        shifted = parameters.copy()
        shifted[:, 1] += middle
        too_many = (n_jq * expected_item_score(shifted, points, D).T).sum(axis=1) > right
        low, high = np.where(too_many, middle, low), np.where(too_many, high, middle)
    shift = (low + high) / 2
    moved = parameters.copy()
    moved[:, 1] += shift
    information = (n_jq * item_information(moved, points, D).T).sum(axis=1)
    unknown = (right <= 0) | (right >= n_jq.sum(axis=1)) | np.isnan(parameters[:, 1])
    with np.errstate(divide="ignore"):
        error = 1 / np.sqrt(information)
    return np.where(unknown, np.nan, shift), np.where(unknown, np.nan, error)
