"""Before the first EM step: what was asked for, what identifies the scale, where to start."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.population import Population
from ciip_irt.irt.response_blocks import ResponseBlock, check_blocks

__all__ = [
    "check_arguments",
    "identified_population",
    "score_totals",
    "start_parameters",
    "without_items",
]


def check_arguments(
    blocks: Sequence[ResponseBlock], model: ItemModel, n_items: int, held: FloatArray, D: float
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
                remedy="One row per item of the pool with a, b, c; NaN where a value is free.",
            )
        )
        raise InputError(problems)
    if np.isinf(held).any():
        problems.append(Problem("infinite fixed values", remedy="Use NaN where a value is free."))
    if "a" in model.parameters:
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
    if problems:
        raise InputError(problems)


def score_totals(blocks: Sequence[ResponseBlock], n_items: int) -> tuple[IntArray, IntArray]:
    """Shapes (J,): answers that count, and the sum of their scores."""
    answers = np.zeros(n_items, dtype=np.int64)
    totals = np.zeros(n_items, dtype=np.int64)
    for block in blocks:
        answered = block.answered
        answers[block.items] += answered.sum(axis=0)
        totals[block.items] += np.where(answered, block.scores, 0).sum(axis=0, dtype=np.int64)
    return answers, totals


def without_items(blocks: Sequence[ResponseBlock], leave_out: BoolArray) -> list[ResponseBlock]:
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
    model: ItemModel, answers: IntArray, totals: IntArray, held: FloatArray, D: float
) -> tuple[FloatArray, FloatArray]:
    """Start values (J, P), and the held values (J, P) with what follows from them.

    One fixed common slope fixes it for all items.
    """
    highest = model.n_categories - 1
    proportion = np.where(answers > 0, (totals + 0.5) / (highest * answers + 1.0), 0.5)
    start = model.start(proportion, D)
    held = held.copy()
    for name in model.common:
        place = model.parameters.index(name)
        given = held[:, place][~np.isnan(held[:, place])]
        if given.size:
            held[:, place] = given[0]
    return start, held


def identified_population(
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
    fixed_b = int((~np.isnan(held[use, model.parameters.index("b")])).sum()) if "b" in model.parameters else 0
    fixed_a = int((~np.isnan(held[use, model.parameters.index("a")])).sum()) if "a" in model.parameters else 0
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
