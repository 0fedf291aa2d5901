"""Observed against expected: right answers by group of ability."""

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, FloatArray
from ciip_irt.classical import wilson_interval
from ciip_irt.irt import expected_item_score
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables import OBSERVED_PROPORTIONS

__all__ = ["observed_proportions"]

GROUPS = 10


def observed_proportions(
    scored: ScoredResponses,
    parameters: FloatArray,
    posteriors: FloatArray,
    points: FloatArray,
    theta: FloatArray,
    D: float,
) -> pl.DataFrame:
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
    ``item_id, group, theta, n, observed, low, high, expected``.
    """
    items = len(scored.item_ids)
    group = _tenths(theta)
    p = expected_item_score(parameters, points, D)
    count, right, expected, ability = (np.zeros((GROUPS, items)) for _ in range(4))
    for block in scored.blocks:
        member = np.eye(GROUPS)[group[block.persons]]
        counts = (block.scores != MISSING).astype(float)
        correct = (block.scores == 1).astype(float)
        pi = posteriors[block.persons]
        count[:, block.items] += member.T @ counts
        right[:, block.items] += member.T @ correct
        expected[:, block.items] += member.T @ (counts * (pi @ p[:, block.items]))
        ability[:, block.items] += member.T @ (counts * theta[block.persons, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / count
        low, high = wilson_interval(share, count.astype(np.int64))
        columns = {
            "theta": ability / count,
            "n": count.astype(np.int64),
            "observed": share,
            "low": low,
            "high": high,
            "expected": expected / count,
        }
    frame = OBSERVED_PROPORTIONS.frame(
        {
            "item_id": np.repeat(np.array(scored.item_ids, dtype=object), GROUPS).tolist(),
            "group": np.tile(np.arange(1, GROUPS + 1), items),
            **{name: values.T.ravel() for name, values in columns.items()},
        }
    )
    return frame.filter(pl.col("n") > 0)


def _tenths(theta: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = np.argsort(np.argsort(np.nan_to_num(theta), kind="stable"), kind="stable")
    return np.minimum(ranks * GROUPS // max(1, len(theta)), GROUPS - 1)
