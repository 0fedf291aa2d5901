"""What nothing can go below, what other programs do, and a judge that shares no code with ours."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.data import Sample
from ciip_irt.arrays import FloatArray

__all__ = ["PEERS", "Peer", "floor_iteration", "log_likelihood"]


def floor_iteration(sample: Sample, points: int) -> Callable[[], None]:
    """One iteration's bare products and exponentials, on answers that are floating-point numbers already.

    Two products of persons x items by points and an exponential for every person and point, block by block.
    """
    rng = np.random.default_rng(0)
    hits = [block.scores.astype(np.float64) for block in sample.blocks]
    tables = [np.ascontiguousarray(-rng.random((points, each.shape[1])) / 100) for each in hits]
    spaces = [np.empty((points, min(1024, each.shape[0]))) for each in hits]

    def iteration() -> None:
        for each, table, space in zip(hits, tables, spaces, strict=True):
            for start in range(0, each.shape[0], 1024):
                rows = each[start : start + 1024]
                weights = np.matmul(table, rows.T, out=space[:, : rows.shape[0]])
                np.exp(weights, out=weights)
                np.matmul(weights, rows)

    return iteration


def log_likelihood(sample: Sample, parameters: FloatArray, points: int = 161) -> float:
    """Marginal log-likelihood of answers given a, b, c, abilities N(0, 1), by the plainest means."""
    theta = np.linspace(-7.0, 7.0, points)
    weights = np.exp(-0.5 * theta**2)
    log_weights = np.log(weights / weights.sum())
    a, b, c = parameters.T[:, :, None]
    p = c + (1 - c) / (1 + np.exp(-a * (theta - b)))
    total = 0.0
    for block in sample.blocks:
        right, wrong = np.log(p[block.items]), np.log1p(-p[block.items])
        for start in range(0, block.n_persons, 5000):
            scores = block.scores[start : start + 5000].astype(np.float64)
            each = scores @ right + (1 - scores) @ wrong + log_weights
            peak = each.max(axis=1)
            total += float((peak + np.log(np.exp(each - peak[:, None]).sum(axis=1))).sum())
    return total


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program: complete answers in, a, b, c (J, 3) out; ``asked`` is how often ours should fit in."""

    name: str
    package: str
    fit: Callable[[Sample], FloatArray]
    asked: str = ""

    @property
    def installed(self) -> bool:
        return find_spec(self.package) is not None


def _girth(sample: Sample) -> FloatArray:
    from girth import twopl_mml

    found = twopl_mml(sample.blocks[0].scores.T.astype(np.int64))
    return np.column_stack((found["Discrimination"], found["Difficulty"], np.zeros(sample.n_items)))


def _mirt(sample: Sample, **options: object) -> FloatArray:
    from mirt import fit_mirt  # type: ignore[import-not-found]

    scores = sample.blocks[0].scores.astype(np.int64)
    found = fit_mirt(scores, "2PL", compute_standard_errors=False, **options).model.parameters
    return np.column_stack(
        (np.ravel(found["discrimination"]), np.ravel(found["difficulty"]), np.zeros(sample.n_items))
    )


PEERS = (
    Peer("girth", "girth", _girth, ">= 100"),
    Peer("mirt as it comes", "mirt", _mirt, ">= 40"),
    Peer("mirt, 61 points, SQUAREM", "mirt", partial(_mirt, n_quadpts=61, accelerate="squarem")),
)
