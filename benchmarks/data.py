"""Answers to measure on: known item parameters, normal abilities, fixed seeds."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.models import MODELS

__all__ = ["Sample", "complete", "pool_with_rotating_pilots"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Blocks of answers, and the a, b, c (J, 3) they were drawn from with abilities from N(0, 1)."""

    blocks: tuple[ResponseBlock, ...]
    truth: FloatArray

    @property
    def n_items(self) -> int:
        return int(self.truth.shape[0])

    @property
    def cells(self) -> int:
        """Answered cells; one takes a byte."""
        return sum(block.scores.size for block in self.blocks)


def complete(
    persons: int, items: int, *, model: str = "2pl", seed: int = 20260101, skewed: bool = False
) -> Sample:
    """Everybody answers everything; abilities normal, or with a skewness of 1.6."""
    rng = np.random.default_rng(seed)
    truth = _items(rng, items, model)
    return Sample((_block(rng, truth, np.arange(items), persons, skewed=skewed),), truth)


def pool_with_rotating_pilots(
    persons: int, *, forms: int = 4, per_form: int = 130, shared: int = 40, pilots: int = 200, seed: int = 7
) -> Sample:
    """Forms that share some items, each with 40 pilots in blocks that rotate: 170 answers each.

    Four forms of 130 with 40 in common and 200 pilots in five blocks are a pool of 600 items and 20 different
    item sets.
    """
    rng = np.random.default_rng(seed)
    own = per_form - shared
    scored = shared + forms * own
    truth = _items(rng, scored + pilots, "2pl")
    sets = [
        np.concatenate(
            (
                np.arange(shared),
                shared + own * form + np.arange(own),
                scored + 40 * block + np.arange(40),
            )
        )
        for form in range(forms)
        for block in range(pilots // 40)
    ]
    blocks = tuple(_block(rng, truth, each, persons // len(sets)) for each in sets)
    return Sample(blocks, truth)


def _items(rng: np.random.Generator, items: int, model: str) -> FloatArray:
    a = np.ones(items) if model == "rasch" else np.exp(rng.normal(-0.3, 0.3, items))
    b = rng.normal(-0.6, 1.0, items)
    c = rng.beta(5.0, 17.0, items) if model == "3pl" else np.zeros(items)
    return np.column_stack((a, b, c))


def _block(
    rng: np.random.Generator,
    truth: FloatArray,
    items: IntArray,
    persons: int,
    at_once: int = 20_000,
    skewed: bool = False,
) -> ResponseBlock:
    scores = np.empty((persons, items.size), dtype=np.int8)
    for start in range(0, persons, at_once):
        rows = scores[start : start + at_once]
        if skewed:
            theta = (rng.gamma(1.5, 1.0, rows.shape[0]) - 1.5) / np.sqrt(1.5)
        else:
            theta = rng.normal(size=(rows.shape[0],))
        probability = MODELS["3pl"].probability(truth[items], theta, 1.0)[:, :, 1]
        rows[:] = rng.random(rows.shape, dtype=np.float32) < probability
    return ResponseBlock(items, scores)
