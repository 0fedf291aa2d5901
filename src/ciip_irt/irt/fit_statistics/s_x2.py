"""S-X2: observed and expected scores on an item by raw score, within identical item sets."""

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.curves import convolve_scores, rest_score_distributions
from ciip_irt.irt.fit_statistics.item_fit import ItemFit
from ciip_irt.irt.fit_statistics.item_sets import ItemSet, group_identical_sets
from ciip_irt.irt.fit_statistics.multiple_tests import benjamini_hochberg
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import default_points
from ciip_irt.irt.response_blocks import ResponseBlock, moments_by_group
from ciip_irt.threads import one_blas_thread

__all__ = ["s_x2"]

LEAST_EXPECTED = 1.0  # persons in a cell, else neighbours are joined (Orlando & Thissen 2000)
LEAST_PERSONS = 30  # on one set of items; below, nearly every score would be joined with others


def s_x2(
    blocks: Sequence[ResponseBlock],
    parameters: FloatArray,
    *,
    mean: FloatArray | float = 0.0,
    sd: FloatArray | float = 1.0,
    D: float = 1.0,
    n_free: IntArray | None = None,
    model: ItemModel = DICHOTOMOUS,
    scored: Sequence[BoolArray] | None = None,
) -> ItemFit:
    """``X2 = sum_kc N_k (O_jkc - E_jkc)^2 / E_jkc`` over raw scores k and the item's scores c.

    ``E_jkc = sum_q P_jc f^{-j}_{k-c} w_q / sum_q f_k w_q`` with the score distributions f (all scored items)
    and ``f^{-j}`` (without item j) from the Lord-Wingersky recursion. An unscored item (pilot) is held
    against the scored total, which it is no part of: ``E_jkc = sum_q P_jc f_k w_q / sum_q f_k w_q``.
    Persons are compared only with those of the same population who answered exactly the same scored items,
    each set with its own f; statistics and degrees of freedom then add up. Sets of fewer than 30 persons are
    left out.

    Pooling: going up the raw scores, neighbours are joined until two of the item's scores are expected at
    least once (for right/wrong items: one right and one wrong answer); in each row, neighbouring scores c
    expected less than once are joined. ``df`` is the number of cells less the rows less ``n_free``, the
    item's estimated parameters (J,), 0 when not given. ``p_adjusted`` is Benjamini-Hochberg over the items.

    Source: Orlando & Thissen (2000), Applied Psychological Measurement 24:50-64; Kang & Chen (2008), Journal
    of Educational Measurement 45:391-406 for more than two scores.
    """
    with one_blas_thread():
        n_items = parameters.shape[0]
        unknown = model.unknown(parameters)
        free = np.zeros(n_items, dtype=np.int64) if n_free is None else np.asarray(n_free, dtype=np.int64)
        means, sds = moments_by_group(blocks, mean, sd)
        theta = default_points()
        weights = np.exp(log_weights(theta, means, sds))
        p = model.probability(np.where(unknown[:, None], 0.0, parameters), theta, D)
        total, cells, n = (
            np.zeros(n_items),
            np.zeros(n_items, dtype=np.int64),
            np.zeros(n_items, dtype=np.int64),
        )
        for group in group_identical_sets(blocks, scored, least=LEAST_PERSONS, only=~unknown):
            if group.items.size < 3:
                continue
            for items, answers, observed, expected in _tables(group, p, weights[group.group]):
                value, degrees = _statistic(observed, expected)
                total[items] += value
                cells[items] += degrees
                n[items] += answers
        df = np.where(cells > 0, cells - free, 0).astype(np.float64)
        usable = df >= 1
        total, df = np.where(usable, total, np.nan), np.where(usable, df, np.nan)
        p_value = np.where(usable, chdtrc(df, total), np.nan)
        values = np.column_stack((total, df, p_value, benjamini_hochberg(p_value)))
        return ItemFit("s_x2", ("s_x2", "df", "p", "p_adjusted"), values, n)


def _tables(
    group: ItemSet, p: FloatArray, weights: FloatArray
) -> list[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
    """Of the scored items and of the others: (items, answers, observed, expected).

    The latter two are tables of raw score x item x score.
    """
    own = p[:, group.items, :]
    n_scores = own.shape[2]
    whole = convolve_scores(own)
    share = weights @ whole
    reach = np.maximum(share, 1e-300)
    raw = group.scores.sum(axis=1, dtype=np.int64)
    persons = np.bincount(raw, minlength=share.size).astype(np.float64)
    met = (share > 1e-12) & (persons > 0)  # a score beyond the population's reach says nothing of the item
    rest = rest_score_distributions(own)
    shape = (share.size, group.items.size, n_scores)
    observed, expected = np.zeros(shape), np.zeros(shape)
    for score in range(n_scores):
        with_score = np.einsum("qj,qjs->sj", weights[:, None] * own[:, :, score], rest)
        expected[score : score + rest.shape[2], :, score] = with_score[: share.size - score]
        hits = np.equal(group.scores, score)
        for place in range(group.items.size):
            observed[:, place, score] = np.bincount(raw[hits[:, place]], minlength=share.size)
    expected *= (persons / reach)[:, None, None]
    # at the lowest and the highest total every answer is known
    inner = met.copy()
    inner[[0, -1]] = False
    everyone = np.full(group.items.size, raw.size, dtype=np.int64)
    tables = [(group.items, everyone, observed[inner], expected[inner])]
    if group.others:
        items = np.array([item for item, _, _ in group.others], dtype=np.int64)
        seen = np.zeros((share.size, items.size, n_scores))
        for place, (_, rows, scores) in enumerate(group.others):
            code = raw[rows] * n_scores + scores
            seen[:, place] = np.bincount(code, minlength=share.size * n_scores).reshape(-1, n_scores)
        chance = np.einsum("qs,qjc->sjc", weights[:, None] * whole, p[:, items, :]) / reach[:, None, None]
        answers = seen.sum(axis=(0, 2)).astype(np.int64)
        tables.append((items, answers, seen[met], (seen.sum(axis=2, keepdims=True) * chance)[met]))
    return tables


def _statistic(observed: FloatArray, expected: FloatArray) -> tuple[FloatArray, IntArray]:
    """Shapes (J,): the statistic and its cells less rows, after pooling.

    The tables are of raw score x item x score.
    """
    n_items = observed.shape[1]
    value, degrees = np.zeros(n_items), np.zeros(n_items, dtype=np.int64)
    carried, held = np.zeros((2, *observed.shape[1:])), np.zeros((2, *observed.shape[1:]))
    holding = np.zeros(n_items, dtype=np.bool_)

    def close(which: BoolArray) -> None:
        row_value, row_cells = _row(held[0, which], held[1, which])
        value[which] += row_value
        degrees[which] += row_cells - 1

    for row in range(observed.shape[0]):
        carried[0] += observed[row]
        carried[1] += expected[row]
        ready = _row(carried[0], carried[1])[1] > 1
        if not ready.any():
            continue
        if (done := ready & holding).any():
            close(done)
        held[:, ready] = carried[:, ready]
        carried[:, ready] = 0.0
        holding |= ready
    held[:, holding] += carried[:, holding]
    if holding.any():
        close(holding)
    return value, degrees


def _row(observed: FloatArray, expected: FloatArray) -> tuple[FloatArray, IntArray]:
    """Pearson's statistic and the number of cells of each item's row (J, K), thin neighbours joined."""
    n_items, n_scores = observed.shape
    value, cells = np.zeros(n_items), np.zeros(n_items, dtype=np.int64)
    seen, wanted, last_seen, last_wanted = np.zeros((4, n_items))
    for score in range(n_scores):
        seen = seen + observed[:, score]
        wanted = wanted + expected[:, score]
        full = wanted >= LEAST_EXPECTED
        value += np.where(
            full & (cells > 0), (last_seen - last_wanted) ** 2 / np.maximum(last_wanted, 1e-300), 0
        )
        last_seen, last_wanted = np.where(full, seen, last_seen), np.where(full, wanted, last_wanted)
        seen, wanted = np.where(full, 0.0, seen), np.where(full, 0.0, wanted)
        cells += full
    last_seen, last_wanted = last_seen + seen, last_wanted + wanted
    value += np.where(cells > 0, (last_seen - last_wanted) ** 2 / np.maximum(last_wanted, 1e-300), 0)
    return value, cells
