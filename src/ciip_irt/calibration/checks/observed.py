"""Observed against expected: right answers by group of ability."""

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, ScoreArray
from ciip_irt.classical import wilson_interval
from ciip_irt.irt import expected_item_score
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables import OBSERVED_PROPORTIONS

__all__ = ["observed_proportions"]

GROUPS = 10  # tenths: a curve shows, and 500 candidates still give 50 answers to a point
DIGITS = 8  # of an ability: far below any difference between two scores, far above rounding errors
SMALLEST = 1e-12  # of a probability that is divided by; no point of the population weighs as little


def observed_proportions(
    scored: ScoredResponses,
    parameters: FloatArray,
    posteriors: FloatArray,
    points: FloatArray,
    theta: FloatArray,
    D: float,
) -> pl.DataFrame:
    """Proportions right by tenth of ability, with Wilson intervals and the model's expectation.

    The ability that groups the candidates of an item, and what the model expects of them, rest on their
    other answers: an answer that counts in its own criterion makes the observed curve steeper than the
    model's; with 15 items the outer tenths are moved by .1.

    Parameters
    ----------
    parameters
        (J, 3) a, b, c.
    posteriors
        (N, Q) each person's ability posterior from the scored items.
    points
        (Q,) ability points.
    theta
        (N,) means of the posteriors.

    Returns
    -------
    ``item_id, group, theta, n, observed, low, high, expected``.
    """
    p = expected_item_score(parameters, points, D)
    known: BoolArray = np.asarray(np.isfinite(parameters).all(axis=1))
    found: list[list[FloatArray]] = [[] for _ in scored.item_ids]
    for block in scored.blocks:
        pi = posteriors[block.persons]
        counted = block.is_scored & known[block.items]
        ability, expected = _from_the_others(pi, p[:, block.items], points, block.scores, counted)
        ability[:, ~counted] = theta[block.persons, None]
        for column, item in enumerate(block.items):
            rows = block.scores[:, column] != MISSING
            cells = (ability[rows, column], expected[rows, column], block.scores[rows, column] == 1)
            found[item].append(np.stack(cells))
    count, right, mean, by_model = (np.zeros((len(found), GROUPS)) for _ in range(4))
    for item, parts in enumerate(found):
        if not parts:
            continue
        ability, expected, correct = np.concatenate(parts, axis=1)
        group = _tenths(ability)
        count[item] = np.bincount(group, minlength=GROUPS)
        for total, values in ((right, correct), (mean, ability), (by_model, expected)):
            total[item] = np.bincount(group, weights=values, minlength=GROUPS)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / count
        low, high = wilson_interval(share, count.astype(np.int64))
        columns = {
            "theta": mean / count,
            "n": count.astype(np.int64),
            "observed": share,
            "low": low,
            "high": high,
            "expected": by_model / count,
        }
    frame = OBSERVED_PROPORTIONS.frame(
        {
            "item_id": np.repeat(np.array(scored.item_ids, dtype=object), GROUPS).tolist(),
            "group": np.tile(np.arange(1, GROUPS + 1), len(found)),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
    return frame.filter(pl.col("n") > 0)


def _from_the_others(
    pi: FloatArray, right: FloatArray, points: FloatArray, scores: ScoreArray, counted: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Shapes (N, J): mean ability, and probability of a right answer, without the item's own answer.

    The posterior without answer x to item j is ``pi(t) / P_j(x | t)``, made to sum to 1. Its mean and its
    ``sum of P_j(t)`` are ratios of sums over t, so all items come out of one matrix product each. Items that
    are not ``counted`` are no part of ``pi``.
    """
    ability, expected = np.empty(scores.shape), pi @ right
    inside = np.clip(right[:, counted], SMALLEST, 1.0 - SMALLEST)
    correct = scores[:, counted] == 1
    for answer, likelihood in ((True, inside), (False, 1.0 - inside)):
        size = pi @ (1.0 / likelihood)
        mean = pi @ (points[:, None] / likelihood) / size
        chance = 1.0 / size if answer else 1.0 - 1.0 / size
        cells = np.zeros(scores.shape, dtype=np.bool_)
        cells[:, counted] = correct == answer
        ability[cells] = mean[correct == answer]
        expected[cells] = chance[correct == answer]
    return ability, expected


def _tenths(theta: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    # Rounded: people with the same other answers are tied, and the last digit must not part right from wrong.
    level = np.round(np.nan_to_num(theta), DIGITS)
    ranks = np.argsort(np.argsort(level, kind="stable"), kind="stable")
    return np.minimum(ranks * GROUPS // max(1, len(theta)), GROUPS - 1)
