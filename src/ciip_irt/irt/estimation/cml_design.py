"""Whether a conditional likelihood has a maximum: which items and persons inform it, what connects them.

Source: Fischer (1981), Psychometrika 46:59-77.
"""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import BoolArray, IntArray
from ciip_irt.errors import DesignError, InputError, Problem, plural
from ciip_irt.irt.response_blocks import ResponseBlock, check_blocks, connected_parts

__all__ = ["check_comparable", "check_dichotomous", "conditional_warnings", "find_informative"]


def check_dichotomous(blocks: Sequence[ResponseBlock], n_items: int) -> None:
    check_blocks(blocks, n_items)
    problems = [
        Problem(
            "scores above 1",
            where=f"block {number}",
            count=int((block.scores > 1).sum()),
            examples=[str(value) for value in np.unique(block.scores[block.scores > 1])[:5]],
            remedy="Conditional estimation here is for right/wrong items; fit pcm for partial credit.",
        )
        for number, block in enumerate(blocks)
        if (block.scores > 1).any()
    ]
    if problems:
        raise InputError(problems)


def find_informative(blocks: Sequence[ResponseBlock], n_items: int) -> tuple[BoolArray, list[BoolArray]]:
    """Items (J,) and, for each block, persons (N_b,) left when nothing extreme is left."""
    estimable = np.ones(n_items, dtype=np.bool_)
    keep = [np.ones(block.n_persons, dtype=np.bool_) for block in blocks]
    right_of = [np.equal(block.scores, 1) for block in blocks]
    answered_of = [block.answered for block in blocks]
    while True:
        right, answers = np.zeros(n_items, dtype=np.int64), np.zeros(n_items, dtype=np.int64)
        for number, block in enumerate(blocks):
            here = estimable[block.items]
            score = right_of[number][:, here].sum(axis=1)
            keep[number] = (score > 0) & (score < answered_of[number][:, here].sum(axis=1))
            right[block.items] += right_of[number][keep[number]].sum(axis=0)
            answers[block.items] += answered_of[number][keep[number]].sum(axis=0)
        varied = estimable & (right > 0) & (right < answers)
        if varied.sum() == estimable.sum():
            return estimable, keep
        estimable = varied


def check_comparable(
    blocks: Sequence[ResponseBlock], n_items: int, estimable: BoolArray, names: Sequence[str]
) -> None:
    """Raise ``DesignError`` where items cannot be compared with one another (Fischer 1981)."""
    from scipy.sparse.csgraph import connected_components  # .2 s to load, and only this engine needs it

    parts = connected_parts(blocks, n_items)
    if len(parts) > 1:
        shown = "; ".join(_named(part, names) for part in parts[:5])
        raise DesignError(
            f"the items fall into {len(parts)} parts that no person connects ({shown}): their difficulties "
            "cannot be put on one scale. Add common items, or estimate each part by itself."
        )
    beaten = np.zeros((n_items, n_items))
    for block in blocks:
        right = (block.scores == 1).astype(np.float64)
        wrong = (block.scores == 0).astype(np.float64)
        beaten[np.ix_(block.items, block.items)] += right.T @ wrong
    items = np.flatnonzero(estimable)
    count, labels = connected_components(beaten[np.ix_(items, items)] > 0, connection="strong")
    if count > 1:
        shown = "; ".join(_named(items[labels == label], names) for label in range(min(count, 5)))
        raise DesignError(
            f"the items fall into {count} sets ({shown}) between which answers differ in one direction only: "
            "nobody failed an item of one set and solved one of the other, so the distance between them has "
            "no finite estimate. More answers, or leaving out the smaller set, would help."
        )


def _named(items: IntArray, names: Sequence[str]) -> str:
    listed = ", ".join(names[item] for item in items[:5])
    return f"{'item' if items.size == 1 else 'items'} {listed}{', ...' if items.size > 5 else ''}"


def conditional_warnings(
    blocks: Sequence[ResponseBlock],
    estimable: BoolArray,
    keep: Sequence[BoolArray],
    converged: bool,
    iterations: int,
    change: float,
    tolerance: float,
    names: Sequence[str],
) -> tuple[str, ...]:
    said: list[str] = []
    if not converged:
        said.append(
            f"The iteration stopped after {plural(iterations, 'step')} with a last change of {change:.1g} "
            f"(wanted {tolerance:.1g}). Try more iterations."
        )
    met = np.zeros(estimable.size, dtype=np.bool_)
    for block in blocks:
        met[block.items[block.answered.any(axis=0)]] = True
    alike = np.flatnonzero(~estimable & met)
    if alike.size:
        said.append(
            f"{plural(alike.size, 'item')} answered alike by everybody who counts ({_named(alike, names)}): "
            "the difficulty has no finite estimate, so none is given. More answers would help."
        )
    unseen = np.flatnonzero(~estimable & ~met)
    if unseen.size:
        said.append(
            f"{plural(unseen.size, 'item')} without a single answer ({_named(unseen, names)}): no estimate."
        )
    extreme = np.flatnonzero(~np.concatenate(list(keep)))
    if extreme.size:
        said.append(
            f"{plural(extreme.size, 'person')} answered all or none of their items right: under the Rasch "
            "model their answers say nothing about the items, and they are left out."
        )
    return tuple(said)
