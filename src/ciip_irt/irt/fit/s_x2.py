"""S-X2: observed and expected proportions right by raw score, within identical item sets."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import chi2

from ciip_irt.arrays import FloatArray, IntArray, ScoreArray
from ciip_irt.irt.fit.item_fit import ItemFit
from ciip_irt.irt.information import convolved, without_each
from ciip_irt.irt.mml_start import without_items
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import ResponseBlock

__all__ = ["s_x2"]

LEAST_EXPECTED = 1.0
LEAST_PERSONS = 30


def s_x2(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,
) -> ItemFit:
    """``X2 = sum_k N_k (O_jk - E_jk)^2 / [E_jk (1 - E_jk)]`` over raw scores k.

    ``E_jk = sum_q P_j f^{-j}_{k-1} w_q / sum_q f_k w_q`` with the score distributions f (all items) and
    ``f^{-j}`` (without item j) from the Lord-Wingersky recursion. Neighbouring scores are pooled from both
    ends until at least one right and one wrong answer is expected. Persons are compared only with those of
    the same population who answered exactly the same items, each set with its own f; statistics and
    degrees of freedom then add up. Sets of fewer than 30 persons are left out. ``df`` is the number of score
    groups less ``n_free``, the item's estimated parameters (J,), 0 when not given. ``p_adjusted`` is
    Benjamini-Hochberg over the items.

    Source: Orlando & Thissen (2000), Applied Psychological Measurement 24:50-64.
    """
    n_items = parameters.shape[0]
    lost = np.asarray(np.isnan(parameters).any(axis=1))
    free = np.zeros(n_items, dtype=np.int64) if n_free is None else np.asarray(n_free, dtype=np.int64)
    n_groups = 1 + max((block.group for block in blocks), default=0)
    means = np.broadcast_to(np.asarray(mean, dtype=np.float64), (n_groups,))
    sds = np.broadcast_to(np.asarray(sd, dtype=np.float64), (n_groups,))
    theta = default_points()
    weights = np.exp(log_weights(theta, means, sds))
    total, cells, n = np.zeros(n_items), np.zeros(n_items, dtype=np.int64), np.zeros(n_items, dtype=np.int64)
    for items, scores, group in _identical_sets(without_items(blocks, lost)):
        if items.size < 3:
            continue
        p = MODELS["3pl"].probability(parameters[items], theta, D)
        raw = scores.sum(axis=1, dtype=np.int64)
        persons = np.bincount(raw, minlength=items.size + 1).astype(np.float64)
        whole = weights[group] @ convolved(p)
        others = without_each(p[:, :, 1])
        for place, item in enumerate(items):
            right = (weights[group] * p[:, place, 1]) @ others[:, place]
            met = whole[1:-1] > 0  # a score beyond the reach of the population has no persons either
            expected = np.divide(persons[1:-1] * right[:-1], whole[1:-1], out=np.zeros(met.size), where=met)
            observed = np.bincount(raw[scores[:, place] == 1], minlength=items.size + 1)[1:-1]
            value, groups = _pooled_statistic(persons[1:-1], observed.astype(np.float64), expected)
            total[item] += value
            cells[item] += groups
            n[item] += scores.shape[0]
    df = np.where(cells > 0, cells - free, 0).astype(np.float64)
    usable = df >= 1
    total = np.where(usable, total, np.nan)
    df = np.where(usable, df, np.nan)
    p_value = np.where(usable, chi2.sf(total, df), np.nan)
    values = np.column_stack((total, df, p_value, _benjamini_hochberg(p_value)))
    return ItemFit("s_x2", ("s_x2", "df", "p", "p_adjusted"), values, n)


def _identical_sets(blocks: Sequence[ResponseBlock]) -> Iterator[tuple[IntArray, ScoreArray, int]]:
    """Persons of one population who answered exactly the same items: (items, scores, group)."""
    sets: dict[tuple[int, bytes], list[tuple[IntArray, ScoreArray]]] = {}
    for block in blocks:
        patterns, which = np.unique(block.answered, axis=0, return_inverse=True)
        which = which.reshape(-1)
        for number, pattern in enumerate(patterns):
            order = np.argsort(block.items[pattern])
            items = block.items[pattern][order]
            scores = block.scores[which == number][:, pattern][:, order]
            sets.setdefault((block.group, items.tobytes()), []).append((items, scores))
    for (group, _), parts in sets.items():
        scores = np.concatenate([part for _, part in parts])
        if scores.shape[0] >= LEAST_PERSONS:
            yield parts[0][0], scores, group


def _pooled_statistic(persons: FloatArray, observed: FloatArray, expected: FloatArray) -> tuple[float, int]:
    """The statistic and its number of score groups after pooling thin neighbours from both ends."""
    cells = [list(cell) for cell in zip(persons, observed, expected, strict=True) if cell[0] > 0]
    cells = _merged(cells)
    cells = _merged(cells[::-1])[::-1]
    value = 0.0
    for n, seen, wanted in cells:
        share = wanted / n
        if 0.0 < share < 1.0:
            value += n * (seen / n - share) ** 2 / (share * (1.0 - share))
    return value, len(cells)


def _merged(cells: list[list[float]]) -> list[list[float]]:
    """Each thin cell joined to the next one; a thin last cell joined to the one before."""
    result: list[list[float]] = []
    carried = [0.0, 0.0, 0.0]
    for cell in cells:
        carried = [a + b for a, b in zip(carried, cell, strict=True)]
        if carried[2] >= LEAST_EXPECTED and carried[0] - carried[2] >= LEAST_EXPECTED:
            result.append(carried)
            carried = [0.0, 0.0, 0.0]
    if carried[0] > 0 and result:
        result[-1] = [a + b for a, b in zip(result[-1], carried, strict=True)]
    return result


def _benjamini_hochberg(p_value: FloatArray) -> FloatArray:
    """Adjusted p (Benjamini & Hochberg 1995), NaN kept."""
    result = np.full(p_value.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_value))
    if known.size:
        order = known[np.argsort(p_value[known])]
        ranked = p_value[order] * known.size / np.arange(1, known.size + 1)
        result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result
