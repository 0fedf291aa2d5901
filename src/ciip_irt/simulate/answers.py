"""What a sitting produces: option, status and seconds at every position.

Time is log-normal by item and person; when it is up, the rest is not reached, except for those who rush
through the last questions at random. A few give up early and do the same. An omitted question was seen and
left empty; an invalid answer is a mark on two options.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.sittings import Sittings
from ciip_irt.simulate.true_items import MAX_OPTIONS, TrueItems

__all__ = ["Answers", "Status", "answer"]

TIME_SD = 0.47  # of log seconds within a person and item: the longest tenth takes nearly twice the median
LONGEST_S = 900.0  # a quarter of an hour on one item
RUSH_FROM = 0.94  # of the time allowed: then those who notice begin to guess
RUSH_SHARE = 0.5  # of those who would run out of time; the others do not reach the end
SECOND_SHARE = 0.45  # of those who know the item choose its second right option, nearly as good as the key
OMIT_IF_WRONG, OMIT_IF_RIGHT = 0.010, 0.0005
INVALID_SHARE = 0.0004  # one answer in 2,500 has two marks
KNOWN_ITEM_TIME = 0.55  # of the usual time: who has met the item needs little more than half of it
Status = ("answered", "omitted", "not_reached", "invalid")
ANSWERED, OMITTED, NOT_REACHED, INVALID = range(4)


@dataclass(frozen=True, slots=True)
class Answers:
    """One row per sitting, one column per position.

    Attributes
    ----------
    items
        (N, L) row of the bank.
    choice
        (N, L) index of the option chosen, also where the status says that it does not count.
    status
        (N, L) index into ``Status``.
    seconds
        (N, L) whole seconds; what it would have taken where not reached.
    rushed
        (N, L) answered at random in a few seconds.
    """

    items: IntArray
    choice: IntArray
    status: NDArray[np.int8]
    seconds: IntArray
    rushed: BoolArray


def answer(
    sittings: Sittings, design: Design, items: TrueItems, limit_s: float, rng: np.random.Generator
) -> Answers:
    """Let everybody answer everything they are given."""
    given = design.items_at(sittings.form, sittings.window)
    shape = given.shape
    known = (sittings.day[:, None] >= items.leak_day[given]) | (
        (sittings.attempt[:, None] > 1) & np.isfinite(items.leak_day[given])
    )
    shift = items.online_shift[given] * sittings.online[:, None] + items.leak_shift[given] * known
    signal = items.a[given] * (sittings.theta[:, None] - items.b[given] - shift)
    is_right = rng.random(shape) < items.c[given] + (1 - items.c[given]) * expit(signal)
    takes_second = (rng.random(shape) < SECOND_SHARE) & (items.second[given] >= 0)
    right = np.where(takes_second, items.second[given], items.right[given])
    choice = np.where(is_right, right, _distractor(given, sittings.theta, items, rng.random(shape)))

    log_time = items.log_time[given] - sittings.speed[:, None] + rng.normal(0.0, TIME_SD, shape)
    seconds = np.exp(log_time) * np.where(known, KNOWN_ITEM_TIME, 1.0)
    seconds = np.clip(np.round(seconds), 3, LONGEST_S).astype(np.int64)
    position = np.arange(shape[1])
    rushed = position >= sittings.gives_up_at[:, None]
    would_run_out = seconds.sum(axis=1) > limit_s
    rushes = would_run_out & (rng.random(len(sittings)) < RUSH_SHARE)
    rushed |= rushes[:, None] & (seconds.cumsum(axis=1) > RUSH_FROM * limit_s)
    seconds = np.where(rushed, 1 + np.floor(4 * rng.random(shape)).astype(np.int64), seconds)
    blindly = np.floor(rng.random(shape) * items.offered.sum(axis=1)[given]).astype(np.int64)
    choice = np.where(rushed, blindly, choice)

    u = rng.random(shape)
    omits = ~rushed & (u < np.where(is_right, OMIT_IF_RIGHT, OMIT_IF_WRONG))
    marks_two = ~omits & (u > 1 - INVALID_SHARE)
    too_late = seconds.cumsum(axis=1) > limit_s
    status = np.select([too_late, omits, marks_two], [NOT_REACHED, OMITTED, INVALID], ANSWERED)
    return Answers(
        items=given,
        choice=choice,
        status=status.astype(np.int8),
        seconds=seconds,
        rushed=rushed & ~too_late,
    )


def _distractor(given: IntArray, theta: FloatArray, items: TrueItems, u: FloatArray) -> IntArray:
    """The wrong option taken: softmax of the attractions over the options that are offered and not right."""
    options = np.arange(MAX_OPTIONS)
    tempting = (
        items.offered & (options != items.right[:, None]) & (options != items.second[:, None])
    )  # fmt: skip
    weights = np.where(
        tempting[given],
        np.exp(items.attraction[given] + items.attraction_slope[given] * theta[:, None, None]),
        0.0,
    )
    below = weights.cumsum(axis=2)
    taken: IntArray = (u[:, :, None] * below[:, :, -1:] >= below).sum(axis=2)
    return np.minimum(taken, MAX_OPTIONS - 1)
