"""Before the first EM step: what was asked for, what identifies the scale, where to start."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.population import Population
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.response_blocks import ResponseBlock, check_blocks

__all__ = [
    "check_arguments",
    "check_scores",
    "count_scores",
    "exclude_items",
    "for_observed_scores",
    "identify_population",
    "start_parameters",
]


def for_observed_scores(
    model: ItemModel, blocks: Sequence[ResponseBlock], fixed: FloatArray | None
) -> ItemModel:
    """The model for as many scores as the fixed parameters, or else the data, have.

    >>> from ciip_irt.irt.models import MODELS
    >>> block = ResponseBlock(np.arange(2), np.array([[0, 3], [1, 1]], dtype=np.int8))
    >>> [for_observed_scores(MODELS[name], [block], None).n_categories for name in ("grm", "2pl")]
    [4, 2]
    """
    if model.for_categories is None:
        return model
    if fixed is not None and np.ndim(fixed) == 2:
        return model.for_categories(max(2, np.shape(fixed)[1]))
    highest = max((int(block.scores.max()) for block in blocks if block.scores.size), default=1)
    return model.for_categories(max(2, highest + 1))


def check_arguments(
    blocks: Sequence[ResponseBlock],
    model: ItemModel,
    n_items: int,
    held: FloatArray,
    D: float,
    priors: Priors,
) -> None:
    """Raise ``InputError`` naming everything that does not fit."""
    check_blocks(blocks, n_items)
    problems: list[Problem] = []
    highest = model.n_categories - 1
    for number, block in enumerate(blocks):
        above = block.scores[block.scores > highest]
        if above.size:
            problems.append(
                Problem(
                    f"scores above {highest}",
                    where=f"block {number}",
                    count=int(above.size),
                    examples=[str(value) for value in np.unique(above)[:5]],
                    remedy=f"The model {model.name} is for scores 0 to {highest}.",
                )
            )
    if not D > 0:
        problems.append(Problem(f"D = {D}", remedy="D is 1 or 1.7 (1.702)."))
    if held.shape != (n_items, len(model.parameters)):
        problems.append(
            Problem(
                f"fixed values of shape {held.shape}, wanted {(n_items, len(model.parameters))}",
                remedy=f"One row per item of the pool with {', '.join(model.parameters)}; "
                "NaN where a value is free.",
            )
        )
        raise InputError(problems)
    if np.isinf(held).any():
        problems.append(Problem("infinite fixed values", remedy="Use NaN where a value is free."))
    if model.for_categories is not None:
        problems.extend(_score_problems(model, held, priors))
    else:
        problems.extend(_curve_problems(model, held))
    if problems:
        raise InputError(problems)


def _curve_problems(model: ItemModel, held: FloatArray) -> list[Problem]:
    """What does not fit in a model for answers that are right or wrong."""
    problems: list[Problem] = []
    a, b, c = (held[:, model.parameters.index(name)] for name in ("a", "b", "c"))
    if ((c < 0) | (c >= 1)).any():
        problems.append(Problem("a fixed c outside 0 <= c < 1", remedy="c is a probability."))
    if (a == 0).any():
        problems.append(Problem("a fixed a of 0", remedy="Such an item says nothing: leave it out."))
    given = a[~np.isnan(a)]
    if model.name == "rasch" and given.size and not np.allclose(given, 1.0):
        problems.append(
            Problem(
                "fixed a other than 1 in a Rasch calibration",
                count=int((~np.isclose(given, 1.0)).sum()),
                remedy="Calibrate with the model the fixed items come from (1pl, 2pl, 3pl).",
            )
        )
    if "a" in model.common and given.size and not np.allclose(given, given[0]):
        problems.append(
            Problem(
                "fixed items with different a in a calibration with one common a",
                examples=[f"{value:.3f}" for value in np.unique(given)[:5]],
                remedy="Calibrate with 2pl.",
            )
        )
    if (np.isnan(b) & ~np.isnan(c) & (c > 0)).any() and model.name in ("rasch",):
        problems.append(Problem("a fixed c above 0 in a Rasch calibration", remedy="Use 3pl."))
    return problems


def _score_problems(model: ItemModel, held: FloatArray, priors: Priors) -> list[Problem]:
    """What does not fit in a model for scores above 1."""
    problems: list[Problem] = []
    a, b = held[:, 0], held[:, 1:]
    known = ~np.isnan(b)
    gaps = (np.diff(known.astype(np.int64), axis=1) > 0).any(axis=1)
    slopeless = known.any(axis=1) & np.isnan(a) & (not model.free_sd)
    alone = slopeless | gaps
    if alone.any():
        problems.append(
            Problem(
                "some parameters of an item are fixed and others free",
                count=int(alone.sum()),
                examples=[f"item {item}" for item in np.flatnonzero(alone)[:5]],
                remedy="Fix the slope and b1, b2, ... as far as the item has scores, or none of the b's.",
            )
        )
    if (a == 0).any():
        problems.append(Problem("a fixed a of 0", remedy="Such an item says nothing: leave it out."))
    given = a[~np.isnan(a)]
    if model.free_sd and given.size and not np.allclose(given, 1.0):
        problems.append(
            Problem(
                f"fixed a other than 1 in a calibration with {model.name}",
                count=int((~np.isclose(given, 1.0)).sum()),
                remedy="Calibrate with gpcm.",
            )
        )
    if model.name == "grm" and (np.diff(b, axis=1) <= 0).any():
        problems.append(Problem("fixed thresholds out of order", remedy="In grm b1 < b2 < ... in each item."))
    if priors.b is not None or priors.c is not None:
        problems.append(
            Problem(
                f"a prior on b or c in a calibration with {model.name}",
                remedy="With scores above 1 only log a takes a prior.",
            )
        )
    return problems


def check_scores(model: ItemModel, counts: IntArray, held: FloatArray, flat: BoolArray) -> None:
    """Raise ``InputError`` where scores of an item have gaps, or go beyond what its fixed values describe.

    ``counts`` (J, K): how many answers have each score. ``flat`` (J,): items that all answers agree on.
    """
    if model.for_categories is None:
        return
    problems: list[Problem] = []
    highest = np.where(counts > 0, np.arange(counts.shape[1]), 0).max(axis=1)
    fixed = ~np.isnan(held[:, 1])
    below = (counts == 0) & (np.arange(counts.shape[1]) < highest[:, None])
    gaps = below.any(axis=1) & ~fixed & ~flat
    if gaps.any():
        problems.append(
            Problem(
                "a score that nobody has, below one that somebody has: a difficulty without an estimate",
                count=int(gaps.sum()),
                examples=[
                    f"item {item}: nobody scored {', '.join(map(str, np.flatnonzero(below[item])))}"
                    for item in np.flatnonzero(gaps)[:5]
                ],
                remedy="Join such scores with their neighbours, so that each item's scores are 0, 1, 2, ...",
            )
        )
    beyond = fixed & (highest > (~np.isnan(held[:, 1:])).sum(axis=1))
    if beyond.any():
        problems.append(
            Problem(
                "scores above those the fixed values describe",
                count=int(beyond.sum()),
                examples=[f"item {item}: score {highest[item]}" for item in np.flatnonzero(beyond)[:5]],
                remedy="Fix one b for each score above 0.",
            )
        )
    if problems:
        raise InputError(problems)


def count_scores(blocks: Sequence[ResponseBlock], n_items: int, n_categories: int) -> IntArray:
    """Shape (J, K): how many answers to each item have each score.

    >>> count_scores([ResponseBlock(np.array([1]), np.array([[2], [0], [-1], [2]], dtype=np.int8))], 2, 3)
    array([[0, 0, 0],
           [1, 0, 2]])
    """
    counts = np.zeros((n_items, n_categories), dtype=np.int64)
    for block in blocks:
        counts[block.items, 0] += block.answered.sum(axis=0)
        for score in range(1, n_categories):
            here = np.equal(block.scores, score).sum(axis=0)
            counts[block.items, score] += here
            counts[block.items, 0] -= here
    return counts


def exclude_items(blocks: Sequence[ResponseBlock], leave_out: BoolArray) -> list[ResponseBlock]:
    """The blocks without the columns of some items (the very same blocks where none is concerned)."""
    kept: list[ResponseBlock] = []
    for block in blocks:
        keep = ~leave_out[block.items]
        kept.append(
            block
            if keep.all()
            else ResponseBlock(block.items[keep], np.ascontiguousarray(block.scores[:, keep]), block.group)
        )
    return kept


def start_parameters(
    model: ItemModel, counts: IntArray, held: FloatArray, D: float
) -> tuple[FloatArray, FloatArray]:
    """Start values (J, P), and the held values (J, P) with what follows from them.

    One fixed common slope fixes it for all items. Difficulties of scores that an item lacks start at NaN.
    """
    answers = counts.sum(axis=1)
    or_more = np.cumsum(counts[:, :0:-1], axis=1)[:, ::-1]
    shares = np.where(answers[:, None] > 0, (or_more + 0.5) / (answers[:, None] + 1.0), 0.5)
    start = model.start(shares, D)
    if model.for_categories is not None:
        lacking = or_more == 0
        lacking[:, 0] = False
        start[:, 1:][lacking] = np.nan
    held = held.copy()
    for name in model.common:
        place = model.parameters.index(name)
        given = held[:, place][~np.isnan(held[:, place])]
        if given.size:
            held[:, place] = given[0]
    return start, held


def identify_population(
    blocks: Sequence[ResponseBlock],
    model: ItemModel,
    held: FloatArray,
    estimable: BoolArray,
    mean: float | None,
    sd: float | None,
) -> Population:
    """Which moments are free.

    Group 0 is held at 0 (and 1, where slopes are estimated) unless fixed items give the scale; other groups
    are free. One fixed b gives the origin; the unit needs a fixed a, a second fixed b or a model with given
    slope.
    """
    n_groups = 1 + max((block.group for block in blocks), default=0)
    met = np.zeros(held.shape[0], dtype=np.bool_)
    for block in blocks:
        met[block.items] = True
    use = met & estimable
    fixed_a, fixed_b = (int((~np.isnan(held[use, place])).sum()) for place in (0, 1))
    mean_free = np.ones(n_groups, dtype=np.bool_)
    sd_free = np.ones(n_groups, dtype=np.bool_)
    mean_free[0] = mean is None and fixed_b > 0
    sd_free[0] = sd is None and (model.free_sd or fixed_a > 0 or fixed_b > 1)
    means, sds = np.zeros(n_groups), np.ones(n_groups)
    if mean is not None:
        means[:] = mean
    if sd is not None:
        sds[:] = sd
    return Population(means, sds, mean_free, sd_free)
